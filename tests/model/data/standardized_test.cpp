// Columns of mean 0 and deviation 1, by the rows that are trained on.

#include "model/data/standardized.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "model/model.hpp"
#include "model/split_order.hpp"
#include "plugin/test_plugins.hpp"
#include "tools/program.hpp"

namespace talweg {
namespace {

constexpr double kClose = 1e-12;

std::vector<double> standardized_values(const DataColumn& column, std::int64_t count) {
  return standardized(column, count, [](std::int64_t row) { return row; })->values();
}

void expect_near(const std::vector<double>& values, const std::vector<double>& expected) {
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], kClose) << i;
}

TEST(Standardized, TakesMeanAndDeviationOfEachFeatureFromTheRowsGiven) {
  const auto column = DataColumn::of({1, 10, 3, 10, 100, 13}, {3, 2}, DType::float64);
  // Of rows 0 and 1: means 2 and 10, deviations 1 and 0, and what does not change is divided by 1.
  expect_near(standardized_values(*column, 2), {-1, 0, 1, 0, 98, 3});
}

TEST(Standardized, FollowsTheScaleThatAColumnHas) {
  const auto plain = DataColumn::of({1, 2, 3, 6}, {4}, DType::float64);
  const DataColumn scaled(plain->raw(), {4}, DType::float64, {{}, {5}, {-3}, 0});
  expect_near(standardized_values(scaled, 4), standardized_values(*plain, 4));
}

TEST(Standardized, LeavesNaNOut) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values =
      standardized_values(*DataColumn::of({1, nan, 3}, {3}, DType::float64), 3);
  EXPECT_NEAR(values[0], -1, kClose);
  EXPECT_TRUE(std::isnan(values[1]));
}

TEST(Standardized, KeepsDigitsWhereTheMeanIsLarge) {
  std::vector<double> values(100'000, 1e9);
  for (std::size_t i = 1; i < values.size(); i += 2) values[i] += 1;
  const auto column = DataColumn::of(values, {100'000}, DType::float64);
  EXPECT_NEAR(standardized_values(*column, 100'000)[0], -1, 1e-6);
}

class StandardizedEntries : public testing::Test {
 protected:
  StandardizedEntries() { write_text(directory_.path() / "x.csv", "a,b\n1,10\n3,20\n5,60\n100,0\n"); }

  [[nodiscard]] CheckedModel load(const std::string& entry, const std::string& more) const {
    return load_model_text("talweg: 1\nseed: 5\n" + more + "data:\n  X: " + entry + "\n",
                           (directory_.path() / "model.yaml").string());
  }

  TemporaryDirectory directory_;
};

TEST_F(StandardizedEntries, UseTheTrainingRowsAlone) {
  const CheckedModel model =
      load("{csv: x.csv, columns: a, standardize: True}", "split: {train: 3, validation: 1}\n");
  EXPECT_EQ(model.data[0].column->dtype(), DType::float64);
  const double deviation = std::sqrt(8.0 / 3);
  expect_near(model.data[0].column->values(), {-2 / deviation, 0, 2 / deviation, 97 / deviation});
  // An instance of the model has the same values, not values that have been standardized twice.
  EXPECT_EQ(instantiate(model, Mode::evaluation, 1).data[0].column->values(), model.data[0].column->values());
}

TEST_F(StandardizedEntries, UseTheRowsThatAShuffledSplitTrainsOn) {
  const CheckedModel model = load("{csv: x.csv, columns: [a, b], standardize: True}",
                                  "split: {train: 2, validation: 2, shuffle: True}\n");
  const Permutation order = order_of_splits(*model.examples, model.seed);
  const std::vector<double> values = model.data[0].column->values();
  for (std::size_t feature = 0; feature < 2; ++feature) {
    const double first = values[static_cast<std::size_t>(order(0)) * 2 + feature],
                 second = values[static_cast<std::size_t>(order(1)) * 2 + feature];
    EXPECT_NEAR(first + second, 0, kClose);
    EXPECT_NEAR(std::abs(first), 1, kClose);
  }
}

TEST_F(StandardizedEntries, UseAllRowsWithoutASplit) {
  const std::vector<double> values =
      load("{csv: x.csv, columns: b, standardize: True, scale: 7}", "").data[0].column->values();
  double sum = 0, squares = 0;
  for (double value : values) {
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum, 0, kClose);
  EXPECT_NEAR(squares / 4, 1, kClose);
}

TEST_F(StandardizedEntries, AreFloatingNumbers) {
  for (const char* entry :
       {"{csv: x.csv, standardize: True, one_hot: 200}", "{csv: x.csv, standardize: True, classes: 200}",
        "{csv: x.csv, standardize: True, dtype: int64}"})
    EXPECT_THROW(static_cast<void>(load(entry, "")), Error) << entry;
}

}  // namespace
}  // namespace talweg
