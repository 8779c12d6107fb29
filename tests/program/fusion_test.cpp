// Elementwise groups: updates are one pass over what they read and write, and what a group of the backward
// pass can compute of a value in memory is not written by the forward pass.

#include <gtest/gtest.h>

#include <deque>

#include "graph/gradients.hpp"
#include "graph/value.hpp"
#include "ops/registry.hpp"
#include "program/executor.hpp"

namespace talweg {
namespace {

constexpr std::int64_t kElements = 300'000;  // large enough to be fetched ahead

/// Vectors of one length, and what they become.
class Update {
 public:
  Value leaf(const char* name) {
    std::vector<float>& values = memory_.emplace_back(kElements);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0F + 1.0F / static_cast<float>(i + 1);
    const Value value = graph.add_leaf("state", name, {kElements}, DType::float32);
    task.bindings.push_back({value.id(), values.data()});
    return value;
  }
  void assign(std::size_t leaf, Value value) {
    task.assignments.push_back({value.id(), memory_[leaf].data()});
  }
  [[nodiscard]] std::deque<std::vector<float>>& memory() { return memory_; }

  Graph graph{DType::float32};
  Task task;

 private:
  std::deque<std::vector<float>> memory_;
};

/// Adam (Kingma and Ba 2015, algorithm 1), whose moments begin apart from each other.
void make_adam(Update& update) {
  const Value x = update.leaf("x"), g = update.leaf("g"), m = update.leaf("m"), v = update.leaf("v");
  const Value next_m = 0.9 * m + 0.1 * g;
  const Value next_v = 0.999 * v + 0.001 * (g * g);
  update.assign(0, x - 0.01 * next_m / (apply("sqrt", next_v) + 1e-8));
  update.assign(2, next_m);
  update.assign(3, next_v);
}

/// With the bias correction of the paper.
void make_corrected_adam(Update& update) {
  const Value x = update.leaf("x"), g = update.leaf("g"), m = update.leaf("m"), v = update.leaf("v");
  const Value decayed = g + 0.01 * x;
  const Value next_m = 0.9 * m + 0.1 * decayed;
  const Value next_v = 0.999 * v + 0.001 * apply("square", decayed);
  update.assign(0, x - 0.01 * (next_m / 0.19) / (apply("sqrt", next_v / 0.001999) + 1e-8));
  update.assign(2, next_m);
  update.assign(3, next_v);
}

/// Nesterov's momentum: the old velocity is read after the new one is known.
void make_nesterov(Update& update) {
  const Value x = update.leaf("x"), g = update.leaf("g"), v = update.leaf("v"), w = update.leaf("w");
  const Value next_v = 0.9 * v - 0.01 * g;
  update.assign(0, x + (next_v + 0.9 * (next_v - v)) * w);
  update.assign(2, next_v);
}

/// Two states that exchange places: what one was is read when the other is written.
void make_exchange(Update& update) {
  const Value x = update.leaf("x"), y = update.leaf("y"), z = update.leaf("z");
  update.leaf("w");
  update.assign(0, y * z + x * x);
  update.assign(1, apply("sqrt", x / 3.0) + y);
  update.assign(2, (x - y) / z);
}

TEST(Fusion, MakesOnePassOfAnElementwiseUpdateInPlace) {
  register_ops();
  Update update;
  make_adam(update);
  const std::string listing = compile_program(update.graph, update.task)->listing();
  EXPECT_NE(listing.find("\n1 instruction,"), std::string::npos) << listing;
}

TEST(Fusion, OfGroupsThatWaitForOthersStaysApart) {
  register_ops();
  Update update;
  const Value x = update.leaf("x"), y = update.leaf("y");
  const Value first = apply("exp", x), total = sum_all(first);
  update.assign(0, first + apply("sin", y) / total);  // the sum needs all of `first` before
  const std::string listing = compile_program(update.graph, update.task)->listing();
  EXPECT_NE(listing.find("\n3 instructions"), std::string::npos) << listing;
}

/// How often `part` occurs in `text`.
int count_of(std::string_view part, std::string_view text) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// Matrices of 8 x 8 in a program that is looked at and not run: they all share one memory.
class Matrices {
 public:
  Value leaf(const char* name, const Shape& shape = {8, 8}) {
    const Value value = graph.add_leaf("state", name, shape, DType::float32);
    task_.bindings.push_back({value.id(), memory_.data()});
    return value;
  }
  std::string listing_of(const std::vector<Value>& fetches) {
    for (const Value& fetch : fetches) task_.fetches.push_back(fetch.id());
    return compile_program(graph, task_)->listing();
  }

  Graph graph{DType::float32};

 private:
  Task task_;
  std::vector<float> memory_ = std::vector<float>(64);
};

TEST(Fusion, LeavesWhatAGradientTakesOfAnActivationToTheBackwardPass) {
  register_ops();
  struct Case {
    const char* name;
    Value (*activation)(const Value&);
    const char* forward;
    const char* backward;  ///< begins so
  };
  for (const Case& test : {
           Case{"relu", [](const Value& x) { return apply("relu", x); }, "relu", "less_equal where"},
           Case{"sigmoid", [](const Value& x) { return apply("sigmoid", x); }, "sigmoid",
                "subtract multiply multiply"},
           Case{"tanh", [](const Value& x) { return apply("tanh", x); }, "tanh", "square subtract multiply"},
           Case{"silu", [](const Value& x) { return apply("silu", x); }, "silu", "sigmoid"},
           Case{"gelu", [](const Value& x) { return apply("gelu", x); }, "gelu", "gelu_derivative multiply"},
       }) {
    Matrices matrices;
    const Value x = matrices.leaf("x"), a = matrices.leaf("a"), b = matrices.leaf("b"),
                c = matrices.leaf("c");
    const Value first = test.activation(matmul(x, a)), second = test.activation(matmul(first, b));
    const Value y = matmul(second, c);
    const std::string listing = matrices.listing_of(gradients(sum_all(y * y), std::vector<Value>{a, b, c}));
    const std::string group = "elementwise (8, 8): ";
    EXPECT_EQ(count_of(group + test.forward + "\n", listing), 2) << test.name << "\n" << listing;
    EXPECT_EQ(count_of(group + test.backward, listing), 2) << test.name << "\n" << listing;
  }
}

TEST(Fusion, LeavesItToTheBackwardPassWhereTheActivationsInputIsInMemoryToo) {
  register_ops();
  Matrices matrices;
  const Value x = matrices.leaf("x"), a = matrices.leaf("a"), b = matrices.leaf("b");
  const Value sum = matmul(x, a) + b, y = matmul(sum, b) + matmul(apply("silu", sum), b);
  const std::string listing = matrices.listing_of(gradients(sum_all(y * y), std::vector<Value>{a, b}));
  EXPECT_EQ(count_of("elementwise (8, 8): add silu\n", listing), 1) << listing;
}

TEST(Fusion, ComputesWhatAProductReadsWhereItsInputIs) {
  register_ops();
  Matrices matrices;
  const Value x = matrices.leaf("x"), a = matrices.leaf("a");
  const Value h = apply("tanh", matmul(x, a)), product = matmul(h, a), half = matmul(0.5 * h, a);
  const std::string listing = matrices.listing_of({product, half});
  EXPECT_EQ(count_of("elementwise (8, 8): tanh multiply\n", listing), 1) << listing;
}

TEST(Fusion, MakesOneStepOfTheFunctionsOfASingleNumber) {
  register_ops();
  Matrices matrices;
  const Value x = matrices.leaf("x", {});
  const std::string listing = matrices.listing_of({apply("exp", x), apply("sin", x), apply("cos", x)});
  EXPECT_EQ(count_of("elementwise (): exp sin cos\n", listing), 1) << listing;
}

TEST(Fusion, KeepsTheNamesOfWhatStepsCompute) {
  register_ops();
  Matrices matrices;
  const auto named = [&](const Value& value, const char* name) {
    matrices.graph.set_name(value.id(), name);
    return value;
  };
  const Shape shape = {20, 20};  // too large for one loop over columns (fuse_columns.hpp)
  const Value x = matrices.leaf("x", shape), a = matrices.leaf("a", shape);
  const Value first = named(matmul(x, a), "first");
  const Value left = named(first + 1.0, "left"), middle = named(matmul(first, a), "middle");
  const Value right = named(apply("exp", a), "right");
  const Value both = named(left * right, "both");  // two groups become one
  const Value last = named(matmul(both, middle), "last");
  const std::string listing = matrices.listing_of({last});
  for (const char* part : {"-> first\n", "-> middle\n", "left, right, both\n", "-> last\n"})
    EXPECT_EQ(count_of(part, listing), 1) << part << listing;
}

TEST(Fusion, DoesNotChangeTheValues) {
  register_ops();
  for (const auto make : {make_adam, make_corrected_adam, make_nesterov, make_exchange}) {
    Update by_reference;
    make(by_reference);
    make_reference_executor(by_reference.graph, by_reference.task)->run();
    for (int threads : {1, 2}) {
      Update again;
      make(again);
      compile_program(again.graph, again.task, {.threads = threads})->run();
      for (std::size_t leaf = 0; leaf < 4; ++leaf)
        EXPECT_EQ(again.memory()[leaf], by_reference.memory()[leaf]);
    }
  }
}

}  // namespace
}  // namespace talweg
