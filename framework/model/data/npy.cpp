#include "model/data/npy.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <string_view>
#include <utility>

#include "support/numbers.hpp"

namespace talweg {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kVersionPlace = 6, kLengthPlace = 8;
/// NumPy's own limit of a header is 10,000 bytes.
constexpr std::size_t kLongestHeader = std::size_t{1} << 20;
/// A larger array in Fortran's order is not copied.
constexpr std::size_t kMostTransposed = std::size_t{1} << 30;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Header {
  ElementFormat format;
  bool fortran_order = false;
  Shape shape;
};

/// Reads the header's text, a Python dictionary of three keys, byte by byte.
class HeaderReader {
 public:
  HeaderReader(const DataBytes& data, std::size_t begin, std::size_t end)
      : data_(data), text_(text_of(data.bytes).substr(0, end)), at_(begin) {}

  Header read() {
    const std::size_t begin = at_;
    expect('{');
    while (!accept('}')) {
      const std::size_t place = skip();
      const std::string key = string("a key in quotes");
      expect(':');
      if (key == "descr" && !format_)
        format_ = format();
      else if (key == "fortran_order" && !fortran_order_)
        fortran_order_ = flag();
      else if (key == "shape" && !shape_)
        shape_ = shape();
      else
        throw data_error(data_, place,
                         "the header has the key '" + key + "', which is unknown or there twice");
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (skip() != text_.size()) refuse("the end of the header");
    if (!format_ || !fortran_order_ || !shape_)
      throw data_error(data_, begin, "the header lacks one of its keys 'descr', 'fortran_order' and 'shape'");
    return {*format_, *fortran_order_, *shape_};
  }

 private:
  /// The place of the next byte that is no blank.
  std::size_t skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_;
  }

  [[noreturn]] void refuse(const std::string& due) const {
    const std::string found =
        at_ < text_.size() ? "'" + std::string(1, text_[at_]) + "'" : std::string("its end");
    throw data_error(data_, at_,
                     "the header is not what NumPy writes: " + due + " is due, and this is " + found);
  }

  bool accept(char c) {
    if (skip() == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) refuse("'" + std::string(1, c) + "'");
  }

  std::string string(const std::string& due) {
    if (skip() == text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) refuse(due);
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) refuse(due);
    std::string result(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return result;
  }

  bool flag() {
    skip();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    refuse("True or False");
  }

  Shape shape() {
    const std::size_t place = skip();
    expect('(');
    std::vector<std::int64_t> sizes;
    while (!accept(')')) {
      const std::size_t begin = skip();
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      const std::optional<std::int64_t> size = parse_integer(text_.substr(begin, at_ - begin));
      if (!size) {
        at_ = begin;
        refuse("a size that is an integer");
      }
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // a long integer of Python 2
      sizes.push_back(*size);
      if (!accept(',')) {
        expect(')');
        // (3) is a number in Python, and no shape.
        if (sizes.size() == 1) throw data_error(data_, place, "the header has a number as its shape");
        break;
      }
    }
    return stored_shape(data_, sizes);
  }

  ElementFormat format() {
    using Kind = ElementFormat::Kind;
    const std::size_t place = skip();
    if (at_ < text_.size() && text_[at_] == '[')
      throw data_error(data_, place, "the array is structured: its elements are records with fields")
          .set_hint("save each field by itself: np.save(file, array['name'])");
    const std::string text = string("the type of the elements");
    const std::string_view rest = std::string_view(text).substr(std::min<std::size_t>(1, text.size()));
    const std::optional<std::int64_t> bytes = rest.empty() ? std::nullopt : parse_integer(rest.substr(1));
    const char kind = rest.empty() ? '\0' : rest[0];
    ElementFormat format;
    format.kind = kind == 'b'   ? Kind::boolean
                  : kind == 'i' ? Kind::signed_integer
                  : kind == 'u' ? Kind::unsigned_integer
                                : Kind::floating;
    const bool known_size = bytes && (*bytes == 1 || *bytes == 2 || *bytes == 4 || *bytes == 8);
    const bool known = known_size && std::string_view("biuf").find(kind) != std::string_view::npos &&
                       (kind != 'b' || *bytes == 1) && (kind != 'f' || *bytes > 1);
    if (!known || std::string_view("<>|=").find(text[0]) == std::string_view::npos)
      throw data_error(data_, place,
                       "the elements are " + meaning(text, kind) +
                           "; booleans, integers and floating numbers up to 8 bytes can be read")
          .set_hint(kind == 'O' ? "convert it before it is saved: array.astype('float32')" : "");
    format.bytes = static_cast<int>(*bytes);
    const char own = std::endian::native == std::endian::little ? '<' : '>';
    format.swapped = format.bytes > 1 && (text[0] == '<' || text[0] == '>') && text[0] != own;
    return format;
  }

  static std::string meaning(const std::string& text, char kind) {
    switch (kind) {
      case 'O':
        return "Python objects ('" + text + "')";
      case 'c':
        return "complex numbers ('" + text + "')";
      case 'S':
      case 'U':
      case 'a':
        return "texts ('" + text + "')";
      case 'M':
      case 'm':
        return "times ('" + text + "')";
      default:
        return "of type '" + text + "'";
    }
  }

  const DataBytes& data_;
  std::string_view text_;
  std::size_t at_;
  std::optional<ElementFormat> format_;
  std::optional<bool> fortran_order_;
  std::optional<Shape> shape_;
};

/// The same array with its elements in the order of rows.
StoredArray in_rows(const StoredArray& array) {
  const auto size = static_cast<std::size_t>(array.format.bytes);
  const auto elements = static_cast<std::size_t>(array.shape.elements());
  if (elements * size > kMostTransposed)
    throw data_error(array.data,
                     "the array is in Fortran's order, column by column, and too large to be turned")
        .set_hint("save it by rows: np.save(file, np.ascontiguousarray(array))");
  std::vector<std::byte> turned(elements * size);
  // `place` counts the element's position by rows, `from` that by columns.
  std::vector<std::size_t> strides, index(static_cast<std::size_t>(array.shape.rank()));
  std::size_t stride = 1;
  for (std::int64_t axis_size : array.shape) {
    strides.push_back(stride);
    stride *= static_cast<std::size_t>(axis_size);
  }
  std::size_t from = 0;
  for (std::size_t place = 0; place < elements; ++place) {
    std::copy_n(array.data.bytes.data() + array.begin + from * size, size, turned.data() + place * size);
    for (int axis = array.shape.rank() - 1; axis >= 0; --axis) {
      const auto i = static_cast<std::size_t>(axis);
      from += strides[i];
      if (static_cast<std::int64_t>(++index[i]) < array.shape[axis]) break;
      from -= strides[i] * index[i];
      index[i] = 0;
    }
  }
  return {bytes_in_memory(array.data.file, "turned into rows", std::move(turned)), 0, array.format,
          array.shape};
}

}  // namespace

StoredArray read_npy(DataBytes data) {
  const std::string_view text = text_of(data.bytes);
  if (text.empty()) throw data_error(data, "the file is empty");
  if (!text.starts_with(kMagic))
    throw data_error(data, std::size_t{0}, "it is no NPY file, which begins with \\x93NUMPY");
  if (text.size() < kLengthPlace) throw data_error(data, "it is cut short within its header");
  const auto byte_at = [&](std::size_t i) { return static_cast<std::size_t>(data.bytes[i]); };
  const std::size_t version = byte_at(kVersionPlace);
  if (version < 1 || version > 3 || byte_at(kVersionPlace + 1) != 0)
    throw data_error(data, kVersionPlace,
                     "version " + std::to_string(version) + "." + std::to_string(byte_at(kVersionPlace + 1)) +
                         " of the NPY format; 1.0, 2.0 and 3.0 can be read");
  const std::size_t begin = kLengthPlace + (version == 1 ? 2 : 4);
  if (text.size() < begin) throw data_error(data, "it is cut short within its header");
  std::size_t length = 0;
  for (std::size_t i = begin; i > kLengthPlace; --i) length = (length << 8U) | byte_at(i - 1);
  if (length > kLongestHeader || length > text.size() - begin)
    throw data_error(data, kLengthPlace,
                     "a header of " + std::to_string(length) + " bytes, and the file has " +
                         count(static_cast<std::int64_t>(text.size() - begin), "byte") + " from there on");
  const Header header = HeaderReader(data, begin, begin + length).read();
  StoredArray array = stored_array(std::move(data), begin + length, header.format, header.shape);
  const auto long_axes = std::ranges::count_if(header.shape, [](std::int64_t size) { return size != 1; });
  const bool same = !header.fortran_order || long_axes <= 1 || header.shape.elements() == 0;
  return same ? array : in_rows(array);
}

}  // namespace talweg
