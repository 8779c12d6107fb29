#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/expression.hpp"

namespace talweg {
namespace {

using Kind = ExpressionNode::Kind;

/// An expression with all its brackets, so that a test shows what binds to what.
std::string show(const Expression& expression, std::uint32_t index) {
  const ExpressionNode& node = expression.nodes[index];
  const auto children = [&](std::size_t from) {
    std::string text;
    for (std::size_t i = from; i < node.children.size(); ++i)
      text += (text.empty() ? "" : ", ") + show(expression, node.children[i]);
    for (const KeywordArgument& keyword : node.keywords)
      text += (text.empty() ? "" : ", ") + keyword.name + "=" + show(expression, keyword.value);
    return text;
  };
  switch (node.kind) {
    case Kind::integer:
    case Kind::number:
    case Kind::name:
      return node.text;
    case Kind::text:
      return "'" + node.text + "'";
    case Kind::flag:
      return node.integer != 0 ? "True" : "False";
    case Kind::none:
      return "None";
    case Kind::list:
      return "[" + children(0) + "]";
    case Kind::unary:
      return "(" + std::string(symbol(node.op)) + children(0) + ")";
    case Kind::binary:
      return "(" + show(expression, node.children[0]) + " " + std::string(symbol(node.op)) + " " +
             show(expression, node.children[1]) + ")";
    case Kind::conditional:
      return "(" + show(expression, node.children[1]) + " if " + show(expression, node.children[0]) +
             " else " + show(expression, node.children[2]) + ")";
    case Kind::call:
      return node.text + "(" + children(0) + ")";
    case Kind::method:
      return show(expression, node.children[0]) + "." + node.text + "(" + children(1) + ")";
    case Kind::attribute:
      return show(expression, node.children[0]) + "." + node.text;
    case Kind::index:
      return show(expression, node.children[0]) + "[" + children(1) + "]";
    case Kind::slice:
      return show(expression, node.children[0]) + ":" + show(expression, node.children[1]) + ":" +
             show(expression, node.children[2]);
    case Kind::ellipsis:
      return "...";
  }
  return "";
}

std::string parsed(const std::string& text) {
  const Source source("expression", text);
  const Expression expression = parse_expression(scalar_document(source));
  return show(expression, expression.root_index());
}

struct Case {
  std::string text;
  std::string meaning;
};

TEST(Parser, BindsAsPythonDoes) {
  const std::vector<Case> cases = {
      {"a + b * c", "(a + (b * c))"},
      {"a + 1 if b else c if d == e else f", "((a + 1) if b else (c if (d == e) else f))"},
      {"a - b - c", "((a - b) - c)"},
      {"a / b * c", "((a / b) * c)"},
      {"a @ b @ c", "((a @ b) @ c)"},
      {"a * b @ c", "((a * b) @ c)"},
      {"a // b % c", "((a // b) % c)"},
      {"a ** b ** c", "(a ** (b ** c))"},
      {"-a ** b", "(-(a ** b))"},
      {"a ** -b", "(a ** (-b))"},
      {"a ** -b ** c", "(a ** (-(b ** c)))"},
      {"-a @ b", "((-a) @ b)"},
      {"- -a", "(-(-a))"},
      {"+a - -b", "((+a) - (-b))"},
      {"2 * -a", "(2 * (-a))"},
      {"a.T ** 2", "(a.T ** 2)"},
      {"a @ b.T", "(a @ b.T)"},
      {"-a.T[0]", "(-a.T[0])"},
      {"a + b < c * d", "((a + b) < (c * d))"},
      {"-a == b", "((-a) == b)"},
      {"(a + b) * c", "((a + b) * c)"},
      {"((a))", "a"},
      {"(a < b) * (b < c)", "((a < b) * (b < c))"},
      {"[a, -b, [c]]", "[a, (-b), [c]]"},
      {"(a, b)", "[a, b]"},
      {"(a,)", "[a]"},
      {"()", "[]"},
      {"[a, b,]", "[a, b]"},
      {"f()", "f()"},
      {"f(a, b=c + 1, d=-1,)", "f(a, b=(c + 1), d=(-1))"},
      {"a.f(b, c=1).g()", "a.f(b, c=1).g()"},
      {"np.exp(a)", "exp(a)"},
      {"numpy.pi * np.e", "(pi * e)"},
      {"a[0]", "a[0]"},
      {"a[-1, 2:]", "a[(-1), 2:None:None]"},
      {"a[:, ::-1, ..., None]", "a[None:None:None, None:None:(-1), ..., None]"},
      {"a[b:c:d]", "a[b:c:d]"},
      {"a[1:][2]", "a[1:None:None][2]"},
      {"a[np.newaxis]", "a[None]"},
      {"f('text', \"it's\")", "f('text', 'it's')"},
      {"True + False", "(True + False)"},
      {"1e-3 + .5 + 1. + 1_000 + 0.1e+2", "((((1e-3 + .5) + 1.) + 1_000) + 0.1e+2)"},
      {"x1.T", "x1.T"},
      {"a\n + b", "(a + b)"},
  };
  for (const Case& c : cases) EXPECT_EQ(parsed(c.text), c.meaning) << c.text;
}

TEST(Parser, RefusesWhatPythonRefuses) {
  for (const char* text :
       {"",       " ",           "a b",       "a +",       "* a",   "a ** ",      "(a",      "a)",
        "[a",     "a]",          "f(a",       "f(a=)",     "f(=a)", "f(,)",       "[,]",     "a[",
        "a[]",    "a..b",        "a.",        ".a",        "a.1",   "1.2.3",      "1e",      "0x",
        "1__0",   "1_",          "a = b",     "a; b",      "a, b",  "a ? b",      "a!",      "a! = b",
        "not a",  "lambda x",    "a if b",    "a and b",   "'a",    "a'b'",       "1 2",     "f(a b)",
        "f(1=2)", "f(a=1, a=2)", "f(a=1, b)", "a < b < c", "**a",   "a[1:2:3:4]", "f(g(a))("}) {
    EXPECT_THROW(static_cast<void>(parsed(text)), Error) << text;
  }
}

TEST(Parser, KnowsWhereEachPartStands) {
  const std::string text = "f(a + b, (c - d) * e)[g:, 0].T";
  const Source source("expression", text);
  const Expression expression = parse_expression(scalar_document(source));
  std::vector<std::string> parts;
  for (const ExpressionNode& node : expression.nodes)
    if (node.kind != Kind::name && node.kind != Kind::none)
      parts.push_back(text.substr(node.span.begin, node.span.end - node.span.begin));
  EXPECT_EQ(parts, (std::vector<std::string>{"a + b", "c - d", "(c - d) * e", "f(a + b, (c - d) * e)",
                                             "g:", "0", "f(a + b, (c - d) * e)[g:, 0]", text}));
}

TEST(Parser, TakesTwoHundredLevelsAndNoMore) {
  const auto nested = [](int levels) {
    return std::string(static_cast<std::size_t>(levels), '(') + "a" +
           std::string(static_cast<std::size_t>(levels), ')');
  };
  EXPECT_EQ(parsed(nested(kMaximumExpressionDepth - 1)), "a");
  EXPECT_THROW(static_cast<void>(parsed(nested(kMaximumExpressionDepth + 1))), Error);
}

}  // namespace
}  // namespace talweg
