// talweg check MODEL

#include <algorithm>
#include <cstdio>

#include "commands.hpp"
#include "graph/op.hpp"
#include "graph/print.hpp"
#include "model_options.hpp"
#include "output.hpp"
#include "support/json_object.hpp"
#include "support/numbers.hpp"
#include "support/table.hpp"
#include "tensor_text.hpp"
#include "training/gradient_check.hpp"
#include "training/trainer.hpp"
#include "training/training_graph.hpp"

namespace talweg {
namespace {

constexpr const char* kExplanation =
    "Gradients are checked in float64, whatever the model's dtype is, at the initial values. Of a large\n"
    "parameter a sample of its elements is checked one by one, and one direction through all of them.\n"
    "The exit status is 1 where a gradient is wrong.\n";

struct Options {
  ModelArguments model;
  std::optional<std::int64_t> elements;
  bool json = false;
};

std::string short_number(double value) {
  char text[32];
  static_cast<void>(std::snprintf(text, sizeof text, "%.2g", value));
  return text;
}

/// "with respect to element (2, 1) of synapse_0", "along a direction through all of synapse_0".
std::string place_of(const GradientMismatch& mismatch, const Shape& shape, const std::string& name) {
  if (mismatch.element < 0) return "along a direction through all of " + name;
  if (shape.rank() == 0) return "with respect to " + name;
  std::int64_t rest = mismatch.element;
  Shape index = shape;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index[axis] = rest % shape[axis];
    rest /= shape[axis];
  }
  return "with respect to element " + to_string(index) + " of " + name;
}

std::string values_of(const GradientMismatch& mismatch) {
  return "is " + format_element(mismatch.gradient) + "; central differences give " +
         format_element(mismatch.difference);
}

Error wrong_rule(const Graph& graph, const NodeMismatch& wrong, const std::string& start) {
  const Node& node = graph[wrong.node];
  const NodeId input = node.inputs[wrong.input];
  const std::string name = graph[input].name.empty()
                               ? "input " + std::to_string(wrong.input + 1) + ", " + graph.describe(input)
                               : graph[input].name;
  Error error(Status::internal, start + " " + place_of(wrong.mismatch, graph[input].shape, name) + " " +
                                    values_of(wrong.mismatch));
  if (node.origin.known()) error.at(node.origin.location());
  return error;
}

std::vector<Error> errors_of(const CheckedModel& model, const GradientCheck& check) {
  const Graph& graph = *model.graph;
  std::vector<Error> errors;
  for (const NodeMismatch& wrong : check.wrong_rules)
    errors.push_back(wrong_rule(graph, wrong,
                                "the gradient rule of op '" + graph[wrong.node].op->name + "' is wrong in " +
                                    graph.describe(wrong.node) + ": the gradient"));
  if (check.wrong_rules.empty() && check.first_wrong)
    errors.push_back(wrong_rule(graph, *check.first_wrong,
                                "gradients go wrong between " + graph.describe(check.first_wrong->node) +
                                    " and what it is made of, though each op's rule is right: the gradient"));
  for (const ParameterCheck& parameter : check.parameters)
    if (parameter.mismatch)
      errors.push_back(
          Error(Status::internal, "the gradient of " + model.train->minimize_name + " " +
                                      place_of(*parameter.mismatch, parameter.shape, parameter.name) + " " +
                                      values_of(*parameter.mismatch))
              .at(parameter.span.location()));
  return errors;
}

std::string to_text(const GradientCheck& check) {
  std::vector<std::vector<std::string>> rows = {
      {"parameter", "shape", "elements", "checked", "largest error"}};
  for (const ParameterCheck& parameter : check.parameters) {
    const std::string elements = std::to_string(parameter.shape.elements());
    if (!parameter.has_gradient)
      rows.push_back({parameter.name, to_string(parameter.shape), elements, "0",
                      "gets no gradient: what is minimized does not depend on it"});
    else
      rows.push_back({parameter.name, to_string(parameter.shape), elements, std::to_string(parameter.checked),
                      parameter.mismatch ? "WRONG" : short_number(parameter.largest_error)});
  }
  std::string text = format_table(rows, "llrr");
  const bool sampled = std::ranges::any_of(check.parameters, [](const ParameterCheck& parameter) {
    return parameter.has_gradient && parameter.checked < parameter.shape.elements();
  });
  if (sampled)
    text += "Of the larger parameters a sample is checked, and a direction through all elements.\n";
  return text + (check.right() ? "The gradients are right.\n" : "A gradient is wrong.\n");
}

std::string to_json_lines(const CheckedModel& model, const std::vector<NodeId>& nodes,
                          const GradientCheck* check) {
  const Graph& graph = *model.graph;
  std::string text;
  for (NodeId id : nodes) {
    const Node& node = graph[id];
    JsonObject object;
    object.add("event", "node").add("node", static_cast<std::int64_t>(id)).add("name", node.name);
    object.add("op", node.op->name).add("expression", expression_of(graph, id));
    std::string shape;
    for (std::int64_t size : node.shape) shape += (shape.empty() ? "" : ",") + std::to_string(size);
    object.add_raw("shape", "[" + shape + "]").add("dtype", to_string(node.dtype));
    if (node.origin.known()) object.add("line", static_cast<std::int64_t>(node.origin.model_line()));
    text += object.text() + "\n";
  }
  if (check == nullptr) return text;
  for (const ParameterCheck& parameter : check->parameters) {
    JsonObject object;
    object.add("event", "gradient").add("parameter", parameter.name);
    object.add("line", static_cast<std::int64_t>(parameter.span.model_line()));
    object.add("elements", parameter.shape.elements()).add("checked", parameter.checked);
    object.add("has_gradient", parameter.has_gradient).add("right", !parameter.mismatch);
    object.add("largest_error", parameter.largest_error);
    text += object.text() + "\n";
  }
  for (const NodeMismatch& wrong : check->wrong_rules) {
    JsonObject object;
    object.add("event", "wrong_rule").add("node", static_cast<std::int64_t>(wrong.node));
    object.add("op", graph[wrong.node].op->name);
    object.add("line", static_cast<std::int64_t>(graph[wrong.node].origin.model_line()));
    object.add("gradient", wrong.mismatch.gradient).add("difference", wrong.mismatch.difference);
    text += object.text() + "\n";
  }
  JsonObject end;
  return text + end.add("event", "end").add("right", check->right()).text() + "\n";
}

int check(const Options& options) {
  ModelOptions model_options = options.model.options();
  const CheckedModel as_written = load_model(options.model.model, model_options);
  std::vector<NodeId> nodes(as_written.graph->size());
  for (NodeId id = 0; id < nodes.size(); ++id) nodes[id] = id;
  if (!options.json) write_output(to_text(*as_written.graph, nodes));
  if (!as_written.train || as_written.parameters.empty()) {
    write_output(options.json ? to_json_lines(as_written, nodes, nullptr)
                              : "\nNothing is trained, so there are no gradients to check.\n");
    return 0;
  }
  model_options.dtype = DType::float64;
  CheckedModel model = load_model(options.model.model, model_options);
  // What is wrong with the optimizer or its hyperparameters shows here too.
  static_cast<void>(append_training(model, *find_optimizer(model, options.model.plugin_path())));
  GradientCheckOptions check_options;
  if (options.elements) check_options.elements = *options.elements;
  check_options.seed = model.seed;
  const GradientCheck result = check_gradients(model, check_options);
  write_output(options.json ? to_json_lines(as_written, nodes, &result) : "\n" + to_text(result));
  for (const Error& error : errors_of(model, result)) print_error(error);
  return result.right() ? 0 : static_cast<int>(Status::internal);
}

}  // namespace

int run_check(std::span<const std::string> arguments) {
  Options options;
  CommandLine line("check", "Shows every node of a model's graph and checks the parameters' gradients.");
  options.model.declare(line);
  line.option("--elements", "N", "of one parameter that are checked one by one; 24 if not given",
              options.elements, 1);
  line.flag("--json", "one JSON object a line", options.json);
  line.explain(kExplanation);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  return check(options);
}

}  // namespace talweg
