#include "bench/rows.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "support/json_object.hpp"
#include "support/table.hpp"

namespace talweg::speed {
namespace {

std::string shortest(double value) { return fmt::format("{:g}", value); }

std::string bar_text(const Row& row) {
  switch (row.bar.kind) {
    case Bar::Kind::ratio:
      return "at most " + shortest(row.bar.value) + "x";
    case Bar::Kind::faster:
      return row.bar.value < 1 ? "at least " + shortest(row.bar.value) + "x"
                               : "at least " + shortest(row.bar.value) + "x faster";
    case Bar::Kind::under:
      return "under " + with_unit(row.bar.value, row.unit);
    case Bar::Kind::none:
      return "";
  }
  return "";
}

std::string ratio_text(const Row& row) {
  const std::optional<double> ratio = row.ratio();
  if (!ratio) return "";
  const bool faster = row.bar.kind == Bar::Kind::faster && row.bar.value >= 1;
  return fmt::format("{:.{}f}x{}", *ratio, *ratio < 100 ? 2 : 0, faster ? " faster" : "");
}

std::string verdict(const Row& row) {
  if (const std::optional<bool> holds = row.holds()) return *holds ? "holds" : "misses";
  return row.bar.kind == Bar::Kind::none ? "" : "not measured";
}

}  // namespace

std::optional<double> Row::ratio() const {
  if (!ours || !theirs) return std::nullopt;
  return bar.kind == Bar::Kind::faster ? *theirs / *ours : *ours / *theirs;
}

std::optional<bool> Row::holds() const {
  switch (bar.kind) {
    case Bar::Kind::under:
      return ours ? std::optional(*ours < bar.value) : std::nullopt;
    case Bar::Kind::ratio:
      return ratio() ? std::optional(*ratio() <= bar.value) : std::nullopt;
    case Bar::Kind::faster:
      return ratio() ? std::optional(*ratio() >= bar.value) : std::nullopt;
    case Bar::Kind::none:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string with_unit(double value, Unit unit) {
  struct Prefix {
    double size;
    const char* name;
  };
  if (unit == Unit::number) return fmt::format("{:.3g}", value);
  if (unit == Unit::bytes) {
    for (const auto& [size, name] : {Prefix{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}})
      if (value >= size) return fmt::format("{:.3g} {}", value / size, name);
    return fmt::format("{:.0f} B", value);
  }
  for (const auto& [size, name] : {Prefix{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}})
    if (value >= size) return fmt::format("{:.3g} {}", value / size, name);
  return fmt::format("{:.3g} ns", value * 1e9);
}

std::string to_table(const Rows& rows) {
  std::vector<std::vector<std::string>> cells = {
      {"work", "ours", "compared with", "theirs", "ratio", "bar", "verdict"}};
  std::size_t hold = 0, miss = 0, missing = 0;
  std::string notes;
  for (const Row& row : rows) {
    cells.push_back({row.work, row.ours ? with_unit(*row.ours, row.unit) : "-",
                     row.peer.empty() ? "-" : row.peer, row.theirs ? with_unit(*row.theirs, row.unit) : "-",
                     ratio_text(row), bar_text(row), verdict(row)});
    const std::string note = row.note.empty() ? "" : "  " + row.work + ": " + row.note + "\n";
    if (notes.find(note) == std::string::npos) notes += note;
    if (row.bar.kind == Bar::Kind::none) continue;
    const std::optional<bool> holds = row.holds();
    ++(!holds ? missing : *holds ? hold : miss);
  }
  std::string text = format_table(cells, "lrlrrll");
  if (!notes.empty()) text += "\n" + notes;
  text += fmt::format("\n{} hold, {} miss", hold, miss);
  if (missing > 0) text += fmt::format(", {} not measured", missing);
  return text + "\n";
}

std::string to_json_lines(const Rows& rows) {
  std::string text;
  for (const Row& row : rows) {
    static constexpr const char* kUnits[] = {"seconds", "bytes", "number"};
    JsonObject object;
    object.add("work", row.work)
        .add("peer", row.peer)
        .add("unit", kUnits[static_cast<std::size_t>(row.unit)]);
    if (row.ours) object.add("ours", *row.ours);
    if (row.theirs) object.add("theirs", *row.theirs);
    if (const auto ratio = row.ratio()) object.add("ratio", *ratio);
    if (row.bar.kind != Bar::Kind::none) object.add("bar", bar_text(row));
    if (const auto holds = row.holds()) object.add("holds", *holds);
    if (!row.note.empty()) object.add("note", row.note);
    text += object.text() + "\n";
  }
  return text;
}

}  // namespace talweg::speed
