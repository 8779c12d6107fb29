#pragma once

#include <span>
#include <string>
#include <string_view>

namespace talweg {

/// The candidate nearest to `name` by edit distance (a swap of neighbours counts one), or "" if none is near
/// enough to be what was meant.
[[nodiscard]] std::string nearest(std::string_view name, std::span<const std::string> candidates);

/// "did you mean 'x'?" for the nearest candidate, or "".
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace talweg
