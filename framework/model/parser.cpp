// Python's expression grammar, as far as arrays need it, by recursive descent.

#include <algorithm>
#include <array>
#include <optional>

#include "model/expression.hpp"
#include "model/lexer.hpp"
#include "model/place.hpp"

namespace talweg {
namespace {

using Kind = ExpressionNode::Kind;

constexpr std::array<std::string_view, 16> kOperatorSymbols = {"+", "-", "*",  "/",  "//", "%",  "@", "**",
                                                               "-", "+", "==", "!=", "<",  "<=", ">", ">="};

constexpr std::array<std::string_view, 36> kReservedWords = {
    "False",  "None",  "True",   "and",  "as",    "assert", "async",    "await", "break",
    "class",  "def",   "del",    "elif", "else",  "except", "finally",  "for",   "from",
    "global", "if",    "import", "in",   "is",    "lambda", "nonlocal", "not",   "or",
    "pass",   "raise", "return", "try",  "while", "with",   "yield",    "true",  "false"};

class Parser {
 public:
  Parser(const DocumentNode& scalar, Expression& expression)
      : tokens_(tokenize(scalar)), whole_(scalar.span), nodes_(expression.nodes) {}

  std::uint32_t run() {
    if (peek().kind == Token::Kind::end) throw error_at(whole_, "an expression is empty");
    const std::uint32_t root = parse_value();
    if (is_symbol(","))
      throw error_at(peek().span, "a ',' outside brackets").set_hint("a list is written [a, b]");
    if (is_symbol("="))
      throw error_at(peek().span, "an '=' in an expression").set_hint("to compare, write ==");
    if (peek().kind != Token::Kind::end) unexpected("after this expression");
    return root;
  }

 private:
  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const Token& take() { return tokens_[std::min(at_++, tokens_.size() - 1)]; }
  [[nodiscard]] bool is_symbol(std::string_view symbol) const {
    return peek().kind == Token::Kind::symbol && peek().text == symbol;
  }
  bool accept(std::string_view symbol) {
    if (!is_symbol(symbol)) return false;
    ++at_;
    return true;
  }

  [[noreturn]] void unexpected(const std::string& where) const {
    const Token& token = peek();
    if (token.kind == Token::Kind::symbol &&
        std::string_view("&|~^").find(token.text) != std::string_view::npos)
      throw error_at(token.span, "'" + token.text + "' is not an operator here")
          .set_hint("of comparisons, a * b is 'and', maximum(a, b) is 'or', 1 - a is 'not'");
    if (token.kind == Token::Kind::name && (token.text == "and" || token.text == "or" || token.text == "not"))
      throw error_at(token.span, "'" + token.text + "' is not an operator here")
          .set_hint("of comparisons, a * b is 'and', maximum(a, b) is 'or', 1 - a is 'not'");
    if (token.kind == Token::Kind::end) throw error_at(token.span, "the expression ends " + where);
    throw error_at(token.span, "unexpected '" + token.text + "' " + where);
  }

  void expect(std::string_view symbol, const Token& opening) {
    if (accept(symbol)) return;
    if (peek().kind == Token::Kind::end)
      throw error_at(opening.span, "this '" + opening.text + "' is never closed");
    unexpected("where '" + std::string(symbol) + "' or ',' is due");
  }

  [[nodiscard]] Span span_from(const Span& begin) const {
    return {begin.source, begin.begin, std::max(begin.end, tokens_[at_ == 0 ? 0 : at_ - 1].span.end)};
  }

  std::uint32_t add(ExpressionNode node) {
    const bool chains = node.kind == Kind::binary;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const ExpressionNode& child = nodes_[node.children[i]];
      const bool same_chain = chains && i == 0 && child.kind == Kind::binary;
      node.depth = std::max(node.depth, child.depth + (same_chain ? 0 : 1));
    }
    if (node.depth > kMaximumExpressionDepth) too_deep(node.span);
    nodes_.push_back(std::move(node));
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  std::uint32_t add_binary(Operator op, std::uint32_t left, std::uint32_t right) {
    ExpressionNode node;
    node.kind = Kind::binary;
    node.op = op;
    node.children = {left, right};
    // Brackets around an operand belong to the span: it begins where the expression does.
    node.span = span_from(starts_.back());
    return add(std::move(node));
  }

  [[noreturn]] static void too_deep(const Span& place) {
    throw error_at(place,
                   "an expression is nested more than " + std::to_string(kMaximumExpressionDepth) + " deep");
  }

  /// Counts what is being parsed within each other; brackets leave no nodes to count.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) {
      if (++parser_.level_ > kMaximumExpressionDepth) too_deep(parser_.peek().span);
    }
    ~Level() { --parser_.level_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& parser_;
  };

  /// Where the operand that is being parsed begins.
  class Start {
   public:
    explicit Start(Parser& parser) : parser_(parser) { parser_.starts_.push_back(parser.peek().span); }
    ~Start() { parser_.starts_.pop_back(); }
    Start(const Start&) = delete;
    Start& operator=(const Start&) = delete;

   private:
    Parser& parser_;
  };

  std::optional<Operator> accept_operator(Operator first, Operator last) {
    if (peek().kind != Token::Kind::symbol) return std::nullopt;
    for (auto i = static_cast<std::size_t>(first); i <= static_cast<std::size_t>(last); ++i)
      if (peek().text == kOperatorSymbols[i]) {
        ++at_;
        return static_cast<Operator>(i);
      }
    return std::nullopt;
  }

  [[nodiscard]] bool is_word(std::string_view word) const {
    return peek().kind == Token::Kind::name && peek().text == word;
  }

  /// a if condition else b, as Python has it.
  std::uint32_t parse_value() {
    const Start start(*this);
    const std::uint32_t chosen = parse_comparison();
    if (!is_word("if")) return chosen;
    const Token word = take();
    const std::uint32_t condition = parse_comparison();
    if (!is_word("else"))
      throw error_at(word.span, "this 'if' has no 'else'").set_hint("a if condition else b");
    take();
    const Level level(*this);
    ExpressionNode node;
    node.kind = Kind::conditional;
    node.children = {condition, chosen, parse_value()};
    node.span = span_from(starts_.back());
    return add(std::move(node));
  }

  std::uint32_t parse_comparison() {
    const Start start(*this);
    const std::uint32_t left = parse_sum();
    const auto op = accept_operator(Operator::equal, Operator::greater_equal);
    if (!op) return left;
    const std::uint32_t right = parse_sum();
    const std::uint32_t result = add_binary(*op, left, right);
    const Span place = peek().span;
    if (accept_operator(Operator::equal, Operator::greater_equal))
      throw error_at(place, "comparisons do not chain").set_hint("write (a < b) * (b < c)");
    return result;
  }

  std::uint32_t parse_sum() {
    const Start start(*this);
    std::uint32_t left = parse_product();
    while (const auto op = accept_operator(Operator::add, Operator::subtract))
      left = add_binary(*op, left, parse_product());
    return left;
  }

  std::uint32_t parse_product() {
    const Start start(*this);
    std::uint32_t left = parse_factor();
    while (const auto op = accept_operator(Operator::multiply, Operator::matmul))
      left = add_binary(*op, left, parse_factor());
    return left;
  }

  std::uint32_t parse_factor() {
    const Level level(*this);
    const Span begin = peek().span;
    if (!is_symbol("-") && !is_symbol("+")) return parse_power();
    ExpressionNode node;
    node.kind = Kind::unary;
    node.op = take().text == "-" ? Operator::negative : Operator::positive;
    node.children = {parse_factor()};
    node.span = span_from(begin);
    return add(std::move(node));
  }

  std::uint32_t parse_power() {
    const Start start(*this);
    const std::uint32_t left = parse_postfix();
    if (!accept("**")) return left;
    return add_binary(Operator::power, left, parse_factor());
  }

  std::uint32_t parse_postfix() {
    const Span begin = peek().span;
    skip_module();
    std::uint32_t node = parse_atom();
    while (true) {
      if (is_symbol("(")) {
        if (nodes_[node].kind != Kind::name)
          throw error_at(peek().span, "what stands before this '(' is not a function")
              .set_hint("to multiply, write *");
        node = parse_call(node, begin);
      } else if (is_symbol("[")) {
        node = parse_index(node, begin);
      } else if (accept(".")) {
        node = parse_member(node, begin);
      } else {
        return node;
      }
    }
  }

  /// `np.` and `numpy.` in front of a name say nothing here.
  void skip_module() {
    if (peek().kind == Token::Kind::name && (peek().text == "np" || peek().text == "numpy") &&
        peek(1).kind == Token::Kind::symbol && peek(1).text == ".")
      at_ += 2;
  }

  std::uint32_t parse_call(std::uint32_t name, const Span& begin) {
    ExpressionNode node;
    node.kind = Kind::call;
    node.text = nodes_[name].text;
    node.name_span = nodes_[name].span;
    nodes_.pop_back();  // the name, which is no value here
    parse_arguments(node);
    node.span = span_from(begin);
    return add(std::move(node));
  }

  std::uint32_t parse_member(std::uint32_t object, const Span& begin) {
    if (peek().kind != Token::Kind::name) unexpected("after '.'");
    ExpressionNode node;
    node.text = peek().text;
    node.name_span = take().span;
    node.children = {object};
    node.kind = is_symbol("(") ? Kind::method : Kind::attribute;
    if (node.kind == Kind::method) parse_arguments(node);
    node.span = span_from(begin);
    return add(std::move(node));
  }

  void parse_arguments(ExpressionNode& node) {
    const Token opening = take();
    while (!is_symbol(")")) {
      if (peek().kind == Token::Kind::name && peek(1).kind == Token::Kind::symbol && peek(1).text == "=") {
        KeywordArgument keyword{peek().text, peek().span, 0};
        at_ += 2;
        for (const KeywordArgument& other : node.keywords)
          if (other.name == keyword.name)
            throw error_at(keyword.span, "the argument '" + keyword.name + "' is given twice");
        keyword.value = parse_value();
        node.keywords.push_back(std::move(keyword));
      } else {
        const Span place = peek().span;
        node.children.push_back(parse_value());
        if (!node.keywords.empty())
          throw error_at(place, "an argument without a name follows one with a name");
      }
      if (!accept(",")) break;
    }
    expect(")", opening);
    for (const KeywordArgument& keyword : node.keywords)
      node.depth = std::max(node.depth, nodes_[keyword.value].depth + 1);
  }

  std::uint32_t parse_index(std::uint32_t object, const Span& begin) {
    const Token opening = take();
    ExpressionNode node;
    node.kind = Kind::index;
    node.children = {object};
    while (!is_symbol("]")) {
      node.children.push_back(parse_index_item());
      if (!accept(",")) break;
    }
    expect("]", opening);
    node.span = span_from(begin);
    if (node.children.size() == 1) throw error_at(node.span, "an index is empty");
    return add(std::move(node));
  }

  std::uint32_t parse_index_item() {
    const Span begin = peek().span;
    if (accept("...")) {
      ExpressionNode node;
      node.kind = Kind::ellipsis;
      node.span = begin;
      return add(std::move(node));
    }
    ExpressionNode node;
    node.kind = Kind::slice;
    const std::uint32_t first = is_symbol(":") ? add_nothing(begin) : parse_value();
    if (!accept(":")) return first;
    node.children.push_back(first);
    node.children.push_back(ends_slice_part() ? add_nothing(begin) : parse_value());
    const bool has_step = accept(":") && !ends_slice_part();
    node.children.push_back(has_step ? parse_value() : add_nothing(begin));
    node.span = span_from(begin);
    return add(std::move(node));
  }

  [[nodiscard]] bool ends_slice_part() const { return is_symbol(":") || is_symbol(",") || is_symbol("]"); }

  std::uint32_t add_nothing(const Span& place) {
    ExpressionNode node;
    node.kind = Kind::none;
    node.span = place;
    return add(std::move(node));
  }

  std::uint32_t parse_atom() {
    const Token& token = peek();
    if (is_symbol("(")) return parse_brackets();
    if (is_symbol("[")) return parse_list();
    ExpressionNode node;
    node.span = token.span;
    node.text = token.text;
    node.integer = token.integer;
    node.number = token.number;
    switch (token.kind) {
      case Token::Kind::integer:
        node.kind = Kind::integer;
        break;
      case Token::Kind::number:
        node.kind = Kind::number;
        break;
      case Token::Kind::text:
        node.kind = Kind::text;
        break;
      case Token::Kind::name:
        read_name(node);
        break;
      case Token::Kind::symbol:
      case Token::Kind::end:
        unexpected("where a value is due");
    }
    ++at_;
    return add(std::move(node));
  }

  void read_name(ExpressionNode& node) const {
    node.kind = Kind::name;
    if (node.text == "True" || node.text == "true" || node.text == "False" || node.text == "false") {
      node.kind = Kind::flag;
      node.integer = node.text == "True" || node.text == "true" ? 1 : 0;
    } else if (node.text == "None" || node.text == "newaxis") {
      node.kind = Kind::none;
    } else if (is_reserved_word(node.text)) {
      unexpected("where a value is due");
    }
  }

  /// (a) is a, (a, b) and (a,) are lists, () is an empty one.
  std::uint32_t parse_brackets() {
    const Token opening = take();
    ExpressionNode node;
    node.kind = Kind::list;
    bool is_list = is_symbol(")");
    while (!is_symbol(")")) {
      node.children.push_back(parse_value());
      if (!accept(",")) break;
      is_list = true;
    }
    expect(")", opening);
    if (!is_list) return node.children[0];
    node.is_tuple = true;
    node.span = span_from(opening.span);
    return add(std::move(node));
  }

  std::uint32_t parse_list() {
    const Token opening = take();
    ExpressionNode node;
    node.kind = Kind::list;
    while (!is_symbol("]")) {
      node.children.push_back(parse_value());
      if (!accept(",")) break;
    }
    expect("]", opening);
    node.span = span_from(opening.span);
    return add(std::move(node));
  }

  std::vector<Token> tokens_;
  Span whole_;
  std::vector<ExpressionNode>& nodes_;
  std::vector<Span> starts_;
  std::size_t at_ = 0;
  int level_ = 0;
};

std::uint32_t parse_into(const DocumentNode& node, Expression& expression) {
  if (node.kind == DocumentNode::Kind::scalar) return Parser(node, expression).run();
  if (node.kind == DocumentNode::Kind::mapping)
    throw error_at(node.span, "an expression is due here, and this is a mapping");
  ExpressionNode list;
  list.kind = Kind::list;
  list.span = node.span;
  for (const DocumentNode& item : node.items) list.children.push_back(parse_into(item, expression));
  for (std::uint32_t child : list.children)
    list.depth = std::max(list.depth, expression.nodes[child].depth + 1);
  expression.nodes.push_back(std::move(list));
  return expression.root_index();
}

}  // namespace

std::string_view symbol(Operator op) { return kOperatorSymbols[static_cast<std::size_t>(op)]; }

Expression parse_expression(const DocumentNode& node) {
  Expression expression;
  parse_into(node, expression);
  return expression;
}

bool is_reserved_word(std::string_view text) {
  return std::ranges::find(kReservedWords, text) != kReservedWords.end();
}

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); }) &&
         !is_reserved_word(text);
}

}  // namespace talweg
