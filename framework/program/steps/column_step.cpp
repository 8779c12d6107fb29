#include "program/steps/column_step.hpp"

namespace talweg {
namespace {

class ColumnLoop final : public Instruction {
 public:
  ColumnLoop(const Memory& memory, const ColumnStep::Loop& loop)
      : code_(loop.code), columns_(static_cast<std::size_t>(loop.columns)) {
    for (const BufferId buffer : loop.places) places_.push_back(memory.of(buffer));
  }

  void run() override { code_.run(places_.data(), columns_); }

 private:
  VectorCode code_;
  std::vector<void*> places_;
  std::size_t columns_;
};

}  // namespace

std::unique_ptr<Instruction> ColumnStep::bind(const Memory& memory, DType /*dtype*/) const {
  return std::make_unique<ColumnLoop>(memory, loop_);
}

}  // namespace talweg
