// Small steps over the same columns become one loop, which has the bits of the steps by themselves, and no
// loop where one step needs more of another than the same column.

#include "program/scheduling/fuse_columns.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "graph/op.hpp"
#include "graph/value.hpp"
#include "ops/registry.hpp"
#include "program/executor.hpp"
#include "program/machine_code/vector_code.hpp"
#include "program/profile.hpp"

namespace talweg {
namespace {

/// Of several steps.
int loops_in(const std::string& listing) {
  int count = 0;
  std::istringstream lines(listing);
  for (std::string line; std::getline(lines, line);)
    if (line.find("columns (") != std::string::npos && line.find("; ") != std::string::npos) ++count;
  return count;
}

/// What elements of leaves are, in turn.
using Draw = std::function<double()>;

/// Between -1 and 1, many zeros, and numbers whose products are too small for either type.
Draw draw_numbers() {
  return [random = std::mt19937(1), number = std::uniform_real_distribution<double>(-1, 1)]() mutable {
    const double drawn = number(random);
    const std::size_t kind = random() % 8;
    return kind < 2 ? 0.0 : kind == 2 ? 1e-30 * drawn : kind == 3 ? std::copysign(1e-200, drawn) : drawn;
  };
}

/// A graph, the memory of its leaves and what is asked of it.
template <class T>
class Work {
 public:
  static constexpr DType kType = sizeof(T) == sizeof(float) ? DType::float32 : DType::float64;

  explicit Work(Draw draw) : draw_(std::move(draw)) { register_ops(); }

  Value leaf(const Shape& shape) {
    std::vector<T>& memory = memory_.emplace_back(static_cast<std::size_t>(shape.elements()));
    for (T& element : memory) element = static_cast<T>(draw_());
    return part(shape, memory_.size() - 1, 0);
  }
  /// What lies in the memory of another leaf, from that element on.
  Value part(const Shape& shape, std::size_t of_leaf, std::int64_t first) {
    const Value value = graph.add_leaf("state", "", shape, kType);
    task.bindings.push_back({value.id(), memory_[of_leaf].data() + first});
    return value;
  }
  /// `first`: where in the memory of the leaf.
  void assign(Value value, std::size_t leaf, std::int64_t first = 0) {
    task.assignments.push_back({value.id(), memory_[leaf].data() + first});
  }
  void fetch(Value value) { task.fetches.push_back(value.id()); }

  [[nodiscard]] std::string listing() const { return compile_program(graph, task)->listing(); }
  using Make = std::function<std::unique_ptr<Executor>(const Graph&, const Task&)>;
  /// All memory, and what is fetched, after so many runs.
  std::vector<std::vector<T>> after(int runs, const Make& make) {
    const auto executor = make(graph, task);
    for (int run = 0; run < runs; ++run) executor->run();
    std::vector<std::vector<T>> result(memory_.begin(), memory_.end());
    for (const NodeId fetch : task.fetches) {
      const T* value = static_cast<const T*>(executor->value(fetch));
      result.emplace_back(value, value + graph[fetch].shape.elements());
    }
    return result;
  }

  Graph graph{kType};
  Task task;

 private:
  Draw draw_;
  std::deque<std::vector<T>> memory_;
};

Value transposed(Value x) { return transpose(x, {1, 0}); }

/// Runs each node by a program of its own, in which nothing can be fused, and products by their kernel. A
/// transposed operand is read as it lies, as in the whole program.
template <class T>
class NodeByNode final : public Executor {
 public:
  NodeByNode(const Graph& graph, const Task& task) : graph_(graph), task_(task) {}

  void run() override {
    values_.assign(graph_.size(), {});
    for (const Binding& binding : task_.bindings) {
      const T* data = static_cast<const T*>(binding.data);
      values_[binding.leaf].assign(data, data + graph_[binding.leaf].shape.elements());
    }
    for (NodeId id = 0; id < graph_.size(); ++id)
      if (!graph_[id].op->leaf && graph_[id].op->name != "transpose") values_[id] = value_of(graph_[id]);
    for (const auto& [value, destination] : task_.assignments)
      std::ranges::copy(values_[value], static_cast<T*>(destination));
  }
  [[nodiscard]] const void* value(NodeId fetched) const override { return values_[fetched].data(); }
  [[nodiscard]] std::string listing() const override { return ""; }

 private:
  [[nodiscard]] kernels::Matrix<T> matrix(NodeId id) const {
    const bool is_transposed = graph_[id].op->name == "transpose";
    const NodeId lies = is_transposed ? graph_[id].inputs[0] : id;
    const std::int64_t columns = graph_[lies].shape[1];
    return {values_[lies].data(), is_transposed ? 1 : columns, is_transposed ? columns : 1};
  }

  [[nodiscard]] std::vector<T> product(const Node& node) const {
    std::vector<T> result(static_cast<std::size_t>(node.shape.elements()));
    kernels::table<T>().product[static_cast<std::size_t>(kernels::ProductEnd::assign)](
        result.data(), node.shape[1], matrix(node.inputs[0]), matrix(node.inputs[1]),
        static_cast<std::size_t>(node.shape[0]), static_cast<std::size_t>(node.shape[1]),
        static_cast<std::size_t>(graph_[node.inputs[0]].shape[1]), 1);
    return result;
  }

  std::vector<T> value_of(const Node& node) {
    if (node.op->name == "matmul") return product(node);
    Graph graph(graph_.floating());
    Task task;
    const auto leaf = [&](NodeId id) {
      const Value value = graph.add_leaf("state", "", graph_[id].shape, graph_.floating());
      task.bindings.push_back({value.id(), values_[id].data()});
      return value;
    };
    std::vector<Value> inputs;
    for (const NodeId input : node.inputs)
      inputs.push_back(graph_[input].op->name == "transpose" ? transposed(leaf(graph_[input].inputs[0]))
                                                             : leaf(input));
    const Value result = node.op->name == "constant"
                             ? constant(graph, node.attributes.number("value"), node.shape)
                             : emit(node.op->name, inputs, node.attributes);
    task.fetches = {result.id()};
    const auto program = compile_program(graph, task);
    program->run();
    const T* value = static_cast<const T*>(program->value(result.id()));
    return {value, value + result.shape().elements()};
  }

  const Graph& graph_;
  const Task& task_;
  std::vector<std::vector<T>> values_;
};

template <class T>
bool same_bits(const std::vector<std::vector<T>>& a, const std::vector<std::vector<T>>& b) {
  return std::ranges::equal(a, b, [](const std::vector<T>& x, const std::vector<T>& y) {
    return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(T)) == 0;
  });
}

/// The backward pass of two layers of so many examples, inputs and hidden units: functions of a product,
/// products of that, and two weights, and perhaps a bias, from which gradients are subtracted.
template <class T>
void make_backward_pass(Work<T>& work, std::int64_t examples, std::int64_t inputs, std::int64_t hidden,
                        bool has_bias) {
  const Value x = work.leaf({examples, inputs}), h = work.leaf({examples, hidden}),
              delta = work.leaf({examples, 1}), first = work.leaf({inputs, hidden}),
              second = work.leaf({hidden, 1}), alpha = work.leaf({});
  const Value outer = matmul(delta, transposed(second)), by_hidden = h * (1.0 - h) * outer;
  work.assign(first - alpha * matmul(transposed(x), by_hidden), 3);
  work.assign(second - alpha * matmul(transposed(h), delta), 4);
  if (!has_bias) return;
  const Value bias = work.leaf({hidden});
  const Value gradient = sum(by_hidden, {0}, false);
  work.fetch(gradient);
  work.fetch(outer);
  work.assign(bias - alpha * gradient, 6);
}

template <class T>
class FuseColumns : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(FuseColumns, Types);

TYPED_TEST(FuseColumns, GivesTheBitsOfTheStepsByThemselves) {
  using T = TypeParam;
  for (const std::int64_t examples : {1, 2, 3, 4, 7, 16})
    for (const std::int64_t inputs : {1, 2, 3, 5})
      for (const std::int64_t hidden : {2, 3, 4, 5, 8, 9, 32, 47}) {
        const std::string what = fmt::format("{} examples, {} inputs, {} hidden", examples, inputs, hidden);
        Work<T> fused(draw_numbers()), apart(draw_numbers());
        for (Work<T>* work : {&fused, &apart}) make_backward_pass(*work, examples, inputs, hidden, true);
        const bool is_fused = loops_in(fused.listing()) > 0;
        EXPECT_EQ(is_fused, VectorCode::is_available()) << what << "\n" << fused.listing();
        EXPECT_TRUE(same_bits(
            fused.after(3, [](const Graph& graph, const Task& task) { return compile_program(graph, task); }),
            apart.after(3,
                        [](const Graph& graph, const Task& task) -> std::unique_ptr<Executor> {
                          return std::make_unique<NodeByNode<T>>(graph, task);
                        })))
            << what << "\n"
            << fused.listing();
      }
}

TYPED_TEST(FuseColumns, MakesOneLoopOfABackwardPass) {
  struct Sizes {
    std::int64_t examples, inputs;
  };
  for (const auto& [examples, inputs] : {Sizes{4, 3}, {16, 3}, {4, 16}}) {
    Work<TypeParam> work(draw_numbers());
    // A sum of float32 is accumulated in float64, which no loop does.
    const bool has_bias = work.kType == DType::float64;
    make_backward_pass(work, examples, inputs, 32, has_bias);
    const std::string listing = work.listing();
    const bool is_one_step = listing.find("\n1 instruction,") != std::string::npos;
    EXPECT_EQ(is_one_step, VectorCode::is_available()) << listing;
  }
}

struct Case {
  const char* name;
  std::function<void(Work<float>&)> make;
  int loops;  ///< in the program
};

/// Rows and columns.
constexpr std::int64_t kRows = 3, kColumns = 10;

std::vector<Case> cases() {
  const Shape shape = {kRows, kColumns};
  return {
      {"what others see is written",
       [=](Work<float>& work) {
         const Value a = work.leaf({kRows, 2}), b = work.leaf({2, kColumns}), c = work.leaf(shape);
         const Value product = matmul(a, b), sum = product + c;
         work.fetch(product);
         work.fetch(sum);
         work.fetch(matmul(transposed(a), sum));
       },
       1},
      {"what a later step reads is written",
       [=](Work<float>& work) {
         const Value a = work.leaf({kRows, 2}), b = work.leaf({2, kColumns}), c = work.leaf({kColumns, 2});
         const Value sum = matmul(a, b) + 1.0;
         work.fetch(matmul(sum, c));
       },
       1},
      {"what is read as numbers is not written in the loop",
       [=](Work<float>& work) {
         const Value a = work.leaf({kRows, kRows}), b = work.leaf({kRows, kRows});
         const Value sum = matmul(a, b) + 1.0;
         work.fetch(matmul(sum, b));
       },
       1},
      {"a column of what the loop writes",
       [=](Work<float>& work) {
         const Value a = work.leaf({kRows, 2}), b = work.leaf({2, kColumns});
         const Value product = matmul(a, b);
         work.fetch(product - slice(product, {0, 1}, {1, 1}, {kRows, 1}));
       },
       0},
      {"the first column of what the loop writes",
       [=](Work<float>& work) {
         const Value a = work.leaf({kRows, 2}), b = work.leaf({2, kColumns});
         const Value product = matmul(a, b);
         work.fetch(product - slice(product, {0, 0}, {1, 1}, {kRows, 1}));
       },
       0},
      {"what the loop writes, with other rows",
       [=](Work<float>& work) {
         const Value a = work.leaf({kRows, 2}), b = work.leaf({2, kColumns}), c = work.leaf({2, kColumns});
         const Value product = reshape(matmul(a, b), {2, kRows * kColumns / 2});
         work.fetch(c - slice(product, {0, 0}, {1, 1}, {2, kColumns}));
       },
       0},
      {"other columns of what the loop writes",
       [=](Work<float>& work) {
         const Value a = work.leaf({kRows, 2}), b = work.leaf({2, kColumns}), c = work.leaf({1, kColumns});
         const Value product = matmul(a, b);
         const Value moved = concatenate(
             {slice(product, {0, 1}, {1, 1}, {1, kColumns - 1}), slice(product, {1, 0}, {1, 1}, {1, 1})}, 1);
         work.fetch(moved + c);
         work.fetch(
             reshape(slice(reshape(product, {kRows * kColumns}), {3}, {1}, {kColumns}), {1, kColumns}) * c);
       },
       0},
      {"rows of what the loop writes, from the last to the first",
       [=](Work<float>& work) {
         const Value a = work.leaf({kRows, 2}), b = work.leaf({2, kColumns}), c = work.leaf(shape);
         const Value product = matmul(a, b);
         work.fetch(c * slice(product, {kRows - 1, 0}, {-1, 1}, {kRows, kColumns}) + product);
       },
       1},
      {"columns of a wider matrix",
       [=](Work<float>& work) {
         const Value a = work.leaf({kRows, 2}), b = work.leaf({2, kColumns}),
                     wide = work.leaf({kRows, 2 * kColumns + 1});
         work.fetch(slice(wide, {0, kColumns}, {1, 1}, {kRows, kColumns}) * matmul(a, b) - 1.0);
       },
       1},
      {"every second column of a wider matrix",
       [=](Work<float>& work) {
         const Value a = work.leaf({kRows, 2}), b = work.leaf({2, kColumns}),
                     wide = work.leaf({kRows, 2 * kColumns});
         work.fetch(slice(wide, {0, 0}, {1, 2}, {kRows, kColumns}) * matmul(a, b) - 1.0);
       },
       0},
      {"a weight that is updated, and read as numbers before",
       [=](Work<float>& work) {
         const Value weight = work.leaf({kRows, kRows}), x = work.leaf({kRows, kRows}),
                     g = work.leaf({2, kRows});
         work.fetch(matmul(weight, x));
         work.assign(weight - 2.0 * matmul(transposed(g), g), 0);
       },
       0},
      {"a weight that is updated, and read in the same columns before",
       [=](Work<float>& work) {
         const Value weight = work.leaf(shape), x = work.leaf({kRows, kRows}), g = work.leaf({2, kRows}),
                     y = work.leaf({2, kColumns});
         work.fetch(matmul(x, weight));
         work.assign(weight - 2.0 * matmul(transposed(g), y), 0);
       },
       1},
      {"a weight from which a product is subtracted as it is",
       [=](Work<float>& work) {
         const Value weight = work.leaf(shape), x = work.leaf({kRows, kRows}), g = work.leaf({2, kRows}),
                     y = work.leaf({2, kColumns});
         work.fetch(matmul(x, weight));
         work.assign(weight - matmul(transposed(g), y), 0);
       },
       1},
      {"a weight that is updated, with more rows than registers",
       [=](Work<float>& work) {
         constexpr std::int64_t kMany = 12;
         const Value weight = work.leaf({kMany, kColumns}), x = work.leaf({kMany, kMany}),
                     g = work.leaf({1, kMany}), y = work.leaf({1, kColumns});
         work.fetch(matmul(x, weight));
         work.assign(weight - 2.0 * matmul(transposed(g), y), 0);
       },
       1},
      {"parts of one memory, one read and the other updated",
       [=](Work<float>& work) {
         work.leaf({7 * kColumns});
         const Value first = work.part(shape, 0, 0), second = work.part(shape, 0, 3 * kColumns),
                     x = work.leaf({kRows, kRows}), g = work.leaf({2, kRows}), y = work.leaf({2, kColumns});
         const Value sum = matmul(x, first) + second;
         work.fetch(sum);
         work.assign(second - 2.0 * matmul(transposed(g), y), 0, 3 * kColumns);
       },
       1},
      {"parts of one memory that have elements in common, in other columns",
       [=](Work<float>& work) {
         work.leaf({7 * kColumns});
         const Value first = work.part(shape, 0, 0), second = work.part(shape, 0, 2 * kColumns + 3),
                     x = work.leaf({kRows, kRows}), g = work.leaf({2, kRows}), y = work.leaf({2, kColumns});
         work.fetch(matmul(x, first));
         work.assign(second - 2.0 * matmul(transposed(g), y), 0, 2 * kColumns + 3);
       },
       0},
      {"a product of one column whose left matrix is not transposed",
       [=](Work<float>& work) {
         const Value h = work.leaf({kColumns, kRows}), w = work.leaf({kRows, 1}),
                     c = work.leaf({kColumns, 1});
         work.fetch(matmul(h, w) - c);
       },
       0},
      {"what was computed before and is read again and again, while more is written",
       [=](Work<float>& work) {
         constexpr std::int64_t kMany = 12;
         const Value x = work.leaf({kMany, kMany}),
                     before = apply("tanh", 0.0 * work.leaf({kMany, kColumns})),
                     product = matmul(x, before - 1.0);
         work.fetch(product);
         work.fetch(product * 2.0);
       },
       1},
      {"rows from the last to the first, in other columns of what the loop writes",
       [=](Work<float>& work) {
         work.leaf({9 * kColumns});
         const Value first = work.part(shape, 0, 0), x = work.leaf({kRows, 5}), g = work.leaf({2, kRows}),
                     y = work.leaf({2, kColumns}), rows = work.part({5, kColumns}, 0, 2 * kColumns + 3);
         work.fetch(matmul(x, slice(rows, {4, 0}, {-1, 1}, {5, kColumns})));
         work.assign(first - 2.0 * matmul(transposed(g), y), 0);
       },
       0},
      {"more columns than are worth it",
       [=](Work<float>& work) {
         const Value a = work.leaf({kRows, 2}), b = work.leaf({2, 3000});
         work.fetch(matmul(a, b) - 1.0);
       },
       0},
      {"more functions than are worth it",
       [=](Work<float>& work) {
         const Value a = work.leaf({16, 15}), b = work.leaf({15, kColumns});
         work.fetch(matmul(a, b) - 1.0);
       },
       0},
      {"steps of different columns",
       [=](Work<float>& work) {
         const Value a = work.leaf({kRows, 2}), b = work.leaf({2, kColumns}), c = work.leaf({2, 5});
         work.fetch(matmul(a, b));
         work.fetch(matmul(a, c));
       },
       0},
      {"functions that are no few instructions",
       [=](Work<float>& work) {
         const Value a = work.leaf({kRows, 2}), b = work.leaf({2, kColumns}), c = work.leaf({kRows, kRows});
         const Value product = matmul(a, b), truth = apply("tanh", product * 0.0) + product;
         work.fetch(matmul(c, truth) * 2.0);
       },
       1},
      {"one row",
       [=](Work<float>& work) {
         const Value a = work.leaf({1, 2}), b = work.leaf({2, kColumns}), c = work.leaf({kColumns});
         work.fetch(matmul(a, b) * c - 1.0);
       },
       1},
      {"more rows than stay in registers",
       [=](Work<float>& work) {
         const Value x = work.leaf({16, 2}), y = work.leaf({2, kColumns}), a = work.leaf({16, 16});
         const Value first = matmul(x, y), second = matmul(a, first);
         work.fetch(matmul(a, second));
       },
       0},
  };
}

TEST(FuseColumns, ReadsAndWritesWhatTheStepsDo) {
  for (const Case& one : cases()) {
    // Small whole numbers: no order of sums changes them.
    const auto draw = [random = std::mt19937(1)]() mutable { return static_cast<double>(random() % 5) - 2; };
    Work<float> by_program(draw), by_reference(draw);
    one.make(by_program);
    one.make(by_reference);
    const std::string listing = by_program.listing();
    EXPECT_EQ(loops_in(listing), VectorCode::is_available() ? one.loops : 0) << one.name << "\n" << listing;
    EXPECT_EQ(by_program.after(
                  2, [](const Graph& graph, const Task& task) { return compile_program(graph, task); }),
              by_reference.after(2, make_reference_executor))
        << one.name << "\n"
        << listing;
  }
}

TEST(FuseColumns, ReadsNoRowsThatAreTooFar) {
  const auto draw = [] { return 1.0; };
  Work<double> work(draw);
  // The wide matrix is looked at and not read.
  const Value a = work.leaf({5, 2}), b = work.leaf({2, kColumns});
  work.leaf({kColumns});
  const Value near = work.part({5, 1 << 20}, 2, 0), far = work.part({5, 1 << 26}, 2, 0);
  const auto part = [](const Value& wide) { return slice(wide, {0, 0}, {1, 1}, {5, kColumns}); };
  for (const auto& [wide, loops] : {std::pair(near, 1), {far, 0}}) {
    work.task.fetches.clear();
    work.fetch(matmul(a, b) + part(wide));
    EXPECT_EQ(loops_in(work.listing()), VectorCode::is_available() ? loops : 0) << work.listing();
  }
}

TEST(FuseColumns, SaysWhatALoopComputes) {
  const auto draw = [] { return 1.0; };
  Work<float> work(draw);
  const Value a = work.leaf({kRows, 2}), b = work.leaf({2, kColumns});
  const Value product = matmul(a, b), square = product * product;
  work.graph.set_name(product.id(), "product");
  work.graph.set_name(square.id(), "square");
  work.fetch(product);
  work.fetch(square);
  Profile profile;
  const auto program = compile_program(work.graph, work.task, {.profile = &profile});
  program->run();
  std::string names;
  double operations = 0;
  for (const Profile::Entry& entry : profile.entries) {
    names += (names.empty() ? "" : ", ") + entry.names;
    operations += entry.operations;
  }
  EXPECT_EQ(profile.entries.size(), VectorCode::is_available() ? 1U : 2U);
  EXPECT_EQ(names, "product, square");
  EXPECT_EQ(operations, kRows * kColumns * (2 * 2 + 1));
}

}  // namespace
}  // namespace talweg
