#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/document.hpp"
#include "support/source.hpp"

namespace talweg {

/// A call's `name=value`, by the position of its value in the expression.
struct KeywordArgument {
  std::string name;
  Span span;
  std::uint32_t value = 0;
};

enum class Operator : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  floor_divide,
  remainder,
  matmul,
  power,
  negative,
  positive,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal
};

/// "+", "//", "<=" as they are written.
[[nodiscard]] std::string_view symbol(Operator op);

struct ExpressionNode {
  enum class Kind : std::uint8_t {
    integer,
    number,
    text,
    flag,         ///< `integer` is 0 or 1
    none,         ///< None, np.newaxis
    name,         ///< `text`
    list,         ///< [a, b] or (a, b): its children
    unary,        ///< `op` of a child
    binary,       ///< `op` of two children
    conditional,  ///< a if condition else b: condition, a, b, of which only the chosen one is evaluated
    call,         ///< `text` of the children and `keywords`
    method,       ///< the same with the object as the first child
    attribute,    ///< .`text` of a child
    index,        ///< the first child, indexed by the others
    slice,        ///< start, stop, step: three children, where left out of kind none
    ellipsis
  };

  Kind kind = Kind::none;
  Operator op = Operator::add;
  std::string text;
  std::int64_t integer = 0;
  double number = 0;
  std::vector<std::uint32_t> children;
  std::vector<KeywordArgument> keywords;
  Span span;
  Span name_span;         ///< of the function's, method's or attribute's name
  int depth = 0;          ///< levels below it, where a + b + c counts one
  bool is_tuple = false;  ///< a list in round brackets, which as an index means several
};

/// A parsed expression: its nodes, children before parents, and the root last.
struct Expression {
  std::vector<ExpressionNode> nodes;

  [[nodiscard]] const ExpressionNode& root() const { return nodes.back(); }
  [[nodiscard]] std::uint32_t root_index() const { return static_cast<std::uint32_t>(nodes.size() - 1); }
  [[nodiscard]] const Span& span() const { return root().span; }
};

/// Brackets, calls and operators within each other.
inline constexpr int kMaximumExpressionDepth = 200;
inline constexpr std::size_t kMaximumExpressionLength = 100'000;

/// Parses a text, or a list of them, with Python's grammar and precedence. Throws Error{model} with a place.
[[nodiscard]] Expression parse_expression(const DocumentNode& node);

/// Is it a name that a model can give: letters, digits and _, no digit first, no word of the language?
[[nodiscard]] bool is_identifier(std::string_view text);
[[nodiscard]] bool is_reserved_word(std::string_view text);

}  // namespace talweg
