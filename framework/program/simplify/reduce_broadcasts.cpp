#include <algorithm>

#include "program/simplify/rewriter.hpp"

namespace talweg {
namespace {

/// The axes of a reduction, told apart by whether the input repeats itself along them.
struct Axes {
  Integers of_input;  ///< its own, to be reduced
  std::int64_t repeats = 1;
};

Axes divide(const Integers& axes, const Shape& input, const Shape& whole) {
  const int extra = whole.rank() - input.rank();
  Axes result;
  for (std::int64_t axis : axes) {
    const auto own = static_cast<int>(axis) - extra;
    if (own >= 0 && input[own] == whole[static_cast<int>(axis)])
      result.of_input.push_back(own);
    else
      result.repeats *= whole[static_cast<int>(axis)];
  }
  return result;
}

}  // namespace

/// The extreme of what repeats itself is that of one repetition, its sum the sum of one times their number:
/// max(broadcast_to(x, (3, 4))) is max(x), sum(broadcast_to(x, (3, 4)), axis=0) is 3 * x.
NodeId reduce_broadcasts(Rewriter& rewriter, const Candidate& candidate) {
  const std::string& op = candidate.op.name;
  if (op != "sum" && op != "max" && op != "min") return kNoNode;
  const Node& broadcast = rewriter.node(candidate.inputs[0]);
  if (broadcast.op->name != "broadcast_to" || broadcast.shape.elements() == 0) return kNoNode;
  const NodeId input = broadcast.inputs[0];
  const Inferred inferred = candidate.op.shape({rewriter.graph(), candidate.inputs, candidate.attributes});
  if (inferred.dtype != rewriter.node(input).dtype) return kNoNode;
  const Integers& axes = candidate.attributes.integers("axes");
  const Axes divided = divide(axes, rewriter.node(input).shape, broadcast.shape);

  NodeId result = input;
  if (!divided.of_input.empty())
    result = rewriter.append(op, {input}, {{"axes", divided.of_input}, {"keepdims", true}});
  if (op == "sum") {
    const NodeId repeats = rewriter.append("constant", {},
                                           {{"value", static_cast<double>(divided.repeats)},
                                            {"shape", Integers{}},
                                            {"dtype", static_cast<std::int64_t>(inferred.dtype)}});
    result = rewriter.append("multiply", {result, repeats});
  }
  const Shape reduced = rewriter.node(result).shape;
  Integers left;
  for (int own = 0; own < reduced.rank(); ++own) {
    const std::int64_t axis = own + broadcast.shape.rank() - reduced.rank();
    const bool is_gone = std::ranges::find(axes, axis) != axes.end();
    if (!is_gone || candidate.attributes.flag("keepdims")) left.push_back(is_gone ? 1 : reduced[own]);
  }
  result = rewriter.append("reshape", {result}, {{"shape", left}});
  const Integers shape(inferred.shape.begin(), inferred.shape.end());
  return rewriter.append("broadcast_to", {result}, {{"shape", shape}});
}

}  // namespace talweg
