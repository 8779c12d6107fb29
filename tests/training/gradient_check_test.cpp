#include "training/gradient_check.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "graph/function.hpp"
#include "graph/op.hpp"
#include "model/three_layer.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

/// Central differences agree with a right gradient to this many digits.
constexpr double kAgreement = 1e-6;

GradientCheck check(const std::string& text, const GradientCheckOptions& options = {}) {
  CheckedModel model = load_model_text(text, "model.yaml");
  return check_gradients(model, options);
}

std::string model_of(const std::string& parameters, const std::string& graph) {
  return "talweg: 1\nseed: 3\nparameters:\n" + parameters + "graph:\n" + graph +
         "train: {minimize: loss, optimizer: gd, steps: 1}\n";
}

TEST(GradientCheck, FindsTheTutorialsNetworkRight) {
  const GradientCheck result = check(kThreeLayer);
  EXPECT_TRUE(result.right());
  EXPECT_TRUE(result.wrong_rules.empty());
  EXPECT_FALSE(result.first_wrong);
  ASSERT_EQ(result.parameters.size(), 2U);
  for (const ParameterCheck& parameter : result.parameters) {
    EXPECT_TRUE(parameter.has_gradient);
    EXPECT_EQ(parameter.checked, parameter.shape.elements());
    EXPECT_LT(parameter.largest_error, kAgreement);
  }
}

TEST(GradientCheck, TakesASampleOfALargeParameter) {
  const std::string text =
      model_of("  w: {shape: [30, 40], init: 'uniform(-1, 1)'}\n", "  loss: sum(sigmoid(w) * w)\n");
  const GradientCheck result = check(text, {.elements = 10, .seed = 1});
  EXPECT_TRUE(result.right());
  EXPECT_EQ(result.parameters[0].checked, 10);
}

TEST(GradientCheck, NotesAParameterThatGetsNoGradient) {
  const GradientCheck result =
      check(model_of("  w: {shape: [2], init: ones}\n  unused: {shape: [3], init: ones}\n",
                     "  other: sum(unused)\n  loss: sum(w * w)\n"));
  EXPECT_TRUE(result.right());
  EXPECT_TRUE(result.parameters[0].has_gradient);
  EXPECT_FALSE(result.parameters[1].has_gradient);
  EXPECT_EQ(result.parameters[1].checked, 0);
}

TEST(GradientCheck, AcceptsEverySlopeBetweenThoseOfTheTwoSidesOfAKink) {
  for (const char* function :
       {"abs(w)", "relu(w)", "maximum(w, 0)", "where(w > 0, w, 0 * w)", "floor(w) + w"}) {
    const GradientCheck result = check(
        model_of("  w: {shape: [3], init: [0, 1, -1]}\n", "  loss: sum(" + std::string(function) + ")\n"));
    EXPECT_TRUE(result.right()) << function;
  }
}

TEST(GradientCheck, AcceptsFunctionsThatBendAndThatHaveLargeValues) {
  for (const char* function : {"sin(300 * w)", "exp(30 * w)", "1e6 + w * w", "1e-6 * w * w", "w ** 9"}) {
    const GradientCheck result = check(model_of("  w: {shape: [5], init: 'uniform(-1, 1)'}\n",
                                                "  loss: sum(" + std::string(function) + ")\n"));
    EXPECT_TRUE(result.right()) << function;
  }
}

TEST(GradientCheck, LeavesInfiniteElementsWhereTheyAre) {
  const GradientCheck result =
      check(model_of("  w: {shape: [2, 3], init: 'uniform(-1, 1)'}\n",
                     "  masked: where([True, True, False], w, -inf)\n  loss: sum(softmax(masked) * w)\n"));
  EXPECT_TRUE(result.right());
  EXPECT_EQ(result.parameters[0].checked, 6);
}

TEST(GradientCheck, ChecksAGradientThatIsPartOfTheModel) {
  const GradientCheck result =
      check(model_of("  w: {shape: [2], init: 'uniform(-1, 1)'}\n",
                     "  energy: sum(w * w * w)\n  slope: grad(energy, w)\n  loss: sum(slope * slope)\n"));
  EXPECT_TRUE(result.right());
  EXPECT_GT(result.parameters[0].checked, 0);
}

/// x^2 with half its gradient, as the function `bent` of the model language.
void add_bent_function() {
  register_ops();
  static Op bent;
  bent.name = "bent";
  bent.shape = [](const InferCall& call) { return Inferred{call.shape(0), call.dtype(0)}; };
  bent.differentiable = Differentiable::yes;
  bent.gradient = [](const GradientCall& call) -> std::vector<Value> {
    return {call.gradient * call.input(0)};
  };
  bent.reference_float64 = [](const ReferenceCall<double>& call) {
    for (std::int64_t i = 0; i < call.output.shape.elements(); ++i)
      call.output.data[i] = call.inputs[0].data[i] * call.inputs[0].data[i];
  };
  FunctionRegistry::instance().add({"bent", "x^2", {{"x"}}, [](const Arguments& arguments) -> Result {
                                      const Value x = arguments.tensor("x");
                                      return arguments.graph().add(bent, {x.id()});
                                    }});
}

// The wrong op is added in a process of its own, so that no other test meets it.
TEST(GradientCheckDeathTest, NamesTheNodeAndLineOfAWrongRule) {
  const std::string text = model_of("  w: {shape: [3], init: 'uniform(-1, 1)'}\n",
                                    "  a: sigmoid(w)\n"
                                    "  b: bent(a) * 3\n"
                                    "  loss: sum(b)\n");
  // Beside what is infinite it is wrong too.
  const std::string masked = model_of("  w: {shape: [2], init: 'uniform(1, 2)'}\n",
                                      "  a: where([True, False], w, -inf)\n"
                                      "  b: bent(a)\n"
                                      "  loss: sum(exp(-b))\n");
  EXPECT_EXIT(
      {
        add_bent_function();
        CheckedModel infinite = load_model_text(masked, "model.yaml");
        if (check_gradients(infinite).wrong_rules.size() != 1) std::cerr << "nothing is found; ";
        CheckedModel model = load_model_text(text, "model.yaml");
        const GradientCheck result = check_gradients(model);
        for (const NodeMismatch& wrong : result.wrong_rules)
          std::cerr << "op " << (*model.graph)[wrong.node].op->name << ", line "
                    << (*model.graph)[wrong.node].origin.line() << "; ";
        if (result.first_wrong)
          std::cerr << "walk: " << (*model.graph)[result.first_wrong->node].op->name << "; ";
        std::cerr << (result.right() ? "right" : "wrong") << ", parameter "
                  << (result.parameters[0].mismatch ? "wrong" : "right") << "\n";
        std::exit(0);
      },
      testing::ExitedWithCode(0), "^op bent, line 7; walk: bent; wrong, parameter wrong\n$");
}

}  // namespace
}  // namespace talweg
