#include "training/training_state.hpp"

#include "training/hyperparameters.hpp"
#include "training/optimizer_groups.hpp"

namespace talweg {

static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler asks for a stop");

TrainingState::TrainingState(CheckedModel given, std::shared_ptr<const Optimizer> optimizer,
                             const TrainerOptions& chosen)
    : model(std::move(given)),
      rule(std::move(optimizer)),
      options(chosen),
      graph(rule == nullptr ? TrainingGraph{} : append_training(model, *rule)),
      values(model, graph) {
  values.set_steps(planned_steps());
  if (rule != nullptr) check_all_schedules();
  set_step(0);
}

void TrainingState::check_all_schedules() {
  const auto value_at = [&](NodeId node, std::int64_t number) {
    set_step(number);
    const auto program = make_reference_executor(*model.graph, {values.bindings(), {}, {node}});
    program->run();
    return read_scalar(*program, node);
  };
  check_schedules(model.train->optimizer, *rule, planned_steps(), value_at);
  if (const auto* groups = dynamic_cast<const OptimizerGroups*>(rule.get()))
    for (std::size_t i = 0; i < model.train->groups.size(); ++i)
      check_schedules(model.train->groups[i].optimizer, groups->rule(i), planned_steps(), value_at);
}

std::unique_ptr<Executor> TrainingState::compile(std::vector<Assignment> assignments,
                                                 std::vector<NodeId> fetches,
                                                 const std::vector<Binding>& more_bindings) const {
  Task task{values.bindings(), std::move(assignments), std::move(fetches)};
  task.bindings.insert(task.bindings.end(), more_bindings.begin(), more_bindings.end());
  if (options.reference_executor) return make_reference_executor(*model.graph, task);
  Profile* profile = task.assignments.empty() ? nullptr : options.profile;
  return compile_program(*model.graph, task, {.threads = options.threads, .profile = profile});
}

NamedTensor TrainingState::read(const Executor& program, NodeId id, std::string name) const {
  const Node& node = (*model.graph)[id];
  return {std::move(name), node.shape, node.dtype,
          to_doubles(program.value(id), model.graph->floating(), node.shape.elements())};
}

double TrainingState::read_scalar(const Executor& program, NodeId id) const {
  const void* value = program.value(id);
  return model.graph->floating() == DType::float32 ? *static_cast<const float*>(value)
                                                   : *static_cast<const double*>(value);
}

}  // namespace talweg
