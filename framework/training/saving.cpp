#include "training/saving.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <talweg/error.hpp>

#include "graph/minimizer.hpp"
#include "support/file.hpp"
#include "support/sha256.hpp"

namespace talweg {
namespace {

/// How a checkpoint calls what a minimizer keeps; no parameter's state has a name with one colon.
constexpr std::string_view kMinimizerState = "optimizer:";
/// How it calls the best values, and what they are worth.
constexpr std::string_view kBest = "best:", kBestMeasures = "best measures";
/// What the last validation measured. No parameter has a name with a space.
constexpr std::string_view kMeasures = "last measures";

bool is_minimizer_state(const TrainingState& state, const NamedTensor& tensor) {
  return dynamic_cast<const Minimizer*>(state.rule.get()) != nullptr &&
         tensor.name.starts_with(kMinimizerState);
}

bool is_of_validations(const NamedTensor& tensor) {
  return tensor.name.starts_with(kBest) || tensor.name == kBestMeasures || tensor.name == kMeasures;
}

/// A file, how it begins to say that it does not fit, and what it holds.
struct StoredTensors {
  std::string refusal;  ///< "run/weights.safetensors: they are the weights of another model: "
  const std::vector<NamedTensor>& tensors;

  [[noreturn]] void refuse(const std::string& reason) const { throw Error(Status::files, refusal + reason); }

  /// The one that belongs to a tensor that the model keeps.
  [[nodiscard]] const NamedTensor& find(const std::string& name, const KeptTensor& tensor,
                                        DType dtype) const {
    const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
    if (found == tensors.end()) refuse("it has no '" + name + "'");
    if (found->dtype != dtype || !(found->shape == tensor.shape))
      refuse("'" + name + "' is " + to_string(found->shape) + " of " + std::string(to_string(found->dtype)) +
             " there, here " + to_string(tensor.shape) + " of " + std::string(to_string(dtype)));
    return *found;
  }
};

StoredTensors stored_in(const Checkpoint& checkpoint) {
  return {checkpoint.path + ": it is the checkpoint of another model: ", checkpoint.tensors};
}

std::vector<std::pair<std::string, std::string>> plugin_hashes(const TrainingState& state) {
  if (state.rule == nullptr) return {};
  std::vector<std::pair<std::string, std::string>> hashes = state.rule->libraries();
  for (auto& [name, file] : hashes) file = sha256(read_whole_file(file));
  return hashes;
}

void require_same_plugins(const Checkpoint& checkpoint, const TrainingState& state) {
  for (const auto& [name, hash] : plugin_hashes(state)) {
    const auto then =
        std::ranges::find(checkpoint.plugins, name, &std::pair<std::string, std::string>::first);
    if (then == checkpoint.plugins.end() || then->second == hash) continue;
    throw Error(Status::files,
                fmt::format("{}: it was made with another plugin '{}': its SHA-256 was {}, and is {}",
                            checkpoint.path, name, then->second, hash))
        .set_hint("weights.safetensors beside it are the model's so far");
  }
}

/// Something that can be set was `then`, and is now another; both for people.
std::string change(const std::string& name, const std::optional<std::string>& then,
                   const std::optional<std::string>& now) {
  const auto shown = [](const auto& value) { return value ? "set to " + *value : std::string("not set"); };
  return "'" + name + "' was " + shown(then) + ", and is now " + shown(now);
}

/// The first `--set` in which two trainings differ, for people; "" where there is none.
std::string setting_difference(const Checkpoint& checkpoint, const CheckedModel& model) {
  const auto text_in = [](const auto& settings, const std::string& name) -> std::optional<std::string> {
    const auto found = std::ranges::find(settings, name, &std::pair<std::string, std::string>::first);
    return found == settings.end() ? std::nullopt : std::optional(found->second);
  };
  std::vector<std::pair<std::string, std::string>> all = checkpoint.settings;
  all.insert(all.end(), model.settings.begin(), model.settings.end());
  for (const auto& entry : all) {
    const std::string& name = entry.first;
    const std::optional<std::string> then = text_in(checkpoint.settings, name),
                                     now = text_in(model.settings, name);
    if (then != now) return change(name, then, now);
  }
  return "";
}

/// The stored tensor of each that the model keeps.
std::vector<const NamedTensor*> match(const Checkpoint& checkpoint, const TrainingState& state) {
  const StoredTensors file = stored_in(checkpoint);
  const std::string optimizer = state.rule == nullptr ? "" : state.rule->name();
  if (checkpoint.optimizer != optimizer)
    file.refuse("its optimizer is '" + checkpoint.optimizer + "', that of the model '" + optimizer + "'");
  std::vector<const NamedTensor*> stored;
  for (const KeptTensor& tensor : state.values.tensors())
    stored.push_back(&file.find(stored_name(tensor), tensor, state.model().graph->floating()));
  for (const NamedTensor& tensor : checkpoint.tensors)
    if (std::ranges::find(stored, &tensor) == stored.end() && !is_minimizer_state(state, tensor) &&
        !is_of_validations(tensor))
      file.refuse("it has '" + tensor.name + "'");
  const std::string changed = first_difference(checkpoint.model, state.model().text);
  if (!changed.empty()) file.refuse(changed);
  if (checkpoint.seed != state.model().seed)
    file.refuse(fmt::format("its seed is {}, that of the model {}", checkpoint.seed, state.model().seed));
  const std::string set = setting_difference(checkpoint, state.model());
  if (!set.empty()) file.refuse(set);
  if (const auto& now = state.model().options.optimizer; now != checkpoint.set_optimizer)
    file.refuse(change("--set-optimizer", checkpoint.set_optimizer, now));
  require_same_plugins(checkpoint, state);
  return stored;
}

void store_best(const TrainingState& state, Checkpoint& checkpoint) {
  const BestValues& best = *state.best;
  checkpoint.best_step = best.step;
  checkpoint.validations_since_best = best.validations;
  checkpoint.tensors.push_back({std::string(kBestMeasures),
                                {static_cast<std::int64_t>(best.measures.size())},
                                DType::float64,
                                best.measures});
  for (const KeptTensor& tensor : state.values.tensors()) {
    if (!tensor.is_weight()) continue;
    checkpoint.tensors.push_back(state.values.read(tensor, best.values));
    checkpoint.tensors.back().name = std::string(kBest) + tensor.name;
  }
}

/// Nothing where the checkpoint has none.
std::optional<BestValues> restored_best(TrainingState& state, const Checkpoint& checkpoint) {
  const auto measures = std::ranges::find(checkpoint.tensors, kBestMeasures, &NamedTensor::name);
  if (measures == checkpoint.tensors.end()) return std::nullopt;
  BestValues best{measures->values, checkpoint.best_step, checkpoint.validations_since_best,
                  state.values.snapshot()};
  for (const KeptTensor& tensor : state.values.tensors())
    if (tensor.is_weight()) {
      const std::string name = std::string(kBest) + tensor.name;
      const NamedTensor& stored = stored_in(checkpoint).find(name, tensor, best.values.dtype());
      state.values.write(tensor, stored.values, best.values);
    }
  return best;
}

}  // namespace

Checkpoint make_checkpoint(const TrainingState& state) {
  const CheckedModel& model = state.model();
  Checkpoint checkpoint;
  checkpoint.model = model.text;
  checkpoint.data = describe_data(model);
  checkpoint.settings = model.settings;
  checkpoint.set_optimizer = model.options.optimizer;
  checkpoint.seed = model.seed;
  checkpoint.optimizer = state.rule == nullptr ? "" : state.rule->name();
  checkpoint.plugins = plugin_hashes(state);
  checkpoint.surroundings = Surroundings::of_this_process(state.options.threads);
  checkpoint.step = state.step;
  checkpoint.steps = state.planned_steps();
  checkpoint.steps_given = model.options.steps.has_value();
  checkpoint.validated_step = state.validated_step;
  checkpoint.better_step = state.better_step;
  checkpoint.met = state.met;
  if (dynamic_cast<const Minimizer*>(state.rule.get()) != nullptr) checkpoint.evaluations = state.evaluations;
  for (const KeptTensor& tensor : state.values.tensors()) {
    checkpoint.tensors.push_back(state.values.read(tensor));
    checkpoint.tensors.back().name = stored_name(tensor);
  }
  for (const auto& [name, values] : state.minimizer_state)
    checkpoint.tensors.push_back({std::string(kMinimizerState) + name,
                                  {static_cast<std::int64_t>(values.size())},
                                  DType::float64,
                                  values});
  if (!state.measures.empty())
    checkpoint.tensors.push_back({std::string(kMeasures),
                                  {static_cast<std::int64_t>(state.measures.size())},
                                  DType::float64,
                                  state.measures});
  if (state.best) store_best(state, checkpoint);
  return checkpoint;
}

void restore_checkpoint(TrainingState& state, const Checkpoint& checkpoint) {
  const std::vector<const NamedTensor*> stored = match(checkpoint, state);
  std::optional<BestValues> best = restored_best(state, checkpoint);
  for (std::size_t i = 0; i < stored.size(); ++i)
    state.values.write(state.values.tensors()[i], stored[i]->values);
  state.best = std::move(best);
  state.minimizer_state.clear();
  for (const NamedTensor& tensor : checkpoint.tensors)
    if (is_minimizer_state(state, tensor))
      state.minimizer_state[tensor.name.substr(kMinimizerState.size())] = tensor.values;
  const auto measures = std::ranges::find(checkpoint.tensors, kMeasures, &NamedTensor::name);
  state.set_validated(checkpoint.validated_step,
                      measures == checkpoint.tensors.end() ? std::vector<double>() : measures->values);
  state.better_step = checkpoint.better_step;
  state.met = checkpoint.met;
  state.evaluations = checkpoint.evaluations;
  state.set_step(checkpoint.step);
}

Weights weights_of(const TrainingState& state) {
  const BestValues* const kept = state.kept();
  Weights weights;
  weights.settings = state.model().settings;
  weights.seed = state.model().seed;
  weights.data = describe_data(state.model());
  for (const KeptTensor& tensor : state.values.tensors())
    if (tensor.is_weight())
      weights.tensors.push_back(kept != nullptr ? state.values.read(tensor, kept->values)
                                                : state.values.read(tensor));
  return weights;
}

void restore_weights(TrainingState& state, const std::vector<NamedTensor>& weights, const std::string& path) {
  const StoredTensors file{path + ": they are the weights of another model: ", weights};
  std::vector<const NamedTensor*> stored;
  for (const KeptTensor& tensor : state.values.tensors())
    stored.push_back(tensor.is_weight() ? &file.find(tensor.name, tensor, state.model().graph->floating())
                                        : nullptr);
  for (std::size_t i = 0; i < stored.size(); ++i)
    if (stored[i] != nullptr) state.values.replace(state.values.tensors()[i], stored[i]->values);
}

}  // namespace talweg
