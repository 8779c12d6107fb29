#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "graph/update_rule.hpp"
#include "model/model.hpp"

namespace talweg::bench {

/// An optimizer with one setting.
struct Candidate {
  std::shared_ptr<const Optimizer> optimizer;
  std::vector<std::pair<std::string, double>> settings;  ///< hyperparameters that are not defaults

  [[nodiscard]] const std::string& name() const { return optimizer->name(); }
};

/// One form of a problem.
struct Case {
  std::size_t problem = 0;
  int instance = 0;        ///< 0: as in the file; 1 to kInstances: shifted and rotated
  std::uint32_t seed = 0;  ///< of initial values and noise
};

/// Of every function of one vector whose optimum is known.
inline constexpr int kInstances = 5;

/// A model file with `problem:`.
class Problem {
 public:
  /// Throws Error{model}: the file, or it has no `problem:`.
  explicit Problem(std::filesystem::path file);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const ProblemSetting& setting() const { return setting_; }
  [[nodiscard]] std::int64_t steps() const { return steps_; }
  /// A function of one vector with a known optimum: it can be shifted and rotated.
  [[nodiscard]] bool has_instances() const { return start_.size() > 1; }
  /// Has it a picture: two variables and a box?
  [[nodiscard]] bool is_plane() const { return start_.size() == 2 && !setting_.box.empty(); }

  /// The model as in the file.
  [[nodiscard]] CheckedModel untrained() const { return load_model(file_); }

  /// All its forms; `index` is what they call the problem.
  [[nodiscard]] std::vector<Case> cases(std::size_t index) const;

  /// The model of a form, trained by a candidate, with nothing in its log but what is measured and, where
  /// `with_point` is true, x. In instance k
  /// x of the file is R (u - o): R is a rotation, o a shift, and u what is trained. It starts where the file
  /// does, up to a tenth of the largest distance from the optimum in any variable.
  [[nodiscard]] CheckedModel model(const Case& form, const Candidate& candidate,
                                   bool with_point = false) const;

 private:
  std::filesystem::path file_;
  std::string name_;
  ProblemSetting setting_;
  std::int64_t steps_ = 0;
  std::vector<double> start_;  ///< empty where there are several parameters, or no optimum
};

/// Of a directory, by name.
[[nodiscard]] std::vector<Problem> read_problems(const std::filesystem::path& directory);

}  // namespace talweg::bench
