// Dense layers whose weights lie in panels from run to run: which do, and that nobody sees a difference.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "graph/gradients.hpp"
#include "graph/value.hpp"
#include "kernels/instruction_sets.hpp"
#include "ops/registry.hpp"
#include "program/executor.hpp"
#include "program/profile.hpp"

namespace talweg {
namespace {

/// How three layers are not the usual ones.
struct Variant {
  const char* name = "the usual ones";
  std::int64_t examples = 80;
  std::vector<std::int64_t> units = {160, 320, 352, 10};  ///< of the inputs, too
  const char* activation = "relu";
  bool has_bias = true;
  bool joins_inputs = false;    ///< the second layer has the first one's inputs, too
  bool adds_inputs = false;     ///< it has them by weights of their own
  std::int64_t between = 0;     ///< and before those a layer of so many units
  bool shares_weights = false;  ///< the third layer multiplies by the second one's, transposed
  bool needs_squares = false;   ///< of the first weights, in the loss
  bool is_fetched = false;      ///< the second layer
  bool keeps_gradient = false;  ///< of the second weights
  bool inputs_stay = false;     ///< from run to run
  unsigned input_percent = 2;   ///< of the inputs are not zero
  unsigned last_percent = 2;    ///< of the last weights and of the loss's are not
  // In a step's program: weights in panels that products are subtracted from, and what is copied to panels
  // from elsewhere and from panels. And the products that add a bias, if there are any: by default all.
  std::size_t weights = 3, packed = 3, turned = 1;
  std::optional<std::size_t> biases = {};
};

/// A step of gradient descent. All numbers are small and whole, or a few halves of such: no order of sums
/// changes them.
template <class T>
class Layers {
 public:
  explicit Layers(const Variant& variant)
      : graph(sizeof(T) == sizeof(float) ? DType::float32 : DType::float64) {
    register_ops();
    const std::vector<std::int64_t>& units = variant.units;
    const Value input = leaf({variant.examples, units[0]}, variant.input_percent);
    task.bindings.back().stays = variant.inputs_stay;
    const Value direction =
        leaf({variant.examples, variant.shares_weights ? units[1] : units[3]}, variant.last_percent);
    rate = leaf({}, 100);
    std::vector<Value> parameters, more;
    Value layer = input, loss, second_layer;
    for (std::size_t i = 0; i < 3; ++i) {
      if (i == 1 && variant.joins_inputs) layer = concatenate({layer, input}, 1);
      const bool shares = i == 2 && variant.shares_weights;
      const Value weights = shares
                                ? parameters[variant.has_bias ? 2 : 1]
                                : leaf({layer.shape()[1], units[i + 1]}, i == 2 ? variant.last_percent : 2);
      layer = emit("matmul", {layer, shares ? transpose(weights, {1, 0}) : weights});
      if (!shares) parameters.push_back(weights);
      if (i == 1 && variant.adds_inputs) {
        Value added = input;
        if (variant.between > 0) {
          more.push_back(leaf({units[0], variant.between}, 2));
          added = emit("relu", {emit("matmul", {input, more.back()})});
        }
        more.push_back(leaf({added.shape()[1], units[2]}, 2));
        layer = layer + emit("matmul", {added, more.back()});
      }
      if (variant.has_bias) {
        parameters.push_back(leaf({layer.shape()[1]}, 30));
        layer = layer + parameters.back();
      }
      if (i < 2 && *variant.activation != '\0') layer = emit(variant.activation, {layer});
      if (i == 1) second_layer = layer;
    }
    const auto sum = [](Value of) {
      return emit("sum", {of}, {{"axes", Integers{0, 1}}, {"keepdims", false}});
    };
    loss = sum(emit("abs", {layer}) * direction);  // all three products are needed
    if (variant.needs_squares) loss = loss + sum(parameters[0] * parameters[0]);
    parameters.insert(parameters.end(), more.begin(), more.end());
    const std::vector<Value> found = gradients(loss, parameters);
    for (std::size_t i = 0; i < parameters.size(); ++i)
      task.assignments.push_back({(parameters[i] - rate * found[i]).id(), memory_of(parameters[i])});
    if (variant.is_fetched) task.fetches.push_back(second_layer.id());
    if (variant.keeps_gradient) task.fetches.push_back(found[variant.has_bias ? 2 : 1].id());
  }

  [[nodiscard]] const std::deque<std::vector<T>>& memory() const { return memory_; }
  [[nodiscard]] T* memory_of(Value value) {
    return static_cast<T*>(std::ranges::find(task.bindings, value.id(), &Binding::leaf)->data);
  }
  /// What is fetched, and all memory.
  [[nodiscard]] std::vector<std::vector<T>> values(const Executor& executor) const {
    std::vector<std::vector<T>> all(memory_.begin(), memory_.end());
    for (NodeId fetch : task.fetches) {
      const T* from = static_cast<const T*>(executor.value(fetch));
      all.emplace_back(from, from + graph[fetch].shape.elements());
    }
    return all;
  }

  Graph graph;
  Task task;
  Value rate;

 private:
  /// Of the values, so many per cent are -1 or 1, or all 1; the others are 0.
  Value leaf(const Shape& shape, unsigned percent) {
    std::vector<T>& values = memory_.emplace_back(static_cast<std::size_t>(shape.elements()));
    std::mt19937 random(static_cast<unsigned>(memory_.size()));
    for (T& value : values)
      if (random() % 100 < percent) value = random() % 2 == 0 || percent == 100 ? T(1) : T(-1);
    const Value value = graph.add_leaf("state", "", shape, graph.floating());
    task.bindings.push_back({value.id(), values.data()});
    return value;
  }

  std::deque<std::vector<T>> memory_;
};

std::vector<Variant> variants() {
  std::vector<Variant> all(1);
  const auto add = [&](const char* name, auto change) {
    all.emplace_back();
    all.back().name = name;
    change(all.back());
  };
  add("without biases", [](Variant& variant) { variant.has_bias = false; });
  add("without activations", [](Variant& variant) { variant.activation = ""; });
  add("of another activation", [](Variant& variant) { variant.activation = "abs"; });
  add("whose values do not fill panels", [](Variant& variant) {
    variant.examples = 67;
    variant.units = {161, 320, 352, 7};
  });
  add("whose units do not fill panels", [](Variant& variant) { variant.units = {160, 300, 330, 10}; });
  add("of many units that do not fill panels", [](Variant& variant) {
    variant.examples = 140;
    variant.units = {160, 500, 1000, 10};
  });
  add("with as many units as examples", [](Variant& variant) {
    variant.examples = 64;
    variant.units = {600, 700, 64, 1024};
  });
  add("with as many units as examples, which do not fill panels", [](Variant& variant) {
    variant.examples = 100;
    variant.units = {600, 700, 100, 1024};
  });
  add("with the inputs once more", [](Variant& variant) {
    variant.joins_inputs = true;
    variant.packed = 5;  // what is joined, and a gradient of a part of it
  });
  add("of two products", [](Variant& variant) {
    variant.adds_inputs = true;
    variant.weights = 4;
    variant.biases = 2;  // the second is added to a sum
    variant.packed = 6;
    variant.turned = 0;
  });
  add("of two products, one of so few inputs that no zeros are left out", [](Variant& variant) {
    variant.units = {160, 48, 1024, 10};
    variant.adds_inputs = true;
    variant.between = 320;
    variant.weights = 4;
    variant.biases = 1;
    variant.packed = 8;  // a gradient turned around twice: once for what may leave zeros out
    variant.turned = 0;
  });
  add("that share weights", [](Variant& variant) {
    variant.shares_weights = true;
    variant.weights = 1;
    variant.packed = 2;
    variant.turned = 0;
  });
  add("with a penalty", [](Variant& variant) {
    variant.needs_squares = true;
    variant.weights = 2;  // elementwise functions update the others
    variant.biases = 3;
  });
  add("whose values are read", [](Variant& variant) {
    variant.is_fetched = true;
    variant.packed = 6;  // the second layer, and its gradient as it is and turned around
    variant.turned = 0;
  });
  add("of which a gradient is read", [](Variant& variant) {
    variant.keeps_gradient = true;
    variant.weights = 2;
    variant.packed = 5;
    variant.turned = 0;
  });
  add("whose inputs stay", [](Variant& variant) { variant.inputs_stay = true; });
  add("whose inputs have few zeros", [](Variant& variant) { variant.input_percent = 90; });
  add("whose gradients have few zeros", [](Variant& variant) {
    variant.activation = "";
    variant.last_percent = 60;
  });
  add("of fewer examples than those of which zeros are left out",
      [](Variant& variant) { variant.examples = 31; });
  add("whose last panels threads divide", [](Variant& variant) {
    variant.examples = 160;
    variant.units = {320, 1024, 800, 10};
  });
  add("of two units", [](Variant& variant) { variant.units = {160, 320, 1024, 2}; });
  add("of several blocks", [](Variant& variant) {
    variant.examples = 140;
    variant.units = {290, 544, 352, 11};
  });
  return all;
}

/// Lines that have all the parts.
std::size_t count_lines(const std::string& text, const std::vector<std::string>& parts) {
  std::istringstream stream(text);
  std::size_t number = 0;
  for (std::string line; std::getline(stream, line);)
    number += std::ranges::all_of(
        parts, [&](const std::string& part) { return line.find(part) != std::string::npos; });
  return number;
}

TEST(WeightsInPanels, AreThoseThatAreOnlyMultipliedByAndUpdated) {
  for (const Variant& variant : variants()) {
    const Layers<float> layers(variant);
    const std::string listing = compile_program(layers.graph, layers.task)->listing();
    const std::size_t taken = count_lines(listing, {"after", "unpack"});
    const std::size_t stay = has_avx2() && variant.inputs_stay ? 1 : 0;
    EXPECT_EQ(count_lines(listing, {"before", "pack"}), taken + stay) << listing;
    const auto expect = [&](const std::vector<std::string>& parts, std::size_t expected) {
      EXPECT_EQ(count_lines(listing, parts), has_avx2() ? expected : 0)
          << variant.name << ": " << fmt::format("{}", fmt::join(parts, ", ")) << "\n"
          << listing;
    };
    expect({"panel product", "multiply subtract"}, variant.weights);
    expect({" pack "}, variant.packed + taken);
    expect({"transpose panels"}, variant.turned);
    expect({"panel product", ": add"}, variant.has_bias ? variant.biases.value_or(variant.weights) : 0);
  }
}

TEST(WeightsInPanels, HaveTheZerosFoundOfWhatTheyAreMultipliedBy) {
  const auto found = [](std::int64_t examples) {
    Variant variant;
    variant.examples = examples;
    const Layers<float> layers(variant);
    return count_lines(compile_program(layers.graph, layers.task)->listing(), {"find nonzeros"});
  };
  // The inputs, the first layer, and the gradients of the first and of the second one.
  EXPECT_EQ(found(80), has_avx2() ? 4U : 0U);
  EXPECT_EQ(found(31), 0U);
}

TEST(WeightsInPanels, LeaveZerosOutOfTheirProductsWhereTheseAreMany) {
  for (const unsigned percent : {2U, 50U, 90U}) {
    Variant variant;
    variant.input_percent = percent;
    const Layers<float> layers(variant);
    Profile profile;
    compile_program(layers.graph, layers.task, {.profile = &profile})->run();
    const std::vector<float>& input = layers.memory().front();
    const auto zeros = percent < 65 ? static_cast<double>(std::ranges::count(input, 0.0F)) : 0.0;
    const auto entry = [&](const std::string& text) {
      return std::ranges::find_if(profile.entries, [&](const Profile::Entry& one) {
        return one.text.find(text) != std::string::npos;
      });
    };
    const auto forward = entry("panel product (80, 160) @ (160, 320)"),
               update = entry("panel product (80, 160)^T @ (80, 320)"), turned = entry("where dense");
    if (!has_avx2()) {
      EXPECT_EQ(forward, profile.entries.end());
      continue;
    }
    const double products = 2.0 * 80 * 160 * 320;
    EXPECT_EQ(forward->operations, products - 2 * zeros * 320 + 2.0 * 80 * 320)
        << percent;  // and add and relu
    EXPECT_LE(update->operations, products - 2 * zeros * 320 + 2.0 * 160 * 320) << percent;
    EXPECT_EQ(turned->runs, 0) << "the gradient has few nonzeros";
  }
}

template <class T>
class PanelValues : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(PanelValues, Types);

/// Runs, each by itself or all together.
enum class Runs : std::uint8_t { single, together };

/// Of so many runs that the numbers are exact.
template <class T>
std::vector<std::vector<T>> values_after(const Layers<T>& layers, Executor& executor, Runs runs) {
  if (runs == Runs::together) executor.take_over();
  for (int i = 0; i < (sizeof(T) == sizeof(float) ? 2 : 3); ++i) executor.run();
  if (runs == Runs::together) executor.hand_back();
  return layers.values(executor);
}

TYPED_TEST(PanelValues, AreThoseOfTheReferenceExecutor) {
  using T = TypeParam;
  for (const Variant& variant : variants()) {
    Layers<T> plain(variant);
    const auto reference = make_reference_executor(plain.graph, plain.task);
    const auto expected = values_after(plain, *reference, Runs::single);
    for (const int threads : {1, 2, 3})
      for (const Runs runs : {Runs::single, Runs::together}) {
        const Layers<T> layers(variant);
        const auto program = compile_program(layers.graph, layers.task, {.threads = threads});
        const auto found = values_after(layers, *program, runs);
        for (std::size_t i = 0; i < expected.size(); ++i)
          for (std::size_t j = 0; j < expected[i].size(); ++j)
            ASSERT_EQ(found[i][j], expected[i][j])
                << variant.name << ", " << threads << " threads: element " << j << " of tensor " << i;
      }
  }
}

}  // namespace
}  // namespace talweg
