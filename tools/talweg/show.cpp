// talweg show MODEL

#include <algorithm>
#include <talweg/error.hpp>
#include <vector>

#include "commands.hpp"
#include "graph/print.hpp"
#include "model_options.hpp"
#include "output.hpp"
#include "program/needed_nodes.hpp"
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
  const Values values(model, training);
  Task task{values.bindings(), {}, {}};
  if (options.update) task.assignments = values.assignments();
  if (options.gradients) task.fetches = training.gradients;
  std::vector<NodeId> nodes = nodes_of(graph, Phase::forward);
  for (NodeId id : needed_nodes(graph, task))
    if (graph[id].phase == Phase::update || (graph[id].phase == Phase::gradient && options.gradients))
      nodes.push_back(id);
  std::ranges::sort(nodes);
  return nodes;
}

std::string show(const Options& options) {
  CheckedModel model = load_model(options.model.model, options.model.options());
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
  line.flag("--program", "the instructions of a training step instead of the graph", options.program);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  if (options.program && (options.dot || options.gradients || options.update))
    throw Error(Status::model, "--program shows a whole step as instructions, and --" +
                                   std::string(options.dot         ? "dot"
                                               : options.gradients ? "gradients"
                                                                   : "update") +
                                   " is about the graph")
        .set_hint("give one of both");
  write_output(show(options));
  return 0;
}

}  // namespace talweg
