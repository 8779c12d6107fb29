// Tables of comma-separated values.

#include "model/data/csv.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "model/data/files.hpp"

namespace talweg {
namespace {

constexpr const char* kIris =
    "sepal length,\"petal, width\",species\r\n"
    "5.1,0.2,setosa\r\n"
    "7,1.4,versicolor\r\n"
    "6.3,2.5,\"virginica \"\"x\"\"\"\r\n";

CsvRequest columns(std::vector<std::string> names) { return {.columns = std::move(names)}; }

TEST(Csv, ReadsColumnsByName) {
  const StoredTable table = read_csv(in_memory(kIris), columns({"petal, width", "sepal length"}));
  EXPECT_EQ(table.cells.shape, (Shape{3, 2}));
  EXPECT_EQ(values_of(table.cells), (std::vector<double>{0.2, 5.1, 1.4, 7, 2.5, 6.3}));
  EXPECT_FALSE(table.integers);
}

TEST(Csv, ReadsAllColumnsWithoutNames) {
  CsvRequest request;
  request.header = false;
  request.delimiter = ';';
  const StoredTable table = read_csv(in_memory("1; -2\n+3;\t4 \n\n\n"), request);
  EXPECT_EQ(values_of(table.cells), (std::vector<double>{1, -2, 3, 4}));
  EXPECT_TRUE(table.integers);
  request.columns = {"1"};
  EXPECT_EQ(values_of(read_csv(in_memory("1;-2\n3;4"), request).cells), (std::vector<double>{-2, 4}));
}

TEST(Csv, TakesTextsAsCategories) {
  CsvRequest request = columns({"species"});
  request.categories = std::vector<std::string>{};
  const std::string table = "species\nb\na\nb\nc\n";
  const StoredTable sorted = read_csv(in_memory(table), request);
  EXPECT_EQ(values_of(sorted.cells), (std::vector<double>{1, 0, 1, 2}));
  EXPECT_EQ(sorted.categories, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(sorted.integers);
  request.categories = {"c", "b", "a"};
  EXPECT_EQ(values_of(read_csv(in_memory(table), request).cells), (std::vector<double>{1, 2, 1, 0}));
  request.categories = std::vector<std::string>{};
  EXPECT_EQ(read_csv(in_memory(kIris), request).categories.back(), "virginica \"x\"");
}

TEST(Csv, HoldsLineBreaksInQuotesAndAByteOrderMark) {
  CsvRequest request = columns({"text"});
  request.categories = std::vector<std::string>{};
  EXPECT_EQ(read_csv(in_memory("\xEF\xBB\xBFtext,n\n\"a\r\nb\",1\n"), request).categories.front(), "a\r\nb");
}

TEST(Csv, TakesEmptyCellsAsNaNWhereThatIsAllowed) {
  CsvRequest request;
  request.allowed.nan = true;
  const std::vector<double> values = values_of(read_csv(in_memory("a,b\n1,\nnan,2\n"), request).cells);
  EXPECT_TRUE(std::isnan(values[1]) && std::isnan(values[2]));
}

TEST(Csv, SaysWhereATableIsWrong) {
  EXPECT_EQ(refusal_of([] { static_cast<void>(read_csv(in_memory("a,b\n1,2\n3,4,5\n"), {})); }),
            "file:3:1: error: this row has 3 cells; the first line has 2\n"
            "    3 | 3,4,5\n"
            "      | ^~~~~");
  const struct {
    std::string file;
    CsvRequest request;
    std::string said;
  } cases[] = {
      {"", {}, "file: error: the file is empty"},
      {"\n\n", {}, "file: error: the file is empty"},
      {"a,b\n", {}, "file: error: there are no rows below the header"},
      {"a,b\n1,2\n3\n", {}, "file:3:1: error: this row has 1 cell; the first line has 2"},
      {"a,b\n1,2\n\n3,4\n", {}, "file:3:1: error: a blank line within the table"},
      {"\xC3\xA4,b\n\xC3\xA4,2\n", columns({"b", "\xC3\xA4"}), "file:2:1: error: '\xC3\xA4' is no number"},
      {"\xC3\xA4,b\n\"\xC3\xA4\",2x\n", columns({"b"}), "file:2:5: error: '2x' is no number"},
      {"a\n0x10\n", {}, "file:2:1: error: '0x10' is no number"},
      {"a\n1e999\n", {}, "file:2:1: error: '1e999' is no number"},
      {"a\n1,5\n", {}, "file:2:1: error: this row has 2 cells; the first line has 1"},
      {"a,b\n1,\n", {}, "file:2:3: error: an empty cell where a number is due"},
      {"a,b\n1,nan\n", {}, "file:2:3: error: 'nan' is not a finite number"},
      {"a,b\n1,-inf\n", {}, "file:2:3: error: '-inf' is not a finite number"},
      {"a,b\n\"1,2\n", {}, "file:2:1: error: this quote is never closed"},
      {"a,b\n\"1\"2,3\n", {}, "file:2:4: error: text behind a closing quote"},
      {"a,b\n1,2\n", columns({"c"}), "file:1:1: error: the table has no column 'c'\n    1 | a,b"},
      {"first,second\n1,2\n", columns({"fist"}), "hint: did you mean 'first'?"},
      {"a,a\n1,2\n", columns({"a"}), "file:1:3: error: the table has two columns 'a'"},
      {"a\n1\n10\n", {.allowed = {.classes = 10}}, "file:3:1: error: 10, and the classes are 0 to 9"},
      {"a\n1\n0.5\n", {.allowed = {.classes = 10}}, "file:3:1: error: 0.5, and the classes are 0 to 9"},
      {"a\nred\nblu\n",
       {.categories = {{"red", "blue"}}},
       "file:3:1: error: 'blu' is none of the categories red and blue"},
  };
  for (const auto& wrong : cases) {
    const std::string refusal =
        refusal_of([&] { static_cast<void>(read_csv(in_memory(wrong.file), wrong.request)); });
    EXPECT_NE(refusal.find(wrong.said), std::string::npos) << wrong.said << "\n" << refusal;
  }
}

TEST(Csv, DamagedIsRefusedOrATable) {
  CsvRequest request;
  accepted_when_damaged("a,\"b\"\r\n1,\"2\"\n-3.5,4\n", [&](const DataBytes& data) {
    const StoredTable table = read_csv(data, request);
    EXPECT_EQ(values_of(table.cells).size(), static_cast<std::size_t>(table.cells.shape.elements()));
  });
  request.categories = std::vector<std::string>{};
  accepted_when_damaged(kIris, [&](const DataBytes& data) {
    for (const double value : values_of(read_csv(data, request).cells)) EXPECT_GE(value, 0);
  });
}

}  // namespace
}  // namespace talweg
