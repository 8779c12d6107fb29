#include <gtest/gtest.h>

#include <talweg/error.hpp>

#include "plugin/test_plugins.hpp"
#include "plugin/test_site.hpp"

namespace talweg {
namespace {

/// Message and hint of the error that an emission ends with, without "plugin <path>: update: "; "" for none.
std::string failure(const std::string& name, const std::map<std::string, double>& settings = {},
                    const Shape& shape = {4, 3}) {
  const auto rule = load_rule(name, test_plugin_path());
  TestSite site(shape);
  site.set(*rule, settings);
  try {
    rule->emit(site);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::plugin);
    EXPECT_EQ(error.message().find('\n'), std::string::npos);
    const std::string start = "plugin " + (test_plugin_directory() / name).string() + ".so: update: ";
    EXPECT_TRUE(error.message().starts_with(start)) << error.message();
    return error.message().substr(start.size()) + (error.hint().empty() ? "" : "; " + error.hint());
  }
  EXPECT_TRUE(site.next_parameter);
  return "";
}

struct Misuse {
  const char* flag;
  const char* message;
};

class Misuses : public testing::TestWithParam<Misuse> {};

TEST_P(Misuses, AreErrorsThatNameThePlugin) {
  EXPECT_EQ(failure("misuse", {{GetParam().flag, 1}}), GetParam().message);
}

class SwapMisuses : public testing::TestWithParam<Misuse> {};

TEST_P(SwapMisuses, AreErrorsThatNameThePlugin) {
  EXPECT_EQ(failure("wrong_swap"), "");
  EXPECT_EQ(failure("wrong_swap", {{GetParam().flag, 1}}), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Plugin, Misuses,
    testing::Values(
        Misuse{"unknown_function", "there is no function 'substract'; did you mean 'subtract'?"},
        Misuse{"too_many_inputs", "add: takes 2 tensors, not 3"},
        Misuse{"too_few_inputs", "add: the tensor 'b' is missing"},
        Misuse{"unknown_node", "node 1000 does not exist"},
        Misuse{"left_out", "add: the tensor 'b' is missing"},
        Misuse{"shapes", "matmul: (4, 3) @ (4, 3): inner sizes 3 and 4 differ"},
        Misuse{"unknown_attribute", "sum: there is no argument 'axes'; did you mean 'axis'?"},
        Misuse{"attribute_kind", "sum: 'axis' is an integer or a list of integers"},
        Misuse{"attribute_null", "the attribute 'axis' is a null pointer"},
        Misuse{"attribute_unknown_kind", "the attribute 'axis' is of the unknown kind 77"},
        Misuse{"axis", "sum: axis 5 is outside a tensor with 2 axes"},
        Misuse{"unknown_hyperparameter", "there is no hyperparameter 'alhpa'; did you mean 'alpha'?"},
        Misuse{"unknown_flag", "there is no flag 'fail'; did you mean 'fails'?"},
        Misuse{"number_as_flag", "there is no flag 'alpha'"},
        Misuse{"null_name", "the name of a function is a null pointer"},
        Misuse{"null_inputs", "add: its arguments are a null pointer"},
        Misuse{"many_inputs", "add: more than 1000 arguments"},
        Misuse{"parameter_shape", "the parameter has shape (4, 3), its new value (4,)"},
        Misuse{"state_shape", "state 'v' has shape (4, 3), its new value (4,)"},
        Misuse{"parameter_forgotten", "the parameter is not assigned"},
        Misuse{"state_undeclared", "state 'v' is assigned but was never asked for"},
        Misuse{"state_name", "the name '../v' of a state is not made of a-z, 0-9 and _, a letter first"},
        Misuse{"state_initial", "state 'v' starts as nan"},
        Misuse{"state_twice", "state 'v' starts as 0 and as 1"},
        Misuse{"size", "a parameter of shape (4, 3) has no axis 2"}, Misuse{"fails", "the moon is full"},
        Misuse{"fails_silently", "fails without a message"}, Misuse{"first_of_two", "first"}),
    [](const auto& tested) { return std::string(tested.param.flag); });

INSTANTIATE_TEST_SUITE_P(
    WeightSwap, SwapMisuses,
    testing::Values(Misuse{"silent", "it does not say what the model is evaluated with"},
                    Misuse{"of_state", "evaluate_with: 'average' is not a copy of x"},
                    Misuse{"unassigned",
                           "state 'average', which the model is evaluated with, is not assigned"},
                    Misuse{"begins_twice", "state 'average' starts as x and as 0"}),
    [](const auto& tested) { return std::string(tested.param.flag); });

class DrawMisuses : public testing::TestWithParam<Misuse> {};

TEST_P(DrawMisuses, AreErrorsThatNameThePlugin) {
  EXPECT_EQ(failure("wrong_draws"), "");
  EXPECT_EQ(failure("wrong_draws", {{GetParam().flag, 1}}), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(Draws, DrawMisuses,
                         testing::Values(Misuse{"silent", "it does not say what the examples are drawn by"},
                                         Misuse{"of_x", "draw_by: 'q' is not a state of the examples"},
                                         Misuse{"twice", "state 'q' is of x and of the examples"}),
                         [](const auto& tested) { return std::string(tested.param.flag); });

TEST(Emission, WithoutMisuseWorks) { EXPECT_EQ(failure("misuse"), ""); }

TEST(Emission, BroadcastsNewValuesToTheParametersShape) {
  EXPECT_EQ(failure("misuse", {{"parameter_shape", 1}}, {1, 1}), "");
}

TEST(Emission, TurnsExceptionsIntoErrors) {
  EXPECT_EQ(failure("throws"), "out of ideas");
  EXPECT_EQ(failure("throws_number"), "an exception that is no std::exception");
  EXPECT_EQ(failure("throws_past_table"), "thrown past the C table");
}

TEST(Emission, EndsAnUpdateWithoutEnd) { EXPECT_EQ(failure("endless"), "more than 100000 nodes"); }

TEST(PluginRules, ThatTransposeAskForTheShapeEvenOfAVector) {
  const auto rule = load_rule("transposed", test_plugin_path());
  TestSite site({6});
  rule->emit(site);
  EXPECT_TRUE(site.shape_asked);
}

}  // namespace
}  // namespace talweg
