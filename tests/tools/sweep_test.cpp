// talweg sweep, as a user runs it.

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "plugin/test_plugins.hpp"
#include "tools/json.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

/// Diverges where alpha is over 1; b is where it ends.
const std::string kBowl =
    "talweg: 1\n"
    "seed: 5\n"
    "let: {alpha: 0.25, bottom: 0}\n"
    "parameters: {x: {shape: [], init: 'uniform(-1, 1)'}}\n"
    "graph:\n"
    "  height: (x - bottom) * (x - bottom) + bottom\n"
    "train:\n"
    "  minimize: height\n"
    "  optimizer: {gd: {alpha: alpha}}\n"
    "  steps: 4000\n"
    "  log: {every: 1000, x: x}\n";

class SweepCommand : public testing::Test {
 protected:
  SweepCommand() { write_text(directory_.path() / "bowl.yaml", kBowl); }

  [[nodiscard]] Finished sweep(const std::string& options) const {
    return run_line("sweep bowl.yaml " + options, {.directory = directory_.path()});
  }

  TemporaryDirectory directory_;
};

/// The lines of a sweep without what differs between two of them.
std::vector<Json> without_seconds(std::vector<Json> lines) {
  for (Json& line : lines) line.erase("seconds");
  return lines;
}

TEST_F(SweepCommand, ShowsALineForEachCombinationAndMarksTheBest) {
  const Finished finished = sweep("--grid alpha=0.1,0.25 --grid bottom=0,-1");
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_EQ(finished.errors, "");
  const std::vector<std::string> lines = lines_of(finished.out);
  EXPECT_EQ(lines.at(0), "bowl: 4 runs");
  const auto heading =
      std::ranges::find_if(lines, [](const auto& line) { return line.starts_with("   run"); });
  ASSERT_NE(heading, lines.end()) << finished.out;
  ASSERT_GE(lines.end() - heading, 6);
  EXPECT_TRUE(heading[0].starts_with("   run  alpha  bottom  seed  steps  loss ")) << heading[0];
  EXPECT_TRUE(heading[1].starts_with("   0    0.1    0       5     4000   ")) << heading[1];
  EXPECT_TRUE(heading[2].starts_with("*  1    0.1    -1      5     4000   -1 ")) << heading[2];
  EXPECT_TRUE(heading[4].starts_with("   3    0.25   -1      5     4000   -1 ")) << heading[4];
  EXPECT_EQ(heading[5], "* the smallest loss");
}

TEST_F(SweepCommand, ShowsHowWhatIsLoggedGoes) {
  const Finished finished = sweep("--grid alpha=0.1,0.25");
  const std::vector<std::string> lines = lines_of(finished.out);
  const auto title = std::ranges::find(lines, "x");
  ASSERT_NE(title, lines.end()) << finished.out;
  EXPECT_TRUE(title[1].starts_with("  alpha  step 0 ")) << title[1];
  EXPECT_NE(title[1].find("  1000  "), std::string::npos) << title[1];
  EXPECT_TRUE(title[1].ends_with("  3000")) << title[1];
  EXPECT_TRUE(title[2].starts_with("  0.1    ")) << title[2];
}

TEST_F(SweepCommand, GoesOnAfterARunThatDiverges) {
  const Finished finished = sweep("--grid alpha=3,0.25");
  EXPECT_EQ(finished.status, 0);
  const std::size_t begin = finished.out.find("  diverged in step ");
  ASSERT_NE(begin, std::string::npos) << finished.out;
  const std::string reason = finished.out.substr(begin, finished.out.find('\n', begin) - begin);
  EXPECT_NE(reason.find(".yaml:"), std::string::npos) << reason;
  EXPECT_NE(finished.out.find("*  1    0.25 "), std::string::npos) << finished.out;
}

TEST_F(SweepCommand, EndsWithStatus4WhereAllDiverge) {
  const Finished finished = sweep("--grid alpha=3,4");
  EXPECT_EQ(finished.status, 4);
  EXPECT_NE(finished.out.find("No run came to an end."), std::string::npos);
}

TEST_F(SweepCommand, TrainsEachCombinationWithSeveralSeedsAndShowsBestAndMedian) {
  const Finished finished = sweep("--restarts 3 --grid alpha=0.1,3 --json --steps 2");
  const std::vector<Json> starts = events(json_lines(finished.out), "start");
  ASSERT_EQ(starts.size(), 6U);
  for (std::size_t i = 0; i < starts.size(); ++i) EXPECT_EQ(starts[i]["seed"], 5 + i % 3);
  const Finished table = sweep("--restarts 3 --grid alpha=0.1,0.2");
  EXPECT_NE(table.out.find("alpha  runs  diverged  best loss"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("median loss"), std::string::npos) << table.out;
}

TEST_F(SweepCommand, WritesTheSameLinesWhateverTheJobs) {
  const std::string options = "--grid alpha=0.1,0.2,0.3,3 --restarts 3 --json --jobs ";
  const std::vector<Json> one = json_lines(sweep(options + "1").out);
  ASSERT_EQ(one.size(), 9U * 6 + 3U * 3 + 1) << one.size();
  EXPECT_EQ(without_seconds(one), without_seconds(json_lines(sweep(options + "4").out)));
  std::int64_t last = 0;
  for (const Json& line : one) {
    if (line["event"] == "sweep") continue;
    EXPECT_GE(line["run"], last);
    last = line["run"];
    EXPECT_TRUE(line["settings"]["alpha"].is_number());
  }
  EXPECT_EQ(one.back()["runs"], 12);
  EXPECT_EQ(one.back()["diverged"], 3);
}

TEST_F(SweepCommand, KeepsADirectoryForEachRunAndAllLines) {
  const Finished finished = sweep("--grid alpha=0.1,0.25 --json --out kept");
  EXPECT_EQ(finished.status, 0) << finished.errors;
  const fs::path kept = directory_.path() / "kept";
  EXPECT_EQ(read_text(kept / "sweep.jsonl"), finished.out);
  for (const char* run : {"run_0", "run_1"})
    for (const char* file : {"metrics.jsonl", "weights.safetensors", "checkpoint.safetensors", "model.yaml"})
      EXPECT_TRUE(fs::exists(kept / run / file)) << run << "/" << file;
}

TEST_F(SweepCommand, GivesTheValuesOfTrain) {
  const Json run = events(json_lines(sweep("--grid alpha=0.25 --restarts 2 --json").out), "end").at(1);
  const Finished trained =
      run_line("train bowl.yaml --set alpha=0.25 --seed 6 --json", {.directory = directory_.path()});
  EXPECT_EQ(run["loss"], json_lines(trained.out).back()["loss"]);
}

TEST_F(SweepCommand, StopsAtAnErrorOfTheModelAndNamesIt) {
  const Finished finished = sweep("--grid alpha=0.25,oops");
  EXPECT_EQ(finished.status, 2);
  EXPECT_EQ(lines_of(finished.errors).at(0), "--grid alpha:1:1: error: the name 'oops' is not defined");
  EXPECT_NE(finished.errors.find("note: in run 1 of the sweep: alpha=oops, seed 5\n"), std::string::npos)
      << finished.errors;
}

TEST_F(SweepCommand, TakesItsGridFromTheModelUnlessGiven) {
  write_text(directory_.path() / "bowl.yaml", kBowl + "sweep: {grid: {alpha: [0.1, 0.2]}, restarts: 2}\n");
  EXPECT_TRUE(sweep("").out.starts_with("bowl: 4 runs\n"));
  EXPECT_TRUE(sweep("--restarts 1").out.starts_with("bowl: 2 runs\n"));
  EXPECT_TRUE(sweep("--grid bottom=0,1,2").out.starts_with("bowl: 6 runs\n"));
}

TEST_F(SweepCommand, FinishesTheStepsWhenItIsInterrupted) {
  Process process({(program_directory() / "talweg").string(), "sweep", "bowl.yaml", "--grid",
                   "alpha=0.1,0.2,0.3", "--steps", "1000000000", "--jobs", "2"},
                  {.directory = directory_.path()});
  process.wait_for("3 runs");
  usleep(100'000);
  process.send(SIGINT);
  const Finished finished = process.finish();
  EXPECT_EQ(finished.status, 130);
  EXPECT_NE(finished.out.find("interrupted"), std::string::npos) << finished.out;
}

}  // namespace
}  // namespace talweg
