// talweg show MODEL

#include <filesystem>
#include <vector>

#include "commands.hpp"
#include "graph/print.hpp"
#include "model_options.hpp"
#include "output.hpp"

namespace talweg {
namespace {

struct Options {
  ModelArguments model;
  bool dot = false;
};

std::string show(const Options& options, const CheckedModel& model) {
  std::vector<NodeId> nodes;
  for (NodeId id = 0; id < model.graph->size(); ++id)
    if ((*model.graph)[id].phase == Phase::forward) nodes.push_back(id);
  return options.dot ? to_dot(*model.graph, nodes, model.name) : to_text(*model.graph, nodes);
}

}  // namespace

int run_show(std::span<const std::string> arguments) {
  Options options;
  CommandLine line("show", "Shows the graph of a model: its forward pass, and more where it is asked for.");
  options.model.declare(line);
  line.flag("--dot", "for Graphviz: talweg show MODEL --dot | dot -Tsvg", options.dot);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  const CheckedModel model = load_model(options.model.model, options.model.options());
  write_output(show(options, model));
  return 0;
}

}  // namespace talweg
