// Batches that several threads gather.

#include "training/batch_data.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <talweg/error.hpp>

namespace talweg {
namespace {

/// x, of which a row has three elements, and y, of which a row has one.
CheckedModel model_of_two(int batch) {
  return load_model_text(
      "talweg: 1\n"
      "data:\n"
      "  x: [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]\n"
      "  y: [0, 1, 2, 3, 4, 5, 6, 7]\n"
      "graph: {loss: mean(x) + mean(y)}\n"
      "train: {minimize: loss, optimizer: gd, batch: " +
          std::to_string(batch) + ", steps: 1}\n",
      "model.yaml");
}

DataColumn column_of(std::vector<double> values, const Shape& shape, Conversion conversion) {
  const auto owner = std::make_shared<const std::vector<double>>(std::move(values));
  RawRows raw{.owner = owner,
              .first = reinterpret_cast<const std::byte*>(owner->data()),
              .rows = static_cast<std::int64_t>(owner->size()),
              .row_elements = 1,
              .row_stride = sizeof(double),
              .file = "x.npy"};
  return {raw, shape, DType::float64, std::move(conversion), AllowedValues{.nan = false, .classes = 0}};
}

TEST(BatchData, OfSeveralThreadsHasTheRowsInTheirPlaces) {
  CheckedModel model = model_of_two(5);
  model.data[0].column = std::make_shared<const DataColumn>(
      column_of({0, 1, 2, 0, 1, 2, 0, 1}, {8, 3}, Conversion{.one_hot = 3}));
  for (const int threads : {1, 2, 4, 8}) {
    BatchData data(model);
    ThreadPool pool(threads);
    data.load(std::vector<std::int64_t>{7, 3, 3, 0, 2}, &pool);
    const std::vector<Binding> bindings = data.bindings();
    EXPECT_EQ(to_doubles(bindings[0].data, DType::float64, 15),
              (std::vector<double>{0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1}))
        << threads << " threads";
    EXPECT_EQ(to_doubles(bindings[1].data, DType::float64, 5), (std::vector<double>{7, 3, 3, 0, 2}))
        << threads << " threads";
  }
}

TEST(BatchData, OfSeveralThreadsThrowsWhatTheFirstWrongRowThrows) {
  CheckedModel model = model_of_two(4);
  std::vector<double> values(8, std::numeric_limits<double>::quiet_NaN());
  std::fill_n(values.begin(), 4, 1.0);
  model.data[1].column = std::make_shared<const DataColumn>(column_of(values, {8}, {}));
  BatchData data(model);
  ThreadPool pool(4);
  for (int run = 0; run < 20; ++run) {
    try {
      data.load(std::vector<std::int64_t>{0, 6, 5, 7}, &pool);
      FAIL() << "nothing is thrown";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("row 6"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace talweg
