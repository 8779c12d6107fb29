#include "training/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <talweg/error.hpp>

namespace talweg {
namespace {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "the format's numbers are little-endian");

constexpr std::size_t kLengthBytes = sizeof(std::uint64_t);
constexpr const char *kMetadata = "__metadata__", *kChecksum = "checksum", *kChecksums = "checksums";
constexpr std::size_t kChecksumDigits = 16;

std::string_view type_name(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return "F32";
    case DType::float64:
      return "F64";
    case DType::int64:
      return "I64";
    case DType::boolean:
      break;
  }
  throw Error(Status::internal, "a boolean tensor is not stored");
}

std::size_t element_size(DType dtype) { return dtype == DType::float32 ? sizeof(float) : sizeof(double); }

/// FNV-1a (Fowler, Noll, Vo), as 16 hexadecimal digits.
std::string checksum_of(std::string_view bytes) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3U;
  std::string digits(kChecksumDigits, '0');
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, hash >>= 4U)
    *digit = "0123456789abcdef"[hash & 0xFU];
  return digits;
}

template <class T>
void append_elements(std::string& bytes, const std::vector<double>& values) {
  for (double value : values) {
    const T element = static_cast<T>(value);
    bytes.append(reinterpret_cast<const char*>(&element), sizeof element);
  }
}

template <class T>
std::vector<double> read_elements(std::string_view bytes) {
  std::vector<double> values(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    T element;
    std::memcpy(&element, bytes.data() + i * sizeof element, sizeof element);
    values[i] = static_cast<double>(element);
  }
  return values;
}

/// Reads one file; `refuse` names it.
class Decoder {
 public:
  Decoder(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  TensorFile decode() {
    const Json header = read_header();
    TensorFile file;
    if (header.contains(kMetadata)) read_metadata(header[kMetadata], file);
    read_checksums(file);
    for (const auto& [key, entry] : header.items())
      if (key != kMetadata) file.tensors.push_back(read_tensor(key, entry));
    // Last, so that a damaged tensor is named.
    if (const std::string* checksum = file.find_metadata(kChecksum)) verify(*checksum);
    std::erase_if(file.metadata, [](const auto& entry) { return entry.first == kChecksums; });
    if (used_ != data_.size()) refuse("its tensors do not account for all of its bytes");
    return file;
  }

 private:
  [[noreturn]] void refuse(const std::string& reason) const {
    throw Error(Status::files, name_ + ": " + reason);
  }

  Json read_header() {
    std::uint64_t length = 0;
    if (bytes_.size() <= kLengthBytes) refuse("it is no safetensors file: it is too short for a header");
    std::memcpy(&length, bytes_.data(), kLengthBytes);
    if (length < 2 || bytes_[kLengthBytes] != '{')
      refuse("it is no safetensors file: it does not begin with a header");
    if (length > bytes_.size() - kLengthBytes) refuse("it is damaged: it ends within its header");
    header_ = bytes_.substr(kLengthBytes, length);
    data_ = bytes_.substr(kLengthBytes + length);
    Json header = Json::parse(header_, nullptr, false);
    if (!header.is_object()) refuse("it is damaged: its header is no JSON object");
    return header;
  }

  void read_metadata(const Json& entry, TensorFile& file) const {
    if (!entry.is_object()) refuse("it is damaged: its metadata is no JSON object");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) refuse("it is damaged: its metadata '" + key + "' is no text");
      file.metadata.emplace_back(key, value.get<std::string>());
    }
  }

  NamedTensor read_tensor(const std::string& key, const Json& entry) {
    NamedTensor tensor;
    tensor.name = key;
    const bool complete = entry.is_object() && entry.contains("dtype") && entry["dtype"].is_string() &&
                          is_list_of_sizes(entry, "shape") && is_list_of_sizes(entry, "data_offsets") &&
                          entry["data_offsets"].size() == 2;
    if (!complete) refuse("it is damaged: the header's entry of tensor '" + key + "' is incomplete");
    tensor.dtype = read_type(key, entry["dtype"].get<std::string>());
    const auto sizes = entry["shape"].get<std::vector<std::int64_t>>();
    try {
      tensor.shape = Shape::checked(sizes);
    } catch (const Error& error) {
      refuse("tensor '" + key + "': " + error.message());
    }
    const auto begin = entry["data_offsets"][0].get<std::uint64_t>();
    const auto end = entry["data_offsets"][1].get<std::uint64_t>();
    const std::uint64_t expected =
        static_cast<std::uint64_t>(tensor.shape.elements()) * element_size(tensor.dtype);
    if (begin > end || end > data_.size()) refuse("it is damaged: it ends before tensor '" + key + "' does");
    if (end - begin != expected)
      refuse("it is damaged: tensor '" + key + "' is " + to_string(tensor.shape) + " and has " +
             std::to_string(end - begin) + " bytes instead of " + std::to_string(expected));
    used_ += end - begin;
    verify_tensor(key, data_.substr(begin, end - begin));
    tensor.values = read_values(key, tensor.dtype, data_.substr(begin, end - begin));
    return tensor;
  }

  static bool is_list_of_sizes(const Json& entry, const char* key) {
    return entry.contains(key) && entry[key].is_array() &&
           std::ranges::all_of(entry[key], [](const Json& size) { return size.is_number_unsigned(); });
  }

  [[nodiscard]] DType read_type(const std::string& key, const std::string& type) const {
    for (DType dtype : {DType::float32, DType::float64, DType::int64})
      if (type == type_name(dtype)) return dtype;
    refuse("tensor '" + key + "' is of type " + type + "; F32, F64 and I64 are read");
  }

  [[nodiscard]] std::vector<double> read_values(const std::string& key, DType dtype,
                                                std::string_view bytes) const {
    if (dtype == DType::float32) return read_elements<float>(bytes);
    if (dtype == DType::float64) return read_elements<double>(bytes);
    std::vector<double> values = read_elements<std::int64_t>(bytes);
    if (std::ranges::any_of(values, [](double value) { return std::abs(value) > 0x1p53; }))
      refuse("tensor '" + key + "' has integers beyond 2^53, which are not read exactly");
    return values;
  }

  void read_checksums(const TensorFile& file) {
    const std::string* text = file.find_metadata(kChecksums);
    if (text == nullptr) return;
    const Json checksums = Json::parse(*text, nullptr, false);
    try {
      checksums.get_to(checksums_);
    } catch (const Json::exception&) {
      refuse("it is damaged: the checksums of its tensors are none");
    }
  }

  void verify_tensor(const std::string& key, std::string_view bytes) const {
    if (checksums_.empty()) return;
    const auto checksum = checksums_.find(key);
    if (checksum == checksums_.end() || checksum->second != checksum_of(bytes))
      refuse("it is damaged: the checksum of tensor '" + key + "' is not that of its content");
  }

  void verify(const std::string& checksum) const {
    // The checksum was computed with zeros in its place.
    const std::string zeros(kChecksumDigits, '0');
    const std::size_t place = bytes_.find("\"" + checksum + "\"");
    if (checksum.size() != kChecksumDigits || place == std::string_view::npos)
      refuse("it is damaged: its checksum is none");
    std::string original(bytes_);
    original.replace(place + 1, kChecksumDigits, zeros);
    if (checksum_of(original) != checksum) refuse("it is damaged: its checksum is not that of its content");
  }

  std::string_view bytes_, header_, data_;
  std::map<std::string, std::string> checksums_;  ///< by tensor; empty where the file has none
  const std::string& name_;
  std::size_t used_ = 0;
};

}  // namespace

const std::string* TensorFile::find_metadata(std::string_view name) const {
  const auto found = std::ranges::find(metadata, name, &std::pair<std::string, std::string>::first);
  return found == metadata.end() ? nullptr : &found->second;
}

std::string encode_safetensors(const TensorFile& file) {
  const std::string zeros(kChecksumDigits, '0');
  // First, so that nothing else in the header can be taken for it.
  Json header;
  header[kMetadata][kChecksum] = zeros;
  for (const auto& [name, value] : file.metadata) header[kMetadata][name] = value;
  std::string data;
  Json checksums = Json::object();
  for (const NamedTensor& tensor : file.tensors) {
    const std::size_t begin = data.size();
    if (tensor.dtype == DType::float32) append_elements<float>(data, tensor.values);
    if (tensor.dtype == DType::float64) append_elements<double>(data, tensor.values);
    if (tensor.dtype == DType::int64) append_elements<std::int64_t>(data, tensor.values);
    checksums[tensor.name] = checksum_of(std::string_view(data).substr(begin));
    header[tensor.name] = {{"dtype", type_name(tensor.dtype)},
                           {"shape", tensor.shape.sizes()},
                           {"data_offsets", {begin, data.size()}}};
  }
  header[kMetadata][kChecksums] = checksums.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  const std::uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), kLengthBytes);
  bytes += text;
  bytes += data;
  bytes.replace(bytes.find(zeros), kChecksumDigits, checksum_of(bytes));
  return bytes;
}

TensorFile decode_safetensors(std::string_view bytes, const std::string& name) {
  return Decoder(bytes, name).decode();
}

}  // namespace talweg
