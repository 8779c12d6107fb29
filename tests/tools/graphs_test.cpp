// Every file of graphs/ is loaded, checked and trained for a few steps, and says at its top what to look for.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "plugin/test_plugins.hpp"
#include "tools/json.hpp"
#include "tools/stand_in_data.hpp"
#include "training/evaluation.hpp"

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

/// Settings with which a large model is small: checks of gradients and the reference executor are slow.
std::string smaller(const std::string& file) {
  static const std::map<std::string, std::string> kSettings = {
      {"graphs/text/shakespeare_gpt.yaml", " --set batch=2 --set context=6 --set width=16"},
      {"graphs/text/shakespeare_lstm.yaml", " --set batch=2 --set context=6 --set units=8"},
      {"graphs/vision/mnist_autoencoder.yaml", " --set batch=4 --set hidden=16"},
      {"graphs/vision/mnist_batchnorm_dropout.yaml", " --set batch=4 --set hidden=16"},
      {"graphs/vision/mnist_lenet.yaml", " --set batch=2"},
      {"graphs/vision/mnist_mlp.yaml", " --set batch=4 --set hidden=16"}};
  const auto found = kSettings.find(file);
  return file + (found == kSettings.end() ? "" : found->second);
}

/// Stand-ins, where the file needs data that are not in the repository.
void write_data_for(const std::string& file, const fs::path& directory) {
  if (read_text(repository() / file).find("tools/get-data") != std::string::npos)
    write_stand_in_data(directory);
}

class GraphFile : public testing::TestWithParam<std::string> {};

TEST_P(GraphFile, IsCheckedShownAndTrained) {
  const TemporaryDirectory stand_ins;
  write_data_for(GetParam(), stand_ins.path());
  const RunOptions data = with_data(stand_ins.path());
  const Finished checked = run_line("check --elements 6 " + smaller(GetParam()), data);
  EXPECT_EQ(checked.status, 0) << checked.out << checked.errors;
  EXPECT_TRUE(checked.out.ends_with("The gradients are right.\n")) << checked.out;
  const Finished shown = run_line("show --dot --gradients --update " + GetParam(), data);
  EXPECT_EQ(shown.status, 0) << shown.errors;
  for (const std::string& training : {GetParam(), smaller(GetParam()) + " --executor program",
                                      smaller(GetParam()) + " --executor reference"}) {
    const Finished trained = run_line("train --json --steps 5 " + training, data);
    EXPECT_EQ(trained.status, 0) << trained.errors;
    EXPECT_EQ(json_lines(trained.out).back()["event"], "end");
  }
}

TEST_P(GraphFile, NeedsNoSplitAtOnceForItsMeasures) {
  const TemporaryDirectory stand_ins;
  write_data_for(GetParam(), stand_ins.path());
  ModelOptions options;
  options.data_directories = {stand_ins.path()};
  CheckedModel model = load_model(repository() / GetParam(), options);
  if (!model.examples) return;
  TrainingState state(std::move(model), nullptr, {});
  for (const Split& split : state.batches->examples().splits)
    EXPECT_EQ(Evaluation(state, split).at_once(), std::vector<std::string>{}) << split.name;
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

/// The accuracy over the validation split at the end of a training.
double accuracy_of(const std::string& file, const RunOptions& options = {}) {
  const Finished trained = run_line("train --json " + file, options);
  EXPECT_EQ(trained.status, 0) << trained.errors;
  return json_lines(trained.out).back()["validation"]["accuracy"].get<double>();
}

TEST(Spirals, AreToldApart) { EXPECT_GT(accuracy_of("graphs/generated/spirals.yaml"), 0.95); }

TEST(Moons, AreToldApart) { EXPECT_GT(accuracy_of("graphs/generated/moons.yaml"), 0.95); }

/// What a network reaches on the stand-ins in these steps, over examples that it was not trained on.
struct Learned {
  const char* file;
  const char* settings;
  const char* measure;
  double least, most;
};

void PrintTo(const Learned& learned, std::ostream* stream) { *stream << learned.file; }

class Network : public testing::TestWithParam<Learned> {};

TEST_P(Network, LearnsTheStandIns) {
  const auto& [file, settings, measure, least, most] = GetParam();
  const TemporaryDirectory directory;
  write_stand_in_data(directory.path());
  RunOptions options;
  options.environment["TALWEG_DATA"] = directory.path().string();
  const Finished trained =
      run_line("train --json graphs/" + std::string(file) + ".yaml " + settings, options);
  ASSERT_EQ(trained.status, 0) << trained.errors;
  const double reached = json_lines(trained.out).back()["validation"][measure];
  EXPECT_GE(reached, least);
  EXPECT_LE(reached, most);
}

// Three of four characters can be foreseen. The mean image in place of each is wrong by 0.042, the noise is
// 0.005.
INSTANTIATE_TEST_SUITE_P(
    Graphs, Network,
    testing::Values(Learned{"tabular/iris", "", "accuracy", 0.95, 1},
                    Learned{"text/shakespeare_gpt", "--steps 100 --set batch=8", "accuracy", 0.7, 0.8},
                    Learned{"text/shakespeare_lstm", "--steps 100 --set batch=8", "accuracy", 0.7, 0.8},
                    Learned{"vision/mnist_autoencoder", "--steps 100", "squared_error", 0, 0.01},
                    Learned{"vision/mnist_batchnorm_dropout", "--steps 20", "accuracy", 0.99, 1},
                    Learned{"vision/mnist_lenet", "--steps 40", "accuracy", 0.99, 1},
                    Learned{"vision/mnist_mlp", "--steps 20", "accuracy", 0.99, 1}),
    [](const auto& tested) {
      const std::string file = tested.param.file;
      return file.substr(file.find('/') + 1);
    });

TEST(StoppingDistance, IsTheLineOfLeastSquares) {
  const Finished trained = run_line("train --json graphs/tabular/stopping_distance.yaml");
  const Json end = json_lines(trained.out).back();
  // What R's lm(dist ~ speed, cars) prints.
  EXPECT_NEAR(end["slope"].get<double>(), 3.9324, 5e-5);
  EXPECT_NEAR(end["intercept"].get<double>(), -17.5791, 5e-5);
  EXPECT_NEAR(end["explained"].get<double>(), 0.6511, 5e-5);
}

/// With ten epochs of plain gradient descent; PyTorch's is 93.9 %.
TEST(Digits, AreReadByTwoDenseLayers) {
  const std::filesystem::path images = real_data_directory() / "mnist10k/t10k-images-idx3-ubyte.gz";
  if (!std::filesystem::exists(images)) GTEST_SKIP() << images << " is not there: tools/get-data mnist10k";
  EXPECT_GT(accuracy_of("graphs/vision/mnist_mlp.yaml", with_data("")), 0.93);
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
