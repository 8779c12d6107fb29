#include "program/looks.hpp"

#include <algorithm>

namespace talweg {
namespace {

bool outlives_runs(const Buffer& buffer) {
  return buffer.kind == Buffer::Kind::external || buffer.kind == Buffer::Kind::lasting;
}

bool assigns(const Plan& plan, const Step& step) {
  return std::ranges::any_of(step.writes(), [&](const View& view) {
    return outlives_runs(plan.buffers[plan.root(view.buffer).first]);
  });
}

/// By step: does it compute one of the values, or what they are computed from? With `assignments` those are
/// values, too.
std::vector<bool> steps_for(const Plan& plan, const std::map<NodeId, View>& values, bool assignments) {
  std::vector<bool> is_read(plan.buffers.size(), false), found(plan.steps.size(), false);
  for (const auto& [node, view] : values) is_read[plan.root(view.buffer).first] = true;
  for (std::size_t i = plan.steps.size(); i-- > 0;) {
    const Step& step = *plan.steps[i];
    found[i] =
        (assignments && assigns(plan, step)) || std::ranges::any_of(step.writes(), [&](const View& view) {
          return bool(is_read[plan.root(view.buffer).first]);
        });
    if (!found[i]) continue;
    for (const View& view : step.reads()) is_read[plan.root(view.buffer).first] = true;
  }
  return found;
}

bool are_alike(const Step& one, const Step& other) {
  return one.writes().size() == other.writes().size() && one.text() == other.text();
}

}  // namespace

std::optional<Looks> plan_looks(const LoweredTask& task, const Plan& plain) {
  const Plan& plan = task.plan;
  const std::vector<bool> looked_at = steps_for(plan, task.looks, false);
  Looks looks;
  looks.are_extra = steps_for(plan, task.fetches, true);
  looks.are_extra.flip();
  std::size_t same = 0;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    if (looked_at[i]) looks.pause = i + 1;
    if (looks.are_extra[i]) continue;
    if (same == plain.steps.size() || !are_alike(*plan.steps[i], *plain.steps[same++])) return std::nullopt;
  }
  if (same != plain.steps.size()) return std::nullopt;
  for (std::size_t i = 0; i < looks.pause; ++i)
    if (assigns(plan, *plan.steps[i])) return std::nullopt;
  return looks;
}

}  // namespace talweg
