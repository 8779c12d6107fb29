#include "program/simplify/rewriter.hpp"

namespace talweg {

/// x ** 1 is x, x ** 2 is square(x), x ** 3 is x * square(x), x ** -1 is reciprocal(x): nearer to the true
/// power than, or as near as, the power of the library.
NodeId expand_powers(Rewriter& rewriter, const Candidate& candidate) {
  if (candidate.op.name != "power") return kNoNode;
  const std::optional<double> exponent = rewriter.constant(candidate.inputs[1]);
  const NodeId x = candidate.inputs[0];
  const Inferred inferred = candidate.op.shape({rewriter.graph(), candidate.inputs, candidate.attributes});
  if (!exponent || !(inferred.shape == rewriter.node(x).shape)) return kNoNode;
  if (*exponent == 1) return x;
  if (*exponent == 2) return rewriter.append("square", {x});
  if (*exponent == 3) return rewriter.append("multiply", {x, rewriter.append("square", {x})});
  return *exponent == -1 ? rewriter.append("reciprocal", {x}) : kNoNode;
}

}  // namespace talweg
