#include "support/json_object.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "support/utf8.hpp"

namespace talweg {
std::string json_text(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    const std::size_t size = character_length(text);
    const char c = text[0];
    if (size == 0) {
      result += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      static_cast<void>(std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c)));
      result += escape;
    } else {
      result += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return result + "\"";
}

JsonObject& JsonObject::add(std::string_view name, std::string_view text) {
  return add_raw(name, json_text(text));
}

JsonObject& JsonObject::add(std::string_view name, double number) {
  if (!std::isfinite(number)) return add_raw(name, "null");
  char text[32];
  const auto [end, problem] = std::to_chars(text, text + sizeof text, number, std::chars_format::general, 17);
  return add_raw(name, {text, end});
}

JsonObject& JsonObject::add(std::string_view name, std::int64_t number) {
  return add_raw(name, std::to_string(number));
}

JsonObject& JsonObject::add(std::string_view name, bool flag) {
  return add_raw(name, flag ? "true" : "false");
}

JsonObject& JsonObject::add_raw(std::string_view name, std::string_view json) {
  if (!entries_.empty()) entries_ += ",";
  entries_ += json_text(name) + ":";
  entries_ += json;
  return *this;
}

}  // namespace talweg
