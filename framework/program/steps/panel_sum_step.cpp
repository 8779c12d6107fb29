#include "program/steps/panel_sum_step.hpp"

#include <algorithm>
#include <vector>

#include "kernels/kernels.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

template <class T>
class PanelSum final : public Instruction {
 public:
  PanelSum(const Memory& memory, const InPanels& x, const View& to)
      : x_(x.in<T>(memory)), to_(memory.at<T>(to)), rows_(x.rows), columns_(x.columns) {
    constexpr std::int64_t kElementsForThreads = 1 << 16;
    if (rows_ * columns_ >= kElementsForThreads && columns_ > width_) pool_ = memory.pool();
    for (int piece = 0; piece < (pool_ == nullptr ? 1 : pool_->threads()); ++piece)
      sums_.push_back(static_cast<T*>(memory.scratch(piece)));
  }

  void run() override {
    if (pool_ == nullptr) return add_rows({0, columns_}, 0);
    pool_->run([this](int piece) { add_rows(piece_of(columns_, piece, pool_->threads(), width_), piece); });
  }

 private:
  /// For columns of which the first begins a panel. What fills up the last panel has sums, too.
  void add_rows(const Range& columns, int piece) const {
    if (columns.size() == 0) return;
    const std::int64_t rest = columns.size() % width_, whole = columns.size() - rest;
    add_rows(columns.begin, whole / width_, to_ + columns.begin);
    if (rest == 0) return;
    T* sums = sums_[static_cast<std::size_t>(piece)];
    add_rows(columns.begin + whole, 1, sums);
    std::copy_n(sums, rest, to_ + columns.begin + whole);
  }
  void add_rows(std::int64_t first_column, std::int64_t panels, T* sums) const {
    kernels::table<T>().reduction[static_cast<std::size_t>(kernels::Reduction::sum)](
        sums, x_ + first_column * rows_, static_cast<std::size_t>(panels), static_cast<std::size_t>(rows_),
        static_cast<std::size_t>(width_));
  }

  const T* x_;
  T* to_;
  std::int64_t rows_, columns_, width_ = panel_width<T>();
  ThreadPool* pool_ = nullptr;
  std::vector<T*> sums_;  ///< by piece: of a panel
};

}  // namespace

std::int64_t PanelSumStep::scratch_elements() const {
  return 2 * kernels::kVectorBytes / static_cast<std::int64_t>(sizeof(float));
}

std::unique_ptr<Instruction> PanelSumStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<PanelSum>(dtype, memory, x_, to_);
}

std::string PanelSumStep::text() const { return "sum of rows in panels " + to_string(x_.view().shape); }

}  // namespace talweg
