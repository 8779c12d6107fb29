// `groups:` among the hyperparameters: parameters with hyperparameters, or an optimizer, of their own.

#include <gtest/gtest.h>

#include "training/checkpoint.hpp"
#include "training/following.hpp"
#include "training/json_lines.hpp"

namespace talweg {
namespace {

/// Gradients of 1 for every element of a vector, a matrix and two scalars.
std::string model(const std::string& optimizer, int steps = 1) {
  return "talweg: 1\n"
         "parameters:\n"
         "  hidden_w: {shape: [2, 2], init: zeros}\n"
         "  hidden_b: {shape: [2], init: zeros}\n"
         "  out_w: {shape: [2, 1], init: zeros}\n"
         "  out_b: 0\n"
         "train:\n"
         "  minimize: sum(hidden_w) + sum(hidden_b) + sum(out_w) + out_b\n"
         "  steps: " +
         std::to_string(steps) + "\n  optimizer: " + optimizer + "\n";
}

double first_of(Trainer& trainer, const std::string& name) { return trainer.value(name).values[0]; }

TEST(Groups, GiveParametersHyperparametersOfTheirOwn) {
  const auto trainer =
      make_trainer(model("{gd: {alpha: 1, groups: {biases: {parameters: '*_b', alpha: 0.5}}}}"));
  train(*trainer);
  EXPECT_EQ(first_of(*trainer, "hidden_w"), -1);
  EXPECT_EQ(first_of(*trainer, "hidden_b"), -0.5);
  EXPECT_EQ(first_of(*trainer, "out_w"), -1);
  EXPECT_EQ(first_of(*trainer, "out_b"), -0.5);
}

TEST(Groups, InheritWhatTheyDoNotGive) {
  // Two steps of momentum with mu 0.5: the second is 1.5 times the first.
  const auto trainer = make_trainer(
      model("{momentum: {alpha: 1, mu: 0.5, groups: {biases: {parameters: '*_b', alpha: 0.1}}}}", 2));
  train(*trainer);
  EXPECT_DOUBLE_EQ(first_of(*trainer, "hidden_w"), -2.5);
  EXPECT_DOUBLE_EQ(first_of(*trainer, "out_b"), -0.25);
}

TEST(Groups, MayHaveAnOptimizerOfTheirOwn) {
  const auto trainer = make_trainer(
      model("{gd: {alpha: 1, groups: {matrices: {dimensions: 2, optimizer: {lion: {alpha: 0.125}}}}}}"));
  train(*trainer);
  EXPECT_EQ(first_of(*trainer, "hidden_w"), -0.125);
  EXPECT_EQ(first_of(*trainer, "out_w"), -0.125);
  EXPECT_EQ(first_of(*trainer, "hidden_b"), -1);
}

TEST(Groups, TakeAParameterInTheOrderOfTheFile) {
  const auto trainer =
      make_trainer(model("{gd: {alpha: 1, groups: {one: {parameters: hidden_b, alpha: 0.25}, "
                         "some: {parameters: ['hidden_*', out_b], alpha: 0.5}}}}"));
  train(*trainer);
  EXPECT_EQ(first_of(*trainer, "hidden_b"), -0.25);
  EXPECT_EQ(first_of(*trainer, "hidden_w"), -0.5);
  EXPECT_EQ(first_of(*trainer, "out_b"), -0.5);
  EXPECT_EQ(first_of(*trainer, "out_w"), -1);
}

TEST(Groups, AreShownAtTheStart) {
  const auto trainer =
      make_trainer(model("{adamw: {alpha: 0.1, groups: {biases: {parameters: '*_b', weight_decay: 0}, "
                         "matrices: {parameters: 'hidden*', dimensions: 2, optimizer: muon}}}}"));
  const std::string line = to_json_line(train(*trainer).start);
  EXPECT_NE(line.find(R"("optimizer":"adamw")"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("groups":[{"name":"biases","optimizer":"adamw","parameters":["hidden_b","out_b"]},)"
                      R"({"name":"matrices","optimizer":"muon","parameters":["hidden_w"]},)"
                      R"({"name":"","optimizer":"adamw","parameters":["out_w"]}])"),
            std::string::npos)
      << line;
}

TEST(Groups, DoNotChangeTheBitsOfWhatTheyTrain) {
  // The same settings in groups as without them.
  const std::string plain = "{adam: {alpha: 0.1, beta1: 0.8}}",
                    grouped =
                        "{adam: {alpha: 0.3, beta1: 0.8, groups: {a: {parameters: '*_w', alpha: 0.1}, "
                        "b: {parameters: '*', optimizer: {adam: {alpha: 0.1, beta1: 0.8}}}}}}";
  const auto one = make_trainer(model(plain, 20)), other = make_trainer(model(grouped, 20));
  train(*one);
  train(*other);
  for (const char* name : {"hidden_w", "hidden_b", "out_w", "out_b"})
    EXPECT_EQ(one->value(name).values, other->value(name).values) << name;
}

TEST(Groups, AreResumedToTheBit) {
  const std::string optimizer =
      "{adam: {alpha: 0.1 / (1 + step), groups: {b: {parameters: '*_b', optimizer: {momentum: {alpha: "
      "0.1}}}}}}";
  const auto whole = make_trainer(model(optimizer, 20)), first = make_trainer(model(optimizer, 9)),
             second = make_trainer(model(optimizer, 20));
  train(*whole);
  train(*first);
  second->restore(decode_checkpoint(encode_checkpoint(first->checkpoint()), "checkpoint"));
  train(*second);
  EXPECT_EQ(encode_checkpoint(second->checkpoint()), encode_checkpoint(whole->checkpoint()));
}

TEST(Groups, LiveWithClipping) {
  std::string text = model("{gd: {alpha: 1, groups: {biases: {parameters: '*_b', alpha: 0.5}}}}");
  text += "  clip: {value: 0.25}\n";
  const auto trainer = make_trainer(text);
  train(*trainer);
  EXPECT_EQ(first_of(*trainer, "hidden_w"), -0.25);
  EXPECT_EQ(first_of(*trainer, "out_b"), -0.125);
}

struct WrongGroups {
  const char* optimizer;
  const char* error;  ///< the first line, and what follows the shown source
};

TEST(Groups, ThatAreWrongAreRefusedAtTheirPlace) {
  const WrongGroups wrong[] = {
      {"{gd: {groups: {b: {parameters: bias, alpha: 1}}}}",
       "model.yaml:10:29: error: group 'b' has no parameter\n"
       "   10 |   optimizer: {gd: {groups: {b: {parameters: bias, alpha: 1}}}}\n"
       "      |                             ^\n"
       "note: the parameters are hidden_w, hidden_b, out_w and out_b; each is in the first group that fits"},
      {"{gd: {groups: {b: {alpha: 1}}}}",
       "model.yaml:10:29: error: group 'b' does not say which parameters it has\n"
       "   10 |   optimizer: {gd: {groups: {b: {alpha: 1}}}}\n"
       "      |                             ^\n"
       "hint: parameters: '*/b', or dimensions: 2"},
      {"{gd: {groups: {b: {dimensions: 2, alhpa: 1}}}}",
       "model.yaml:10:48: error: optimizer 'gd' has no hyperparameter 'alhpa'\n"
       "   10 |   optimizer: {gd: {groups: {b: {dimensions: 2, alhpa: 1}}}}\n"
       "      |                                                ^~~~~\n"
       "note: it has alpha and weight_decay\n"
       "hint: did you mean 'alpha'?"},
      {"{gd: {groups: {b: {dimensions: 2, alpha: -1}}}}",
       "model.yaml:10:55: error: 'alpha' of optimizer 'gd' is > 0, and this is -1\n"
       "   10 |   optimizer: {gd: {groups: {b: {dimensions: 2, alpha: -1}}}}\n"
       "      |                                                       ^~"},
      {"{gd: {groups: {b: {dimensions: 2, optimizer: adam, alpha: 1}}}}",
       "model.yaml:10:65: error: group 'b' has an optimizer of its own: 'alpha' belongs there\n"
       "   10 |   optimizer: {gd: {groups: {b: {dimensions: 2, optimizer: adam, alpha: 1}}}}\n"
       "      |                                                                 ^~~~~"},
      {"{gd: {groups: {b: {dimensions: 2, optimizer: lbfgs}}}}",
       "model.yaml:10:59: error: a minimizer moves all parameters together, and 'groups' divides them\n"
       "   10 |   optimizer: {gd: {groups: {b: {dimensions: 2, optimizer: lbfgs}}}}\n"
       "      |                                                           ^~~~~\n"
       "hint: leave out 'groups', or choose an optimizer that is an update rule"},
  };
  for (const WrongGroups& groups : wrong) try {
      static_cast<void>(make_trainer(model(groups.optimizer)));
      ADD_FAILURE() << groups.optimizer << " is accepted";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), groups.error);
    }
}

}  // namespace
}  // namespace talweg
