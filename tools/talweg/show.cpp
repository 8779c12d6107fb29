// talweg show MODEL

#include <algorithm>
#include <optional>
#include <talweg/error.hpp>
#include <vector>

#include "commands.hpp"
#include "graph/print.hpp"
#include "model_options.hpp"
#include "output.hpp"
#include "program/needed_nodes.hpp"
#include "schedule_plot.hpp"
#include "training/batch_data.hpp"
#include "training/example_draws.hpp"
#include "training/schedule.hpp"
#include "training/trainer.hpp"
#include "training/training_graph.hpp"
#include "training/values.hpp"

namespace talweg {
namespace {

struct Options {
  ModelArguments model;
  bool gradients = false;
  bool update = false;
  bool dot = false;
  bool program = false;
  bool schedule = false;
};

std::vector<NodeId> nodes_of(const Graph& graph, Phase phase) {
  std::vector<NodeId> nodes;
  for (NodeId id = 0; id < graph.size(); ++id)
    if (graph[id].phase == phase) nodes.push_back(id);
  return nodes;
}

/// The forward pass as the model file has it, and of gradients and update what a step of training computes.
std::vector<NodeId> shown_nodes(const Options& options, CheckedModel& model) {
  const Graph& graph = *model.graph;
  if (!options.gradients && !options.update) return nodes_of(graph, Phase::forward);
  const auto rule = find_optimizer(model, options.model.plugin_path());
  TrainingGraph training;
  if (rule != nullptr) training = append_training(model, *rule);
  Values values(model, training);
  const Leaves leaves = values.leaves(model, training);
  BatchData data(model);
  Task task{data.bindings(), {}, {}};
  task.bindings.insert(task.bindings.end(), leaves.bindings.begin(), leaves.bindings.end());
  std::optional<ExampleDraws> draws;
  if (!training.emissions.empty() && training.emissions.front().draws) {
    draws.emplace(model, *training.emissions.front().draws, training.weights);
    for (const Binding& binding : draws->bindings()) task.bindings.push_back(binding);
  }
  if (options.update) task.assignments = leaves.assignments;
  if (options.gradients) task.fetches = training.gradients;
  std::vector<NodeId> nodes = nodes_of(graph, Phase::forward);
  for (NodeId id : needed_nodes(graph, task))
    if (graph[id].phase == Phase::update || (graph[id].phase == Phase::gradient && options.gradients))
      nodes.push_back(id);
  std::ranges::sort(nodes);
  return nodes;
}

/// The hyperparameters that change, over all planned steps.
std::string show_schedules(const CheckedModel& model) {
  constexpr std::int64_t kColumns = 64;
  const std::int64_t planned = model.train ? model.train->steps : 0;
  std::vector<std::int64_t> steps;
  for (std::int64_t i = 0; i < std::min(kColumns, planned); ++i)
    steps.push_back(planned <= kColumns ? i : i * (planned - 1) / (kColumns - 1));
  if (steps.empty()) return "the model makes no steps\n";
  std::vector<Schedule> schedules = schedules_of(model, steps);
  if (schedules.empty()) return "every hyperparameter is the same in all steps\n";
  std::string text;
  for (const Schedule& schedule : schedules)
    if (schedule.values.empty())
      text += schedule.name + " depends on what validations find, which only training tells\n";
  std::erase_if(schedules, [](const Schedule& schedule) { return schedule.values.empty(); });
  if (schedules.empty()) return text;
  for (const Schedule& schedule : schedules) text += plot(schedule, steps) + "\n";
  return text + tabulate(schedules, steps);
}

/// What cannot be shown together.
void check_choice(const Options& options) {
  std::vector<std::string> given;
  if (options.program) given.emplace_back("--program");
  if (options.schedule) given.emplace_back("--schedule");
  if (given.empty()) return;
  if (options.dot) given.emplace_back("--dot");
  if (options.gradients) given.emplace_back("--gradients");
  if (options.update) given.emplace_back("--update");
  if (given.size() > 1)
    throw Error(Status::model, given[0] + " shows something else than " + given[1])
        .set_hint("give one of both");
}

std::string show(const Options& options) {
  CheckedModel model = load_model(options.model.model, options.model.options());
  if (options.schedule) return show_schedules(model);
  if (options.program) {
    const auto rule = find_optimizer(model, options.model.plugin_path());
    return Trainer(std::move(model), rule, {}).program_listing();
  }
  const std::vector<NodeId> nodes = shown_nodes(options, model);
  return options.dot ? to_dot(*model.graph, nodes, model.name) : to_text(*model.graph, nodes);
}

}  // namespace

int run_show(std::span<const std::string> arguments) {
  Options options;
  CommandLine line("show", "Shows the graph of a model: its forward pass, and more where it is asked for.");
  options.model.declare(line);
  line.flag("--gradients", "the gradients of what is minimized, too", options.gradients);
  line.flag("--update", "the optimizer's update, too", options.update);
  line.flag("--dot", "for Graphviz: talweg show MODEL --dot | dot -Tsvg > graph.svg", options.dot);
  line.flag("--schedule", "the hyperparameters that change from step to step, as a plot and a table",
            options.schedule);
  line.flag("--program", "the instructions of a training step instead of the graph", options.program);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  check_choice(options);
  write_output(show(options));
  return 0;
}

}  // namespace talweg
