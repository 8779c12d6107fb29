// While steps are made a program may keep the weights in a layout of its own. Nobody sees old ones.

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <talweg/error.hpp>
#include <vector>

#include "kernels/kernels.hpp"
#include "training/checkpoint.hpp"
#include "training/following.hpp"

namespace talweg {
namespace {

/// Its second layer is large enough for panels, in batches of 32 of which the last of an epoch has 20.
std::string network(const std::string& train, const std::string& alpha = "0.1") {
  return "talweg: 1\nseed: 3\ndtype: float32\n"
         "data:\n  X, y: {moons: {examples: 116, noise: 0.2}}\n"
         "split: {train: 84, validation: 32}\n"
         "graph:\n  h: dense(X, units=160, activation=tanh)\n"
         "  h2: dense(h, units=192, activation=relu)\n"
         "  out: dense(h2, units=1)\n"
         "  loss: mse(out[:, 0], y)\n"
         "train:\n  minimize: loss\n  batch: 32\n  optimizer: {gd: {alpha: " +
         alpha + "}}\n" + train;
}

const std::vector<std::string> kParameters = {"h/W", "h/b", "h2/W", "h2/b", "out/W", "out/b"};

std::vector<std::vector<double>> values_of(Trainer& trainer) {
  std::vector<std::vector<double>> values;
  for (const std::string& name : kParameters) values.push_back(trainer.value(name).values);
  return values;
}

TEST(ValuesTakenOver, AreTheSameHoweverOftenTheyAreLookedAt) {
  const auto seldom = make_trainer(network("  steps: 40\n  log: {every: 10}\n"));
  const auto often = make_trainer(network("  steps: 40\n  log: {every: 1}\n  validate: {every: 3}\n"));
  const Following few = train(*seldom), many = train(*often);
  EXPECT_EQ(often->program_listing().find("panel product") != std::string::npos,
            kernels::instruction_set() == "x86-64-v3");
  ASSERT_EQ(few.lines.size(), 4U);
  ASSERT_EQ(many.lines.size(), 40U);
  for (std::size_t i = 0; i < few.lines.size(); ++i)
    EXPECT_EQ(scalar(few.lines[i].values, "loss"), scalar(many.lines[10 * i].values, "loss"));
  EXPECT_NE(scalar(many.lines[1].values, "loss"), scalar(many.lines[4].values, "loss"));
  EXPECT_EQ(values_of(*seldom), values_of(*often));
}

TEST(ValuesTakenOver, AreThoseOfTheReferenceExecutor) {
  const std::string text = network("  steps: 20\n  log: {every: 1}\n");
  const Following found = train(*make_trainer(text, {}, {.threads = 2}));
  const Following expected = train(*make_trainer(text, {}, {.reference_executor = true}));
  for (std::size_t i = 0; i < expected.lines.size(); ++i)
    EXPECT_NEAR(scalar(found.lines[i].values, "loss"), scalar(expected.lines[i].values, "loss"), 1e-5) << i;
}

TEST(ValuesTakenOver, AreAllInACheckpointThatAnObserverTakes) {
  struct Saving : Following {
    void logged(const LogRecord& record) override {
      if (record.step == 7) checkpoint = trainer->checkpoint();
    }
    Trainer* trainer = nullptr;
    std::optional<Checkpoint> checkpoint;
  } saving;
  const std::string text = network("  steps: 20\n  log: {every: 7}\n");
  const auto whole = make_trainer(text), second_half = make_trainer(text);
  saving.trainer = whole.get();
  whole->run(saving);
  second_half->restore(saving.checkpoint.value());
  (void)train(*second_half);
  EXPECT_EQ(values_of(*whole), values_of(*second_half));
}

TEST(ValuesTakenOver, MayBeReplacedByAnObserver) {
  struct Replacing : Following {
    void logged(const LogRecord& record) override {
      if (record.step == 5) trainer->set_value("h2/W", std::vector<double>(160 * 192, 0.0));
      if (record.step == 6) found = trainer->value("h2/W").values;
    }
    Trainer* trainer = nullptr;
    std::vector<double> found;
  } replacing;
  const auto trainer = make_trainer(network("  steps: 8\n  log: {every: 1}\n"));
  replacing.trainer = trainer.get();
  trainer->run(replacing);
  ASSERT_EQ(replacing.found.size(), 160U * 192U);
  for (double value : replacing.found) EXPECT_LT(std::abs(value), 0.05) << "one step from zero";
}

TEST(ValuesTakenOver, DivergeWhereTheyDoWithTheReferenceExecutor) {
  const auto message_of = [](const TrainerOptions& options) -> std::string {
    try {
      (void)train(*make_trainer(network("  steps: 300\n  log: {every: 100}\n", "3"), {}, options));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const std::string message = message_of({});
  EXPECT_NE(message, "");
  EXPECT_EQ(message, message_of({.reference_executor = true}));
}

}  // namespace
}  // namespace talweg
