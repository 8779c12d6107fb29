#include "schedule_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "support/table.hpp"

namespace talweg {
namespace {

std::string short_number(double value) { return fmt::format("{:.6g}", value); }

}  // namespace

std::string plot(const Schedule& schedule, std::span<const std::int64_t> steps) {
  constexpr std::size_t kRows = 10;
  const auto [low, high] = std::ranges::minmax(schedule.values);
  const std::string top = short_number(high), bottom = short_number(low);
  const std::size_t margin = std::max(top.size(), bottom.size());
  std::vector<std::string> rows(kRows, std::string(schedule.values.size(), ' '));
  for (std::size_t column = 0; column < schedule.values.size(); ++column) {
    const double share = high > low ? (schedule.values[column] - low) / (high - low) : 0;
    if (!std::isfinite(share)) continue;
    const auto height = static_cast<std::size_t>(std::lround(share * static_cast<double>(kRows - 1)));
    rows[kRows - 1 - height][column] = '*';
  }
  std::string text = schedule.name + "\n";
  for (std::size_t row = 0; row < kRows; ++row) {
    const std::string label = row == 0 ? top : row + 1 == kRows ? bottom : "";
    text += std::string(margin - label.size(), ' ') + label + " |" + rows[row];
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  const std::string first = std::to_string(steps.front()), last = std::to_string(steps.back());
  const std::size_t width = std::max(schedule.values.size(), first.size() + last.size() + 1);
  text += std::string(margin, ' ') + " +" + std::string(schedule.values.size(), '-') + "\n";
  text += std::string(margin + 2, ' ') + first + std::string(width - first.size() - last.size(), ' ') + last;
  return text + " step\n";
}

std::string tabulate(std::span<const Schedule> schedules, std::span<const std::int64_t> steps) {
  constexpr std::size_t kRows = 12;
  std::vector<std::vector<std::string>> rows = {{"step"}};
  for (const Schedule& schedule : schedules) rows[0].push_back(schedule.name);
  const std::size_t count = std::min(kRows, steps.size());
  for (std::size_t row = 0; row < count; ++row) {
    const std::size_t at = count == 1 ? 0 : row * (steps.size() - 1) / (count - 1);
    rows.push_back({std::to_string(steps[at])});
    for (const Schedule& schedule : schedules) rows.back().push_back(short_number(schedule.values[at]));
  }
  return format_table(rows, "r");
}

}  // namespace talweg
