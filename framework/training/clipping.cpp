#include "training/clipping.hpp"

namespace talweg {

std::vector<Value> clip(const ClipSetting& setting, const std::vector<Value>& gradients) {
  constexpr double kBesideZero = 1e-6;
  Graph& graph = gradients.front().graph();
  std::vector<Value> clipped = gradients;
  if (setting.value) {
    const Value high = constant(graph, *setting.value), low = constant(graph, -*setting.value);
    for (Value& gradient : clipped) gradient = emit("minimum", {emit("maximum", {gradient, low}), high});
  }
  if (setting.norm) {
    Value squares = constant(graph, 0);
    for (const Value& gradient : gradients) squares = squares + sum_all(apply("square", gradient));
    const Value share = *setting.norm / (apply("sqrt", squares) + kBesideZero);
    const Value factor = emit("minimum", {share, constant(graph, 1)});
    for (Value& gradient : clipped) gradient = gradient * factor;
  }
  return clipped;
}

}  // namespace talweg
