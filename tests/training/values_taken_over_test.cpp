// While steps are made a program may keep the weights in a layout of its own. Nobody sees old ones.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <talweg/error.hpp>
#include <vector>

#include "kernels/instruction_sets.hpp"
#include "program/machine_code/vector_code.hpp"
#include "training/checkpoint.hpp"
#include "training/following.hpp"
#include "training/weights.hpp"

namespace talweg {
namespace {

/// How the loss comes from the last of three layers.
struct Head {
  const char* name;
  const char* graph;
  bool can_look;  ///< in the step's program, at what is logged
};

constexpr Head kHeads[] = {
    {"Looks", "  out: dense(h2, units=3)\n  loss: mean(square(out - y[:, None]))\n", true},
    // The examples' losses are in the loop over columns that updates the last weights.
    {"LogsByItself", "  out: dense(h2, units=1)\n  loss: mse(out[:, 0], y)\n", false}};

/// The second layer is large enough for panels, in batches of 32 of which the last of an epoch has 20.
class ValuesTakenOver : public testing::TestWithParam<Head> {
 protected:
  static std::string network(const std::string& train, const std::string& optimizer = "gd: {alpha: 0.1}") {
    return "talweg: 1\nseed: 3\ndtype: float32\n"
           "data:\n  X, y: {moons: {examples: 116, noise: 0.2}}\n"
           "split: {train: 84, validation: 32}\n"
           "graph:\n  h: dense(X, units=160, activation=tanh)\n"
           "  h2: dense(h, units=192, activation=relu)\n" +
           std::string(GetParam().graph) + "train:\n  minimize: loss\n  batch: 32\n  optimizer: {" +
           optimizer + "}\n" + train;
  }
  static std::string eight_steps() { return network("  steps: 8\n  log: {every: 1}\n"); }
};

INSTANTIATE_TEST_SUITE_P(Heads, ValuesTakenOver, testing::ValuesIn(kHeads),
                         [](const auto& head) { return std::string(head.param.name); });

bool has(const std::string& listing, const char* what) { return listing.find(what) != std::string::npos; }

constexpr std::size_t kSecondWeights = std::size_t{160} * 192;
const std::vector<std::string> kParameters = {"h/W", "h/b", "h2/W", "h2/b", "out/W", "out/b"};

std::vector<std::vector<double>> values_of(Trainer& trainer) {
  std::vector<std::vector<double>> values;
  values.reserve(kParameters.size());
  for (const std::string& name : kParameters) values.push_back(trainer.value(name).values);
  return values;
}

TEST_P(ValuesTakenOver, AreTheSameHoweverOftenTheyAreLookedAt) {
  const auto seldom = make_trainer(network("  steps: 40\n  log: {every: 10}\n"));
  const auto often = make_trainer(network("  steps: 40\n  log: {every: 1}\n  validate: {every: 3}\n"));
  const Following few = train(*seldom), many = train(*often);
  EXPECT_EQ(has(often->program_listing(), "panel product"), has_avx2());
  EXPECT_EQ(has(often->program_listing(), "look"), GetParam().can_look || !VectorCode::is_available());
  ASSERT_EQ(few.lines.size(), 4U);
  ASSERT_EQ(many.lines.size(), 40U);
  for (std::size_t i = 0; i < few.lines.size(); ++i)
    EXPECT_EQ(scalar(few.lines[i].values, "loss"), scalar(many.lines[10 * i].values, "loss"));
  EXPECT_NE(scalar(many.lines[1].values, "loss"), scalar(many.lines[4].values, "loss"));
  EXPECT_EQ(values_of(*seldom), values_of(*often));
}

TEST_P(ValuesTakenOver, AreThoseOfTheReferenceExecutor) {
  const std::string text = network("  steps: 20\n  log: {every: 1}\n");
  const Following found = train(*make_trainer(text, {}, {.threads = 2}));
  const Following expected = train(*make_trainer(text, {}, {.reference_executor = true}));
  for (std::size_t i = 0; i < expected.lines.size(); ++i)
    EXPECT_NEAR(scalar(found.lines[i].values, "loss"), scalar(expected.lines[i].values, "loss"), 1e-5) << i;
}

/// What somebody may ask a trainer for.
struct Look {
  const char* what;
  std::vector<NamedTensor> (*at)(Trainer& trainer);
};

const std::vector<Look> kLooks = {
    {"values",
     [](Trainer& trainer) {
       return std::vector{trainer.value("h2/W"), trainer.value("out")};
     }},
    {"gradients", [](Trainer& trainer) { return std::vector{trainer.gradient("h2/W")}; }},
    {"weights", [](Trainer& trainer) { return trainer.weights().tensors; }},
    {"a checkpoint", [](Trainer& trainer) { return trainer.checkpoint().tensors; }},
    {"an evaluation", [](Trainer& trainer) { return trainer.evaluate("validation"); }}};

TEST_P(ValuesTakenOver, AreWhatAnObserverOfALogLineFinds) {
  struct Looking : Following {
    Looking(Trainer& looked_at, const Look& how) : trainer(looked_at), look(how) {}
    void logged(const LogRecord& record) override {
      if (record.step == 10) found = look.at(trainer);
    }
    Trainer& trainer;
    const Look& look;
    std::vector<NamedTensor> found;
  };
  for (const char* optimizer : {"gd: {alpha: 0.1}", "adam: {alpha: 0.01}"})
    for (const Look& look : kLooks) {
      const auto longer = make_trainer(network("  steps: 20\n  log: {every: 5}\n", optimizer));
      const auto shorter = make_trainer(network("  steps: 10\n  log: {every: 5}\n", optimizer));
      const auto alone = make_trainer(network("  steps: 20\n  log: {every: 5}\n", optimizer));
      Looking looking(*longer, look);
      longer->run(looking);
      (void)train(*shorter);
      (void)train(*alone);
      const std::vector<NamedTensor> expected = look.at(*shorter);
      ASSERT_EQ(looking.found.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_TRUE(looking.found[i].values == expected[i].values)
            << optimizer << ", " << look.what << ": " << expected[i].name;
      EXPECT_TRUE(values_of(*longer) == values_of(*alone)) << optimizer << ", " << look.what;
    }
}

TEST_P(ValuesTakenOver, AreAllInACheckpointThatAnObserverTakes) {
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

TEST_P(ValuesTakenOver, MayBeReplacedByAnObserver) {
  using Replace = void (*)(Trainer & trainer);
  struct Replacing : Following {
    void logged(const LogRecord& record) override {
      if (record.step == 5) replace(*trainer);
      if (record.step == 6) found = trainer->value("h2/W").values;
    }
    Trainer* trainer = nullptr;
    Replace replace = nullptr;
    std::vector<double> found;
  };
  const Replace by_value = [](Trainer& trainer) {
    trainer.set_value("h2/W", std::vector<double>(kSecondWeights, 0.0));
  };
  const Replace by_weights = [](Trainer& trainer) {
    Weights weights = make_trainer(network("  steps: 1\n"))->weights();  // nobody asks this trainer
    for (NamedTensor& tensor : weights.tensors)
      if (tensor.name == "h2/W") std::ranges::fill(tensor.values, 0.0);
    trainer.set_weights(weights);
  };
  const Replace by_checkpoint = [](Trainer& trainer) {
    struct Stopping : Following {
      void logged(const LogRecord& record) override {
        if (record.step == 5) other->request_stop();
      }
      Trainer* other = nullptr;
    } stopping;
    const auto other = make_trainer(eight_steps());  // nobody asks this trainer
    stopping.other = other.get();
    other->run(stopping);
    Checkpoint checkpoint = other->checkpoint();
    ASSERT_EQ(checkpoint.step, 5);
    for (NamedTensor& tensor : checkpoint.tensors)
      if (tensor.name == "h2/W") std::ranges::fill(tensor.values, 0.0);
    trainer.restore(checkpoint);
  };
  for (const Replace replace : {by_value, by_weights, by_checkpoint}) {
    const auto trainer = make_trainer(eight_steps());
    Replacing replacing;
    replacing.trainer = trainer.get();
    replacing.replace = replace;
    trainer->run(replacing);
    ASSERT_EQ(replacing.found.size(), 160U * 192U);
    for (double value : replacing.found) EXPECT_LT(std::abs(value), 0.05) << "one step from zero";
  }
}

TEST_P(ValuesTakenOver, DivergeFromWhatAnObserverReplacedThemBy) {
  struct Replacing : Following {
    void logged(const LogRecord& record) override {
      if (record.step == 10) trainer->set_value("h2/W", std::vector<double>(kSecondWeights, 1e30));
    }
    Trainer* trainer = nullptr;
  } replacing;
  const auto message_of = [&](const TrainerOptions& options) -> std::string {
    const auto trainer = make_trainer(network("  steps: 40\n  log: {every: 10}\n"), {}, options);
    replacing.trainer = trainer.get();
    try {
      trainer->run(replacing);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_TRUE(has(message_of({}), "step 10: square")) << message_of({});
  EXPECT_EQ(message_of({}), message_of({.reference_executor = true}));
}

TEST_P(ValuesTakenOver, DivergeWhereTheyDoWithTheReferenceExecutor) {
  const auto message_of = [](const std::string& log_line, const TrainerOptions& options) -> std::string {
    try {
      (void)train(*make_trainer(network(log_line, "gd: {alpha: 3}"), {}, options));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const std::string seldom = "  steps: 300\n  log: {every: 100}\n",
                    often = "  steps: 300\n  log: {every: 1}\n";
  const std::string message = message_of(seldom, {});
  EXPECT_NE(message, "");
  EXPECT_EQ(message, message_of(often, {}));
  EXPECT_EQ(message, message_of(seldom, {.reference_executor = true}));
}

TEST(ValuesInPanels, DivergeAtALogLineWhoseLossIsFinite) {
  // One step makes -inf of weights behind which all is negative, and so 0 behind relu.
  const std::string text =
      "talweg: 1\nseed: 3\ndtype: float32\n"
      "data:\n  X, y: {moons: {examples: 32, noise: 0.2}}\n"
      "graph:\n  h: sigmoid(X[:, 0:1] + zeros((1, 160)))\n"
      "  h2: dense(h, units=192, activation=relu, bias=False)\n"
      "  loss: mean(square(h2 @ ones((192, 3)) - y[:, None]))\n"
      "train:\n  minimize: loss\n  optimizer: {gd: {alpha: 1e38}}\n  steps: 40\n  log: {every: 1}\n";
  const auto lines_of = [&](const TrainerOptions& options) {
    const auto trainer = make_trainer(text, {}, options);
    if (!options.reference_executor) {
      EXPECT_EQ(has(trainer->program_listing(), "panel product"), has_avx2());
      EXPECT_TRUE(has(trainer->program_listing(), "look"));
    }
    Following following;
    EXPECT_THROW(trainer->run(following), Error);
    return following.lines.size();
  };
  EXPECT_EQ(lines_of({}), 1U);
  EXPECT_EQ(lines_of({.reference_executor = true}), 1U);
}

TEST(ValuesInPanels, DoNotDivergeWhereOnlyWhatFillsPanelsIsNotFinite) {
  // The gradient of a square root of zero.
  const std::string text =
      "talweg: 1\nseed: 3\ndtype: float32\n"
      "data:\n  X, y: {moons: {examples: 64, noise: 0.2}}\n"
      "graph:\n  h: dense(sigmoid(X[:, 0:1] + zeros((1, 320))), units=300)\n"
      "  h2: dense(sqrt(abs(h)), units=320, activation=relu)\n"
      "  loss: mean(square(dense(h2, units=3) - y[:, None]))\n"
      "train:\n  minimize: loss\n  optimizer: {gd: {alpha: 0.01}}\n  steps: 20\n  log: {every: 5}\n";
  const auto trainer = make_trainer(text);
  EXPECT_EQ(has(trainer->program_listing(), "panel product (64, 320) @ (320, 300)"), has_avx2());
  Following following;
  EXPECT_NO_THROW(trainer->run(following));
  EXPECT_EQ(following.lines.size(), 4U);
}

/// The loss of a last step is what a longer training logs there, and what is found once there is nothing left
/// to train.
TEST_P(ValuesTakenOver, HaveOneLossAtALogLineAndAtTheEnd) {
  const auto longer = make_trainer(network("  steps: 20\n  log: {every: 10}\n"));
  const auto shorter = make_trainer(network("  steps: 10\n  log: {every: 10}\n"));
  const Following lines = train(*longer), few = train(*shorter), none = train(*shorter);
  const double loss = scalar(lines.lines.at(1).values, "loss");
  EXPECT_EQ(scalar(few.end.values, "loss"), loss);
  EXPECT_EQ(scalar(none.end.values, "loss"), loss);
}

}  // namespace
}  // namespace talweg
