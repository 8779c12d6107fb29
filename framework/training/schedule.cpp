#include "training/schedule.hpp"

#include <talweg/error.hpp>

#include "program/executor.hpp"
#include "program/needed_nodes.hpp"
#include "training/tensor_memory.hpp"

namespace talweg {

namespace {

/// Does it depend on nothing but how far training is?
bool is_known_ahead(const CheckedModel& model, const Task& task, NodeId value) {
  try {
    static_cast<void>(needed_nodes(*model.graph, {task.bindings, {}, {value}}));
    return true;
  } catch (const Error&) {
    return false;  // a state, or what a validation found
  }
}

}  // namespace

std::vector<Schedule> schedules_of(const CheckedModel& model, std::span<const std::int64_t> steps) {
  std::vector<Schedule> schedules;
  TensorMemory step(model.graph->floating(), 1), planned(model.graph->floating(), 1);
  planned.write(0, static_cast<double>(model.train->steps));
  Task task;
  if (const NodeId leaf = model.graph->step_leaf(); leaf != kNoNode)
    task.bindings.push_back({leaf, step.at(0)});
  if (model.steps != kNoNode) task.bindings.push_back({model.steps, planned.at(0)});
  std::vector<NodeId> fetched;  // by schedule
  const auto add = [&](const OptimizerSetting& optimizer, const std::string& prefix) {
    for (const HyperparameterSetting& setting : optimizer.hyperparameters) {
      if (setting.constant) continue;
      schedules.push_back({prefix + setting.name, {}});
      fetched.push_back(is_known_ahead(model, task, setting.value) ? setting.value : kNoNode);
      if (fetched.back() != kNoNode) task.fetches.push_back(setting.value);
    }
  };
  add(model.train->optimizer, "");
  for (const GroupSetting& group : model.train->groups) add(group.optimizer, group.name + ".");
  if (task.fetches.empty()) return schedules;
  const std::unique_ptr<Executor> program = make_reference_executor(*model.graph, task);
  for (std::int64_t number : steps) {
    step.write(0, static_cast<double>(number));
    program->run();
    for (std::size_t i = 0; i < schedules.size(); ++i)
      if (fetched[i] != kNoNode)
        schedules[i].values.push_back(
            to_doubles(program->value(fetched[i]), model.graph->floating(), 1).front());
  }
  return schedules;
}

}  // namespace talweg
