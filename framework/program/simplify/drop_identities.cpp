#include <cmath>

#include "program/simplify/rewriter.hpp"

namespace talweg {
namespace {

/// `id`, if it has the shape that the candidate would have.
NodeId if_shaped(Rewriter& rewriter, const Candidate& candidate, NodeId id) {
  const Inferred inferred = candidate.op.shape({rewriter.graph(), candidate.inputs, candidate.attributes});
  return inferred.shape == rewriter.node(id).shape ? id : kNoNode;
}

}  // namespace

/// x * 1, x / 1, x - 0 and -(-x) are x, to the bit. x + 0 is not: it makes 0 of -0.
NodeId drop_identities(Rewriter& rewriter, const Candidate& candidate) {
  const std::string& op = candidate.op.name;
  const auto is = [&](std::size_t i, double value) {
    return rewriter.constant(candidate.inputs[i]) == std::optional(value);
  };
  if (op == "multiply" && is(1, 1)) return if_shaped(rewriter, candidate, candidate.inputs[0]);
  if (op == "multiply" && is(0, 1)) return if_shaped(rewriter, candidate, candidate.inputs[1]);
  if (op == "divide" && is(1, 1)) return if_shaped(rewriter, candidate, candidate.inputs[0]);
  if (op == "subtract" && is(1, 0) && !std::signbit(*rewriter.constant(candidate.inputs[1])))
    return if_shaped(rewriter, candidate, candidate.inputs[0]);
  if (op == "negative" && rewriter.node(candidate.inputs[0]).op->name == "negative")
    return rewriter.node(candidate.inputs[0]).inputs[0];
  return op == "stop_gradient" ? candidate.inputs[0] : kNoNode;
}

}  // namespace talweg
