#include "training/conformance/subject.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "support/numbers.hpp"
#include "training/checkpoint.hpp"
#include "training/conformance/objective.hpp"
#include "training/watched_rule.hpp"

namespace talweg::conformance {
namespace {

constexpr const char* kTwoParameters =
    "parameters: {a: [[1, 2], [3, 4]], b: [5, 6]}\n"
    "graph: {loss: sum(a * a) + sum(b * b)}\n";

}  // namespace

double Subject::setting(std::string_view name) const {
  for (const auto& [given, value] : settings)
    if (given == name) return parse_number(value).value_or(0);
  return std::ranges::find(optimizer->hyperparameters(), name, &Hyperparameter::name)->default_value;
}

std::string Subject::yaml(const std::vector<std::pair<std::string, std::string>>& more) const {
  std::string text;
  for (const auto* list : {&settings, &more})
    for (const auto& [name, value] : *list)
      text.append(text.empty() ? "" : ", ").append(name).append(": ").append(value);
  return "{" + optimizer->name() + ": {" + text + "}}";
}

Habits habits_of(const Subject& subject) {
  Habits habits;
  if (const UpdateRule* rule = subject.rule()) {
    habits.asks_for_gradients = true;
    habits.all_parameters = rule->needs_all_parameters();
    Asked asked;
    static_cast<void>(make_trainer(subject, {kTwoParameters}, std::make_shared<WatchedRule>(*rule, asked)));
    habits.asks_for_shapes = asked.shape && !habits.all_parameters;
    return habits;
  }
  ProbeObjective objective(subject, curved_valley());
  subject.minimizer()->step(objective.begin_step());
  habits.draws = objective.draws() > 0;
  habits.asks_for_gradients = objective.gradients() > 0;
  habits.evaluates = objective.evaluations() > 0;
  return habits;
}

std::unique_ptr<Trainer> make_trainer(const Subject& subject, const Training& training,
                                      std::shared_ptr<const Optimizer> in_place) {
  const std::string text = "talweg: 1\nseed: 3\n" + training.model +
                           "train: {minimize: loss, optimizer: " + subject.yaml() + ", steps: 1}\n";
  ModelOptions options;
  options.dtype = training.dtype;
  options.steps = training.steps;
  TrainerOptions trainer_options;
  trainer_options.threads = training.threads;
  if (in_place == nullptr) in_place = subject.optimizer;
  return std::make_unique<Trainer>(load_model_text(text, "conformance.yaml", options), std::move(in_place),
                                   trainer_options);
}

Kept kept(const Trainer& trainer) {
  Kept result;
  for (NamedTensor& tensor : trainer.checkpoint().tensors) result[tensor.name] = std::move(tensor.values);
  return result;
}

Kept train(const Subject& subject, const Training& training, std::shared_ptr<const Optimizer> in_place) {
  const auto trainer = make_trainer(subject, training, std::move(in_place));
  TrainingObserver nobody;
  static_cast<void>(trainer->run(nobody));
  return kept(*trainer);
}

namespace {

std::string describe(const std::string& name, std::size_t element, double one, double other,
                     const std::string& what) {
  return "'" + name + "' is " + format_number(one) + " in element " + std::to_string(element) + ", and " +
         format_number(other) + " with " + what;
}

template <class Same>
std::string first_difference(const Kept& one, const Kept& other, const std::string& what, Same same) {
  for (const auto& [name, values] : one) {
    const auto found = other.find(name);
    if (found == other.end()) continue;
    for (std::size_t i = 0; i < std::min(values.size(), found->second.size()); ++i)
      if (!same(values[i], found->second[i])) return describe(name, i, values[i], found->second[i], what);
  }
  return "";
}

}  // namespace

std::string difference(const Kept& one, const Kept& other, const std::string& what) {
  for (const auto* pair : {&one, &other})
    for (const auto& [name, values] : *pair)
      if (!one.contains(name) || !other.contains(name) || one.at(name).size() != other.at(name).size())
        return std::string("'")
            .append(name)
            .append("' is there in one of both alone: without or with ")
            .append(what);
  return first_difference(one, other, what, [](double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  });
}

std::string difference(const Kept& one, const Kept& other, const std::string& what, double tolerance) {
  return first_difference(one, other, what, [&](double a, double b) {
    return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
  });
}

}  // namespace talweg::conformance
