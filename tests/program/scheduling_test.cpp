// Large updates happen as soon as they can, piece by piece and where gradients are computed, and nobody sees
// a difference.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "graph/value.hpp"
#include "kernels/instruction_sets.hpp"
#include "ops/registry.hpp"
#include "program/executor.hpp"
#include "program/scheduling/divide_updates.hpp"
#include "program/scheduling/update_early.hpp"
#include "program/touch_step.hpp"

namespace talweg {
namespace {

struct Sizes {
  std::int64_t inputs, hidden, outputs;
};
constexpr Sizes kLarge = {600, 450, 590}, kSmall = {6, 4, 5};
static_assert(kLarge.inputs * kLarge.hidden > kLargePart && kLarge.hidden * kLarge.outputs > kLargePart);

/// A step for two layers whose parameters lie end to end. All numbers are small and whole, or a few halves of
/// such: no order of sums changes them.
class TwoLayers {
 public:
  explicit TwoLayers(const Sizes& sizes = kLarge) {
    register_ops();
    const auto [inputs, hidden_size, outputs] = sizes;
    const std::int64_t in_first = inputs * hidden_size, in_second = hidden_size * outputs;
    const std::int64_t number = in_first + hidden_size + in_second + outputs;
    float* x = values(kExamples * inputs);
    float* parameters = values(number);
    float* velocity = values(number);
    input = leaf({kExamples, inputs}, x);
    flat = leaf({number}, parameters);
    first = leaf({inputs, hidden_size}, parameters);
    const Value first_bias = leaf({hidden_size}, parameters + in_first);
    second = leaf({hidden_size, outputs}, parameters + in_first + hidden_size);
    const Value second_bias = leaf({outputs}, parameters + in_first + hidden_size + in_second);
    hidden = emit("matmul", {input, first}) + first_bias;
    output = emit("matmul", {hidden, second}) + second_bias;
    const auto sum_of_rows = [](Value rows) {
      return emit("sum", {rows}, {{"axes", Integers{0}}, {"keepdims", false}});
    };
    const Value second_gradient = emit("matmul", {transpose(hidden, {1, 0}), output});
    const Value by_hidden = emit("matmul", {output, transpose(second, {1, 0})});
    parts = {emit("matmul", {transpose(input, {1, 0}), by_hidden}), sum_of_rows(by_hidden), second_gradient,
             sum_of_rows(output)};
    old_velocity = leaf(flat.shape(), velocity);
    destinations = {parameters, velocity};
  }

  void join() {
    std::vector<Value> ends;
    for (const Value& part : parts) ends.push_back(reshape(part, {part.shape().elements()}));
    gradient = concatenate(ends, 0);
  }
  /// Gradient descent.
  void descend() {
    join();
    task.assignments = {{(flat - 0.25 * gradient).id(), destinations[0]}};
  }
  void descend_without_a_scale() {
    join();
    task.assignments = {{(flat - gradient).id(), destinations[0]}};
  }
  /// Gradient descent with momentum.
  void finish() {
    join();
    const Value next = 0.5 * old_velocity + gradient;
    task.assignments = {{(flat - 0.25 * next).id(), destinations[0]}, {next.id(), destinations[1]}};
  }

  [[nodiscard]] const std::deque<std::vector<float>>& memory() const { return memory_; }

  Graph graph{DType::float32};
  Task task;
  Value input, flat, first, second, hidden, output, old_velocity, gradient;
  std::vector<Value> parts;
  std::vector<float*> destinations;

 private:
  static constexpr std::int64_t kExamples = 8;

  float* values(std::int64_t count) {
    std::vector<float>& values = memory_.emplace_back(static_cast<std::size_t>(count));
    std::mt19937 random(static_cast<unsigned>(memory_.size()));
    for (float& value : values)
      if (random() % 20 == 0) value = random() % 2 == 0 ? 1.0F : -1.0F;
    return values.data();
  }
  Value leaf(const Shape& shape, float* data) {
    const Value value = graph.add_leaf("state", "", shape, DType::float32);
    task.bindings.push_back({value.id(), data});
    return value;
  }

  std::deque<std::vector<float>> memory_;
};

/// What is subtracted from the second weight is a product of the first.
void read_first(TwoLayers& network) {
  network.parts[2] = emit("matmul", {transpose(network.first, {1, 0}),
                                     emit("matmul", {transpose(network.input, {1, 0}), network.output})});
  network.descend();
}

/// The sum of a gradient is used, too.
void read_a_gradient(TwoLayers& network) {
  network.descend();
  const Value sum = emit("sum", {network.parts[0]}, {{"axes", Integers{0, 1}}, {"keepdims", false}});
  network.task.assignments.push_back({(network.old_velocity + sum).id(), network.destinations[1]});
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Those of the texts that lines of the listing have, in the order of the lines.
std::vector<std::string> found_in(const std::string& listing, const std::vector<std::string>& texts) {
  std::vector<std::string> found;
  for (const std::string& line : lines_of(listing))
    for (const std::string& text : texts)
      if (line.find(text) != std::string::npos) found.push_back(text);
  return found;
}

TEST(Scheduling, UpdatesALargeWeightBehindItsGradientAndItsLastReader) {
  TwoLayers network;
  network.finish();
  const std::string listing = compile_program(network.graph, network.task)->listing();
  const std::vector<std::string> steps = {"product (450, 8)^T", "product (8, 590)", "elementwise (265500,)",
                                          "product (600, 8)^T", "elementwise (270000,)"};
  EXPECT_EQ(found_in(listing, steps), steps) << listing;
}

TEST(Scheduling, SubtractsAGradientWhereItIsComputed) {
  struct Case {
    const char* name;
    void (*finish)(TwoLayers&);
    std::vector<std::string> steps;  ///< of small layers
  };
  const std::string first = "product (6, 8)^T @ (8, 4)", second = "product (4, 8)^T @ (8, 5)",
                    subtracted = ": multiply subtract";
  const std::vector<Case> cases = {
      {"behind the last reader of the weight",
       [](TwoLayers& network) { network.descend(); },
       {"copy (5, 4)", second + subtracted, first + subtracted, "elementwise (4,)" + subtracted,
        "elementwise (5,)" + subtracted}},
      {"without a scale",
       [](TwoLayers& network) { network.descend_without_a_scale(); },
       {second + ": subtract", first + ": subtract", "elementwise (4,): subtract",
        "elementwise (5,): subtract"}},
      {"not of a difference that is no update",
       [](TwoLayers& network) {
         network.join();
         network.task.fetches = {(network.old_velocity - network.gradient).id()};
       },
       {second, first, "elementwise (53,): subtract"}},
      {"not a gradient that is fetched",
       [](TwoLayers& network) {
         network.descend();
         network.task.fetches = {network.parts[0].id()};
       },
       {second, first, "elementwise (53,)" + subtracted}},
      {"one, though something else reads another", read_a_gradient, {second + subtracted, first}},
      {"not with momentum", [](TwoLayers& network) { network.finish(); }, {second, first}},
      {"not if something else is needed",
       [](TwoLayers& network) {
         network.join();
         network.task.assignments = {
             {(network.flat - 0.25 * network.gradient + 1.0).id(), network.destinations[0]}};
       },
       {second, first}},
      {"not from other numbers",
       [](TwoLayers& network) {
         network.join();
         network.task.assignments = {
             {(network.old_velocity - 0.25 * network.gradient).id(), network.destinations[0]}};
       },
       {second, first}},
      {"not if the product reads a weight", read_first, {"product (4, 6)^T @ (6, 5)", first + subtracted}},
  };
  for (const Case& one : cases) {
    TwoLayers network(kSmall);
    one.finish(network);
    const std::string listing = compile_program(network.graph, network.task)->listing();
    EXPECT_EQ(found_in(listing, one.steps), one.steps) << one.name << "\n" << listing;
    const auto is_subtracted = [&](const std::string& step) {
      return step.find("product") != std::string::npos && step.find(subtracted) != std::string::npos;
    };
    EXPECT_EQ(std::ranges::count_if(lines_of(listing), is_subtracted),
              std::ranges::count_if(one.steps, is_subtracted))
        << one.name << "\n"
        << listing;
  }
}

TEST(Scheduling, DoesNotChangeTheValues) {
  struct Case {
    const char* name;
    void (*change)(TwoLayers&);
  };
  const std::vector<Case> cases = {
      {"as it is", [](TwoLayers& network) { network.finish(); }},
      {"without momentum", [](TwoLayers& network) { network.descend(); }},
      {"without momentum and scale", [](TwoLayers& network) { network.descend_without_a_scale(); }},
      {"without momentum, a gradient is fetched",
       [](TwoLayers& network) {
         network.descend();
         network.task.fetches = {network.parts[2].id()};
       }},
      {"without momentum, from other numbers",
       [](TwoLayers& network) {
         network.join();
         network.task.assignments = {
             {(network.old_velocity - 0.25 * network.gradient).id(), network.destinations[0]}};
       }},
      {"without momentum, a gradient reads another weight", read_first},
      {"without momentum, something else reads a gradient", read_a_gradient},
      {"a gradient is fetched",
       [](TwoLayers& network) {
         network.finish();
         network.task.fetches = {network.parts[0].id()};
       }},
      {"the concatenation is fetched",
       [](TwoLayers& network) {
         network.finish();
         network.task.fetches = {network.gradient.id()};
       }},
      {"a weight from before is fetched",
       [](TwoLayers& network) {
         network.finish();
         network.task.fetches = {network.first.id(), network.flat.id()};
       }},
      {"a part is copied",
       [](TwoLayers& network) {
         network.parts[3] = emit("slice", {network.parts[2]},
                                 {{"starts", Integers{0, 0}},
                                  {"steps", Integers{1, 1}},
                                  {"sizes", Integers{1, network.output.shape()[1]}}});
         network.finish();
       }},
      {"all parts wait for a sum of one",
       [](TwoLayers& network) {
         const Value sum = emit("sum", {network.parts[1]}, {{"axes", Integers{0}}, {"keepdims", false}});
         for (Value& part : network.parts) part = part + sum;
         network.finish();
       }},
  };
  for (const Case& one : cases)
    for (const Sizes& sizes : {kLarge, kSmall}) {
      SCOPED_TRACE(one.name);
      TwoLayers by_reference(sizes);
      one.change(by_reference);
      const auto reference = make_reference_executor(by_reference.graph, by_reference.task);
      reference->run();
      for (int threads : {1, 2}) {
        TwoLayers again(sizes);
        one.change(again);
        const auto program = compile_program(again.graph, again.task, {.threads = threads});
        program->run();
        EXPECT_TRUE(again.memory() == by_reference.memory());
        for (NodeId fetch : again.task.fetches) {
          const auto elements = static_cast<std::size_t>(again.graph[fetch].shape.elements());
          const auto* value = static_cast<const float*>(program->value(fetch));
          const auto* expected = static_cast<const float*>(reference->value(fetch));
          EXPECT_TRUE(std::equal(value, value + elements, expected));
        }
      }
    }
}

/// A matrix from which a product of k terms is subtracted, times a number.
class OneProduct {
 public:
  OneProduct(std::int64_t m, std::int64_t n, std::int64_t k, float term, float scale)
      : x_(static_cast<std::size_t>(m * n), 1.0F),
        a_(static_cast<std::size_t>(m * k), 1.0F),
        b_(static_cast<std::size_t>(k * n), term),
        scale_{scale} {
    register_ops();
    const auto leaf = [&](const Shape& shape, std::vector<float>& values) {
      const Value value = graph_.add_leaf("state", "", shape, DType::float32);
      task_.bindings.push_back({value.id(), values.data()});
      return value;
    };
    const Value x = leaf({m, n}, x_), a = leaf({k, m}, a_), b = leaf({k, n}, b_), factor = leaf({}, scale_);
    task_.assignments = {{(x - factor * emit("matmul", {transpose(a, {1, 0}), b})).id(), x_.data()}};
  }

  /// What becomes of the matrix.
  const std::vector<float>& by_reference() {
    make_reference_executor(graph_, task_)->run();
    return x_;
  }
  const std::vector<float>& by_program(int threads) {
    compile_program(graph_, task_, {.threads = threads})->run();
    return x_;
  }
  [[nodiscard]] bool is_one_step() const {
    return found_in(compile_program(graph_, task_)->listing(), {"elementwise"}).empty();
  }

 private:
  std::vector<float> x_, a_, b_, scale_;
  Graph graph_{DType::float32};
  Task task_;
};

TEST(Scheduling, LosesNoSmallTermsOfAProductThatIsSubtracted) {
  struct Case {
    std::int64_t m, n, k;
    bool is_one_step;
  };
  const Case cases[] = {
      {8, 8, 64, true},        {8, 1, 1024, true},     {200, 200, 128, true}, {300, 300, 256, true},
      {300, 113, 256, true},   {300, 300, 512, false}, {64, 64, 128, true},   {1000, 20, 128, has_avx512()},
      {64, 64, 16'384, false}, {600, 1, 1024, false},  {1, 600, 1024, false}, {32, 1, 4096, false}};
  for (const Case& test : cases)
    for (int threads : {1, 2, 8}) {  // the last of 8 has one of 113 columns
      // All terms together are 3/4 of the distance from 1 to the next number below it; half of them are
      // nothing.
      const float scale = 0x3p-26F / static_cast<float>(test.k);
      const auto make = [&] { return OneProduct(test.m, test.n, test.k, 1, scale); };
      const std::string what = fmt::format("{} {} {}", test.m, test.n, test.k);
      EXPECT_EQ(make().is_one_step(), test.is_one_step) << what;
      const std::vector<float> expected(static_cast<std::size_t>(test.m * test.n), 1 - 0x1p-24F);
      EXPECT_TRUE(make().by_reference() == expected) << what;
      EXPECT_TRUE(make().by_program(threads) == expected) << what;
    }
}

TEST(Scheduling, KeepsNaNThatComesOfZeroTimesAnInfiniteProduct) {
  for (const std::int64_t size : {4, 200})
    for (int threads : {1, 2}) {
      OneProduct product(size, size, 128, 1e38F, 0);
      EXPECT_TRUE(product.is_one_step()) << size;
      EXPECT_TRUE(std::ranges::all_of(product.by_program(threads), [](float x) { return std::isnan(x); }))
          << size;
    }
}

TEST(Scheduling, SubtractsAProductOfTheMatrixItselfFromIt) {
  register_ops();
  for (const std::int64_t size : {5, 200}) {
    const auto run = [&](bool by_reference) {
      Graph graph(DType::float64);
      std::vector<double> values(static_cast<std::size_t>(size * size));
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 7) - 3;
      const Value x = graph.add_leaf("state", "", {size, size}, DType::float64);
      const Task task{
          {{x.id(), values.data()}}, {{(x - 0.25 * emit("matmul", {x, x})).id(), values.data()}}, {}};
      (by_reference ? make_reference_executor(graph, task) : compile_program(graph, task))->run();
      return values;
    };
    EXPECT_TRUE(run(false) == run(true)) << size;
  }
}

/// Two large vectors and a number between them, end to end, which update `x` in one pass or in several.
class ThreeParts {
 public:
  ThreeParts() : memory_(3) {
    register_ops();
    constexpr std::int64_t kElements = 2 * kLargePart + 1;
    const auto leaf = [&](std::size_t number, std::int64_t elements) {
      std::vector<float>& values = memory_[number];
      values.resize(static_cast<std::size_t>(elements));
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % (7 + number)) - 3.0F;
      const Value value = graph.add_leaf("state", "", {elements}, DType::float32);
      task.bindings.push_back({value.id(), values.data()});
      return value;
    };
    x = leaf(0, kElements), y = leaf(1, kElements);
    const Value from = leaf(2, kLargePart);
    gradient = concatenate({from * 2.0, sum_of(from), from + 1.0}, 0);
  }

  static Value sum_of(Value value) {
    return emit("sum", {value}, {{"axes", Integers{0}}, {"keepdims", true}});
  }
  void assign(std::size_t leaf, Value value) {
    task.assignments.push_back({value.id(), memory_[leaf].data()});
  }
  [[nodiscard]] const std::vector<std::vector<float>>& memory() const { return memory_; }

  Graph graph{DType::float32};
  Task task;
  Value x, y, gradient;

 private:
  std::vector<std::vector<float>> memory_;
};

TEST(Scheduling, DividesAPassWhereverThePartsAreRead) {
  struct Case {
    const char* name;
    void (*update)(ThreeParts&);
  };
  const std::vector<Case> cases = {
      {"once", [](ThreeParts& parts) { parts.assign(0, parts.x - parts.gradient); }},
      {"by two passes",
       [](ThreeParts& parts) {
         parts.assign(0, parts.x - parts.gradient);
         parts.assign(1, parts.y - parts.gradient * ThreeParts::sum_of(parts.x));
       }},
      {"by a pass and a sum",
       [](ThreeParts& parts) {
         parts.assign(0, parts.x - parts.gradient * ThreeParts::sum_of(parts.gradient));
       }},
      {"one element by itself, too",
       [](ThreeParts& parts) {
         const Value one =
             emit("slice", {parts.gradient},
                  {{"starts", Integers{kLargePart}}, {"steps", Integers{1}}, {"sizes", Integers{1}}});
         parts.assign(0, parts.x - parts.gradient * one);
       }},
      {"and what changes places with another",
       [](ThreeParts& parts) {
         parts.assign(0, parts.y + parts.gradient);
         parts.assign(1, parts.x - parts.gradient);
       }},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    ThreeParts by_reference;
    one.update(by_reference);
    make_reference_executor(by_reference.graph, by_reference.task)->run();
    for (int threads : {1, 2}) {
      ThreeParts again;
      one.update(again);
      compile_program(again.graph, again.task, {.threads = threads})->run();
      EXPECT_TRUE(again.memory() == by_reference.memory());
    }
  }
}

TEST(Scheduling, DividesAPassThoughItReadsAConcatenationOfSmallParts) {
  ThreeParts parts;
  const std::int64_t elements = parts.x.shape()[0], small = kLargePart / 2;
  std::vector<Value> pieces;
  for (std::int64_t begin = 0; begin < elements; begin += small)
    pieces.push_back(emit("slice", {parts.y},
                          {{"starts", Integers{begin}},
                           {"steps", Integers{1}},
                           {"sizes", Integers{std::min(small, elements - begin)}}}) *
                     2.0);
  parts.assign(0, concatenate(pieces, 0) - parts.gradient);
  const std::string listing = compile_program(parts.graph, parts.task)->listing();
  EXPECT_EQ(found_in(listing, {"elementwise (262144,): subtract", "elementwise (1,): subtract"}).size(), 3U)
      << listing;
}

/// The elements of its root that a view may touch, as addresses: of parts of others, of views with gaps too.
std::pair<std::uintptr_t, std::uintptr_t> bounds_of(const Plan& plan, const View& view) {
  const auto [root, begin] = plan.root(view.buffer);
  const auto from = plan.buffers[root].kind == Buffer::Kind::external
                        ? reinterpret_cast<std::uintptr_t>(plan.buffers[root].external)
                        : std::uintptr_t{root} << 40U;
  std::int64_t first = begin + view.offset, last = first;
  for (int axis = 0; axis < view.shape.rank(); ++axis)
    (view.stride(axis) < 0 ? first : last) += (view.shape[axis] - 1) * view.stride(axis);
  const auto address = [&](std::int64_t element) {
    return from + static_cast<std::uintptr_t>(element) * sizeof(float);
  };
  return {address(first), address(last + 1)};
}

bool have_common_bytes(const Plan& plan, const View& a, const View& b) {
  const auto [a_begin, a_end] = bounds_of(plan, a);
  const auto [b_begin, b_end] = bounds_of(plan, b);
  return a_begin < b_end && b_begin < a_end;
}

TEST(Scheduling, KeepsTheOrderOfStepsThatShareMemory) {
  std::mt19937 random(1);
  const auto below = [&](std::int64_t limit) {
    return static_cast<std::int64_t>(random() % static_cast<unsigned>(limit));
  };
  std::vector<float> memory(10 * kLargePart);
  std::size_t moved = 0;
  for (int round = 0; round < 300; ++round) {
    Plan plan;
    for (BufferId i = 0; i < 12; ++i) {
      Buffer buffer;
      buffer.elements = 4 + below(2 * kLargePart);
      if (i >= 8) {  // a part of a part of one of the others
        buffer.whole = static_cast<BufferId>(below(i));
        const Buffer& whole = plan.buffers[*buffer.whole];
        buffer.kind = whole.kind;
        buffer.elements = 4 + below(whole.elements - 3);
        buffer.offset = below(whole.elements - buffer.elements + 1);
      } else if (i >= 2) {
        buffer.kind = Buffer::Kind::external;
        buffer.external = memory.data() + below(8 * kLargePart);
      }
      plan.add_buffer(std::move(buffer));
    }
    const auto some_view = [&] {
      const auto buffer = static_cast<BufferId>(below(12));
      const std::int64_t elements = plan.buffers[buffer].elements, offset = below(elements);
      View view = contiguous_view(buffer, {1 + below(elements - offset)}, offset);
      const std::int64_t size = view.shape[0];
      switch (below(6)) {
        case 0:  // every other element
          return slice(view, {0}, {2}, {(size + 1) / 2});
        case 1:  // from the last to the first
          return slice(view, {size - 1}, {-1}, {size});
        case 2:
          return broadcast_to(contiguous_view(buffer, {}, offset), {kLargePart});
        default:
          return view;
      }
    };
    const auto some_views = [&](std::int64_t most) {
      std::vector<View> views;
      for (std::int64_t i = below(most + 1); i > 0; --i) views.push_back(some_view());
      return views;
    };
    for (NodeId i = 0; i < 20; ++i) {
      plan.steps.push_back(std::make_unique<TouchStep>(some_views(2), some_views(1)));
      plan.nodes.push_back({i});
    }
    std::vector<std::pair<std::vector<View>, std::vector<View>>> before;
    for (const auto& step : plan.steps) before.emplace_back(step->reads(), step->writes());
    update_early(plan, sizeof(float));
    std::vector<std::size_t> place(plan.steps.size(), plan.steps.size());
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      place[plan.nodes[i].front()] = i;
      moved += plan.nodes[i].front() != i ? 1 : 0;
    }
    const auto share = [&](const std::vector<View>& a, const std::vector<View>& b) {
      return std::ranges::any_of(a, [&](const View& one) {
        return std::ranges::any_of(b, [&](const View& other) { return have_common_bytes(plan, one, other); });
      });
    };
    for (std::size_t i = 0; i < before.size(); ++i)
      for (std::size_t j = i + 1; j < before.size(); ++j) {
        const auto& [reads, writes] = before[i];
        const bool depends = share(writes, before[j].first) || share(writes, before[j].second) ||
                             share(reads, before[j].second);
        ASSERT_TRUE(!depends || place[i] < place[j]) << "round " << round << ", steps " << i << " and " << j;
      }
  }
  EXPECT_GT(moved, 100);
}

}  // namespace
}  // namespace talweg
