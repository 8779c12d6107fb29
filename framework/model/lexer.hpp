#pragma once

#include <string>
#include <vector>

#include "model/document.hpp"

namespace talweg {

struct Token {
  enum class Kind : std::uint8_t { integer, number, name, text, symbol, end };

  Kind kind = Kind::end;
  std::string text;  ///< of a text: without its quotes
  std::int64_t integer = 0;
  double number = 0;
  Span span;
};

/// The tokens of an expression, the last of kind end. Throws Error{model} at what is none.
[[nodiscard]] std::vector<Token> tokenize(const DocumentNode& scalar);

}  // namespace talweg
