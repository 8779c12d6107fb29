#include "model/data/generated_entry.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "model/data/generated.hpp"
#include "model/fields.hpp"
#include "model/typed.hpp"

namespace talweg {
namespace {

/// Numbers of one set.
constexpr double kMostNumbers = 0x1p27;

const Generator* find_generator(const DocumentNode& entry) {
  if (entry.kind != DocumentNode::Kind::mapping) return nullptr;
  for (const Generator& generator : generators())
    for (const DocumentEntry& key : entry.entries)
      if (key.key.text == generator.name) return &generator;
  return nullptr;
}

/// A number for a text, which is the same everywhere (FNV-1a, Fowler, Noll and Vo).
std::uint32_t key_of(std::string_view text) {
  constexpr std::uint32_t kBasis = 2166136261U, kPrime = 16777619U;
  std::uint32_t key = kBasis;
  for (const char c : text) key = (key ^ static_cast<unsigned char>(c)) * kPrime;
  return key;
}

double read_parameter(ModelContext& context, const GeneratorParameter& parameter, const Fields& fields,
                      std::size_t limit, const std::string& what) {
  const DocumentNode* node = fields.find(parameter.name);
  if (node == nullptr) return parameter.otherwise;
  const std::string name = "'" + std::string(parameter.name) + "' of " + what;
  if (parameter.is_count)
    return static_cast<double>(read_integer(context, *node, limit, name, parameter.least));
  const double value = read_number(context, *node, limit, name);
  if (!(value >= 0 && std::isfinite(value))) throw error_at(node->span, name + " is at least 0, and finite");
  return value;
}

std::uint32_t read_own_seed(ModelContext& context, const Fields& fields, std::size_t limit,
                            const std::string& what) {
  constexpr std::int64_t kLargestSeed = 0xFFFFFFFF;
  const DocumentNode* node = fields.find("seed");
  if (node == nullptr) return context.model.seed;
  const std::int64_t seed = read_integer(context, *node, limit, "'seed' of " + what, 0);
  if (seed > kLargestSeed) throw error_at(node->span, "'seed' of " + what + " is at most 4294967295");
  return static_cast<std::uint32_t>(seed);
}

}  // namespace

std::vector<DocumentNode> data_names(const DocumentNode& key) {
  std::vector<DocumentNode> names;
  for (std::size_t begin = 0; begin <= key.text.size();) {
    const std::size_t end = std::min(key.text.find(',', begin), key.text.size());
    std::size_t first = begin, last = end;
    while (first < last && key.text[first] == ' ') ++first;
    while (last > first && key.text[last - 1] == ' ') --last;
    names.push_back(key.part(first, last));
    begin = end + 1;
  }
  return names;
}

bool is_generated(const DocumentNode& entry) { return find_generator(entry) != nullptr; }

std::vector<std::string> generated_names() {
  std::vector<std::string> names;
  for (const Generator& generator : generators()) names.emplace_back(generator.name);
  return names;
}

std::vector<std::shared_ptr<const DataColumn>> draw_generated(ModelContext& context,
                                                              const DocumentEntry& entry, std::size_t limit) {
  const Generator& generator = *find_generator(entry.value);
  const std::string name(generator.name), what = "'" + name + "' of data '" + entry.key.text + "'";
  if (data_names(entry.key).size() != 2)
    throw error_at(entry.key.span, what + " is points and " + (generator.classes ? "labels" : "values") +
                                       ", which have a name each")
        .set_hint("write 'X, y: {" + name + ": {...}}' on a line of its own");
  const Fields set(entry.value, "data '" + entry.key.text + "'", {generator.name});
  std::vector<std::string_view> known;
  for (const GeneratorParameter& parameter : generator.parameters) known.push_back(parameter.name);
  known.emplace_back("seed");
  const Fields fields(set.require(generator.name), what, std::span<const std::string_view>(known));
  std::vector<double> values;
  double numbers = 1;
  for (const GeneratorParameter& parameter : generator.parameters) {
    values.push_back(read_parameter(context, parameter, fields, limit, what));
    if (parameter.is_count) numbers *= values.back();
  }
  if (numbers > kMostNumbers) throw error_at(entry.value.span, what + " is too large to be drawn");
  GeneratedSet drawn =
      generator.draw(values, read_own_seed(context, fields, limit, what), key_of(entry.key.text));
  const DType floating = context.graph().floating();
  const Shape points = {drawn.examples, drawn.features};
  const Shape targets = generator.classes ? Shape{drawn.examples} : Shape{drawn.examples, 1};
  return {DataColumn::of(std::move(drawn.points), points, floating),
          DataColumn::of(std::move(drawn.targets), targets, generator.classes ? DType::int64 : floating)};
}

}  // namespace talweg
