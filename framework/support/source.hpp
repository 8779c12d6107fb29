#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <talweg/error.hpp>
#include <vector>

namespace talweg {

/// A text that models are read from (a file, a string, a `--set`), so that an offset can be shown as a place.
class Source {
 public:
  Source(std::string name, std::string text);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string_view text() const { return text_; }
  /// The line (from 1) that holds the byte at `offset`.
  [[nodiscard]] int line(std::size_t offset) const;
  /// The place of bytes [begin, end); the span is cut at the end of its first line.
  [[nodiscard]] Location locate(std::size_t begin, std::size_t end) const;

 private:
  std::string name_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
};

/// Bytes [begin, end) of a source. The source outlives its spans; whoever builds a graph from it keeps it.
struct Span {
  const Source* source = nullptr;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t call_line = 0;  ///< of the model file, where it calls the module that this stands in; else 0

  [[nodiscard]] bool known() const { return source != nullptr; }
  [[nodiscard]] int line() const { return source == nullptr ? 0 : source->line(begin); }
  /// The line of the model file, also of what stands in a module.
  [[nodiscard]] int model_line() const { return call_line != 0 ? static_cast<int>(call_line) : line(); }
  /// For a table: the line; of what stands in a module, "9 (dense.yaml:13)", the line of its call first; ""
  /// where it is not known.
  [[nodiscard]] std::string line_text() const;
  [[nodiscard]] Location location() const {
    return source == nullptr ? Location{} : source->locate(begin, end);
  }
};

}  // namespace talweg
