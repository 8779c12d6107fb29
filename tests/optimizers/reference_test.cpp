// The shipped optimizers against 500 steps of torch.optim, or of the paper's lines in NumPy:
// golden/optimizers.py.

#include "optimizers/reference.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "training/checkpoint.hpp"

namespace talweg {
namespace {

constexpr double kTolerance = 1e-10;        // relative, in float64
constexpr double kFloat32Tolerance = 1e-4;  // relative, while rounding has not grown yet:
constexpr std::int64_t kFloat32Steps = 20;  // a different sign of a gradient leads elsewhere later

std::string optimizer_of(const ReferenceTrace& trace) {
  return "{" + trace.name + ": " + trace.setting + "}";
}

TEST(ReferenceTraces, CoverEveryShippedRuleOnBothProblemsWithItsDefaultsAndWithout) {
  for (const std::string& name : shipped_rules()) {
    bool rosenbrock = false, defaults = false, other = false;
    for (const ReferenceTrace& trace : reference_traces()) {
      if (trace.name != name) continue;
      EXPECT_EQ(trace.lines.back().step, 500);
      rosenbrock |= trace.problem == "rosenbrock";
      defaults |= trace.problem == "network" && trace.setting == "{}";
      other |= trace.problem == "network" && trace.setting != "{}";
    }
    EXPECT_TRUE(rosenbrock && defaults && other) << name;
  }
}

TEST(ShippedRules, EqualTheReferenceInFloat64) {
  for (const ReferenceTrace& trace : reference_traces())
    EXPECT_LE(distance(trace, problem_text(trace.problem, optimizer_of(trace))), kTolerance) << trace.text();
}

TEST(ShippedRules, AreNearTheReferenceInFloat32) {
  for (const ReferenceTrace& trace : reference_traces())
    EXPECT_LE(distance(trace, problem_text(trace.problem, optimizer_of(trace), "", "float32"), kFloat32Steps),
              kFloat32Tolerance)
        << trace.text();
}

TEST(ShippedRules, ResumeToTheBit) {
  for (const ReferenceTrace& trace : reference_traces()) {
    for (const char* dtype : {"float64", "float32"}) {
      const std::string text = problem_text(trace.problem, optimizer_of(trace), "", dtype);
      const auto whole = make_trainer(text);
      train(*whole);
      // Stopped after 211 steps; the plan of 500 stays, since schedules depend on it.
      const auto first = make_trainer(text);
      struct Stop : TrainingObserver {
        explicit Stop(Trainer& stopped) : trainer(stopped) {}
        void logged(const LogRecord& record) override {
          if (record.step == 210) trainer.request_stop();
        }
        Trainer& trainer;
      } stop(*first);
      first->run(stop);
      ASSERT_LT(first->step(), 250);
      ASSERT_GT(first->step(), 200);
      const auto second = make_trainer(text);
      second->restore(first->checkpoint());
      train(*second);
      EXPECT_EQ(second->step(), 500);
      EXPECT_EQ(all_parameters(*second), all_parameters(*whole)) << trace.text() << " " << dtype;
    }
  }
}

/// The output of a command; "" where it fails.
std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "";
  std::array<char, 4096> buffer{};
  for (std::size_t size = 0; (size = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    text.append(buffer.data(), size);
  return pclose(pipe) == 0 ? text : "";
}

TEST(ReferenceTraces, AreWhatPyTorchGives) {
  if (output_of("/usr/bin/python3 -c 'import torch, numpy; print(torch.__version__)' 2>/dev/null").empty())
    GTEST_SKIP() << "PyTorch is not installed: the frozen traces are used as they are";
  std::istringstream live(
      output_of("/usr/bin/python3 '" + std::string(TALWEG_TESTS_DIR) + "/golden/optimizers.py'"));
  std::ifstream frozen(std::string(TALWEG_TESTS_DIR) + "/golden/optimizers.txt");
  std::size_t lines = 0;
  for (std::string expected, line; std::getline(frozen, expected); ++lines) {
    ASSERT_TRUE(std::getline(live, line));
    if (expected.starts_with('>')) {
      ASSERT_EQ(line, expected);
      continue;
    }
    std::istringstream values(line), expected_values(expected);
    for (double value = 0, wanted = 0; expected_values >> wanted;) {
      ASSERT_TRUE(values >> value);
      EXPECT_NEAR(value, wanted, kTolerance * std::max(1.0, std::abs(wanted)));
    }
  }
  EXPECT_GT(lines, 500U);
}

}  // namespace
}  // namespace talweg
