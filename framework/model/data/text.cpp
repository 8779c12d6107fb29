#include "model/data/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

namespace talweg {
namespace {

constexpr std::size_t kBytes = 256, kAscii = 128;
constexpr std::uint32_t kLastCode = 0x10FFFF;

/// How often a mapped file hears how far it has been looked through.
constexpr std::size_t kPiece = std::size_t{1} << 24;

std::array<bool, kBytes> bytes_that_occur(const DataBytes& data) {
  std::array<bool, kBytes> occurs{};
  for (std::size_t begin = 0; begin < data.bytes.size(); begin += kPiece) {
    const auto piece = data.bytes.subspan(begin, std::min(kPiece, data.bytes.size() - begin));
    for (std::byte byte : piece) occurs[static_cast<std::size_t>(byte)] = true;
    if (data.mapping != nullptr) data.mapping->looked_at(static_cast<std::int64_t>(piece.size()), 1);
  }
  return occurs;
}

/// A text that is held as it is: a byte is a character.
StoredText text_of_bytes(DataBytes data, const std::array<bool, kBytes>& occurs) {
  StoredText text;
  text.table.assign(kBytes, 0);
  for (std::size_t byte = 0; byte < kAscii; ++byte) {
    if (!occurs[byte]) continue;
    text.table[byte] = static_cast<double>(text.alphabet.size());
    text.alphabet.emplace_back(1, static_cast<char>(byte));
  }
  const Shape shape = {static_cast<std::int64_t>(data.bytes.size())};
  text.characters =
      stored_array(std::move(data), 0, {ElementFormat::Kind::unsigned_integer, 1, false}, shape);
  return text;
}

/// The character of UTF-8 (RFC 3629) at `place`, and its length there.
struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;
};

Character character_at(const DataBytes& data, std::size_t place) {
  constexpr unsigned kContinuation = 0x80, kContinuationMask = 0xC0, kPayload = 0x3F, kPayloadBits = 6;
  struct Form {
    unsigned mask, mark;
    std::uint32_t least;
  };
  // By its length: which bits of the first byte say so, and the least code that needs it.
  constexpr std::array<Form, 4> kForms = {
      {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}}};
  constexpr std::uint32_t kFirstSurrogate = 0xD800, kLastSurrogate = 0xDFFF;
  const auto byte_at = [&](std::size_t i) { return static_cast<unsigned>(data.bytes[i]); };
  const unsigned first = byte_at(place);
  for (std::size_t i = 0; i < kForms.size(); ++i) {
    const Form& form = kForms[i];
    const std::size_t length = i + 1;
    if ((first & form.mask) != form.mark || length > data.bytes.size() - place) continue;
    std::uint32_t code = first & ~form.mask;
    bool right = true;
    for (std::size_t j = 1; j < length; ++j) {
      right = right && (byte_at(place + j) & kContinuationMask) == kContinuation;
      code = code << kPayloadBits | (byte_at(place + j) & kPayload);
    }
    if (right && code >= form.least && code <= kLastCode &&
        !(code >= kFirstSurrogate && code <= kLastSurrogate))
      return {code, length};
  }
  throw data_error(data, place, "the text is not UTF-8")
      .set_hint("convert it: iconv -f LATIN1 -t UTF-8 old.txt > new.txt");
}

/// Calls `body` with each character of a text.
template <class Body>
void each_character(const DataBytes& data, Body body) {
  for (std::size_t place = 0; place < data.bytes.size();) {
    const Character character = character_at(data, place);
    body(character, place);
    place += character.length;
  }
}

/// The indexes of all characters as integers of type T.
template <class T>
StoredArray indexes(const DataBytes& data, const std::vector<std::size_t>& index, std::size_t characters) {
  std::vector<std::byte> bytes(characters * sizeof(T));
  std::size_t at = 0;
  each_character(data, [&](const Character& character, std::size_t) {
    const T value = static_cast<T>(index[character.code]);
    std::memcpy(bytes.data() + at, &value, sizeof(T));
    at += sizeof(T);
  });
  return {bytes_in_memory(data.file, "as characters", std::move(bytes)),
          0,
          {ElementFormat::Kind::unsigned_integer, sizeof(T), false},
          {static_cast<std::int64_t>(characters)}};
}

StoredText text_of_characters(const DataBytes& data) {
  constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();
  // By code, where a character first stands; then its index.
  std::vector<std::size_t> index(kLastCode + 1, kNowhere);
  std::size_t characters = 0;
  each_character(data, [&](const Character& character, std::size_t place) {
    ++characters;
    index[character.code] = std::min(index[character.code], place);
  });
  StoredText text;
  for (std::size_t& entry : index) {
    if (entry == kNowhere) continue;
    const std::size_t place = std::exchange(entry, text.alphabet.size());
    text.alphabet.emplace_back(reinterpret_cast<const char*>(data.bytes.data()) + place,
                               character_at(data, place).length);
  }
  if (text.alphabet.size() <= kBytes)
    text.characters = indexes<std::uint8_t>(data, index, characters);
  else if (text.alphabet.size() <= std::numeric_limits<std::uint16_t>::max())
    text.characters = indexes<std::uint16_t>(data, index, characters);
  else
    text.characters = indexes<std::uint32_t>(data, index, characters);
  return text;
}

}  // namespace

StoredText read_text(DataBytes data) {
  if (data.bytes.empty()) throw data_error(data, "the file is empty");
  const std::array<bool, kBytes> occurs = bytes_that_occur(data);
  const bool ascii = std::none_of(occurs.begin() + kAscii, occurs.end(), [](bool there) { return there; });
  return ascii ? text_of_bytes(std::move(data), occurs) : text_of_characters(data);
}

StoredText read_text(DataBytes data, const std::vector<std::string>& alphabet) {
  StoredText text = read_text(std::move(data));
  std::vector<double> places;
  for (const std::string& character : text.alphabet) {
    const auto found = std::ranges::find(alphabet, character);
    if (found == alphabet.end())
      throw data_error(text.characters.data,
                       "the character '" + character + "' is not in the text that the model was trained on");
    places.push_back(static_cast<double>(found - alphabet.begin()));
  }
  for (double& entry : text.table) entry = places[static_cast<std::size_t>(entry)];
  if (text.table.empty()) text.table = std::move(places);
  text.alphabet = alphabet;
  return text;
}

}  // namespace talweg
