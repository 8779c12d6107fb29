// Convolutions and pooling of the program: what the reference computes, by oneDNN, by products of matrices
// and by correlations, on any number of threads.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "graph/gradients.hpp"
#include "graph/op.hpp"
#include "ops/windows.hpp"
#include "program/executor.hpp"
#include "support/installation.hpp"

namespace talweg {
namespace {

struct Case {
  Shape x, w;
  Integers stride = {1, 1}, padding = {0, 0}, dilation = {1, 1};
  std::int64_t groups = 1;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {{5, 1, 12, 12}, {6, 1, 5, 5}, {1, 1}, {2, 2}},
      {{7, 6, 14, 14}, {16, 6, 5, 5}},
      {{3, 8, 9, 11}, {12, 8, 3, 3}, {2, 1}, {1, 0}},
      {{3, 4, 9, 11}, {6, 4, 2, 3}, {1, 2}, {3, 2}, {2, 3}},
      {{4, 6, 8, 8}, {9, 2, 3, 3}, {1, 1}, {1, 1}, {1, 1}, 3},
      {{2, 6, 7, 7}, {6, 1, 3, 3}, {2, 2}, {1, 1}, {1, 1}, 6},
      {{2, 16, 10, 10}, {8, 16, 1, 1}},
      {{2, 3, 1, 40}, {4, 3, 1, 7}, {1, 3}},
      {{1, 40, 30, 30}, {40, 40, 3, 3}, {1, 1}, {1, 1}},  // more windows than are unfolded at a time
      {{2, 2, 3, 3}, {3, 2, 7, 7}, {1, 1}, {3, 3}},       // windows larger than the image
      {{1, 1, 1, 1}, {1, 1, 1, 1}},
      {{3, 2, 19, 35}, {5, 2, 3, 6}, {2, 1}, {2, 5}, {1, 3}},
      {{2, 1, 140, 37}, {3, 1, 2, 2}},  // more rows than are summed at a time
      {{0, 2, 5, 5}, {3, 2, 2, 2}},
  };
  return kCases;
}

/// A convolution with both gradients, and the memory of its leaves.
template <class T>
class Convolved {
 public:
  explicit Convolved(const Case& of) : graph_(sizeof(T) == sizeof(float) ? DType::float32 : DType::float64) {
    const Value x = leaf("x", of.x), w = leaf("w", of.w);
    const Value y = emit(
        "conv2d", {x, w},
        {{"stride", of.stride}, {"padding", of.padding}, {"dilation", of.dilation}, {"groups", of.groups}});
    const std::vector<Value> wrt = {x, w};
    const Value c = leaf("c", y.shape());
    task_.fetches = {y.id()};
    for (const Value& gradient : gradients(sum_all(y * c), wrt)) task_.fetches.push_back(gradient.id());
  }

  [[nodiscard]] std::vector<std::vector<double>> values(Executor& executor) const {
    executor.run();
    std::vector<std::vector<double>> result;
    for (NodeId id : task_.fetches) {
      const T* data = static_cast<const T*>(executor.value(id));
      result.emplace_back(data, data + graph_[id].shape.elements());
    }
    return result;
  }

  [[nodiscard]] std::unique_ptr<Executor> reference() const { return make_reference_executor(graph_, task_); }
  [[nodiscard]] std::unique_ptr<Executor> program(int threads) const {
    return compile_program(graph_, task_, {.threads = threads});
  }

 private:
  Value leaf(const char* name, const Shape& shape) {
    std::vector<T>& values = memory_.emplace_back(static_cast<std::size_t>(shape.elements()));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] =
          static_cast<T>(std::sin(static_cast<double>(i) * 0.71 + static_cast<double>(memory_.size())));
    const Value value = graph_.add_leaf("data", name, shape, graph_.floating());
    task_.bindings.push_back({value.id(), values.data()});
    return value;
  }

  Graph graph_;
  std::deque<std::vector<T>> memory_;
  Task task_;
};

/// By which means convolutions are computed, while it lives.
class By {
 public:
  explicit By(const std::string& means) { ::setenv("TALWEG_CONVOLUTION", means.c_str(), 1); }
  ~By() { ::unsetenv("TALWEG_CONVOLUTION"); }
  By(const By&) = delete;
  By& operator=(const By&) = delete;
};

/// Of sums of up to some thousand terms of size 1, whose partial sums may be hundreds, and relative where the
/// result is large.
constexpr double kTolerance32 = 1e-4, kTolerance64 = 1e-13;

template <class T>
void expect_reference(const std::string& means) {
  const By by(means);
  const double tolerance = sizeof(T) == sizeof(float) ? kTolerance32 : kTolerance64;
  for (const Case& one : cases()) {
    const Convolved<T> convolved(one);
    const auto expected = convolved.values(*convolved.reference());
    for (int threads : {1, 2, 3}) {
      const auto program = convolved.program(threads);
      const auto found = convolved.values(*program);
      for (std::size_t i = 0; i < expected.size(); ++i)
        for (std::size_t j = 0; j < expected[i].size(); ++j)
          ASSERT_NEAR(found[i][j], expected[i][j], tolerance * (1 + std::abs(expected[i][j])))
              << means << ", x " << to_string(one.x) << ", w " << to_string(one.w) << ", " << threads
              << " threads, value " << i << " at " << j;
      EXPECT_EQ(found, convolved.values(*program)) << "other bits in a second run";
      EXPECT_EQ(found, convolved.values(*convolved.program(threads))) << "other bits in another program";
    }
  }
}

TEST(Convolution, ByProductsOfMatricesIsThatOfTheReference) {
  expect_reference<float>("product");
  expect_reference<double>("product");
}

TEST(Convolution, ByOneDnnIsThatOfTheReference) {
  if (!std::filesystem::exists(library_directory() / "talweg_dnnl.so"))
    GTEST_SKIP() << "oneDNN is not installed";
  expect_reference<float>("dnnl");
}

TEST(Convolution, ByCorrelationsIsThatOfTheReference) {
  expect_reference<float>("correlation");
  expect_reference<double>("correlation");
}

/// What lies beside a row must not come into it: infinity times the 0 of a part of a vector is NaN.
TEST(Convolution, ByCorrelationsKeepsInfinitiesWhereTheyAre) {
  const By by("correlation");
  Graph graph(DType::float32);
  std::vector<float> x(30, 1.0F), y(24, 1.0F);
  x[0] = std::numeric_limits<float>::infinity();
  const Value image = graph.add_leaf("data", "x", {1, 1, 3, 10}, DType::float32);
  const Value weight = graph.add_leaf("data", "w", {1, 1, 1, 3}, DType::float32);
  const Value c = graph.add_leaf("data", "c", {1, 1, 3, 8}, DType::float32);
  const Value product = emit("conv2d", {image, weight},
                             {{"stride", Integers{1, 1}},
                              {"padding", Integers{0, 0}},
                              {"dilation", Integers{1, 1}},
                              {"groups", std::int64_t{1}}});
  const std::vector<Value> wrt = {weight};
  const Value gradient = gradients(sum_all(product * c), wrt)[0];
  std::vector<float> w(3, 0.0F);
  const Task task{{{image.id(), x.data()}, {weight.id(), w.data()}, {c.id(), y.data()}}, {}, {gradient.id()}};
  const auto program = compile_program(graph, task);
  program->run();
  const auto* found = static_cast<const float*>(program->value(gradient.id()));
  EXPECT_EQ(std::vector<float>(found, found + 3),
            (std::vector<float>{std::numeric_limits<float>::infinity(), 24, 24}));
}

TEST(Convolution, ByWhatIsFasterIsThatOfTheReference) {
  expect_reference<float>("measured");
  expect_reference<double>("measured");
}

/// The elements of planes (a, b, rows, columns) at such places; `together`: a and b as one axis.
Value taken_from_planes(Value x, Value places, bool together) {
  const auto flat = [together](Value planes) {
    const Shape& shape = planes.shape();
    const std::int64_t plane = shape[2] * shape[3];
    return reshape(planes, together ? Shape{shape[0] * shape[1], plane} : Shape{shape[0], shape[1], plane});
  };
  return emit("take_along_axis", {flat(x), flat(places)}, {{"axis", std::int64_t{together ? 1 : 2}}});
}

/// Whole numbers with ties; among floating ones NaN and infinities, too.
template <class T>
std::vector<T> values_for_pooling(const Shape& shape, DType dtype) {
  const T infinity = std::numeric_limits<T>::infinity();
  std::vector<T> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<T>(i * 7919 % 13);
    if (!is_floating(dtype)) continue;
    if (i % 17 == 0) values[i] = std::numeric_limits<T>::quiet_NaN();
    if (i % 5 < 3) values[i] = -infinity;
    if (i % 101 == 0) values[i] = infinity;
  }
  return values;
}

/// Positions alone, with the elements there, and with those taken twice.
template <class T>
void expect_poolings_of_the_reference(const Shape& shape, DType dtype, const std::vector<Integers>& kernels) {
  Graph graph(sizeof(T) == sizeof(float) ? DType::float32 : DType::float64);
  std::vector<T> values = values_for_pooling<T>(shape, dtype);
  const Value x = graph.add_leaf("data", "x", shape, dtype);
  Task task{{{x.id(), values.data()}}, {}, {}};
  for (const Integers& kernel : kernels)
    for (const Integers& stride : {Integers{1, 1}, Integers{2, 2}, Integers{3, 5}})
      for (std::int64_t dilation : {1, 3}) {
        const Value positions = emit("max_pool2d_positions", {x},
                                     {{"kernel", kernel},
                                      {"stride", stride},
                                      {"padding", Integers{kernel[0] / 2, kernel[1] / 2}},
                                      {"dilation", Integers{dilation, dilation}}});
        task.fetches.push_back(positions.id());
        if (stride[0] > 1) task.fetches.push_back(taken_from_planes(x, positions, false).id());
        if (stride[0] > 2) task.fetches.push_back(taken_from_planes(x, positions, true).id());
      }
  const auto reference = make_reference_executor(graph, task);
  reference->run();
  for (int threads : {1, 2, 3}) {
    const auto program = compile_program(graph, task, {.threads = threads});
    program->run();
    for (NodeId id : task.fetches) {
      const auto* due = static_cast<const T*>(reference->value(id));
      const auto* found = static_cast<const T*>(program->value(id));
      for (std::int64_t i = 0; i < graph[id].shape.elements(); ++i)
        ASSERT_TRUE(found[i] == due[i] || (std::isnan(found[i]) && std::isnan(due[i])))
            << to_string(shape) << ", " << to_string(graph[id].attributes) << ", element " << i << ": "
            << found[i] << ", not " << due[i];
    }
  }
}

TEST(MaxPoolKernels, FindWhatTheReferenceFinds) {
  const Shape for_threads = {12, 3, 23, 41}, of_padding = {2, 3, 5, 2};
  for (DType dtype : {DType::float32, DType::int64}) {
    expect_poolings_of_the_reference<float>(for_threads, dtype, {{2, 2}, {3, 5}, {1, 4}});
    expect_poolings_of_the_reference<float>(of_padding, dtype, {{2, 2}});
  }
  expect_poolings_of_the_reference<double>(for_threads, DType::float64, {{2, 2}, {3, 5}});
  expect_poolings_of_the_reference<double>(of_padding, DType::int64, {{2, 2}});
}

/// Taking the largest of windows, and its gradient: windows that share elements and such that do not, indices
/// that repeat themselves, count from the end, or are outside.
TEST(TakeAlongKernels, GivesTheReferencesBits) {
  for (const DType dtype : {DType::float32, DType::float64})
    for (const std::int64_t stride : {2, 1, 3}) {
      Graph graph(dtype);
      const Shape shape = {5, 7, 22, 23};
      const Value x = graph.add_leaf("data", "x", shape, dtype);
      const Value shift = graph.add_leaf("data", "shift", {}, dtype);
      const Value positions = emit("max_pool2d_positions", {x},
                                   {{"kernel", Integers{2, 2}},
                                    {"stride", Integers{stride, stride}},
                                    {"padding", Integers{1, 1}},
                                    {"dilation", Integers{1, 1}}});
      const Value flat = reshape(x, {5, 7, 506});
      const Value indices = reshape(positions, {5, 7, positions.shape()[2] * positions.shape()[3]});
      const Value taken = emit("take_along_axis", {flat, indices}, {{"axis", std::int64_t{2}}});
      const Value rows = graph.add(OpRegistry::instance().get("array"), {},
                                   {{"values", Numbers{0, -1, 3, 3, 21, -22}},
                                    {"shape", Integers{1, 1, 6, 1}},
                                    {"dtype", static_cast<std::int64_t>(DType::int64)}});
      const Value by_rows =
          emit("take_along_axis", {x, broadcast_to(rows, {5, 7, 6, 23})}, {{"axis", std::int64_t{2}}});
      const std::vector<Value> wrt = {x};
      const Value gradient = gradients(sum_all(taken * taken) + shift * sum_all(by_rows * by_rows), wrt)[0];
      const Task fetched{{}, {}, {taken.id(), by_rows.id(), gradient.id()}};
      const auto elements = static_cast<std::size_t>(shape.elements());
      std::vector<float> narrow(elements + 1);
      std::vector<double> wide(elements + 1);
      for (std::size_t i = 0; i <= elements; ++i) {
        narrow[i] = static_cast<float>(i * 7919 % 1013) / 64 - 7;
        wide[i] = static_cast<double>(narrow[i]);
      }
      const auto place = [&](std::size_t i) {
        return dtype == DType::float32 ? static_cast<void*>(narrow.data() + i)
                                       : static_cast<void*>(wide.data() + i);
      };
      Task task = fetched;
      task.bindings = {{x.id(), place(0)}, {shift.id(), place(elements)}};
      const auto reference = make_reference_executor(graph, task);
      reference->run();
      for (int threads : {1, 2, 3}) {
        const auto program = compile_program(graph, task, {.threads = threads});
        program->run();
        for (NodeId id : task.fetches)
          for (std::int64_t i = 0; i < graph[id].shape.elements(); ++i) {
            const auto at = [&](const Executor& executor) {
              return dtype == DType::float32
                         ? static_cast<double>(static_cast<const float*>(executor.value(id))[i])
                         : static_cast<const double*>(executor.value(id))[i];
            };
            ASSERT_EQ(at(*program), at(*reference))
                << "stride " << stride << ", " << threads << " threads, " << i;
          }
      }
    }
}

TEST(WindowAxis, CountsWhatIsNotPadding) {
  for (std::int64_t input : {1, 4, 7})
    for (std::int64_t kernel : {1, 2, 3, 5})
      for (std::int64_t stride : {1, 2, 3})
        for (std::int64_t padding : {0, 1, 4})
          for (std::int64_t dilation : {1, 2}) {
            const WindowAxis axis{input, kernel, stride, padding, dilation};
            for (std::int64_t o = 0; o < axis.output(); ++o)
              for (std::int64_t k = 0; k < kernel; ++k) {
                const auto [first, last] = axis.covering(k);
                EXPECT_EQ(o >= first && o < last, axis.covers(o, k)) << o << " " << k;
                if (dilation > 1 && axis.covered(o).end <= axis.covered(o).begin) continue;
                const auto [begin, end] = axis.covered(o);
                EXPECT_EQ(k >= begin && k < end, axis.covers(o, k)) << o << " " << k;
              }
          }
}

}  // namespace
}  // namespace talweg
