#include "program/steps/copy_step.hpp"

#include "program/strided.hpp"

namespace talweg {
namespace {

template <class T>
class Copy final : public Instruction {
 public:
  Copy(const Memory& memory, const View& from, const View& to)
      : axes_(loops_over(from, to)), from_(memory.at<T>(from)), to_(memory.at<T>(to)) {}

  void run() override { copy_strided(axes_, from_, to_); }

 private:
  PairLoop axes_;
  const T* from_;
  T* to_;
};

}  // namespace

std::unique_ptr<Instruction> CopyStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<Copy>(dtype, memory, from_, to_);
}

std::string CopyStep::text() const { return "copy " + to_string(from_.shape); }

}  // namespace talweg
