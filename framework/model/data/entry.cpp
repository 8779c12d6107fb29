#include "model/data/entry.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "model/data/column_options.hpp"
#include "model/data/data_path.hpp"
#include "model/data/generated_entry.hpp"
#include "model/data/idx.hpp"
#include "model/data/npy.hpp"
#include "model/data/npz.hpp"
#include "model/data/text.hpp"
#include "model/data/unpack.hpp"
#include "model/fields.hpp"
#include "model/typed.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

/// An entry while it is read.
struct Entry {
  ModelContext& context;
  std::size_t limit;
  std::string what;  ///< "data 'X'"
  Fields fields;
  const ColumnDescription* trained = nullptr;  ///< where the model is trained already: on these data
  bool is_input = false;                       ///< other examples than the model's own
};

std::string named(const Entry& entry, std::string_view key) {
  return "'" + std::string(key) + "' of " + entry.what;
}

bool read_flag(const Entry& entry, std::string_view key, bool otherwise = false) {
  const DocumentNode* node = entry.fields.find(key);
  if (node == nullptr) return otherwise;
  ModelScope scope(entry.context, entry.limit);
  return talweg::read_flag(entry.context.graph(), scope, *node, named(entry, key));
}

std::optional<double> read_number(const Entry& entry, std::string_view key) {
  const DocumentNode* node = entry.fields.find(key);
  if (node == nullptr) return std::nullopt;
  const double number = talweg::read_number(entry.context, *node, entry.limit, named(entry, key));
  if (!std::isfinite(number)) throw error_at(node->span, named(entry, key) + " is not finite");
  return number;
}

std::optional<std::int64_t> read_count(const Entry& entry, std::string_view key) {
  const DocumentNode* node = entry.fields.find(key);
  if (node == nullptr) return std::nullopt;
  return read_integer(entry.context, *node, entry.limit, named(entry, key), 1);
}

/// begin:end, each of which may be an expression or be left out.
std::optional<RowRange> read_rows(const Entry& entry) {
  constexpr std::string_view kKey = "rows";
  const DocumentNode* node = entry.fields.find(kKey);
  if (node == nullptr) return std::nullopt;
  const std::string& text = require_text(*node, named(entry, kKey));
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || text.find(':', colon + 1) != std::string::npos)
    throw error_at(node->span, named(entry, kKey) + " is a range such as 0:8000, and this is '" + text + "'");
  const auto side = [&](std::size_t begin, std::size_t end) -> std::optional<std::int64_t> {
    const DocumentNode part = node->part(begin, end);
    if (part.text.find_first_not_of(' ') == std::string::npos) return std::nullopt;
    return read_integer(entry.context, part, entry.limit, named(entry, kKey),
                        std::numeric_limits<std::int64_t>::min() / 2);
  };
  return RowRange{side(0, colon), side(colon + 1, text.size())};
}

std::optional<DType> read_dtype(const Entry& entry) {
  constexpr std::string_view kKey = "dtype";
  const DocumentNode* node = entry.fields.find(kKey);
  if (node == nullptr) return std::nullopt;
  const std::string& text = require_text(*node, named(entry, kKey));
  if (text == "float") return entry.context.graph().floating();
  if (text == "int64") return DType::int64;
  if (text == "bool") return DType::boolean;
  const std::vector<std::string> names = {"float", "int64", "bool"};
  Error error =
      error_at(node->span, named(entry, kKey) + " is float, int64 or bool, and this is '" + text + "'");
  error.set_hint(text.starts_with("float") ? "float is the floating type of the whole model"
                                           : did_you_mean(text, names));
  throw error;
}

/// Options that say different things about the same.
void refuse_contradictions(const Entry& entry) {
  struct Pair {
    std::string_view first, second;
  };
  constexpr std::array<Pair, 8> kPairs = {{{"one_hot", "scale"},
                                           {"one_hot", "offset"},
                                           {"one_hot", "dtype"},
                                           {"one_hot", "classes"},
                                           {"classes", "scale"},
                                           {"classes", "offset"},
                                           {"one_hot", "standardize"},
                                           {"classes", "standardize"}}};
  for (const Pair& pair : kPairs)
    if (entry.fields.find(pair.first) != nullptr && entry.fields.find(pair.second) != nullptr)
      throw error_at(
          entry.fields.key(pair.second).span,
          entry.what + " has both '" + std::string(pair.first) + "' and '" + std::string(pair.second) + "'");
}

ColumnOptions read_options(const Entry& entry) {
  refuse_contradictions(entry);
  ColumnOptions options;
  if (const DocumentNode* shape = entry.fields.find("shape"))
    options.shape = read_shape(entry.context, *shape, entry.limit, named(entry, "shape"));
  options.dtype = read_dtype(entry);
  options.scale = read_number(entry, "scale");
  options.offset = read_number(entry, "offset");
  options.one_hot = read_count(entry, "one_hot").value_or(0);
  options.classes = read_count(entry, "classes").value_or(0);
  options.rows = read_rows(entry);
  options.allow_nan = read_flag(entry, "allow_nan");
  options.standardize = read_flag(entry, "standardize");
  const bool integers = options.dtype && !is_floating(*options.dtype);
  if (integers && (options.scale || options.offset || options.allow_nan || options.standardize))
    throw error_at(
        entry.fields.key("dtype").span,
        named(entry, "dtype") + " is of whole numbers, and its other options are of floating ones");
  return options;
}

StoredRows read_npy_rows(const Entry& entry, const std::filesystem::path& path, const ColumnOptions&) {
  return rows_of(read_npy(read_data_file(path)), entry.context.graph().floating());
}

StoredRows read_idx_rows(const Entry& entry, const std::filesystem::path& path, const ColumnOptions&) {
  return rows_of(read_idx(read_data_file(path)), entry.context.graph().floating());
}

StoredRows read_text_rows(const Entry& entry, const std::filesystem::path& path, const ColumnOptions&) {
  const std::optional<std::int64_t> window = read_count(entry, "window"),
                                    stride = read_count(entry, "stride");
  if (stride && !window)
    throw error_at(entry.fields.key("stride").span, named(entry, "stride") + " is that of a 'window'");
  DataBytes bytes = read_data_file(path);
  const bool is_known = entry.trained != nullptr && !entry.trained->texts.empty();
  return rows_of(is_known ? read_text(std::move(bytes), entry.trained->texts) : read_text(std::move(bytes)),
                 window, stride.value_or(1));
}

StoredRows read_npz_rows(const Entry& entry, const std::filesystem::path& path, const ColumnOptions&) {
  std::optional<std::string> array;
  if (const DocumentNode* node = entry.fields.find("array"))
    array = require_text(*node, named(entry, "array"));
  return rows_of(read_npy(read_npz(map_data_file(path), array)), entry.context.graph().floating());
}

/// A list of different texts, as they are written.
std::vector<std::string> read_texts(const DocumentNode& node, const std::string& what) {
  std::vector<std::string> texts;
  for (const DocumentNode& item : require_sequence(node, what).items) {
    texts.push_back(require_text(item, "an item of " + what));
    if (std::ranges::find(texts, texts.back()) != texts.end() - 1)
      throw error_at(item.span, what + " has '" + texts.back() + "' twice");
  }
  if (texts.empty()) throw error_at(node.span, what + " is empty");
  return texts;
}

std::optional<std::vector<std::string>> read_categories(const Entry& entry) {
  const DocumentNode* node = entry.fields.find("categories");
  if (node == nullptr) return std::nullopt;
  if (node->kind == DocumentNode::Kind::sequence) return read_texts(*node, named(entry, "categories"));
  if (!read_flag(entry, "categories")) return std::nullopt;
  return std::vector<std::string>{};
}

char read_delimiter(const Entry& entry) {
  const DocumentNode* node = entry.fields.find("delimiter");
  if (node == nullptr) return ',';
  const std::string& text = require_text(*node, named(entry, "delimiter"));
  if (text.size() != 1 || std::string_view("\"\r\n").find(text[0]) != std::string_view::npos)
    throw error_at(node->span, named(entry, "delimiter") + " is one character, such as ';' or \"\\t\"");
  return text[0];
}

StoredRows read_csv_rows(const Entry& entry, const std::filesystem::path& path,
                         const ColumnOptions& options) {
  CsvRequest request;
  const DocumentNode* columns = entry.fields.find("columns");
  const bool one_column = columns != nullptr && columns->kind == DocumentNode::Kind::scalar;
  if (one_column)
    request.columns = {columns->text};
  else if (columns != nullptr)
    request.columns = read_texts(*columns, named(entry, "columns"));
  request.delimiter = read_delimiter(entry);
  request.categories = read_categories(entry);
  request.allowed = {options.allow_nan, std::max(options.classes, options.one_hot)};
  const DataBytes bytes = read_data_file(path);
  const bool has_names = has_header(bytes, request.delimiter);
  // A file that the model does not name may do without names of its columns.
  request.header = read_flag(entry, "header", !entry.is_input || has_names);
  if (request.header && !has_names && request.columns.empty() && entry.fields.find("header") == nullptr)
    throw data_error(bytes, "its first line has numbers, and the names of the columns are due")
        .set_hint("header: False takes that line as the first example, header: True as names");
  if (entry.trained != nullptr && !entry.trained->texts.empty()) {
    const std::vector<std::string>& texts = entry.trained->texts;
    if (!entry.is_input && request.categories && !request.categories->empty() && *request.categories != texts)
      throw error_at(entry.fields.require("categories").span,
                     named(entry, "categories") +
                         " are not those that the model was trained with, in their order: " + join(texts));
    if (entry.is_input || request.categories) request.categories = texts;
  }
  return rows_of(read_csv(bytes, request), one_column, entry.context.graph().floating());
}

/// A form that an entry can have, by the key that names its file.
struct Form {
  std::string_view key;
  StoredRows (*read)(const Entry& entry, const std::filesystem::path& path, const ColumnOptions& options);
  std::vector<std::string_view> options;  ///< besides those of every form
  std::vector<std::string_view> endings;  ///< of names of such files, without ".gz"
};

const std::vector<Form>& forms() {
  static const std::vector<Form> all = {
      {"csv", read_csv_rows, {"columns", "categories", "header", "delimiter"}, {".csv", ".tsv"}},
      {"npy", read_npy_rows, {}, {".npy"}},
      {"npz", read_npz_rows, {"array"}, {".npz"}},
      {"idx", read_idx_rows, {}, {".idx", "-ubyte"}},
      {"text", read_text_rows, {"window", "stride"}, {".txt"}}};
  return all;
}

const Form& form_of(const DocumentNode& node, const std::string& what) {
  std::vector<std::string> names;
  const Form* found = nullptr;
  for (const Form& form : forms()) {
    names.emplace_back(form.key);
    const auto entry =
        std::ranges::find(node.entries, form.key, [](const auto& each) { return each.key.text; });
    if (entry == node.entries.end()) continue;
    if (found != nullptr)
      throw error_at(entry->key.span, what + " is of one file, and names both '" + std::string(found->key) +
                                          "' and '" + std::string(form.key) + "'");
    found = &form;
  }
  if (found != nullptr) return *found;
  const std::vector<std::string> drawn = generated_names();
  std::vector<std::string> all = names;
  all.insert(all.end(), drawn.begin(), drawn.end());
  const DocumentNode& first = node.entries.empty() ? node : node.entries.front().key;
  throw error_at(first.span, what + " does not say where its values are")
      .note("a file of data is named by " + join(names) + ": {npy: FILE}; sets that are drawn are " +
            join(drawn))
      .set_hint(did_you_mean(first.text, all));
}

/// The form of a file of other examples: its name says it.
const Form& form_of_file(const std::filesystem::path& path, const std::string& what) {
  std::string name = path.filename().string();
  constexpr std::string_view kPacked = ".gz";
  if (name.ends_with(kPacked)) name.resize(name.size() - kPacked.size());
  std::vector<std::string> endings;
  for (const Form& form : forms())
    for (const std::string_view ending : form.endings) {
      if (name.ends_with(ending)) return form;
      endings.emplace_back(ending);
    }
  throw Error(Status::data, path.string() + ": the name does not say what kind of file it is")
      .note("it is given for " + what + "; known are names that end in " + join(endings) +
            ", or with .gz behind it");
}

std::vector<std::string_view> keys_of(const Form& form) {
  std::vector<std::string_view> keys = {form.key};
  keys.insert(keys.end(), form.options.begin(), form.options.end());
  for (std::string_view key :
       {"shape", "dtype", "scale", "offset", "one_hot", "classes", "rows", "allow_nan", "standardize"})
    keys.push_back(key);
  return keys;
}

std::filesystem::path find_file(const Entry& entry, const DocumentNode& node) {
  const std::string& name = require_text(node, "the file of " + entry.what);
  const ModelOptions& options = entry.context.options;
  try {
    return find_data_file(name, home_of(options, *entry.context.model.sources.front()),
                          options.data_directories);
  } catch (Error& error) {
    throw error.at(node.span.location());
  }
}

/// What new examples have to be so that they are like those that the model was trained on.
ColumnOptions options_like(const ColumnDescription& description) {
  ColumnOptions options;
  options.shape = description.example;
  options.dtype = description.dtype;
  options.one_hot = description.one_hot;
  options.classes = description.allowed.classes;
  options.allow_nan = description.allowed.nan;
  return options;
}

}  // namespace

std::shared_ptr<const DataColumn> read_input(ModelContext& context, const DocumentEntry& written,
                                             const DataInput& input, const ColumnDescription& like,
                                             std::size_t limit) {
  const std::string what = "data '" + input.name + "'";
  const Form& form = form_of_file(input.file, what);
  // What the model says of its own file holds for another of the same form.
  static const DocumentNode kNothing{.kind = DocumentNode::Kind::mapping};
  const bool same_form = written.value.kind == DocumentNode::Kind::mapping && !is_generated(written.value) &&
                         &form_of(written.value, what) == &form;
  const Entry entry{context, limit, what, Fields(same_form ? written.value : kNothing, what, keys_of(form)),
                    &like,   true};
  const ColumnOptions options = options_like(like);
  try {
    const auto column =
        make_column(form.read(entry, input.file, options), options, context.graph().floating());
    return with_scale(*column, like.scale, like.offset);
  } catch (Error& error) {
    if (error.status() != Status::data) throw;
    throw error.note("it is given for " + what);
  }
}

ReadData read_data_entry(ModelContext& context, const DocumentEntry& written, std::size_t limit) {
  if (is_generated(written.value)) return {draw_generated(context, written, limit), false};
  const DocumentNode& node = written.value;
  const std::string what = "data '" + written.key.text + "'";
  const Form& form = form_of(node, what);
  const Entry entry{context, limit, what, Fields(node, what, keys_of(form)),
                    context.options.use.find_description(written.key.text)};
  const DocumentNode& file = entry.fields.require(form.key);
  const ColumnOptions options = read_options(entry);
  const std::filesystem::path path = find_file(entry, file);
  try {
    return {{make_column(form.read(entry, path, options), options, context.graph().floating())},
            options.standardize};
  } catch (Error& error) {
    if (error.status() != Status::data) throw;
    throw error.note("it is " + what + " of " + text_of(file.span));
  }
}

}  // namespace talweg
