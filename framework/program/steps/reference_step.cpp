#include "program/steps/reference_step.hpp"

#include "graph/op.hpp"

namespace talweg {
namespace {

template <class T>
class Reference final : public Instruction {
 public:
  Reference(const Memory& memory, const Node* node, const std::vector<View>& inputs, const View& to)
      : node_(*node), to_{memory.at<T>(to), to.shape} {
    for (const View& input : inputs) inputs_.push_back({memory.at<T>(input), input.shape});
  }

  void run() override {
    const ReferenceCall<T> call{node_, inputs_, to_};
    if constexpr (std::is_same_v<T, float>)
      node_.op->reference_float32(call);
    else
      node_.op->reference_float64(call);
  }

 private:
  const Node& node_;
  std::vector<TensorView<const T>> inputs_;
  TensorView<T> to_;
};

}  // namespace

std::unique_ptr<Instruction> ReferenceStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<Reference>(dtype, memory, &node_, inputs_, to_);
}

std::string ReferenceStep::text() const { return node_.op->name + " " + to_string(to_.shape); }

}  // namespace talweg
