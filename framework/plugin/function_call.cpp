#include "plugin/function_call.hpp"

#include <algorithm>
#include <talweg/error.hpp>

#include "graph/function.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

const Function& find_function(std::string_view name) {
  const FunctionRegistry& functions = FunctionRegistry::instance();
  if (const Function* function = functions.find(name)) return *function;
  std::vector<std::string> names;
  for (const Function* function : functions.all()) names.push_back(function->name);
  throw Error(Status::plugin, "there is no function '" + std::string(name) + "'")
      .set_hint(did_you_mean(name, names));
}

bool takes_tensors(const FunctionParameter& parameter) {
  return parameter.kind == ArgumentKind::tensor || parameter.kind == ArgumentKind::tensors;
}

/// The attribute as the parameter wants it, or nothing where it is of another kind.
std::optional<Attribute> convert(const Attribute& attribute, ArgumentKind kind) {
  const auto* integer = std::get_if<std::int64_t>(&attribute);
  switch (kind) {
    case ArgumentKind::integer:
      if (integer != nullptr) return attribute;
      break;
    case ArgumentKind::integers:
    case ArgumentKind::pairs:
      if (integer != nullptr || std::holds_alternative<Integers>(attribute)) return attribute;
      break;
    case ArgumentKind::padding:
      if (integer != nullptr || std::holds_alternative<Integers>(attribute) ||
          std::holds_alternative<std::string>(attribute))
        return attribute;
      break;
    case ArgumentKind::number:
      if (integer != nullptr || std::holds_alternative<double>(attribute)) return attribute;
      break;
    case ArgumentKind::flag:
      if (std::holds_alternative<bool>(attribute)) return attribute;
      break;
    case ArgumentKind::text:
      if (std::holds_alternative<std::string>(attribute)) return attribute;
      break;
    case ArgumentKind::tensor:
    case ArgumentKind::tensors:
      break;
  }
  return std::nullopt;
}

std::string_view wanted(ArgumentKind kind) {
  switch (kind) {
    case ArgumentKind::integer:
      return "an integer";
    case ArgumentKind::integers:
    case ArgumentKind::pairs:
      return "an integer or a list of integers";
    case ArgumentKind::padding:
      return "an integer, a list of integers or a text";
    case ArgumentKind::number:
      return "a number";
    case ArgumentKind::flag:
      return "true or false";
    case ArgumentKind::text:
      return "a text";
    case ArgumentKind::tensor:
    case ArgumentKind::tensors:
      return "a tensor, which goes with the inputs";
  }
  return "";
}

}  // namespace

Value call_function(Graph& graph, std::string_view name, const std::vector<Value>& inputs,
                    const std::vector<std::pair<std::string, Attribute>>& attributes) {
  const Function& function = find_function(name);
  const auto refuse = [&](const std::string& reason) {
    return Error(Status::plugin, function.name + ": " + reason);
  };
  std::vector<Arguments::Bound> bound(function.parameters.size());
  std::vector<std::string> names;
  std::size_t next = 0;
  for (std::size_t i = 0; i < function.parameters.size(); ++i) {
    const FunctionParameter& parameter = function.parameters[i];
    names.push_back(parameter.name);
    if (parameter.kind == ArgumentKind::tensor && next < inputs.size()) {
      if (!inputs[next].empty()) bound[i] = inputs[next];
      ++next;
    } else if (parameter.kind == ArgumentKind::tensors && next < inputs.size()) {
      bound[i] = std::vector<Value>(inputs.begin() + static_cast<std::ptrdiff_t>(next), inputs.end());
      next = inputs.size();
    }
  }
  if (next < inputs.size())
    throw refuse("takes " + count(static_cast<std::int64_t>(next), "tensor") + ", not " +
                 std::to_string(inputs.size()));
  for (const auto& [key, attribute] : attributes) {
    const auto place = static_cast<std::size_t>(std::ranges::find(names, key) - names.begin());
    if (place == names.size())
      throw refuse("there is no argument '" + key + "'").set_hint(did_you_mean(key, names));
    const ArgumentKind kind = function.parameters[place].kind;
    std::optional<Attribute> converted = convert(attribute, kind);
    if (!converted) throw refuse("'" + key + "' is " + std::string(wanted(kind)));
    bound[place] = std::move(*converted);
  }
  for (std::size_t i = 0; i < bound.size(); ++i) {
    if (const auto* values = std::get_if<std::vector<Value>>(&bound[i]))
      if (std::ranges::any_of(*values, &Value::empty)) throw refuse("one of the tensors is left out");
    if (function.parameters[i].required && std::holds_alternative<std::monostate>(bound[i]))
      throw refuse("the " + std::string(takes_tensors(function.parameters[i]) ? "tensor" : "argument") +
                   " '" + names[i] + "' is missing");
  }
  const Result result = function.call(Arguments(graph, function.parameters, std::move(bound)));
  if (const auto* value = std::get_if<Value>(&result)) return *value;
  throw refuse("gives several tensors, of which an update can use none");
}

}  // namespace talweg
