#include "program/random_graph.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "graph/gradients.hpp"
#include "graph/op.hpp"

namespace talweg {
namespace {

class Generator {
 public:
  Generator(std::uint32_t seed, DType floating) : random_(seed) {
    result_.graph = std::make_unique<Graph>(floating);
  }

  RandomGraph run() {
    const int leaves = between(2, 4);
    for (int i = 0; i < leaves; ++i) add_leaf(random_shape());
    const int nodes = between(3, 40);
    for (int attempt = 0; attempt < 4 * nodes && graph().size() < static_cast<std::size_t>(nodes); ++attempt)
      grow();
    if (one_in(2)) add_gradients();
    for (NodeId id = 0; id < graph().size(); ++id)
      if (one_in(4)) result_.fetches.push_back(id);
    result_.fetches.push_back(static_cast<NodeId>(graph().size() - 1));
    add_assignments();
    return std::move(result_);
  }

 private:
  Graph& graph() { return *result_.graph; }
  int between(int low, int high) {
    return low + static_cast<int>(random_() % static_cast<unsigned>(high - low + 1));
  }
  bool one_in(int n) { return between(1, n) == 1; }
  double number(double low, double high) {
    return low + (high - low) * static_cast<double>(random_()) / 4294967295.0;
  }
  Value pick() { return pool_[static_cast<std::size_t>(between(0, static_cast<int>(pool_.size()) - 1))]; }
  template <class List>
  auto one_of(const List& list) {
    return *std::next(std::begin(list), between(0, static_cast<int>(std::size(list)) - 1));
  }

  Shape random_shape() {
    if (one_in(12)) return {between(500, 1100)};
    if (one_in(12)) return {between(2, 4), between(200, 300)};
    Shape shape;
    const int rank = between(0, 4);
    for (int axis = 0; axis < rank; ++axis) shape.append(one_in(4) ? 1 : between(1, 5));
    return shape;
  }

  void add_leaf(const Shape& shape) {
    const std::string name = "x" + std::to_string(result_.leaves.size());
    const Value leaf = graph().add_leaf("state", name, shape, graph().floating());
    std::vector<double> values;
    for (std::int64_t i = 0; i < shape.elements(); ++i)
      values.push_back(static_cast<double>(static_cast<float>(number(-2, 2))));
    result_.leaves.push_back(leaf.id());
    result_.values.push_back(std::move(values));
    pool_.push_back(leaf);
  }

  static bool has(std::string_view op) { return OpRegistry::instance().find(op) != nullptr; }

  /// Values that leave the range where functions are tame are brought back into it.
  Value tamed(Value x) { return one_in(2) ? apply("sigmoid", x) : x * 0.125; }

  void grow() {
    Value made;
    try {
      made = random_op();
    } catch (const Error&) {
      return;  // the shapes do not fit
    }
    if (!made.empty() && made.shape().elements() <= 20'000) pool_.push_back(made);
  }

  Value random_op() {
    switch (between(0, 9)) {
      case 0:
      case 1:
        return unary(pick());
      case 2:
      case 3:
        return binary();
      case 4:
        return reduction(pick());
      case 5:
        return one_in(3) ? windows() : product();
      case 6:
      case 7:
        return layout(pick());
      case 8:
        return selection();
      default:
        return with_constant(pick());
    }
  }

  Value unary(Value x) {
    static constexpr std::string_view kAnywhere[] = {
        "negative", "abs", "sin",    "cos",   "arctan",   "tanh",       "sigmoid", "relu",         "gelu",
        "silu",     "erf", "square", "expm1", "softplus", "leaky_relu", "elu",     "stop_gradient"};
    static constexpr std::string_view kPositive[] = {"log", "sqrt", "reciprocal", "log1p"};
    static constexpr std::string_view kSmall[] = {"exp", "sinh", "cosh", "tan", "arcsin", "arccos"};
    if (one_in(4)) {
      const std::string_view op = one_of(kPositive);
      return has(op) ? apply(op, apply("sigmoid", x) + 0.25) : Value();
    }
    if (one_in(3)) {
      const std::string_view op = one_of(kSmall);
      return has(op) ? apply(op, apply("sigmoid", x) * 0.75) : Value();
    }
    const std::string_view op = one_of(kAnywhere);
    if (!has(op)) return {};
    if (op == "leaky_relu") return emit(op, {x}, {{"negative_slope", number(0, 0.5)}});
    if (op == "elu") return emit(op, {x}, {{"alpha", number(0.5, 2)}});
    if (op == "softplus") return emit(op, {x}, {{"beta", number(0.5, 2)}, {"threshold", 20.0}});
    return op == "expm1" || op == "square" ? tamed(apply(op, tamed(x))) : apply(op, x);
  }

  Value binary() {
    static constexpr std::string_view kOps[] = {"add",     "subtract", "multiply", "maximum",
                                                "minimum", "divide",   "power"};
    const std::string_view op = one_of(kOps);
    const Value a = pick(), b = pick();
    if (!has(op)) return {};
    if (op == "divide") return emit(op, {a, apply("sigmoid", b) + 0.25});
    if (op == "power") return emit(op, {apply("sigmoid", a) + 0.25, apply("sigmoid", b) * 3.0});
    // The gradient jumps at a tie, which assigning a minimum to one of its inputs would make.
    if (op == "maximum" || op == "minimum") return emit(op, {a, b * 1.0625 + 0.03});
    const Value made = emit(op, {a, b});
    return op == "multiply" ? tamed(made) : made;
  }

  Value with_constant(Value x) {
    switch (between(0, 5)) {
      case 0:
        return x * number(-2, 2);
      case 1:
        return number(-2, 2) - x;
      case 2:
        return x * 1.0 / 1.0;
      case 3:
        return has("power") ? tamed(emit("power", {x, constant(graph(), between(1, 3))})) : x + 1;
      case 4:
        return x + constant(graph(), number(-1, 1), x.shape());
      default:
        return -(-x);
    }
  }

  Value reduction(Value x) {
    static constexpr std::string_view kOps[] = {"sum", "prod", "max", "min"};
    const std::string_view op = one_of(kOps);
    if (!has(op) || x.shape().elements() == 0) return {};
    Integers axes;
    for (int axis = 0; axis < x.rank(); ++axis)
      if (one_in(2)) axes.push_back(axis);
    if (op == "prod") x = apply("sigmoid", x) + 0.5;
    const Value made = emit(op, {x}, {{"axes", axes}, {"keepdims", one_in(2)}});
    if (op != "sum" && op != "prod") return made;
    return made * (1.0 / static_cast<double>(x.shape().elements()));
  }

  Value product() {
    const Value a = pick(), b = pick();
    if (a.rank() >= 2 && one_in(2)) return tamed(matmul(matrix_transpose(a), a));
    if (a.rank() >= 2 && one_in(3)) return tamed(matmul(a, matrix_transpose(a)));
    if (a.rank() == 0) return {};
    if (one_in(2)) {
      // A matrix that fits, from whatever is there.
      const std::int64_t inner = a.shape()[a.rank() - 1];
      const Value row = broadcast_to(reshape(sum_all(b) * 0.01, {1, 1}), {inner, between(1, 4)});
      return tamed(matmul(a, row));
    }
    return tamed(matmul(a, b));
  }

  /// Images of whatever is there, a tensor of rank 4 where it is one.
  Value images(Value x) {
    if (x.rank() == 4 && one_in(2)) return x;
    return numbers({between(1, 3), between(1, 4), between(1, 6), between(1, 7)}) * (sum_all(x) * 0.01);
  }

  Value numbers(const Shape& shape) {
    Numbers values;
    for (std::int64_t i = 0; i < shape.elements(); ++i) values.push_back(number(-1, 1));
    return graph().add(OpRegistry::instance().get("array"), {},
                       {{"values", values},
                        {"shape", Integers(shape.begin(), shape.end())},
                        {"dtype", static_cast<std::int64_t>(graph().floating())}});
  }

  Value windows() {
    const Value x = images(pick());
    const std::int64_t rows = between(1, 3), columns = between(1, 3);
    const auto pair = [&](int low, int high) { return Integers{between(low, high), between(low, high)}; };
    Attributes attributes = {{"stride", pair(1, 2)}, {"padding", pair(0, 1)}, {"dilation", pair(1, 2)}};
    if (one_in(2)) {
      const std::int64_t groups = x.shape()[1] % 2 == 0 && one_in(2) ? 2 : 1;
      attributes.set("groups", groups);
      const Value w = numbers({groups * between(1, 3), x.shape()[1] / groups, rows, columns});
      return tamed(emit("conv2d", {x, w * (sum_all(pick()) * 0.01)}, attributes));
    }
    attributes.set("kernel", Integers{rows, columns});
    if (one_in(2)) return tamed(emit("sum_pool2d", {x}, attributes));
    const Value leaf = graph().value(one_of(result_.leaves));
    return leaf.rank() < 2 ? Value() : emit("max_pool2d_positions", {leaf}, attributes);
  }

  Value layout(Value x) {
    const int rank = x.rank();
    switch (between(0, 6)) {
      case 0: {
        Integers axes;
        for (int axis = 0; axis < rank; ++axis) axes.push_back(axis);
        std::ranges::shuffle(axes, random_);
        return transpose(x, axes);
      }
      case 1: {
        Shape shape = {x.shape().elements()};
        if (one_in(2)) shape.append(1);
        return reshape(x, shape);
      }
      case 2: {
        Shape shape;
        if (rank < 4 && one_in(2)) shape.append(between(1, 3));
        for (std::int64_t size : x.shape()) shape.append(size == 1 ? between(1, 4) : size);
        return broadcast_to(x, shape);
      }
      case 3: {
        if (!has("slice")) return {};
        Integers starts, steps, sizes;
        for (std::int64_t size : x.shape()) {
          if (size > 0 && one_in(5)) {
            starts.push_back(between(0, static_cast<int>(size) - 1));
            steps.push_back(1);
            sizes.push_back(1);
            continue;
          }
          const bool backwards = one_in(3);
          starts.push_back(backwards ? size - 1 : 0);
          steps.push_back(backwards ? -1 : one_in(3) ? 2 : 1);
          sizes.push_back(steps.back() == 2 ? (size + 1) / 2 : size);
        }
        return slice(x, starts, steps, sizes);
      }
      case 4: {
        if (!has("concatenate") || rank == 0) return {};
        return concatenate({x, apply("tanh", x), x}, between(0, rank - 1));
      }
      case 5:
        return has("cumsum") && rank > 0
                   ? emit("cumsum", {x * 0.1},
                          {{"axis", std::int64_t{between(0, rank - 1)}}, {"reverse", one_in(2)}})
                   : Value();
      default:
        return has("tril") && rank >= 2 ? emit("tril", {x}, {{"k", std::int64_t{between(-1, 1)}}}) : Value();
    }
  }

  /// Functions that jump are given leaves, whose values both executors have to the bit.
  Value position() {
    const Value leaf = graph().value(one_of(result_.leaves));
    if (leaf.rank() == 0) return {};
    const int axis = between(0, leaf.rank() - 1);
    if (one_in(2) && has("argmax"))
      return emit(one_in(2) ? "argmax" : "argmin", {leaf},
                  {{"axis", std::int64_t{axis}}, {"keepdims", one_in(2)}});
    if (!has("take")) return {};
    const Value x = pick();
    if (x.rank() == 0) return {};
    const int taken = between(0, x.rank() - 1);
    const std::int64_t size = x.shape()[taken];
    Numbers indices;
    for (int i = 0; i < between(1, 5); ++i)
      indices.push_back(static_cast<double>(between(0, static_cast<int>(size) - 1) - (one_in(3) ? size : 0)));
    const Value chosen = graph().add(OpRegistry::instance().get("array"), {},
                                     {{"values", indices},
                                      {"shape", Integers{static_cast<std::int64_t>(indices.size())}},
                                      {"dtype", static_cast<std::int64_t>(DType::int64)}});
    if (one_in(4)) return emit("one_hot", {chosen}, {{"classes", size}});
    if (one_in(2)) {
      Shape aligned = x.shape();
      for (int i = 0; i < x.rank(); ++i) aligned[i] = i == taken ? chosen.shape()[0] : 1;
      const Value reshaped = reshape(chosen, aligned);
      aligned = x.shape();
      aligned[taken] = chosen.shape()[0];
      return emit("take_along_axis", {x, broadcast_to(reshaped, aligned)}, {{"axis", std::int64_t{taken}}});
    }
    return emit("take", {x, chosen}, {{"axis", std::int64_t{taken}}});
  }

  /// The step is a leaf, too: its whole part counts.
  Value random(Value x) {
    const Value leaf = graph().value(one_of(result_.leaves));
    if (leaf.shape().elements() == 0) return {};
    Integers starts(static_cast<std::size_t>(leaf.rank()), 0), ones(starts.size(), 1);
    const Value step = reshape(slice(leaf, starts, ones, ones), {});
    return emit(one_in(2) ? "uniform" : "normal", {step},
                {{"shape", Integers(x.shape().begin(), x.shape().end())},
                 {"seed", std::int64_t{between(0, 3)}},
                 {"key", std::int64_t{between(0, 3)}}});
  }

  Value selection() {
    static constexpr std::string_view kComparisons[] = {"less",          "less_equal", "greater",
                                                        "greater_equal", "equal",      "not_equal"};
    static constexpr std::string_view kJumps[] = {"sign", "floor", "ceil", "round"};
    const Value leaf = graph().value(one_of(result_.leaves));
    if (one_in(3)) return position();
    if (one_in(6)) return random(pick());
    if (one_in(3)) {
      const std::string_view op = one_of(kJumps);
      return has(op) ? apply(op, leaf) : Value();
    }
    const std::string_view op = one_of(kComparisons);
    if (!has(op) || !has("where")) return {};
    return where(compare(op, leaf, number(-1, 1)), pick(), pick());
  }

  void add_gradients() {
    Value y = sum_all(pool_.back()) * 0.1;
    for (int i = 0; i < 3; ++i) {
      const Value part = pick();
      if (is_floating(part.dtype())) y = y + sum_all(part) * 0.1;
    }
    std::vector<Value> leaves;
    for (NodeId leaf : result_.leaves) leaves.push_back(graph().value(leaf));
    if (!is_floating(y.dtype())) return;
    const std::vector<Value> found = gradients(y, leaves);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const bool updates = one_in(2);
      if (updates) result_.assignments.emplace_back((leaves[i] - 0.1 * found[i]).id(), i);
      if (!updates || one_in(2)) result_.fetches.push_back(found[i].id());
    }
  }

  void add_assignments() {
    for (std::size_t i = 0; i < result_.leaves.size(); ++i) {
      const auto taken = [&](const auto& assignment) { return assignment.second == i; };
      if (one_in(2) || std::ranges::any_of(result_.assignments, taken)) continue;
      const Shape& shape = graph()[result_.leaves[i]].shape;
      std::vector<NodeId> fitting;
      for (const Value& value : pool_)
        if (value.shape() == shape) fitting.push_back(value.id());
      if (!fitting.empty()) result_.assignments.emplace_back(one_of(fitting), i);
    }
  }

  std::mt19937 random_;
  RandomGraph result_;
  std::vector<Value> pool_;
};

struct Extent {
  double largest = 0;
  double smallest = 0;
};

/// Of the absolute values.
Extent extent(const std::vector<double>& values) {
  if (values.empty()) return {};
  Extent result{0, std::abs(values[0])};
  for (double value : values) {
    result.largest = std::max(result.largest, std::abs(value));
    result.smallest = std::min(result.smallest, std::abs(value));
  }
  return result;
}

bool is_sum(std::string_view op) {
  static constexpr std::string_view kSums[] = {
      "sum", "cumsum", "take_adjoint", "take_along_axis_adjoint", "sum_pool2d", "sum_pool2d_adjoint"};
  return std::ranges::find(kSums, op) != std::end(kSums);
}

bool is_product(std::string_view op) { return op == "matmul" || op.starts_with("conv2d"); }

/// How much an error of input i counts in the result.
double sensitivity(const Node& node, std::size_t i, const std::vector<Extent>& inputs, const Extent& output,
                   double ratio) {
  const std::string& op = node.op->name;
  const Extent& x = inputs[i];
  if (op == "stop_gradient") return 1;
  if (node.op->differentiable == Differentiable::never) return 0;
  if (op == "multiply") return inputs[1 - i].largest;
  if (op == "divide")
    return i == 0 ? 1 / inputs[1].smallest : inputs[0].largest / (inputs[1].smallest * inputs[1].smallest);
  if (op == "square") return 2 * x.largest;
  if (op == "reciprocal") return 1 / (x.smallest * x.smallest);
  if (op == "exp" || op == "expm1") return output.largest + 1;
  if (op == "log") return 1 / x.smallest;
  if (op == "sqrt") return 0.5 / output.smallest;
  if (op == "sinh" || op == "cosh") return std::cosh(x.largest);
  if (op == "tan") return 1 + output.largest * output.largest;
  if (op == "arcsin" || op == "arccos") return 1 / std::sqrt(std::max(1e-9, 1 - x.largest * x.largest));
  if (op == "power") {
    const double base = inputs[0].largest, small = inputs[0].smallest, exponent = inputs[1].largest;
    if (i == 1) return output.largest * std::max(std::abs(std::log(base)), std::abs(std::log(small)));
    return exponent * output.largest / small;
  }
  if (is_sum(op)) return ratio;
  if (op == "prod") return ratio * output.largest / std::max(x.smallest, 1e-9);
  if (is_product(op)) return inputs[1 - i].largest * ratio;
  if (op.starts_with("gelu") || op == "silu" || op == "erf" || op == "elu") return 2.5;
  return 1;
}

}  // namespace

RandomGraph make_random_graph(std::uint32_t seed, DType floating) { return Generator(seed, floating).run(); }

std::vector<double> error_bounds(const Graph& graph, const std::vector<std::vector<double>>& values) {
  constexpr double kUnits = 4;  // of the last place, that one op may be off
  const double unit = graph.floating() == DType::float32 ? 0x1p-24 : 0x1p-53;
  std::vector<double> bounds(graph.size(), 0);
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    if (values[id].empty() || node.op->leaf) continue;
    std::vector<Extent> inputs;
    for (NodeId input : node.inputs) inputs.push_back(extent(values[input]));
    const Extent output = extent(values[id]);
    double ratio = 1;  // of elements that become one
    if (!node.inputs.empty() && node.shape.elements() > 0) {
      const Shape& first = graph[node.inputs[0]].shape;
      ratio = static_cast<double>(first.elements()) / static_cast<double>(node.shape.elements());
      if (node.op->name == "matmul") ratio = static_cast<double>(first[first.rank() - 1]);
      if (node.op->name.starts_with("take_") && node.op->name.ends_with("adjoint"))
        ratio = static_cast<double>(graph[node.inputs[1]].shape.elements());
      if (node.op->name.starts_with("sum_pool2d")) {
        const Integers& kernel = node.attributes.integers("kernel");
        ratio = static_cast<double>(kernel[0] * kernel[1]);
      }
      if (node.op->name.starts_with("conv2d")) {
        const Shape& second = graph[node.inputs[1]].shape;
        ratio = static_cast<double>(node.op->name == "conv2d_weight_adjoint"
                                        ? first.elements() / first[1]
                                        : second.elements() / (node.op->name == "conv2d" ? second[0] : 1));
      }
      if (node.op->name == "cumsum")
        ratio = static_cast<double>(node.shape[static_cast<int>(node.attributes.integer("axis"))]);
    }
    // A sum of n terms, added one by one, may lose half a unit with each.
    double magnitude = output.largest;
    const double terms = ratio * (1 + ratio / 8);
    if (is_product(node.op->name)) magnitude = terms * inputs[0].largest * inputs[1].largest;
    if (is_sum(node.op->name)) magnitude = terms * inputs[0].largest;
    if (node.op->name == "prod") magnitude = ratio * output.largest;
    // x (1 + erf(x / sqrt(2))) / 2 cancels where x is negative.
    if (node.op->name == "gelu") magnitude = inputs[0].largest;
    if (node.op->name == "gelu_derivative") magnitude = std::max(magnitude, 1.0);
    const bool exact = node.op->name == "constant" || node.op->name == "array" ||
                       node.op->name == "uniform" || node.op->name == "normal";
    double bound = exact ? 0 : kUnits * unit * magnitude;
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (bounds[node.inputs[i]] > 0)
        bound += bounds[node.inputs[i]] * sensitivity(node, i, inputs, output, std::max(ratio, 1.0));
    bounds[id] = bound;
  }
  return bounds;
}

}  // namespace talweg
