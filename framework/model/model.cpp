#include "model/model.hpp"

#include <algorithm>

#include "model/data/generated_entry.hpp"
#include "model/document.hpp"
#include "model/document_text.hpp"
#include "model/fields.hpp"
#include "model/model_file.hpp"
#include "model/sections.hpp"
#include "model/typed.hpp"
#include "ops/registry.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

constexpr std::int64_t kFormatVersion = 1;

const DocumentNode* mapping_or_null(const Fields& fields, const std::string& name) {
  const DocumentNode* section = fields.find(name);
  if (section != nullptr) require_mapping(*section, "'" + name + "'");
  return section;
}

void define_all(ModelContext& context, const DocumentNode* section, Section kind) {
  if (section == nullptr) return;
  for (const DocumentEntry& entry : section->entries) context.names.define(entry.key, entry.value, kind);
}

void define_data(ModelContext& context, const DocumentNode* section) {
  if (section == nullptr) return;
  for (const DocumentEntry& entry : section->entries)
    for (const DocumentNode& name : data_names(entry.key))
      context.names.define(name, entry.value, Section::data);
}

void check_version(ModelContext& context, const Fields& fields) {
  if (fields.find("talweg") == nullptr)
    throw error_at({context.model.sources.front().get(), 0, 1}, "a model file says the version of its format")
        .set_hint("write 'talweg: 1' at the top");
  const DocumentNode& node = *fields.find("talweg");
  const std::int64_t version = read_integer(context, node, 0, "'talweg', the version of the format,", 1);
  if (version > kFormatVersion)
    throw error_at(node.span, "the file is of format " + std::to_string(version) +
                                  "; this program reads format " + std::to_string(kFormatVersion));
}

DType read_dtype(const Fields& fields) {
  const DocumentNode* node = fields.find("dtype");
  if (node == nullptr) return DType::float64;
  const std::string& text = require_text(*node, "'dtype'");
  if (text == "float64") return DType::float64;
  if (text == "float32") return DType::float32;
  const std::vector<std::string> names = {"float64", "float32"};
  throw error_at(node->span, "'dtype' is float64 or float32, and this is '" + text + "'")
      .set_hint(did_you_mean(text, names));
}

std::uint32_t read_seed(ModelContext& context, const Fields& fields) {
  if (context.options.seed) return *context.options.seed;
  const DocumentNode* node = fields.find("seed");
  if (node == nullptr) return 0;
  const std::int64_t seed = read_integer(context, *node, 0, "'seed'", 0);
  if (seed > 0xFFFFFFFF) throw error_at(node->span, "'seed' is at most 4294967295");
  return static_cast<std::uint32_t>(seed);
}

void parse_graph(ModelContext& context) {
  for (std::size_t i = 0; i < context.names.size(); ++i)
    if (context.names[i].section == Section::graph)
      context.names[i].expression = parse_expression(*context.names[i].node);
}

void read_model(CheckedModel& model, const ModelOptions& options, std::span<const DataEntry> known_data) {
  const DocumentNode root = read_document(*model.sources.front());
  const Fields fields(
      root, "a model file",
      {"talweg", "name", "dtype", "seed", "let", "data", "parameters", "state", "graph", "update",
       "optimizers", "train", "sweep", "modules", "use", "split", "metrics", "problem"});
  const DType dtype = read_dtype(fields);
  model.graph = std::make_unique<Graph>(options.dtype.value_or(dtype));
  ModelContext context{model, options, known_data, {}, Modules(model.sources), {}, {}, {}};
  check_version(context, fields);
  if (const DocumentNode* name = fields.find("name")) model.name = require_text(*name, "'name'");
  model.seed = read_seed(context, fields);
  model.graph->set_seed(model.seed);

  const DocumentNode* let = mapping_or_null(fields, "let");
  const DocumentNode* data = mapping_or_null(fields, "data");
  const DocumentNode* parameters = mapping_or_null(fields, "parameters");
  const DocumentNode* state = mapping_or_null(fields, "state");
  const DocumentNode* train = mapping_or_null(fields, "train");
  context.modules.read(mapping_or_null(fields, "modules"), fields.find("use"),
                       home_of(options, *model.sources.front()));
  define_all(context, let, Section::let);
  define_data(context, data);
  define_all(context, parameters, Section::parameters);
  define_all(context, state, Section::state);
  define_all(context, mapping_or_null(fields, "graph"), Section::graph);
  parse_graph(context);
  prepare_minimize(context, train);

  read_lets(context, let);
  read_data(context, data);
  read_examples(context, fields.find("split"), find_batch(train));
  standardize_data(context);
  declare_data(context);
  read_parameters(context, parameters);
  read_states(context, state);
  read_graph(context);
  read_updates(context, mapping_or_null(fields, "update"));
  read_metrics(context, mapping_or_null(fields, "metrics"));
  read_train(context, train);
  read_prediction(context);
  hold_data_to_places(context);
  read_optimizers(context, mapping_or_null(fields, "optimizers"));
  read_sweep(context, mapping_or_null(fields, "sweep"));
  read_problem(context, mapping_or_null(fields, "problem"));
}

}  // namespace

namespace {

CheckedModel read_text(std::string text, std::string name, const ModelOptions& options,
                       std::span<const DataEntry> known_data) {
  register_ops();
  CheckedModel model;
  model.options = options;
  model.text = std::move(text);
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const std::size_t begin = model.text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  model.name = std::filesystem::path(name).stem().string();
  model.sources.push_back(std::make_unique<Source>(std::move(name), model.text.substr(begin)));
  read_model(model, options, known_data);
  return model;
}

}  // namespace

const ColumnDescription* UseOptions::find_description(std::string_view name) const {
  const auto found = std::ranges::find(descriptions, name, [](const auto& pair) { return pair.first; });
  return found == descriptions.end() ? nullptr : &found->second;
}

std::filesystem::path home_of(const ModelOptions& options, const Source& file) {
  return options.home.value_or(std::filesystem::path(file.name()).parent_path());
}

CheckedModel load_model_text(std::string text, std::string name, const ModelOptions& options) {
  return read_text(std::move(text), std::move(name), options, {});
}

CheckedModel instantiate(const CheckedModel& model, Mode mode, std::int64_t rows,
                         std::optional<DType> floating) {
  ModelOptions options = model.options;
  if (floating) options.dtype = floating;
  options.mode = mode;
  options.rows = rows;
  CheckedModel instance = read_text(model.text, model.sources.front()->name(), options, model.data);
  instance.path = model.path;
  return instance;
}

CheckedModel load_model(const std::filesystem::path& path, const ModelOptions& options) {
  CheckedModel model = load_model_text(read_model_file(path), path.string(), options);
  model.path = path.string();
  return model;
}

}  // namespace talweg
