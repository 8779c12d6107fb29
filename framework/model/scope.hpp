#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/call.hpp"
#include "model/operand.hpp"
#include "model/place.hpp"

namespace talweg {

/// The names that an expression may use, and what they mean where it stands.
class Scope {
 public:
  virtual ~Scope() = default;
  /// Nothing for an unknown name. May throw an Error that is placed at `use`.
  [[nodiscard]] virtual std::optional<Operand> find(const std::string& name, const Span& use) = 0;
  /// What might have been meant by an unknown one.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  /// grad(y, x), or grad(x) where `y` is nothing.
  [[nodiscard]] virtual Value gradient(const std::optional<Value>& y, Value x, const Span& use);
  /// The module, or the function or module given as a value, that is called by this name here.
  [[nodiscard]] virtual std::optional<Callable> find_callable(const std::string&) { return std::nullopt; }
  /// The names of find_callable().
  [[nodiscard]] virtual std::vector<std::string> callable_names() const { return {}; }
  /// A module applied to arguments, once or more often.
  [[nodiscard]] virtual Operand call_module(const ModuleDefinition& module,
                                            const std::vector<CallArgument>& arguments, const Span& place,
                                            Repetition repetition);
  /// Called where a shape decides what is built.
  virtual void use_shape() {}
};

}  // namespace talweg
