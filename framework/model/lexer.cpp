#include "model/lexer.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "model/expression.hpp"
#include "model/place.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Longer symbols first, so that "**" is not two of "*".
constexpr std::array<std::string_view, 29> kSymbols = {
    "...", "**", "//", "<=", ">=", "==", "!=", "+", "-", "*", "/", "%", "@", "<", ">",
    "(",   ")",  "[",  "]",  ",",  ":",  ".",  "=", "&", "|", "~", "^", "!", "?"};

/// What papers and word processors write, and what is meant.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kLookalikes = {{{"−", "-"},
                                                                                        {"–", "-"},
                                                                                        {"—", "-"},
                                                                                        {"×", "*"},
                                                                                        {"·", "*"},
                                                                                        {"÷", "/"},
                                                                                        {"²", "** 2"},
                                                                                        {"³", "** 3"},
                                                                                        {"≤", "<="},
                                                                                        {"≥", ">="},
                                                                                        {"≠", "!="},
                                                                                        {"‘", "'"},
                                                                                        {"’", "'"},
                                                                                        {"π", "pi"}}};

class Lexer {
 public:
  explicit Lexer(const DocumentNode& scalar) : scalar_(scalar), text_(scalar.text) {}

  std::vector<Token> run() {
    if (text_.size() > kMaximumExpressionLength)
      throw error_at(scalar_.span, "an expression of " + std::to_string(text_.size()) + " bytes; at most " +
                                       std::to_string(kMaximumExpressionLength) + " are possible");
    while (true) {
      while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
      begin_ = at_;
      if (at_ == text_.size()) {
        finish(Token::Kind::end);
        return std::move(tokens_);
      }
      const char c = text_[at_];
      if (is_digit(c) || (c == '.' && is_digit(peek(1))))
        read_number();
      else if (is_letter(c))
        read_name();
      else if (c == '\'' || c == '"')
        read_text();
      else
        read_symbol();
    }
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  [[nodiscard]] Span place() const { return scalar_.place(begin_, std::max(at_, begin_ + 1)); }

  Token& finish(Token::Kind kind) {
    Token& token = tokens_.emplace_back();
    token.kind = kind;
    token.span = kind == Token::Kind::end ? scalar_.place(begin_, begin_) : scalar_.place(begin_, at_);
    if (kind != Token::Kind::text) token.text = text_.substr(begin_, at_ - begin_);
    return token;
  }

  void skip_digits() {
    while (is_digit(peek(0)) || (peek(0) == '_' && is_digit(peek(1)))) ++at_;
  }

  void read_number() {
    bool whole = true;
    skip_digits();
    if (peek(0) == '.') {
      whole = false;
      ++at_;
      skip_digits();
    }
    if (peek(0) == 'e' || peek(0) == 'E') {
      const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if (is_digit(peek(1 + sign))) {
        whole = false;
        at_ += 1 + sign;
        skip_digits();
      }
    }
    if (is_letter(peek(0)) || (peek(0) == '.' && !is_letter(peek(1)))) {
      while (is_letter(peek(0)) || is_digit(peek(0)) || peek(0) == '.') ++at_;
      throw error_at(place(), "'" + std::string(text_.substr(begin_, at_ - begin_)) + "' is not a number");
    }
    std::string digits(text_.substr(begin_, at_ - begin_));
    std::erase(digits, '_');
    const std::optional<std::int64_t> integer = whole ? parse_integer(digits) : std::nullopt;
    const std::optional<double> number = parse_number(digits);
    if (!number) throw error_at(place(), digits + " is too large for a number");
    Token& token = finish(integer ? Token::Kind::integer : Token::Kind::number);
    token.number = *number;
    token.integer = integer.value_or(0);
  }

  void read_name() {
    while (is_letter(peek(0)) || is_digit(peek(0))) ++at_;
    finish(Token::Kind::name);
  }

  void read_text() {
    const char quote = text_[at_++];
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) throw error_at(place(), "this quote is never closed");
    std::string content(text_.substr(at_, end - at_));
    at_ = end + 1;
    finish(Token::Kind::text).text = std::move(content);
  }

  void read_symbol() {
    const std::string_view rest = text_.substr(at_);
    for (const std::string_view symbol : kSymbols)
      if (rest.starts_with(symbol)) {
        at_ += symbol.size();
        finish(Token::Kind::symbol);
        return;
      }
    for (++at_; at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xC0U) == 0x80U;) ++at_;
    const std::string_view character = text_.substr(begin_, at_ - begin_);
    Error error = error_at(place(), "'" + std::string(character) + "' has no meaning in an expression");
    for (const auto& [lookalike, meant] : kLookalikes)
      if (lookalike == character) error.set_hint("write " + std::string(meant));
    throw error;
  }

  const DocumentNode& scalar_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(const DocumentNode& scalar) { return Lexer(scalar).run(); }

}  // namespace talweg
