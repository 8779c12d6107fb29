#include "program/steps/reduction_step.hpp"

#include <array>
#include <string_view>

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
        inner_(static_cast<std::size_t>(inner)) {}

  void run() override { kernel_(to_, x_, outer_, reduced_, inner_); }

 private:
  kernels::ReductionKernel<T> kernel_;
  const T* x_;
  T* to_;
  std::size_t outer_, reduced_, inner_;
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
