#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/dtype.hpp"
#include "graph/shape.hpp"

namespace talweg {

/// How a number lies in memory or in a file.
struct ElementFormat {
  enum class Kind : std::uint8_t { boolean, signed_integer, unsigned_integer, floating };

  Kind kind = Kind::floating;
  int bytes = sizeof(double);  ///< 1, 2, 4 or 8; a floating number has at least 2
  bool swapped = false;        ///< the other byte order than this machine's

  friend bool operator==(const ElementFormat&, const ElementFormat&) = default;
};

class MappedFile;

/// Elements in memory or in a mapped file. Row i begins at first + i * row_stride; its elements follow each
/// other. Rows may overlap.
struct RawRows {
  std::shared_ptr<const void> owner;  ///< keeps `first` alive
  const std::byte* first = nullptr;
  ElementFormat format;
  std::int64_t rows = 0;
  std::int64_t row_elements = 0;
  std::int64_t row_stride = 0;              ///< in bytes
  const MappedFile* mapping = nullptr;      ///< where they lie in one
  std::string file = {};                    ///< as errors name it
  std::optional<std::int64_t> offset = {};  ///< of `first` in the file, where its elements lie there
  std::int64_t first_row = 0;               ///< what number row 0 has in the file
};

/// What becomes of a raw element x: first table[x] where there is a table, then x * scale[j] + offset[j] with
/// j its place in the row modulo the number of scales, then a row of `one_hot` zeros and ones, where that is
/// not 0.
struct Conversion {
  std::vector<double> table;          ///< by unsigned integer; empty: none
  std::vector<double> scale, offset;  ///< of the same size; empty: none
  std::int64_t one_hot = 0;
  /// What the integers stand for that come of it: the characters of a text, the categories of a table.
  std::vector<std::string> texts;
};

/// What the values of a column may be besides what its dtype says. Others are an Error{data}.
struct AllowedValues {
  bool nan = false;          ///< among floating numbers
  std::int64_t classes = 0;  ///< where not 0, raw elements are whole numbers in [0, classes)
};

/// What raw elements that pick a class or an index may be. Others are an Error{data}.
struct Places {
  std::int64_t number = 0;             ///< whole numbers in [0, number)
  bool from_end = false;               ///< and in [-number, 0), as indices that count from the end
  std::optional<double> ignored = {};  ///< besides those

  [[nodiscard]] bool admit(double value) const;
  /// "the classes are 0 to 9", "the indices are -3 to 2"
  [[nodiscard]] std::string names() const;

  friend bool operator==(const Places&, const Places&) = default;
};

/// The values of one entry of `data:`. The first axis counts the examples; a tensor without axes is one.
class DataColumn {
 public:
  /// REQUIRES: `shape` has as many elements as `rows` after the conversion; a first axis of rows.rows.
  /// Where there is a table, `rows` are of unsigned integers that it has an entry for.
  DataColumn(RawRows rows, const Shape& shape, DType dtype, Conversion conversion = {},
             AllowedValues allowed = {.nan = true});
  /// Values in memory, row-major. REQUIRES: as many as `shape` has elements.
  [[nodiscard]] static std::shared_ptr<const DataColumn> of(std::vector<double> values, const Shape& shape,
                                                            DType dtype);

  [[nodiscard]] const Shape& shape() const { return shape_; }
  /// What the elements mean: int64, bool, or the model's floating type.
  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] std::int64_t rows() const { return raw_.rows; }
  /// Are its elements looked at when they are gathered, since a whole file would take long to read?
  [[nodiscard]] bool is_giant() const;
  /// Elements of one example, after the conversion.
  [[nodiscard]] std::int64_t row_elements() const;

  /// Copies these rows, one after the other, to `to`. Safe from several threads. Every value is looked at:
  /// throws Error{data} that names file, place and value where it is not allowed, whole where integers are
  /// due, 0 or 1 where flags are, or is an integer that T cannot hold exactly. REQUIRES: every row is in [0,
  /// rows()); `to` has rows.size() * row_elements() elements.
  void gather(std::span<const std::int64_t> rows, float* to) const;
  void gather(std::span<const std::int64_t> rows, double* to) const;
  /// Rows [first, first + count).
  void gather(std::int64_t first, std::int64_t count, float* to) const;
  void gather(std::int64_t first, std::int64_t count, double* to) const;
  /// Every value.
  [[nodiscard]] std::vector<double> values() const;
  /// Looks at every value as gather() does, in a model of this floating type. Throws Error{data}.
  void check_values(DType floating) const;
  /// The same, unless it is giant.
  void check_when_loaded(DType floating) const;

  /// The same column where something takes its elements for these places. Throws Error{data} as
  /// check_when_loaded() does, and where it stands for more texts than there are places.
  [[nodiscard]] std::shared_ptr<const DataColumn> taken_for(const Places& places, DType floating) const;

  [[nodiscard]] const RawRows& raw() const { return raw_; }
  [[nodiscard]] const Conversion& conversion() const { return conversion_; }
  [[nodiscard]] const AllowedValues& allowed() const { return allowed_; }
  /// All that its elements are taken for; its own classes first.
  [[nodiscard]] std::span<const Places> places() const { return places_; }

 private:
  RawRows raw_;
  Shape shape_;
  DType dtype_;
  Conversion conversion_;
  AllowedValues allowed_;
  std::vector<Places> places_;
};

}  // namespace talweg
