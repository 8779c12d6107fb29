#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/model.hpp"

namespace talweg {

/// A gradient that central differences contradict: d y / d x[element], or, where `element` is -1, along a
/// random direction through all of x.
struct GradientMismatch {
  std::int64_t element = 0;
  double gradient = 0;
  double difference = 0;
};

/// The gradient of what is minimized with respect to one parameter, as the program computes it.
struct ParameterCheck {
  std::string name;
  Shape shape;
  Span span;
  bool has_gradient = true;                  ///< what is minimized depends on it
  std::int64_t checked = 0;                  ///< elements, one by one
  double largest_error = 0;                  ///< relative, of those
  std::optional<GradientMismatch> mismatch;  ///< the worst one
};

/// A node where gradients go wrong.
struct NodeMismatch {
  NodeId node = kNoNode;
  std::size_t input = 0;  ///< of the node: the gradient with respect to this one is wrong
  GradientMismatch mismatch;
};

struct GradientCheck {
  std::vector<ParameterCheck> parameters;
  /// Ops whose rule contradicts their own kernel on the values that the model gives them.
  std::vector<NodeMismatch> wrong_rules;
  /// Where a parameter's gradient is wrong: the first node, coming down from what is minimized, whose own
  /// gradient is right while that of one of its inputs is wrong.
  std::optional<NodeMismatch> first_wrong;

  [[nodiscard]] bool right() const;
};

struct GradientCheckOptions {
  /// Elements of one tensor that are checked one by one: a sample drawn from `seed` where it has more. One
  /// random direction through all elements is checked besides.
  std::int64_t elements = 24;
  std::uint32_t seed = 0;
};

/// Checks gradients at the initial values, in three ways: those of the parameters against central
/// differences of what is minimized; every op's rule by itself against central differences of its reference
/// kernel; and, where a parameter is wrong, the gradient of every node between. What no gradient flows
/// through (comparisons, floor, stop_gradient) keeps its value meanwhile. At a kink every slope between those
/// of the two sides is right.
///
/// Appends nodes to the model's graph. REQUIRES: its floating type is float64, and it has `train:`.
/// Throws Error: an op on the way has no gradient rule.
[[nodiscard]] GradientCheck check_gradients(CheckedModel& model, const GradientCheckOptions& options = {});

}  // namespace talweg
