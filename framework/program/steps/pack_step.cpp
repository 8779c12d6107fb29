#include "program/steps/pack_step.hpp"

#include <algorithm>

#include "kernels/kernels.hpp"
#include "program/steps/panel_parts.hpp"

namespace talweg {
namespace {

std::size_t size(std::int64_t number) { return static_cast<std::size_t>(number); }

template <class T>
class Pack final : public Instruction {
 public:
  Pack(const Memory& memory, const View& from, const InPanels& to)
      : from_{memory.at<T>(from), from.stride(0), from.stride(1)},
        to_(to.in<T>(memory)),
        rows_(to.rows),
        columns_(to.columns),
        pool_(pool_for_copy(memory, to)) {}

  void run() override {
    divide_columns(pool_, columns_, panel_width<T>(), [&](int /*piece*/, const Range& part) {
      kernels::Matrix<T> from = from_;
      from.data += part.begin * from.column_stride;
      kernels::table<T>().panels.pack(to_ + part.begin * rows_, size(rows_), from, size(rows_),
                                      size(part.size()));
    });
  }

 private:
  kernels::Matrix<T> from_;
  T* to_;
  std::int64_t rows_, columns_;
  ThreadPool* pool_;
};

template <class T>
class Unpack final : public Instruction {
 public:
  Unpack(const Memory& memory, const InPanels& from, const View& to)
      : from_(from.in<T>(memory)),
        to_(memory.at<T>(to)),
        stride_(to.stride(0)),
        rows_(from.rows),
        columns_(from.columns),
        pool_(pool_for_copy(memory, from)) {}

  void run() override {
    divide_columns(pool_, columns_, panel_width<T>(), [&](int /*piece*/, const Range& part) {
      kernels::table<T>().panels.unpack(to_ + part.begin, stride_, from_ + part.begin * rows_, size(rows_),
                                        size(part.size()));
    });
  }

 private:
  const T* from_;
  T* to_;
  std::int64_t stride_, rows_, columns_;
  ThreadPool* pool_;
};

/// Panel by panel of `from`: each is some rows of the transpose.
template <class T>
class TransposePanels final : public Instruction {
 public:
  TransposePanels(const Memory& memory, const InPanels& from, const InPanels& to)
      : from_(from.in<T>(memory)),
        to_(to.in<T>(memory)),
        rows_(from.rows),
        columns_(from.columns),
        pool_(pool_for_copy(memory, from)) {}

  void run() override {
    const std::int64_t width = panel_width<T>();
    divide_columns(pool_, columns_, width, [&](int /*piece*/, const Range& part) {
      for (std::int64_t first = part.begin; first < part.end; first += width)
        kernels::table<T>().panels.pack(to_ + first * width, size(columns_),
                                        {from_ + first * rows_, 1, width},
                                        size(std::min(width, part.end - first)), size(rows_));
    });
  }

 private:
  const T* from_;
  T* to_;
  std::int64_t rows_, columns_;
  ThreadPool* pool_;
};

}  // namespace

std::unique_ptr<Instruction> PackStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<Pack>(dtype, memory, from_, to_);
}

std::string PackStep::text() const { return "pack " + to_string(from_.shape); }

std::unique_ptr<Instruction> UnpackStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<Unpack>(dtype, memory, from_, to_);
}

std::string UnpackStep::text() const { return "unpack " + to_string(to_.shape); }

std::unique_ptr<Instruction> TransposePanelsStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<TransposePanels>(dtype, memory, from_, to_);
}

std::string TransposePanelsStep::text() const { return "transpose panels " + to_string(from_.view().shape); }

}  // namespace talweg
