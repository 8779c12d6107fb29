// Which training steps are looked at by log lines, as the listing of the step's program shows it.

#include <gtest/gtest.h>

#include <string>

#include "training/following.hpp"

namespace talweg {
namespace {

struct Step {
  const char* name;
  const char* optimizer;
  const char* model;  ///< all behind `dtype:`, but for the optimizer
  bool looks;
};

constexpr const char* kTwoLayers =
    "data:\n  X, y: {moons: {examples: 40, noise: 0.2}}\n"
    "graph:\n  h: dense(X, units=8, activation=tanh)\n  out: dense(h, units=3)\n"
    "  loss: cross_entropy(out, y)\n"
    "train:\n  minimize: loss\n  steps: 3\n  log: {every: 1}\n";

const Step kSteps[] = {
    {"dense layers", "gd: {alpha: 0.1}", kTwoLayers, true},
    {"an optimizer with states", "adam: {alpha: 0.1}", kTwoLayers, true},
    {"a minimizer, which evaluates at points of its own", "lbfgs: {}", kTwoLayers, false},
    {"weights that are trained at other points than those that are logged", "schedule_free: {alpha: 0.1}",
     kTwoLayers, false},
    {"running averages", "gd: {alpha: 0.1}",
     "data:\n  X, y: {moons: {examples: 40, noise: 0.2}}\n"
     "graph:\n  h: batch_norm(dense(X, units=8))\n  loss: cross_entropy(dense(relu(h), units=3), y)\n"
     "train:\n  minimize: loss\n  steps: 3\n  log: {every: 1}\n",
     true},
    {"a counter that is logged", "gd: {alpha: 0.1}",
     "data:\n  X, y: {moons: {examples: 40, noise: 0.2}}\n"
     "state: {n: {shape: [], init: zeros}}\n"
     "graph: {loss: 'cross_entropy(dense(X, units=3), y)'}\n"
     "update: {n: n + 1}\n"
     "train:\n  minimize: loss\n  steps: 3\n  log: {every: 1, n: n, again: n}\n",
     true}};

std::string text_of(const Step& step) {
  return std::string("talweg: 1\n") + step.model + "  optimizer: {" + step.optimizer + "}\n";
}

TEST(LooksInSteps, AreListedWhereALogLineLooks) {
  for (const Step& step : kSteps) {
    const std::string listing = make_trainer(text_of(step))->program_listing();
    EXPECT_EQ(listing.find("look") != std::string::npos, step.looks) << step.name << "\n" << listing;
  }
}

TEST(LooksInSteps, FindWhatTheReferenceExecutorLogs) {
  for (const Step& step : kSteps) {
    const Following found = train(*make_trainer(text_of(step)));
    const Following expected = train(*make_trainer(text_of(step), {}, {.reference_executor = true}));
    ASSERT_EQ(found.lines.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i)
      for (const NamedTensor& value : expected.lines[i].values)
        EXPECT_NEAR(scalar(found.lines[i].values, value.name), value.values[0], 1e-12)
            << step.name << ", line " << i << ": " << value.name;
  }
}

/// What is logged and reported has one value.
TEST(LooksInSteps, FindWhatIsReported) {
  const std::string train_more =
      "  report: {final: loss, twice: 2 * loss}\n  optimizer: {gd: {alpha: 0.1}}\n";
  const Following following =
      train(*make_trainer(std::string("talweg: 1\ndtype: float32\n") + kTwoLayers + train_more));
  const double loss = scalar(following.end.values, "loss");
  EXPECT_EQ(scalar(following.end.report, "final"), loss);
  EXPECT_NEAR(scalar(following.end.report, "twice"), 2 * loss, 1e-6);
}

/// An assignment that is no update of a parameter is not what the line says that comes behind it.
TEST(LooksInSteps, AreNamedAfterWhatTheyCompute) {
  const std::string listing = make_trainer(
                                  "talweg: 1\ndata:\n  X, y: {moons: {examples: 600, noise: 0.2}}\n"
                                  "state: {s: {shape: [2, 600], init: zeros}}\n"
                                  "parameters: {w: {shape: [2, 40], init: 'uniform(-1, 1)'}}\n"
                                  "graph: {loss: sum(exp(X @ w))}\nupdate: {s: transpose(X)}\n"
                                  "train:\n  minimize: loss\n  steps: 3\n  optimizer: {gd: {alpha: 1e-5}}\n")
                                  ->program_listing();
  EXPECT_EQ(listing.find("copy (2, 600)  -> loss"), std::string::npos) << listing;
  EXPECT_NE(listing.find("-> loss"), std::string::npos) << listing;
}

}  // namespace
}  // namespace talweg
