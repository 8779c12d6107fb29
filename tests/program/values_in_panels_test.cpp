// What weights and values that lie in panels may be used for beside the products of dense layers, and rules
// that update them: nobody sees a difference.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "graph/gradients.hpp"
#include "graph/value.hpp"
#include "kernels/instruction_sets.hpp"
#include "ops/registry.hpp"
#include "program/executor.hpp"
#include "program/lowering.hpp"
#include "program/simplify/simplify.hpp"

namespace talweg {
namespace {

/// What a loss is made of. All numbers are whole, or a few halves of such: no order of sums changes them.
class Uses {
 public:
  virtual ~Uses() = default;
  virtual Value leaf(const Shape& shape) = 0;
  virtual Value parameter(const Shape& shape) = 0;
};

using Rule = std::vector<Value> (*)(Value parameter, Value gradient, const std::vector<Value>& states);

template <class T>
class Training final : public Uses {
 public:
  Training() : graph(sizeof(T) == sizeof(float) ? DType::float32 : DType::float64) { register_ops(); }

  Value leaf(const Shape& shape) override {
    std::vector<T>& values = memory.emplace_back(static_cast<std::size_t>(shape.elements()));
    std::mt19937 random(static_cast<unsigned>(memory.size()));
    for (T& value : values)
      if (random() % 10 < 3) value = random() % 2 == 0 ? T(1) : T(-1);
    return bound(shape, values.data());
  }
  Value parameter(const Shape& shape) override {
    parameters.push_back(leaf(shape));
    return parameters.back();
  }

  /// The rule makes of a parameter, its gradient and its states the new ones.
  void finish(Value loss, Rule rule, std::size_t states) {
    const std::vector<Value> found = gradients(loss, parameters);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      std::vector<Value> before;
      for (std::size_t j = 0; j < states; ++j) {
        memory.emplace_back(static_cast<std::size_t>(parameters[i].shape().elements()));
        before.push_back(bound(parameters[i].shape(), memory.back().data()));
      }
      const std::vector<Value> after = rule(parameters[i], found[i], before);
      before.insert(before.begin(), parameters[i]);
      for (std::size_t j = 0; j < after.size(); ++j)
        task.assignments.push_back(
            {after[j].id(), std::ranges::find(task.bindings, before[j].id(), &Binding::leaf)->data});
    }
    task.fetches.push_back(loss.id());
  }

  Graph graph;
  Task task;
  std::deque<std::vector<T>> memory;
  std::vector<Value> parameters;

 private:
  Value bound(const Shape& shape, T* data) {
    const Value value = graph.add_leaf("state", "", shape, graph.floating());
    task.bindings.push_back({value.id(), data});
    return value;
  }
};

Value rows(Value x, std::int64_t first, std::int64_t count) {
  return slice(x, {first, 0}, {1, 1}, {count, x.shape()[1]});
}
Value relu(Value x) { return emit("relu", {x}); }
Value absolute(Value x) { return emit("abs", {x}); }
Value weighted(Uses& uses, Value x) { return sum_all(x * uses.leaf(x.shape())); }

/// 64 examples to 320 units; of them, or of what is made of them, a further layer has 160.
struct Layer {
  explicit Layer(Uses& uses, std::int64_t examples = 64)
      : input(uses.leaf({examples, 160})),
        weights(uses.parameter({160, 320})),
        output(matmul(input, weights)) {}
  Value input, weights, output;
};
Value further(Uses& uses, Value x) { return weighted(uses, matmul(x, uses.parameter({x.shape()[1], 160}))); }

struct Case {
  const char* name;
  Value (*loss)(Uses& uses);
};

const std::vector<Case> kCases = {
    {"the usual ones",
     [](Uses& uses) { return further(uses, relu(Layer(uses).output + uses.parameter({320}))); }},
    {"relu of the first half",
     [](Uses& uses) { return further(uses, relu(rows(Layer(uses).output, 0, 32))); }},
    {"relu of the second half",
     [](Uses& uses) { return further(uses, relu(rows(Layer(uses).output, 32, 32))); }},
    {"a half plus a row",
     [](Uses& uses) {
       return further(uses, absolute(rows(Layer(uses).output, 0, 32) + uses.parameter({320})));
     }},
    {"another shape plus a row",
     [](Uses& uses) {
       return further(uses, absolute(reshape(Layer(uses).output, {128, 160}) + uses.parameter({160})));
     }},
    {"values of another shape",
     [](Uses& uses) {
       return further(uses, absolute(reshape(Layer(uses, 16).output, {32, 160})));
     }},
    {"a third axis plus a row",
     [](Uses& uses) {
       const Value heads = absolute(reshape(Layer(uses).output, {64, 2, 160}) + uses.parameter({160}));
       return further(uses, reshape(heads, {64, 320}));
     }},
    {"relu of another shape",
     [](Uses& uses) {
       return further(uses, relu(reshape(Layer(uses).output, {128, 160})));
     }},
    {"relu of relu of another shape",
     [](Uses& uses) {
       const Value h = relu(Layer(uses).output + uses.parameter({320}));
       return further(uses, reshape(relu(reshape(h, {32, 640})), {64, 320}));
     }},
    {"the difference of halves",
     [](Uses& uses) {
       const Value h = Layer(uses).output + uses.parameter({320});
       return further(uses, rows(h, 0, 32) - rows(h, 32, 32));
     }},
    {"a half times a number",
     [](Uses& uses) {
       const Value h = Layer(uses).output + uses.parameter({320});
       return further(uses, rows(h, 32, 32) * uses.leaf({}));
     }},
    {"the sum of a half's rows",
     [](Uses& uses) {
       const Value h = Layer(uses).output + uses.parameter({320});
       const Value loss = further(uses, h);
       return loss + weighted(uses, sum(rows(h, 32, 32), {0}));
     }},
    {"one of the numbers",
     [](Uses& uses) {
       const Value h = relu(Layer(uses).output + uses.parameter({320}));
       return further(uses, h - stop_gradient(slice(h, {1, 3}, {1, 1}, {1, 1})));
     }},
    {"the upper part of a concatenation",
     [](Uses& uses) {
       const Value h = relu(Layer(uses, 32).output);
       return further(uses, concatenate({h, uses.leaf({32, 320})}, 0));
     }},
    {"one example",
     [](Uses& uses) {
       const Value weights = uses.parameter({640, 640}), fixed = stop_gradient(weights);
       const Value h = matmul(relu(matmul(uses.parameter({1, 640}), fixed)), fixed);
       return weighted(uses, matmul(uses.leaf({32, 640}), weights)) +
              weighted(uses, matmul(absolute(h), fixed));
     }},
    {"the matrix turned around",
     [](Uses& uses) {
       const Value h = relu(Layer(uses).output);
       return further(uses, h) + weighted(uses, matmul(h, transpose(h, {1, 0})));
     }},
    {"weights used twice",
     [](Uses& uses) {
       const Value weights = uses.parameter({320, 320});
       const Value h = relu(matmul(uses.leaf({64, 320}), weights));
       return further(uses, relu(matmul(h, stop_gradient(weights))));
     }},
    {"values before and after relu",
     [](Uses& uses) {
       const Value h = Layer(uses).output + uses.parameter({320});
       return further(uses, relu(h)) + further(uses, h);
     }},
    {"what is left behind two layers",
     [](Uses& uses) {
       const Value h = relu(Layer(uses).output + uses.parameter({320}));
       return further(uses, relu(matmul(h, uses.parameter({320, 320})) + uses.parameter({320})) + h);
     }},
    {"a bias that is computed",
     [](Uses& uses) {
       const Value bias = uses.parameter({320});
       return further(uses, relu(Layer(uses).output + bias * bias));
     }},
    {"a bias that is one of several rows",
     [](Uses& uses) {
       return further(uses, relu(Layer(uses).output + rows(uses.parameter({3, 320}), 1, 1)));
     }},
    {"a bias twice",
     [](Uses& uses) {
       const Value h = Layer(uses).output, bias = uses.parameter({320});
       return further(uses, (h + bias) * (h + bias + 1.0));
     }},
    {"batch statistics",
     [](Uses& uses) {
       const Value h = Layer(uses).output;
       return further(uses, relu(h - sum(h, {0}, true) * (1.0 / 64)));
     }},
    {"sums of columns",
     [](Uses& uses) {
       const Value h = relu(Layer(uses, 16).output + uses.parameter({320}));
       return further(uses, h) + weighted(uses, sum(h, {1}));
     }},
    {"as many units as a panel has columns", [](Uses& uses) {
       const Value x = uses.leaf({16, 2000});
       const Value h = relu(matmul(x, uses.parameter({2000, 16})) + uses.parameter({16}));
       return weighted(uses, matmul(h, uses.parameter({16, 2000})));
     }}};

std::vector<Value> descend(Value parameter, Value gradient, const std::vector<Value>& /*states*/) {
  return {parameter - 0.125 * gradient};
}
std::vector<Value> with_momentum(Value parameter, Value gradient, const std::vector<Value>& states) {
  const Value velocity = 0.5 * states[0] + gradient;
  return {parameter - 0.125 * velocity, velocity};
}
std::vector<Value> with_two_states(Value parameter, Value gradient, const std::vector<Value>& states) {
  const Value first = 0.5 * states[0] + gradient, second = states[1] + absolute(gradient) - 0.5 * parameter;
  return {parameter - 0.125 * (first + second), first, second};
}

std::vector<Value> with_a_rate_among_the_weights(Value parameter, Value gradient,
                                                 const std::vector<Value>& /*states*/) {
  const Value flat = reshape(parameter, {parameter.shape().elements()});
  const Value rate = reshape(slice(flat, {3}, {1}, {1}), {});
  return {parameter - rate * gradient};
}
std::vector<Value> with_momentum_and_such_a_rate(Value parameter, Value gradient,
                                                 const std::vector<Value>& states) {
  const Value velocity = 0.5 * states[0] + gradient;
  return {with_a_rate_among_the_weights(parameter, velocity, {}).front(), velocity};
}
/// The state is not updated.
std::vector<Value> with_rates(Value parameter, Value gradient, const std::vector<Value>& states) {
  return {parameter - states[0] * gradient};
}

struct RuleCase {
  const char* name;
  Rule rule;
  std::size_t states;
};
constexpr RuleCase kRules[] = {{"descent", descend, 0},
                               {"momentum", with_momentum, 1},
                               {"two states", with_two_states, 2},
                               {"a rate among the weights", with_a_rate_among_the_weights, 0},
                               {"momentum and such a rate", with_momentum_and_such_a_rate, 1}};

template <class T>
class ValuesInPanelsOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ValuesInPanelsOf, Types);

/// So many that the numbers are exact.
template <class T>
void make_runs(Executor& executor) {
  executor.take_over();
  for (int i = 0; i < (sizeof(T) == sizeof(float) ? 1 : 2); ++i) executor.run();
  executor.hand_back();
}

TYPED_TEST(ValuesInPanelsOf, AreSeenByNobody) {
  using T = TypeParam;
  int threads = 1;
  for (const Case& one : kCases)
    for (const RuleCase& rule : kRules) {
      Training<T> plain, training;
      for (Training<T>* each : {&plain, &training}) each->finish(one.loss(*each), rule.rule, rule.states);
      const auto reference = make_reference_executor(plain.graph, plain.task);
      const auto program = compile_program(training.graph, training.task, {.threads = threads});
      make_runs<T>(*reference);
      make_runs<T>(*program);
      const std::string where = std::string(one.name) + ", " + rule.name + ", " + std::to_string(threads);
      const NodeId loss = plain.task.fetches.front();
      EXPECT_EQ(*static_cast<const T*>(program->value(loss)), *static_cast<const T*>(reference->value(loss)))
          << where;
      for (std::size_t i = 0; i < plain.memory.size(); ++i)
        ASSERT_TRUE(training.memory[i] == plain.memory[i]) << where << ": tensor " << i << "\n"
                                                           << program->listing();
      threads = threads == 1 ? 3 : threads == 3 ? 16 : 1;
    }
}

/// Layers, and what else may be done with their values, in a random order.
Value random_loss(Uses& uses, unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](unsigned count) { return static_cast<std::size_t>(random() % count); };
  std::vector<Value> values = {uses.leaf({64, 160}), uses.leaf({32, 320})}, weights, losses;
  const auto add_layer = [&](Value x) {
    constexpr std::int64_t kUnits[] = {160, 320, 300};  // the last do not fill panels
    const std::int64_t units = kUnits[below(3)];
    const bool known = !weights.empty() && weights.back().shape()[0] == x.shape()[1] && below(3) == 0;
    if (!known) weights.push_back(uses.parameter({x.shape()[1], units}));
    const Value output = matmul(x, known ? stop_gradient(weights.back()) : weights.back());
    return below(3) == 0 ? output : output + uses.parameter({output.shape()[1]});
  };
  for (int layers = 0; layers < 3;) {
    Value x =
        values[values.size() - 1 - below(static_cast<unsigned>(std::min<std::size_t>(values.size(), 3)))];
    const std::int64_t examples = x.shape()[0], units = x.shape()[1];
    switch (below(10)) {
      case 0:
      case 1:
      case 2:
        x = add_layer(x);
        ++layers;
        break;
      case 3:
      case 4:
        x = relu(x);
        break;
      case 5:
        x = absolute(x);
        break;
      case 6:
        if (examples >= 32) x = rows(x, static_cast<std::int64_t>(below(2)) * examples / 2, examples / 2);
        break;
      case 7:
        x = units == 320 ? reshape(x, {2 * examples, 160}) : concatenate({x, uses.leaf({32, units})}, 0);
        break;
      case 8:
        x = x - stop_gradient(slice(x, {1, 3}, {1, 1}, {1, 1}));
        break;
      default:
        losses.push_back(weighted(uses, sum(x, {static_cast<std::int64_t>(below(2))})));
    }
    if (x.shape()[0] <= 256) values.push_back(x);
  }
  Value loss = weighted(uses, values.back());
  for (const Value& more : losses) loss = loss + more;
  return loss;
}

TEST(ValuesInPanels, OfRandomLayersAreThoseOfTheReferenceExecutor) {
  std::size_t in_panels = 0;
  for (unsigned seed = 0; seed < 120; ++seed) {
    const RuleCase& rule = kRules[seed % std::size(kRules)];
    Training<double> plain, training;
    plain.finish(random_loss(plain, seed), rule.rule, rule.states);
    training.finish(random_loss(training, seed), rule.rule, rule.states);
    const auto reference = make_reference_executor(plain.graph, plain.task);
    const auto program = compile_program(training.graph, training.task, {.threads = 1 + 2 * (seed % 2 == 0)});
    make_runs<double>(*reference);
    make_runs<double>(*program);
    in_panels += program->listing().find("panel product") != std::string::npos ? 1 : 0;
    for (std::size_t i = 0; i < plain.memory.size(); ++i)
      ASSERT_TRUE(training.memory[i] == plain.memory[i]) << "seed " << seed << ": tensor " << i << "\n"
                                                         << program->listing();
  }
  EXPECT_EQ(in_panels > 40, has_avx2()) << in_panels;
}

/// Behind the last element that the view shows.
std::int64_t end_of(const View& view) {
  std::int64_t last = view.offset;
  for (int axis = 0; axis < view.shape.rank(); ++axis)
    last += (view.shape[axis] - 1) * std::max<std::int64_t>(view.stride(axis), 0);
  return last + 1;
}

TYPED_TEST(ValuesInPanelsOf, StayWithinTheirBuffers) {
  for (const Case& one : kCases)
    for (const RuleCase& rule : kRules) {
      Training<TypeParam> training;
      training.finish(one.loss(training), rule.rule, rule.states);
      const Simplified simplified = simplify(training.graph, training.task);
      const Plan plan = lower(*simplified.graph, simplified.task).plan;
      for (const auto& step : plan.steps)
        for (const std::vector<View>& views : {step->reads(), step->writes()})
          for (const View& view : views)
            EXPECT_LE(end_of(view), plan.buffers[view.buffer].elements)
                << one.name << ", " << rule.name << ": " << step->text();
    }
}

TEST(ValuesInPanels, AreShownToOthersBetweenRuns) {
  for (const RuleCase& rule : kRules) {
    Training<double> plain, training;
    for (Training<double>* one : {&plain, &training})
      one->finish(kCases.front().loss(*one), rule.rule, rule.states);
    const auto reference = make_reference_executor(plain.graph, plain.task);
    const auto program = compile_program(training.graph, training.task);
    const auto expect_same = [&](std::size_t tensor) {
      EXPECT_TRUE(training.memory[tensor] == plain.memory[tensor]) << rule.name << ": tensor " << tensor;
    };
    program->take_over();
    for (int run = 0; run < 2; ++run) {
      reference->run();
      program->run();
      const std::vector<std::vector<double>> before(training.memory.begin(), training.memory.end());
      program->show(std::as_bytes(std::span(training.memory[1])));  // of the first weights
      expect_same(1);
      for (std::size_t i = 0; i < before.size(); ++i)
        EXPECT_TRUE(i == 1 || training.memory[i] == before[i]) << "nobody asked for " << i;
    }
    program->hand_back();
    for (std::size_t i = 0; i < plain.memory.size(); ++i) expect_same(i);
    std::ranges::fill(training.memory[1], 7.0);
    program->show(std::as_bytes(std::span(training.memory[1])));
    EXPECT_EQ(training.memory[1].front(), 7.0) << "it has been handed back";
  }
}

TEST(ValuesInPanels, AreNotWhatTheCallerMayChangeBetweenRuns) {
  Training<float> plain, training;
  for (Training<float>* one : {&plain, &training}) one->finish(kCases.front().loss(*one), with_rates, 1);
  const auto reference = make_reference_executor(plain.graph, plain.task);
  const auto program = compile_program(training.graph, training.task);
  program->take_over();
  for (const float rate : {0.5F, 0.0F}) {
    for (Training<float>* one : {&plain, &training}) std::ranges::fill(one->memory.back(), rate);
    reference->run();
    program->run();
  }
  program->hand_back();
  for (std::size_t i = 0; i < plain.memory.size(); ++i)
    EXPECT_TRUE(training.memory[i] == plain.memory[i]) << i;
}

TEST(WeightsInPanels, AreInMemoryTwiceOnlyWhereTheyAreNotVeryLarge) {
  register_ops();
  Graph graph(DType::float32);
  Task task;
  std::deque<std::unique_ptr<float[]>> memory;  // that nobody touches
  const auto leaf = [&](const Shape& shape) {
    memory.push_back(std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(shape.elements())));
    const Value value = graph.add_leaf("state", "", shape, DType::float32);
    task.bindings.push_back({value.id(), memory.back().get()});
    return value;
  };
  constexpr std::int64_t kUnits = 8192;  // their square is as much as is taken over
  std::vector<Value> weights;
  Value x = leaf({16, kUnits});
  for (const std::int64_t units : {kUnits, std::int64_t{160}, std::int64_t{160}}) {
    weights.push_back(leaf({x.shape()[1], units}));
    x = matmul(x, weights.back());
  }
  const std::vector<Value> found = gradients(sum_all(x * x), weights);
  for (std::size_t i = 0; i < weights.size(); ++i)
    task.assignments.push_back({(weights[i] - 0.125 * found[i]).id(), memory[i + 1].get()});
  std::int64_t taken = 0;
  for (const Buffer& buffer : lower(graph, task).plan.buffers)
    if (buffer.kind == Buffer::Kind::lasting) taken += buffer.elements;
  EXPECT_EQ(taken > 0, has_avx2());
  EXPECT_LE(taken, kUnits * kUnits);
}

TEST(WeightsInPanels, AreUpdatedByAnyElementwiseRule) {
  for (const RuleCase& rule : {kRules[0], kRules[1], kRules[2]}) {
    Training<float> training;
    training.finish(kCases.front().loss(training), rule.rule, rule.states);
    const std::string listing = compile_program(training.graph, training.task)->listing();
    EXPECT_EQ(listing.find("large product") == std::string::npos, has_avx2()) << rule.name << "\n" << listing;
  }
}

}  // namespace
}  // namespace talweg
