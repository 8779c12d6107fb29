#include "program/steps/where_dense_step.hpp"

#include <utility>

namespace talweg {
namespace {

class WhereDense final : public Instruction {
 public:
  WhereDense(std::unique_ptr<Instruction> instruction, const Nonzeros& nonzeros, const std::uint64_t& count)
      : instruction_(std::move(instruction)), nonzeros_(nonzeros), count_(count) {}

  void run() override {
    if (!was_needless()) instruction_->run();
  }
  [[nodiscard]] bool was_needless() const override { return nonzeros_.are_few(count_); }

 private:
  std::unique_ptr<Instruction> instruction_;
  Nonzeros nonzeros_;
  const std::uint64_t& count_;
};

}  // namespace

std::vector<View> WhereDenseStep::reads() const {
  std::vector<View> views = step_->reads();
  views.push_back(nonzeros_.bits);
  return views;
}

std::unique_ptr<Instruction> WhereDenseStep::bind(const Memory& memory, DType dtype) const {
  return std::make_unique<WhereDense>(step_->bind(memory, dtype), nonzeros_, nonzeros_.count_in(memory));
}

}  // namespace talweg
