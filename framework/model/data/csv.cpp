#include "model/data/csv.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "model/fields.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"
#include "support/utf8.hpp"

namespace talweg {
namespace {

/// Integers up to here are exact as doubles.
constexpr std::int64_t kMostExact = std::int64_t{1} << std::numeric_limits<double>::digits;

struct Cell {
  std::string text;       ///< without quotes
  std::size_t begin = 0;  ///< of its first byte in the file
  std::size_t end = 0;
};

/// A table, line by line.
class CsvLines {
 public:
  CsvLines(const DataBytes& data, char delimiter)
      : data_(data),
        text_(reinterpret_cast<const char*>(data.bytes.data()), data.bytes.size()),
        delimiter_(delimiter) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  }

  /// Reads the next line into cells(); false at the end of the file. Blank lines may stand at the end alone.
  bool next() {
    std::optional<Cell> blank;
    while (at_ < text_.size()) {
      read_line();
      if (!is_blank()) {
        if (blank) throw error_at(*blank, "a blank line within the table");
        return true;
      }
      if (!blank) blank = cells_.front();
    }
    return false;
  }

  [[nodiscard]] const std::vector<Cell>& cells() const { return cells_; }

  /// What is wrong with a cell of the file.
  [[nodiscard]] Error error_at(const Cell& cell, const std::string& message) const {
    const std::size_t begin = cell.begin == 0 ? 0 : text_.rfind('\n', cell.begin - 1) + 1;
    std::size_t end = std::min(text_.find('\n', begin), text_.size());
    if (end > begin && text_[end - 1] == '\r') --end;
    const auto line = std::ranges::count(text_.substr(0, begin), '\n') + 1;
    const auto characters = [&](std::size_t from, std::size_t to) {
      constexpr unsigned kContinuation = 0x80, kContinuationMask = 0xC0;
      return static_cast<int>(std::ranges::count_if(text_.substr(from, to - from), [](char c) {
        return (static_cast<unsigned char>(c) & kContinuationMask) != kContinuation;
      }));
    };
    Location location;
    location.file = data_.file;
    location.line = static_cast<int>(line);
    location.column = characters(begin, std::min(cell.begin, end)) + 1;
    location.length = std::max(1, characters(std::min(cell.begin, end), std::min(cell.end, end)));
    location.source = text_.substr(begin, end - begin);
    return data_error(data_, message).at(std::move(location));
  }

 private:
  [[nodiscard]] bool is_blank() const {
    return cells_.size() == 1 && cells_.front().begin == cells_.front().end;
  }

  void read_line() {
    cells_.clear();
    for (;;) {
      cells_.push_back(read_cell());
      if (at_ == text_.size()) return;
      const char c = text_[at_++];
      if (c == delimiter_) continue;
      if (c == '\r') ++at_;
      return;
    }
  }

  /// Is this the end of a line: \n or \r\n?
  [[nodiscard]] bool ends_line(std::size_t place) const {
    return text_[place] == '\n' || (text_[place] == '\r' && text_.substr(place + 1).starts_with('\n'));
  }

  Cell read_cell() {
    Cell cell;
    cell.begin = at_;
    if (at_ < text_.size() && text_[at_] == '"') {
      read_quoted(cell);
    } else {
      while (at_ < text_.size() && text_[at_] != delimiter_ && !ends_line(at_)) ++at_;
      cell.text = text_.substr(cell.begin, at_ - cell.begin);
    }
    cell.end = at_;
    return cell;
  }

  void read_quoted(Cell& cell) {
    for (++at_;; at_ += 2) {
      const std::size_t quote = text_.find('"', at_);
      if (quote == std::string_view::npos) {
        cell.end = cell.begin + 1;
        throw error_at(cell, "this quote is never closed");
      }
      cell.text += text_.substr(at_, quote - at_);
      at_ = quote;
      if (!text_.substr(at_ + 1).starts_with('"')) break;
      cell.text += '"';
    }
    ++at_;
    if (at_ == text_.size() || text_[at_] == delimiter_ || ends_line(at_)) return;
    cell.begin = at_;
    cell.end = at_ + 1;
    throw error_at(cell, "text behind a closing quote; a quote within quotes is written twice");
  }

  const DataBytes& data_;
  std::string_view text_;
  char delimiter_;
  std::size_t at_ = 0;
  std::vector<Cell> cells_;
};

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Turns the cells that are asked for into numbers.
class TableReader {
 public:
  TableReader(const DataBytes& data, const CsvRequest& request)
      : data_(data), request_(request), lines_(data, request.delimiter) {}

  StoredTable read() {
    bool more = lines_.next();
    if (!more) throw data_error(data_, "the file is empty");
    width_ = lines_.cells().size();
    choose_columns();
    if (request_.categories)
      for (const std::string& category : *request_.categories) add_category(category);
    if (request_.header) more = lines_.next();
    if (!more) throw data_error(data_, "there are no rows below the header");
    for (; more; more = lines_.next()) read_row();
    const auto columns = static_cast<std::int64_t>(chosen_.size());
    const Shape shape = {static_cast<std::int64_t>(values_.size()) / columns, columns};
    if (request_.categories && request_.categories->empty()) sort_categories();
    const auto* first = reinterpret_cast<const std::byte*>(values_.data());
    std::vector<std::byte> bytes(first, first + values_.size() * sizeof(double));
    return {
        stored_array(bytes_in_memory(data_.file, "as numbers", std::move(bytes)), 0, ElementFormat{}, shape),
        integers_, std::move(categories_)};
  }

 private:
  void choose_columns() {
    const std::vector<Cell>& heads = lines_.cells();
    std::vector<std::string> names;
    for (std::size_t i = 0; i < heads.size(); ++i)
      names.push_back(request_.header ? std::string(trimmed(heads[i].text)) : std::to_string(i));
    if (request_.columns.empty())
      for (std::size_t i = 0; i < names.size(); ++i) chosen_.push_back(i);
    for (const std::string& column : request_.columns) {
      const auto found = std::ranges::find(names, column);
      if (found == names.end())
        throw lines_.error_at(heads.front(), "the table has no column '" + column + "'")
            .note("its columns are " + join(names))
            .set_hint(did_you_mean(column, names));
      const auto place = static_cast<std::size_t>(found - names.begin());
      if (const auto again = std::find(found + 1, names.end(), column); again != names.end())
        throw lines_.error_at(heads[static_cast<std::size_t>(again - names.begin())],
                              "the table has two columns '" + column + "'");
      chosen_.push_back(place);
    }
  }

  void read_row() {
    const std::vector<Cell>& cells = lines_.cells();
    if (cells.size() != width_)
      throw lines_.error_at({.text = "", .begin = cells.front().begin, .end = cells.back().end},
                            "this row has " + count(static_cast<std::int64_t>(cells.size()), "cell") +
                                "; the first line has " + std::to_string(width_));
    for (const std::size_t column : chosen_) {
      const Cell& cell = cells[column];
      values_.push_back(request_.categories ? category_of(cell) : number_of(cell));
    }
  }

  double number_of(const Cell& cell) {
    const std::string_view text = trimmed(cell.text);
    if (const std::optional<std::int64_t> integer = parse_integer(text)) {
      integers_ = integers_ && std::abs(*integer) <= kMostExact;
      check_class(cell, static_cast<double>(*integer));
      return static_cast<double>(*integer);
    }
    const std::optional<double> number =
        text.empty() ? std::numeric_limits<double>::quiet_NaN() : parse_number(text);
    if (!number)
      throw lines_.error_at(cell, "'" + cell.text + "' is no number")
          .set_hint("categories: True takes texts, as integers");
    if (!std::isfinite(*number) && !request_.allowed.nan)
      throw lines_
          .error_at(cell, text.empty() ? "an empty cell where a number is due"
                                       : "'" + cell.text + "' is not a finite number")
          .set_hint("allow_nan: True takes it as " + std::string(text.empty() ? "NaN" : "it is"));
    integers_ = false;
    check_class(cell, *number);
    return *number;
  }

  void check_class(const Cell& cell, double value) const {
    const Places classes{.number = request_.allowed.classes};
    if (classes.number > 0 && !classes.admit(value))
      throw lines_.error_at(cell, cell.text + ", and " + classes.names());
  }

  double category_of(const Cell& cell) {
    const auto found = index_.find(cell.text);
    if (found != index_.end()) return static_cast<double>(found->second);
    if (!request_.categories->empty())
      throw lines_.error_at(cell, "'" + cell.text + "' is none of the " + name_categories())
          .set_hint(did_you_mean(cell.text, categories_));
    if (!is_utf8(cell.text))
      throw lines_.error_at(cell, "the text is not UTF-8")
          .set_hint("convert it: iconv -f LATIN1 -t UTF-8 old.csv > new.csv");
    return static_cast<double>(add_category(cell.text));
  }

  /// "categories ant and bee"; of many only their number.
  [[nodiscard]] std::string name_categories() const {
    constexpr std::size_t kMost = 20;
    if (categories_.size() > kMost) return std::to_string(categories_.size()) + " categories";
    return "categories " + join(categories_);
  }

  std::size_t add_category(const std::string& text) {
    index_.emplace(text, categories_.size());
    categories_.push_back(text);
    return categories_.size() - 1;
  }

  /// Categories were numbered as they came; now as they sort.
  void sort_categories() {
    std::vector<double> sorted(categories_.size());
    std::size_t next = 0;
    for (const auto& [text, index] : index_) {
      categories_[next] = text;
      sorted[index] = static_cast<double>(next++);
    }
    for (double& value : values_) value = sorted[static_cast<std::size_t>(value)];
  }

  const DataBytes& data_;
  const CsvRequest& request_;
  CsvLines lines_;
  std::size_t width_ = 0;
  std::vector<std::size_t> chosen_;
  std::vector<double> values_;
  bool integers_ = true;
  std::vector<std::string> categories_;
  std::map<std::string, std::size_t> index_;
};

}  // namespace

StoredTable read_csv(const DataBytes& data, const CsvRequest& request) {
  return TableReader(data, request).read();
}

bool has_header(const DataBytes& data, char delimiter) {
  CsvLines lines(data, delimiter);
  return lines.next() && std::ranges::any_of(lines.cells(), [](const Cell& cell) {
           return !trimmed(cell.text).empty() && !parse_number(trimmed(cell.text));
         });
}

}  // namespace talweg
