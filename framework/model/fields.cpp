#include "model/fields.hpp"

#include <algorithm>

#include "model/place.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

const DocumentNode& require_kind(const DocumentNode& node, DocumentNode::Kind kind, const std::string& what) {
  if (node.kind != kind)
    throw error_at(node.span, what + " is " + std::string(describe(kind)) + ", and this is " +
                                  std::string(describe(node.kind)));
  return node;
}

}  // namespace

Fields::Fields(const DocumentNode& node, std::string what, std::initializer_list<std::string_view> known)
    : Fields(node, std::move(what), std::span(known.begin(), known.size())) {}

Fields::Fields(const DocumentNode& node, std::string what, std::span<const std::string_view> known)
    : node_(require_mapping(node, what)), what_(std::move(what)) {
  for (const DocumentEntry& entry : node.entries) {
    if (std::ranges::find(known, entry.key.text) != known.end()) continue;
    const std::vector<std::string> names(known.begin(), known.end());
    throw error_at(entry.key.span, "unknown key '" + entry.key.text + "' of " + what_)
        .note("the keys of " + what_ + " are " + join(names))
        .set_hint(did_you_mean(entry.key.text, names));
  }
}

const DocumentNode* Fields::find(std::string_view key) const {
  for (const DocumentEntry& entry : node_.entries)
    if (entry.key.text == key) return &entry.value;
  return nullptr;
}

const DocumentNode& Fields::require(std::string_view key) const {
  const DocumentNode* found = find(key);
  if (found == nullptr) throw error_at(node_.span, what_ + " lacks its key '" + std::string(key) + "'");
  return *found;
}

const DocumentNode& Fields::key(std::string_view key) const {
  return std::ranges::find(node_.entries, key,
                           [](const DocumentEntry& entry) -> const std::string& { return entry.key.text; })
      ->key;
}

const DocumentNode& require_mapping(const DocumentNode& node, const std::string& what) {
  return require_kind(node, DocumentNode::Kind::mapping, what);
}

const DocumentNode& require_sequence(const DocumentNode& node, const std::string& what) {
  return require_kind(node, DocumentNode::Kind::sequence, what);
}

const std::string& require_text(const DocumentNode& node, const std::string& what) {
  return require_kind(node, DocumentNode::Kind::scalar, what).text;
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

}  // namespace talweg
