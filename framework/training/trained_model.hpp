#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "training/trainer.hpp"
#include "training/weights.hpp"

namespace talweg {

/// A model in evaluation with the weights of a training.
class TrainedModel {
 public:
  /// REQUIRES: the model was loaded with Mode::evaluation. Throws Error{files} where the weights are of
  /// another model.
  TrainedModel(CheckedModel model, const Weights& weights, const TrainerOptions& options);
  ~TrainedModel();
  TrainedModel(const TrainedModel&) = delete;
  TrainedModel& operator=(const TrainedModel&) = delete;

  [[nodiscard]] const CheckedModel& model() const;

  /// "loss", where the model minimizes something, then the metrics, each the mean over the examples of a
  /// split; of a model without examples, its loss. Throws Error{model} where one of them depends on data that
  /// there are no inputs for.
  [[nodiscard]] std::vector<NamedTensor> evaluate(const Split* split);

  /// Takes what the model predicts for some examples, one after the other.
  using TakePredictions = std::function<void(const NamedTensor& values)>;
  /// Predicts for the examples of a split, or for all in the order of the data, batch by batch. Throws
  /// Error{model} where what is predicted is not a row an example, or depends on data that there are no
  /// inputs for. REQUIRES: the model was loaded with an expression to predict and has Examples.
  void predict(const Split* split, const TakePredictions& take);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace talweg
