#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/dtype.hpp"
#include "graph/shape.hpp"

namespace talweg {

/// A tensor with its name, as training reports it: row-major, integers and booleans exact.
struct NamedTensor {
  std::string name;
  Shape shape;
  DType dtype = DType::float64;
  std::vector<double> values;
};

/// Why training ended.
enum class EndReason : std::uint8_t {
  steps,        ///< all planned steps were made
  gradient,     ///< stop.gradient: the slope is zero, as near as was asked for
  loss,         ///< stop.loss
  patience,     ///< stop.patience: so many validations without an improvement
  interrupted,  ///< somebody asked for it
  optimizer     ///< the optimizer finds no way further down
};
/// "steps", "gradient", "loss", "patience", "interrupted", "optimizer".
[[nodiscard]] std::string_view to_string(EndReason reason);

/// A condition of `stop:` that held after so many steps: a training that ended by it stays ended.
struct MetCondition {
  std::int64_t step = 0;
  EndReason reason = EndReason::gradient;  ///< gradient or loss
};

/// Parameters that one optimizer trains, where a model has `groups:`.
struct GroupRecord {
  std::string name;  ///< "" for the parameters of no group
  std::string optimizer;
  std::vector<std::string> parameters;
};

/// How training starts.
struct StartRecord {
  std::string name;  ///< of the model
  std::uint32_t seed = 0;
  DType dtype = DType::float64;
  std::int64_t parameters = 0;  ///< elements of all of them
  std::string optimizer;        ///< "" where nothing is trained
  std::int64_t steps = 0;       ///< planned
  std::int64_t first_step = 0;  ///< updates made before, by the run that is resumed
  int threads = 1;
  std::vector<GroupRecord> groups;  ///< empty where the model has none
};

/// The values before update `step` + 1: what is minimized under the name "loss", then those of `log:`.
struct LogRecord {
  std::int64_t step = 0;
  std::vector<NamedTensor> values;
};

/// The validation split after `step` updates: "loss", where something is minimized, then the metrics.
struct ValidationRecord {
  std::int64_t step = 0;
  double epoch = 0;  ///< passes over the examples that were made
  std::vector<NamedTensor> values;
};

/// How far training is. `loss` is that of the last log line.
struct ProgressRecord {
  std::int64_t step = 0;
  std::int64_t steps = 0;
  double loss = 0;
  double steps_per_second = 0;
  double seconds_left = 0;
};

/// The model after the last update.
struct EndRecord {
  std::int64_t steps = 0;  ///< updates made, those before a resumption included
  double seconds = 0;      ///< of the training loop
  EndReason reason = EndReason::steps;
  std::vector<NamedTensor> values;  ///< as in LogRecord
  std::vector<NamedTensor> report;  ///< those of `report:`
  std::string message;              ///< the optimizer's own reason; "" for the others
  std::optional<std::int64_t>
      evaluations;  ///< of the objective by a minimizer, those before a resumption included
  std::optional<ValidationRecord> validation;  ///< the last; with `keep:` that of the values that are kept
};

/// Whoever follows a training. Called on the thread that trains; what it throws ends the training.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  virtual void started(const StartRecord&) {}
  virtual void logged(const LogRecord&) {}
  virtual void validated(const ValidationRecord&) {}
  /// A few times a second; less often where looking whether all values are finite, as they are then, takes
  /// long.
  virtual void progressed(const ProgressRecord&) {}
  virtual void ended(const EndRecord&) {}
};

}  // namespace talweg
