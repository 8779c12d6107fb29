#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/graph.hpp"
#include "graph/update_rule.hpp"
#include "model/data/column.hpp"
#include "model/data/description.hpp"
#include "model/examples.hpp"
#include "support/source.hpp"

namespace talweg {

/// What a model is built for. In every expression `training` says which, so that a graph can differ.
enum class Mode : std::uint8_t { training, evaluation };

/// A tensor of `data:`. Its node is a "data" leaf; where the model has Examples, its first axis is the rows
/// that the model is built for.
struct DataEntry {
  std::string name;
  NodeId node = kNoNode;
  std::shared_ptr<const DataColumn> column;
  Span span;
  bool is_placeholder = false;  ///< zeros: the model was loaded with `inputs`, and this is none of them
};

/// How a tensor gets its first value.
struct Initializer {
  enum class Kind : std::uint8_t {
    uniform,         ///< low, high
    normal,          ///< mean, standard deviation
    constant,        ///< value (zeros and ones too)
    glorot_uniform,  ///< gain
    glorot_normal,   ///< gain
    he_uniform,
    he_normal,
    array  ///< `values`
  };
  Kind kind = Kind::constant;
  double first = 0;   ///< low, mean, value or gain
  double second = 0;  ///< high or standard deviation
  std::vector<double> values;
};

/// A tensor of `parameters:` or `state:`. Its node is a "parameter" or "state" leaf.
struct TensorDeclaration {
  std::string name;
  NodeId node = kNoNode;
  Initializer initializer;
  Span span;
};

/// An entry of `update:`: what a state becomes.
struct StateUpdate {
  std::size_t state = 0;  ///< index into CheckedModel::states
  NodeId value = kNoNode;
  Span span;
};

/// A hyperparameter as the model file sets it: a scalar node, which is a constant or an expression of `step`.
struct HyperparameterSetting {
  std::string name;
  NodeId value = kNoNode;
  std::optional<double> constant;  ///< where it is a number known when the graph is built
  Span name_span;
  Span value_span;
};

struct OptimizerSetting {
  std::string name;
  std::vector<HyperparameterSetting> hyperparameters;
  Span span;  ///< of the name
};

/// A named expression that is printed: an entry of `log:` or `report:`.
struct NamedExpression {
  std::string name;
  NodeId value = kNoNode;
  Span span;
};

/// An entry of `groups:`: parameters that have hyperparameters, or an optimizer, of their own.
struct GroupSetting {
  std::string name;
  std::vector<std::string> patterns;  ///< over names of parameters, * and ? as in a shell; empty: all
  std::optional<std::int64_t> dimensions;
  OptimizerSetting optimizer;  ///< what trains the group: the model's with other hyperparameters, or its own
  Span span;                   ///< of the name
};

/// `clip:`: how large a gradient may be when the optimizer sees it. At most one is given.
struct ClipSetting {
  std::optional<double> norm;   ///< of all gradients together
  std::optional<double> value;  ///< of an element
  Span span;                    ///< of the section
};

/// `validate:`: when the metrics are computed over the validation split, and over how much of it.
struct ValidateSetting {
  std::int64_t every = 0;            ///< steps; 0: an epoch
  std::optional<std::int64_t> rows;  ///< at most so many examples, evenly spread; all where not given
};

/// `keep:`: which values training ends with, where not the last.
struct KeepSetting {
  std::string measure;   ///< "loss" or a metric, over the validation split
  bool highest = false;  ///< or the lowest
};

struct TrainSetting {
  NodeId minimize = kNoNode;
  std::string minimize_name;  ///< as it is called in output: the expression's text
  OptimizerSetting optimizer;
  std::vector<GroupSetting> groups;
  ClipSetting clip;
  std::int64_t steps = 0;
  bool shuffle = true;  ///< the examples, anew for each epoch
  ValidateSetting validate;
  std::optional<KeepSetting> keep;
  std::int64_t log_every = 0;  ///< 0: choose so that some twenty lines come
  std::vector<NamedExpression> log;
  std::vector<NamedExpression> report;   ///< printed after training
  std::optional<double> stop_gradient;   ///< ends where the largest |gradient| is at most this
  std::optional<double> stop_loss;       ///< ends where what is minimized is at most this
  std::optional<std::int64_t> patience;  ///< ends after so many validations in a row without an improvement
  Span span;
};

/// `sweep:`: every combination of the grid's values, each `restarts` times with seeds seed, seed + 1, ...
struct SweepSetting {
  std::vector<std::pair<std::string, std::vector<std::string>>> grid;  ///< name of a `let`, texts for `--set`
  std::int64_t restarts = 1;
};

/// `problem:`: what a comparison of optimizers has to know of a model. It starts at the initial values.
struct ProblemSetting {
  std::string source;        ///< paper, suite or whatever the function is from
  double value = 0;          ///< the least value of the measure, or what it cannot fall below
  double target = 0;         ///< solved where the measure is at most this
  NodeId measure = kNoNode;  ///< what is minimized, unless the file says otherwise: the same without noise
  std::vector<std::pair<std::string, std::vector<double>>>
      optimum;  ///< values of all parameters where the measure is least; empty where there are none
  std::int64_t seeds = 1;   ///< it is random: so many seeds say how it is on the whole
  bool is_large = false;    ///< `tier: large`: takes long, and is left out of a quick comparison
  std::vector<double> box;  ///< what a picture of a function of two variables shows: low, high, low, high
};

/// A file of examples in place of an entry of `data:`.
struct DataInput {
  std::string name;  ///< of the entry
  std::filesystem::path file;
};

/// What a model is loaded for that is trained already and shall say something of examples.
struct UseOptions {
  /// In place of all of the model's data, which are not read then; entries that none is for become zeros.
  std::vector<DataInput> inputs;
  /// Of every entry of `data:` that the model was trained on; needed where there are inputs. Of the model's
  /// own data they decide what texts become and how they are standardized, whatever the files hold now.
  DataDescriptions descriptions;
  /// The rows of the data are examples, even where the model has neither `split:` nor `batch`.
  bool rows_are_examples = false;
  std::optional<std::int64_t> batch;      ///< examples that are looked at together, in place of train.batch
  std::optional<std::string> expression;  ///< over the names of the model: what is to be predicted

  /// Null where there is none.
  [[nodiscard]] const ColumnDescription* find_description(std::string_view name) const;
};

struct ModelOptions {
  std::vector<std::pair<std::string, std::string>>
      set;  ///< replaced `let`s, by name: the text of an expression
  std::vector<std::pair<std::string, std::string>>
      grid;  ///< the same of one run of a sweep, which go before; errors call them --grid
  std::optional<std::uint32_t> seed;
  std::optional<std::int64_t> steps;
  std::optional<std::string> optimizer;  ///< in place of train.optimizer: NAME, or NAME: {alpha: 0.1}
  std::optional<DType> dtype;            ///< float32 or float64, in place of the model's
  Mode mode = Mode::training;
  std::optional<std::int64_t> rows;  ///< of every data entry, in place of the batch, where it has Examples
  std::vector<std::filesystem::path>
      data_directories;  ///< where data files are looked for, after the model's
  std::optional<std::filesystem::path>
      home;  ///< where relative paths begin, in place of the file's directory
  UseOptions use;
};

/// Where relative paths begin that a model file names.
[[nodiscard]] std::filesystem::path home_of(const ModelOptions& options, const Source& file);

/// A checked model: its graph holds the forward pass and every expression of the file. Gradients of what is
/// minimized and the optimizer's update are appended by the trainer.
struct CheckedModel {
  std::vector<std::unique_ptr<Source>> sources;               ///< what spans point into
  std::string path;                                           ///< "" for a model from a string
  std::string text;                                           ///< the file as read
  std::vector<std::pair<std::string, std::string>> settings;  ///< the `--set`s that were applied
  ModelOptions options;                                       ///< that it was loaded with
  std::string name;
  std::uint32_t seed = 0;
  std::unique_ptr<Graph> graph;  ///< its floating type is the model's dtype
  std::vector<std::pair<std::string, double>> lets;
  std::vector<DataEntry> data;
  std::optional<Examples> examples;  ///< where it has `split:` or `train.batch`
  std::vector<TensorDeclaration> parameters;
  std::vector<TensorDeclaration> states;
  std::vector<std::pair<std::string, NodeId>>
      named;  ///< data, parameters, states and graph, in the file's order; then those of modules
  std::vector<StateUpdate> updates;
  std::vector<std::shared_ptr<const UpdateRule>> optimizers;  ///< of `optimizers:`
  std::vector<NamedExpression> metrics;                       ///< of `metrics:`, scalars
  std::optional<TrainSetting> train;
  std::optional<SweepSetting> sweep;
  std::optional<ProblemSetting> problem;
  std::optional<NamedExpression> prediction;  ///< UseOptions::expression; its name is the expression's text
  // "scalar" leaves, if an expression uses them:
  NodeId steps = kNoNode;                                ///< `steps`
  NodeId validated = kNoNode;                            ///< `validated`: updates made at the last validation
  std::vector<std::pair<std::string, NodeId>> measures;  ///< what it found: "loss" and metrics, by name
};

/// Reads, checks and builds. Throws Error{model} with a place in the file, a span, notes and a hint.
[[nodiscard]] CheckedModel load_model(const std::filesystem::path& path, const ModelOptions& options = {});
/// `name` stands for the file in errors.
[[nodiscard]] CheckedModel load_model_text(std::string text, std::string name,
                                           const ModelOptions& options = {});
/// The same model, with the data that it has read, built for another mode and number of rows, and for another
/// floating type where one is given. REQUIRES: it has Examples.
[[nodiscard]] CheckedModel instantiate(const CheckedModel& model, Mode mode, std::int64_t rows,
                                       std::optional<DType> floating = std::nullopt);

}  // namespace talweg
