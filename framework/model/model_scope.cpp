#include "model/model_scope.hpp"

#include <algorithm>

#include "graph/gradients.hpp"
#include "graph/op.hpp"

namespace talweg {
namespace {

/// "a -> b -> a": the way from `from`, over the entries that `needs` found, to `to`.
std::string show_way(const Names& names, const std::string& from, const Names::Needs& needs, std::size_t to) {
  std::vector<std::string> way;
  for (std::size_t at = to; at != names.size(); at = needs.through.at(at)) way.push_back(names[at].name);
  std::string text = from;
  for (std::size_t i = way.size(); i-- > 0;) text += " -> " + way[i];
  return text;
}

/// Does the expression ask for the gradient of what is minimized?
bool asks_for_minimized(const Expression& expression) {
  return std::ranges::any_of(expression.nodes, [](const ExpressionNode& node) {
    return node.kind == ExpressionNode::Kind::call && node.text == "grad" && node.children.size() == 1;
  });
}

/// A scalar leaf, added when it is first asked for.
Value scalar(ModelContext& context, NodeId& node, const char* name) {
  if (node == kNoNode) {
    const OriginScope origin(context.graph(), Span{});
    node = context.graph().add_leaf("scalar", name, {}, context.graph().floating()).id();
  }
  return context.graph().value(node);
}

/// The planned total of steps.
Value planned_steps(ModelContext& context) { return scalar(context, context.model.steps, "steps"); }

/// Steps in epochs: the same where the examples are not divided into batches.
Value in_epochs(ModelContext& context, Value steps) {
  const std::int64_t each = context.model.examples ? context.model.examples->steps_per_epoch() : 1;
  return each == 1 ? steps : steps / constant(context.graph(), static_cast<double>(each));
}

/// The value that goes by this name in every expression.
std::optional<Operand> known_everywhere(ModelContext& context, const std::string& name) {
  if (name == "training") return Operand{context.options.mode == Mode::training};
  if (name == "step") return Operand{context.graph().step()};
  if (name == "steps") return Operand{planned_steps(context)};
  if (name == "epoch") return Operand{apply("floor", in_epochs(context, context.graph().step()))};
  if (name == "epochs") return Operand{in_epochs(context, planned_steps(context))};
  if (name == "validated") return Operand{scalar(context, context.model.validated, "validated")};
  return std::nullopt;
}

}  // namespace

std::optional<Operand> ModelScope::find(const std::string& name, const Span& use) {
  if (auto known = known_everywhere(context_, name)) return known;
  const std::optional<std::size_t> index = context_.names.find(name);
  if (!index) return std::nullopt;
  const NamedEntry& entry = context_.names[*index];
  if (*index >= limit_) throw defined_later(entry, use);
  if (!entry.value && !entry.expression)
    throw error_at(use, "'" + name + "' is defined in '" + std::string(to_string(entry.section)) + ":' on " +
                            line_of(entry.place) + ", and has no value yet where data and batches are read")
        .set_hint("a number of 'let:' has one");
  if (!entry.value) evaluate_entry(context_, *index);
  return entry.value;
}

std::vector<std::string> ModelScope::names() const {
  std::vector<std::string> names = context_.names.before(limit_);
  for (const char* name : {"step", "steps", "epoch", "epochs", "validated", "training"})
    names.emplace_back(name);
  return names;
}

Error ModelScope::defined_later(const NamedEntry& entry, const Span& use) const {
  const NamedEntry& self = context_.names[limit_];
  if (&entry == &self)
    return error_at(use, "'" + self.name + "' depends on itself: " + self.name + " -> " + self.name);
  if (entry.section != self.section)
    return error_at(use, "'" + entry.name + "' is defined in '" + std::string(to_string(entry.section)) +
                             ":' on " + line_of(entry.place) + ", which comes after '" +
                             std::string(to_string(self.section)) + ":'");
  if (entry.expression) {
    const Names::Needs needs = context_.names.needed_by(*entry.expression);
    if (needs.through.contains(limit_))
      return error_at(use, "'" + self.name + "' depends on itself: " +
                               show_way(context_.names, self.name + " -> " + entry.name, needs, limit_));
  }
  const bool same_line = entry.place.line() == self.place.line();
  return error_at(use, "'" + entry.name + "' is defined " +
                           (same_line ? "after '" + self.name + "'" : "below, on " + line_of(entry.place)))
      .set_hint("entries use those above them: move '" + entry.name + "' up");
}

Value ModelScope::gradient(const std::optional<Value>& y, Value x, const Span& use) {
  const Value of = y ? *y : minimized(context_, use);
  const auto known = context_.gradients.find({of.id(), x.id()});
  if (known != context_.gradients.end()) return known->second;
  std::vector<Value> wrt = {x};
  // One walk gives the gradients by all parameters, which are likely to be asked for next.
  if (!y && x.node().op->name == "parameter") {
    wrt.clear();
    for (const TensorDeclaration& parameter : context_.model.parameters)
      wrt.push_back(context_.graph().value(parameter.node));
  }
  const std::vector<Value> results = gradients(of, wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i)
    context_.gradients.emplace(std::pair(of.id(), wrt[i].id()), results[i]);
  return context_.gradients.at({of.id(), x.id()});
}

std::optional<Callable> ModelScope::find_callable(const std::string& name) {
  const ModuleDefinition* module = context_.modules.find(name);
  return module == nullptr ? std::nullopt : std::optional(Callable{name, module});
}

std::vector<std::string> ModelScope::callable_names() const { return context_.modules.names(); }

Operand ModelScope::call_module(const ModuleDefinition& module, const std::vector<CallArgument>& arguments,
                                const Span& place, Repetition repetition) {
  ModuleCalls none;
  return apply_module(context_, module, {arguments, place, repetition}, calls_ == nullptr ? none : *calls_,
                      nullptr);
}

void evaluate_entry(ModelContext& context, std::size_t index) {
  NamedEntry& entry = context.names[index];
  if (entry.value) return;
  Graph& graph = context.graph();
  const std::size_t before = graph.size();
  ModuleCalls calls(entry.name, *entry.expression, context.modules);
  ModelScope scope(context, index, calls);
  Operand value = evaluate(*entry.expression, scope, graph);
  if (value.is_none() || value.text() != nullptr || value.callable() != nullptr)
    throw error_at(entry.expression->span(), "'" + entry.name + "' is " + describe(value) + " and no tensor");
  const Value* tensor = value.tensor();
  if (tensor != nullptr && tensor->id() >= before && !tensor->node().op->leaf)
    graph.set_name(tensor->id(), entry.name);
  entry.value = std::move(value);
}

Value minimized(ModelContext& context, const Span& use) {
  if (context.minimized) return *context.minimized;
  if (!context.minimize)
    throw error_at(use, "grad(x) is the gradient of what is minimized, and 'train:' has no 'minimize'")
        .set_hint("grad(y, x) is the gradient of y");
  const Expression& expression = *context.minimize;
  if (asks_for_minimized(expression))
    throw error_at(expression.span(), "what is minimized depends on its own gradient");
  const Names::Needs needs = context.names.needed_by(expression);
  for (std::size_t index : needs.entries) {
    const NamedEntry& entry = context.names[index];
    if (entry.expression && asks_for_minimized(*entry.expression))
      throw error_at(use, "what is minimized depends on its own gradient: " +
                              show_way(context.names, entry.name, needs, index));
  }
  // In ascending order, so that none has to wait for another.
  for (std::size_t index : needs.entries)
    if (context.names[index].expression) evaluate_entry(context, index);
  ModelScope scope(context, ModelScope::kEverything);
  const Operand value = evaluate(expression, scope, context.graph());
  if (!value.is_tensor())
    throw error_at(expression.span(),
                   "'minimize' is a scalar that depends on parameters, and this is " + describe(value));
  const Value loss = *value.tensor();
  if (loss.rank() != 0)
    throw error_at(expression.span(),
                   "'minimize' is a scalar, and this is a tensor of shape " + to_string(loss.shape()))
        .set_hint("sum(...) or mean(...) of it is a scalar");
  if (!is_floating(loss.dtype()))
    throw error_at(expression.span(),
                   "'minimize' is a floating number, and this is " + std::string(to_string(loss.dtype())));
  context.minimized = loss;
  return loss;
}

}  // namespace talweg
