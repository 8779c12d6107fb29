#include "training/npy.hpp"

#include <bit>
#include <cstdint>

namespace talweg {
namespace {

static_assert(std::endian::native == std::endian::little, "the format's numbers are little-endian");

std::string type_of(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return "<f4";
    case DType::float64:
      return "<f8";
    case DType::int64:
      return "<i8";
    case DType::boolean:
      break;
  }
  return "|b1";
}

template <class T>
std::string elements(const std::vector<double>& values) {
  std::string bytes;
  bytes.reserve(values.size() * sizeof(T));
  for (const double value : values) {
    const T element = static_cast<T>(value);
    bytes.append(reinterpret_cast<const char*>(&element), sizeof element);
  }
  return bytes;
}

}  // namespace

std::string npy_header(DType dtype, const Shape& shape) {
  // Magic, version and the length of the text; all of it is a multiple of 64 bytes long.
  constexpr std::size_t kBefore = 10, kAlignment = 64, kByte = 256;
  std::string text =
      "{'descr': '" + type_of(dtype) + "', 'fortran_order': False, 'shape': " + to_string(shape) + ", }";
  const std::size_t whole = (kBefore + text.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  text.resize(whole - kBefore - 1, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01", 7);
  header += '\0';
  header += static_cast<char>(text.size() % kByte);
  header += static_cast<char>(text.size() / kByte);
  return header + text;
}

std::string npy_elements(DType dtype, const std::vector<double>& values) {
  switch (dtype) {
    case DType::float32:
      return elements<float>(values);
    case DType::float64:
      return elements<double>(values);
    case DType::int64:
      return elements<std::int64_t>(values);
    case DType::boolean:
      break;
  }
  return elements<std::uint8_t>(values);
}

}  // namespace talweg
