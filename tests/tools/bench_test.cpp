// talweg bench: tables, lines of JSON, earlier results, and the page in a browser.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include "plugin/test_plugins.hpp"
#include "tools/json.hpp"

namespace talweg {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* kTwoProblems = " --problem booth --problem sphere";

TEST(BenchCommand, RanksOptimizersInATable) {
  const Finished finished = run_line(std::string("bench gd lbfgs") + kTwoProblems);
  EXPECT_EQ(finished.status, 0) << finished.errors;
  const std::vector<std::string> lines = lines_of(finished.out);
  EXPECT_EQ(lines.at(0), "2 problems in 10 forms, defaults");
  EXPECT_TRUE(lines.at(3).starts_with("optimizer  profile  solved  1/4  median  3/4"));
  EXPECT_TRUE(lines.at(4).starts_with("lbfgs        1.000   100 %"));
  EXPECT_TRUE(lines.at(5).starts_with("gd           0.000   100 %"));
}

TEST(BenchCommand, WritesARunALineAndAScoreAnOptimizer) {
  const Finished finished = run_line(std::string("bench gd adam --json") + kTwoProblems);
  EXPECT_EQ(finished.status, 0) << finished.errors;
  const std::vector<Json> lines = json_lines(finished.out);
  ASSERT_EQ(lines.size(), 1 + 20 + 2U);
  EXPECT_EQ(lines[0]["mode"], "defaults");
  EXPECT_NE(lines[0]["build"], "");
  EXPECT_NE(lines[0]["processor"], "");
  EXPECT_EQ(events(lines, "run")[0]["problem"], "booth");
  EXPECT_GT(events(lines, "run")[0]["evaluations"], 10);
  const std::vector<Json> scores = events(lines, "score");
  EXPECT_EQ(scores[0]["optimizer"], "gd");
  EXPECT_NEAR(scores[0]["solved"].get<double>(), 1, 1e-12);
  EXPECT_EQ(scores[1]["optimizer"], "adam");
  EXPECT_TRUE(scores[1]["median"].is_null()) << "adam's default step size is too small for these: a miss";
}

TEST(BenchCommand, EndsWithin20SecondsForFiveOptimizers) {
  const auto begin = std::chrono::steady_clock::now();
  const Finished finished = run_line("bench gd momentum adam rprop lbfgs");
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(finished.status, 0) << finished.errors;
  if (!TALWEG_SANITIZED) {
    EXPECT_LT(seconds.count(), 20);
  }
  EXPECT_TRUE(contains(finished.out, "rosenbrock_2"));
  EXPECT_FALSE(contains(finished.out, "rosenbrock_100")) << "that is a large one";
}

TEST(BenchCommand, TunesAndTriesStepSizes) {
  const std::string problem = " --problem sphere";
  const Json tuned =
      events(json_lines(run_line("bench gd --mode tuned --trials 12 --json" + problem).out), "run")[0];
  const Json grid_line =
      events(json_lines(run_line("bench gd --mode grid --json" + problem).out), "sensitivity").at(0);
  const Json defaults = events(json_lines(run_line("bench gd --json" + problem).out), "run")[0];
  EXPECT_LT(tuned["evaluations"], defaults["evaluations"]);
  EXPECT_EQ(grid_line["alpha"].size(), 36U);
  EXPECT_EQ(grid_line["score"].size(), 36U);
  EXPECT_GT(grid_line["band"], 0);
}

TEST(BenchCommand, AddsWhatAnEarlierRunOfThisBuildFound) {
  const TemporaryDirectory directory;
  const RunOptions there{.directory = directory.path()};
  const Finished first = run_line(std::string("bench gd --json") + kTwoProblems, there);
  write_text(directory.path() / "gd.jsonl", first.out);
  const Finished both = run_line(std::string("bench lbfgs --with gd.jsonl") + kTwoProblems, there);
  EXPECT_EQ(both.status, 0) << both.errors;
  EXPECT_TRUE(contains(both.out, "\ngd  ")) << both.out;
  EXPECT_TRUE(contains(both.out, "\nlbfgs  ")) << both.out;

  std::string text = first.out;
  text.replace(text.find("\"processor\":\"") + 13, 3, "xyz");
  write_text(directory.path() / "gd.jsonl", text);
  const Finished mixed = run_line(std::string("bench lbfgs --with gd.jsonl") + kTwoProblems, there);
  EXPECT_EQ(mixed.status, 3);
  EXPECT_TRUE(contains(mixed.errors, "another processor, which are not mixed")) << mixed.errors;
}

TEST(BenchCommand, RefusesWhatThereIsNot) {
  EXPECT_TRUE(contains(run_line("bench gd --problem boot").errors, "hint: did you mean 'booth'?"));
  EXPECT_TRUE(contains(run_line("bench gd --problem graphs/problems/booth.yaml").errors,
                       "hint: --problems DIR takes those of a directory, by the names of their files"));
  EXPECT_EQ(run_line("bench gd --html /nowhere/page.html --problem booth").status, 5);
  EXPECT_EQ(run_line("bench gd --mode best").status, 2);
  EXPECT_EQ(run_line("bench momentun").status, 6);
  EXPECT_EQ(run_line("bench gd --trials 3").status, 2);
}

/// A file with two rules: gradient descent, and a wrong one that does nothing.
constexpr const char* kTwoRules =
    "talweg: 1\n"
    "optimizers:\n"
    "  mine: {with: {alpha: {default: 0.01, min: 0}}, update: {param: param - alpha * grad}}\n"
    "  lazy: {update: {param: param + 0 * grad}}\n";

TEST(BenchCommand, TakesRulesFromAModelFile) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "rules.yaml", kTwoRules);
  const Finished finished =
      run_line("bench gd rules.yaml --json --problem sphere", {.directory = directory.path()});
  EXPECT_EQ(finished.status, 0) << finished.errors;
  const std::vector<Json> lines = json_lines(finished.out);
  const std::vector<Json> runs = events(lines, "run");
  ASSERT_EQ(runs.size(), 15U);
  EXPECT_EQ(runs[5]["optimizer"], "mine");
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(runs[i]["evaluations"], runs[5 + i]["evaluations"]);
  EXPECT_EQ(runs[10]["optimizer"], "lazy");
  EXPECT_TRUE(runs[10]["evaluations"].is_null());
}

TEST(BenchCommand, RefusesRulesOfOneName) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "rules.yaml",
             "talweg: 1\noptimizers: {gd: {update: {param: param - grad}}}\n");
  write_text(directory.path() / "none.yaml", "talweg: 1\n");
  const Finished twice = run_line("bench gd rules.yaml --problem sphere", {.directory = directory.path()});
  EXPECT_EQ(twice.status, 2);
  EXPECT_TRUE(contains(twice.errors, "two optimizers are called 'gd'")) << twice.errors;
  const Finished none = run_line("bench none.yaml --problem sphere", {.directory = directory.path()});
  EXPECT_EQ(none.status, 2);
  EXPECT_TRUE(contains(none.errors, "none.yaml defines no optimizer")) << none.errors;
}

TEST(BenchCommand, SaysThatOneOptimizerAloneHasNoProfile) {
  const Finished finished = run_line("bench gd --problem sphere");
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_TRUE(contains(lines_of(finished.out).at(4), " -   100 %")) << finished.out;
  EXPECT_TRUE(contains(finished.out, "there is no other optimizer: name one, or give --with"))
      << finished.out;
  const std::vector<Json> lines = json_lines(run_line("bench gd --problem sphere --json").out);
  EXPECT_TRUE(events(lines, "score").at(0)["profile"].is_null());
}

TEST(BenchCommand, SaysWhatToTryWhereNothingIsSolved) {
  const std::string text = "\nNothing is solved: --mode tuned looks for better settings.\n";
  EXPECT_TRUE(contains(run_line("bench adam lion --problem booth").out, text));
  EXPECT_FALSE(contains(run_line("bench adam gd --problem booth").out, text));
}

TEST(BenchCommand, SaysWhichProblemAPluginFailsOn) {
  const Finished finished = run_line("bench minimizer_throws --problem booth --jobs 1 --plugins " +
                                     test_plugin_directory().string());
  EXPECT_EQ(finished.status, 6);
  EXPECT_TRUE(contains(finished.errors, "note: with minimizer_throws on booth, instance 1, seed 1"))
      << finished.errors;
}

TEST(BenchCommand, LeavesOutWhatFailsWhereNoneIsNamed) {
  const TemporaryDirectory directory;
  for (const char* broken : {"minimizer_throws.so", "older_version.so"})
    std::filesystem::copy_file(test_plugin_directory() / broken, directory.path() / broken);
  const Finished finished = run_line("bench --problem sphere --plugins " + directory.path().string());
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_TRUE(contains(finished.errors, "note: minimizer_throws is left out: ")) << finished.errors;
  EXPECT_TRUE(contains(finished.errors, "note: older_version is left out: ")) << finished.errors;
  EXPECT_TRUE(contains(finished.errors, "plugin API version 0")) << finished.errors;
  for (const char* optimizer : {"\nadam  ", "\nyogi  "}) EXPECT_TRUE(contains(finished.out, optimizer));
  EXPECT_FALSE(contains(finished.out, "minimizer_throws")) << finished.out;
}

/// A minimizer that crashes, or never comes back, beside one that works.
TEST(BenchCommand, GoesOnWithoutAPluginThatEndsItsProcess) {
  const std::string plugins = " --problem sphere --plugins " + test_plugin_directory().string();
  const Finished crashed = run_line("bench crashes gd" + plugins);
  EXPECT_EQ(crashed.status, 6);
  EXPECT_EQ(crashed.errors,
            "note: crashes is left out: optimizer 'crashes' ended the process by signal 6 (SIGABRT)\n");
  EXPECT_TRUE(contains(crashed.out, "\ngd  ")) << crashed.out;
  const Finished looping = run_line("bench gd loops --longest 2" + plugins);
  EXPECT_EQ(looping.status, 6);
  EXPECT_EQ(looping.errors,
            "note: loops is left out: no training by optimizer 'loops' ended within 2 seconds\n");
  EXPECT_TRUE(contains(looping.out, "\ngd  ")) << looping.out;
  const Finished alone = run_line("bench exits" + plugins);
  EXPECT_EQ(alone.status, 6);
  EXPECT_EQ(alone.errors, "error: optimizer 'exits' ended the process with status 0\n");
}

TEST(BenchCommand, EndsWhereItIsInterrupted) {
  Process process({(program_directory() / "talweg").string(), "bench", "loops", "gd", "--plugins",
                   test_plugin_directory().string()});
  std::this_thread::sleep_for(std::chrono::seconds(2));
  process.send(SIGINT);
  EXPECT_EQ(process.finish().status, 130);
}

TEST(BenchCommand, ShowsSettingsThatCanBeTypedBack) {
  const std::string arguments = "bench adam --mode tuned --trials 12 --problem booth";
  const Json settings = events(json_lines(run_line(arguments + " --json").out), "run").at(0)["settings"];
  ASSERT_EQ(settings.size(), 3U);
  const std::string table = run_line(arguments).out;
  for (const auto& [name, value] : settings.items()) {
    const auto at = table.find(name + " ");
    ASSERT_NE(at, std::string::npos) << table;
    EXPECT_EQ(std::stod(table.substr(at + name.size())), value.get<double>()) << table;
  }
}

class BenchPage : public testing::Test {
 protected:
  BenchPage() {
    const Finished finished = run_line(
        "bench gd rprop lbfgs --mode grid --problem booth --problem himmelblau --problem sphere --html "
        "page.html",
        {.directory = directory_.path()});
    EXPECT_EQ(finished.status, 0) << finished.errors;
    page_ = read_text(directory_.path() / "page.html");
  }

  TemporaryDirectory directory_;
  std::string page_;
};

TEST_F(BenchPage, NeedsNothingFromElsewhere) {
  for (const char* reference : {"http:", "https:", "src=", "<link", "@import", "url(\"", "<script"})
    EXPECT_FALSE(contains(page_, reference)) << reference;
}

/// What a browser makes of the page: counts of what it draws, as a script that is added here finds them.
TEST_F(BenchPage, IsDrawnByABrowser) {
  if (run({"sh", "-c", "command -v chromium"}).status != 0) GTEST_SKIP() << "chromium is not installed";
  const std::string script = R"(<script>
    const drawn = (selector) => [...document.querySelectorAll(selector)].filter(
      (element) => element.getTotalLength() > 20).length;
    const inside = [...document.querySelectorAll('figure svg')].every((svg) => svg.getBoundingClientRect().width > 300);
    document.title = JSON.stringify({figures: document.querySelectorAll('figure svg').length, inside: inside,
      curves: drawn('figure .curve:not(circle)'), levels: drawn('.level'), rows: document.querySelectorAll('tr').length,
      stroke: getComputedStyle(document.querySelector('.o1')).stroke});
  </script></body>)";
  std::string page = page_;
  page.replace(page.rfind("</body>"), 7, script);
  write_text(directory_.path() / "probed.html", page);
  const Finished finished = run({"chromium", "--headless", "--no-sandbox", "--disable-gpu",
                                 "--user-data-dir=" + (directory_.path() / "profile").string(), "--dump-dom",
                                 "file://" + (directory_.path() / "probed.html").string()});
  ASSERT_EQ(finished.status, 0) << finished.errors;
  const std::size_t begin = finished.out.find("<title>{"), end = finished.out.find("</title>", begin);
  ASSERT_NE(begin, std::string::npos) << finished.out.substr(0, 500);
  const Json found = Json::parse(finished.out.substr(begin + 7, end - begin - 7));
  EXPECT_EQ(found["figures"], 4) << "profile, step sizes, and two functions of two variables";
  EXPECT_EQ(found["inside"], true);
  EXPECT_EQ(found["curves"], 3 * 4);
  EXPECT_GE(found["levels"], 2 * 10);
  EXPECT_EQ(found["rows"], 4 + 4);
  EXPECT_EQ(found["stroke"], "rgb(213, 94, 0)");
}

}  // namespace
}  // namespace talweg
