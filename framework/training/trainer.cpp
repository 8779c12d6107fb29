#include "training/trainer.hpp"

#include <algorithm>
#include <map>
#include <talweg/error.hpp>

#include "graph/minimizer.hpp"
#include "model/place.hpp"
#include "plugin/optimizers.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"
#include "training/checkpoint.hpp"
#include "training/optimizer_groups.hpp"
#include "training/training_run.hpp"
#include "training/training_state.hpp"

namespace talweg {
namespace {

/// How a checkpoint calls what a minimizer keeps; no parameter's state has a name with one colon.
constexpr std::string_view kMinimizerState = "optimizer:";

bool is_minimizer_state(const TrainingState& state, const NamedTensor& tensor) {
  return dynamic_cast<const Minimizer*>(state.rule.get()) != nullptr &&
         tensor.name.starts_with(kMinimizerState);
}

/// The stored tensor of each that the model keeps.
std::vector<const NamedTensor*> match(const Checkpoint& checkpoint, const TrainingState& state) {
  const auto refuse = [&](const std::string& reason) {
    throw Error(Status::files, checkpoint.path + ": it is the checkpoint of another model: " + reason);
  };
  const std::string optimizer = state.rule == nullptr ? "" : state.rule->name();
  if (checkpoint.optimizer != optimizer)
    refuse("its optimizer is '" + checkpoint.optimizer + "', that of the model '" + optimizer + "'");
  std::vector<const NamedTensor*> stored;
  for (const KeptTensor& tensor : state.values.tensors()) {
    const std::string name = stored_name(tensor);
    const auto found = std::ranges::find(checkpoint.tensors, name, &NamedTensor::name);
    if (found == checkpoint.tensors.end()) refuse("it has no '" + name + "'");
    const DType dtype = state.model.graph->floating();
    if (found->dtype != dtype || !(found->shape == tensor.shape))
      refuse("'" + name + "' is " + to_string(found->shape) + " of " + std::string(to_string(found->dtype)) +
             " there, here " + to_string(tensor.shape) + " of " + std::string(to_string(dtype)));
    stored.push_back(&*found);
  }
  for (const NamedTensor& tensor : checkpoint.tensors)
    if (std::ranges::find(stored, &tensor) == stored.end() && !is_minimizer_state(state, tensor))
      refuse("it has '" + tensor.name + "'");
  return stored;
}

}  // namespace

struct Trainer::State : TrainingState {
  using TrainingState::TrainingState;

  /// The present value of a node, by a program of its own.
  NamedTensor evaluate(NodeId node, std::string_view name) {
    std::unique_ptr<Executor>& program = programs[node];
    if (program == nullptr) program = compile({}, {node});
    program->run();
    return read(*program, node, std::string(name));
  }

  std::map<NodeId, std::unique_ptr<Executor>> programs;
};

Trainer::Trainer(CheckedModel model, std::shared_ptr<const Optimizer> optimizer,
                 const TrainerOptions& options)
    : state_(std::make_unique<State>(std::move(model), std::move(optimizer), options)) {}

Trainer::~Trainer() = default;

const CheckedModel& Trainer::model() const { return state_->model; }

EndRecord Trainer::run(TrainingObserver& observer) { return TrainingRun(*state_, observer).run(); }

void Trainer::request_stop() noexcept { state_->stop_requested = true; }

std::int64_t Trainer::step() const { return state_->step; }

NamedTensor Trainer::value(std::string_view name) {
  const auto& named = state_->model.named;
  const auto found = std::ranges::find(named, name, &std::pair<std::string, NodeId>::first);
  if (found == named.end()) {
    std::vector<std::string> names;
    names.reserve(named.size());
    for (const auto& [known, node] : named) names.push_back(known);
    throw Error(Status::model, "the model has no '" + std::string(name) + "'")
        .set_hint(did_you_mean(name, names));
  }
  return state_->evaluate(found->second, name);
}

NamedTensor Trainer::gradient(std::string_view parameter) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < state_->graph.gradients.size(); ++i) {
    names.push_back(state_->model.parameters[i].name);
    if (names.back() == parameter) return state_->evaluate(state_->graph.gradients[i], parameter);
  }
  throw Error(Status::model, names.empty() ? "the model trains nothing, so there is no gradient"
                                           : "there is no parameter '" + std::string(parameter) + "'")
      .set_hint(did_you_mean(parameter, names));
}

void Trainer::set_value(std::string_view name, std::span<const double> values) {
  std::vector<std::string> names;
  for (const KeptTensor& tensor : state_->values.tensors()) {
    if (tensor.kind == KeptTensor::Kind::optimizer) continue;
    names.push_back(tensor.name);
    if (tensor.name != name) continue;
    if (tensor.shape.elements() != static_cast<std::int64_t>(values.size()))
      throw Error(Status::model, "'" + tensor.name + "' is " + to_string(tensor.shape) + " and has " +
                                     count(tensor.shape.elements(), "element") + ", not " +
                                     std::to_string(values.size()));
    return state_->values.write(tensor, values);
  }
  throw Error(Status::model, "there is no parameter or state '" + std::string(name) + "'")
      .set_hint(did_you_mean(name, names));
}

Checkpoint Trainer::checkpoint() const {
  Checkpoint checkpoint;
  checkpoint.model = state_->model.text;
  checkpoint.settings = state_->model.settings;
  checkpoint.seed = state_->model.seed;
  checkpoint.optimizer = state_->rule == nullptr ? "" : state_->rule->name();
  checkpoint.step = state_->step;
  checkpoint.steps = state_->planned_steps();
  for (const KeptTensor& tensor : state_->values.tensors()) {
    checkpoint.tensors.push_back(state_->values.read(tensor));
    checkpoint.tensors.back().name = stored_name(tensor);
  }
  for (const auto& [name, values] : state_->minimizer_state)
    checkpoint.tensors.push_back({std::string(kMinimizerState) + name,
                                  {static_cast<std::int64_t>(values.size())},
                                  DType::float64,
                                  values});
  return checkpoint;
}

void Trainer::restore(const Checkpoint& checkpoint) {
  const std::vector<const NamedTensor*> stored = match(checkpoint, *state_);
  for (std::size_t i = 0; i < stored.size(); ++i)
    state_->values.write(state_->values.tensors()[i], stored[i]->values);
  state_->minimizer_state.clear();
  for (const NamedTensor& tensor : checkpoint.tensors)
    if (is_minimizer_state(*state_, tensor))
      state_->minimizer_state[tensor.name.substr(kMinimizerState.size())] = tensor.values;
  state_->set_step(checkpoint.step);
}

std::string Trainer::program_listing() {
  std::vector<NodeId> fetches;
  if (dynamic_cast<const Minimizer*>(state_->rule.get()) != nullptr) {
    fetches = state_->graph.gradients;
    fetches.push_back(state_->model.train->minimize);
  }
  return state_->compile(state_->values.assignments(), std::move(fetches))->listing();
}

namespace {

std::shared_ptr<const Optimizer> find_optimizer(const CheckedModel& model, const OptimizerSetting& setting,
                                                const PluginPath& plugins) {
  const auto own =
      std::ranges::find_if(model.optimizers, [&](const auto& rule) { return rule->name() == setting.name; });
  if (own != model.optimizers.end()) return *own;
  try {
    return load_optimizer(setting.name, plugins);
  } catch (Error& error) {
    // What is wrong with a file is said in one line, without the model's.
    const bool has_file = is_plugin_name(setting.name) && !plugins.find(setting.name).empty();
    if (!has_file && setting.span.known()) error.at(setting.span.location());
    throw;
  }
}

std::shared_ptr<const UpdateRule> as_rule(std::shared_ptr<const Optimizer> optimizer, const Span& place) {
  auto rule = std::dynamic_pointer_cast<const UpdateRule>(std::move(optimizer));
  if (rule == nullptr)
    throw error_at(place, "a minimizer moves all parameters together, and 'groups' divides them")
        .set_hint("leave out 'groups', or choose an optimizer that is an update rule");
  return rule;
}

}  // namespace

std::shared_ptr<const Optimizer> find_optimizer(const CheckedModel& model, const PluginPath& plugins) {
  if (!model.train || model.parameters.empty()) return nullptr;
  const TrainSetting& train = *model.train;
  auto main = find_optimizer(model, train.optimizer, plugins);
  if (train.groups.empty()) return main;
  std::vector<std::shared_ptr<const UpdateRule>> rules;
  for (const GroupSetting& group : train.groups)
    rules.push_back(as_rule(find_optimizer(model, group.optimizer, plugins), group.optimizer.span));
  return std::make_shared<OptimizerGroups>(as_rule(std::move(main), train.optimizer.span), std::move(rules));
}

}  // namespace talweg
