#pragma once

#include <optional>
#include <string>
#include <vector>

namespace talweg::speed {

/// What a row has to hold.
struct Bar {
  enum class Kind : std::uint8_t {
    ratio,   ///< ours / theirs is at most `value`
    faster,  ///< theirs / ours is at least `value`
    under,   ///< ours is less than `value`, whatever theirs
    none     ///< the row is there to be read
  };
  Kind kind = Kind::none;
  double value = 0;
};

enum class Unit : std::uint8_t { seconds, bytes, number };

/// A measurement and what it is compared with.
struct Row {
  std::string work;
  std::string peer;  ///< "NumPy"; "" where it is held to a number alone
  Unit unit = Unit::seconds;
  std::optional<double> ours, theirs;
  Bar bar;
  std::string note;  ///< why there is nothing, or under what condition there is

  /// ours / theirs or theirs / ours, as the bar has it.
  [[nodiscard]] std::optional<double> ratio() const;
  /// Nothing where there is no bar or something was not measured.
  [[nodiscard]] std::optional<bool> holds() const;
};

using Rows = std::vector<Row>;

/// "7.52 ms", "1.3 MB".
[[nodiscard]] std::string with_unit(double value, Unit unit);
/// Rows as a table for people, and how many hold.
[[nodiscard]] std::string to_table(const Rows& rows);
/// A JSON object a row.
[[nodiscard]] std::string to_json_lines(const Rows& rows);

}  // namespace talweg::speed
