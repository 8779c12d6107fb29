// Batches that are gathered ahead.

#include "training/prefetch.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <talweg/error.hpp>

namespace talweg {
namespace {

constexpr const char* kModel =
    "talweg: 1\n"
    "data: {x: [0, 1, 2, 3, 4, 5, 6, 7]}\n"
    "graph: {loss: mean(x)}\n"
    "train: {minimize: loss, optimizer: gd, batch: 2, steps: 1}\n";

std::vector<double> present(BatchData& data) {
  return to_doubles(data.bindings().front().data, DType::float64, 2);
}

TEST(Prefetch, BringsTheRowsOfTheStepThatTheyAreFor) {
  const CheckedModel model = load_model_text(kModel, "model.yaml");
  BatchData data(model);
  Prefetch prefetch;
  EXPECT_FALSE(prefetch.take(0));
  prefetch.begin(1, data, {4, 7});
  EXPECT_EQ(present(data), (std::vector<double>{0, 1})) << "until they are taken";
  EXPECT_TRUE(prefetch.take(1));
  EXPECT_EQ(present(data), (std::vector<double>{4, 7}));
  EXPECT_FALSE(prefetch.take(1)) << "once";
}

TEST(Prefetch, ForgetsRowsThatNobodyAsksFor) {
  const CheckedModel model = load_model_text(kModel, "model.yaml");
  BatchData data(model);
  Prefetch prefetch;
  prefetch.begin(5, data, {2, 3});
  EXPECT_FALSE(prefetch.take(4));
  EXPECT_FALSE(prefetch.take(5));
  prefetch.begin(6, data, {2, 3});
  prefetch.begin(7, data, {6, 5});
  EXPECT_TRUE(prefetch.take(7));
  EXPECT_EQ(present(data), (std::vector<double>{6, 5}));
}

TEST(Prefetch, ThrowsWhatGatheringHasThrownWhenTheRowsAreTaken) {
  CheckedModel model = load_model_text(kModel, "model.yaml");
  const auto values = std::make_shared<std::vector<double>>(8, 1.0);
  (*values)[6] = std::numeric_limits<double>::quiet_NaN();
  RawRows raw{.owner = values,
              .first = reinterpret_cast<const std::byte*>(values->data()),
              .rows = 8,
              .row_elements = 1,
              .row_stride = 8,
              .file = "x.npy"};
  model.data.front().column = std::make_shared<const DataColumn>(raw, Shape{8}, DType::float64, Conversion{},
                                                                 AllowedValues{.nan = false, .classes = 0});
  BatchData data(model);
  Prefetch prefetch;
  prefetch.begin(1, data, {5, 6});
  EXPECT_THROW(static_cast<void>(prefetch.take(1)), Error);
  prefetch.begin(2, data, {6, 5});
  EXPECT_FALSE(prefetch.take(1)) << "rows that nobody takes do no harm";
}

}  // namespace
}  // namespace talweg
