#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace talweg {

/// A number that a generated set depends on.
struct GeneratorParameter {
  std::string_view name;
  double otherwise = 0;    ///< where it is not given
  std::int64_t least = 0;  ///< of a count; other numbers are at least 0
  bool is_count = false;
};

struct GeneratedSet {
  std::int64_t examples = 0;
  std::int64_t features = 0;
  std::vector<double> points;   ///< of shape (examples, features)
  std::vector<double> targets;  ///< one an example
};

/// Points with a target each, drawn independently: every part of a set is a smaller set of the same kind.
/// Classes take turns, so that they are equally frequent in each.
struct Generator {
  std::string_view name;
  std::vector<GeneratorParameter> parameters;  ///< "examples" is the first
  bool classes = true;                         ///< targets are classes from 0, not numbers
  /// `values`: of the parameters, in order. Equal seed and key give equal sets.
  GeneratedSet (*draw)(std::span<const double> values, std::uint32_t seed, std::uint32_t key) = nullptr;
};

/// spirals, moons, blobs, xor, sine.
[[nodiscard]] const std::vector<Generator>& generators();

}  // namespace talweg
