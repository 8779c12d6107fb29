#include "program/looks.hpp"

#include <algorithm>

#include "program/scheduling/divide_updates.hpp"

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

bool are_alike(const std::vector<View>& some, const std::vector<View>& others) {
  return std::ranges::equal(some, others, [](const View& one, const View& other) {
    return one.shape == other.shape && one.strides == other.strides;
  });
}

bool are_alike(const Step& one, const Step& other) {
  return one.text() == other.text() && are_alike(one.reads(), other.reads()) &&
         are_alike(one.writes(), other.writes());
}

/// What is assigned before all is known that is looked at can wait, where that is little: a model's running
/// averages. By step, for those that are to wait; nothing where one cannot.
std::optional<std::vector<bool>> steps_that_wait(const Plan& plan, const std::vector<bool>& looked_at,
                                                 std::size_t pause) {
  std::vector<bool> wait(plan.steps.size(), false), is_read(plan.buffers.size(), false);
  for (std::size_t i = pause; i-- > 0;) {
    const Step& step = *plan.steps[i];
    wait[i] = assigns(plan, step);
    const bool can_wait = !looked_at[i] && std::ranges::all_of(step.writes(), [&](const View& view) {
      return view.shape.elements() < kLargePart && !is_read[plan.root(view.buffer).first];
    });
    if (wait[i] && !can_wait) return std::nullopt;
    if (wait[i]) continue;
    for (const View& view : step.reads()) is_read[plan.root(view.buffer).first] = true;
  }
  return wait;
}

}  // namespace

std::optional<Looks> plan_looks(LoweredTask& task, const Plan& plain) {
  Plan& plan = task.plan;
  const std::vector<bool> looked_at = steps_for(plan, task.looks, false),
                          needed = steps_for(plan, task.fetches, true);
  std::size_t same = 0, pause = 0;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    if (looked_at[i]) pause = i + 1;
    if (!needed[i] && !looked_at[i]) return std::nullopt;
    if (!needed[i]) continue;
    if (same == plain.steps.size() || !are_alike(*plan.steps[i], *plain.steps[same++])) return std::nullopt;
  }
  if (same != plain.steps.size()) return std::nullopt;
  const auto wait = steps_that_wait(plan, looked_at, pause);
  if (!wait) return std::nullopt;
  enum Place : std::size_t { kInLook, kWaiting, kBehind };
  std::vector<std::size_t> places(plan.steps.size(), kBehind);
  Looks looks;
  for (std::size_t i = 0; i < pause; ++i) {
    places[i] = (*wait)[i] ? kWaiting : kInLook;
    if (places[i] == kInLook) looks.are_extra.push_back(!needed[i]);
  }
  looks.pause = looks.are_extra.size();
  looks.are_extra.resize(plan.steps.size(), false);  // what is extra is looked at
  plan.sort_steps(places);
  return looks;
}

}  // namespace talweg
