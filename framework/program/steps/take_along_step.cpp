#include "program/steps/take_along_step.hpp"

#include "program/steps/index_row.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

/// From here on the work is worth more than the threads' coming together.
constexpr std::int64_t kElementsForThreads = 16'384;

template <class T>
class TakeAlong final : public Instruction {
 public:
  TakeAlong(const Memory& memory, const View& x, const View& indices, const View& to, int axis,
            double outside)
      : x_(memory.at<T>(x)),
        indices_(memory.at<T>(indices)),
        to_(memory.at<T>(to)),
        size_(x.shape[axis]),
        number_(to.shape[axis]),
        inner_(elements_between(to.shape, axis + 1, to.shape.rank())),
        outer_(elements_between(to.shape, 0, axis)),
        outside_(static_cast<T>(outside)) {
    if (x.shape.elements() + 2 * to.shape.elements() >= kElementsForThreads && outer_ > 1)
      pool_ = memory.pool();
  }

  void run() override {
    if (pool_ == nullptr) return run_pieces({0, outer_});
    pool_->run([&](int piece) { run_pieces(piece_of(outer_, piece, pool_->threads(), 1)); });
  }

 private:
  void run_pieces(Range outer) const {
    for (std::int64_t o = outer.begin; o < outer.end; ++o) {
      const T* x = x_ + o * size_ * inner_;
      std::int64_t i = o * number_ * inner_;
      for (std::int64_t n = 0; n < number_; ++n)
        for (std::int64_t k = 0; k < inner_; ++k, ++i) {
          const std::int64_t row = row_of(indices_[i], size_);
          to_[i] = row == kNoRow ? outside_ : x[row * inner_ + k];
        }
    }
  }

  const T* x_;
  const T* indices_;
  T* to_;
  std::int64_t size_, number_, inner_, outer_;
  T outside_;
  ThreadPool* pool_ = nullptr;
};

}  // namespace

std::unique_ptr<Instruction> TakeAlongStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<TakeAlong>(dtype, memory, x_, indices_, to_, axis_, outside_);
}

std::string TakeAlongStep::text() const {
  return "take " + to_string(to_.shape) + " of " + to_string(x_.shape);
}

}  // namespace talweg
