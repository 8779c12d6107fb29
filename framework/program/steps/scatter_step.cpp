#include "program/steps/scatter_step.hpp"

#include <algorithm>

#include "program/steps/index_row.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

/// Sums that are kept at a time: they stay in the first caches.
constexpr std::int64_t kTotals = 1 << 13;
/// From here on the work is worth more than the threads' coming together.
constexpr std::int64_t kElementsForThreads = 16'384;

/// Rows of the result that are summed at a time.
std::int64_t rows_at_a_time(std::int64_t size, std::int64_t inner) {
  return std::clamp<std::int64_t>(kTotals / std::max<std::int64_t>(inner, 1), 1,
                                  std::max<std::int64_t>(size, 1));
}

struct Sizes {
  std::int64_t outer, number, size, inner;
  IndexStrides strides;
  bool distinct;
};

template <class T>
class Scatter final : public Instruction {
 public:
  Scatter(const Memory& memory, const View& x, const View& indices, const View& to, const Sizes& sizes)
      : sizes_(sizes),
        x_(memory.at<T>(x)),
        indices_(memory.at<T>(indices)),
        to_(memory.at<T>(to)),
        rows_(rows_at_a_time(sizes.size, sizes.inner)),
        blocks_((sizes.size + rows_ - 1) / rows_) {
    if (x.shape.elements() + to.shape.elements() >= kElementsForThreads) pool_ = memory.pool();
    for (int piece = 0; piece < (pool_ == nullptr ? 1 : pool_->threads()); ++piece)
      totals_.push_back(static_cast<double*>(memory.scratch(piece)));
  }

  void run() override {
    if (sizes_.distinct) {
      if (pool_ == nullptr) return put({0, sizes_.outer});
      return pool_->run([&](int piece) { put(piece_of(sizes_.outer, piece, pool_->threads(), 1)); });
    }
    const std::int64_t all = sizes_.outer * blocks_;
    if (pool_ == nullptr) return run_blocks(totals_[0], {0, all});
    pool_->run([&](int piece) {
      run_blocks(totals_[static_cast<std::size_t>(piece)], piece_of(all, piece, pool_->threads(), 1));
    });
  }

 private:
  /// What comes to a place alone needs no total.
  void put(Range rows) const {
    for (std::int64_t o = rows.begin; o < rows.end; ++o) {
      const T* from = x_ + o * sizes_.number;
      const T* indices = indices_ + o * sizes_.number;
      T* to = to_ + o * sizes_.size;
      std::fill_n(to, sizes_.size, T{0});
      for (std::int64_t n = 0; n < sizes_.number; ++n)
        if (const std::int64_t at = row_of(indices[n], sizes_.size); at != kNoRow) to[at] += from[n];
    }
  }

  void run_blocks(double* totals, Range blocks) {
    for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
      const std::int64_t o = block / blocks_, first = block % blocks_ * rows_;
      const std::int64_t last = std::min(first + rows_, sizes_.size);
      std::fill_n(totals, (last - first) * sizes_.inner, 0.0);
      add(totals, o, {first, last});
      std::transform(totals, totals + (last - first) * sizes_.inner,
                     to_ + (o * sizes_.size + first) * sizes_.inner,
                     [](double total) { return static_cast<T>(total); });
    }
  }

  /// Adds what belongs to those rows of part o.
  void add(double* totals, std::int64_t o, Range rows) {
    const T* from = x_ + o * sizes_.number * sizes_.inner;
    const T* indices = indices_ + o * sizes_.strides.outer;
    const std::int64_t inner = sizes_.inner;
    for (std::int64_t n = 0; n < sizes_.number; ++n, from += inner, indices += sizes_.strides.row) {
      if (sizes_.strides.inner == 0) {
        const std::int64_t row = row_of(*indices, sizes_.size);
        if (row < rows.begin || row >= rows.end) continue;
        double* total = totals + (row - rows.begin) * inner;
        for (std::int64_t k = 0; k < inner; ++k) total[k] += static_cast<double>(from[k]);
      } else {
        for (std::int64_t k = 0; k < inner; ++k) {
          const std::int64_t row = row_of(indices[k * sizes_.strides.inner], sizes_.size);
          if (row >= rows.begin && row < rows.end)
            totals[(row - rows.begin) * inner + k] += static_cast<double>(from[k]);
        }
      }
    }
  }

  Sizes sizes_;
  const T* x_;
  const T* indices_;
  T* to_;
  std::int64_t rows_, blocks_;
  std::vector<double*> totals_;  ///< by thread
  ThreadPool* pool_ = nullptr;
};

}  // namespace

ScatterStep::ScatterStep(const View& x, const View& indices, const View& to, int axis,
                         const IndexStrides& strides, bool distinct)
    : x_(x),
      indices_(indices),
      to_(to),
      strides_(strides),
      distinct_(distinct),
      outer_(elements_between(to.shape, 0, axis)),
      size_(to.shape[axis]),
      inner_(elements_between(to.shape, axis + 1, to.shape.rank())) {
  number_ = outer_ * inner_ == 0 ? 0 : x.shape.elements() / (outer_ * inner_);
}

/// Of float32 elements two make a double.
std::int64_t ScatterStep::scratch_elements() const { return 2 * rows_at_a_time(size_, inner_) * inner_; }

std::unique_ptr<Instruction> ScatterStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<Scatter>(dtype, memory, x_, indices_, to_,
                          Sizes{outer_, number_, size_, inner_, strides_, distinct_});
}

std::string ScatterStep::text() const {
  return "scatter " + to_string(x_.shape) + " to " + to_string(to_.shape);
}

}  // namespace talweg
