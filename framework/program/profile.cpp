#include "program/profile.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "support/json_object.hpp"
#include "support/table.hpp"

namespace talweg {
namespace {

constexpr double kGiga = 1e9, kMicro = 1e6, kPercent = 100;

std::vector<std::string> row_of(const Profile::Entry& entry, double total) {
  const double runs = std::max(1.0, static_cast<double>(entry.runs));
  const auto per_second = [&](double amount) {
    return entry.seconds > 0 ? fmt::format("{:.2f}", amount / entry.seconds / kGiga) : "";
  };
  return {fmt::format("{:.1f}", total > 0 ? kPercent * entry.seconds / total : 0),
          std::to_string(entry.runs),
          fmt::format("{:.2f}", entry.seconds / runs * kMicro),
          per_second(entry.operations),
          per_second(entry.bytes * runs),
          entry.line,
          entry.text + (entry.names.empty() ? "" : "  -> " + entry.names)};
}

}  // namespace

std::string to_table(const Profile& profile) {
  std::vector<Profile::Entry> entries;
  Profile::Entry all;
  all.runs = profile.runs;
  for (const Profile::Entry& entry : profile.entries) {
    if (entry.runs == 0) continue;
    entries.push_back(entry);
    const double runs = static_cast<double>(entry.runs);
    all.seconds += entry.seconds;
    all.operations += entry.operations;
    all.bytes += entry.bytes * runs;
  }
  if (all.runs == 0) return "";
  all.bytes /= static_cast<double>(all.runs);
  all.text = "all instructions";
  std::ranges::stable_sort(entries, std::ranges::greater{}, &Profile::Entry::seconds);
  std::vector<std::vector<std::string>> rows = {
      {"%", "runs", "us/run", "GFLOP/s", "GB/s", "line", "what it computes"}};
  for (const Profile::Entry& entry : entries) rows.push_back(row_of(entry, all.seconds));
  rows.push_back(row_of(all, all.seconds));
  return format_table(rows, "rrrrrr");
}

std::string to_chrome_trace(const Profile& profile) {
  std::string text = "{\"traceEvents\":[";
  for (std::size_t i = 0; i < profile.events.size(); ++i) {
    const Profile::Event& event = profile.events[i];
    const Profile::Entry& entry = profile.entries[event.entry];
    JsonObject details;
    details.add("line", entry.line).add("computes", entry.names);
    details.add("operations", event.operations).add("bytes", entry.bytes);
    JsonObject object;
    object.add("name", entry.text).add("ph", "X").add("pid", std::int64_t{1}).add("tid", std::int64_t{1});
    object.add("ts", event.begin * kMicro).add("dur", event.seconds * kMicro);
    object.add_raw("args", details.text());
    text += (i == 0 ? "\n" : ",\n") + object.text();
  }
  return text + "\n]}\n";
}

}  // namespace talweg
