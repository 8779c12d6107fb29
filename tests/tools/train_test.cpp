// talweg train, as a user runs it.

#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "plugin/test_plugins.hpp"
#include "tools/json.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

const std::string kThreeLayerFile = "graphs/tutorial/three_layer.yaml";
const std::string kEndless = "train " + kThreeLayerFile + " --steps 1000000000 --json";

/// The one trained by the tests of how training ends: down a bowl, or out of it where alpha is over 1.
const std::string kBowl =
    "talweg: 1\n"
    "let: {alpha: 0.25}\n"
    "parameters: {x: {shape: [], init: 3}}\n"
    "graph:\n"
    "  height: x * x\n"
    "train:\n"
    "  minimize: height\n"
    "  optimizer: {gd: {alpha: alpha}}\n"
    "  steps: 4000\n"
    "  stop: {gradient: 1e-6}\n"
    "  report: {x: x, row: '[x, 2 * x]', count: 7, flag: x < 1}\n";

TEST(TrainCommand, PrintsATableOfItsLogLinesAndHowItEnded) {
  const Finished finished = run_line("train " + kThreeLayerFile + " --steps 20000");
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(finished.errors, "");
  const std::vector<std::string> lines = lines_of(finished.out);
  ASSERT_EQ(lines.size(), 6U) << finished.out;
  EXPECT_EQ(lines[0], "three_layer: 16 parameters in float64, seed 1; gd, 20000 steps");
  EXPECT_EQ(lines[1], " step  loss                Error");
  EXPECT_TRUE(lines[2].starts_with("    0  0.4951865354")) << lines[2];
  EXPECT_TRUE(lines[2].find("  0.496410031903") != std::string::npos) << lines[2];
  EXPECT_TRUE(lines[3].starts_with("10000  ")) << lines[3];
  EXPECT_TRUE(lines[4].starts_with("20000  ")) << lines[4];
  EXPECT_TRUE(lines[5].starts_with("20000 steps in ")) << lines[5];
  EXPECT_TRUE(lines[5].ends_with(" s: all planned steps were made")) << lines[5];
  for (const std::string& line : lines) EXPECT_FALSE(line.ends_with(' ')) << line;
}

TEST(TrainCommand, PrintsReportsAsNumbersAndMatrices) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "bowl.yaml", kBowl);
  const Finished finished = run_line("train bowl.yaml --steps 1", {.directory = directory.path()});
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_TRUE(finished.out.ends_with(
      " s: all planned steps were made\nx  1.5\nrow\n  1.5  3\ncount  7\nflag  False\n"))
      << finished.out;
}

TEST(TrainCommand, WritesJsonLinesWithTheKeysOfTheContract) {
  const Finished finished = run_line("train " + kThreeLayerFile + " --steps 30000 --json");
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(finished.errors, "");
  const std::vector<Json> lines = json_lines(finished.out);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[0]["event"], "start");
  EXPECT_EQ(lines[0]["name"], "three_layer");
  for (std::size_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(lines[i]["event"], "log");
    EXPECT_EQ(lines[i]["step"], 10000 * (i - 1));
    EXPECT_TRUE(lines[i]["loss"].is_number());
    EXPECT_TRUE(lines[i]["Error"].is_number());
  }
  EXPECT_EQ(lines[4]["event"], "end");
  EXPECT_EQ(lines[4]["steps"], 30000);
  EXPECT_EQ(lines[4]["reason"], "steps");
  for (const char* key : {"seconds", "loss", "Error"}) EXPECT_TRUE(lines[4][key].is_number()) << key;
}

TEST(TrainCommand, IsQuietWhenAsked) {
  const Finished finished = run_line("train " + kThreeLayerFile + " --steps 10 --quiet");
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(finished.out + finished.errors, "");
}

TEST(TrainCommand, TakesOptionsInPlaceOfWhatTheModelSays) {
  const auto start = [](const std::string& options) {
    const Finished finished = run_line("train " + kThreeLayerFile + " --json --steps 7 " + options);
    EXPECT_EQ(finished.status, 0) << finished.errors;
    return json_lines(finished.out).at(0);
  };
  EXPECT_EQ(start("")["steps"], 7);
  EXPECT_EQ(start("--seed 5")["seed"], 5);
  EXPECT_EQ(start("--set hidden=2**5 --set alpha=1/3")["parameters"], 3 * 32 + 32);
  EXPECT_EQ(start("--set-optimizer momentum")["optimizer"], "momentum");
  EXPECT_EQ(start("--threads 2")["threads"], 2);
}

TEST(TrainCommand, GivesTheSameWithTheReferenceExecutor) {
  const std::string line = "train " + kThreeLayerFile + " --json --steps 200";
  const Json program = events(json_lines(run_line(line).out), "end").at(0);
  const Json reference = events(json_lines(run_line(line + " --executor reference").out), "end").at(0);
  constexpr double kFewRoundings = 1e-12;
  EXPECT_NEAR(program["loss"].get<double>(), reference["loss"].get<double>(), kFewRoundings);
}

TEST(TrainCommand, EndsWhereTheSlopeIsZeroAndSaysSo) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "bowl.yaml", kBowl);
  Finished finished = run_line("train bowl.yaml", {.directory = directory.path()});
  EXPECT_EQ(finished.status, 0);
  EXPECT_NE(finished.out.find("the slope is zero, as near as `stop: gradient` asks"), std::string::npos);
  finished = run_line("train bowl.yaml --json", {.directory = directory.path()});
  EXPECT_EQ(json_lines(finished.out).back()["reason"], "gradient");
}

TEST(TrainCommand, ThatDivergesEndsWithStatus4AndNamesNodeAndLine) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "bowl.yaml", kBowl);
  const Finished finished = run_line("train bowl.yaml --set alpha=3", {.directory = directory.path()});
  EXPECT_EQ(finished.status, 4);
  EXPECT_TRUE(finished.errors.starts_with("bowl.yaml:5:11: error: ")) << finished.errors;
  EXPECT_NE(finished.errors.find("height"), std::string::npos) << finished.errors;
}

TEST(TrainCommand, KeepsItsResultsAndGoesOnFromThem) {
  const TemporaryDirectory directory;
  const std::string out = (directory.path() / "out").string();
  const std::string line = "train " + kThreeLayerFile + " --json";
  const Finished whole = run_line(line + " --steps 30000");
  const Finished half = run_line(line + " --steps 15000 --out " + out);
  ASSERT_EQ(half.status, 0) << half.errors;
  for (const char* file : {"metrics.jsonl", "weights.safetensors", "checkpoint.safetensors", "model.yaml"})
    EXPECT_TRUE(fs::exists(fs::path(out) / file)) << file;
  EXPECT_EQ(read_text(fs::path(out) / "metrics.jsonl"), half.out);
  EXPECT_EQ(read_text(fs::path(out) / "model.yaml"), read_text(repository() / kThreeLayerFile));

  const Finished rest = run_line(line + " --steps 30000 --resume --out " + out);
  ASSERT_EQ(rest.status, 0) << rest.errors;
  const std::vector<Json> lines = json_lines(rest.out);
  EXPECT_EQ(lines.at(0)["first_step"], 15000);
  EXPECT_EQ(lines.back()["loss"], json_lines(whole.out).back()["loss"]);
}

TEST(TrainCommand, CountsEvaluationsFromTheBeginningThoughItIsResumed) {
  const TemporaryDirectory directory;
  const RunOptions there{.directory = directory.path()};
  write_text(directory.path() / "valley.yaml",
             "talweg: 1\n"
             "parameters: {x: -1.2, y: 1.0}\n"
             "train: {minimize: 100 * (y - x**2)**2 + (1 - x)**2, optimizer: lbfgs, steps: 20}\n");
  const auto evaluations = [&](const std::string& options) {
    const Finished finished = run_line("train valley.yaml --json " + options, there);
    EXPECT_EQ(finished.status, 0) << finished.errors;
    return json_lines(finished.out).back()["evaluations"].get<int>();
  };
  const int whole = evaluations("");
  EXPECT_LT(evaluations("--out run --steps 9"), whole);
  EXPECT_EQ(evaluations("--out run --steps 20 --resume"), whole);
}

TEST(TrainCommand, GoesOnWithTheOptimizerThatItWasGiven) {
  const TemporaryDirectory directory;
  const auto run = [&](const std::string& out, const std::vector<std::string>& options) {
    std::vector<std::string> words = {"train", (repository() / kThreeLayerFile).string(), "--quiet", "--out",
                                      (directory.path() / out).string()};
    words.insert(words.end(), options.begin(), options.end());
    return run_talweg(words);
  };
  const std::string given = "momentum: {alpha: 0.1, mu: 0.5}";
  EXPECT_EQ(run("whole", {"--steps", "9", "--set-optimizer", given}).status, 0);
  EXPECT_EQ(run("parts", {"--steps", "4", "--set-optimizer", given}).status, 0);
  EXPECT_NE(run("parts", {"--resume", "--steps", "9", "--set-optimizer", "momentum"})
                .errors.find("'--set-optimizer' was set to " + given + ", and is now set to momentum"),
            std::string::npos);
  EXPECT_EQ(run("parts", {"--resume"}).errors,
            "note: nothing is left of the 4 planned steps; --steps N plans more\n");
  EXPECT_EQ(run("parts", {"--resume", "--steps", "9"}).status, 0);
  EXPECT_EQ(read_text(directory.path() / "parts/weights.safetensors"),
            read_text(directory.path() / "whole/weights.safetensors"));
}

TEST(TrainCommand, GoesOnAsIfItHadNotEndedBetweenTwoValidations) {
  const TemporaryDirectory directory;
  const auto run = [&](const std::string& options) {
    const Finished finished =
        run_line("train watched.yaml --quiet " + options, {.directory = directory.path()});
    EXPECT_EQ(finished.status, 0) << finished.errors;
  };
  const auto weights_in = [&](const std::string& out) {
    return read_text(directory.path() / out / "weights.safetensors");
  };
  for (const std::string how :
       {"optimizer: {gd: {alpha: 'plateau(0.05, loss, factor=0.5, patience=0)'}}",
        "optimizer: {gd: {alpha: 0.05}}, keep: {lowest: loss}",
        "optimizer: {gd: {alpha: 0.05}}, stop: {patience: 3}",
        "optimizer: {gd: {alpha: 0.05}}, stop: {patience: 2}, keep: best",
        "optimizer: {gd: {alpha: 0.05}}, stop: {loss: 0.01}",
        "optimizer: {gd: {alpha: 0.05}}, stop: {gradient: 0.1}", "optimizer: {annealing: {}}, keep: best"}) {
    write_text(directory.path() / "watched.yaml",
               "talweg: 1\ndata: {x: [1, 2, 3, 4, 5, 6]}\nsplit: {train: 4, validation: 2}\n"
               "parameters: {w: 0}\ngraph: {loss: 'mean((w * x - 1 - sin(step)) ** 2)'}\n"
               "train: {minimize: loss, batch: 1, steps: 39, " +
                   how + "}\n");
    run("--out whole");
    for (const int step : {1, 9, 10, 11, 16, 23, 32, 39}) {
      fs::remove_all(directory.path() / "stopped");
      run("--out stopped --steps " + std::to_string(step));
      for (int resumed = 0; resumed < 2; ++resumed) {
        run("--out stopped --resume --steps 39");
        EXPECT_EQ(weights_in("stopped"), weights_in("whole")) << how << ", " << step << ", " << resumed;
      }
    }
  }
}

TEST(TrainCommand, ResumesFromTheBeginningWhereThereIsNoCheckpoint) {
  const TemporaryDirectory directory;
  const Finished finished = run_line("train " + kThreeLayerFile + " --json --steps 10 --resume --out " +
                                     (directory.path() / "new").string());
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_EQ(json_lines(finished.out).at(0)["first_step"], 0);
  EXPECT_EQ(finished.errors, "note: " + (directory.path() / "new").string() +
                                 " holds no checkpoint: training begins at step 0\n");
}

TEST(TrainCommand, SaysThatItReplacesAnEarlierTraining) {
  const TemporaryDirectory directory;
  const std::string out = (directory.path() / "run").string();
  const std::string line = "train " + kThreeLayerFile + " --json --steps 10 --out " + out;
  EXPECT_EQ(run_line(line).errors, "");
  const Finished again = run_line(line);
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(again.errors,
            "note: the training in " + out + " is replaced by a new one; --resume goes on with it\n");
}

TEST(TrainCommand, MakesNoDirectoryForAModelThatIsRefused) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "bowl.yaml", kBowl);
  const Finished finished =
      run_line("train bowl.yaml --set alpha=x --out run", {.directory = directory.path()});
  EXPECT_EQ(finished.status, 2) << finished.errors;
  EXPECT_FALSE(fs::exists(directory.path() / "run"));
}

TEST(TrainCommand, ThatCannotMakeItsDirectoryEndsWithStatus5) {
  const Finished finished = run_line("train " + kThreeLayerFile + " --steps 10 --out /dev/null/out");
  EXPECT_EQ(finished.status, 5);
  EXPECT_TRUE(finished.errors.starts_with("error: /dev/null/out ")) << finished.errors;
}

TEST(TrainCommand, ThatCannotWriteItsTraceSaysSoBeforeItTrains) {
  const Finished finished = run_line("train " + kThreeLayerFile + " --trace /nowhere/trace.json");
  EXPECT_EQ(finished.status, 5);
  EXPECT_EQ(finished.out, "");
  EXPECT_NE(finished.errors.find("/nowhere/trace.json"), std::string::npos) << finished.errors;
  const Finished directory = run_line("train " + kThreeLayerFile + " --trace graphs");
  EXPECT_EQ(directory.status, 5);
  EXPECT_EQ(directory.errors, "error: graphs cannot be written: Is a directory\n");
}

TEST(TrainCommand, OfAModelThatTrainsNothingIsRefused) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "model.yaml", "talweg: 1\ndata: {x: [1, 2]}\ngraph: {y: x * 2}\n");
  const Finished finished = run_line("train model.yaml --steps 100", {.directory = directory.path()});
  EXPECT_EQ(finished.status, 2);
  EXPECT_EQ(run_line("sweep model.yaml --restarts 2", {.directory = directory.path()}).status, 2);
  EXPECT_NE(finished.errors.find("model.yaml has no `train:`, so there is nothing to train"),
            std::string::npos)
      << finished.errors;
}

TEST(TrainCommand, FinishesTheStepAndWritesWhenItIsInterrupted) {
  for (const auto& [signal, status] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    const TemporaryDirectory directory;
    const fs::path out = directory.path() / "out";
    Process process({(program_directory() / "talweg").string(), "train", kThreeLayerFile, "--steps",
                     "1000000000", "--json", "--out", out.string()});
    process.wait_for("\"log\"");
    process.send(signal);
    const Finished finished = process.finish();
    EXPECT_EQ(finished.status, status);
    EXPECT_EQ(finished.errors, "");
    const Json end = json_lines(finished.out).back();
    EXPECT_EQ(end["event"], "end");
    EXPECT_EQ(end["reason"], "interrupted");
    EXPECT_EQ(read_text(out / "metrics.jsonl"), finished.out);
    EXPECT_TRUE(fs::exists(out / "checkpoint.safetensors"));
  }
}

TEST(TrainCommand, EndsAtOnceAtASecondSignal) {
  // A step of some seconds, so that the first signal cannot have ended it.
  const TemporaryDirectory directory;
  write_text(directory.path() / "slow.yaml",
             "talweg: 1\n"
             "parameters: {w: {shape: [700, 700], init: 'normal(0, 0.01)'}}\n"
             "graph: {loss: sum(w @ w @ w @ w @ w @ w @ w @ w)}\n"
             "train: {minimize: loss, optimizer: {gd: {alpha: 1e-9}}, steps: 1000000}\n");
  Process process(
      {(program_directory() / "talweg").string(), "train", "slow.yaml", "--executor", "reference"},
      {.directory = directory.path()});
  process.wait_for("slow: ");
  process.send(SIGINT);
  usleep(50'000);
  process.send(SIGINT);
  const Finished finished = process.finish();
  EXPECT_EQ(finished.status, 130);
  EXPECT_EQ(finished.out.find("interrupted"), std::string::npos);
}

TEST(TrainCommand, ShowsProgressOnATerminalAlone) {
  const std::vector<std::string> command = {(program_directory() / "talweg").string(), "train",
                                            kThreeLayerFile, "--steps", "1000000000"};
  Process terminal(command, {.environment = {{"TERM", "xterm"}}, .on_terminal = true});
  terminal.wait_for(" left");
  terminal.send(SIGINT);
  const Finished shown = terminal.finish();
  EXPECT_NE(shown.out.find("\rstep "), std::string::npos);
  EXPECT_NE(shown.out.find(" steps/s, "), std::string::npos);

  for (const RunOptions& options : {RunOptions{.environment = {{"TERM", "xterm"}}},
                                    RunOptions{.environment = {{"TERM", "dumb"}}, .on_terminal = true}}) {
    Process elsewhere(command, options);
    elsewhere.wait_for(" 5000000 ");  // long enough for progress to be shown a few times
    elsewhere.send(SIGINT);
    const Finished finished = elsewhere.finish();
    EXPECT_EQ(finished.errors, "");
    EXPECT_EQ(finished.out.find(" left"), std::string::npos);
    EXPECT_EQ(finished.out.find('\033'), std::string::npos);
    // A terminal itself puts a carriage return before each line's end.
    EXPECT_EQ(finished.out.find("\rstep"), std::string::npos);
  }
}

TEST(TrainCommand, WorksFromAnotherDirectoryAndAnotherLocale) {
  const std::string line = "train " + (repository() / kThreeLayerFile).string() + " --json --steps 100";
  const Json end = json_lines(run_line(line).out).back();
  const Finished elsewhere =
      run_line(line, {.environment = {{"LC_ALL", "de_DE.UTF-8"}, {"LANG", "de_DE.UTF-8"}}, .directory = "/"});
  EXPECT_EQ(elsewhere.status, 0) << elsewhere.errors;
  EXPECT_EQ(json_lines(elsewhere.out).back()["loss"], end["loss"]);
}

}  // namespace
}  // namespace talweg
