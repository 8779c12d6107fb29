#include "program/simplify/rewriter.hpp"

namespace talweg {
namespace {

bool keeps_order(const Integers& axes) {
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (axes[i] != static_cast<std::int64_t>(i)) return false;
  return true;
}

bool is_whole(const Candidate& candidate, const Shape& shape) {
  const Integers &starts = candidate.attributes.integers("starts"),
                 &steps = candidate.attributes.integers("steps"),
                 &sizes = candidate.attributes.integers("sizes");
  for (std::size_t i = 0; i < sizes.size(); ++i)
    if (starts[i] != 0 || steps[i] != 1 || sizes[i] != shape[static_cast<int>(i)]) return false;
  return true;
}

}  // namespace

/// Two reshapes, transposes or broadcasts after each other are one; those that change nothing are none.
NodeId join_layouts(Rewriter& rewriter, const Candidate& candidate) {
  const std::string& op = candidate.op.name;
  if (op != "reshape" && op != "transpose" && op != "broadcast_to" && op != "slice") return kNoNode;
  const NodeId input = candidate.inputs[0];
  const Node& from = rewriter.node(input);
  if (op == "slice") return is_whole(candidate, from.shape) ? input : kNoNode;
  if (op == "transpose") {
    const Integers& axes = candidate.attributes.integers("axes");
    if (keeps_order(axes)) return input;
    if (from.op->name != "transpose") return kNoNode;
    const Integers& first = from.attributes.integers("axes");
    Integers joined;
    for (std::int64_t axis : axes) joined.push_back(first[static_cast<std::size_t>(axis)]);
    return rewriter.append("transpose", from.inputs, {{"axes", joined}});
  }
  if (Shape(candidate.attributes.integers("shape")) == from.shape) return input;
  if (from.op->name != op) return kNoNode;
  return rewriter.append(op, from.inputs, candidate.attributes);
}

}  // namespace talweg
