// A training with checkpoints survives kills and failing disks: whatever happens, it goes on to the bit.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <talweg/error.hpp>
#include <thread>

#include "plugin/test_plugins.hpp"
#include "tools/program.hpp"
#include "training/run_directory.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

/// Batches, a partial one, states, an optimizer with two states, validation and best values.
const std::string kModel =
    "talweg: 1\nseed: 2\ndata:\n  x: [0.3, -1, 2, 0.7, 1.1, -0.4, 0.9, 1.6, -2, 0.1, 0.2]\n"
    "split: {train: 8, validation: 3}\nparameters: {w: {shape: [3], init: 'uniform(-1, 1)'}}\n"
    "state: {mean_of_x: {shape: []}}\nupdate: {mean_of_x: 0.9 * mean_of_x + 0.1 * mean(x)}\n"
    "graph: {y: 'w[0] + w[1] * x + w[2] * x ** 2', loss: mean((y - sin(3 * x)) ** 2)}\n"
    "metrics: {shifted: mean(abs(y)) - mean_of_x}\n"
    "train: {minimize: loss, optimizer: {adam: {alpha: 0.01}}, batch: 3, steps: 2000, validate: {every: "
    "50},\n"
    "  keep: {lowest: shifted}, log: {every: 5, seen: sum(x)}}\n";

class Survival : public testing::Test {
 protected:
  Survival() { write_text(model_, kModel); }

  [[nodiscard]] std::vector<std::string> command(const fs::path& out, std::vector<std::string> more) const {
    std::vector<std::string> words = {(program_directory() / "talweg").string(),
                                      "train",
                                      model_.string(),
                                      "--out",
                                      out.string(),
                                      "--resume",
                                      "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  [[nodiscard]] fs::path path(const std::string& name) const { return temporary_.path() / name; }

 private:
  TemporaryDirectory temporary_;
  fs::path model_ = temporary_.path() / "model.yaml";
};

/// Without the last one, which says how long it took.
std::vector<std::string> metrics_of(const fs::path& out) {
  std::vector<std::string> lines = lines_of(read_text(out / "metrics.jsonl"));
  std::erase_if(lines, [](const std::string& line) {
    return line.find("\"log\"") == std::string::npos && line.find("\"validation\",") == std::string::npos;
  });
  return lines;
}

/// Of the checkpoint in a run directory; -1 where there is none.
std::int64_t saved_step(const fs::path& out) {
  try {
    return read_checkpoint(out / "checkpoint.safetensors").step;
  } catch (const Error&) {
    return -1;
  }
}

/// Waits until there is a checkpoint of a later step, or for five seconds.
void wait_for_save(const fs::path& out, std::int64_t after) {
  for (int waited = 0; waited < 5000 && saved_step(out) <= after; ++waited)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST_F(Survival, OfTwoHundredKillsEndsWithTheBitsOfAnUninterruptedRun) {
  ASSERT_EQ(run(command(path("whole"), {})).status, 0);
  const std::string weights = read_text(path("whole") / "weights.safetensors");
  const std::vector<std::string> metrics = metrics_of(path("whole"));
  std::mt19937 generator(1);
  std::uniform_int_distribution<int> microseconds(1000, 40'000);
  int kills = 0, resumed = 0;
  while (kills < 200) {
    const std::int64_t before = saved_step(path("killed"));
    if (before > 0) ++resumed;
    Process process(command(path("killed"), {"--save-every", "0"}));
    if (kills % 2 == 1) wait_for_save(path("killed"), before);  // else it may be killed before it saves
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds(generator)));
    process.send(SIGKILL);
    const Finished end = process.finish();
    if (end.status == 128 + SIGKILL) {
      ++kills;
      continue;
    }
    ASSERT_EQ(end.status, 0) << end.errors;
    ASSERT_EQ(read_text(path("killed") / "weights.safetensors"), weights) << "after " << kills << " kills";
    ASSERT_EQ(metrics_of(path("killed")), metrics);
    fs::remove_all(path("killed"));
  }
  EXPECT_GT(resumed, 50) << "trainings that went on from a step";
  const Finished end = run(command(path("killed"), {}));
  ASSERT_EQ(end.status, 0) << end.errors;
  EXPECT_EQ(read_text(path("killed") / "weights.safetensors"), weights);
  EXPECT_EQ(metrics_of(path("killed")), metrics);
}

TEST_F(Survival, OfAKillAfterTheLastStepRepeatsNoLine) {
  ASSERT_EQ(run(command(path("killed"), {})).status, 0);
  const std::vector<std::string> metrics = metrics_of(path("killed"));
  ASSERT_EQ(run(command(path("killed"), {})).status, 0);
  EXPECT_EQ(metrics_of(path("killed")), metrics);
}

/// Every optimizer that is shipped, on batches and random draws where it takes them.
TEST_F(Survival, OfAKillIsExactForEveryOptimizer) {
  const Finished listed = run({(program_directory() / "talweg").string(), "plugins", "list", "--json"});
  ASSERT_EQ(listed.status, 0) << listed.errors;
  for (const std::string& line : lines_of(listed.out)) {
    const auto plugin = nlohmann::json::parse(line);
    const std::string name = plugin.at("name");
    const bool minimizer = plugin.at("kind") == "minimizer";
    SCOPED_TRACE(name);
    write_text(path("any.yaml"),
               "talweg: 1\nseed: 3\ndata: {x: [[1, 0.2], [0.4, -1], [0.7, 2], [-1.5, 0.3], [0.1, 0.9]]}\n"
               "parameters: {w: {shape: [2, 3], init: 'normal(0, 1)'}, b: {shape: [3], init: zeros}}\n"
               "graph: {loss: 'mean(sum((tanh(x @ w + b) - sin(3 * x[:, 0:1])) ** 2, axis=1))'}\n"
               "train: {minimize: loss, optimizer: {" +
                   name + ": {}}, log: {every: 1}, steps: 3000" + std::string(minimizer ? "" : ", batch: 2") +
                   "}\n");
    const auto train = [&](const std::string& out, const std::vector<std::string>& more) {
      std::vector<std::string> words = {(program_directory() / "talweg").string(),
                                        "train",
                                        path("any.yaml").string(),
                                        "--quiet",
                                        "--resume",
                                        "--out",
                                        path(out).string()};
      words.insert(words.end(), more.begin(), more.end());
      return words;
    };
    ASSERT_EQ(run(train("whole", {})).status, 0);
    int kills = 0;
    for (int attempt = 0; attempt < 3; ++attempt) {
      Process process(train("killed", {"--save-every", "0"}));
      wait_for_save(path("killed"), std::max<std::int64_t>(0, saved_step(path("killed"))));
      process.send(SIGKILL);
      if (process.finish().status == 128 + SIGKILL) ++kills;
    }
    EXPECT_GT(kills, 0) << "it ended before it was killed";
    EXPECT_GT(saved_step(path("killed")), 0);
    ASSERT_EQ(run(train("killed", {})).status, 0);
    EXPECT_EQ(read_text(path("killed") / "weights.safetensors"),
              read_text(path("whole") / "weights.safetensors"));
    fs::remove_all(path("whole"));
    fs::remove_all(path("killed"));
  }
}

/// What a save does, call by call, on the files of a run directory: by name, how often.
std::map<std::string, int> calls_of_save(const std::vector<std::string>& strace,
                                         const std::vector<std::string>& command, const fs::path& log,
                                         const RunOptions& options) {
  std::vector<std::string> words = strace;
  words.insert(words.end(), {"-o", log.string()});
  words.insert(words.end(), command.begin(), command.end());
  EXPECT_EQ(run(words, options).status, 0);
  std::map<std::string, int> calls;
  for (const std::string& line : lines_of(read_text(log))) {
    const std::size_t begin = line.find_first_not_of("0123456789 "), end = line.find('(');
    if (end != std::string::npos && begin < end) ++calls[line.substr(begin, end - begin)];
  }
  return calls;
}

TEST_F(Survival, OfAFailureAtAnyCallOfASaveLeavesTheOldOrTheNewCheckpoint) {
  if (run({"strace", "-qq", "-o", "/dev/null", "true"}).status != 0)
    GTEST_SKIP() << "strace is not there or may not trace";
  constexpr std::int64_t kOld = 20, kNew = 40;
  const fs::path old = path("old"), out = path("out");
  ASSERT_EQ(run(command(old, {"--steps", std::to_string(kOld)})).status, 0);
  // The leak checker of a sanitized build cannot be traced.
  const char* sanitizer = std::getenv("ASAN_OPTIONS");
  RunOptions options;
  options.environment["ASAN_OPTIONS"] =
      std::string(sanitizer == nullptr ? "" : sanitizer) + ":detect_leaks=0";
  const std::vector<std::string> resumed = command(out, {"--steps", std::to_string(kNew)});
  const auto begin_again = [&] {
    fs::remove_all(out);
    fs::copy(old, out, fs::copy_options::recursive);
  };
  std::vector<std::string> strace = {"strace", "-f", "-qq"};
  for (const char* name :
       {"", "checkpoint.safetensors", "checkpoint.safetensors.partial", "checkpoint.previous.safetensors",
        "checkpoint.previous.safetensors.partial", "weights.safetensors", "weights.safetensors.partial"})
    strace.insert(strace.end(), {"-P", *name == '\0' ? out.string() : (out / name).string()});
  begin_again();
  const auto calls = calls_of_save(strace, resumed, path("log"), options);
  for (const char* name : {"openat", "write", "fsync", "close", "rename", "read"})
    EXPECT_GT(calls.count(name), 0U) << name << " is traced";
  const std::string whole = read_text(out / "checkpoint.safetensors");

  int failures = 0;
  for (const auto& [name, number] : calls)
    for (const std::string fault : {"error=ENOSPC", "error=EIO", "retval=1", "signal=KILL"}) {
      if (fault == "retval=1" && name != "write") continue;  // a write that is short, and that is lost
      for (int i = 1; i <= number; ++i) {
        begin_again();
        std::vector<std::string> words = strace;
        words.insert(words.end(), {"-o", "/dev/null", "-e", "trace=" + name, "-e",
                                   fmt::format("inject={}:{}:when={}", name, fault, i)});
        words.insert(words.end(), resumed.begin(), resumed.end());
        const Finished end = run(words, options);
        const std::string what = fmt::format("{} {}: {}", name, i, fault);
        failures += end.status == 0 ? 0 : 1;
        try {
          const auto found = RunDirectory(out).checkpoint();
          ASSERT_TRUE(found) << what;
          EXPECT_EQ(found->damage, "") << what;
          EXPECT_TRUE(found->checkpoint.step == kOld || found->checkpoint.step == kNew) << what;
        } catch (const Error& error) {
          FAIL() << what << ": " << error.what();
        }
        if (end.status == 0) {
          EXPECT_EQ(read_text(out / "checkpoint.safetensors"), whole) << what;
        } else {
          const int expected = fault == "signal=KILL" ? 128 + SIGKILL : static_cast<int>(Status::files);
          EXPECT_EQ(end.status, expected) << what << "\n" << end.errors;
        }
      }
    }
  EXPECT_GT(failures, 50) << "the faults reach the program";
}

}  // namespace
}  // namespace talweg
