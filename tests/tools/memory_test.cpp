// How much memory a training takes, as the system counts it.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "model/data/files.hpp"
#include "plugin/test_plugins.hpp"
#include "support/machine_memory.hpp"
#include "tools/json.hpp"
#include "tools/stand_in_data.hpp"

namespace talweg {
namespace {

constexpr std::int64_t kMebibyte = 1 << 20;

/// Sanitizers need memory of their own.
class Memory : public testing::Test {
 protected:
  void SetUp() override {
#if TALWEG_SANITIZED
    GTEST_SKIP() << "of a build without sanitizers";
#endif
  }

  TemporaryDirectory directory_;
};

TEST_F(Memory, OfTenEpochsOfTheDigitsStaysWithin500MB) {
  constexpr std::int64_t kMost = 500 * kMebibyte, kImages = std::int64_t{10'000} * 28 * 28;
  write_stand_in_data(directory_.path());
  const Finished trained =
      run_line("train --json graphs/vision/mnist_mlp.yaml", with_data(directory_.path()));
  ASSERT_EQ(trained.status, 0) << trained.errors;
  EXPECT_EQ(json_lines(trained.out).back()["steps"], 630);
  EXPECT_LT(trained.peak_bytes, kMost);
  EXPECT_GT(trained.peak_bytes, kImages);
}

/// The file is one hole of zeros, which takes no room on the disk. So many rows are read that they would not
/// fit if what has been read stayed resident.
TEST_F(Memory, OfAFileLargerThanItStaysWithinAGibibyte) {
  constexpr std::int64_t kMost = 1024 * kMebibyte, kFile = 4 * kMost, kRead = kMost + kMost / 4;
  constexpr std::int64_t kColumns = 256, kRow = kColumns * static_cast<std::int64_t>(sizeof(float)),
                         kBatch = 4096;
  const std::string header = npy_file(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(kFile / kRow) + ", 256), }", "");
  write_text(directory_.path() / "large.npy", header);
  std::filesystem::resize_file(directory_.path() / "large.npy", header.size() + kFile);
  write_text(directory_.path() / "model.yaml",
             "talweg: 1\n"
             "dtype: float32\n"
             "data: {X: {npy: large.npy}}\n"
             "parameters: {W: {shape: [256], init: ones}, b: {shape: [], init: ones}}\n"
             "graph: {loss: mean((X @ W + b) ** 2)}\n"
             "train: {minimize: loss, optimizer: {gd: {alpha: 0.25}}, batch: " +
                 std::to_string(kBatch) +
                 ", shuffle: False, steps: " + std::to_string(kRead / kRow / kBatch) + "}\n");
  const Finished trained = run_line("train --json " + (directory_.path() / "model.yaml").string());
  ASSERT_EQ(trained.status, 0) << trained.errors;
  EXPECT_EQ(json_lines(trained.out).back()["loss"], 0);
  EXPECT_LT(trained.peak_bytes, kMost);
}

TEST_F(Memory, OfTheProgramIsLimitedToWhatTheMachineHas) {
  const Process process({(program_directory() / "talweg").string(), "train", "--json", "--steps",
                         "1000000000", "graphs/tutorial/three_layer.yaml"});
  rlimit limit{};
  for (int waited = 0; waited < 5000 && limit.rlim_cur != machine_memory(); ++waited) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_EQ(prlimit(process.id(), RLIMIT_DATA, nullptr, &limit), 0);
  }
  EXPECT_EQ(limit.rlim_cur, machine_memory());
}

/// 160 MB of parameters, as many of the last that were finite, and as many of gradients.
TEST_F(Memory, BeyondTheLimitIsAnErrorThatCostsNothing) {
  write_text(directory_.path() / "model.yaml",
             "talweg: 1\n"
             "let: {size: 10}\n"
             "parameters: {a: {shape: [size], init: ones}}\n"
             "graph: {loss: mean(square(a))}\n"
             "train: {minimize: loss, optimizer: {gd: {alpha: 1}}, steps: 1}\n");
  const std::string command = "'" + (program_directory() / "talweg").string() + "' train --json --out '" +
                              (directory_.path() / "run").string() + "' '" +
                              (directory_.path() / "model.yaml").string() + "'";
  ASSERT_EQ(run({"sh", "-c", command}).status, 0);
  const std::string metrics = read_text(directory_.path() / "run" / "metrics.jsonl");
  const Finished refused = run({"sh", "-c", "ulimit -d 300000; " + command + " --set size=20e6"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.out, "");
  EXPECT_EQ(refused.errors, "error: there is not enough memory for 20000000 values of the model's tensors\n");
  EXPECT_EQ(read_text(directory_.path() / "run" / "metrics.jsonl"), metrics);
}

}  // namespace
}  // namespace talweg
