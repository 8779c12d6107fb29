// Examples in batches: which rows a step sees, what the partial batch does, validation, keep and patience.

#include "training/batches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <talweg/error.hpp>

#include "plugin/test_plugins.hpp"
#include "support/file.hpp"
#include "training/checkpoint.hpp"
#include "training/evaluation.hpp"
#include "training/following.hpp"
#include "training/npy.hpp"

namespace talweg {
namespace {

/// Ten examples 0 ... 9, one parameter w that gd moves by alpha times the mean of the batch.
std::string model_with(const std::string& train, const std::string& rest = "") {
  return "talweg: 1\nseed: 5\ndata: {x: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}\n"
         "parameters: {w: {shape: [], init: 0}}\n"
         "graph: {seen: sum(2.0 ** x), loss: w * mean(x)}\n" +
         rest + "train: {minimize: loss, optimizer: {gd: {alpha: 1}}, " + train + "}\n";
}

std::vector<std::int64_t> rows_of(const Batches& batches, std::int64_t step) {
  std::vector<std::int64_t> rows;
  batches.rows_of_step(step, rows);
  return rows;
}

TEST(Batches, OfAnEpochTakeEveryRowOfTheTrainSplitOnce) {
  const Batches batches(
      load_model_text(model_with("batch: 3, epochs: 2", "split: {train: 8, validation: 2}\n"), "model.yaml"));
  EXPECT_EQ(batches.examples().steps_per_epoch(), 3);
  std::vector<std::vector<std::int64_t>> epochs;
  for (std::int64_t epoch = 0; epoch < 2; ++epoch) {
    std::vector<std::int64_t>& all = epochs.emplace_back();
    for (std::int64_t step = 3 * epoch; step < 3 * epoch + 3; ++step) {
      const std::vector<std::int64_t> rows = rows_of(batches, step);
      EXPECT_EQ(rows.size(), step % 3 == 2 ? 2U : 3U);
      all.insert(all.end(), rows.begin(), rows.end());
    }
  }
  EXPECT_NE(epochs[0], epochs[1]) << "each epoch has an order of its own";
  for (std::vector<std::int64_t>& all : epochs) {
    std::ranges::sort(all);
    EXPECT_EQ(all, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  }
}

TEST(Batches, KeepTheOrderOfTheRowsWhereNothingIsShuffled) {
  const Batches batches(load_model_text(model_with("batch: 4, epochs: 2, shuffle: False"), "model.yaml"));
  EXPECT_EQ(rows_of(batches, 0), (std::vector<std::int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(rows_of(batches, 2), (std::vector<std::int64_t>{8, 9}));
  EXPECT_EQ(rows_of(batches, 3), (std::vector<std::int64_t>{0, 1, 2, 3}));
}

TEST(Batches, OfShuffledSplitsDivideAllRows) {
  const Batches batches(load_model_text(
      model_with("steps: 1", "split: {train: 0.5, validation: 0.3, test: 0.2, shuffle: True}\n"),
      "model.yaml"));
  std::set<std::int64_t> all;
  std::vector<std::int64_t> train;
  for (const Split& split : batches.examples().splits)
    for (std::int64_t i = 0; i < split.count; ++i) {
      all.insert(batches.row_of_split(split, i));
      if (split.name == "train") train.push_back(batches.row_of_split(split, i));
    }
  EXPECT_EQ(all.size(), 10U);
  EXPECT_EQ(train.size(), 5U);
  EXPECT_NE(train, (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
}

/// The parameter after each step is minus the sum of the batches' means: a step sees its batch and no other.
TEST(BatchTraining, StepsOnTheRowsOfEachBatch) {
  const auto trainer = make_trainer(model_with("batch: 4, epochs: 3, log: {every: 1, seen: seen}"));
  const Batches batches(trainer->model());
  const Following following = train(*trainer);
  ASSERT_EQ(following.lines.size(), 9U);
  double w = 0;
  for (std::int64_t step = 0; step < 9; ++step) {
    double seen = 0, mean = 0;
    const std::vector<std::int64_t> rows = rows_of(batches, step);
    for (std::int64_t row : rows) seen += std::exp2(static_cast<double>(row));
    for (std::int64_t row : rows) mean += static_cast<double>(row) / static_cast<double>(rows.size());
    const LogRecord& line = following.lines[static_cast<std::size_t>(step)];
    EXPECT_EQ(scalar(line.values, "seen"), seen) << step;
    EXPECT_NEAR(scalar(line.values, "loss"), w * mean, 1e-12) << step;
    w -= mean;
  }
  EXPECT_NEAR(trainer->value("w").values.front(), w, 1e-12);
}

TEST(BatchTraining, ValuesAreThoseOfThePresentBatch) {
  const auto trainer = make_trainer(model_with("batch: 4, steps: 2, shuffle: False"));
  EXPECT_EQ(trainer->value("x").values, (std::vector<double>{0, 1, 2, 3}));
  static_cast<void>(train(*trainer));
  EXPECT_EQ(trainer->value("x").values, (std::vector<double>{8, 9})) << "the last batch of the epoch";
  EXPECT_EQ(trainer->gradient("w").values, (std::vector<double>{8.5}));
}

/// 100 examples of 256 elements, the first of which is the example's number.
std::string model_with_large_rows(const TemporaryDirectory& directory) {
  constexpr std::int64_t kRows = 100, kElements = 256;
  std::vector<double> values(kRows * kElements);
  for (std::size_t i = 0; i < kRows; ++i) values[i * kElements] = static_cast<double>(i);
  const Shape shape = {kRows, kElements};
  write_whole_file(directory.path() / "x.npy",
                   npy_header(DType::float64, shape) + npy_elements(DType::float64, values));
  return "talweg: 1\nseed: 5\ndata: {x: {npy: " + (directory.path() / "x.npy").string() +
         "}}\nparameters: {w: {shape: [], init: 0}}\ngraph: {loss: 'w * mean(x)'}\n"
         "train: {minimize: loss, optimizer: {gd: {alpha: 1}}, batch: 32, epochs: 3,\n"
         "        log: {every: 1, numbers: 'x[:, 0]'}}\n";
}

TEST(BatchTraining, SeesTheSameRowsWhereTheyAreGatheredAhead) {
  const TemporaryDirectory directory;
  const std::string text = model_with_large_rows(directory);
  const auto lines_with = [&](int threads) {
    return train(*make_trainer(text, {}, {.threads = threads})).lines;
  };
  const std::vector<LogRecord> alone = lines_with(1), ahead = lines_with(2);
  ASSERT_EQ(alone.size(), 12U);
  ASSERT_EQ(ahead.size(), alone.size());
  for (std::size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(named(ahead[i].values, "numbers").values, named(alone[i].values, "numbers").values) << i;
    EXPECT_EQ(named(alone[i].values, "numbers").values.size(), i % 4 == 3 ? 4U : 32U);
  }
}

TEST(BatchTraining, EpochIsTheNumberOfPassesMade) {
  const auto trainer =
      make_trainer(model_with("batch: 4, epochs: 2, log: {every: 1, at: epoch, of: epochs}"));
  std::vector<double> epochs;
  for (const LogRecord& line : train(*trainer).lines) {
    epochs.push_back(scalar(line.values, "at"));
    EXPECT_EQ(scalar(line.values, "of"), 2);
  }
  EXPECT_EQ(epochs, (std::vector<double>{0, 0, 0, 1, 1, 1}));
}

TEST(BatchTraining, OfAMinimizerNeedsBatchesOfOneSize) {
  ModelOptions options;
  options.optimizer = "lbfgs";
  try {
    make_trainer(model_with("batch: 4, steps: 2"), options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(),
              "optimizer 'lbfgs' needs batches of one size, and 4 does not divide 10 examples");
  }
  EXPECT_NO_THROW(make_trainer(model_with("batch: 5, steps: 2"), options));
}

/// 0 ... 6 train, 7, 8 and 9 validate in batches of two and one: the metric is the mean over the three rows.
TEST(Validation, IsTheMeanOverTheSplitWithAPartialBatch) {
  const auto trainer = make_trainer(
      model_with("batch: 2, epochs: 2, shuffle: False",
                 "split: {train: 7, validation: 3}\nmetrics: {mean_of_x: mean(x), squares: mean(x ** 2)}\n"));
  const Following following = train(*trainer);
  ASSERT_EQ(following.validations.size(), 2U);
  EXPECT_EQ(following.validations[0].step, 4);
  EXPECT_EQ(following.validations[0].epoch, 1);
  EXPECT_EQ(following.validations[1].step, 8);
  for (const ValidationRecord& record : following.validations) {
    EXPECT_DOUBLE_EQ(scalar(record.values, "mean_of_x"), 8);
    EXPECT_DOUBLE_EQ(scalar(record.values, "squares"), (49.0 + 64 + 81) / 3);
  }
  // w after an epoch: minus the means of (0, 1), (2, 3), (4, 5) and (6).
  EXPECT_DOUBLE_EQ(scalar(following.validations[0].values, "loss"), -8 * (0.5 + 2.5 + 4.5 + 6));
  ASSERT_TRUE(following.end.validation.has_value());
  EXPECT_EQ(following.end.validation->step, 8);
}

struct SplitMeasureCase {
  const char* metric;
  double value;  ///< over x = 6, 7, 8, 9 and 10 all at once
  bool by_batch;
};

/// The split has batches of two, two and one; t is 0, 1, 0, 1, 0.
const SplitMeasureCase kSplitMeasures[] = {
    {"mean(x)", 8, true},
    {"sum(x)", 40, true},
    {"sum(x) / x.shape[0]", 8, true},
    {"max(x) - min(x)", 4, true},
    {"prod(x - 5)", 120, true},
    {"sqrt(mean(x ** 2))", std::sqrt(66.0), true},
    {"exp(mean(log(x))) + w ** 2", std::pow(30240.0, 0.2) + 1, true},
    {"sum(where(t == 1, x, 0)) / sum(t == 1)", 8, true},
    {"sum(one_hot(t, 2), axis=0)[1]", 2, true},
    {"max(sum(one_hot(t, 2) * reshape(x, [-1, 1]), axis=0))", 24, true},
    {"2 * 3", 6, true},
    {"sum(zeros([x.shape[0], 2]) @ ones([2, 1]) + reshape(x, [-1, 1]))", 40, true},
    {"std(x)", std::sqrt(2.0), false},
    {"1 - sum((x - 8) ** 2) / sum((x - mean(x)) ** 2)", 0, false},
    {"sum(x / x.shape[0])", 8, false},
    {"logsumexp(x - 10)", std::log(1 + std::exp(-1) + std::exp(-2) + std::exp(-3) + std::exp(-4)), false},
    {"x[-1]", 10, false},
    {"argmax(x)", 4, false},
    {"cumsum(x)[-1]", 40, false},
    {"sum(arange(x.shape[0]) * x)", 90, false},
    {"sum(reshape(x, [-1, 1]) * x)", 1600, false},
    {"sum(x @ x)", 330, false},
    {"sum(concatenate([x, x]))", 80, false},
};

void PrintTo(const SplitMeasureCase& measure, std::ostream* stream) { *stream << measure.metric; }

class SplitMeasure : public testing::TestWithParam<SplitMeasureCase> {};

TEST_P(SplitMeasure, IsTheExpressionOverTheWholeSplit) {
  for (const char* dtype : {"float64", "float32"}) {
    const std::string text =
        std::string("talweg: 1\ndtype: ") + dtype +
        "\ndata: {x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], t: [0, 1, 0, 1, 0, 0, 1, 0, 1, 0]}\n"
        "split: {train: 5, validation: 5}\nparameters: {w: {shape: [], init: 1}}\ngraph: {loss: '" +
        GetParam().metric + " + 0 * w'}\nmetrics: {measure: '" + GetParam().metric +
        "'}\ntrain: {minimize: loss, optimizer: {gd: {alpha: 1}}, batch: 2, epochs: 1}\n";
    TrainingState state(load_model_text(text, "model.yaml"), nullptr, {});
    Evaluation evaluation(state, *state.batches->examples().find(Examples::kValidation));
    EXPECT_EQ(evaluation.at_once().empty(), GetParam().by_batch);
    const double tolerance = dtype == std::string("float32") ? 1e-6 : 1e-14;
    const std::vector<double> values = evaluation.run().value();  // the loss and the metric
    for (const double value : values)
      EXPECT_NEAR(value, GetParam().value, tolerance * std::max(1.0, std::abs(GetParam().value))) << dtype;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SplitMeasure, testing::ValuesIn(kSplitMeasures));

TEST(Validation, IsOfTheModelAsItIsInEvaluation) {
  const auto trainer = make_trainer(
      model_with("batch: 2, epochs: 1", "split: {train: 8, validation: 2}\nmetrics: {mode: training}\n"));
  EXPECT_EQ(scalar(train(*trainer).validations.at(0).values, "mode"), 0);
}

TEST(Validation, OfSomeRowsSpreadsThem) {
  const auto trainer =
      make_trainer(model_with("batch: 2, epochs: 1, validate: {rows: 2}",
                              "split: {train: 2, validation: 8}\nmetrics: {mean_of_x: mean(x)}\n"));
  EXPECT_EQ(scalar(train(*trainer).validations.at(0).values, "mean_of_x"), (2 + 6) / 2.0);
}

/// w falls by 1 a step; the metric (w + 3) ** 2 is best after three steps.
const std::string kDipping =
    "talweg: 1\ndata: {x: [1, 1, 1, 1]}\nsplit: {train: 3, validation: 1}\n"
    "parameters: {w: {shape: [], init: 0}}\nstate: {count: {shape: []}}\nupdate: {count: count + 1}\n"
    "graph: {loss: w * mean(x)}\nmetrics: {miss: (w + 3) ** 2, gain: -(w + 3) ** 2}\n";

std::string dipping(const std::string& train) {
  return kDipping + "train: {minimize: loss, optimizer: {gd: {alpha: 1}}, batch: 1, validate: {every: 1}, " +
         train + "}\n";
}

TEST(Keep, BestEndsWithTheBestValues) {
  for (const char* keep : {"{lowest: miss}", "{highest: gain}"}) {
    const auto trainer = make_trainer(dipping("steps: 6, keep: " + std::string(keep)));
    const Following following = train(*trainer);
    EXPECT_EQ(following.validations.size(), 6U);
    EXPECT_EQ(following.end.validation->step, 3);
    EXPECT_EQ(scalar(following.end.validation->values, "miss"), 0);
    EXPECT_EQ(scalar(following.end.values, "loss"), -6) << "after the last update";
    EXPECT_EQ(trainer->value("w").values.front(), -3);
    EXPECT_EQ(trainer->value("count").values.front(), 3) << "states belong to the model";
  }
}

TEST(Keep, OfTheLastIsWhatHappensWithoutIt) {
  const auto trainer = make_trainer(dipping("steps: 6"));
  static_cast<void>(train(*trainer));
  EXPECT_EQ(trainer->value("w").values.front(), -6);
}

TEST(Patience, EndsAfterSoManyValidationsWithoutAnImprovement) {
  const auto trainer = make_trainer(dipping("steps: 100, keep: {lowest: miss}, stop: {patience: 2}"));
  const Following following = train(*trainer);
  EXPECT_EQ(following.end.reason, EndReason::patience);
  EXPECT_EQ(following.end.steps, 5);
  EXPECT_EQ(trainer->value("w").values.front(), -3);
}

/// Two parameters and a metric that jumps, so that everything that a checkpoint holds matters.
std::string wandering(const std::string& optimizer) {
  return "talweg: 1\nseed: 2\ndata:\n  x: [0.3, -1, 2, 0.7, 1.1, -0.4, 0.9, 1.6, -2, 0.1, 0.2]\n"
         "split: {train: 8, validation: 3}\nparameters: {w: {shape: [3], init: 'uniform(-1, 1)'}}\n"
         "state: {mean_of_x: {shape: []}}\nupdate: {mean_of_x: 0.9 * mean_of_x + 0.1 * mean(x)}\n"
         "graph: {y: 'w[0] + w[1] * x + w[2] * x ** 2', loss: mean((y - sin(3 * x)) ** 2)}\n"
         "metrics: {shifted: mean(abs(y)) - mean_of_x}\n"
         "train: {minimize: loss, optimizer: {" +
         optimizer +
         ": {alpha: 0.1}}, batch: 3, epochs: 8, "
         "validate: {every: 2}, keep: {lowest: shifted}, log: {every: 1, seen: sum(x)}}\n";
}

class BatchTrainingBy : public testing::TestWithParam<const char*> {};

TEST_P(BatchTrainingBy, GoesOnFromACheckpointToTheBit) {
  const auto whole = make_trainer(wandering(GetParam()));
  const Following expected = train(*whole);
  for (std::int64_t cut = 1; cut < 24; ++cut) {
    const auto first = make_trainer(wandering(GetParam()));
    struct Stopper : Following {
      void logged(const LogRecord& record) override {
        if (record.step == cut) checkpoint = encode_checkpoint(trainer->checkpoint());
      }
      Trainer* trainer = nullptr;
      std::int64_t cut = 0;
      std::string checkpoint;
    } stopper;
    stopper.trainer = first.get();
    stopper.cut = cut;
    first->run(stopper);
    const auto second = make_trainer(wandering(GetParam()));
    second->restore(decode_checkpoint(stopper.checkpoint, "checkpoint"));
    const Following following = train(*second);
    EXPECT_EQ(second->value("w").values, whole->value("w").values) << cut;
    EXPECT_EQ(second->value("mean_of_x").values, whole->value("mean_of_x").values) << cut;
    EXPECT_EQ(following.end.validation->step, expected.end.validation->step) << cut;
    EXPECT_EQ(scalar(following.end.validation->values, "shifted"),
              scalar(expected.end.validation->values, "shifted"));
    EXPECT_EQ(scalar(following.end.values, "seen"), scalar(expected.end.values, "seen"));
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, BatchTrainingBy, testing::Values("adam", "schedule_free", "aw_sgd"));

}  // namespace
}  // namespace talweg
