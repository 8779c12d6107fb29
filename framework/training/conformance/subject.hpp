#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "graph/minimizer.hpp"
#include "training/conformance/conformance.hpp"
#include "training/trainer.hpp"

namespace talweg::conformance {

using Outcome = ConformanceResult::Outcome;

/// What a check says: `ok` with an empty detail, or why not.
struct Verdict {
  Outcome outcome = Outcome::ok;
  std::string detail;
};
inline Verdict ok(std::string detail = "") { return {Outcome::ok, std::move(detail)}; }
inline Verdict failed(std::string detail) { return {Outcome::failed, std::move(detail)}; }
inline Verdict skipped(std::string detail) { return {Outcome::skipped, std::move(detail)}; }

/// How an optimizer goes about its work, as it was seen in a step.
struct Habits {
  bool asks_for_shapes = false;  ///< an update rule that is emitted for each parameter
  bool all_parameters = false;   ///< an update rule that declares that need
  bool draws = false;            ///< a minimizer that uses random numbers
  bool asks_for_gradients = false;
  bool evaluates = false;  ///< a minimizer that looks at other points than x
};

/// The optimizer that is looked at.
struct Subject {
  std::shared_ptr<const Optimizer> optimizer;
  std::vector<std::pair<std::string, std::string>> settings;  ///< hyperparameters that are not defaults
  Habits habits;

  /// Null where it is a minimizer.
  [[nodiscard]] const UpdateRule* rule() const { return dynamic_cast<const UpdateRule*>(optimizer.get()); }
  /// Null where it is an update rule.
  [[nodiscard]] const Minimizer* minimizer() const { return dynamic_cast<const Minimizer*>(optimizer.get()); }
  /// A hyperparameter's value: as it is set, or else its default.
  [[nodiscard]] double setting(std::string_view name) const;
  /// "{my_rule: {alpha: 0.1}}", with more settings where they are given.
  [[nodiscard]] std::string yaml(const std::vector<std::pair<std::string, std::string>>& more = {}) const;
};

/// Looks how it behaves in a step. Throws what the optimizer throws.
[[nodiscard]] Habits habits_of(const Subject& subject);

/// A training: the text of a model file up to its `train:`, which has `loss` in its graph, and how.
struct Training {
  std::string model;
  std::int64_t steps = 20;
  DType dtype = DType::float64;
  int threads = 1;
};

/// A trainer of the subject's optimizer, or of another one in its place.
[[nodiscard]] std::unique_ptr<Trainer> make_trainer(const Subject& subject, const Training& training,
                                                    std::shared_ptr<const Optimizer> in_place = nullptr);

/// What a trainer keeps, by name: parameters, and the optimizer's states as in a checkpoint.
using Kept = std::map<std::string, std::vector<double>, std::less<>>;
[[nodiscard]] Kept kept(const Trainer& trainer);
/// After the steps of the training.
[[nodiscard]] Kept train(const Subject& subject, const Training& training,
                         std::shared_ptr<const Optimizer> in_place = nullptr);

/// "" where both hold the same bits, or the first difference: "'w' is 0.5 in element 2, and 0.25 with WHAT".
[[nodiscard]] std::string difference(const Kept& one, const Kept& other, const std::string& what);
/// The same for numbers that are near each other: |a - b| <= tolerance max(1, |a|, |b|). Only what both have.
[[nodiscard]] std::string difference(const Kept& one, const Kept& other, const std::string& what,
                                     double tolerance);

}  // namespace talweg::conformance
