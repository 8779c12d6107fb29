#include "program/steps/reference_step.hpp"

#include <deque>

#include "graph/op.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

/// From here on the work is worth more than the threads' coming together.
constexpr std::int64_t kElementsForThreads = 16'384;

/// A part of a tensor along its first axis.
template <class T>
TensorView<T> part_of(const TensorView<T>& tensor, Range rows) {
  const std::int64_t all = tensor.shape[0];
  const std::int64_t row = all == 0 ? 0 : tensor.shape.elements() / all;
  TensorView<T> part{tensor.data + rows.begin * row, tensor.shape};
  part.shape[0] = rows.end - rows.begin;
  return part;
}

template <class T>
class Reference final : public Instruction {
 public:
  using Slices = ReferenceStep::Slices;

  Reference(const Memory& memory, const Node* node, const std::vector<View>& inputs, const View& to,
            Slices slices) {
    std::int64_t elements = to.shape.elements();
    for (const View& input : inputs) elements += input.shape.elements();
    if (slices == Slices::independent && elements >= kElementsForThreads) pool_ = memory.pool();
    const std::int64_t pieces = pool_ == nullptr ? 1 : pool_->threads();
    const TensorView<T> whole{memory.at<T>(to), to.shape};
    for (int piece = 0; piece < pieces; ++piece) {
      const auto part = [&](const auto& tensor) {
        return pool_ == nullptr ? tensor : part_of(tensor, piece_of(to.shape[0], piece, pool_->threads(), 1));
      };
      std::vector<TensorView<const T>>& operands = operands_.emplace_back();
      for (const View& input : inputs)
        operands.push_back(part(TensorView<const T>{memory.at<T>(input), input.shape}));
      calls_.push_back({*node, operands, part(whole)});
    }
  }

  void run() override {
    if (pool_ == nullptr) return run_part(0);
    pool_->run([&](int piece) { run_part(piece); });
  }

 private:
  void run_part(int piece) {
    const ReferenceCall<T>& call = calls_[static_cast<std::size_t>(piece)];
    if (call.output.shape.elements() == 0) return;
    if constexpr (std::is_same_v<T, float>)
      call.node.op->reference_float32(call);
    else
      call.node.op->reference_float64(call);
  }

  std::deque<std::vector<TensorView<const T>>> operands_;
  std::vector<ReferenceCall<T>> calls_;
  ThreadPool* pool_ = nullptr;
};

}  // namespace

std::unique_ptr<Instruction> ReferenceStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<Reference>(dtype, memory, &node_, inputs_, to_, slices_);
}

std::string ReferenceStep::text() const { return node_.op->name + " " + to_string(to_.shape); }

}  // namespace talweg
