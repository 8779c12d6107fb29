#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "graph/value.hpp"

namespace talweg {

/// What an argument of a function of the model language may be.
enum class ArgumentKind : std::uint8_t {
  tensor,    ///< any expression
  tensors,   ///< a list of expressions, or one that is split along its first axis
  integer,   ///< an integer known when the graph is built
  integers,  ///< an integer or a list of them: shapes, axes, repetitions
  padding,   ///< an integer, a list of them, or a quoted string such as 'same'
  pairs,     ///< the same, or a list of pairs, one after the other: what goes before and behind axes
  number,    ///< a number known when the graph is built
  flag,      ///< True or False
  text       ///< a quoted string
};

struct FunctionParameter {
  std::string name;
  ArgumentKind kind = ArgumentKind::tensor;
  bool required = true;
  std::string shown_default;  ///< for --help and errors: "None", "False", "0.01"
  std::string also = {};      ///< another name that a call may use: NumPy's "a" for "x", PyTorch's "dim"
};

/// The arguments of one call, already bound to parameters and checked for kind.
class Arguments {
 public:
  using Bound = std::variant<std::monostate, Value, std::vector<Value>, Attribute>;

  Arguments(Graph& graph, const std::vector<FunctionParameter>& parameters, std::vector<Bound> bound)
      : graph_(graph), parameters_(parameters), bound_(std::move(bound)) {}

  [[nodiscard]] Graph& graph() const { return graph_; }
  [[nodiscard]] bool has(std::string_view name) const;
  // REQUIRES: the parameter exists, has that kind, and was given.
  [[nodiscard]] Value tensor(std::string_view name) const;
  [[nodiscard]] const std::vector<Value>& tensors(std::string_view name) const;
  [[nodiscard]] std::int64_t integer(std::string_view name) const;
  [[nodiscard]] Integers integers(std::string_view name) const;
  [[nodiscard]] double number(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] const std::string& text(std::string_view name) const;
  /// Was a quoted string given?
  [[nodiscard]] bool is_text(std::string_view name) const;
  /// Was one integer given, and not a list of them or a fraction?
  [[nodiscard]] bool is_integer(std::string_view name) const;
  // The same, with what holds when the argument was left out.
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  [[nodiscard]] double number(std::string_view name, double otherwise) const;
  [[nodiscard]] bool flag(std::string_view name, bool otherwise) const;
  [[nodiscard]] std::optional<Integers> optional_integers(std::string_view name) const;

 private:
  [[nodiscard]] const Bound& bound(std::string_view name) const;
  [[nodiscard]] const Attribute& attribute(std::string_view name) const;

  Graph& graph_;
  const std::vector<FunctionParameter>& parameters_;
  std::vector<Bound> bound_;
};

/// What a call gives: one value, or several for `split`.
using Result = std::variant<Value, std::vector<Value>>;

/// A function that expressions call by name. It appends one op, or several where it is composed of others.
struct Function {
  std::string name;
  std::string summary;  ///< shapes and formula in one line
  std::vector<FunctionParameter> parameters;
  Result (*build)(const Arguments&) = nullptr;
  const struct Op* op =
      nullptr;  ///< instead of `build`: the op to append to the tensors, which are all parameters

  [[nodiscard]] Result call(const Arguments& arguments) const;
};

/// The functions that expressions can call. Filled once by register_ops() (ops/registry.hpp).
class FunctionRegistry {
 public:
  static FunctionRegistry& instance();
  const Function& add(Function function);
  [[nodiscard]] const Function* find(std::string_view name) const;
  [[nodiscard]] std::vector<const Function*> all() const;

 private:
  std::deque<Function> functions_;
  std::map<std::string, const Function*, std::less<>> by_name_;
};

}  // namespace talweg
