#pragma once

/// Talweg within a program of one's own: load a model, train it, look into it.
///
///   talweg::Model model = talweg::Model::from_file("three_layer.yaml", {.set = {{"hidden", "32"}}});
///   const talweg::TrainingResult result = model.train();
///   const talweg::Array weights = model.value("synapse_0");
///
/// What goes wrong is a talweg::Error, with its place in the model file and a hint. The library prints
/// nothing and never exits.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <talweg/error.hpp>
#include <talweg/export.hpp>
#include <utility>
#include <vector>

namespace talweg {

/// A dense array, row-major; a number has the shape {}. Values of a float32 model are exact.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};

/// How a model is loaded: what the options of `talweg train` say.
struct LoadOptions {
  std::vector<std::pair<std::string, std::string>> set = {};  ///< replaced `let`s: name and expression
  std::optional<std::uint32_t> seed = {};
  std::optional<std::int64_t> steps = {};
  std::optional<std::string> optimizer = {};        ///< in place of the model's: NAME, or NAME: {alpha: 0.1}
  std::vector<std::filesystem::path> plugins = {};  ///< directories besides that of the shipped plugins
  std::vector<std::filesystem::path> data = {};     ///< directories with data files, besides the model's own
  int threads = 1;
  bool reference_executor = false;  ///< run the graph node by node: slow, and the definition of what it means
};

/// Values with their names, in the order of the model file.
using NamedArrays = std::vector<std::pair<std::string, Array>>;

/// What a log line says: values before update `step` + 1.
struct TrainingLog {
  std::int64_t step = 0;
  double loss = 0;     ///< what is minimized
  NamedArrays values;  ///< those of `log:`
};

/// How far training is.
struct TrainingProgress {
  std::int64_t step = 0;
  std::int64_t steps = 0;
  double loss = 0;  ///< that of the last log line
  double steps_per_second = 0;
  double seconds_left = 0;
};

/// The model after the last update.
struct TrainingResult {
  std::int64_t steps = 0;  ///< updates made
  double seconds = 0;      ///< of the training loop
  std::string reason;      ///< "steps", "gradient", "loss", "patience", "interrupted" or "optimizer"
  double loss = 0;
  NamedArrays values;  ///< those of `log:`
  NamedArrays report;  ///< those of `report:`
};

/// Called while training, on its thread; what they throw ends the training and leaves `train`. A callback may
/// look into the model and call request_stop().
struct TrainingCallbacks {
  std::function<void(const TrainingLog&)> log = {};
  /// A few times a second, of a large model once in a few seconds; all values are finite then.
  std::function<void(const TrainingProgress&)> progress = {};
};

/// A model with its values. One thread at a time uses it, but for request_stop().
class TALWEG_API Model {
 public:
  /// Reads, checks and builds the model, and draws its initial values. Throws Error. A model may ask for more
  /// memory than there is: whoever loads models of strangers limits the process (RLIMIT_DATA), as `talweg`
  /// does, so that asking is refused.
  [[nodiscard]] static Model from_file(const std::filesystem::path& path, const LoadOptions& options = {});
  /// `name` stands for the file in errors.
  [[nodiscard]] static Model from_text(std::string text, const LoadOptions& options = {},
                                       std::string name = "model");
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  /// Trains until the model's steps are made, one of its stop conditions holds, or a stop is requested; goes
  /// on from where an earlier call ended. Throws Error{diverged} that names the first value that is not
  /// finite; the model has then the values from before that step.
  TrainingResult train(const TrainingCallbacks& callbacks = {});
  /// Ends `train` after the step that is under way. May be called from any thread and from a signal handler.
  void request_stop() noexcept;
  /// Updates made so far.
  [[nodiscard]] std::int64_t step() const;

  /// The names of the parameters, in the order of the model file.
  [[nodiscard]] std::vector<std::string> parameters() const;
  /// Every name that value() knows: data, parameters, states and entries of `graph:`.
  [[nodiscard]] std::vector<std::string> names() const;
  /// The present value of any of them. Throws Error{model} where there is none of that name.
  [[nodiscard]] Array value(std::string_view name) const;
  /// The gradient of what is minimized with respect to a parameter, at the present values. Throws
  /// Error{model}.
  [[nodiscard]] Array gradient(std::string_view parameter) const;
  /// Replaces the values of a parameter or state, row-major. Throws Error{model} where their number is wrong.
  void set_value(std::string_view name, std::span<const double> values);

  /// Parameters and states as `talweg train --out` writes them; the file is whole or as it was before. Throws
  /// Error{files}.
  void save_weights(const std::filesystem::path& path) const;
  /// Takes those of such a file, or of a directory that `talweg train --out` has made. Throws Error{files}
  /// where they are damaged or of another model, and changes nothing then.
  void load_weights(const std::filesystem::path& path);
  /// The mean of what is minimized ("loss") and of each metric over the examples of a split, as the model is
  /// in evaluation. Throws Error{model} where there is none of that name.
  [[nodiscard]] NamedArrays evaluate(std::string_view split) const;

 private:
  struct Inside;
  explicit Model(std::unique_ptr<Inside> inside);

  std::unique_ptr<Inside> inside_;
};

}  // namespace talweg
