// Machine code of elementwise groups gives the same bits as the kernels of their functions, one after the
// other: every length up to some vectors, with nothing written beyond the end.

#include "program/machine_code/vector_code.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/instruction_sets.hpp"
#include "program/elementwise_functions.hpp"
#include "program/machine_code/code_memory.hpp"

namespace talweg {
namespace {

using kernels::Elementwise;

constexpr std::size_t kLongest = 40;

TileOperand view(std::uint32_t index) { return {false, index}; }
TileOperand value(std::uint32_t index) { return {true, index}; }

TileValue made(Elementwise function, std::initializer_list<TileOperand> operands, bool stored = false) {
  TileValue result{function, {}, operands.size(), std::nullopt};
  std::ranges::copy(operands, result.operands.begin());
  if (stored) result.stored = 0;
  return result;
}

TileValue stored(TileValue made) {
  made.stored = 0;
  return made;
}

/// A place for each view, which `repeats` says to be one number or not, then for each value that is stored.
CodeFunctions coded(const std::vector<TileValue>& values, const std::vector<bool>& repeats) {
  CodeFunctions functions;
  const auto next_place = [&] { return CodePlace{static_cast<std::uint32_t>(functions.places++)}; };
  for (const bool is_number : repeats) functions.sources.push_back({next_place(), is_number});
  for (const TileValue& value : values) {
    functions.values.push_back({value.function, value.operands, value.operand_count, std::nullopt});
    if (value.stored) functions.values.back().stored = next_place();
  }
  return functions;
}

template <class T>
constexpr DType kType = sizeof(T) == sizeof(float) ? DType::float32 : DType::float64;

/// Of so many views: numbers of all sizes, zeros of both signs, halves, infinities and NaN.
template <class T>
std::vector<std::vector<T>> numbers(std::size_t views) {
  using Limits = std::numeric_limits<T>;
  const std::vector<T> special = {T(0),
                                  T(-0.0),
                                  T(0.5),
                                  T(-0.5),
                                  T(1.5),
                                  T(2.5),
                                  T(1),
                                  T(-1),
                                  Limits::infinity(),
                                  -Limits::infinity(),
                                  Limits::denorm_min(),
                                  Limits::min(),
                                  Limits::max(),
                                  Limits::quiet_NaN()};
  std::mt19937 random(1);
  std::uniform_real_distribution<double> draw(-3, 3);
  std::vector<std::vector<T>> result(views, std::vector<T>(kLongest));
  for (std::size_t i = 0; i < views; ++i)
    for (std::size_t j = 0; j < kLongest; ++j)
      result[i][j] = j % 3 == i % 3 ? special[random() % special.size()] : static_cast<T>(draw(random));
  return result;
}

/// What the kernels make of the first n elements: all values.
template <class T>
std::vector<std::vector<T>> by_kernels(const std::vector<TileValue>& values,
                                       const std::vector<std::vector<T>>& views,
                                       const std::vector<bool>& repeats, std::size_t n) {
  std::vector<std::vector<T>> results;
  for (const TileValue& made : values) {
    std::array<std::vector<T>, 3> operands;
    for (std::size_t k = 0; k < made.operand_count; ++k) {
      const auto [is_value, index] = made.operands[k];
      operands[k] = is_value         ? results[index]
                    : repeats[index] ? std::vector<T>(n, views[index][0])
                                     : std::vector<T>(views[index].begin(), views[index].begin() + n);
    }
    std::vector<T>& result = results.emplace_back(n);
    kernels::table<T>().elementwise[static_cast<std::size_t>(made.function)][0](
        result.data(), operands[0].data(), operands[1].data(), operands[2].data(), n, false);
  }
  return results;
}

template <class T>
bool same(T a, T b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

/// Memory that ends where a page begins that nobody may touch, with some elements in front.
template <class T>
class Guarded {
 public:
  Guarded()
      : pages_(static_cast<std::uint8_t*>(
            mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    mprotect(pages_ + kPage, kPage, PROT_NONE);
  }
  ~Guarded() { munmap(pages_, 2 * kPage); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  /// The first of the last n elements.
  [[nodiscard]] T* last(std::size_t n) const { return reinterpret_cast<T*>(pages_ + kPage) - n; }

 private:
  static constexpr std::size_t kPage = 4096;
  std::uint8_t* pages_;
};

/// Every stored value has the kernels' bits, and nothing beyond n elements is touched. `in_place` pairs a
/// stored value, by its number among them, with a view whose place it takes.
template <class T>
void expect_the_kernels_values(const std::vector<TileValue>& values, const std::vector<bool>& repeats,
                               const std::vector<std::pair<std::size_t, std::size_t>>& in_place,
                               const std::string& what) {
  const auto code = VectorCode::generate(coded(values, repeats), kType<T>);
  ASSERT_EQ(code.has_value(), VectorCode::is_available()) << what;
  if (!code) return;
  std::vector<std::size_t> written;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i].stored) written.push_back(i);
  const std::vector<std::vector<T>> views = numbers<T>(repeats.size());
  const std::deque<Guarded<T>> operands(views.size()), results(written.size());
  for (std::size_t n = 0; n <= kLongest; ++n) {
    const std::vector<std::vector<T>> expected = by_kernels(values, views, repeats, n);
    std::vector<void*> places;
    for (std::size_t i = 0; i < views.size(); ++i) {
      const std::size_t elements = repeats[i] ? 1 : n;
      places.push_back(operands[i].last(elements));
      std::copy_n(views[i].begin(), elements, operands[i].last(elements));
    }
    for (const Guarded<T>& result : results) places.push_back(result.last(n));
    for (const auto& [result, operand] : in_place) places[views.size() + result] = places[operand];
    code->run(places.data(), n);
    for (std::size_t i = 0; i < written.size(); ++i) {
      const T* found = static_cast<const T*>(places[views.size() + i]);
      for (std::size_t j = 0; j < n; ++j)
        ASSERT_TRUE(same(expected[written[i]][j], found[j]))
            << what << ", value " << written[i] << ", element " << j << " of " << n << ": " << found[j]
            << ", not " << expected[written[i]][j];
    }
  }
}

void expect_the_kernels_values(const std::vector<TileValue>& values, const std::vector<bool>& repeats,
                               const std::vector<std::pair<std::size_t, std::size_t>>& in_place,
                               const std::string& what) {
  expect_the_kernels_values<float>(values, repeats, in_place, what + " in float32");
  expect_the_kernels_values<double>(values, repeats, in_place, what + " in float64");
}

std::size_t operands_of(Elementwise function) {
  if (function == Elementwise::where) return 3;
  return function < Elementwise::leaky_relu ? 1 : 2;
}

TEST(VectorCode, IsThereForAvx2WhereTheSystemAllowsIt) {
  constexpr std::array<std::uint8_t, 1> kReturn = {0xC3};
  EXPECT_EQ(VectorCode::is_available(), has_avx2() && executable_copy(kReturn) != nullptr);
}

TEST(VectorCode, OfEverySimpleFunctionRoundsAsItsKernel) {
  std::size_t functions = 0;
  for (std::size_t i = 0; i < kernels::kElementwiseCount; ++i) {
    const auto function = static_cast<Elementwise>(i);
    if (!is_simple(function)) continue;
    ++functions;
    for (std::size_t mode = 0; mode < 1U << operands_of(function); ++mode) {
      TileValue only = made(function, {view(0), view(1), view(2)}, true);
      only.operand_count = operands_of(function);
      const std::vector<bool> repeats = {(mode & 1U) != 0, (mode & 2U) != 0, (mode & 4U) != 0};
      expect_the_kernels_values({only}, repeats, {},
                                std::string(name_of(function)) + ", mode " + std::to_string(mode));
    }
  }
  EXPECT_GE(functions, 24U);
}

TEST(VectorCode, OfOthersIsNotGenerated) {
  for (const Elementwise function : {Elementwise::exp, Elementwise::sigmoid, Elementwise::power}) {
    TileValue only = made(function, {view(0), view(0)}, true);
    EXPECT_FALSE(VectorCode::generate(coded({only}, {false}), DType::float32)) << name_of(function);
  }
}

TEST(VectorCode, OfAGroupIsThatOfItsFunctions) {
  using enum Elementwise;
  struct Case {
    const char* what;
    std::vector<TileValue> values;
    std::vector<bool> repeats;
    std::vector<std::pair<std::size_t, std::size_t>> in_place;
  };
  const Case cases[] = {
      {"adam in place: x, g, m and v",
       {made(multiply, {view(4), view(2)}), made(multiply, {view(5), view(1)}),
        made(add, {value(0), value(1)}, true), made(square, {view(1)}), made(multiply, {view(6), view(3)}),
        made(multiply, {view(7), value(3)}), made(add, {value(4), value(5)}, true), made(sqrt, {value(6)}),
        made(add, {value(7), view(8)}), made(divide, {value(2), value(8)}),
        made(multiply, {view(9), value(9)}), made(subtract, {view(0), value(10)}, true)},
       {false, false, false, false, true, true, true, true, true, true},
       {{0, 2}, {1, 3}, {2, 0}}},
      {"a value that nobody reads",
       {made(add, {view(0), view(1)}), made(square, {view(0)}, true)},
       {false, false},
       {}},
      {"one value twice",
       {made(add, {view(0), view(0)}), made(multiply, {value(0), value(0)}, true)},
       {false},
       {{0, 0}}},
      {"a number that is read by itself",
       {made(sqrt, {view(0)}), made(multiply, {value(0), view(1)}, true)},
       {true, false},
       {}},
      {"where, of a comparison",
       {made(less, {view(0), view(1)}), made(where, {value(0), view(1), view(2)}, true)},
       {false, false, true},
       {{0, 0}}},
  };
  for (const auto& [what, values, repeats, in_place] : cases)
    expect_the_kernels_values(values, repeats, in_place, what);
}

TEST(VectorCode, AddsAProductWithOneRounding) {
  // What the rounded product of a and b lacks; and the product, which is still needed then, squared.
  CodeFunctions functions;
  functions.places = 4;
  functions.sources = {{{0, 1}}, {{1, 0}, true}};
  functions.values = {{MultiplyAdd{}, {view(0), view(1)}, 2, {}},
                      {Elementwise::negative, {value(0)}, 1, {}},
                      {MultiplyAdd{}, {view(0), view(1), value(1)}, 3, CodePlace{2, 0}},
                      {Elementwise::square, {value(1)}, 1, CodePlace{3, 0}}};
  const auto code = VectorCode::generate(functions, DType::float64);
  ASSERT_EQ(code.has_value(), VectorCode::is_available());
  if (!code) return;
  constexpr std::size_t kElements = 7;
  std::array<double, kElements + 1> a{};
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = 1 + 0x1p-30 * static_cast<double>(i);
  double b = 1 + 0x3p-31;
  std::array<double, kElements> lacking{}, squares{};
  const std::array<void*, 4> places = {a.data(), &b, lacking.data(), squares.data()};
  code->run(places.data(), kElements);
  for (std::size_t i = 0; i < kElements; ++i) {
    const double product = a[i + 1] * b;
    EXPECT_EQ(lacking[i], std::fma(a[i + 1], b, -product)) << i;
    EXPECT_NE(lacking[i], 0) << i;
    EXPECT_EQ(squares[i], product * product) << i;
  }
}

TEST(VectorCode, OfManyOperandsReadsThemWhereTheyLie) {
  for (const bool repeat : {false, true}) {
    std::vector<TileValue> values = {made(Elementwise::add, {view(0), view(1)}, true)};
    for (std::uint32_t i = 2; i < 40; ++i)
      values.push_back(stored(made(Elementwise::add, {view(i), value(i - 2)})));
    std::vector<bool> repeats(40, repeat);
    repeats[0] = false;
    expect_the_kernels_values(values, repeats, {}, repeat ? "numbers" : "tensors");
  }
}

TEST(VectorCode, OfManyValuesAtATimeReadsNumbersAgain) {
  std::vector<TileValue> values;
  std::vector<bool> repeats(has_avx512() ? 28 : 11, true);
  repeats[0] = false;
  for (std::uint32_t i = 1; i < repeats.size(); ++i)
    values.push_back(made(Elementwise::add, {view(0), view(i)}));
  for (std::uint32_t i = 1; i < repeats.size(); ++i)
    values.push_back(stored(made(Elementwise::multiply, {value(i - 1), view(i)})));
  expect_the_kernels_values(values, repeats, {}, "many values of many numbers");
}

TEST(VectorCode, OfMoreOperandsThanRegistersReadsThemAgain) {
  const std::uint32_t operands = has_avx512() ? 40 : 20;
  std::vector<TileValue> values = {made(Elementwise::add, {view(0), view(1)})};
  const auto add = [&](Elementwise function, std::uint32_t operand) {
    values.push_back(made(function, {value(static_cast<std::uint32_t>(values.size() - 1)), view(operand)}));
  };
  for (std::uint32_t i = 2; i < operands; ++i) add(Elementwise::add, i);
  for (std::uint32_t i = operands; i-- > 0;) add(Elementwise::multiply, i);
  for (std::uint32_t i = 0; i < operands; ++i) add(i % 2 == 0 ? Elementwise::maximum : Elementwise::less, i);
  values.back().stored = 0;
  for (const bool some_repeat : {false, true}) {
    std::vector<bool> repeats(operands, false);
    for (std::size_t i = 0; some_repeat && i < operands; i += 3) repeats[i] = true;
    expect_the_kernels_values(values, repeats, {{0, 1}}, some_repeat ? "and numbers" : "tensors");
  }
}

TEST(VectorCode, OfSigmoidsIsGeneratedForOneVectorOfDoublesWithAvx512AndRoundsAsTheKernel) {
  const std::vector<TileValue> values = {made(Elementwise::sigmoid, {view(0)}, true),
                                         made(Elementwise::subtract, {value(0), view(1)}),
                                         made(Elementwise::sigmoid, {value(1)}, true)};
  CodeFunctions functions = coded(values, {false, false});
  EXPECT_FALSE(VectorCode::generate(functions, DType::float64)) << "of any number of elements";
  const std::vector<double> special = {0,
                                       -0.0,
                                       36.7,
                                       -1e-300,
                                       600,
                                       601,
                                       1e300,
                                       -708.5,
                                       -709.7,
                                       -709.77,
                                       -709.79,
                                       -710.5,
                                       -746,
                                       -1e300,
                                       std::numeric_limits<double>::infinity(),
                                       -std::numeric_limits<double>::infinity(),
                                       std::numeric_limits<double>::quiet_NaN()};
  std::mt19937 random(1);
  std::uniform_real_distribution<double> draw(-40, 40);
  for (std::size_t n = 1; n <= 9; ++n) {
    functions.elements = n;
    EXPECT_FALSE(VectorCode::generate(functions, DType::float32)) << n;
    const auto code = VectorCode::generate(functions, DType::float64);
    ASSERT_EQ(code.has_value(), VectorCode::is_available() && has_avx512() && n <= 8) << n;
    for (int i = 0; code && i < 1000; ++i) {
      std::vector<std::vector<double>> views(2, std::vector<double>(n));
      for (double& x : views[0]) x = i < 100 ? special[random() % special.size()] : draw(random);
      for (double& x : views[1]) x = draw(random);
      const std::vector<std::vector<double>> expected = by_kernels<double>(values, views, {false, false}, n);
      const Guarded<double> first, second;
      const std::vector<void*> places = {views[0].data(), views[1].data(), first.last(n), second.last(n)};
      code->run(places.data(), n);
      for (std::size_t j = 0; j < n; ++j) {
        ASSERT_TRUE(same(expected[0][j], first.last(n)[j])) << views[0][j] << ": " << first.last(n)[j];
        ASSERT_TRUE(same(expected[2][j], second.last(n)[j])) << views[0][j] << " " << views[1][j];
      }
    }
  }
}

TEST(VectorCode, OfMoreThanItsRoomIsNotGenerated) {
  std::vector<TileValue> values = {made(Elementwise::sign, {view(0)})};
  while (values.size() < 600)
    values.push_back(made(Elementwise::sign, {value(static_cast<std::uint32_t>(values.size() - 1))}));
  EXPECT_FALSE(VectorCode::generate(coded(values, {false}), DType::float32));
  values.resize(200);
  values.back().stored = 0;
  expect_the_kernels_values(values, {false}, {}, "200 signs");
}

TEST(VectorCode, OfValuesThatFitNoRegistersIsNotGenerated) {
  const std::uint32_t most = has_avx512() ? 30 : 13;
  for (const std::uint32_t count : {most, most + 1, 100U}) {
    std::vector<TileValue> values;
    for (std::uint32_t i = 0; i < count; ++i) values.push_back(made(Elementwise::add, {view(0), view(1)}));
    for (std::uint32_t i = 0; i < count; ++i) values.push_back(stored(made(Elementwise::square, {value(i)})));
    if (count == most)
      expect_the_kernels_values(values, {false, true}, {}, "as many values as fit");
    else
      EXPECT_FALSE(VectorCode::generate(coded(values, {false, true}), DType::float64)) << count;
  }
}

/// x + x or x - x, many times. Each has other places that it does not use, so that none is like another.
std::vector<VectorCode> many_codes(std::size_t count, Elementwise function, std::size_t first_places = 2) {
  CodeFunctions functions = coded({made(function, {view(0), view(0)}, true)}, {false});
  std::vector<VectorCode> codes;
  for (std::size_t i = 0; i < count; ++i) {
    functions.places = first_places + i;
    codes.push_back(*VectorCode::generate(functions, DType::float32));
  }
  return codes;
}

bool are_right(const std::vector<VectorCode>& codes, Elementwise function) {
  return std::ranges::all_of(codes, [&](const VectorCode& code) {
    std::array<float, 9> x = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    std::array<float, 9> expected = {};
    if (function == Elementwise::add) expected = {2, 4, 6, 8, 10, 12, 14, 16, 18};
    const std::array<void*, 2> places = {x.data(), x.data()};
    code.run(places.data(), x.size());
    return x == expected;
  });
}

TEST(VectorCode, IsKeptWhileItIsUsed) {
  if (!VectorCode::is_available()) GTEST_SKIP() << "no code for " << kernels::instruction_set();
  constexpr std::size_t kMoreThanABlock = 6000;
  const std::vector<VectorCode> codes = many_codes(10, Elementwise::subtract);
  for (int round = 0; round < 3; ++round)
    EXPECT_TRUE(are_right(many_codes(kMoreThanABlock, Elementwise::add), Elementwise::add));
  EXPECT_TRUE(are_right(codes, Elementwise::subtract));
}

TEST(VectorCode, OfFunctionsThatAreAlikeIsInMemoryOnce) {
  if (!VectorCode::is_available()) GTEST_SKIP() << "no code for " << kernels::instruction_set();
  static std::size_t places = 100'000;  // that no other code has
  const auto bytes_of = [](Elementwise function) {
    constexpr std::array<std::uint8_t, 1> kReturn = {0xC3};
    const auto* before = static_cast<const std::uint8_t*>(executable_copy(kReturn).get());
    EXPECT_TRUE(are_right(many_codes(1, function, places), function));
    return static_cast<const std::uint8_t*>(executable_copy(kReturn).get()) - before;
  };
  constexpr std::ptrdiff_t kMost = 4096;
  std::ptrdiff_t of_add = 0, of_add_again = 0, of_subtract = 0;
  do {  // until one block of memory has room for all
    ++places;
    of_add = bytes_of(Elementwise::add);
    of_add_again = bytes_of(Elementwise::add);
    of_subtract = bytes_of(Elementwise::subtract);
  } while (of_add < 0 || of_add > kMost || of_subtract != of_add);
  EXPECT_LT(of_add_again, of_add);
}

TEST(VectorCode, OfOtherPlacesIsOtherCode) {
  CodeFunctions functions = coded({made(Elementwise::square, {view(0)}, true)}, {false});
  const std::array<float, 4> x = {1, 2, 3, 4};
  for (const std::int64_t from : {0, 1})
    for (const std::int64_t to : {0, 2}) {
      functions.sources[0].from.offset = from;
      functions.values[0].stored->offset = to;
      const auto code = VectorCode::generate(functions, DType::float32);
      ASSERT_EQ(code.has_value(), VectorCode::is_available());
      if (!code) return;
      std::array<float, 4> y = {};
      const std::array<void*, 2> places = {const_cast<float*>(x.data()), y.data()};
      code->run(places.data(), 1);
      EXPECT_EQ(y[static_cast<std::size_t>(to)], from == 0 ? 1 : 4);
      EXPECT_EQ(std::ranges::count(y, 0), 3);
    }
}

TEST(VectorCode, IsGeneratedByThreadsAtTheSameTime) {
  if (!VectorCode::is_available()) GTEST_SKIP() << "no code for " << kernels::instruction_set();
  std::array<bool, 4> right{};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < right.size(); ++i)
    threads.emplace_back([&, i] {
      const Elementwise function = i % 2 == 0 ? Elementwise::add : Elementwise::subtract;
      right[i] = are_right(many_codes(500, function), function);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(std::ranges::all_of(right, std::identity{}));
}

/// The status with which a copy of this process ends.
template <class Work>
int status_of_copy(const Work& work) {
  const pid_t child = fork();
  if (child == 0) _exit(work() ? 0 : 1);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

TEST(VectorCode, OfACopiedProcessIsItsOwn) {
  if (!VectorCode::is_available()) GTEST_SKIP() << "no code for " << kernels::instruction_set();
  constexpr std::size_t kOthers = 50;
  const std::vector<VectorCode> before = many_codes(10, Elementwise::add);
  std::vector<VectorCode> after;
  EXPECT_EQ(status_of_copy([&] {
              const std::vector<VectorCode> own = many_codes(10, Elementwise::subtract);
              after = many_codes(10, Elementwise::add, kOthers);
              return are_right(before, Elementwise::add) && are_right(own, Elementwise::subtract);
            }),
            0);
  after = many_codes(10, Elementwise::add, kOthers);
  EXPECT_EQ(status_of_copy([&] {
              (void)many_codes(10, Elementwise::subtract, kOthers);
              return are_right(after, Elementwise::add);
            }),
            0);
  EXPECT_TRUE(are_right(before, Elementwise::add) && are_right(after, Elementwise::add));
}

TEST(VectorCode, HasNoMemoryWhereTheSystemGivesNone) {
  if (TALWEG_SANITIZED) GTEST_SKIP() << "a sanitizer needs memory of its own";
  EXPECT_EQ(status_of_copy([] {
              constexpr std::array<std::uint8_t, 1> kReturn = {0xC3};
              const rlimit none = {0, 0};
              return setrlimit(RLIMIT_AS, &none) == 0 && executable_copy(kReturn) == nullptr;
            }),
            0);
}

}  // namespace
}  // namespace talweg
