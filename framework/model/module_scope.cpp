// A module applied: the names of its expressions, and what becomes of them.

#include <algorithm>

#include "graph/op.hpp"
#include "model/model_scope.hpp"
#include "model/sections.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

/// Modules within each other, and applications of modules in one model.
constexpr int kMaximumModuleDepth = 50;
constexpr std::int64_t kMaximumApplications = 100'000;

Error refusal(const ModuleDefinition& module, const Span& place, const std::string& what) {
  return error_at(place, module.name + "() " + what).note("its signature is " + signature(module));
}

}  // namespace

std::string signature(const ModuleDefinition& module) {
  std::string text;
  for (const ModuleDefinition::Part& part : module.inputs) text += (text.empty() ? "" : ", ") + part.name;
  for (const ModuleDefinition::Part& part : module.with) {
    text += (text.empty() ? "" : ", ") + part.name;
    if (!part.expression) continue;
    text += "=" + source_of(part.expression->span());
  }
  return module.name + "(" + text + ")";
}

/// The names within a module: what it is given, its tensors, the entries of its graph before.
class ModuleScope final : public Scope {
 public:
  /// `again`: its parameters are those of an application before it.
  ModuleScope(ModelContext& context, const ModuleDefinition& module, const ModuleScope* caller,
              std::string path, bool again)
      : context_(context),
        module_(module),
        caller_(caller),
        path_(std::move(path)),
        again_(again || (caller != nullptr && caller->again_)) {}

  void require_no_circle(const Span& place) const {
    std::string way = module_.name;
    int depth = 0;
    for (const ModuleScope* scope = caller_; scope != nullptr; scope = scope->caller_, ++depth) {
      way.insert(0, scope->module_.name + " -> ");
      if (&scope->module_ == &module_)
        throw error_at(place, "module '" + module_.name + "' applies itself: " + way);
    }
    if (depth > kMaximumModuleDepth)
      throw error_at(place, "modules are more than " + std::to_string(kMaximumModuleDepth) + " deep");
  }

  void bind(const ModuleCall& call) {
    std::vector<const ModuleDefinition::Part*> parts;
    for (const ModuleDefinition::Part& part : module_.inputs) parts.push_back(&part);
    for (const ModuleDefinition::Part& part : module_.with) parts.push_back(&part);
    std::size_t position = 0;
    for (const CallArgument& argument : call.arguments) {
      if (argument.name.empty() && position == parts.size())
        throw refusal(module_, argument.span, "takes " + std::to_string(parts.size()) + " arguments");
      const std::string& name = argument.name.empty() ? parts[position++]->name : argument.name;
      const auto part =
          std::ranges::find(parts, name, [](const auto* each) -> const std::string& { return each->name; });
      if (part == parts.end()) refuse_argument(argument, parts);
      if (values_.contains(name))
        throw refusal(module_, argument.name_span, "has two values for its argument '" + name + "'");
      values_.emplace(name, argument.value);
    }
    for (const ModuleDefinition::Part& part : module_.inputs) bind_input(part, call);
    for (const ModuleDefinition::Part& part : module_.with) {
      if (values_.contains(part.name)) continue;
      if (!part.expression) throw refusal(module_, call.place, "lacks its argument '" + part.name + "'");
      values_.emplace(part.name, evaluate_argument(*part.expression, *this, context_.graph()));
    }
    for (const Expression& condition : module_.requirements) require(condition, call);
  }

  Operand run() {
    declare(module_.parameters, context_.model.parameters, false);
    const std::size_t first_state = context_.model.states.size();
    declare(module_.states, context_.model.states, true);
    for (const ModuleDefinition::Part& part : module_.graph) evaluate_part(part);
    if (again_ && !module_.states.empty())
      throw error_at(module_.states.front()->key.span,
                     "module '" + module_.name +
                         "' has state, which is assigned once a step, and scan() "
                         "applies it at every place of a sequence");
    for (const ModuleDefinition::Part& update : module_.updates) {
      const std::string name = path_ + "/" + update.name;
      for (std::size_t i = first_state; i < context_.model.states.size(); ++i)
        if (context_.model.states[i].name == name)
          read_update(context_, *this, i, *update.key, *update.expression);
    }
    return values_.at(module_.out);
  }

  [[nodiscard]] std::optional<Operand> find(const std::string& name, const Span& use) override {
    const auto value = values_.find(name);
    if (value != values_.end()) return value->second;
    for (const ModuleDefinition::Part& part : module_.graph)
      if (part.name == name)
        throw error_at(use, "'" + name + "' is defined below, on " + line_of(part.key->span))
            .set_hint("entries use those above them: move '" + name + "' up");
    const auto index = context_.names.find(name);
    const bool is_let = index && context_.names[*index].section == Section::let &&
                        module_.place.source == context_.names[*index].place.source;
    if (is_let || name == "step" || name == "steps" || name == "validated" || name == "training")
      return ModelScope(context_, ModelScope::kEverything).find(name, use);
    return std::nullopt;
  }

  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names = {"step", "steps", "validated", "training"};
    for (const auto& [name, value] : values_) names.push_back(name);
    return names;
  }

  [[nodiscard]] std::optional<Callable> find_callable(const std::string& name) override {
    const auto value = values_.find(name);
    if (value != values_.end() && value->second.callable() != nullptr) return *value->second.callable();
    const ModuleDefinition* module = context_.modules.find(name);
    return module == nullptr ? std::nullopt : std::optional(Callable{name, module});
  }

  [[nodiscard]] std::vector<std::string> callable_names() const override { return context_.modules.names(); }

  [[nodiscard]] Operand call_module(const ModuleDefinition& module,
                                    const std::vector<CallArgument>& arguments, const Span& place,
                                    Repetition repetition) override {
    ModuleCalls none;
    return apply_module(context_, module, {arguments, place, repetition}, calls_ == nullptr ? none : *calls_,
                        this);
  }

 private:
  [[noreturn]] void refuse_argument(const CallArgument& argument,
                                    const std::vector<const ModuleDefinition::Part*>& parts) const {
    std::vector<std::string> known;
    known.reserve(parts.size());
    for (const ModuleDefinition::Part* part : parts) known.push_back(part->name);
    throw refusal(module_, argument.name_span, "has no argument '" + argument.name + "'")
        .set_hint(did_you_mean(argument.name, known));
  }

  void bind_input(const ModuleDefinition::Part& part, const ModuleCall& call) {
    const auto value = values_.find(part.name);
    if (value == values_.end()) throw refusal(module_, call.place, "lacks its argument '" + part.name + "'");
    const Operand& given = value->second;
    if (given.is_none() || given.text() != nullptr || given.callable() != nullptr)
      throw refusal(module_, call.place,
                    "needs a tensor as '" + part.name + "', and this is " + describe(given));
    value->second = Operand{to_tensor(context_.graph(), given)};
  }

  /// A condition on arguments that are no numbers is left to the module's graph.
  void require(const Expression& condition, const ModuleCall& call) {
    std::string found;
    for (const ModuleDefinition::Part& part : module_.with) {
      const auto names_it = [&](const ExpressionNode& node) {
        return node.kind == ExpressionNode::Kind::name && node.text == part.name;
      };
      if (std::ranges::none_of(condition.nodes, names_it)) continue;
      const std::optional<double> number = values_.at(part.name).number();
      if (!number) return;
      found += ", and " + part.name + " is " + format_number(*number);
    }
    const std::optional<double> holds = evaluate(condition, *this, context_.graph()).number();
    if (holds && *holds == 0)
      throw refusal(module_, call.place, "requires " + source_of(condition.span()) + found);
  }

  void declare(const std::vector<const DocumentEntry*>& entries, std::vector<TensorDeclaration>& tensors,
               bool state) {
    for (const DocumentEntry* entry : entries) {
      if (again_) {
        const auto known =
            std::ranges::find(tensors, path_ + "/" + entry->key.text, &TensorDeclaration::name);
        values_[entry->key.text] =
            known == tensors.end() ? Operand{} : Operand{context_.graph().value(known->node)};
        continue;
      }
      auto tensor = read_tensor(context_, *this, *entry, path_ + "/", state);
      values_[entry->key.text] = Operand{};
      if (!tensor) continue;
      if (path_.empty())
        throw error_at(entry->key.span, "module '" + module_.name + "' has " +
                                            (state ? "state" : "parameters") +
                                            ", and so is called in entries of 'graph:' alone");
      values_[entry->key.text] = Operand{context_.graph().value(tensor->node)};
      tensors.push_back(std::move(*tensor));
    }
  }

  void evaluate_part(const ModuleDefinition::Part& part) {
    Graph& graph = context_.graph();
    const std::size_t before = graph.size();
    ModuleCalls calls;
    if (!path_.empty()) calls = ModuleCalls(path_ + "/" + part.name, *part.expression, context_.modules);
    calls_ = &calls;
    Operand value = evaluate_argument(*part.expression, *this, graph);
    calls_ = nullptr;
    const Value* tensor = value.tensor();
    if (!path_.empty() && tensor != nullptr && tensor->id() >= before && !tensor->node().op->leaf)
      graph.set_name(tensor->id(), path_ + "/" + part.name);
    values_[part.name] = std::move(value);
  }

  ModelContext& context_;
  const ModuleDefinition& module_;
  const ModuleScope* caller_;
  std::string path_;
  bool again_;
  std::map<std::string, Operand> values_;
  ModuleCalls* calls_ = nullptr;  // of the entry that is evaluated
};

namespace {

/// May modules be applied so many times more?
void require_applications(const ModelContext& context, std::int64_t more, const Span& place) {
  if (context.module_applications > kMaximumApplications - more)
    throw error_at(place,
                   "a model applies modules at most " + std::to_string(kMaximumApplications) + " times");
}

Operand apply_once(ModelContext& context, const ModuleDefinition& module, const ModuleCall& call,
                   const std::string& path, const ModuleScope* caller, bool again = false) {
  const CallScope call_line(context.graph(), call.place);
  ModuleScope scope(context, module, caller, path, again);
  scope.require_no_circle(call.place);
  ++context.module_applications;
  require_applications(context, 0, call.place);
  scope.bind(call);
  try {
    return scope.run();
  } catch (Error& error) {
    const std::string text = source_of(call.place);
    throw error.note("in module '" + module.name + "', which is called at " + text_of(call.place) + ": " +
                     text.substr(0, text.find('\n')));
  }
}

/// Part number i of x along its second axis.
Value part_of(Value x, std::int64_t i) {
  Integers starts(static_cast<std::size_t>(x.rank()), 0), steps(starts.size(), 1),
      sizes(x.shape().begin(), x.shape().end());
  starts[1] = i;
  sizes[1] = 1;
  const Value part = slice(x, starts, steps, sizes);
  sizes.erase(sizes.begin() + 1);
  return reshape(part, Shape(sizes));
}

Operand scan(ModelContext& context, const ModuleDefinition& module, const ModuleCall& call,
             const std::string& path, const ModuleScope* caller) {
  const OriginScope origin(context.graph(), call.place);
  std::vector<CallArgument> arguments = call.arguments;
  const Value sequence = *arguments[0].value.tensor();
  const Shape state = arguments[1].value.tensor()->shape();
  std::vector<Value> states;
  for (std::int64_t i = 0; i < sequence.shape()[1]; ++i) {
    arguments[0].value = Operand{part_of(sequence, i)};
    arguments[1].value = apply_once(context, module, {arguments, call.place, {}}, path, caller, i > 0);
    const Value* next = arguments[1].value.tensor();
    if (next == nullptr || !(next->shape() == state))
      throw refusal(module, call.place,
                    "gives " + describe(arguments[1].value) + " for a state of shape " + to_string(state));
    Integers sizes(state.begin(), state.end());
    sizes.insert(sizes.begin() + (sizes.empty() ? 0 : 1), 1);
    states.push_back(reshape(*next, Shape(sizes)));
  }
  return {concatenate(states, state.rank() == 0 ? 0 : 1)};
}

}  // namespace

Operand apply_module(ModelContext& context, const ModuleDefinition& module, const ModuleCall& call,
                     ModuleCalls& calls, const ModuleScope* caller) {
  const std::string path = calls.named() && module.has_tensors ? calls.next() : "";
  if (call.repetition.kind == Repetition::Kind::once) return apply_once(context, module, call, path, caller);
  if (call.repetition.kind == Repetition::Kind::scan) return scan(context, module, call, path, caller);
  if (call.arguments.empty() || !call.arguments[0].name.empty())
    throw error_at(call.place, "repeat() of a module takes what it is applied to as its second argument");
  require_applications(context, call.repetition.times, call.place);
  std::vector<CallArgument> arguments = call.arguments;
  for (std::int64_t i = 1; i <= call.repetition.times; ++i)
    arguments[0].value = apply_once(context, module, {arguments, call.place, {}},
                                    path.empty() ? path : path + "/" + std::to_string(i), caller);
  return arguments[0].value;
}

}  // namespace talweg
