// How the values of `data:` come out of memory, whatever they are there.

#include "model/data/column.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace talweg {
namespace {

using Kind = ElementFormat::Kind;

/// Elements as they lie in a file, each a row of its own.
struct Stored {
  const char* what;
  ElementFormat format;
  std::vector<std::uint8_t> bytes;
  std::vector<double> values;
};

DataColumn column_of(const ElementFormat& format, const std::vector<std::uint8_t>& bytes,
                     std::int64_t row_elements, std::int64_t row_stride, std::int64_t rows,
                     const Shape& shape, Conversion conversion = {}) {
  const auto owner = std::make_shared<const std::vector<std::uint8_t>>(bytes);
  return {{owner, reinterpret_cast<const std::byte*>(owner->data()), format, rows, row_elements, row_stride},
          shape,
          DType::float64,
          std::move(conversion)};
}

TEST(DataColumn, ConvertsEveryFormat) {
  const Stored cases[] = {
      {"uint8", {Kind::unsigned_integer, 1, false}, {0, 255}, {0, 255}},
      {"int8", {Kind::signed_integer, 1, false}, {127, 255}, {127, -1}},
      {"bool", {Kind::boolean, 1, false}, {0, 1}, {0, 1}},
      {"uint16", {Kind::unsigned_integer, 2, false}, {1, 2, 255, 255}, {513, 65535}},
      {"int16, swapped", {Kind::signed_integer, 2, true}, {255, 254, 1, 2}, {-2, 258}},
      {"uint32, swapped", {Kind::unsigned_integer, 4, true}, {0, 0, 1, 0}, {256}},
      {"int64", {Kind::signed_integer, 8, false}, {254, 255, 255, 255, 255, 255, 255, 255}, {-2}},
      {"float16",
       {Kind::floating, 2, false},
       {0, 0x3C, 0, 0xC0, 1, 0, 0, 0x7C},
       {1, -2, 0x1p-24, std::numeric_limits<double>::infinity()}},
      {"float32, swapped", {Kind::floating, 4, true}, {0x3F, 0x80, 0, 0}, {1}},
      {"float64, swapped", {Kind::floating, 8, true}, {0xBF, 0xE0, 0, 0, 0, 0, 0, 0}, {-0.5}},
  };
  for (const Stored& stored : cases) {
    const auto rows = static_cast<std::int64_t>(stored.values.size());
    EXPECT_EQ(column_of(stored.format, stored.bytes, 1, stored.format.bytes, rows, {rows}).values(),
              stored.values)
        << stored.what;
  }
}

TEST(DataColumn, GathersRowsInAnyOrderAndTheyMayOverlap) {
  const DataColumn windows = column_of({Kind::unsigned_integer, 1, false}, {1, 2, 3, 4, 5}, 3, 1, 3, {3, 3});
  const std::vector<std::int64_t> rows = {2, 0, 2};
  std::vector<float> gathered(9);
  windows.gather(rows, gathered.data());
  EXPECT_EQ(gathered, (std::vector<float>{3, 4, 5, 1, 2, 3, 3, 4, 5}));
  windows.gather(1, 2, gathered.data());
  EXPECT_EQ(std::vector<float>(gathered.begin(), gathered.begin() + 6),
            (std::vector<float>{2, 3, 4, 3, 4, 5}));
}

TEST(DataColumn, AppliesTableScaleAndOneHot) {
  const ElementFormat bytes{Kind::unsigned_integer, 1, false};
  EXPECT_EQ(column_of(bytes, {0, 51, 255}, 1, 1, 3, {3}, {{}, {0.2}, {1}, 0}).values(),
            (std::vector<double>{1, 51 * 0.2 + 1, 255 * 0.2 + 1}));
  EXPECT_EQ(column_of(bytes, {1, 2, 3, 4}, 2, 2, 2, {2, 2}, {{}, {10, 100}, {0, 1}, 0}).values(),
            (std::vector<double>{10, 201, 30, 401}));
  EXPECT_EQ(column_of(bytes, {'b', 'a'}, 1, 1, 2, {2}, {std::vector<double>(256, 7), {}, {}, 0}).values(),
            (std::vector<double>{7, 7}));
  EXPECT_EQ(column_of(bytes, {2, 0}, 1, 1, 2, {2, 3}, {{}, {}, {}, 3}).values(),
            (std::vector<double>{0, 0, 1, 1, 0, 0}));
}

TEST(DataColumn, TakesScalesInTurnAlongARow) {
  const ElementFormat bytes{ElementFormat::Kind::unsigned_integer, 1, false};
  EXPECT_EQ(
      column_of(bytes, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 5, 5, 2, {2, 5}, {{}, {10, 100}, {0, 1}, 0}).values(),
      (std::vector<double>{10, 201, 30, 401, 50, 60, 701, 80, 901, 100}));
}

TEST(DataColumn, AppliesTheScaleAfterTheTable) {
  std::vector<double> table(256, 0);
  table[1] = 5;
  EXPECT_EQ(
      column_of({Kind::unsigned_integer, 1, false}, {1, 0}, 1, 1, 2, {2}, {table, {2}, {1}, 0}).values(),
      (std::vector<double>{11, 1}));
}

TEST(DataColumn, HoldsScalarsAndEmptyTensors) {
  EXPECT_EQ(DataColumn::of({3}, {}, DType::float64)->values(), (std::vector<double>{3}));
  EXPECT_EQ(DataColumn::of({}, {0, 3}, DType::float64)->values(), std::vector<double>());
  EXPECT_EQ(DataColumn::of({}, {3, 0}, DType::float64)->values(), std::vector<double>());
}

}  // namespace
}  // namespace talweg
