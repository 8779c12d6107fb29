#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/optimizers.hpp"
#include "training/trainer.hpp"

namespace talweg {

/// Keeps everything that training reports.
struct Following : TrainingObserver {
  void started(const StartRecord& record) override { start = record; }
  void logged(const LogRecord& record) override { lines.push_back(record); }
  void validated(const ValidationRecord& record) override { validations.push_back(record); }
  void ended(const EndRecord& record) override { end = record; }

  StartRecord start;
  std::vector<LogRecord> lines;
  std::vector<ValidationRecord> validations;
  EndRecord end;
};

/// A trainer for a model from a text, with shipped and test optimizers at hand.
inline std::unique_ptr<Trainer> make_trainer(const std::string& text, const ModelOptions& options = {},
                                             const TrainerOptions& trainer_options = {}) {
  CheckedModel model = load_model_text(text, "model.yaml", options);
  auto optimizer = find_optimizer(model, PluginPath::standard());
  return std::make_unique<Trainer>(std::move(model), std::move(optimizer), trainer_options);
}

inline Following train(Trainer& trainer) {
  Following following;
  trainer.run(following);
  return following;
}

/// The tensor of that name among those of a record.
inline const NamedTensor& named(const std::vector<NamedTensor>& tensors, std::string_view name) {
  for (const NamedTensor& tensor : tensors)
    if (tensor.name == name) return tensor;
  throw Error(Status::internal, "the record has no '" + std::string(name) + "'");
}

inline double scalar(const std::vector<NamedTensor>& tensors, std::string_view name) {
  return named(tensors, name).values.at(0);
}

}  // namespace talweg
