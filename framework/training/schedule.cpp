#include "training/schedule.hpp"

#include "program/executor.hpp"
#include "training/tensor_memory.hpp"

namespace talweg {

std::vector<Schedule> schedules_of(const CheckedModel& model, std::span<const std::int64_t> steps) {
  std::vector<Schedule> schedules;
  TensorMemory step(model.graph->floating(), 1), planned(model.graph->floating(), 1);
  planned.write(0, static_cast<double>(model.train->steps));
  Task task;
  if (const NodeId leaf = model.graph->step_leaf(); leaf != kNoNode)
    task.bindings.push_back({leaf, step.at(0)});
  if (model.steps != kNoNode) task.bindings.push_back({model.steps, planned.at(0)});
  const auto add = [&](const OptimizerSetting& optimizer, const std::string& prefix) {
    for (const HyperparameterSetting& setting : optimizer.hyperparameters) {
      if (setting.constant) continue;
      schedules.push_back({prefix + setting.name, {}});
      task.fetches.push_back(setting.value);
    }
  };
  add(model.train->optimizer, "");
  for (const GroupSetting& group : model.train->groups) add(group.optimizer, group.name + ".");
  if (schedules.empty()) return schedules;
  const std::unique_ptr<Executor> program = make_reference_executor(*model.graph, task);
  for (std::int64_t number : steps) {
    step.write(0, static_cast<double>(number));
    program->run();
    for (std::size_t i = 0; i < schedules.size(); ++i)
      schedules[i].values.push_back(
          to_doubles(program->value(task.fetches[i]), model.graph->floating(), 1).front());
  }
  return schedules;
}

}  // namespace talweg
