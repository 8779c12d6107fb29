#include "program/steps/zero_step.hpp"

#include <algorithm>

namespace talweg {
namespace {

template <class T>
class Zero final : public Instruction {
 public:
  Zero(const Memory& memory, const View& to) : to_(memory.at<T>(to)), elements_(to.shape.elements()) {}

  void run() override { std::fill_n(to_, elements_, T(0)); }

 private:
  T* to_;
  std::int64_t elements_;
};

}  // namespace

std::unique_ptr<Instruction> ZeroStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<Zero>(dtype, memory, to_);
}

std::string ZeroStep::text() const { return "zeros " + to_string(to_.shape); }

}  // namespace talweg
