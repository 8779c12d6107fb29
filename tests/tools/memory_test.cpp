// How much memory a training takes, as the system counts it.

#include <gtest/gtest.h>

#include <filesystem>

#include "model/data/files.hpp"
#include "plugin/test_plugins.hpp"
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

}  // namespace
}  // namespace talweg
