#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace talweg {

/// A JSON object that is written entry by entry, in one line. Numbers have 17 significant digits; JSON has no
/// infinities and NaN, which become null.
class JsonObject {
 public:
  JsonObject& add(std::string_view name, std::string_view text);
  JsonObject& add(std::string_view name, const char* text) { return add(name, std::string_view(text)); }
  JsonObject& add(std::string_view name, double number);
  JsonObject& add(std::string_view name, std::int64_t number);
  JsonObject& add(std::string_view name, bool flag);
  /// REQUIRES: `json` is JSON in one line.
  JsonObject& add_raw(std::string_view name, std::string_view json);

  [[nodiscard]] std::string text() const { return "{" + entries_ + "}"; }

 private:
  std::string entries_;
};

/// A text in double quotes; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_text(std::string_view text);

}  // namespace talweg
