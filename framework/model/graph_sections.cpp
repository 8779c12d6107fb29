// The sections that compute: graph and update.

#include <algorithm>
#include <optional>

#include "graph/op.hpp"
#include "model/document_text.hpp"
#include "model/fields.hpp"
#include "model/sections.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

std::size_t find_state(const ModelContext& context, const DocumentNode& key) {
  const std::vector<TensorDeclaration>& states = context.model.states;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].name == key.text) return i;
    names.push_back(states[i].name);
  }
  const auto other = context.names.find(key.text);
  if (!other)
    throw error_at(key.span, "there is no state '" + key.text + "'").set_hint(did_you_mean(key.text, names));
  const NamedEntry& entry = context.names[*other];
  Error error =
      error_at(key.span, "'" + key.text + "' is no state: it is defined in '" +
                             std::string(to_string(entry.section)) + ":' on " + line_of(entry.place));
  if (entry.section == Section::parameters) error.set_hint("the optimizer changes parameters");
  throw error;
}

/// The node of an entry. Parts of a split, or a list of other tensors, that differ in shape have none
/// together.
std::optional<Value> tensor_of(Graph& graph, const Operand& operand) {
  try {
    return to_tensor(graph, operand);
  } catch (const Error&) {
    if (operand.list() == nullptr) throw;
    return std::nullopt;
  }
}

}  // namespace

void read_graph(ModelContext& context) {
  CheckedModel& model = context.model;
  for (std::size_t i = 0; i < context.names.size(); ++i)
    if (context.names[i].expression) evaluate_entry(context, i);
  std::vector<const NamedEntry*> entries;
  for (std::size_t i = 0; i < context.names.size(); ++i)
    if (context.names[i].section != Section::let) entries.push_back(&context.names[i]);
  std::ranges::sort(entries, {}, [](const NamedEntry* entry) { return entry->place.begin; });
  for (const NamedEntry* entry : entries) {
    if (entry->value->is_none()) continue;  // a tensor that its `if` leaves out
    const OriginScope origin(context.graph(), entry->expression ? entry->expression->span() : entry->place);
    const std::optional<Value> value = tensor_of(context.graph(), *entry->value);
    if (!value) continue;
    if (!entry->value->is_tensor()) context.graph().set_name(value->id(), entry->name);
    model.named.emplace_back(entry->name, value->id());
  }
  for (const std::vector<TensorDeclaration>* tensors : {&model.parameters, &model.states})
    for (const TensorDeclaration& tensor : *tensors)
      if (!context.names.find(tensor.name))
        model.named.emplace_back(tensor.name, tensor.node);  // of a module
}

void read_prediction(ModelContext& context) {
  const std::optional<std::string>& text = context.options.use.expression;
  if (!text) return;
  CheckedModel& model = context.model;
  model.sources.push_back(std::make_unique<Source>("the expression", *text));
  check_document_text(*model.sources.back());
  const Expression expression = parse_expression(scalar_document(*model.sources.back()));
  ModelScope scope(context, ModelScope::kEverything);
  const Operand operand = evaluate(expression, scope, context.graph());
  if (operand.is_none() || operand.text() != nullptr || operand.callable() != nullptr)
    throw error_at(expression.span(), "the expression is " + describe(operand) + ", not a tensor");
  const OriginScope origin(context.graph(), expression.span());
  model.prediction = {*text, to_tensor(context.graph(), operand).id(), expression.span()};
}

void read_update(ModelContext& context, Scope& scope, std::size_t index, const DocumentNode& key,
                 const Expression& expression) {
  const PhaseScope phase(context.graph(), Phase::update);
  StateUpdate update;
  update.state = index;
  update.span = key.span;
  const Operand operand = evaluate(expression, scope, context.graph());
  const OriginScope origin(context.graph(), expression.span());
  const TensorDeclaration& state = context.model.states[index];
  const Shape& shape = context.graph()[state.node].shape;
  if (operand.is_none() || operand.text() != nullptr || operand.callable() != nullptr)
    throw error_at(expression.span(), "state '" + state.name + "' becomes " + describe(operand));
  const Value value = to_tensor(context.graph(), operand);
  const std::optional<Shape> both = broadcast(value.shape(), shape);
  if (!both || !(*both == shape))
    throw error_at(expression.span(), "state '" + state.name + "' has shape " + to_string(shape) +
                                          ", its new value " + to_string(value.shape()))
        .note("'" + state.name + "' is declared on " + line_of(state.span));
  update.value = broadcast_to(value, shape).id();
  context.model.updates.push_back(update);
}

void read_updates(ModelContext& context, const DocumentNode* section) {
  if (section == nullptr) return;
  for (const DocumentEntry& entry : require_mapping(*section, "'update'").entries) {
    const std::size_t state = find_state(context, entry.key);
    ModelScope scope(context, ModelScope::kEverything);
    read_update(context, scope, state, entry.key, parse_expression(entry.value));
  }
}

}  // namespace talweg
