// Each rule written as its paper has it follows the reference, and with one mistake in it does not: the
// reference traces tell a right rule from a wrong one.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <sstream>

#include "optimizers/reference.hpp"
#include "plugin/test_plugins.hpp"

namespace talweg {
namespace {

constexpr double kRight = 1e-10;  // relative: both are right
constexpr double kWrong = 1e-8;   // with a mistake it is a hundred times as far at least

struct Mistake {
  const char* what;
  std::string from, to;
};

/// Lines "name = expression"; a name with ' is what the state, or x, becomes. x is the parameter, g its
/// gradient, t the number of the step from 1; states begin at 0, `product` at 1, `z` and `average` as x, and
/// the model is evaluated with `average`.
struct PaperRule {
  const char* name;
  std::string lines;
  std::vector<Mistake> mistakes;
};

const std::string kCoupled = "d = g + weight_decay * x\n";
const std::string kMoments =
    "m' = beta1 * m + (1 - beta1) * d\n"
    "v' = beta2 * v + (1 - beta2) * square(d)\n";
const std::string kAdamStep = "alpha * (m' / (1 - beta1 ** t)) / (sqrt(v' / (1 - beta2 ** t)) + epsilon)\n";

const std::vector<Mistake> kMistakesOfAdam = {
    {"sign", "- alpha * (m'", "+ alpha * (m'"},
    {"epsilon inside the root", "sqrt(v' / (1 - beta2 ** t)) + epsilon",
     "sqrt(v' / (1 - beta2 ** t) + epsilon)"},
    {"no correction of m", "m' / (1 - beta1 ** t)", "m'"},
    {"no correction of v", "v' / (1 - beta2 ** t)", "v'"},
    {"t begins at 0", "1 - beta1 ** t", "1 - beta1 ** (t - 1) + (t < 2)"},
    {"beta1 for beta2", "beta2 * v + (1 - beta2)", "beta1 * v + (1 - beta1)"},
    {"not averaged", "(1 - beta2) * square(d)", "square(d)"},
    {"the old m", "(m' /", "(m /"}};

std::vector<Mistake> with(std::vector<Mistake> mistakes, const std::vector<Mistake>& more) {
  mistakes.insert(mistakes.end(), more.begin(), more.end());
  return mistakes;
}

const std::vector<PaperRule> kPaperRules = {
    {"gd",
     kCoupled + "x' = x - alpha * d",
     {{"sign", "- alpha", "+ alpha"},
      {"twice", "alpha * d", "2 * alpha * d"},
      {"no decay", "weight_decay * x", "0"},
      {"decay upwards", "+ weight_decay", "- weight_decay"}}},
    {"momentum",
     kCoupled + "v' = mu * v - alpha * d\n"
                "x' = x + v'",
     {{"sign", "- alpha", "+ alpha"},
      {"the old v", "x + v'", "x + v"},
      {"no mu", "mu * v", "v"},
      {"no decay", "weight_decay * x", "0"},
      {"decoupled decay", "- alpha * d\nx' = x + v'",
       "- alpha * g\nx' = x * (1 - alpha * weight_decay) + v'"}}},
    {"nesterov",
     kCoupled + "v' = mu * v + d\n"
                "x' = x - alpha * (d + mu * v')",
     {{"sign", "- alpha", "+ alpha"},
      {"the old v", "mu * v'", "mu * v"},
      {"no look ahead", "(d + mu * v')", "v'"},
      {"no mu", "mu * v + d", "v + d"},
      {"no decay", "weight_decay * x", "0"},
      {"decay in v alone", "(d + mu", "(g + mu"},
      {"decay beside v", "v + d", "v + g"}}},
    {"adagrad",
     kCoupled + "s' = s + square(d)\n"
                "x' = x - alpha * d / (sqrt(initial + s') + epsilon)",
     {{"sign", "- alpha", "+ alpha"},
      {"epsilon inside the root", "sqrt(initial + s') + epsilon", "sqrt(initial + s' + epsilon)"},
      {"the old sum", "s')", "s)"},
      {"no start", "initial + ", ""},
      {"no decay", "weight_decay * x", "0"}}},
    {"adadelta",
     kCoupled + "s' = rho * s + (1 - rho) * square(d)\n"
                "e = sqrt(u + epsilon) / sqrt(s' + epsilon) * d\n"
                "u' = rho * u + (1 - rho) * square(e)\n"
                "x' = x - alpha * e",
     {{"sign", "- alpha", "+ alpha"},
      {"epsilon outside the root", "sqrt(s' + epsilon)", "(sqrt(s') + epsilon)"},
      {"the old squares", "sqrt(s' +", "sqrt(s +"},
      {"squares of the gradient for those of steps", "square(e)", "square(d)"},
      {"no decay", "weight_decay * x", "0"}}},
    {"rmsprop",
     kCoupled + "s' = rho * s + (1 - rho) * square(d)\n"
                "v' = mu * v + d / (sqrt(s') + epsilon)\n"
                "x' = x - alpha * v'",
     {{"sign", "- alpha", "+ alpha"},
      {"epsilon inside the root", "sqrt(s') + epsilon", "sqrt(s' + epsilon)"},
      {"not averaged", "(1 - rho) * square", "square"},
      {"no momentum", "mu * v + ", ""},
      {"no decay", "weight_decay * x", "0"}}},
    {"adam", kCoupled + kMoments + "x' = x - " + kAdamStep,
     with(kMistakesOfAdam, {{"decoupled decay", "d = g + weight_decay * x", "d = g"}})},
    {"adamw", "d = g\n" + kMoments + "x' = x * (1 - alpha * weight_decay) - " + kAdamStep,
     with(kMistakesOfAdam, {{"coupled decay", "d = g", "d = g + weight_decay * x"},
                            {"decay without alpha", "alpha * weight_decay", "weight_decay"},
                            {"no decay", "x * (1 - alpha * weight_decay)", "x"}})},
    {"amsgrad",
     kCoupled + kMoments +
         "largest' = maximum(largest, v')\n"
         "x' = x - alpha * (m' / (1 - beta1 ** t)) / (sqrt(largest' / (1 - beta2 ** t)) + epsilon)",
     {{"sign", "- alpha * (m'", "+ alpha * (m'"},
      {"no largest", "maximum(largest, v')", "v'"},
      {"epsilon inside the root", "sqrt(largest' / (1 - beta2 ** t)) + epsilon",
       "sqrt(largest' / (1 - beta2 ** t) + epsilon)"},
      {"no correction of m", "m' / (1 - beta1 ** t)", "m'"},
      {"the largest is corrected before", "maximum(largest, v')",
       "maximum(largest, v' / (1 - beta2 ** t))"}}},
    {"adamax",
     kCoupled + "m' = beta1 * m + (1 - beta1) * d\n"
                "u' = maximum(beta2 * u, abs(d) + epsilon)\n"
                "x' = x - alpha / (1 - beta1 ** t) * m' / u'",
     {{"sign", "- alpha /", "+ alpha /"},
      {"epsilon outside the maximum", "abs(d) + epsilon)", "abs(d)) + epsilon"},
      {"no correction", "alpha / (1 - beta1 ** t)", "alpha"},
      {"no decay of u", "beta2 * u", "u"},
      {"no weight decay", "weight_decay * x", "0"}}},
    {"nadam",
     kCoupled + kMoments +
         "now = beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))\n"
         "next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))\n"
         "product' = product * now\n"
         "both = (1 - now) / (1 - product') * d + next / (1 - product' * next) * m'\n"
         "x' = x - alpha * both / (sqrt(v' / (1 - beta2 ** t)) + epsilon)",
     {{"sign", "- alpha * both", "+ alpha * both"},
      {"epsilon inside the root", "sqrt(v' / (1 - beta2 ** t)) + epsilon",
       "sqrt(v' / (1 - beta2 ** t) + epsilon)"},
      {"this momentum for the next", "next / (1 -", "now / (1 -"},
      {"one momentum too many", "product' * next", "product' * now * next"},
      {"no correction of v", "v' / (1 - beta2 ** t)", "v'"}}},
    {"radam",
     kCoupled + kMoments +
         "limit = 2 / (1 - beta2) - 1\n"
         "length = limit - 2 * t * beta2 ** t / (1 - beta2 ** t)\n"
         "rho = maximum(length, 5)\n"
         "r = sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))\n"
         "scale = where(length > 5, r * sqrt(1 - beta2 ** t) / (sqrt(v') + epsilon), 1)\n"
         "x' = x - alpha * (m' / (1 - beta1 ** t)) * scale",
     {{"sign", "- alpha * (m'", "+ alpha * (m'"},
      {"epsilon after the correction", "r * sqrt(1 - beta2 ** t) / (sqrt(v') + epsilon)",
       "r / (sqrt(v' / (1 - beta2 ** t)) + epsilon)"},
      {"no rectification", "r * sqrt", "sqrt"},
      {"another threshold", "length > 5", "length > 9"},
      {"no correction of m", "m' / (1 - beta1 ** t)", "m'"}}},
    {"rprop",
     "same = g * before\n"
     "factor = where(same > 0, eta_plus, where(same < 0, eta_minus, 1))\n"
     "size' = where(t > 1, minimum(maximum(size * factor, alpha_min), alpha_max), alpha)\n"
     "before' = where(same < 0, 0, g)\n"
     "x' = x - size' * sign(before')",
     {{"sign", "x - size'", "x + size'"},
      {"the old size", "x - size'", "x - where(t > 1, size, alpha)"},
      {"a step where the sign changes", "x - size' * sign(before')", "x - size' * sign(g)"},
      {"factors exchanged", "same > 0, eta_plus, where(same < 0, eta_minus",
       "same > 0, eta_minus, where(same < 0, eta_plus"}}},
    {"adabelief",
     "m' = beta1 * m + (1 - beta1) * g\n"
     "s' = beta2 * s + (1 - beta2) * square(g - m') + epsilon\n"
     "x' = x * (1 - alpha * weight_decay) - alpha * (m' / (1 - beta1 ** t)) / (sqrt(s' / (1 - beta2 ** t)) + "
     "epsilon)",
     {{"sign", "- alpha * (m'", "+ alpha * (m'"},
      {"epsilon once", "square(g - m') + epsilon", "square(g - m')"},
      {"the old m", "g - m'", "g - m"},
      {"no correction of s", "s' / (1 - beta2 ** t)", "s'"},
      {"squares of the gradient", "square(g - m')", "square(g)"}}},
    {"yogi",
     "m' = beta1 * m + (1 - beta1) * g\n"
     "v' = v - (1 - beta2) * sign(v - square(g)) * square(g)\n"
     "x' = x - alpha * m' / (sqrt(v') + epsilon)",
     {{"sign", "- alpha", "+ alpha"},
      {"epsilon inside the root", "sqrt(v') + epsilon", "sqrt(v' + epsilon)"},
      {"Adam's average", "sign(v - square(g)) * square(g)", "(v - square(g))"},
      {"a correction", "m' / (sqrt", "m' / (1 - beta1 ** t) / (sqrt"}}},
    {"lion",
     "m' = beta2 * m + (1 - beta2) * g\n"
     "x' = x - alpha * (sign(beta1 * m + (1 - beta1) * g) + weight_decay * x)",
     {{"sign", "- alpha", "+ alpha"},
      {"the new m", "beta1 * m +", "beta1 * m' +"},
      {"betas exchanged", "beta1 * m + (1 - beta1)", "beta2 * m + (1 - beta2)"},
      {"no decay", "weight_decay * x", "0"}}},
    {"adafactor",
     "beta = 1 - t ** -decay\n"
     "squared = square(g) + epsilon\n"
     "rows' = beta * rows + (1 - beta) * mean(squared, axis=-1, keepdims=True)\n"
     "columns' = beta * columns + (1 - beta) * mean(squared, axis=-2, keepdims=True)\n"
     "u = g / sqrt(rows' * columns' / mean(rows', axis=-2, keepdims=True))\n"
     "size = minimum(alpha, 1 / sqrt(t)) * maximum(relative, sqrt(mean(square(x))))\n"
     "x' = x * (1 - alpha * weight_decay) - size * u / maximum(1, sqrt(mean(square(u))) / threshold)",
     {{"sign", "- size * u", "+ size * u"},
      {"no threshold", "u / maximum(1, sqrt(mean(square(u))) / threshold)", "u"},
      {"epsilon outside the root", "square(g) + epsilon", "square(g)"},
      {"a fixed decay", "1 - t ** -decay", "1 - 0.1"},
      {"no least size", "maximum(relative, sqrt(mean(square(x))))", "sqrt(mean(square(x)))"},
      {"decay without alpha", "alpha * weight_decay", "weight_decay"}}},
    {"lamb",
     "d = g\n" + kMoments +
         "u = (m' / (1 - beta1 ** t)) / (sqrt(v' / (1 - beta2 ** t)) + epsilon) + weight_decay * x\n"
         "trust = sqrt(sum(square(x))) / sqrt(sum(square(u)))\n"
         "x' = x - alpha * trust * u",
     {{"sign", "- alpha", "+ alpha"},
      {"no trust", "trust * u", "u"},
      {"upside down", "sqrt(sum(square(x))) / sqrt(sum(square(u)))",
       "sqrt(sum(square(u))) / sqrt(sum(square(x)))"},
      {"decay beside the trust", " + weight_decay * x", ""},
      {"no correction of m", "m' / (1 - beta1 ** t)", "m'"},
      {"epsilon inside the root", "sqrt(v' / (1 - beta2 ** t)) + epsilon",
       "sqrt(v' / (1 - beta2 ** t) + epsilon)"}}},
    {"schedule_free",
     "v' = beta2 * v + (1 - beta2) * square(g)\n"
     "d = g / (sqrt(v' / (1 - beta2 ** t)) + epsilon) + weight_decay * x\n"
     "z' = z - alpha * d\n"
     "average' = (1 - 1 / t) * average + 1 / t * z'\n"
     "x' = (1 - beta1) * z' + beta1 * average'",
     {{"sign", "z - alpha", "z + alpha"},
      {"epsilon inside the root", "sqrt(v' / (1 - beta2 ** t)) + epsilon",
       "sqrt(v' / (1 - beta2 ** t) + epsilon)"},
      {"no correction", "v' / (1 - beta2 ** t)", "v'"},
      {"coupled decay", "square(g)", "square(g + weight_decay * x)"},
      {"decay at z", "weight_decay * x", "weight_decay * z"},
      {"no decay", " + weight_decay * x", ""},
      {"the old z", "1 / t * z'", "1 / t * z"},
      {"a step too late", "(1 - 1 / t) * average + 1 / t", "(1 - 1 / (t + 1)) * average + 1 / (t + 1)"},
      {"the gradient at z", "(1 - beta1) * z' + beta1 * average'", "z'"},
      {"the gradient at the average", "(1 - beta1) * z' + beta1 * average'", "average'"},
      {"beta1 the other way round", "(1 - beta1) * z' + beta1 *", "beta1 * z' + (1 - beta1) *"}}},
};

/// `text` with each word, a name with or without ', replaced by its meaning where it has one.
std::string expanded(const std::string& text, const std::map<std::string, std::string>& meanings) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_'))
      ++end;
    if (end == at) {
      result += text[at++];
      continue;
    }
    if (end < text.size() && text[end] == '\'') ++end;
    const std::string word = text.substr(at, end - at);
    const auto found = meanings.find(word);
    result += found == meanings.end() ? word : found->second;
    at = end;
  }
  return result;
}

std::string initial_of(const std::string& state) {
  if (state == "z" || state == "average") return "param";
  return state == "product" ? "ones" : "zeros";
}

/// The lines as an entry of `optimizers:`, with the hyperparameters of the plugin of that name.
std::string in_yaml(const std::string& name, const std::string& lines) {
  std::map<std::string, std::string> meanings = {{"x", "param"}, {"g", "grad"}, {"t", "(step + 1)"}};
  std::string states, updates;
  std::istringstream text(lines);
  for (std::string line; std::getline(text, line);) {
    const std::size_t equals = line.find(" = ");
    const std::string left = line.substr(0, equals), right = expanded(line.substr(equals + 3), meanings);
    meanings[left] = "(" + right + ")";
    if (left.back() != '\'') continue;
    const std::string kept = left.substr(0, left.size() - 1);
    if (kept != "x") states += (states.empty() ? "" : ", ") + kept + ": " + initial_of(kept);
    updates += "      " + (kept == "x" ? "param" : kept) + ": \"" + right + "\"\n";
  }
  std::string hyperparameters;
  const auto shipped = load_optimizer(name, PluginPath::standard());
  for (const Hyperparameter& hyperparameter : shipped->hyperparameters())
    if (hyperparameter.kind == Hyperparameter::Kind::number) {
      std::ostringstream value;
      value.precision(17);
      value << hyperparameter.default_value;
      hyperparameters += (hyperparameters.empty() ? "" : ", ") + hyperparameter.name + ": " + value.str();
    }
  return "optimizers:\n  from_paper:\n    with: {" + hyperparameters + "}\n    state: {" + states +
         "}\n    update:\n" + updates +
         (states.find("average") == std::string::npos ? "" : "    evaluate: average\n");
}

/// That of the network with most of the settings away from their defaults, and no flag.
const ReferenceTrace& trace_of(const std::string& name) {
  const auto settings = [](const ReferenceTrace& trace) { return std::ranges::count(trace.setting, ':'); };
  const ReferenceTrace* most = nullptr;
  for (const ReferenceTrace& trace : reference_traces())
    if (trace.name == name && trace.problem == "network" && trace.setting.find("True") == std::string::npos &&
        trace.setting.find("False") == std::string::npos &&
        (most == nullptr || settings(trace) > settings(*most)))
      most = &trace;
  if (most == nullptr) throw std::out_of_range(name);
  return *most;
}

double distance_of(const PaperRule& rule, const std::string& lines) {
  const ReferenceTrace& trace = trace_of(rule.name);
  return distance(trace,
                  problem_text("network", "{from_paper: " + trace.setting + "}", in_yaml(rule.name, lines)));
}

class EveryRule : public testing::TestWithParam<PaperRule> {};

TEST_P(EveryRule, FollowsTheReferenceAsItsPaperHasIt) {
  EXPECT_LE(distance_of(GetParam(), GetParam().lines), kRight);
}

TEST_P(EveryRule, WithAMistakeDoesNot) {
  for (const Mistake& mistake : GetParam().mistakes) {
    std::string lines = GetParam().lines;
    const std::size_t at = lines.find(mistake.from);
    ASSERT_NE(at, std::string::npos) << mistake.what;
    lines.replace(at, mistake.from.size(), mistake.to);
    EXPECT_GE(distance_of(GetParam(), lines), kWrong) << mistake.what;
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, EveryRule, testing::ValuesIn(kPaperRules),
                         [](const auto& tested) { return std::string(tested.param.name); });

/// How far the shipped rule under `name` is from the trace of `rule`.
double distance_of_plugin(const std::string& rule, const std::string& name) {
  const ReferenceTrace& trace = trace_of(rule);
  CheckedModel model =
      load_model_text(problem_text("network", "{" + name + ": " + trace.setting + "}"), "model.yaml");
  auto optimizer = find_optimizer(model, PluginPath({installed_plugin_directory(), test_plugin_directory()}));
  Trainer trainer(std::move(model), std::move(optimizer), {});
  return distance(trace, trainer);
}

TEST(Muon, WithAMistakeDoesNotFollowTheReference) {
  EXPECT_LE(distance_of_plugin("muon", "muon"), kRight);
  for (int mutant = 1; mutant <= 6; ++mutant)
    EXPECT_GE(distance_of_plugin("muon", "muon_mutant_" + std::to_string(mutant)), kWrong) << mutant;
}

TEST(PaperRules, CoverEveryShippedRule) {
  for (const std::string& name : shipped_rules()) {
    if (name == "muon") continue;  // its iteration is too long an expression: see Muon above
    EXPECT_TRUE(std::ranges::any_of(kPaperRules, [&](const PaperRule& rule) { return rule.name == name; }))
        << name;
  }
}

}  // namespace
}  // namespace talweg
