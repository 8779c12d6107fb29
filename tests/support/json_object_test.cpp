#include "support/json_object.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace talweg {
namespace {

TEST(JsonObjects, AreWrittenInOrderWith17Digits) {
  JsonObject object;
  object.add("text", "a")
      .add("number", 0.1)
      .add("whole", std::int64_t{-7})
      .add("flag", true)
      .add_raw("list", "[1]");
  EXPECT_EQ(object.text(), R"({"text":"a","number":0.10000000000000001,"whole":-7,"flag":true,"list":[1]})");
  EXPECT_EQ(JsonObject().text(), "{}");
}

TEST(JsonObjects, HaveNullForWhatJsonLacks) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(JsonObject().add("x", kInfinity).text(), R"({"x":null})");
  EXPECT_EQ(JsonObject().add("x", std::numeric_limits<double>::quiet_NaN()).text(), R"({"x":null})");
}

TEST(JsonTexts, AreEscaped) {
  struct Case {
    std::string_view text, json;
  };
  for (const Case& c :
       {Case{"", R"("")"}, Case{"a\"b\\c", R"("a\"b\\c")"}, Case{"a\nb\x01", R"("a\u000ab\u0001")"},
        Case{"größe €\xF0\x9F\x8C\x8A", "\"größe €\xF0\x9F\x8C\x8A\""}, Case{"a\xFFz", "\"a\xEF\xBF\xBDz\""},
        Case{"\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
        Case{"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        Case{"\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""}})
    EXPECT_EQ(json_text(c.text), c.json);
}

}  // namespace
}  // namespace talweg
