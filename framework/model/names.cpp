#include "model/names.hpp"

#include <algorithm>

#include "graph/function.hpp"
#include "model/constants.hpp"

namespace talweg {

std::string_view to_string(Section section) {
  switch (section) {
    case Section::let:
      return "let";
    case Section::data:
      return "data";
    case Section::parameters:
      return "parameters";
    case Section::state:
      return "state";
    case Section::graph:
      return "graph";
  }
  return "";
}

void check_name(const std::string& name, const Span& place) {
  if (is_reserved_word(name))
    throw error_at(place, "'" + name + "' is a word of the language and names nothing else");
  if (!is_identifier(name))
    throw error_at(place, "'" + name + "' is no name")
        .set_hint("a name is made of letters, digits and _, and begins with no digit");
  const std::pair<std::string_view, std::string_view> known_everywhere[] = {
      {"step", "the number of updates made"},
      {"steps", "their planned number"},
      {"epoch", "the number of passes over the examples that were made"},
      {"epochs", "the planned number of passes over the examples"},
      {"validated", "the number of updates made at the last validation, or -1"}};
  for (const auto& [known, meaning] : known_everywhere)
    if (name == known)
      throw error_at(place, "'" + name + "' is taken: in every expression it is " + std::string(meaning));
  if (name == "training")
    throw error_at(
        place, "'training' is taken: in every expression it is True or False, which the model is built for");
  if (name == "np" || name == "numpy") throw error_at(place, "'" + name + "' is taken: it is NumPy's name");
  if (name == "grad" || FunctionRegistry::instance().find(name) != nullptr ||
      std::ranges::find(number_function_names(), name) != number_function_names().end())
    throw error_at(place, "'" + name + "' is taken: it is a function");
  if (find_constant(name)) throw error_at(place, "'" + name + "' is taken: it is a constant");
}

NamedEntry& Names::define(const DocumentNode& key, const DocumentNode& value, Section section) {
  check_name(key.text, key.span);
  const auto [found, added] = index_.emplace(key.text, entries_.size());
  if (!added) {
    const NamedEntry& first = entries_[found->second];
    throw error_at(key.span, "the name '" + key.text + "' is given twice")
        .note("the first is in '" + std::string(to_string(first.section)) + ":' on " + line_of(first.place));
  }
  NamedEntry& entry = entries_.emplace_back();
  entry.name = key.text;
  entry.section = section;
  entry.place = key.span;
  entry.node = &value;
  return entry;
}

std::optional<std::size_t> Names::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> Names::before(std::size_t limit) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(limit, entries_.size()); ++i) names.push_back(entries_[i].name);
  return names;
}

Names::Needs Names::needed_by(const Expression& expression) const {
  Needs needs;
  std::vector<std::size_t> open;
  const auto visit = [&](const Expression& part, std::size_t from) {
    for (const ExpressionNode& node : part.nodes) {
      if (node.kind != ExpressionNode::Kind::name) continue;
      const auto index = find(node.text);
      if (index && needs.through.emplace(*index, from).second) open.push_back(*index);
    }
  };
  visit(expression, size());
  while (!open.empty()) {
    const std::size_t index = open.back();
    open.pop_back();
    if (entries_[index].expression) visit(*entries_[index].expression, index);
  }
  for (const auto& [index, from] : needs.through) needs.entries.push_back(index);
  return needs;
}

}  // namespace talweg
