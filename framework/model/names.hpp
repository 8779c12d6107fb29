#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/expression.hpp"
#include "model/operand.hpp"
#include "model/place.hpp"

namespace talweg {

/// The sections that give names, in the order in which they get their values.
enum class Section : std::uint8_t { let, data, parameters, state, graph };
[[nodiscard]] std::string_view to_string(Section section);

/// A name that a model file gives.
struct NamedEntry {
  std::string name;
  Section section = Section::let;
  Span place;                            ///< of the name
  const DocumentNode* node = nullptr;    ///< what is written behind it
  std::optional<Expression> expression;  ///< of `graph:`
  std::optional<Operand> value;          ///< once it has been computed
};

/// All names of a model file, section by section. An entry may use those before it.
class Names {
 public:
  /// Throws Error{model} where the name is no identifier, belongs to the language or is taken.
  NamedEntry& define(const DocumentNode& key, const DocumentNode& value, Section section);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] NamedEntry& operator[](std::size_t index) { return entries_[index]; }
  [[nodiscard]] const NamedEntry& operator[](std::size_t index) const { return entries_[index]; }
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  /// The names of the entries before `limit`.
  [[nodiscard]] std::vector<std::string> before(std::size_t limit) const;

  /// The entries that the value of `expression` depends on, by name, however indirectly: ascending.
  /// `through[i]` is the entry that named i, or size() where the expression itself did.
  struct Needs {
    std::vector<std::size_t> entries;
    std::map<std::size_t, std::size_t> through;
  };
  [[nodiscard]] Needs needed_by(const Expression& expression) const;

 private:
  std::deque<NamedEntry> entries_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

/// Throws Error{model} where `name` cannot be one that a model gives: it is no identifier, or it belongs to
/// the language.
void check_name(const std::string& name, const Span& place);

}  // namespace talweg
