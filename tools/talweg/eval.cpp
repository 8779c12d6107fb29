// talweg eval MODEL

#include <talweg/error.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "support/json_object.hpp"
#include "support/table.hpp"
#include "tensor_text.hpp"
#include "trained_options.hpp"

namespace talweg {
namespace {

constexpr const char* kExplanation =
    "Evaluates what `train.minimize` and `metrics:` name over whole splits of the model's data, exactly: "
    "every\n"
    "example counts once. With --input, over those examples; every entry of `data:` that the loss and the\n"
    "metrics depend on needs one then. Weights, settings and seed are those of the training.\n\n"
    "  talweg eval run1\n"
    "  talweg eval model.yaml --weights run1 --split validation\n"
    "  talweg eval run1 --input images=new-images.npy --input labels=new-labels.npy\n\n"
    "With --json, a line a split:\n"
    "  {\"event\":\"evaluation\",\"split\":\"validation\",\"examples\":2000,\"loss\":..., and the metrics}\n";

struct Options {
  TrainedArguments trained;
  std::vector<std::string> splits;
};

/// A split and what it is called; null where the model has no examples, but all of its data.
struct Part {
  const Split* split;
  std::string name;
};

std::vector<Part> parts_of(const CheckedModel& model, const Options& options) {
  if (!options.trained.input.empty()) {
    if (!options.splits.empty())
      throw Error(Status::model, "--split is of the model's own data, and --input gives others");
    return {{&model.examples->train(), "input"}};
  }
  std::vector<Part> parts;
  for (const std::string& name : options.splits) parts.push_back({&find_split(model, name), name});
  if (!parts.empty()) return parts;
  if (!model.examples) return {{nullptr, "data"}};
  for (const Split& split : model.examples->splits) parts.push_back({&split, split.name});
  return parts;
}

std::string to_json_line(const Part& part, const std::vector<NamedTensor>& values) {
  JsonObject object;
  object.add("event", "evaluation").add("split", part.name);
  if (part.split != nullptr) object.add("examples", part.split->count);
  for (const NamedTensor& value : values) object.add(value.name, value.values.front());
  return object.text() + "\n";
}

int eval(const Options& options) {
  TrainedModel model = options.trained.load({});
  if (!model.model().train && model.model().metrics.empty())
    throw Error(Status::model,
                "the model has neither `train.minimize` nor `metrics:`, so there is nothing to evaluate");
  std::vector<std::vector<std::string>> rows;
  for (const Part& part : parts_of(model.model(), options)) {
    const std::vector<NamedTensor> values = model.evaluate(part.split);
    if (options.trained.json) {
      write_output(to_json_line(part, values));
      continue;
    }
    if (rows.empty()) {
      rows.push_back({"split", "examples"});
      for (const NamedTensor& value : values) rows.front().push_back(value.name);
    }
    rows.push_back({part.name, part.split == nullptr ? "" : std::to_string(part.split->count)});
    for (const NamedTensor& value : values) rows.back().push_back(format_element(value.values.front()));
  }
  if (!options.trained.json)
    write_output(format_table(rows, "l" + std::string(rows.front().size() - 1, 'r')));
  return 0;
}

}  // namespace

int run_eval(std::span<const std::string> arguments) {
  Options options;
  CommandLine line("eval", "Evaluates a trained model over its splits, or over other examples.");
  options.trained.declare(line);
  line.option("--split", "NAME", "train, validation or test; all that the model has if not given",
              options.splits);
  line.explain(kExplanation);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  return eval(options);
}

}  // namespace talweg
