#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/source.hpp"

namespace talweg {

struct DocumentEntry;

/// A value of a YAML file: a text, a sequence or a mapping, with its place. Its types are not YAML's: `no`
/// and `1` are texts until whoever asks for them says what they are.
struct DocumentNode {
  enum class Kind : std::uint8_t { scalar, sequence, mapping };

  Kind kind = Kind::scalar;
  bool quoted = false;  ///< a scalar in quotes, or a block of text after | or >
  Span span;
  std::string text;                    ///< of a scalar, after folding and escapes
  std::uint32_t content = 0;           ///< where the text begins in the source, behind a quote
  std::vector<std::uint32_t> offsets;  ///< by byte of the text its place; empty where they are consecutive
  std::vector<DocumentNode> items;
  std::vector<DocumentEntry> entries;  ///< in the file's order; keys are scalars and differ

  /// The place of bytes [begin, end) of the text.
  [[nodiscard]] Span place(std::size_t begin, std::size_t end) const;
  /// The same bytes as a scalar of their own.
  [[nodiscard]] DocumentNode part(std::size_t begin, std::size_t end) const;
};

struct DocumentEntry {
  DocumentNode key;
  DocumentNode value;
};

/// The one YAML document of a model file. Throws Error{model} with a place where the text is not UTF-8, too
/// long or too deep, where it is not YAML, and where it uses what models have no use for: aliases, tags,
/// several documents, repeated keys, keys without a value.
[[nodiscard]] DocumentNode read_document(const Source& source);

/// The whole of a source as one scalar: an expression that comes from elsewhere than the file.
[[nodiscard]] DocumentNode scalar_document(const Source& source);

/// "a text", "a list", "a mapping".
[[nodiscard]] std::string_view describe(DocumentNode::Kind kind);

}  // namespace talweg
