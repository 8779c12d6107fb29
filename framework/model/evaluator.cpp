#include "model/evaluator.hpp"

#include <algorithm>

#include "graph/function.hpp"
#include "graph/op.hpp"
#include "model/call.hpp"
#include "model/constants.hpp"
#include "model/foreign_names.hpp"
#include "model/indexing.hpp"
#include "model/modules.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

using Kind = ExpressionNode::Kind;

std::string_view op_name(Operator op) {
  switch (op) {
    case Operator::add:
      return "add";
    case Operator::subtract:
      return "subtract";
    case Operator::multiply:
      return "multiply";
    case Operator::divide:
      return "divide";
    case Operator::floor_divide:
      return "floor_divide";
    case Operator::remainder:
      return "remainder";
    case Operator::matmul:
      return "matmul";
    case Operator::power:
      return "power";
    case Operator::equal:
      return "equal";
    case Operator::not_equal:
      return "not_equal";
    case Operator::less:
      return "less";
    case Operator::less_equal:
      return "less_equal";
    case Operator::greater:
      return "greater";
    case Operator::greater_equal:
      return "greater_equal";
    default:
      return "";
  }
}

bool is_function(const std::string& name) {
  return name == "grad" || FunctionRegistry::instance().find(name) != nullptr ||
         std::ranges::find(number_function_names(), name) != number_function_names().end();
}

class Evaluator {
 public:
  Evaluator(const Expression& expression, Scope& scope, Graph& graph)
      : nodes_(expression.nodes), scope_(scope), graph_(graph) {}

  Operand evaluate(std::uint32_t index) {
    const ExpressionNode& node = nodes_[index];
    switch (node.kind) {
      case Kind::integer:
        return {node.integer};
      case Kind::number:
        return {node.number};
      case Kind::text:
        return {node.text};
      case Kind::flag:
        return {node.integer != 0};
      case Kind::none:
        return {};
      case Kind::name:
        return evaluate_name(node);
      case Kind::list:
        return evaluate_list(node);
      case Kind::unary:
        return evaluate_unary(node);
      case Kind::binary:
        return evaluate_chain(index);
      case Kind::conditional:
        return evaluate_conditional(node);
      case Kind::call:
        return evaluate_call(node);
      case Kind::method:
        return evaluate_method(node);
      case Kind::attribute:
        return evaluate_attribute(node);
      case Kind::index:
        return evaluate_index(node);
      case Kind::slice:
      case Kind::ellipsis:
        break;
    }
    throw error_at(node.span, "this is no value outside an index");
  }

  /// The same where a function may stand: by its name it is a value.
  Operand evaluate_argument(std::uint32_t index) {
    const ExpressionNode& node = nodes_[index];
    if (node.kind != Kind::name) return evaluate(index);
    if (is_function(node.text)) return {Callable{node.text}};
    if (auto found = scope_.find(node.text, node.span)) return std::move(*found);
    if (auto callable = scope_.find_callable(node.text)) return {std::move(*callable)};
    return evaluate(index);
  }

 private:
  /// Runs `build` with the node's place as the origin of what it appends, and as the place of errors.
  template <class Build>
  auto at(const Span& place, Build build) -> decltype(build()) {
    const OriginScope origin(graph_, place);
    try {
      return build();
    } catch (Error& error) {
      if (!error.has_location()) error.at(place.location());
      throw;
    }
  }

  Operand evaluate_name(const ExpressionNode& node) {
    if (auto found = scope_.find(node.text, node.span)) return std::move(*found);
    if (const auto constant = find_constant(node.text)) return {*constant};
    if (scope_.find_callable(node.text))
      throw error_at(node.span, "'" + node.text + "' is a module")
          .set_hint("call it: " + node.text + "(...)");
    check_known_name(node.text, node.span, scope_.names());
    return {};
  }

  Operand evaluate_list(const ExpressionNode& node) {
    OperandList list;
    list.reserve(node.children.size());
    for (std::uint32_t child : node.children) list.push_back(evaluate(child));
    return {std::move(list)};
  }

  Operand evaluate_unary(const ExpressionNode& node) {
    Operand operand = evaluate(node.children[0]);
    if (operand.is_number()) return node.op == Operator::negative ? negate(operand) : operand;
    if (!operand.is_tensor())
      throw error_at(node.span, "'" + std::string(symbol(node.op)) + "' of " + describe(operand));
    if (node.op == Operator::positive) return operand;
    return at(node.span, [&]() -> Operand { return {call_operator("negative", {*operand.tensor()})}; });
  }

  Operand evaluate_conditional(const ExpressionNode& node) {
    const ExpressionNode& condition = nodes_[node.children[0]];
    const Operand flag = evaluate(node.children[0]);
    const bool is_set = !flag.is_none() && flag.number() != 0.0;
    if (flag.is_tensor())
      throw error_at(condition.span,
                     "the condition of 'if' is known before the model runs, and this is " + describe(flag))
          .set_hint("where(condition, a, b) chooses element by element");
    if (flag.list() != nullptr || flag.text() != nullptr)
      throw error_at(condition.span, "the condition of 'if' is True or False, and this is " + describe(flag));
    return evaluate_argument(node.children[is_set ? 1 : 2]);
  }

  /// a + b + c + ... leans to the left and may be long: it is walked in a loop.
  Operand evaluate_chain(std::uint32_t index) {
    std::vector<std::uint32_t> chain;
    for (; nodes_[index].kind == Kind::binary; index = nodes_[index].children[0]) chain.push_back(index);
    Operand result = evaluate(index);
    for (std::size_t i = chain.size(); i-- > 0;) {
      const ExpressionNode& node = nodes_[chain[i]];
      const Operand right = evaluate(node.children[1]);
      result = at(node.span, [&] { return apply(node, result, right); });
    }
    return result;
  }

  Operand apply(const ExpressionNode& node, const Operand& left, const Operand& right) {
    if (left.is_number() && right.is_number()) return apply_operator(node.op, left, right);
    const bool has_tensor = left.is_tensor() || right.is_tensor();
    const auto joins = [](const Operand& operand) { return !operand.is_none() && operand.text() == nullptr; };
    if (!has_tensor || !joins(left) || !joins(right))
      throw error_at(node.span, "'" + std::string(symbol(node.op)) + "' of " + describe(left) + " and " +
                                    describe(right))
          .set_hint(left.list() != nullptr || right.list() != nullptr
                        ? "array([...]) makes a tensor of a list"
                        : "");
    const Value a = to_tensor(graph_, left), b = to_tensor(graph_, right);
    // NumPy's operator takes the root here, which differs at -inf and -0 from its function power().
    if (node.op == Operator::power && right.number() == 0.5) return {talweg::apply("sqrt", a)};
    return {call_operator(op_name(node.op), {a, b})};
  }

  /// The function of an operator, which knows what NumPy does with booleans.
  Value call_operator(std::string_view name, const std::vector<Value>& operands) {
    const Function& function = *FunctionRegistry::instance().find(name);
    std::vector<Arguments::Bound> bound(operands.begin(), operands.end());
    return std::get<Value>(function.call(Arguments(graph_, function.parameters, std::move(bound))));
  }

  Operand evaluate_call(const ExpressionNode& node) {
    if (node.text == "grad" && !scope_.find("grad", node.name_span)) return evaluate_gradient(node);
    if (node.text == "repeat" || node.text == "scan") return evaluate_repetition(node);
    if (!is_function(node.text) || !accepts_keywords(node)) {
      const auto callable = scope_.find_callable(node.text);
      if (callable && (callable->module == nullptr || calls_module(node, *callable->module)))
        return call(node, *callable);
    }
    return call(node, node.text, evaluate_arguments(node));
  }

  Operand call(const ExpressionNode& node, const Callable& callable) {
    if (callable.module == nullptr) return call(node, callable.name, evaluate_arguments(node));
    return scope_.call_module(*callable.module, evaluate_arguments(node, true), node.span, {});
  }

  Operand evaluate_repetition(const ExpressionNode& node) {
    if (node.children.empty() || nodes_[node.children[0]].kind != Kind::name)
      throw error_at(node.span, node.text + "() takes the name of a module first");
    const ExpressionNode& name = nodes_[node.children[0]];
    const auto callable = scope_.find_callable(name.text);
    if (!callable || callable->module == nullptr)
      throw error_at(name.span, node.text + "() applies a module, and '" + name.text + "' is none")
          .set_hint(did_you_mean(name.text, scope_.callable_names()));
    return node.text == "repeat" ? evaluate_repeat(node, *callable) : evaluate_scan(node, *callable);
  }

  /// repeat(module, x, times=12, ...): each application takes what the one before it gave.
  Operand evaluate_repeat(const ExpressionNode& node, const Callable& callable) {
    std::vector<CallArgument> arguments = evaluate_arguments(node, true);
    arguments.erase(arguments.begin());
    const auto times = std::ranges::find(arguments, "times", &CallArgument::name);
    if (times == arguments.end())
      throw error_at(node.span, "repeat() of a module lacks its argument 'times'")
          .set_hint("repeat(" + callable.name + ", x, times=3)");
    const std::optional<std::int64_t> number = times->value.integer();
    if (!number || *number < 1)
      throw error_at(times->span,
                     "'times' is an integer of at least 1, and this is " + describe(times->value));
    arguments.erase(times);
    return scope_.call_module(*callable.module, arguments, node.span, {Repetition::Kind::times, *number});
  }

  /// scan(module, sequence, initial, ...): along the second axis of the sequence, what each application gave
  /// goes into the next one. The result has all that they gave, along its second axis.
  Operand evaluate_scan(const ExpressionNode& node, const Callable& callable) {
    std::vector<CallArgument> arguments = evaluate_arguments(node, true);
    arguments.erase(arguments.begin());
    for (std::size_t i = 0; i < 2; ++i)
      if (arguments.size() <= i || !arguments[i].name.empty() || !arguments[i].value.is_tensor())
        throw error_at(node.span, "scan() of a module takes a sequence and an initial state, both tensors")
            .set_hint("scan(" + callable.name + ", x, zeros([x.shape[0], units]))");
    const Value sequence = *arguments[0].value.tensor();
    if (sequence.rank() < 2 || sequence.shape()[1] == 0)
      throw error_at(arguments[0].span,
                     "scan() goes along the second axis, and this is " + describe(arguments[0].value));
    scope_.use_shape();
    return scope_.call_module(*callable.module, arguments, node.span, {Repetition::Kind::scan});
  }

  Operand evaluate_method(const ExpressionNode& node) {
    return call(node, node.text, evaluate_arguments(node));
  }

  std::vector<CallArgument> evaluate_arguments(const ExpressionNode& node, bool functions = false) {
    const auto value = [&](std::uint32_t child) {
      return functions ? evaluate_argument(child) : evaluate(child);
    };
    std::vector<CallArgument> arguments;
    for (std::uint32_t child : node.children) arguments.push_back({value(child), nodes_[child].span, "", {}});
    for (const KeywordArgument& keyword : node.keywords)
      arguments.push_back({value(keyword.value), nodes_[keyword.value].span, keyword.name, keyword.span});
    return arguments;
  }

  Operand call(const ExpressionNode& node, const std::string& name,
               const std::vector<CallArgument>& arguments) {
    if (auto operand = call_without_graph(node, name, arguments)) return std::move(*operand);
    const Function* function = FunctionRegistry::instance().find(name);
    if (function == nullptr) refuse_function(node);
    const std::size_t before = graph_.size();
    Operand result = call_function(graph_, *function, arguments, node.span);
    // transpose() of a vector is the vector: what needs no node for this shape may need one for another.
    if (graph_.size() == before) scope_.use_shape();
    return result;
  }

  /// Functions of numbers, pair(), len(), and array(), which is what NumPy calls a list that is a tensor.
  std::optional<Operand> call_without_graph(const ExpressionNode& node, const std::string& name,
                                            const std::vector<CallArgument>& arguments) {
    std::vector<Operand> numbers;
    for (const CallArgument& argument : arguments)
      if (argument.name.empty() && argument.value.is_number()) numbers.push_back(argument.value);
    if (numbers.size() == arguments.size()) {
      auto result = at(node.span, [&] { return call_on_numbers(name, numbers); });
      if (result) return result;
    }
    if (arguments.size() != 1) return std::nullopt;
    const Operand& argument = arguments[0].value;
    if (name == "array" || name == "asarray")
      return at(node.span, [&]() -> Operand { return {to_tensor(graph_, argument)}; });
    if (name == "pair" && argument.list() != nullptr && argument.list()->size() == 2) return argument;
    if (name == "pair" && argument.is_number()) return Operand{OperandList{argument, argument}};
    if (name != "len") return std::nullopt;
    if (argument.list() != nullptr) return Operand{static_cast<std::int64_t>(argument.list()->size())};
    if (!argument.is_tensor() || argument.tensor()->rank() == 0)
      throw error_at(node.span, "len() of " + describe(argument));
    scope_.use_shape();
    return Operand{argument.tensor()->shape()[0]};
  }

  [[noreturn]] void refuse_function(const ExpressionNode& node) {
    if (node.kind == Kind::call && scope_.find(node.text, node.name_span))
      throw error_at(node.name_span, "'" + node.text + "' is not a function")
          .set_hint("to multiply, write " + node.text + " * (...)");
    std::vector<std::string> names = number_function_names();
    for (const Function* function : FunctionRegistry::instance().all()) names.push_back(function->name);
    names.emplace_back("grad");
    for (std::string& name : scope_.callable_names()) names.push_back(std::move(name));
    const std::string foreign = hint_for_foreign_name(node.text);
    throw error_at(node.name_span, "there is no function '" + node.text + "'")
        .set_hint(foreign.empty() ? did_you_mean(node.text, names) : foreign);
  }

  Operand evaluate_gradient(const ExpressionNode& node) {
    if (!node.keywords.empty() || node.children.empty() || node.children.size() > 2)
      throw error_at(node.span, "grad() takes one argument or two")
          .note("grad(x) is the gradient of what is minimized, grad(y, x) that of y");
    const std::uint32_t wrt = node.children.back();
    if (nodes_[wrt].kind != Kind::name)
      throw error_at(nodes_[wrt].span, "grad() needs the name of a tensor to differentiate by")
          .set_hint("give the expression a name in 'graph:' and use that in what is differentiated");
    std::optional<Value> y;
    if (node.children.size() == 2) y = gradient_argument(node.children[0]);
    const Value x = gradient_argument(wrt);
    if (!is_floating(x.dtype()))
      throw error_at(nodes_[wrt].span, "'" + nodes_[wrt].text + "' is " + std::string(to_string(x.dtype())) +
                                           ": gradients are by floating tensors");
    if (y && (y->shape().elements() != 1 || !is_floating(y->dtype())))
      throw error_at(nodes_[node.children[0]].span, "grad() differentiates a floating scalar, and this is " +
                                                        std::string(to_string(y->dtype())) + " of shape " +
                                                        to_string(y->shape()))
          .set_hint("sum(...) or mean(...) of it is a scalar");
    return at(node.span, [&]() -> Operand { return {scope_.gradient(y, x, node.span)}; });
  }

  Value gradient_argument(std::uint32_t index) {
    const Operand operand = evaluate(index);
    if (!operand.is_tensor())
      throw error_at(nodes_[index].span, "grad() is of tensors, and this is " + describe(operand));
    return *operand.tensor();
  }

  Operand evaluate_attribute(const ExpressionNode& node) {
    const Operand object = evaluate(node.children[0]);
    static const std::vector<std::string> kAttributes = {"T", "shape", "ndim", "size"};
    if (std::ranges::find(kAttributes, node.text) == kAttributes.end()) {
      if (FunctionRegistry::instance().find(node.text) != nullptr)
        throw error_at(node.name_span, "'" + node.text + "' is a function")
            .set_hint("call it: ." + node.text + "()");
      throw error_at(node.name_span, "a tensor has no '" + node.text + "'")
          .set_hint(did_you_mean(node.text, kAttributes));
    }
    if (!object.is_tensor())
      throw error_at(node.span, "'." + node.text + "' of " + describe(object) + ", which is no tensor");
    const Value x = *object.tensor();
    scope_.use_shape();
    if (node.text == "T") return transposed(x, node.span);
    if (node.text == "ndim") return {std::int64_t{x.rank()}};
    if (node.text == "size") return {x.shape().elements()};
    OperandList sizes;
    for (std::int64_t size : x.shape()) sizes.push_back({size});
    return {std::move(sizes)};
  }

  Operand transposed(Value x, const Span& place) {
    if (x.rank() < 2) return {x};
    Integers axes;
    for (int axis = x.rank(); axis-- > 0;) axes.push_back(axis);
    return at(place, [&]() -> Operand { return {transpose(x, axes)}; });
  }

  Operand evaluate_index(const ExpressionNode& node) {
    Operand object = evaluate(node.children[0]);
    if (object.list() != nullptr) return index_list(node, *object.list());
    if (!object.is_tensor()) throw error_at(node.span, "an index of " + describe(object));
    std::vector<Index> indices;
    // x[(1, 2)] is x[1, 2], as in Python.
    const bool is_tuple = node.children.size() == 2 && nodes_[node.children[1]].is_tuple;
    const ExpressionNode& parts = is_tuple ? nodes_[node.children[1]] : node;
    for (std::size_t i = is_tuple ? 0 : 1; i < parts.children.size(); ++i)
      indices.push_back(make_index(parts.children[i]));
    if (indices.empty()) return object;  // x[()]
    return at(node.span, [&]() -> Operand { return {index_tensor(*object.tensor(), indices)}; });
  }

  Operand index_list(const ExpressionNode& node, const OperandList& list) {
    if (node.children.size() != 2) throw error_at(node.span, "a list has one index");
    const Index index = make_index(node.children[1]);
    const auto size = static_cast<std::int64_t>(list.size());
    const auto* whole = std::get_if<std::int64_t>(&index.content);
    if (whole != nullptr) {
      const auto at = position(*whole, size);
      if (!at)
        throw error_at(index.span, "index " + std::to_string(*whole) + " is out of bounds for a list of " +
                                       std::to_string(size));
      return list[static_cast<std::size_t>(*at)];
    }
    const auto* slice = std::get_if<SliceIndex>(&index.content);
    if (slice == nullptr) throw error_at(index.span, "a list is indexed by an integer or a slice");
    const Extent extent = extent_of(*slice, size, index.span);
    OperandList part;
    for (std::int64_t i = 0; i < extent.size; ++i)
      part.push_back(list[static_cast<std::size_t>(extent.start + i * extent.step)]);
    return {std::move(part)};
  }

  Index make_index(std::uint32_t child) {
    const ExpressionNode& node = nodes_[child];
    if (node.kind == Kind::ellipsis) return {EllipsisIndex{}, node.span};
    if (node.kind == Kind::slice)
      return {SliceIndex{slice_part(node.children[0]), slice_part(node.children[1]),
                         slice_part(node.children[2])},
              node.span};
    const Operand operand = evaluate(child);
    if (operand.is_none()) return {NewAxisIndex{}, node.span};
    if (std::holds_alternative<std::int64_t>(operand.content))
      return {std::get<std::int64_t>(operand.content), node.span};
    if (operand.is_tensor() || operand.list() != nullptr) {
      const Value positions = at(node.span, [&] { return to_tensor(graph_, operand); });
      if (positions.dtype() == DType::int64) return {positions, node.span};
      Error error = error_at(
          node.span, "an index is " + std::string(to_string(positions.dtype())) + " and not an integer");
      if (positions.dtype() == DType::boolean)
        error.set_hint("where(condition, a, b) chooses by a condition");
      throw error;
    }
    throw error_at(node.span, "an index is an integer, and this is " + describe(operand));
  }

  std::optional<std::int64_t> slice_part(std::uint32_t child) {
    const Operand operand = evaluate(child);
    if (operand.is_none()) return std::nullopt;
    const auto integer = operand.integer();
    if (!integer)
      throw error_at(nodes_[child].span, "a slice has integers, and this is " + describe(operand));
    return integer;
  }

  const std::vector<ExpressionNode>& nodes_;
  Scope& scope_;
  Graph& graph_;
};

}  // namespace

Value Scope::gradient(const std::optional<Value>&, Value, const Span& use) {
  throw error_at(use, "grad() has no meaning here");
}

Operand Scope::call_module(const ModuleDefinition&, const std::vector<CallArgument>&, const Span& place,
                           Repetition) {
  throw error_at(place, "modules have no meaning here");
}

void check_known_name(const std::string& name, const Span& place, std::vector<std::string> known) {
  if (find_constant(name) || std::ranges::find(known, name) != known.end()) return;
  if (is_function(name))
    throw error_at(place, "'" + name + "' is a function").set_hint("call it: " + name + "(...)");
  known.insert(known.end(), constant_names().begin(), constant_names().end());
  throw error_at(place, "the name '" + name + "' is not defined").set_hint(did_you_mean(name, known));
}

Operand evaluate(const Expression& expression, Scope& scope, Graph& graph) {
  return Evaluator(expression, scope, graph).evaluate(expression.root_index());
}

Operand evaluate_argument(const Expression& expression, Scope& scope, Graph& graph) {
  return Evaluator(expression, scope, graph).evaluate_argument(expression.root_index());
}

}  // namespace talweg
