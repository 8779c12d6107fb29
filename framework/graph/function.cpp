#include "graph/function.hpp"

#include "graph/op.hpp"

namespace talweg {

bool Arguments::has(std::string_view name) const {
  return !std::holds_alternative<std::monostate>(bound(name));
}

Value Arguments::tensor(std::string_view name) const { return std::get<Value>(bound(name)); }

const std::vector<Value>& Arguments::tensors(std::string_view name) const {
  return std::get<std::vector<Value>>(bound(name));
}

std::int64_t Arguments::integer(std::string_view name) const {
  return std::get<std::int64_t>(attribute(name));
}

Integers Arguments::integers(std::string_view name) const {
  return is_integer(name) ? Integers{integer(name)} : std::get<Integers>(attribute(name));
}

double Arguments::number(std::string_view name) const {
  return is_integer(name) ? static_cast<double>(integer(name)) : std::get<double>(attribute(name));
}

bool Arguments::is_integer(std::string_view name) const {
  return std::holds_alternative<std::int64_t>(attribute(name));
}

bool Arguments::is_text(std::string_view name) const {
  return has(name) && std::holds_alternative<std::string>(attribute(name));
}

bool Arguments::flag(std::string_view name) const { return std::get<bool>(attribute(name)); }

const std::string& Arguments::text(std::string_view name) const {
  return std::get<std::string>(attribute(name));
}

std::int64_t Arguments::integer(std::string_view name, std::int64_t otherwise) const {
  return has(name) ? integer(name) : otherwise;
}

double Arguments::number(std::string_view name, double otherwise) const {
  return has(name) ? number(name) : otherwise;
}

bool Arguments::flag(std::string_view name, bool otherwise) const {
  return has(name) ? flag(name) : otherwise;
}

std::optional<Integers> Arguments::optional_integers(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  return integers(name);
}

const Arguments::Bound& Arguments::bound(std::string_view name) const {
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (parameters_[i].name == name) return bound_[i];
  throw Error(Status::internal,
              "a function asks for its parameter '" + std::string(name) + "', which it lacks");
}

const Attribute& Arguments::attribute(std::string_view name) const {
  return std::get<Attribute>(bound(name));
}

Result Function::call(const Arguments& arguments) const {
  if (op == nullptr) return build(arguments);
  std::vector<Value> inputs;
  for (const FunctionParameter& parameter : parameters) inputs.push_back(arguments.tensor(parameter.name));
  return emit(op->name, inputs);
}

FunctionRegistry& FunctionRegistry::instance() {
  static FunctionRegistry registry;
  return registry;
}

const Function& FunctionRegistry::add(Function function) {
  if (find(function.name) != nullptr)
    throw Error(Status::internal, "function '" + function.name + "' is registered twice");
  const Function& added = functions_.emplace_back(std::move(function));
  by_name_.emplace(added.name, &added);
  return added;
}

const Function* FunctionRegistry::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<const Function*> FunctionRegistry::all() const {
  std::vector<const Function*> result;
  for (const Function& function : functions_) result.push_back(&function);
  return result;
}

}  // namespace talweg
