// Hyperparameters that count something, such as the pairs that lbfgs keeps, are whole numbers.

#include <gtest/gtest.h>

#include <algorithm>

#include "plugin/test_plugins.hpp"
#include "training/following.hpp"

namespace talweg {
namespace {

std::string model(const std::string& optimizer) {
  return "talweg: 1\n"
         "let: {kept: 4}\n"
         "parameters: {x: [3, 4]}\n"
         "train:\n"
         "  minimize: sum(x * x)\n"
         "  steps: 6\n"
         "  optimizer: " +
         optimizer + "\n";
}

std::unique_ptr<Trainer> trainer_of(const std::string& optimizer, const ModelOptions& options = {}) {
  CheckedModel checked = load_model_text(model(optimizer), "model.yaml", options);
  auto rule = find_optimizer(checked, PluginPath({installed_plugin_directory(), test_plugin_directory()}));
  return std::make_unique<Trainer>(std::move(checked), std::move(rule), TrainerOptions());
}

/// Up to the shown source.
std::string refusal(const std::string& optimizer, const ModelOptions& options = {}) {
  try {
    static_cast<void>(trainer_of(optimizer, options));
  } catch (const Error& error) {
    const std::string text = error.what();
    return text.substr(0, text.find('\n'));
  }
  return "";
}

TEST(WholeNumbers, AreWhatCountsAreWhereverTheyAreSet) {
  const std::string memory =
      " error: 'memory' of optimizer 'lbfgs' is a whole number in [1, 1000], and this ";
  const std::string parts = " error: 'parts' of optimizer 'divided' is a whole number in [1, 10], and this ";
  const std::pair<const char*, std::string> wrong[] = {
      {"{lbfgs: {memory: 2.5}}", "model.yaml:7:31:" + memory + "is 2.5"},
      {"{lbfgs: {memory: 5 / 2}}", "model.yaml:7:31:" + memory + "is 2.5"},
      {"{lbfgs: {memory: kept / 8}}", "model.yaml:7:31:" + memory + "is 0.5"},
      {"{lbfgs: {memory: 1 + step / 2}}", "model.yaml:7:31:" + memory + "in step 1 is 1.5"},
      {"{lbfgs: {memory: 1001}}", "model.yaml:7:31:" + memory + "is 1001"},
      {"{divided: {parts: 1.5}}", "model.yaml:7:32:" + parts + "is 1.5"},
      {"{gd: {groups: {a: {parameters: x, optimizer: {divided: {parts: 1.5}}}}}}",
       "model.yaml:7:77:" + parts + "is 1.5"},
      {"{divided: {groups: {a: {parameters: x, parts: 1.5}}}}", "model.yaml:7:60:" + parts + "is 1.5"},
  };
  for (const auto& [optimizer, error] : wrong) EXPECT_EQ(refusal(optimizer), error) << optimizer;
  for (const char* right : {"{lbfgs: {memory: 2}}", "{lbfgs: {memory: 2.0}}", "{lbfgs: {memory: 1 + step}}",
                            "{divided: {parts: kept}}"})
    EXPECT_EQ(refusal(right), "") << right;
}

TEST(WholeNumbers, AreRefusedAsFractionsOfTheCommandLine) {
  ModelOptions options;
  options.set = {{"kept", "2.5"}};
  EXPECT_EQ(refusal("{lbfgs: {memory: kept}}", options),
            "model.yaml:7:31: error: 'memory' of optimizer 'lbfgs' is a whole number in [1, 1000], and this "
            "is 2.5");
}

TEST(WholeNumbers, AreEveryCountOfTheShippedMinimizers) {
  for (const auto& [name, counts] : std::vector<std::pair<const char*, std::vector<std::string>>>{
           {"bfgs", {"evaluations"}},
           {"lbfgs", {"memory", "evaluations"}},
           {"cg", {"evaluations"}},
           {"newton_cg", {"iterations", "evaluations"}},
           {"annealing", {}}}) {
    std::vector<std::string> whole;
    const auto optimizer = load_optimizer(name, PluginPath::standard());
    for (const Hyperparameter& hyperparameter : optimizer->hyperparameters())
      if (hyperparameter.whole) whole.push_back(hyperparameter.name);
    EXPECT_EQ(whole, counts) << name;
  }
}

}  // namespace
}  // namespace talweg
