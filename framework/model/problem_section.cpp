// The section `problem:`, which makes a model one that optimizers are compared on.

#include <algorithm>

#include "model/fields.hpp"
#include "model/sections.hpp"
#include "model/typed.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

void read_optimum(ModelContext& context, const DocumentNode& node, ProblemSetting& problem) {
  const auto& parameters = context.model.parameters;
  std::vector<std::string> names;
  names.reserve(parameters.size());
  for (const TensorDeclaration& parameter : parameters) names.push_back(parameter.name);
  for (const DocumentEntry& entry : require_mapping(node, "'optimum'").entries) {
    const auto found = std::ranges::find(parameters, entry.key.text, &TensorDeclaration::name);
    if (found == parameters.end())
      throw error_at(entry.key.span, "there is no parameter '" + entry.key.text + "'")
          .set_hint(did_you_mean(entry.key.text, names));
    const std::string what = "the optimum of '" + entry.key.text + "'";
    NumberArray array = read_array(context, entry.value, ModelScope::kEverything, what);
    const Shape& shape = context.graph()[found->node].shape;
    if (array.shape.rank() == 0)  // one number for all elements
      array = {shape, array.dtype,
               std::vector<double>(static_cast<std::size_t>(shape.elements()), array.values[0])};
    if (!(array.shape == shape))
      throw error_at(entry.value.span, what + " has shape " + to_string(array.shape) +
                                           ", the parameter has " + to_string(shape));
    problem.optimum.emplace_back(entry.key.text, std::move(array.values));
  }
  if (problem.optimum.size() != parameters.size())
    throw error_at(node.span, "'optimum' gives the values of all parameters: " + join(names));
}

void read_box(ModelContext& context, const DocumentNode& node, ProblemSetting& problem) {
  const NumberArray array = read_array(context, node, ModelScope::kEverything, "'box'");
  if (!(array.shape == Shape{2, 2}) || !(array.values[0] < array.values[1]) ||
      !(array.values[2] < array.values[3]))
    throw error_at(node.span, "'box' is [[low, high], [low, high]], one pair for each of two variables");
  problem.box = array.values;
}

NodeId read_measure(ModelContext& context, const DocumentNode& node) {
  const Expression expression = parse_expression(node);
  ModelScope scope(context, ModelScope::kEverything);
  const OriginScope origin(context.graph(), expression.span());
  const Value value = to_tensor(context.graph(), evaluate(expression, scope, context.graph()));
  if (value.rank() != 0)
    throw error_at(expression.span(), "'measure' is a number, and this is " + to_string(value.shape()));
  return value.id();
}

bool read_tier(const DocumentNode& node) {
  const std::string& text = require_text(node, "'tier'");
  if (text == "small" || text == "large") return text == "large";
  throw error_at(node.span, "'tier' is small or large, and this is '" + text + "'");
}

}  // namespace

void read_problem(ModelContext& context, const DocumentNode* section) {
  if (section == nullptr) return;
  const Fields fields(*section, "'problem'",
                      {"source", "optimum", "value", "target", "measure", "seeds", "tier", "box"});
  if (!context.model.train) throw error_at(section->span, "a model with 'problem:' has a 'train:'");
  ProblemSetting problem;
  problem.source = require_text(fields.require("source"), "'source'");
  const auto number = [&](const char* name) {
    return read_number(context, fields.require(name), ModelScope::kEverything, "'" + std::string(name) + "'");
  };
  problem.value = number("value");
  problem.target = number("target");
  if (!(problem.target > problem.value))
    throw error_at(fields.require("target").span, "'target' is above 'value', the least there is");
  problem.measure = context.model.train->minimize;
  if (const DocumentNode* measure = fields.find("measure")) problem.measure = read_measure(context, *measure);
  if (const DocumentNode* optimum = fields.find("optimum")) read_optimum(context, *optimum, problem);
  if (const DocumentNode* seeds = fields.find("seeds"))
    problem.seeds = read_integer(context, *seeds, ModelScope::kEverything, "'seeds'", 1);
  if (const DocumentNode* tier = fields.find("tier")) problem.is_large = read_tier(*tier);
  if (const DocumentNode* box = fields.find("box")) read_box(context, *box, problem);
  context.model.problem = std::move(problem);
}

}  // namespace talweg
