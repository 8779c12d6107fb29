// Steps between two log lines run in a row where they are alike: nobody sees a difference.

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "training/following.hpp"

namespace talweg {
namespace {

struct Model {
  const char* name;
  const char* loss;
  const char* optimizer;
  const char* more;  ///< at the end of the file, behind `train:`
};

const Model kModels[] = {
    {"steps that are alike", "mean(w ** 2)", "gd: {alpha: 0.3}", ""},
    {"with a state", "mean(w ** 2)", "momentum: {alpha: 0.3}", ""},
    {"with a schedule", "mean(w ** 2)", "gd: {alpha: '1 / (step + 2)'}", ""},
    {"with a rule that counts", "mean(w ** 2)", "adam: {alpha: 0.3}", ""},
    {"with random numbers", "mean(dropout(w) ** 2)", "gd: {alpha: 0.3}", ""},
    {"with a state of the model", "mean(w ** 2)", "gd: {alpha: 0.3}",
     "state: {n: {shape: [], init: zeros}}\nupdate: {n: 2 * n + step}\n"},
    {"with a single batch", "mean(w ** 2) * mean(x) / 3", "gd: {alpha: 0.3}",
     "data: {x: [1, 2, 3]}\nsplit: {train: 2, validation: 1, shuffle: True}\n"},
    {"until the loss is small", "mean(w ** 2)", "gd: {alpha: 0.3}", "  stop: {loss: 1e-3}\n"},
    {"until the gradient is small", "mean(w ** 2)", "gd: {alpha: 0.3}", "  stop: {gradient: 1e-3}\n"},
};

EndRecord end_of(const Model& model, const std::string& log_interval) {
  const bool has_state = std::string(model.more).starts_with("state");
  return train(*make_trainer(
                   std::string("talweg: 1\nparameters: {w: {shape: [3, 2], init: 'uniform(-1, 1)'}}\n") +
                   "graph: {loss: " + model.loss + "}\ntrain:\n  minimize: loss\n  optimizer: {" +
                   model.optimizer + "}\n  steps: 30\n  log: {every: " + log_interval + ", w: w" +
                   (has_state ? ", n: n" : "") + "}\n" + model.more))
      .end;
}

TEST(StepsInARow, EndWhereSingleStepsEnd) {
  for (const Model& model : kModels) {
    const EndRecord single = end_of(model, "1"), in_a_row = end_of(model, "30");
    EXPECT_EQ(in_a_row.reason, single.reason) << model.name;
    EXPECT_EQ(in_a_row.steps, single.steps) << model.name;
    ASSERT_EQ(in_a_row.values.size(), single.values.size()) << model.name;
    for (std::size_t i = 0; i < single.values.size(); ++i)
      EXPECT_EQ(in_a_row.values[i].values, single.values[i].values)
          << model.name << ": " << single.values[i].name;
  }
}

TEST(StepsInARow, EndSoonWhenAnotherThreadAsksForIt) {
  const auto trainer = make_trainer(
      "talweg: 1\nparameters: {w: {shape: [300, 300], init: ones}}\ngraph: {loss: mean(w ** 2)}\n"
      "train:\n  minimize: loss\n  optimizer: {gd: {alpha: 0.1}}\n  steps: 1000000000\n  log: {every: "
      "1000000000}\n");
  std::thread asking([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    trainer->request_stop();
  });
  const EndRecord end = train(*trainer).end;
  asking.join();
  EXPECT_EQ(end.reason, EndReason::interrupted);
  EXPECT_GT(end.steps, 0);
}

}  // namespace
}  // namespace talweg
