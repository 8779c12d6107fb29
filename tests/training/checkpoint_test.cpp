// A training that was saved and loaded goes on to the bit; what cannot be right is refused.

#include "training/checkpoint.hpp"

#include <gtest/gtest.h>

#include <random>
#include <talweg/error.hpp>

#include "model/three_layer.hpp"
#include "training/following.hpp"

namespace talweg {
namespace {

const std::string kPath = "checkpoint.safetensors";

/// Momentum, with a state of the model's own that remembers every gradient, a schedule and a changed `let`.
std::string model_text(const std::string& dtype) {
  return R"(talweg: 1
dtype: )" +
         dtype +
         R"(
seed: 3
let: {hidden: 2, alpha: 0.5}
data:
  X: [[0,0,1],[0,1,1],[1,0,1],[1,1,1]]
  y: [[0],[1],[1],[0]]
parameters:
  a: {shape: [3, hidden], init: 'uniform(-1, 1)'}
  b: {shape: [hidden, 1], init: normal}
state:
  total: {shape: [3, hidden]}
graph:
  error: sigmoid(sigmoid(X @ a) @ b) - y
  loss: sum(error * error) / 2
update:
  total: total + grad(a)
train:
  minimize: loss
  optimizer: {momentum: {alpha: alpha / (1 + step / 10)}}
  steps: 40
)";
}

ModelOptions with_steps(std::int64_t steps) {
  ModelOptions options;
  options.steps = steps;
  options.set = {{"hidden", "5"}};
  return options;
}

TEST(Checkpoint, LetsTrainingGoOnToTheBit) {
  for (const char* dtype : {"float64", "float32"}) {
    SCOPED_TRACE(dtype);
    const auto whole = make_trainer(model_text(dtype), with_steps(40));
    train(*whole);
    const auto first = make_trainer(model_text(dtype), with_steps(20));
    train(*first);
    const Checkpoint saved = decode_checkpoint(encode_checkpoint(first->checkpoint()), kPath);
    EXPECT_EQ(saved.step, 20);
    EXPECT_EQ(saved.optimizer, "momentum");
    EXPECT_EQ(saved.model, model_text(dtype));
    ModelOptions steps;
    steps.steps = 40;
    const auto second = make_trainer(saved.model, resumed_options(saved, steps));
    second->restore(saved);
    EXPECT_EQ(train(*second).start.first_step, 20);
    EXPECT_EQ(second->step(), 40);
    EXPECT_EQ(encode_checkpoint(second->checkpoint()), encode_checkpoint(whole->checkpoint()));
  }
}

TEST(Checkpoint, StoresTheOptimizersStateByParameter) {
  const auto trainer = make_trainer(model_text("float64"));
  std::vector<std::string> names;
  for (const NamedTensor& tensor : trainer->checkpoint().tensors)
    names.push_back(tensor.name + " " + to_string(tensor.shape));
  EXPECT_EQ(names, (std::vector<std::string>{"a (3, 2)", "b (2, 1)", "optimizer:velocity:a (3, 2)",
                                             "optimizer:velocity:b (2, 1)", "total (3, 2)"}));
}

TEST(Checkpoint, GivesItsSettingsToTheModelUnlessOthersAreGiven) {
  Checkpoint checkpoint;
  checkpoint.seed = 7;
  checkpoint.steps = 90;
  checkpoint.settings = {{"hidden", "5"}, {"alpha", "1/3"}};
  ModelOptions given;
  given.set = {{"alpha", "2"}};
  const ModelOptions options = resumed_options(checkpoint, given);
  EXPECT_EQ(options.seed, 7U);
  EXPECT_FALSE(options.steps) << "those of the model file, which may have changed";
  checkpoint.steps_given = true;
  EXPECT_EQ(resumed_options(checkpoint, given).steps, 90);
  EXPECT_EQ(options.set, (std::vector<std::pair<std::string, std::string>>{{"alpha", "2"}, {"hidden", "5"}}));
  given.steps = 100;
  EXPECT_EQ(resumed_options(checkpoint, given).steps, 100);
  given.seed = 8;
  EXPECT_EQ(resumed_options(checkpoint, given).seed, 8U);
}

std::string refusal(const std::string& bytes) {
  try {
    static_cast<void>(decode_checkpoint(bytes, kPath));
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::files);
    return error.message();
  }
  return "accepted";
}

TEST(Checkpoint, WithOneBitChangedOrCutShortIsRefused) {
  const std::string bytes = encode_checkpoint(make_trainer(kThreeLayer)->checkpoint());
  EXPECT_EQ(refusal(bytes), "accepted");
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_NE(refusal(changed), "accepted") << "byte " << at;
    EXPECT_NE(refusal(bytes.substr(0, at)), "accepted") << at << " bytes";
  }
}

TEST(Checkpoint, WithAnyOfManyBitsChangedIsRefused) {
  const std::string bytes = encode_checkpoint(make_trainer(kThreeLayer)->checkpoint());
  std::mt19937_64 generator(1);
  for (int i = 0; i < 10'000; ++i) {
    const std::size_t bit = generator() % (8 * bytes.size());
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_NE(refusal(changed), "accepted") << "bit " << bit;
  }
}

TEST(Checkpoint, NamesTheDamagedTensor) {
  std::string bytes = encode_checkpoint(make_trainer(kThreeLayer)->checkpoint());
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_EQ(refusal(bytes),
            kPath + ": it is damaged: the checksum of tensor 'synapse_1' is not that of its content");
}

TEST(Checkpoint, OfAChangedModelOrPluginIsRefusedWithTheDifference) {
  const auto trainer = make_trainer(kThreeLayer);
  Checkpoint checkpoint = decode_checkpoint(encode_checkpoint(trainer->checkpoint()), kPath);
  const auto refusal_of = [&] {
    try {
      trainer->restore(checkpoint);
    } catch (const Error& error) {
      return error.message();
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refusal_of(), "accepted");
  const std::string text = checkpoint.model;
  checkpoint.model = "# a comment\n\n" + text + "\n\n  # and another\n";
  EXPECT_EQ(refusal_of(), "accepted") << "comments mean nothing";
  checkpoint.model = text;
  checkpoint.model.replace(text.find("error * error) / 2"), 18, "error * error) / 4");
  EXPECT_EQ(refusal_of(),
            kPath +
                ": it is the checkpoint of another model: '  loss: sum(error * error) / 4' has become "
                "'  loss: sum(error * error) / 2'");
  checkpoint.model = text;
  checkpoint.model.replace(text.find("60000"), 5, "70000");
  EXPECT_EQ(refusal_of(), "accepted") << "a training may be made longer";
  checkpoint.model = text;
  checkpoint.model.replace(text.find("steps: 60000"), 12, "steps:   6 * 10");
  EXPECT_EQ(refusal_of(),
            kPath + ": it is the checkpoint of another model: '  steps: ... * 10' has become '  steps: ...'")
      << "one word is what stands there";
  checkpoint.model = text;
  checkpoint.model.replace(text.find("steps: 60000"), 12, "nsteps: 60000");
  EXPECT_EQ(refusal_of(),
            kPath + ": it is the checkpoint of another model: '  nsteps: 60000' has become '  steps: ...'");
  checkpoint.model = text;
  ASSERT_EQ(checkpoint.plugins.size(), 1U);
  const std::string hash = checkpoint.plugins[0].second;
  checkpoint.plugins[0].second = "0123";
  EXPECT_EQ(refusal_of(),
            kPath + ": it was made with another plugin 'gd': its SHA-256 was 0123, and is " + hash);
}

TEST(Checkpoint, OfAnotherSeedOrSettingIsRefusedWithTheDifference) {
  using Settings = std::vector<std::pair<std::string, std::string>>;
  const std::string model =
      "talweg: 1\nlet: {size: 3, rate: 0.1}\n"
      "parameters: {w: {shape: [size], init: 'uniform(0, 1)'}}\ngraph: {loss: sum(w ** 2)}\n"
      "train: {minimize: loss, optimizer: {gd: {alpha: rate}}, steps: 2}\n";
  const auto trainer_with = [&](std::uint32_t seed, const Settings& settings) {
    ModelOptions options;
    options.seed = seed;
    options.set = settings;
    return make_trainer(model, options);
  };
  Checkpoint checkpoint = trainer_with(4, {{"rate", "0.5"}})->checkpoint();
  checkpoint.path = kPath;
  const struct {
    std::uint32_t seed;
    Settings settings;
    const char* said;
  } cases[] = {{4, {{"rate", "0.5"}}, ""},
               {9, {{"rate", "0.5"}}, "its seed is 4, that of the model 9"},
               {4, {{"rate", "0.2"}}, "'rate' was set to 0.5, and is now set to 0.2"},
               {4, {}, "'rate' was set to 0.5, and is now not set"},
               {4, {{"rate", "0.5"}, {"size", "3"}}, "'size' was not set, and is now set to 3"}};
  for (const auto& [seed, settings, said] : cases) {
    const auto trainer = trainer_with(seed, settings);
    const std::vector<double> before = trainer->value("w").values;
    std::string refused;
    try {
      trainer->restore(checkpoint);
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::files);
      EXPECT_EQ(trainer->value("w").values, before);
      refused = error.message();
    }
    const std::string begin = kPath + ": it is the checkpoint of another model: ";
    EXPECT_EQ(refused, *said == '\0' ? "" : begin + said);
  }
}

TEST(Checkpoint, KnowsTheSurroundings) {
  const Surroundings now = Surroundings::of_this_process(2);
  EXPECT_EQ(make_trainer(kThreeLayer, {}, {.threads = 2})->checkpoint().surroundings.build, now.build);
  EXPECT_EQ(difference(now, now), "");
  Surroundings then = now;
  then.threads = 1;
  EXPECT_EQ(difference(then, now), "the number of threads (1, now 2)");
  then.build = "another";
  then.processor = "a 68000";
  EXPECT_EQ(difference(then, now), "the build of talweg, the processor (a 68000, now " + now.processor +
                                       ") and the number of threads (1, now 2)");
}

TEST(Checkpoint, OfAnotherModelIsRefusedAndChangesNothing) {
  const Checkpoint checkpoint =
      decode_checkpoint(encode_checkpoint(make_trainer(model_text("float64"))->checkpoint()), kPath);
  const auto refusal_of = [&](const std::string& text, const ModelOptions& options = {}) -> std::string {
    const auto trainer = make_trainer(text, options);
    const std::string before = encode_checkpoint(trainer->checkpoint());
    try {
      trainer->restore(checkpoint);
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::files);
      EXPECT_EQ(encode_checkpoint(trainer->checkpoint()), before);
      return error.message();
    }
    return "accepted";
  };
  const std::string begin = kPath + ": it is the checkpoint of another model: ";
  EXPECT_EQ(refusal_of(model_text("float64")), "accepted");
  EXPECT_EQ(refusal_of(kThreeLayer), begin + "its optimizer is 'momentum', that of the model 'gd'");
  EXPECT_EQ(refusal_of(model_text("float32")),
            begin + "'a' is (3, 2) of float64 there, here (3, 2) of float32");
  EXPECT_EQ(refusal_of(model_text("float64"), with_steps(20)),
            begin + "'a' is (3, 2) of float64 there, here (3, 5) of float64");
  std::string renamed = model_text("float64");
  for (std::size_t at = renamed.find("total"); at != std::string::npos; at = renamed.find("total"))
    renamed.replace(at, 5, "sums");
  EXPECT_EQ(refusal_of(renamed), begin + "it has no 'sums'");
}

TEST(Checkpoints, OfAParameterThatIsCalledBestAreItsOwn) {
  const std::string text =
      "talweg: 1\nparameters: {best: 1}\ntrain: {minimize: best * best, steps: 4, optimizer: {gd: {alpha: "
      "0.25}}}\n";
  const auto first = make_trainer(text), second = make_trainer(text);
  second->restore(decode_checkpoint(encode_checkpoint(first->checkpoint()), "checkpoint"));
  train(*second);
  EXPECT_EQ(second->value("best").values[0], 1.0 / 16);
}

}  // namespace
}  // namespace talweg
