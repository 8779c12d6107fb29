#include "training/json_lines.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/numbers.hpp"

namespace talweg {
namespace {

TEST(JsonLines, HoldTheRecords) {
  EXPECT_EQ(
      to_json_line(StartRecord{"a \"b\"", 1, DType::float32, 16, "gd", 60000, 20, 2}),
      R"({"event":"start","name":"a \"b\"","seed":1,"dtype":"float32","parameters":16,"optimizer":"gd",)"
      R"("steps":60000,"first_step":20,"threads":2})");
  EXPECT_EQ(to_json_line(LogRecord{0, {{"loss", {}, DType::float64, {0.1}}, {"n", {}, DType::int64, {3}}}}),
            R"({"event":"log","step":0,"loss":0.10000000000000001,"n":3})");
  EXPECT_EQ(to_json_line(EndRecord{5, 0.5, EndReason::gradient, {{"loss", {}, DType::float64, {2}}}, {}}),
            R"({"event":"end","steps":5,"seconds":0.5,"reason":"gradient","loss":2})");
  EXPECT_EQ(to_json_line(EndRecord{5, 0.5, EndReason::optimizer, {}, {}, "no lower point", 9}),
            R"({"event":"end","steps":5,"seconds":0.5,"reason":"optimizer","message":"no lower point",)"
            R"("evaluations":9})");
}

TEST(JsonLines, HoldTensorsAsNestedLists) {
  const LogRecord record{1,
                         {{"m", {2, 3}, DType::float64, {1, 2, 3, 4, 5, 6}},
                          {"flags", {2}, DType::boolean, {1, 0}},
                          {"none", {0}, DType::float64, {}},
                          {"rows", {2, 0}, DType::float64, {}}}};
  EXPECT_EQ(
      to_json_line(record),
      R"({"event":"log","step":1,"m":[[1,2,3],[4,5,6]],"flags":[true,false],"none":[],"rows":[[],[]]})");
}

TEST(JsonLines, SayNullWhereJsonHasNoNumber) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(to_json_line(LogRecord{0, {{"v", {3}, DType::float64, {infinity, -infinity, std::nan("")}}}}),
            R"({"event":"log","step":0,"v":[null,null,null]})");
}

TEST(JsonLines, NameWhatIsLoggedAndReportedOnce) {
  const EndRecord record{
      1, 1, EndReason::steps, {{"a", {}, DType::float64, {1}}}, {{"a", {}, DType::float64, {1}}}};
  EXPECT_EQ(to_json_line(record), R"({"event":"end","steps":1,"seconds":1,"reason":"steps","a":1})");
}

TEST(JsonLines, KeepEveryDigitOfANumber) {
  for (double value : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.49641003190272537}) {
    const std::string line = to_json_line(LogRecord{0, {{"v", {}, DType::float64, {value}}}});
    const std::size_t begin = line.find("\"v\":") + 4;
    EXPECT_EQ(parse_number(line.substr(begin, line.size() - 1 - begin)), value);
  }
}

}  // namespace
}  // namespace talweg
