#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/document.hpp"

namespace talweg {

/// A mapping whose keys are known. Throws Error{model} where `node` is none, or has another key.
class Fields {
 public:
  /// `what` names the mapping in errors: "train", "parameter 'w'".
  Fields(const DocumentNode& node, std::string what, std::initializer_list<std::string_view> known);
  Fields(const DocumentNode& node, std::string what, std::span<const std::string_view> known);

  /// Null where the key is not there.
  [[nodiscard]] const DocumentNode* find(std::string_view key) const;
  [[nodiscard]] const DocumentNode& require(std::string_view key) const;
  /// The key itself, for its place. REQUIRES: it is there.
  [[nodiscard]] const DocumentNode& key(std::string_view key) const;

 private:
  const DocumentNode& node_;
  std::string what_;
};

/// `node` where it is a mapping; throws "'graph' is a list; a mapping is due".
const DocumentNode& require_mapping(const DocumentNode& node, const std::string& what);
const DocumentNode& require_sequence(const DocumentNode& node, const std::string& what);
/// The text of a scalar.
const std::string& require_text(const DocumentNode& node, const std::string& what);

/// "a, b and c"
[[nodiscard]] std::string join(const std::vector<std::string>& names);

}  // namespace talweg
