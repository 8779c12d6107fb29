#include "model/call.hpp"

#include <algorithm>

#include "support/numbers.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

/// More parts than this of a tensor that stands for a list of tensors.
constexpr std::int64_t kMaximumParts = 10'000;

std::string_view describe(ArgumentKind kind) {
  switch (kind) {
    case ArgumentKind::tensor:
      return "a tensor";
    case ArgumentKind::tensors:
      return "a list of tensors";
    case ArgumentKind::integer:
      return "an integer";
    case ArgumentKind::integers:
      return "an integer or a list of them";
    case ArgumentKind::padding:
      return "an integer, a list of them or 'same'";
    case ArgumentKind::pairs:
      return "an integer, a list of them or a list of pairs of them";
    case ArgumentKind::number:
      return "a number";
    case ArgumentKind::flag:
      return "True or False";
    case ArgumentKind::text:
      return "a text in quotes";
  }
  return "";
}

std::vector<Value> parts_of(Value x) {
  std::vector<Value> parts;
  for (std::int64_t i = 0; i < x.shape()[0]; ++i) {
    Integers starts(static_cast<std::size_t>(x.rank()), 0), steps(starts.size(), 1);
    Integers sizes(x.shape().begin(), x.shape().end());
    starts[0] = i;
    sizes[0] = 1;
    parts.push_back(reshape(slice(x, starts, steps, sizes), Shape(x.shape().sizes().subspan(1))));
  }
  return parts;
}

std::optional<Attribute> integers_of(const Operand& operand) {
  if (const auto one = operand.integer()) return *one;
  if (operand.list() == nullptr) return std::nullopt;
  Integers integers;
  for (const Operand& element : *operand.list()) {
    const auto integer = element.integer();
    if (!integer) return std::nullopt;
    integers.push_back(*integer);
  }
  return integers;
}

/// One pair after the other.
std::optional<Attribute> pairs_of(const Operand& operand) {
  if (auto integers = integers_of(operand)) return integers;
  if (operand.list() == nullptr) return std::nullopt;
  Integers flat;
  for (const Operand& element : *operand.list()) {
    const auto pair = integers_of(element);
    const Integers* both = pair ? std::get_if<Integers>(&*pair) : nullptr;
    if (both == nullptr || both->size() != 2) return std::nullopt;
    flat.insert(flat.end(), both->begin(), both->end());
  }
  return flat;
}

/// The operand as an argument of that kind; std::monostate where it is none.
Arguments::Bound convert(Graph& graph, const Operand& operand, ArgumentKind kind) {
  switch (kind) {
    case ArgumentKind::tensor:
      if (operand.is_none() || operand.text() != nullptr || operand.callable() != nullptr) return {};
      return to_tensor(graph, operand);
    case ArgumentKind::tensors: {
      if (operand.is_tensor() && operand.tensor()->rank() > 0 &&
          operand.tensor()->shape()[0] <= kMaximumParts)
        return parts_of(*operand.tensor());
      if (operand.list() == nullptr) return {};
      std::vector<Value> values;
      for (const Operand& element : *operand.list()) values.push_back(to_tensor(graph, element));
      return values;
    }
    case ArgumentKind::integer:
      if (const auto integer = operand.integer()) return Attribute(*integer);
      return {};
    case ArgumentKind::integers:
      if (auto integers = integers_of(operand)) return std::move(*integers);
      return {};
    case ArgumentKind::padding:
      if (operand.text() != nullptr) return Attribute(*operand.text());
      if (auto integers = integers_of(operand)) return std::move(*integers);
      return {};
    case ArgumentKind::pairs:
      if (auto pairs = pairs_of(operand)) return std::move(*pairs);
      return {};
    case ArgumentKind::number:
      if (const auto* fraction = std::get_if<double>(&operand.content)) return Attribute(*fraction);
      if (const auto integer = operand.integer()) return Attribute(*integer);
      return {};
    case ArgumentKind::flag:
      if (const auto* flag = std::get_if<bool>(&operand.content)) return Attribute(*flag);
      return {};
    case ArgumentKind::text:
      if (operand.text() != nullptr) return Attribute(*operand.text());
      return {};
  }
  return {};
}

class Binding {
 public:
  Binding(Graph& graph, const Function& function, const Span& place)
      : graph_(graph),
        function_(function),
        place_(place),
        bound_(function.parameters.size()),
        given_(function.parameters.size(), false) {}

  std::vector<Arguments::Bound> run(const std::vector<CallArgument>& arguments) {
    bind_positional(arguments);
    for (const CallArgument& argument : arguments)
      if (!argument.name.empty()) bind_keyword(argument);
    for (std::size_t i = 0; i < given_.size(); ++i)
      if (!given_[i] && parameters()[i].required)
        throw refusal(place_, "lacks its argument '" + parameters()[i].name + "'");
    return std::move(bound_);
  }

 private:
  [[nodiscard]] const std::vector<FunctionParameter>& parameters() const { return function_.parameters; }

  [[nodiscard]] Error refusal(const Span& place, const std::string& what) const {
    return error_at(place, function_.name + "() " + what).note("its signature is " + signature(function_));
  }

  void bind_positional(const std::vector<CallArgument>& arguments) {
    std::vector<const CallArgument*> positional;
    for (const CallArgument& argument : arguments)
      if (argument.name.empty()) positional.push_back(&argument);
    // x.reshape(2, 3) is reshape(x, (2, 3)): integers beyond a parameter that takes several join it.
    if (positional.size() > parameters().size() && collects(positional)) {
      OperandList list;
      const std::size_t last = parameters().size() - 1;
      for (std::size_t i = last; i < positional.size(); ++i) list.push_back(positional[i]->value);
      CallArgument joined = *positional[last];
      joined.value = Operand{std::move(list)};
      for (std::size_t i = 0; i < last; ++i) bind(i, *positional[i]);
      bind(last, joined);
      return;
    }
    if (positional.size() > parameters().size())
      throw refusal(positional[parameters().size()]->span,
                    "takes " + count(static_cast<std::int64_t>(parameters().size()), "argument") + ", not " +
                        std::to_string(positional.size()));
    for (std::size_t i = 0; i < positional.size(); ++i) bind(i, *positional[i]);
  }

  [[nodiscard]] bool collects(const std::vector<const CallArgument*>& positional) const {
    if (parameters().empty() || parameters().back().kind != ArgumentKind::integers) return false;
    return std::all_of(positional.begin() + static_cast<std::ptrdiff_t>(parameters().size()) - 1,
                       positional.end(),
                       [](const CallArgument* argument) { return argument->value.integer().has_value(); });
  }

  void bind_keyword(const CallArgument& argument) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < parameters().size(); ++i) {
      names.push_back(parameters()[i].name);
      if (parameters()[i].name != argument.name && parameters()[i].also != argument.name) continue;
      if (given_[i])
        throw refusal(argument.name_span, "has two values for its argument '" + argument.name + "'");
      bind(i, argument);
      return;
    }
    throw refusal(argument.name_span, "has no argument '" + argument.name + "'")
        .set_hint(did_you_mean(argument.name, names));
  }

  void bind(std::size_t i, const CallArgument& argument) {
    const FunctionParameter& parameter = parameters()[i];
    given_[i] = true;
    if (argument.value.is_none() && !parameter.required) return;
    try {
      bound_[i] = convert(graph_, argument.value, parameter.kind);
    } catch (Error& error) {
      if (!error.has_location()) error.at(argument.span.location());
      throw;
    }
    if (!std::holds_alternative<std::monostate>(bound_[i])) return;
    Error error =
        refusal(argument.span, "needs " + std::string(describe(parameter.kind)) + " as '" + parameter.name +
                                   "', and this is " + talweg::describe(argument.value));
    if (argument.value.is_tensor()) error.set_hint("it must be known before the model runs");
    throw error;
  }

  Graph& graph_;
  const Function& function_;
  Span place_;
  std::vector<Arguments::Bound> bound_;
  std::vector<bool> given_;
};

}  // namespace

std::string signature(const Function& function) {
  std::string text;
  for (const FunctionParameter& parameter : function.parameters) {
    text += (text.empty() ? "" : ", ") + parameter.name;
    if (!parameter.required)
      text += "=" + (parameter.shown_default.empty() ? "None" : parameter.shown_default);
  }
  return function.name + "(" + text + ")";
}

Operand call_function(Graph& graph, const Function& function, const std::vector<CallArgument>& arguments,
                      const Span& place) {
  const OriginScope origin(graph, place, function.name);
  std::vector<Arguments::Bound> bound = Binding(graph, function, place).run(arguments);
  try {
    Result result = function.call(Arguments(graph, function.parameters, std::move(bound)));
    if (const auto* value = std::get_if<Value>(&result)) return {*value};
    OperandList list;
    for (const Value& value : std::get<std::vector<Value>>(result)) list.push_back({value});
    return {std::move(list)};
  } catch (Error& error) {
    if (!error.has_location()) error.at(place.location());
    throw;
  }
}

}  // namespace talweg
