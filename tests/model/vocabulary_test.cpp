#include "model/vocabulary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <talweg/error.hpp>

#include "graph/function.hpp"
#include "model/constants.hpp"
#include "model/model.hpp"

namespace talweg {
namespace {

bool is_word(std::string_view name) {
  const std::vector<Word> words = vocabulary();
  return std::ranges::find(words, name, &Word::name) != words.end();
}

TEST(Vocabulary, SaysSomethingOfEveryWord) {
  for (const Word& word : vocabulary()) {
    EXPECT_NE(word.summary, "") << word.name;
    EXPECT_TRUE(word.signature.starts_with(word.name + "(")) << word.signature;
  }
}

TEST(Vocabulary, HasFunctionsModulesAndInitializers) {
  struct Case {
    Word::Kind kind;
    const char* signature;
  };
  const std::vector<Word> words = vocabulary();
  for (const auto& [kind, signature] :
       {Case{Word::Kind::function, "relu(x)"}, Case{Word::Kind::function, "grad(y, x)"},
        Case{Word::Kind::module, "dense(x, units, bias=true, activation=identity)"},
        Case{Word::Kind::initializer, "uniform(low=0, high=1)"}})
    EXPECT_EQ(std::ranges::count_if(
                  words, [&](const Word& word) { return word.kind == kind && word.signature == signature; }),
              1)
        << signature;
  for (const Function* function : FunctionRegistry::instance().all()) EXPECT_TRUE(is_word(function->name));
  for (const std::string& name : number_function_names()) EXPECT_TRUE(is_word(name)) << name;
}

/// What a model is told that calls the function.
std::string hint_of(const std::string& name) {
  try {
    (void)load_model_text("talweg: 1\ndata: {x: [1, 2]}\ngraph: {y: '" + name + "(x)'}\n", "model.yaml", {});
  } catch (const Error& error) {
    return error.hint();
  }
  return "accepted";
}

TEST(Vocabulary, KnowsWhatOthersCallItsFunctions) {
  const struct {
    const char *foreign, *here;
  } cases[] = {{"cat", "concatenate"},     {"detach", "stop_gradient"}, {"view", "reshape"},
               {"mse_loss", "mse"},        {"l1_loss", "mae"},          {"kl_div", "kl_divergence"},
               {"swish", "silu"},          {"Dropout", "dropout"},      {"LayerNorm", "layer_norm"},
               {"batchnorm", "batch_norm"}};
  for (const auto& [foreign, here] : cases) {
    EXPECT_EQ(hint_of(foreign), "here that is " + std::string(here));
    EXPECT_TRUE(is_word(here)) << here;
    EXPECT_FALSE(is_word(foreign)) << foreign << " needs no hint";
  }
  EXPECT_EQ(hint_of("sigmiod"), "did you mean 'sigmoid'?");
}

}  // namespace
}  // namespace talweg
