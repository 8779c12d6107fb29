#include "program/steps/nonzeros_step.hpp"

#include <numeric>

#include "program/steps/panel_parts.hpp"

namespace talweg {
namespace {

std::size_t size(std::int64_t number) { return static_cast<std::size_t>(number); }

template <class T>
class FindNonzeros final : public Instruction {
 public:
  FindNonzeros(const Memory& memory, const Nonzeros& nonzeros)
      : panels_(nonzeros.matrix.in<T>(memory)),
        rows_(nonzeros.matrix.rows),
        columns_(nonzeros.matrix.columns),
        bits_(nonzeros.bits_in(memory)),
        transposed_bits_(nonzeros.transposed_bits_in(memory)),
        count_(nonzeros.count_in(memory)),
        pool_(pool_for_copy(memory, nonzeros.matrix)),
        counts_(pool_ == nullptr ? 1 : size(pool_->threads())) {}

  void run() override {
    constexpr std::int64_t kColumnsOfWords = 64;
    counts_.assign(counts_.size(), 0);
    divide_columns(pool_, columns_, kColumnsOfWords, [&](int piece, const Range& part) {
      counts_[size(piece)] = kernels::table<T>().sparse.find_nonzeros(
          panels_, size(rows_), size(columns_), size(part.begin), size(part.size()), bits_, transposed_bits_);
    });
    count_ = std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  }

 private:
  const T* panels_;
  std::int64_t rows_, columns_;
  std::uint64_t *bits_, *transposed_bits_;
  std::uint64_t& count_;
  ThreadPool* pool_;
  std::vector<std::uint64_t> counts_;  ///< by piece
};

}  // namespace

std::unique_ptr<Instruction> NonzerosStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<FindNonzeros>(dtype, memory, nonzeros_);
}

std::string NonzerosStep::text() const {
  return "find nonzeros of " + to_string(nonzeros_.matrix.view().shape);
}

}  // namespace talweg
