#include "training/run_directory.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <talweg/error.hpp>

#include "model/three_layer.hpp"
#include "plugin/test_plugins.hpp"
#include "support/full_disk.hpp"
#include "training/following.hpp"
#include "training/safetensors.hpp"

namespace talweg {
namespace {

std::unique_ptr<Trainer> tutorial(std::int64_t steps) {
  ModelOptions options;
  options.steps = steps;
  options.set = {{"alpha", "1"}};
  return make_trainer(kThreeLayer, options);
}

/// Leaves what a training of so many steps leaves.
void train_in(const std::filesystem::path& path, std::int64_t steps) {
  const auto trainer = tutorial(steps);
  RunDirectory directory(path);
  directory.follow(*trainer);
  trainer->run(directory);
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::vector<std::string> lines;
  std::string text = read_whole_file(path);
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
    lines.push_back(text.substr(0, end));
    text.erase(0, end + 1);
  }
  EXPECT_EQ(text, "") << "the last line is whole";
  return lines;
}

TEST(RunDirectory, HoldsMetricsWeightsCheckpointAndModel) {
  const TemporaryDirectory temporary;
  const std::filesystem::path path = temporary.path() / "runs" / "first";
  const auto trainer = tutorial(3);
  RunDirectory directory(path);
  EXPECT_FALSE(directory.checkpoint());
  directory.follow(*trainer);
  trainer->run(directory);

  const std::vector<std::string> lines = lines_of(path / "metrics.jsonl");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(lines[0].starts_with(R"({"event":"start","name":"three_layer",)")) << lines[0];
  EXPECT_TRUE(lines[1].starts_with(R"({"event":"log","step":0,"loss":)")) << lines[1];
  EXPECT_TRUE(lines[2].starts_with(R"({"event":"end","steps":3,"seconds":)")) << lines[2];
  EXPECT_EQ(read_whole_file(path / "model.yaml"), kThreeLayer);
  const TensorFile weights =
      decode_safetensors(read_whole_file(path / "weights.safetensors"), "weights.safetensors");
  ASSERT_EQ(weights.tensors.size(), 2U);
  for (const NamedTensor& tensor : weights.tensors)
    EXPECT_EQ(tensor.values, trainer->value(tensor.name).values);
  const auto checkpoint = directory.checkpoint();
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->checkpoint.step, 3);
  EXPECT_EQ(checkpoint->checkpoint.settings.at(0).second, "1");
}

TEST(RunDirectory, IsOfOneTrainingAtATime) {
  const TemporaryDirectory temporary;
  {
    const RunDirectory first(temporary.path());
    try {
      const RunDirectory second(temporary.path());
      FAIL() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::files);
      EXPECT_EQ(error.message(), temporary.path().string() + " is in use by another training");
    }
  }
  EXPECT_NO_THROW(RunDirectory(temporary.path()));
}

TEST(RunDirectory, ThatCannotBeMadeIsAnErrorOfFiles) {
  const TemporaryDirectory temporary;
  write_whole_file(temporary.path() / "file", "text");
  EXPECT_THROW(RunDirectory(temporary.path() / "file"), Error);
  EXPECT_THROW(RunDirectory(temporary.path() / "file" / "below"), Error);
}

TEST(RunDirectory, KeepsAModelFileThatNoTrainingLeftThere) {
  const TemporaryDirectory temporary;
  const std::filesystem::path model = temporary.path() / "model.yaml";
  const auto trainer = tutorial(3);
  write_whole_file(model, "somebody's work");
  RunDirectory directory(temporary.path());
  try {
    directory.follow(*trainer);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::files);
    EXPECT_EQ(error.message(),
              model.string() + " is of no training here, and this one's would take its place");
  }
  EXPECT_EQ(read_whole_file(model), "somebody's work");
  write_whole_file(model, kThreeLayer);
  EXPECT_NO_THROW(directory.follow(*trainer)) << "it stays as it is";
}

TEST(RunDirectory, ReplacesTheModelOfAnEarlierTrainingButNotWhatALinkLeadsTo) {
  const TemporaryDirectory temporary;
  const std::filesystem::path run = temporary.path() / "run", mine = temporary.path() / "mine";
  train_in(run, 3);
  write_whole_file(run / "model.yaml", "of another training");
  train_in(run, 3);
  EXPECT_EQ(read_whole_file(run / "model.yaml"), kThreeLayer);
  for (const char* name : {"model.yaml", "weights.safetensors", "metrics.jsonl", "checkpoint.safetensors"}) {
    write_whole_file(mine, "mine");
    std::filesystem::remove(run / name);
    std::filesystem::create_symlink(mine, run / name);
    train_in(run, 3);
    EXPECT_EQ(read_whole_file(mine), "mine") << name;
    EXPECT_FALSE(std::filesystem::is_symlink(run / name)) << name;
  }
}

TEST(RunDirectory, OnAFullDiskEndsTheTrainingAndKeepsTheLastCheckpoint) {
  const TemporaryDirectory temporary;
  ModelOptions options;
  options.steps = 2;
  options.set = {{"hidden", "200"}};
  const auto trainer = make_trainer(kThreeLayer, options);
  RunDirectory directory(temporary.path());
  directory.follow(*trainer);
  struct : TrainingObserver {
    void started(const StartRecord& record) override {
      directory->started(record);
      disk.emplace(2000);
    }
    void ended(const EndRecord& record) override { directory->ended(record); }
    RunDirectory* directory = nullptr;
    std::optional<FullDisk> disk;
  } observer;
  observer.directory = &directory;
  try {
    trainer->run(observer);
    FAIL() << "trained";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::files);
    EXPECT_NE(error.message().find("cannot be written: File too large"), std::string::npos);
  }
  observer.disk.reset();
  const auto checkpoint = directory.checkpoint();
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->checkpoint.step, 0);
}

TEST(RunDirectory, KeepsTheMetricsFromBeforeTheStepItGoesOnFrom) {
  const TemporaryDirectory temporary;
  train_in(temporary.path(), 10'000);
  // What a kill after the checkpoint may leave: a line of a later step, and a part of one.
  std::string metrics = read_whole_file(temporary.path() / "metrics.jsonl");
  metrics += "{\"event\":\"log\",\"step\":10000,\"loss\":0}\n{\"event\":\"lo";
  write_whole_file(temporary.path() / "metrics.jsonl", metrics);
  {
    const auto trainer = tutorial(10'001);
    RunDirectory directory(temporary.path());
    trainer->restore(directory.checkpoint()->checkpoint);
    directory.follow(*trainer);
    trainer->run(directory);
  }
  std::vector<std::string> events;
  for (const std::string& line : lines_of(temporary.path() / "metrics.jsonl"))
    events.push_back(line.substr(0, line.find(',', line.find(',') + 1)));
  EXPECT_EQ(events, (std::vector<std::string>{
                        R"({"event":"start","name":"three_layer")", R"({"event":"log","step":0)",
                        R"({"event":"start","name":"three_layer")", R"({"event":"log","step":10000)",
                        R"({"event":"end","steps":10001)"}));
}

TEST(RunDirectory, SavesFromTimeToTime) {
  const TemporaryDirectory temporary;
  const auto trainer = tutorial(10'001);
  RunDirectory directory(temporary.path(), std::chrono::milliseconds(0));
  directory.follow(*trainer);
  EXPECT_FALSE(directory.checkpoint());
  struct : TrainingObserver {
    void started(const StartRecord& record) override {
      directory->started(record);
      EXPECT_EQ(directory->checkpoint()->checkpoint.step, 0) << "nothing of an earlier training is left";
    }
    void logged(const LogRecord& record) override {
      directory->logged(record);
      steps.push_back(directory->checkpoint()->checkpoint.step);
    }
    RunDirectory* directory = nullptr;
    std::vector<std::int64_t> steps;
  } observer;
  observer.directory = &directory;
  trainer->run(observer);
  EXPECT_EQ(observer.steps, (std::vector<std::int64_t>{0, 10'000}));
}

TEST(RunDirectory, GoesOnFromTheCheckpointBeforeADamagedOne) {
  const TemporaryDirectory temporary;
  const std::filesystem::path last = temporary.path() / "checkpoint.safetensors";
  train_in(temporary.path(), 3);
  RunDirectory directory(temporary.path());
  EXPECT_EQ(directory.checkpoint()->damage, "");
  const std::string whole = read_whole_file(last);
  write_whole_file(last, whole.substr(0, whole.size() - 1));
  EXPECT_EQ(directory.checkpoint()->checkpoint.step, 0) << "the one from the beginning";
  EXPECT_EQ(directory.checkpoint()->damage,
            last.string() + ": it is damaged: it ends before tensor 'synapse_1' does");
  const auto trainer = tutorial(5);
  trainer->restore(directory.checkpoint()->checkpoint);
  directory.follow(*trainer);
  directory.started({});
  EXPECT_EQ(read_checkpoint(last).step, 0) << "a whole one takes the damaged one's place";
  trainer->run(directory);
  EXPECT_EQ(read_checkpoint(last).step, 5);
  EXPECT_EQ(read_checkpoint(temporary.path() / "checkpoint.previous.safetensors").step, 0);
  std::filesystem::remove(last);
  EXPECT_EQ(directory.checkpoint()->checkpoint.step, 0);
  EXPECT_EQ(directory.checkpoint()->damage, last.string() + " cannot be read: No such file or directory");
}

TEST(RunDirectory, WithTwoDamagedCheckpointsSaysWhatIsWrongWithBoth) {
  const TemporaryDirectory temporary;
  write_whole_file(temporary.path() / "checkpoint.safetensors", "spoiled");
  write_whole_file(temporary.path() / "checkpoint.previous.safetensors", "");
  RunDirectory directory(temporary.path());
  EXPECT_TRUE(directory.holds_training());
  try {
    static_cast<void>(directory.checkpoint());
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("checkpoint.safetensors: it is no safetensors file"), std::string::npos)
        << error.what();
    EXPECT_NE(error.notes().at(0).find("checkpoint.previous.safetensors: it is no safetensors file"),
              std::string::npos)
        << error.what();
  }
}

TEST(RunDirectory, ThatCannotBeginAnewKeepsTheEarlierTraining) {
  const TemporaryDirectory temporary;
  train_in(temporary.path(), 3);
  const std::vector<std::string> before = lines_of(temporary.path() / "metrics.jsonl");
  RunDirectory directory(temporary.path());
  const auto trainer = tutorial(5);
  directory.follow(*trainer);
  {
    const FullDisk disk(100);
    EXPECT_THROW(trainer->run(directory), Error);
  }
  EXPECT_EQ(directory.checkpoint()->checkpoint.step, 3);
  EXPECT_EQ(lines_of(temporary.path() / "metrics.jsonl"), before);
}

TEST(RunDirectory, OfATrainingThatIsRefusedKeepsTheEarlierOne) {
  const TemporaryDirectory temporary;
  train_in(temporary.path(), 3);
  const std::vector<std::string> before = lines_of(temporary.path() / "metrics.jsonl");
  const auto trainer = make_trainer(
      "talweg: 1\nname: eight_terabytes\n"
      "parameters: {a: {shape: [1000000], init: zeros}}\n"
      "graph: {products: 'outer(a, a)', loss: 'mean(products)'}\n"
      "train: {minimize: loss, optimizer: {gd: {alpha: 1}}, steps: 1}\n");
  RunDirectory directory(temporary.path());
  directory.follow(*trainer);
  try {
    trainer->run(directory);
    FAIL() << "trained";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("MiB of memory, more than"), std::string::npos) << error.what();
  }
  EXPECT_EQ(directory.checkpoint()->checkpoint.step, 3);
  EXPECT_EQ(lines_of(temporary.path() / "metrics.jsonl"), before);
}

TEST(RunDirectory, NeverPutsADamagedCheckpointInPlaceOfTheOneBeforeIt) {
  const TemporaryDirectory temporary;
  const std::filesystem::path last = temporary.path() / "checkpoint.safetensors";
  const std::filesystem::path previous = temporary.path() / "checkpoint.previous.safetensors";
  {
    const auto trainer = tutorial(3);
    RunDirectory directory(temporary.path());
    directory.follow(*trainer);
    trainer->run(directory);
    directory.save();  // both are of step 3
  }
  write_whole_file(last, "spoiled");
  RunDirectory directory(temporary.path());
  const auto trainer = tutorial(5);
  trainer->restore(directory.checkpoint()->checkpoint);
  directory.follow(*trainer);
  directory.started({});
  EXPECT_EQ(read_checkpoint(last).step, 3);
  EXPECT_EQ(read_checkpoint(previous).step, 3) << "a kill between the two renames would leave none";
}

}  // namespace
}  // namespace talweg
