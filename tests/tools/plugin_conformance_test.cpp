// talweg plugins test: every shipped optimizer passes, and each line finds the plugin that is wrong in it.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "plugin/test_plugins.hpp"
#include "tools/json.hpp"

namespace talweg {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Conformance {
  int status = 0;
  std::vector<Json> checks;
  Json end;

  [[nodiscard]] const Json& check(const std::string& name) const {
    const auto found = std::ranges::find_if(checks, [&](const Json& check) { return check["name"] == name; });
    if (found != checks.end()) return *found;
    ADD_FAILURE() << "there is no line '" << name << "'";
    return end;
  }
};

Conformance test_plugin(const std::string& arguments) {
  const Finished finished =
      run_line("plugins test --json --plugins " + test_plugin_directory().string() + " " + arguments);
  Conformance result{finished.status, json_lines(finished.out), {}};
  EXPECT_FALSE(result.checks.empty()) << finished.errors;
  if (result.checks.empty()) return result;
  result.end = result.checks.back();
  result.checks.pop_back();
  return result;
}

class ShippedOptimizer : public testing::TestWithParam<std::string> {};

TEST_P(ShippedOptimizer, PassesEveryCheckThatFitsIt) {
  const Conformance result = test_plugin(GetParam());
  for (const Json& check : result.checks) {
    EXPECT_NE(check["outcome"], "failed") << check;
    EXPECT_FALSE(check["outcome"] == "skipped" && check["detail"].get<std::string>().empty()) << check;
  }
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.end["failed"], 0);
  EXPECT_GE(result.end["ok"], 9);
}

std::vector<std::string> shipped() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(repository() / "plugins" / "optimizers"))
    if (file.path().extension() == ".cpp") names.push_back(file.path().stem().string());
  std::ranges::sort(names);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Tools, ShippedOptimizer, testing::ValuesIn(shipped()),
                         [](const auto& tested) { return tested.param; });

struct WrongPlugin {
  const char* name;
  const char* check;   ///< the line that fails
  const char* detail;  ///< a part of what it says
};

const WrongPlugin kWrongPlugins[] = {
    {"older_version", "loads", "plugin API version 0"},
    {"throws", "makes a step", "out of ideas"},
    {"crashes", "makes a step", "the plugin ended the process by signal 6 (SIGABRT)"},
    {"exits", "makes a step", "the plugin ended the process with status 0"},
    {"climbs", "moves downhill", "in a convex quadratic from "},
    {"stays", "moves downhill", "from 8.8125 to 8.8125"},
    {"unused_setting", "hyperparameters", "'mu' is declared, and the optimizer never asks for it"},
    {"broken_option", "hyperparameters", "with signs: True: "},
    {"minimizer_static", "state round trip", "with a checkpoint in between"},
    {"first_parameter", "order of parameters", "with the parameters in another order"},
    {"counts_calls", "split of parameters", "with x in two parts"},
    {"counts_calls", "fused emission", "with an emission for each parameter"},
    {"overflows", "float32 and float64", "diverged"},
    {"divides_by_norm", "zero gradient", "diverged"},
    {"drifts", "zero gradient", "without a slope"},
    {"swallows_nan", "NaN gradient", "goes by unnoticed"},
    {"own_dice", "one and two threads", "with two threads"},
    {"minimizer_stale", "value and gradient", "nan"},
    {"minimizer_kept_value", "value and gradient", "a value was kept from a step before"},
    {"minimizer_other_point", "value and gradient", "which it has not evaluated"},
    {"minimizer_moves", "failed line search", "x moves to"},
    {"minimizer_silent", "failed line search", "goes on without a word"},
};

class WrongPlugins : public testing::TestWithParam<WrongPlugin> {};

TEST_P(WrongPlugins, AreFound) {
  const Conformance result = test_plugin(GetParam().name);
  EXPECT_EQ(result.status, 6);
  EXPECT_GE(result.end["failed"], 1);
  const Json& check = result.check(GetParam().check);
  EXPECT_EQ(check["outcome"], "failed") << check;
  EXPECT_TRUE(contains(check["detail"], GetParam().detail)) << check;
}

INSTANTIATE_TEST_SUITE_P(Tools, WrongPlugins, testing::ValuesIn(kWrongPlugins), [](const auto& tested) {
  std::string name = std::string(tested.param.name) + "_in_" + tested.param.check;
  std::ranges::replace(name, ' ', '_');
  return name;
});

TEST(PluginConformance, HasAWrongPluginForEveryLine) {
  std::set<std::string> lines = {"trace"}, wrong = {"trace"};  // that one has tests of its own, below
  for (const char* kind : {"gd", "lbfgs"})
    for (const Json& check : test_plugin(kind).checks) lines.insert(check["name"]);
  for (const WrongPlugin& plugin : kWrongPlugins) wrong.insert(plugin.check);
  EXPECT_EQ(lines, wrong);
}

// v <- 0.5 v - 0.1 g from x = (1, -2), by hand.
constexpr const char* kHeavyBall =
    "# heavy ball\n"
    "set alpha 0.1\n"
    "set mu 0.5\n"
    "tolerance 1e-14\n"
    "x 1 -2\n"
    "step 1 -4 -> 0.9 -1.6\n"
    "step 0 2 -> 0.85 -1.6\n"
    "step 3 0 -> 0.525 -1.6\n";

class Traces : public testing::Test {
 protected:
  Conformance test(const std::string& name, const std::string& trace) {
    write_text(directory_.path() / "trace.txt", trace);
    return test_plugin(name + " --trace " + (directory_.path() / "trace.txt").string());
  }
  std::string refusal(const std::string& trace) {
    write_text(directory_.path() / "trace.txt", trace);
    const Finished finished =
        run_line("plugins test momentum --trace trace.txt", {.directory = directory_.path()});
    EXPECT_EQ(finished.status, 3);
    return lines_of(finished.errors).at(0);
  }

  TemporaryDirectory directory_;
};

TEST_F(Traces, ThatAreRightAreFollowed) {
  const Json check = test("momentum", kHeavyBall).check("trace");
  EXPECT_EQ(check["outcome"], "ok") << check;
  EXPECT_EQ(check["detail"], "3 steps");
}

TEST_F(Traces, OfAnotherRuleAreFound) {
  const Conformance result = test("nesterov", kHeavyBall);
  EXPECT_EQ(result.status, 6);
  EXPECT_EQ(result.check("trace")["detail"], "after step 0 'x' is 0.85 in element 0, and 0.9 with the trace");
}

TEST_F(Traces, AreSkippedByMinimizers) {
  EXPECT_EQ(test("lbfgs", "x 1\nstep 1 -> 1\n").check("trace")["outcome"], "skipped");
}

TEST_F(Traces, ThatCannotBeReadAreRefusedWithTheirLine) {
  EXPECT_EQ(refusal("x 1 2\nstep 1 2 -> 3\n"),
            "trace.txt:2:1: error: 'step' takes 2 numbers of the gradient, '->', and as many of x");
  EXPECT_EQ(refusal("x 1 two\n"), "trace.txt:1:1: error: 'two' is not a number");
  EXPECT_EQ(
      refusal("x 1\nsteps 1 -> 2\n"),
      "trace.txt:2:1: error: a line begins with set, tolerance, x, step or #, and this one with 'steps'");
  EXPECT_EQ(refusal("# nothing\n"),
            "trace.txt:1:1: error: the trace has no line 'x ...', which says where it starts");
}

TEST(PluginConformance, SaysWhatItDoesInATable) {
  const Finished finished = run_line("plugins test gd");
  EXPECT_EQ(finished.status, 0);
  EXPECT_TRUE(contains(finished.out, "\nNaN gradient         ok\n")) << finished.out;
  EXPECT_TRUE(contains(finished.out, "\n12 ok, 0 failed, 2 skipped\n")) << finished.out;
}

TEST(PluginConformance, LooksAtEveryRuleOfAModelFile) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "rules.yaml";
  write_text(
      path,
      "talweg: 1\noptimizers:\n"
      "  right: {with: {alpha: {default: 0.01, min: 0}}, update: {param: param - alpha * grad}}\n"
      "  drifting: {with: {alpha: {default: 0.01, min: 0}}, update: {param: param - alpha * (grad + 1)}}\n");
  const Conformance result = test_plugin(path.string());
  EXPECT_EQ(result.status, 6);
  EXPECT_EQ(result.end["failed"], 1);
  std::string rule;
  for (const Json& check : result.checks) {
    if (check["name"] == "loads") rule = check["detail"];
    EXPECT_EQ(check["outcome"] == "failed",
              rule.starts_with("'drifting'") && check["name"] == "zero gradient")
        << check;
  }
}

TEST(PluginConformance, RefusesWhatThereIsNot) {
  EXPECT_EQ(run_line("plugins test momentun").status, 6);
  const Finished finished = run_line("plugins test momentum --set lr=1");
  EXPECT_EQ(finished.status, 2);
  EXPECT_TRUE(contains(finished.errors, "momentum has no hyperparameter 'lr'")) << finished.errors;
  EXPECT_TRUE(contains(finished.errors, "hint: did you mean 'alpha'?")) << finished.errors;
}

}  // namespace
}  // namespace talweg
