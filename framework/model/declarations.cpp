// The sections that declare what a graph begins with: let, data, parameters, state.

#include <algorithm>
#include <cmath>
#include <optional>

#include "model/data/entry.hpp"
#include "model/data/generated_entry.hpp"
#include "model/data/standardized.hpp"
#include "model/document_text.hpp"
#include "model/fields.hpp"
#include "model/initializers.hpp"
#include "model/sections.hpp"
#include "model/split_order.hpp"
#include "model/typed.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

/// Elements of all data, parameters and states of a model.
constexpr std::int64_t kMaximumElements = std::int64_t{1} << 31;

/// Of a tensor that is about to be declared.
void count_elements(ModelContext& context, const Shape& shape, const Span& place) {
  context.elements += shape.elements();
  if (context.elements > kMaximumElements)
    throw error_at(place, "with a shape of " + to_string(shape) + " the tensors of the model have " +
                              std::to_string(context.elements) + " elements; at most " +
                              std::to_string(kMaximumElements) + " are possible");
}

/// What replaces a number, the last where there are several: the option that gives it, and its text.
struct Replacement {
  std::string option;
  std::string text;
};

std::optional<Replacement> find_replacement(const ModelOptions& options, const std::string& name) {
  std::optional<Replacement> found;
  for (const auto& [set, value] : options.set)
    if (set == name) found = {"--set", value};
  for (const auto& [varied, value] : options.grid)
    if (varied == name) found = {"--grid", value};
  return found;
}

void check_settings(const ModelContext& context, const DocumentNode* section) {
  std::vector<std::string> names;
  if (section != nullptr)
    for (const DocumentEntry& entry : section->entries) names.push_back(entry.key.text);
  for (const auto& [name, text] : context.options.set) {
    if (std::ranges::find(names, name) != names.end()) continue;
    Error error(Status::model, "'let:' has no '" + name + "', which --set replaces");
    if (!names.empty()) error.note("it has " + join(names));
    error.set_hint(did_you_mean(name, names));
    throw error.at({context.model.sources.front()->name(), 0, 0, 1, ""});
  }
}

/// Integers that the graph's floating type cannot hold would change without a word.
void check_exact(const ModelContext& context, const NumberArray& array, const DocumentNode& node) {
  if (array.dtype != DType::int64) return;
  const bool single = context.graph().floating() == DType::float32;
  const double most = single ? 0x1p24 : 0x1p53;
  for (double value : array.values)
    if (std::abs(value) > most)
      throw error_at(node.span, "the integer " + format_number(value) + " is not exact in a model of dtype " +
                                    std::string(to_string(context.graph().floating())))
          .set_hint("write it with a decimal point");
}

void require_fitting(const Shape& shape, const Shape& own, const DocumentNode& node,
                     const std::string& what) {
  if (own.rank() > 0 && !(own == shape))
    throw error_at(node.span,
                   what + " has shape " + to_string(shape) + ", its initial value has " + to_string(own));
}

}  // namespace

std::optional<TensorDeclaration> read_tensor(ModelContext& context, Scope& scope, const DocumentEntry& entry,
                                             const std::string& path, bool state) {
  const std::string what = (state ? "state '" : "parameter '") + entry.key.text + "'";
  const DocumentNode *shape_node = nullptr, *init_node = &entry.value;
  if (entry.value.kind == DocumentNode::Kind::mapping) {
    const Fields fields(entry.value, what, {"shape", "init", "if"});
    const DocumentNode* condition = fields.find("if");
    if (condition != nullptr && !read_flag(context.graph(), scope, *condition, "'if' of " + what))
      return std::nullopt;
    shape_node = fields.find("shape");
    init_node = fields.find("init");
  }
  if (init_node == nullptr && !state)
    throw error_at(entry.key.span, what + " has no 'init'")
        .set_hint("init: 'uniform(-1, 1)', zeros, ... or an array");
  std::optional<Shape> shape;
  if (shape_node != nullptr) shape = read_shape(context.graph(), scope, *shape_node, "the shape of " + what);
  ReadInitializer read;
  if (init_node != nullptr) {
    read = read_initializer(context.graph(), scope, *init_node, what);
    if (shape && read.shape) require_fitting(*shape, *read.shape, *init_node, what);
    if (!shape) shape = read.shape;
  }
  if (!shape)
    throw error_at(entry.key.span, what + " has no 'shape'").set_hint("shape: [] is that of a single number");
  count_elements(context, *shape, shape_node == nullptr ? entry.value.span : shape_node->span);
  const OriginScope origin(context.graph(), entry.key.span);
  TensorDeclaration declaration;
  declaration.name = path + entry.key.text;
  declaration.initializer = std::move(read.initializer);
  declaration.span = entry.key.span;
  declaration.node =
      context.graph()
          .add_leaf(state ? "state" : "parameter", declaration.name, *shape, context.graph().floating())
          .id();
  return declaration;
}

namespace {

void read_tensors(ModelContext& context, const DocumentNode* section, bool state) {
  if (section == nullptr) return;
  std::vector<TensorDeclaration>& tensors = state ? context.model.states : context.model.parameters;
  for (const DocumentEntry& entry : section->entries) {
    const std::size_t index = *context.names.find(entry.key.text);
    ModelScope scope(context, index);
    auto tensor = read_tensor(context, scope, entry, "", state);
    if (!tensor) {
      context.names[index].value = Operand{};
      continue;
    }
    tensors.push_back(std::move(*tensor));
    context.names[index].value = Operand{context.graph().value(tensors.back().node)};
  }
}

}  // namespace

namespace {

/// A mapping says where the values are; everything else is the values.
ReadData read_entry(ModelContext& context, const DocumentEntry& entry,
                    const std::vector<DocumentNode>& names) {
  const std::size_t index = *context.names.find(names.front().text);
  if (names.size() > 1 && !is_generated(entry.value)) {
    const std::vector<std::string> drawn = generated_names();
    const std::vector<DocumentEntry>& keys = entry.value.entries;
    throw error_at(entry.key.span, "'" + entry.key.text + "' are " + std::to_string(names.size()) +
                                       " names, and this is one tensor")
        .note("two names are for a set that is drawn: " + join(drawn))
        .set_hint(keys.empty() ? "" : did_you_mean(keys.front().key.text, drawn));
  }
  if (entry.value.kind == DocumentNode::Kind::mapping) return read_data_entry(context, entry, index);
  NumberArray array = read_array(context, entry.value, index, "data '" + entry.key.text + "'");
  check_exact(context, array, entry.value);
  return {{DataColumn::of(std::move(array.values), array.shape, array.dtype)}};
}

}  // namespace

void read_lets(ModelContext& context, const DocumentNode* section) {
  check_settings(context, section);
  if (section == nullptr) return;
  CheckedModel& model = context.model;
  for (const DocumentEntry& entry : section->entries) {
    const std::string& name = entry.key.text;
    const std::size_t index = *context.names.find(name);
    DocumentNode replaced;
    const DocumentNode* node = &entry.value;
    if (const auto replacement = find_replacement(context.options, name)) {
      model.settings.emplace_back(name, replacement->text);
      model.sources.push_back(std::make_unique<Source>(replacement->option + " " + name, replacement->text));
      replaced = scalar_document(*model.sources.back());
      check_document_text(*model.sources.back());
      node = &replaced;
    }
    const Operand number = read_number_operand(context, *node, index, "'" + name + "'");
    context.names[index].value = number;
    model.lets.emplace_back(name, *number.number());
  }
}

namespace {

void check_inputs(const ModelContext& context, const DocumentNode* section) {
  std::vector<std::string> names;
  if (section != nullptr)
    for (const DocumentEntry& entry : section->entries)
      for (const DocumentNode& name : data_names(entry.key)) names.push_back(name.text);
  const std::vector<DataInput>& inputs = context.options.use.inputs;
  for (auto input = inputs.begin(); input != inputs.end(); ++input) {
    if (std::ranges::find(names, input->name) == names.end()) {
      Error error(Status::model, "'data:' has no '" + input->name + "', which --input is given for");
      if (!names.empty()) error.note("it has " + join(names));
      throw error.set_hint(did_you_mean(input->name, names));
    }
    if (std::find_if(inputs.begin(), input,
                     [&](const DataInput& other) { return other.name == input->name; }) != input)
      throw Error(Status::model, "--input is given twice for '" + input->name + "'");
  }
}

/// Inputs in place of all of the model's data. The entries that there is none for come last, as zeros of as
/// many examples.
void read_inputs(ModelContext& context, const DocumentNode& section) {
  const UseOptions& use = context.options.use;
  std::vector<DataEntry>& data = context.model.data;
  for (const DocumentEntry& entry : section.entries)
    for (const DocumentNode& name : data_names(entry.key)) {
      const ColumnDescription* description = use.find_description(name.text);
      if (description == nullptr)
        throw error_at(name.span, "nothing is known of what the model was trained on as '" + name.text + "'");
      data.push_back({name.text, kNoNode, nullptr, name.span});
      const auto input = std::ranges::find(use.inputs, name.text, &DataInput::name);
      if (input == use.inputs.end()) continue;
      const std::size_t limit = *context.names.find(data_names(entry.key).front().text);
      data.back().column = read_input(context, entry, *input, *description, limit);
      const auto first =
          std::ranges::find_if(data, [](const DataEntry& read) { return read.column != nullptr; });
      if (data.back().column->rows() != first->column->rows())
        throw Error(Status::data, "--input gives " + count(first->column->rows(), "example") + " of '" +
                                      first->name + "' and " + std::to_string(data.back().column->rows()) +
                                      " of '" + name.text + "'");
    }
  const auto first = std::ranges::find_if(data, [](const DataEntry& read) { return read.column != nullptr; });
  for (DataEntry& entry : data)
    if (entry.column == nullptr) {
      entry.column = placeholder(*use.find_description(entry.name), first->column->rows());
      entry.is_placeholder = true;
    }
}

}  // namespace

void read_data(ModelContext& context, const DocumentNode* section) {
  check_inputs(context, section);
  if (section == nullptr) return;
  if (!context.options.use.inputs.empty() && context.known_data.empty()) {
    read_inputs(context, *section);
    return;
  }
  for (const DocumentEntry& entry : section->entries) {
    const std::vector<DocumentNode> names = data_names(entry.key);
    const auto known = std::ranges::find(context.known_data, names.front().text, &DataEntry::name);
    ReadData read;
    if (known == context.known_data.end())
      read = read_entry(context, entry, names);
    else
      for (std::size_t i = 0; i < names.size(); ++i)
        read.columns.push_back((known + static_cast<std::ptrdiff_t>(i))->column);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (read.standardize) context.standardized.push_back(context.model.data.size());
      context.model.data.push_back(
          {names[i].text, kNoNode, std::move(read.columns[i]), names[i].span,
           known != context.known_data.end() && (known + static_cast<std::ptrdiff_t>(i))->is_placeholder});
    }
  }
}

void standardize_data(ModelContext& context) {
  const std::optional<Examples>& examples = context.model.examples;
  for (const std::size_t index : context.standardized) {
    DataEntry& entry = context.model.data[index];
    const ColumnDescription* trained = context.options.use.find_description(entry.name);
    if (trained != nullptr && !trained->scale.empty() &&
        trained->example == describe(*entry.column).example) {
      entry.column = with_scale(*entry.column, trained->scale, trained->offset);
      continue;
    }
    std::int64_t first = 0, count = entry.column->rows();
    std::optional<Permutation> order;
    if (examples) {
      first = examples->train().first;
      count = examples->train().count;
      if (examples->split_shuffled) order = order_of_splits(*examples, context.model.seed);
    }
    try {
      entry.column = standardized(*entry.column, count, [&](std::int64_t place) {
        return order ? (*order)(first + place) : first + place;
      });
    } catch (Error& error) {
      throw error.at(entry.span.location());
    }
  }
}

void declare_data(ModelContext& context) {
  for (DataEntry& entry : context.model.data) {
    Shape shape = entry.column->shape();
    if (context.model.examples) shape[0] = context.options.rows.value_or(context.model.examples->batch);
    if (!context.options.rows) count_elements(context, shape, entry.span);
    const OriginScope origin(context.graph(), entry.span);
    const DType dtype = entry.column->dtype();
    const Value value = context.graph().add_leaf("data", entry.name, shape,
                                                 is_floating(dtype) ? context.graph().floating() : dtype);
    entry.node = value.id();
    context.names[*context.names.find(entry.name)].value = Operand{value};
  }
}

void read_parameters(ModelContext& context, const DocumentNode* section) {
  read_tensors(context, section, false);
}

void read_states(ModelContext& context, const DocumentNode* section) { read_tensors(context, section, true); }

}  // namespace talweg
