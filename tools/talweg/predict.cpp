// talweg predict MODEL EXPRESSION

#include <filesystem>
#include <talweg/error.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "prediction_writer.hpp"
#include "trained_options.hpp"

namespace talweg {
namespace {

constexpr std::int64_t kBatch = 256;

constexpr const char* kExplanation =
    "EXPRESSION is one over the names of the model: an entry of its `graph:`, or 'argmax(scores, axis=-1)'. "
    "It\n"
    "is a row an example, and is computed batch by batch as the model is in evaluation. Without --input the\n"
    "examples are the model's own; with it only those entries of `data:` are needed that the expression\n"
    "depends on. An input is read as the model's own file is: scaled, standardized and encoded with what "
    "the\n"
    "training has found.\n\n"
    "  talweg predict run1 scores --input images=new-images.npy --out scores.npy\n"
    "  talweg predict run1 'argmax(scores, axis=-1)' --split test --labels species --out species.csv\n\n"
    "With --json, a line an example:\n"
    "  {\"event\":\"prediction\",\"example\":0,\"value\":...}\n";

struct Options {
  TrainedArguments trained;
  std::string expression;
  std::optional<std::string> split;
  std::optional<std::string> out;
  std::optional<std::string> labels;
  std::optional<std::int64_t> batch;
};

/// What the integers of an entry of `data:` stand for.
std::vector<std::string> texts_of(const CheckedModel& model, const std::string& name) {
  const UseOptions& use = model.options.use;
  for (const DataEntry& entry : model.data) {
    if (entry.name != name) continue;
    std::vector<std::string> texts = entry.column->conversion().texts;
    for (const auto& [described, description] : use.descriptions)
      if (texts.empty() && described == name) texts = description.texts;
    if (texts.empty())
      throw Error(Status::model, "--labels: data '" + name + "' are numbers, no categories and no text");
    return texts;
  }
  throw Error(Status::model, "--labels: the model has no data '" + name + "'");
}

int predict(const Options& options) {
  if (options.split && !options.trained.input.empty())
    throw Error(Status::model, "--split is of the model's own data, and --input gives others");
  if (options.out && options.trained.json)
    throw Error(Status::model,
                "--json writes to standard output, and --out to a file: one of them is too much");
  UseOptions use;
  use.rows_are_examples = true;
  use.batch = options.batch.value_or(kBatch);
  use.expression = options.expression;
  TrainedModel model = options.trained.load(std::move(use));
  const Split* split = options.split ? &find_split(model.model(), *options.split) : nullptr;
  PredictionFormat format;
  format.name = options.expression;
  format.examples = split == nullptr ? model.model().examples->rows : split->count;
  format.json = options.trained.json;
  if (options.labels) format.texts = texts_of(model.model(), *options.labels);
  const auto writer = make_prediction_writer(options.out, format);
  model.predict(split, [&](const NamedTensor& values) { writer->write(values); });
  writer->finish();
  return 0;
}

}  // namespace

int run_predict(std::span<const std::string> arguments) {
  Options options;
  CommandLine line("predict", "Predicts with a trained model for its own or other examples.");
  options.trained.declare(line);
  line.argument("EXPRESSION", "what to predict", options.expression);
  line.option("--split", "NAME", "the examples of a split of the model's own data; all if not given",
              options.split);
  line.option("--out", "FILE", "a .npy or .csv file; CSV on standard output if not given", options.out);
  line.option("--labels", "NAME", "writes integers as the categories or characters of that entry of `data:`",
              options.labels);
  line.option("--batch", "N", "examples at a time; 256 if not given", options.batch, 1);
  line.explain(kExplanation);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  return predict(options);
}

}  // namespace talweg
