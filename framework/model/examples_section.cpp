// How examples are divided: split, and train.batch.

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "model/fields.hpp"
#include "model/sections.hpp"
#include "model/typed.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

constexpr std::array<std::string_view, 3> kSplits = {Examples::kTrain, Examples::kValidation,
                                                     Examples::kTest};

/// All entries have as many rows as the first.
std::int64_t rows_of_all(const ModelContext& context) {
  const std::vector<DataEntry>& data = context.model.data;
  const auto rows = [](const DataEntry& entry) { return entry.column->rows(); };
  for (const DataEntry& entry : data) {
    if (entry.column->shape().rank() == 0)
      throw error_at(entry.span, "data '" + entry.name + "' is a number; with 'batch' or 'split' the first " +
                                     "axis of every entry is the example");
    if (rows(entry) != rows(data.front()))
      throw error_at(entry.span, "data '" + entry.name + "' has " + count(rows(entry), "example") + ", '" +
                                     data.front().name + "' has " + std::to_string(rows(data.front())))
          .set_status(Status::data)
          .note("with 'batch' or 'split' the first axis of every entry is the example");
  }
  if (rows(data.front()) == 0)
    throw error_at(data.front().span, "there are no examples").set_status(Status::data);
  return rows(data.front());
}

/// Rows at the end of a split that share elements with the next one's first rows.
std::int64_t shared_rows(const ModelContext& context) {
  std::int64_t shared = 0;
  for (const DataEntry& entry : context.model.data) {
    const RawRows& raw = entry.column->raw();
    const std::int64_t bytes = raw.row_elements * raw.format.bytes;
    if (raw.row_stride > 0) shared = std::max(shared, (bytes - 1) / raw.row_stride);
  }
  return shared;
}

double sum_of(const std::vector<double>& parts) { return std::accumulate(parts.begin(), parts.end(), 0.0); }

/// Are the parts shares of the examples, which together are at most 1, and not numbers of them?
bool are_shares(const std::vector<double>& parts) {
  constexpr double kRounding = 1e-9;
  return sum_of(parts) <= 1 + kRounding;
}

void require_one_kind(const DocumentNode& node, const std::vector<double>& parts) {
  const auto fractions = std::ranges::count_if(parts, [](double part) { return part < 1; });
  if (fractions == 0 || are_shares(parts)) return;
  if (static_cast<std::size_t>(fractions) < parts.size())
    throw error_at(node.span, "'split' mixes shares of the examples with numbers of them");
  throw error_at(node.span, "the shares of 'split' add up to " +
                                format_number(std::round(sum_of(parts) * 1e6) / 1e6) +
                                ", and all examples are 1");
}

/// What the parts have of `rows`.
std::vector<std::int64_t> part_sizes(const std::vector<double>& parts, std::int64_t rows) {
  const bool shares = are_shares(parts);
  std::vector<std::int64_t> sizes;
  double before = 0;
  for (double part : parts) {
    // The parts end where their sum does, so that shares that make up 1 make up all rows.
    const auto end_of = [&](double share) { return std::llround(share * static_cast<double>(rows)); };
    sizes.push_back(shares ? end_of(before + part) - end_of(before) : std::llround(part));
    before += part;
  }
  return sizes;
}

/// The parts are those of the model's own data: of others all is one part.
void take_everything(Examples& examples) {
  examples.split_shuffled = false;
  for (Split& split : examples.splits) split = {split.name, 0, examples.rows};
}

void read_parts(ModelContext& context, const DocumentNode& node, Examples& examples) {
  const Fields fields(node, "'split'", {"train", "validation", "test", "shuffle"});
  static_cast<void>(fields.require("train"));
  std::vector<double> parts;
  std::vector<const DocumentNode*> nodes;
  for (std::string_view name : kSplits) {
    const DocumentNode* part = fields.find(name);
    if (part == nullptr) continue;
    const std::string what = "'" + std::string(name) + "' of 'split'";
    const double size = read_number(context, *part, ModelScope::kEverything, what);
    if (!(size > 0)) throw error_at(part->span, what + " is more than 0");
    if (size > 1 && size != std::floor(size))
      throw error_at(part->span, what + " is a share of the examples, at most 1, or a number of them");
    parts.push_back(size);
    nodes.push_back(part);
    examples.splits.push_back({std::string(name), 0, 0});
  }
  if (const DocumentNode* shuffle = fields.find("shuffle")) {
    ModelScope scope(context, ModelScope::kEverything);
    examples.split_shuffled = read_flag(context.graph(), scope, *shuffle, "'shuffle' of 'split'");
  }
  if (!context.options.use.inputs.empty()) return take_everything(examples);
  require_one_kind(node, parts);
  const std::vector<std::int64_t> sizes = part_sizes(parts, examples.rows);
  std::int64_t first = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Split& split = examples.splits[i];
    split.first = first;
    split.count = sizes[i];
    first += sizes[i];
    if (first > examples.rows)
      throw error_at(nodes[i]->span, "'split' asks for " + count(first, "example") + ", and there are " +
                                         std::to_string(examples.rows));
  }
  const std::int64_t shared = shared_rows(context);
  if (shared > 0 && examples.split_shuffled)
    throw error_at(fields.key("shuffle").span,
                   "rows of the data overlap: shuffled, the splits would share what they are made of");
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Split& split = examples.splits[i];
    if (i + 1 < sizes.size()) split.count -= shared;
    if (split.count <= 0)
      throw error_at(nodes[i]->span, "'" + split.name + "' of 'split' is empty: of " +
                                         count(examples.rows, "example") + " it has none")
          .set_status(Status::data);
  }
}

}  // namespace

void read_examples(ModelContext& context, const DocumentNode* split, const DocumentNode* batch) {
  const UseOptions& use = context.options.use;
  const bool used = use.rows_are_examples || !use.inputs.empty();
  if (split == nullptr && batch == nullptr && !used) return;
  if (context.model.data.empty()) {
    Error error(Status::model, "examples are rows of 'data:', and the model has none");
    if (split != nullptr || batch != nullptr) error.at((split == nullptr ? batch : split)->span.location());
    throw error;
  }
  Examples examples;
  examples.rows = rows_of_all(context);
  if (split == nullptr)
    examples.splits = {{std::string(Examples::kTrain), 0, examples.rows}};
  else
    read_parts(context, *split, examples);
  std::optional<std::int64_t> rows;
  if (batch != nullptr) rows = read_integer(context, *batch, ModelScope::kEverything, "'batch'", 1);
  if (use.batch) rows = use.batch;
  examples.batch = std::min(examples.train().count, rows.value_or(examples.train().count));
  context.model.examples = std::move(examples);
}

}  // namespace talweg
