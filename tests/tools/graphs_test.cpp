// Every file of graphs/ is loaded, checked and trained for a few steps, and says at its top what to look for.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <talweg/error.hpp>

#include "tools/json.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> model_files() {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(repository() / "graphs"))
    if (entry.path().extension() == ".yaml" && entry.path().parent_path().filename() != "modules")
      files.push_back(fs::relative(entry.path(), repository()).string());
  std::ranges::sort(files);
  return files;
}

class GraphFile : public testing::TestWithParam<std::string> {};

/// Where the files are that a model of real data names: $TALWEG_DATA, or beside the repository.
RunOptions with_data() {
  RunOptions options;
  if (std::getenv("TALWEG_DATA") == nullptr)
    options.environment["TALWEG_DATA"] = (repository().parent_path() / "shared/data/mnist10k").string();
  return options;
}

TEST_P(GraphFile, IsCheckedShownAndTrained) {
  const RunOptions data = with_data();
  const Finished checked = run_line("check " + GetParam(), data);
  if (checked.status == static_cast<int>(Status::data) &&
      read_text(repository() / GetParam()).find("tools/get-data") != std::string::npos)
    GTEST_SKIP() << "its data are not there: " << checked.errors;
  EXPECT_EQ(checked.status, 0) << checked.out << checked.errors;
  EXPECT_TRUE(checked.out.ends_with("The gradients are right.\n")) << checked.out;
  const Finished shown = run_line("show --dot --gradients --update " + GetParam(), data);
  EXPECT_EQ(shown.status, 0) << shown.errors;
  for (const char* executor : {"program", "reference"}) {
    const Finished trained =
        run_line("train --json --steps 5 --executor " + std::string(executor) + " " + GetParam(), data);
    EXPECT_EQ(trained.status, 0) << trained.errors;
    EXPECT_EQ(json_lines(trained.out).back()["event"], "end");
  }
}

TEST_P(GraphFile, BeginsWithACommentThatNamesACommandForIt) {
  std::string comment;
  for (const std::string& line : lines_of(read_text(repository() / GetParam()))) {
    if (!line.starts_with("#")) break;
    comment += line + "\n";
  }
  EXPECT_GE(std::ranges::count(comment, '\n'), 3) << comment;
  EXPECT_NE(comment.find("#   talweg "), std::string::npos) << comment;
  EXPECT_NE(comment.find(" " + GetParam()), std::string::npos) << comment;
}

INSTANTIATE_TEST_SUITE_P(Graphs, GraphFile, testing::ValuesIn(model_files()), [](const auto& tested) {
  std::string name = tested.param;
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

TEST(Spirals, AreToldApart) {
  const Finished trained = run_line("train --json graphs/generated/spirals.yaml");
  EXPECT_GT(json_lines(trained.out).back()["validation"]["accuracy"].get<double>(), 0.95);
}

Json end_of(const std::string& arguments) {
  const Finished finished = run_line("train --json graphs/tutorial/" + arguments);
  EXPECT_EQ(finished.status, 0) << finished.errors;
  return json_lines(finished.out).back();
}

TEST(Bucket, OnASlopeIsDoneWhereItIsFlat) {
  const Json end = end_of("bucket_slope.yaml");
  EXPECT_EQ(end["reason"], "gradient");
  EXPECT_LT(std::abs(end["x"].get<double>()), 1e-8);
}

TEST(Bucket, WithTooLargeAnAlphaIsClimbedFromSideToSide) {
  const std::vector<Json> lines =
      events(json_lines(run_line("train --json graphs/tutorial/bucket_alpha_too_big.yaml").out), "log");
  ASSERT_EQ(lines.size(), 20U);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const double before = lines[i - 1]["x"], x = lines[i]["x"];
    EXPECT_LT(before * x, 0);
    EXPECT_GT(std::abs(x), std::abs(before));
  }
  EXPECT_LT(std::abs(end_of("bucket_alpha_too_big.yaml --set alpha=0.9")["x"].get<double>()), 0.1);
}

TEST(Bucket, WithTooSmallAnAlphaIsNotDescended) {
  const double x = end_of("bucket_alpha_too_small.yaml")["x"];
  EXPECT_GT(x, 1.5);
  EXPECT_LT(x, 2.5);
  EXPECT_LT(end_of("bucket_alpha_too_small.yaml --set alpha=0.1 --steps 100")["x"].get<double>(), 1e-8);
}

TEST(Bucket, WithSeveralMinimaNeedsSeveralStarts) {
  const Finished finished = run_line("sweep --json graphs/tutorial/bucket_local_minima.yaml");
  EXPECT_EQ(finished.status, 0) << finished.errors;
  const std::vector<Json> ends = events(json_lines(finished.out), "end");
  ASSERT_EQ(ends.size(), 10U);
  std::size_t deepest = 0;
  for (const Json& end : ends) {
    EXPECT_EQ(end["reason"], "gradient");
    if (std::abs(end["x"].get<double>() + 0.51) < 0.01) ++deepest;
  }
  EXPECT_GE(deepest, 1U);
  EXPECT_LE(deepest, 5U);
}

}  // namespace
}  // namespace talweg
