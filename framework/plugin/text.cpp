#include "plugin/text.hpp"

#include <algorithm>
#include <cstring>
#include <talweg/error.hpp>

namespace talweg {
namespace {

constexpr std::size_t kLongestText = 1000;

}  // namespace

std::string one_line(std::string_view text) {
  std::string result(text.substr(0, kLongestText));
  while (!result.empty() && result.back() == '\n') result.pop_back();
  std::ranges::replace_if(
      result, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return result;
}

std::string text_from_plugin(const char* text, const std::string& what) {
  if (text == nullptr) throw Error(Status::plugin, what + " is a null pointer");
  const std::size_t length = strnlen(text, kLongestText + 1);
  if (length > kLongestText) throw Error(Status::plugin, what + " is too long");
  return one_line({text, length});
}

}  // namespace talweg
