#include "program/steps/reduction_step.hpp"

#include <array>
#include <string_view>

#include "program/thread_pool.hpp"

namespace talweg {
namespace {

template <class T>
class BoundReduction final : public Instruction {
 public:
  BoundReduction(const Memory& memory, kernels::Reduction reduction, const View& x, const View& to,
                 std::int64_t outer, std::int64_t reduced, std::int64_t inner)
      : kernel_(kernels::table<T>().reduction[static_cast<std::size_t>(reduction)]),
        x_(memory.at<T>(x)),
        to_(memory.at<T>(to)),
        outer_(static_cast<std::size_t>(outer)),
        reduced_(static_cast<std::size_t>(reduced)),
        inner_(static_cast<std::size_t>(inner)) {
    if (outer * reduced * inner >= kElementsForThreads && outer > 1) pool_ = memory.pool();
  }

  void run() override {
    if (pool_ == nullptr) return kernel_(to_, x_, outer_, reduced_, inner_);
    pool_->run([this](int piece) {
      const Range rows = piece_of(static_cast<std::int64_t>(outer_), piece, pool_->threads(), 1);
      const auto begin = static_cast<std::size_t>(rows.begin), number = static_cast<std::size_t>(rows.size());
      kernel_(to_ + begin * inner_, x_ + begin * reduced_ * inner_, number, reduced_, inner_);
    });
  }

 private:
  /// From here on a reduction is worth more than the threads' coming together. They divide its results.
  static constexpr std::int64_t kElementsForThreads = 1 << 16;

  kernels::ReductionKernel<T> kernel_;
  const T* x_;
  T* to_;
  std::size_t outer_, reduced_, inner_;
  ThreadPool* pool_ = nullptr;
};

}  // namespace

std::unique_ptr<Instruction> ReductionStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<BoundReduction>(dtype, memory, reduction_, x_, to_, outer_, reduced_, inner_);
}

std::string ReductionStep::text() const {
  constexpr std::array<std::string_view, kernels::kReductionCount> kNames = {"sum", "prod", "max", "min"};
  return std::string(kNames[static_cast<std::size_t>(reduction_)]) + " " + std::to_string(outer_) + " x (" +
         std::to_string(reduced_) + ") x " + std::to_string(inner_);
}

}  // namespace talweg
