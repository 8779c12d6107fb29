#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace talweg {

/// Where the text of a YAML scalar stands in its source.
struct ScalarPlace {
  bool closed = true;                  ///< false: a quote without its other half
  std::uint32_t end = 0;               ///< behind its last byte, quote included
  std::uint32_t content = 0;           ///< of the text's first byte
  std::vector<std::uint32_t> offsets;  ///< by byte of the text, unless they follow each other from `content`
};

/// Finds each byte of `text`, which yaml-cpp read as the scalar that begins at `begin`. Quotes, escapes,
/// folded lines and blocks of text shift bytes; without them places are found by adding.
[[nodiscard]] ScalarPlace place_scalar(std::string_view source, std::size_t begin, std::string_view text);

}  // namespace talweg
