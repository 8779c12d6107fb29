#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  /// Called where a shape decides what is built.
  virtual void use_shape() {}
};

}  // namespace talweg
