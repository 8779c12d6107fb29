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
#include "training/evaluation.hpp"
#include "training/optimizer_groups.hpp"
#include "training/saving.hpp"
#include "training/training_run.hpp"
#include "training/training_state.hpp"
#include "training/weights.hpp"

namespace talweg {
struct Trainer::State : TrainingState {
  using TrainingState::TrainingState;

  /// The present value of a node of the present instance, by a program of its own.
  NamedTensor evaluate(NodeId node, std::string_view name) {
    const Instance& instance = present();
    std::unique_ptr<Executor>& program = programs[{&instance, node}];
    if (program == nullptr) program = compile(instance, {}, {node});
    program->run();
    return read(instance, *program, node, std::string(name));
  }

  std::map<std::pair<const Instance*, NodeId>, std::unique_ptr<Executor>> programs;
};

Trainer::Trainer(CheckedModel model, std::shared_ptr<const Optimizer> optimizer,
                 const TrainerOptions& options)
    : state_(std::make_unique<State>(std::move(model), std::move(optimizer), options)) {}

Trainer::~Trainer() = default;

const CheckedModel& Trainer::model() const { return state_->model(); }

EndRecord Trainer::run(TrainingObserver& observer) { return TrainingRun(*state_, observer).run(); }

void Trainer::request_stop() noexcept { state_->stop_requested = true; }

std::int64_t Trainer::step() const { return state_->step; }

std::int64_t Trainer::validated_step() const { return state_->validated_step; }

NamedTensor Trainer::value(std::string_view name) {
  state_->hand_back();
  const auto& named = state_->present().model.named;
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
  state_->hand_back();
  std::vector<std::string> names;
  const Instance& instance = state_->present();
  for (std::size_t i = 0; i < instance.graph.gradients.size(); ++i) {
    names.push_back(instance.model.parameters[i].name);
    if (names.back() == parameter) return state_->evaluate(instance.graph.gradients[i], parameter);
  }
  throw Error(Status::model, names.empty() ? "the model trains nothing, so there is no gradient"
                                           : "there is no parameter '" + std::string(parameter) + "'")
      .set_hint(did_you_mean(parameter, names));
}

void Trainer::set_value(std::string_view name, std::span<const double> values) {
  state_->hand_back();
  std::vector<std::string> names;
  for (const KeptTensor& tensor : state_->values.tensors()) {
    if (!tensor.is_weight()) continue;
    names.push_back(tensor.name);
    if (tensor.name != name) continue;
    if (tensor.shape.elements() != static_cast<std::int64_t>(values.size()))
      throw Error(Status::model, "'" + tensor.name + "' is " + to_string(tensor.shape) + " and has " +
                                     count(tensor.shape.elements(), "element") + ", not " +
                                     std::to_string(values.size()));
    state_->met.reset();
    return state_->values.replace(tensor, values);
  }
  throw Error(Status::model, "there is no parameter or state '" + std::string(name) + "'")
      .set_hint(did_you_mean(name, names));
}

Checkpoint Trainer::checkpoint() const {
  state_->hand_back();
  return make_checkpoint(*state_);
}

void Trainer::restore(const Checkpoint& checkpoint) {
  state_->hand_back();
  restore_checkpoint(*state_, checkpoint);
}

Weights Trainer::weights() const {
  state_->hand_back();
  return weights_of(*state_);
}

void Trainer::set_weights(const Weights& weights) {
  state_->hand_back();
  state_->met.reset();
  restore_weights(*state_, weights.tensors, weights.path);
}

std::vector<NamedTensor> Trainer::evaluate(std::string_view split) {
  state_->hand_back();
  std::vector<std::string> names;
  if (const std::optional<Examples>& examples = model().examples)
    for (const Split& part : examples->splits) {
      names.push_back(part.name);
      if (part.name != split) continue;
      Evaluation evaluation(*state_, part);
      return evaluation.named(*evaluation.run());
    }
  throw Error(Status::model, "the model has no split '" + std::string(split) + "'")
      .set_hint(did_you_mean(split, names));
}

std::string Trainer::program_listing() {
  std::vector<NodeId> fetches;
  if (dynamic_cast<const Minimizer*>(state_->rule.get()) != nullptr) {
    fetches = state_->main.graph.gradients;
    fetches.push_back(state_->model().train->minimize);
  }
  return state_->compile_step(state_->main, std::move(fetches))->listing();
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
  if (rule->draws_examples())
    throw error_at(place, "optimizer '" + rule->name() +
                              "' draws the examples for all parameters together, and 'groups' divides them")
        .set_hint("leave out 'groups'");
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
