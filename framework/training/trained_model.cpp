#include "training/trained_model.hpp"

#include <algorithm>
#include <optional>
#include <talweg/error.hpp>

#include "program/needed_nodes.hpp"
#include "support/numbers.hpp"
#include "training/evaluation.hpp"
#include "training/saving.hpp"
#include "training/training_state.hpp"

namespace talweg {
namespace {

/// Throws where a node depends on data that the model was built without.
void require_data(const Instance& instance, NodeId node, const std::string& what) {
  const CheckedModel& model = instance.model;
  const std::vector<NodeId> needed = needed_nodes(*model.graph, {instance.leaves.bindings, {}, {node}});
  for (const DataEntry& entry : model.data)
    if (entry.is_placeholder && std::ranges::binary_search(needed, entry.node))
      throw Error(Status::model, what + " depends on data '" + entry.name + "', and no input is given for it")
          .set_hint("--input " + entry.name + "=FILE");
}

void require_data_of_measures(const Instance& instance) {
  const CheckedModel& model = instance.model;
  if (model.train) require_data(instance, model.train->minimize, "the loss");
  for (const NamedExpression& metric : model.metrics)
    require_data(instance, metric.value, "metric '" + metric.name + "'");
}

/// What is predicted, for batches of one size.
class Predictor {
 public:
  Predictor(TrainingState& state, std::int64_t rows)
      : state_(state), instance_(instantiate(state.model(), Mode::evaluation, rows), nullptr) {
    instance_.bind(state.values);
    require_data(instance_, node(), "'" + instance_.model.prediction->name + "'");
    program_ = state.compile(instance_, {}, {node()});
  }

  [[nodiscard]] NamedTensor predict(std::span<const std::int64_t> rows) {
    instance_.load(rows);
    program_->run();
    return state_.read(instance_, *program_, node(), instance_.model.prediction->name);
  }

 private:
  [[nodiscard]] NodeId node() const { return instance_.model.prediction->value; }

  TrainingState& state_;
  Instance instance_;
  std::unique_ptr<Executor> program_;
};

/// An example is one where the first axis follows the number of rows.
void require_rows(const CheckedModel& model) {
  const std::int64_t batch = model.examples->batch;
  for (const std::int64_t rows : {batch, batch + 1}) {
    const CheckedModel instance = instantiate(model, Mode::evaluation, rows);
    const Shape& shape = (*instance.graph)[instance.prediction->value].shape;
    if (shape.rank() == 0 || shape[0] != rows)
      throw Error(Status::model, "the expression has shape " + to_string(shape) + " for " +
                                     count(rows, "example") + ": its first axis is not the example")
          .at(instance.prediction->span.location());
  }
}

}  // namespace

struct TrainedModel::State : TrainingState {
  using TrainingState::TrainingState;
};

TrainedModel::TrainedModel(CheckedModel model, const Weights& weights, const TrainerOptions& options)
    : state_(std::make_unique<State>(std::move(model), nullptr, options)) {
  restore_weights(*state_, weights.tensors, weights.path);
}

TrainedModel::~TrainedModel() = default;

const CheckedModel& TrainedModel::model() const { return state_->model(); }

std::vector<NamedTensor> TrainedModel::evaluate(const Split* split) {
  require_data_of_measures(state_->main);
  if (split != nullptr) {
    Evaluation evaluation(*state_, *split);
    return evaluation.named(*evaluation.run());
  }
  if (!model().train) return {};
  const NodeId loss = model().train->minimize;
  const auto program = state_->compile(state_->main, {}, {loss});
  program->run();
  return {state_->read(state_->main, *program, loss, "loss")};
}

void TrainedModel::predict(const Split* split, const TakePredictions& take) {
  require_rows(model());
  const Batches& batches = *state_->batches;
  const std::int64_t examples = split == nullptr ? batches.examples().rows : split->count;
  const std::int64_t batch = std::min(examples, batches.examples().batch);
  std::optional<Predictor> whole, rest;
  std::vector<std::int64_t> rows;
  for (std::int64_t first = 0; first < examples; first += batch) {
    rows.clear();
    for (std::int64_t i = first; i < std::min(first + batch, examples); ++i)
      rows.push_back(split == nullptr ? i : batches.row_of_split(*split, i));
    const auto size = static_cast<std::int64_t>(rows.size());
    std::optional<Predictor>& predictor = size == batch ? whole : rest;
    if (!predictor) predictor.emplace(*state_, size);
    take(predictor->predict(rows));
  }
}

}  // namespace talweg
