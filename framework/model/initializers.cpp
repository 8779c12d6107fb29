#include "model/initializers.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "graph/function.hpp"
#include "model/fields.hpp"
#include "model/typed.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

struct Argument {
  std::string_view name;
  std::optional<double> otherwise;
};

/// What `init:` can call.
struct Kind {
  std::string_view name;
  Initializer::Kind kind;
  std::array<Argument, 2> arguments;
  std::size_t count;
  double value;  ///< of a constant without arguments
  std::string_view summary;
};

constexpr std::array<Kind, 9> kKinds = {{
    {"uniform",
     Initializer::Kind::uniform,
     {{{"low", 0}, {"high", 1}}},
     2,
     0,
     "drawn evenly from low up to high, as numpy.random.random draws"},
    {"normal",
     Initializer::Kind::normal,
     {{{"mean", 0}, {"std", 1}}},
     2,
     0,
     "drawn from the normal distribution, as numpy.random.randn draws"},
    {"zeros", Initializer::Kind::constant, {}, 0, 0, "0 everywhere"},
    {"ones", Initializer::Kind::constant, {}, 0, 1, "1 everywhere"},
    {"constant", Initializer::Kind::constant, {{{"value", {}}, {}}}, 1, 0, "one value everywhere"},
    {"glorot_uniform",
     Initializer::Kind::glorot_uniform,
     {{{"gain", 1}, {}}},
     1,
     0,
     "uniform(-b, b) with b = gain sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010)"},
    {"glorot_normal",
     Initializer::Kind::glorot_normal,
     {{{"gain", 1}, {}}},
     1,
     0,
     "normal(0, s) with s = gain sqrt(2 / (inputs + outputs)) (Glorot and Bengio 2010)"},
    {"he_uniform",
     Initializer::Kind::he_uniform,
     {{{"gain", 1}, {}}},
     1,
     0,
     "uniform(-b, b) with b = gain sqrt(6 / inputs) (He and others 2015)"},
    {"he_normal",
     Initializer::Kind::he_normal,
     {{{"gain", 1}, {}}},
     1,
     0,
     "normal(0, s) with s = gain sqrt(2 / inputs) (He and others 2015)"},
}};

const Kind* find_kind(std::string_view name) {
  const auto* found = std::ranges::find(kKinds, name, &Kind::name);
  return found == kKinds.end() ? nullptr : found;
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  names.reserve(kKinds.size());
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

std::string signature(const Kind& kind) {
  std::string text = std::string(kind.name) + "(";
  for (std::size_t i = 0; i < kind.count; ++i) {
    text += (i == 0 ? "" : ", ") + std::string(kind.arguments[i].name);
    if (kind.arguments[i].otherwise) text += "=" + format_number(*kind.arguments[i].otherwise);
  }
  return text + ")";
}

Error refusal(const Kind& kind, const Span& place, const std::string& what) {
  return error_at(place, std::string(kind.name) + "() " + what).note("its signature is " + signature(kind));
}

/// Evaluates a part of an expression by itself.
double argument_value(Graph& graph, Scope& scope, const Expression& expression, std::uint32_t root,
                      const Kind& kind, std::string_view name) {
  Expression part;
  part.nodes.assign(expression.nodes.begin(), expression.nodes.begin() + root + 1);
  const Operand operand = evaluate(part, scope, graph);
  const std::optional<double> number = operand.number();
  if (!number)
    throw refusal(kind, part.span(),
                  "needs a number as '" + std::string(name) + "', and this is " + describe(operand));
  if (!std::isfinite(*number))
    throw refusal(kind, part.span(), "has " + format_number(*number) + " as '" + std::string(name) + "'");
  return *number;
}

Initializer call_kind(Graph& graph, Scope& scope, const Expression& expression, const Kind& kind) {
  const ExpressionNode& call = expression.root();
  std::array<std::optional<double>, 2> given;
  if (call.children.size() > kind.count)
    throw refusal(kind, expression.nodes[call.children[kind.count]].span,
                  "takes " + count(static_cast<std::int64_t>(kind.count), "argument") + ", not " +
                      std::to_string(call.children.size()));
  for (std::size_t i = 0; i < call.children.size(); ++i)
    given[i] = argument_value(graph, scope, expression, call.children[i], kind, kind.arguments[i].name);
  for (const KeywordArgument& keyword : call.keywords) {
    std::vector<std::string> names;
    std::size_t i = 0;
    for (std::size_t j = 0; j < kind.count; ++j) names.emplace_back(kind.arguments[j].name);
    while (i < kind.count && kind.arguments[i].name != keyword.name) ++i;
    if (i == kind.count)
      throw refusal(kind, keyword.span, "has no argument '" + keyword.name + "'")
          .set_hint(did_you_mean(keyword.name, names));
    if (given[i]) throw refusal(kind, keyword.span, "has two values for its argument '" + keyword.name + "'");
    given[i] = argument_value(graph, scope, expression, keyword.value, kind, keyword.name);
  }
  for (std::size_t i = 0; i < kind.count; ++i) {
    if (!given[i]) given[i] = kind.arguments[i].otherwise;
    if (!given[i])
      throw refusal(kind, expression.span(),
                    "lacks its argument '" + std::string(kind.arguments[i].name) + "'");
  }
  Initializer initializer;
  initializer.kind = kind.kind;
  initializer.first = given[0].value_or(kind.value);
  initializer.second = given[1].value_or(0);
  if (kind.kind == Initializer::Kind::uniform && initializer.first > initializer.second)
    throw refusal(kind, expression.span(),
                  "has its low end " + format_number(initializer.first) + " above its high end " +
                      format_number(initializer.second));
  if (kind.kind == Initializer::Kind::normal && initializer.second < 0)
    throw refusal(kind, expression.span(), "has the negative std " + format_number(initializer.second));
  return initializer;
}

/// The initializer that a scalar names, or nothing where it is a number.
std::optional<Initializer> named_initializer(Graph& graph, Scope& scope, const DocumentNode& node,
                                             const std::string& what) {
  const Expression expression = parse_expression(node);
  const ExpressionNode& root = expression.root();
  const bool is_name = root.kind == ExpressionNode::Kind::name;
  if (!is_name && root.kind != ExpressionNode::Kind::call) return std::nullopt;
  if (const Kind* kind = find_kind(root.text)) return call_kind(graph, scope, expression, *kind);
  if (is_name && scope.find(root.text, root.span)) return std::nullopt;
  if (!is_name && FunctionRegistry::instance().find(root.text) != nullptr) return std::nullopt;
  const std::vector<std::string> names = kind_names();
  throw error_at(is_name ? root.span : root.name_span, "unknown initializer '" + root.text + "' of " + what)
      .note("the initializers are " + join(names) + "; a number or an array will do too")
      .set_hint(did_you_mean(root.text, names));
}

}  // namespace

ReadInitializer read_initializer(ModelContext& context, const DocumentNode& node, std::size_t limit,
                                 const std::string& what) {
  ModelScope scope(context, limit);
  return read_initializer(context.graph(), scope, node, what);
}

ReadInitializer read_initializer(Graph& graph, Scope& scope, const DocumentNode& node,
                                 const std::string& what) {
  ReadInitializer result;
  if (node.kind == DocumentNode::Kind::scalar) {
    if (auto named = named_initializer(graph, scope, node, what)) {
      result.initializer = std::move(*named);
      return result;
    }
  }
  NumberArray array = read_array(graph, scope, node, "the initial value of " + what);
  result.shape = array.shape;
  if (array.shape.rank() == 0) {
    result.initializer.first = array.values[0];
    return result;
  }
  result.initializer.kind = Initializer::Kind::array;
  result.initializer.values = std::move(array.values);
  return result;
}

std::vector<Word> initializers() {
  std::vector<Word> words;
  for (const Kind& kind : kKinds)
    words.push_back(
        {Word::Kind::initializer, std::string(kind.name), signature(kind), std::string(kind.summary)});
  return words;
}

}  // namespace talweg
