// A batch of all examples is loaded and packed once: its rows are those of the split, and nothing that
// changes is taken for it.

#include <gtest/gtest.h>

#include <string>

#include "training/checkpoint.hpp"
#include "training/following.hpp"

namespace talweg {
namespace {

/// 48 of 60 examples in an order of their own; the first layer is large enough for panels.
std::string network(const std::string& batch, const std::string& optimizer) {
  return "talweg: 1\nseed: 3\n"
         "data:\n  X, y: {blobs: {examples: 60, classes: 3, features: 160}}\n"
         "split: {train: 48, validation: 12, shuffle: True}\n"
         "graph:\n  h: dense(X, units=160, activation=relu)\n  logits: dense(h, units=3)\n"
         "  loss: cross_entropy(logits, y)\n"
         "train:\n  minimize: loss\n  optimizer: {" +
         optimizer + "}\n  steps: 6\n  log: {every: 1, rows: 'sum(X[:, 0])'}\n" + batch;
}

double rows_in(const LogRecord& line) { return scalar(line.values, "rows"); }

TEST(SingleBatch, HasTheRowsOfTheSplit) {
  const auto one = train(*make_trainer(network("", "gd: {alpha: 0.01}"))).lines;
  const auto three = train(*make_trainer(network("  batch: 16\n", "gd: {alpha: 0.01}"))).lines;
  ASSERT_EQ(one.size(), 6U);
  for (const LogRecord& line : one) EXPECT_EQ(rows_in(line), rows_in(one[0]));
  EXPECT_NEAR(rows_in(three[0]) + rows_in(three[1]) + rows_in(three[2]), rows_in(one[0]), 1e-10);
}

TEST(SingleBatch, IsThereWhereTrainingGoesOnBetweenTwoLogLines) {
  std::string text = network("", "gd: {alpha: 0.01}");
  text.replace(text.find("every: 1"), 8, "every: 100");
  ModelOptions two;
  two.steps = 2;
  const auto whole = make_trainer(text), first = make_trainer(text, two), second = make_trainer(text);
  train(*whole);
  train(*first);
  second->restore(first->checkpoint());
  train(*second);
  EXPECT_EQ(second->value("h/W").values, whole->value("h/W").values);
}

TEST(SingleBatch, OfAnOptimizerThatDrawsExamplesChanges) {
  const auto lines = train(*make_trainer(network("", "aw_sgd: {alpha: 0.01}"))).lines;
  ASSERT_EQ(lines.size(), 6U);
  for (std::size_t i = 1; i < lines.size(); ++i) EXPECT_NE(rows_in(lines[i]), rows_in(lines[i - 1])) << i;
}

TEST(SingleBatch, TrainsAsWithTheReferenceExecutorAsSeveralDo) {
  struct Case {
    const char* batch;
    const char* optimizer;
  };
  for (const Case& test : {Case{"", "gd: {alpha: 0.01}"},
                           {"", "adam: {alpha: 0.001}"},
                           {"", "aw_sgd: {alpha: 0.01}"},
                           {"  batch: 48\n", "gd: {alpha: 0.01}"},
                           {"  batch: 16\n", "gd: {alpha: 0.01}"},
                           {"  batch: 20\n", "gd: {alpha: 0.01}"}}) {
    const std::string text = network(test.batch, test.optimizer);
    const auto expected = train(*make_trainer(text, {}, {.reference_executor = true})).lines;
    for (const int threads : {1, 2}) {
      const auto found = train(*make_trainer(text, {}, {.threads = threads})).lines;
      ASSERT_EQ(found.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(scalar(found[i].values, "loss"), scalar(expected[i].values, "loss"), 1e-10)
            << test.optimizer << " " << test.batch << i;
    }
  }
}

}  // namespace
}  // namespace talweg
