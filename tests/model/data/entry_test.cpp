// Entries of `data:` that name a file: where it is looked for, what the options make of it, what is refused.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "model/data/files.hpp"
#include "model/model.hpp"
#include "plugin/test_plugins.hpp"

namespace talweg {
namespace {

const std::string kFloats = npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }",
                                     from_hex("0000803f 00000040 00004040 00008040 0000a040 0000c040"));
const std::string kLabels = idx_file(0x08, {4}, from_hex("00 02 01 02"));

class DataEntries : public testing::Test {
 protected:
  void SetUp() override {
    // Each test says itself where files are looked for.
    if (const char* directories = std::getenv("TALWEG_DATA")) before_ = directories;
    unsetenv("TALWEG_DATA");
    write("x.npy", kFloats);
    write("labels.idx", kLabels);
    write("labels.gz", packed(kLabels));
    write("text.txt", "banana");
    write("flat.idx", idx_file(0x08, {6}, "abcdef"));
    write("images.idx", idx_file(0x08, {2, 2, 2}, from_hex("00 33 66 99 cc ff 00 00")));
    write("nan.npy", npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }",
                              from_hex("0000803f 00000040 00004040 0000c07f")));
    write("large.npy", npy_file("{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }",
                                from_hex("00000001 01000001")));
    write("table.csv", "a,b,kind\n1,0.5,red\n2,1.5,blue\n3,2.5,red\n");
    write("bare.csv", "1;2\n3;4\n");
    write("arrays.npz", npz_file("x", kFloats));
    write("empty.npy", npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }", ""));
  }

  void TearDown() override {
    if (before_)
      setenv("TALWEG_DATA", before_->c_str(), 1);
    else
      unsetenv("TALWEG_DATA");
  }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(directory_.path() / name, std::ios::binary) << content;
  }

  [[nodiscard]] CheckedModel load(const std::string& entry, const ModelOptions& options = {},
                                  const std::string& more = "") const {
    return load_model_text("talweg: 1\n" + more + "data:\n  X: " + entry + "\n",
                           (directory_.path() / "model.yaml").string(), options);
  }

  /// The whole error, with this directory's path as DIR.
  [[nodiscard]] std::string error_of(const std::string& entry, Status status,
                                     const std::string& more = "") const {
    try {
      static_cast<void>(load(entry, {}, more));
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), status) << error.what();
      std::string text = error.what();
      const std::string own = directory_.path().string();
      for (std::size_t at = text.find(own); at != std::string::npos; at = text.find(own))
        text.replace(at, own.size(), "DIR");
      return text;
    }
    return "accepted";
  }

  TemporaryDirectory directory_;
  std::optional<std::string> before_;
};

TEST_F(DataEntries, BecomeTensors) {
  const struct {
    const char* entry;
    Shape shape;
    DType dtype;
    std::vector<double> values;
  } cases[] = {
      {"{npy: x.npy}", {3, 2}, DType::float64, {1, 2, 3, 4, 5, 6}},
      {"{idx: labels.idx}", {4}, DType::int64, {0, 2, 1, 2}},
      {"{idx: labels.gz}", {4}, DType::int64, {0, 2, 1, 2}},
      {"{idx: labels.gz, classes: 3}", {4}, DType::int64, {0, 2, 1, 2}},
      {"{idx: labels.gz, one_hot: 3}", {4, 3}, DType::float64, {1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1}},
      {"{idx: labels.idx, dtype: float}", {4}, DType::float64, {0, 2, 1, 2}},
      {"{idx: labels.idx, shape: [1]}", {4, 1}, DType::int64, {0, 2, 1, 2}},
      {"{idx: labels.idx, shape: [2]}", {2, 2}, DType::int64, {0, 2, 1, 2}},
      {"{idx: labels.idx, shape: []}", {4}, DType::int64, {0, 2, 1, 2}},
      {"{idx: images.idx}", {2, 2, 2}, DType::int64, {0, 51, 102, 153, 204, 255, 0, 0}},
      {"{idx: images.idx, shape: [4], scale: 1/255}",
       {2, 4},
       DType::float64,
       {0, 51 / 255.0, 102 / 255.0, 153 / 255.0, 204 / 255.0, 1, 0, 0}},
      {"{idx: images.idx, shape: [2 * n, 1], scale: 2, offset: -1}",
       {2, 4, 1},
       DType::float64,
       {-1, 101, 203, 305, 407, 509, -1, -1}},
      {"{npy: x.npy, dtype: int64}", {3, 2}, DType::int64, {1, 2, 3, 4, 5, 6}},
      {"{npy: x.npy, rows: 0:n}", {2, 2}, DType::float64, {1, 2, 3, 4}},
      {"{npy: x.npy, rows: 'n:'}", {1, 2}, DType::float64, {5, 6}},
      {"{npy: x.npy, rows: -2:-1}", {1, 2}, DType::float64, {3, 4}},
      {"{idx: flat.idx, shape: [2], rows: 1:3}", {2, 2}, DType::int64, {'c', 'd', 'e', 'f'}},
      {"{text: text.txt}", {6}, DType::int64, {1, 0, 2, 0, 2, 0}},
      {"{text: text.txt, window: 4, stride: n}", {2, 4}, DType::int64, {1, 0, 2, 0, 2, 0, 2, 0}},
      {"{text: text.txt, window: 2, rows: 0:2, one_hot: 3}",
       {2, 2, 3},
       DType::float64,
       {0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1}},
      {"{npy: large.npy}", {2}, DType::int64, {16777216, 16777217}},
      {"{csv: table.csv, columns: [b, a]}", {3, 2}, DType::float64, {0.5, 1, 1.5, 2, 2.5, 3}},
      {"{csv: table.csv, columns: a}", {3}, DType::int64, {1, 2, 3}},
      {"{csv: table.csv, columns: [a]}", {3, 1}, DType::int64, {1, 2, 3}},
      {"{csv: table.csv, columns: a, scale: 2, rows: 1:3}", {2}, DType::float64, {4, 6}},
      {"{csv: table.csv, columns: kind, categories: True}", {3}, DType::int64, {1, 0, 1}},
      {"{csv: table.csv, columns: kind, categories: [red, blue], one_hot: 2}",
       {3, 2},
       DType::float64,
       {1, 0, 0, 1, 1, 0}},
      {"{csv: bare.csv, header: False, delimiter: ';', columns: '1'}", {2}, DType::int64, {2, 4}},
      {"{csv: bare.csv, header: True, delimiter: ';'}", {1, 2}, DType::int64, {3, 4}},
      {"{npz: arrays.npz}", {3, 2}, DType::float64, {1, 2, 3, 4, 5, 6}},
      {"{npz: arrays.npz, array: x, rows: 2:3}", {1, 2}, DType::float64, {5, 6}},
  };
  for (const auto& written : cases) {
    const CheckedModel model = load(written.entry, {}, "let: {n: 2}\n");
    const DataEntry& entry = model.data.front();
    EXPECT_EQ(entry.column->shape(), written.shape) << written.entry;
    EXPECT_EQ((*model.graph)[entry.node].shape, written.shape) << written.entry;
    EXPECT_EQ(entry.column->dtype(), written.dtype) << written.entry;
    const std::vector<double> values = entry.column->values();
    ASSERT_EQ(values.size(), written.values.size()) << written.entry;
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_DOUBLE_EQ(values[i], written.values[i]);
  }
}

TEST_F(DataEntries, StayAsNarrowAsTheirFile) {
  const CheckedModel model = load("{idx: images.idx, scale: 1/255}");
  EXPECT_EQ(model.data.front().column->raw().format.bytes, 1);
  EXPECT_NE(model.data.front().column->raw().mapping, nullptr);
}

TEST_F(DataEntries, AreLookedForBesideTheModelThenInDataThenInTheEnvironment) {
  const TemporaryDirectory first, second;
  const auto size_of = [&](const ModelOptions& options) {
    return load("{idx: other.idx}", options).data.front().column->rows();
  };
  const ModelOptions options = {.data_directories = {first.path()}};
  ASSERT_EQ(setenv("TALWEG_DATA", ("/nowhere:" + second.path().string()).c_str(), 1), 0);
  std::ofstream(second.path() / "other.idx") << idx_file(0x08, {3}, "abc");
  EXPECT_EQ(size_of(options), 3);
  std::ofstream(first.path() / "other.idx") << idx_file(0x08, {2}, "ab");
  EXPECT_EQ(size_of(options), 2);
  write("other.idx", idx_file(0x08, {1}, "a"));
  EXPECT_EQ(size_of(options), 1);
  EXPECT_EQ(load("{idx: " + (second.path() / "other.idx").string() + "}").data.front().column->rows(), 3);
}

TEST_F(DataEntries, SayWhereAFileWasLookedFor) {
  EXPECT_EQ(error_of("{npy: missing.npy}", Status::data),
            "DIR/model.yaml:3:12: error: there is no data file 'missing.npy'\n"
            "    3 |   X: {npy: missing.npy}\n"
            "      |            ^~~~~~~~~~~\n"
            "note: looked for DIR/missing.npy\n"
            "hint: a path is relative to the model file, then to --data DIR and $TALWEG_DATA");
}

TEST_F(DataEntries, NameFileAndPlaceOfWrongValues) {
  EXPECT_EQ(
      error_of("{npy: nan.npy, rows: 1:2}", Status::data),
      "DIR/nan.npy: error: at byte 140: row 1, element 1 (counted from 0) holds NaN, which is not a number\n"
      "note: it is data 'X' of DIR/model.yaml:3:12\n"
      "hint: allow_nan: True takes it as it is");
  EXPECT_EQ(error_of("{idx: labels.gz, one_hot: 2}", Status::data),
            "DIR/labels.gz: error: row 1 (counted from 0) holds 2, and the classes are 0 to 1\n"
            "note: it is data 'X' of DIR/model.yaml:3:12");
}

TEST_F(DataEntries, AreHeldToTheRangeOfTheModelsType) {
  write("wide.npy", npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }",
                             from_hex("000000000000f03f 9c7500883ce4377e")));  // 1 and 1e300
  write("infinite.npy",
        npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", from_hex("000000000000f07f")));
  EXPECT_NO_THROW(static_cast<void>(load("{npy: wide.npy}")));
  const auto said = [&](const std::string& entry) -> std::string {
    try {
      static_cast<void>(load(entry, {}, "dtype: float32\n"));
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::data);
      return error.message();
    }
    return "";
  };
  EXPECT_NE(said("{npy: wide.npy}").find("holds 1e+300, which is too large for a model of dtype float32"),
            std::string::npos);
  EXPECT_EQ(said("{npy: wide.npy, scale: 1e-300}"), "");
  EXPECT_EQ(said("{npy: wide.npy, allow_nan: True}"), "");
  EXPECT_NE(said("{npy: infinite.npy}").find("holds inf, which is not finite"), std::string::npos);
}

TEST_F(DataEntries, ThatDoNotFitTheirFileAreRefusedAsData) {
  const struct {
    const char* entry;
    const char* said;
  } cases[] = {
      {"{npy: labels.idx}", "DIR/labels.idx: error: at byte 0: it is no NPY file"},
      {"{idx: .}", "DIR/.: error: it cannot be read: it is a directory"},
      {"{npy: empty.npy}", "it holds no values: its shape is (0, 3)"},
      {"{idx: labels.idx, one_hot: 2}",
       "at byte 9: row 1 (counted from 0) holds 2, and the classes are 0 to 1"},
      {"{idx: labels.idx, classes: 2}",
       "at byte 9: row 1 (counted from 0) holds 2, and the classes are 0 to 1"},
      {"{idx: labels.idx, dtype: bool}", "at byte 9: row 1 (counted from 0) holds 2, and a flag is 0 or 1"},
      {"{npy: x.npy, scale: 0.5, dtype: float, shape: [3]}",
       "an example of it has shape (2,), 2 elements; the model's shape for it is (3,)"},
      {"{idx: labels.idx, shape: [3]}", "it holds 4 numbers, which are no whole examples of shape (3,)"},
      {"{npy: x.npy, rows: 0:4}", "it has 3 rows; the model takes rows 0 up to 4"},
      {"{npy: x.npy, rows: -4:2}", "it has 3 rows; the model takes rows -1 up to 2"},
      {"{npy: x.npy, rows: 2:2}", "it has 3 rows; the model takes rows 2 up to 2"},
      {"{text: text.txt, classes: 2}", "it has 3 distinct values; the model has 2 classes"},
      {"{csv: table.csv, columns: kind}", "DIR/table.csv:2:7: error: 'red' is no number"},
      {"{csv: bare.csv, delimiter: ';'}", "its first line has numbers, and the names of the columns are due"},
      {"{csv: table.csv, columns: a, classes: 3}", "DIR/table.csv:4:1: error: 3, and the classes are 0 to 2"},
      {"{csv: table.csv, columns: kind, categories: True, classes: 1}", "it has 2 distinct values"},
      {"{csv: table.csv, columns: b, dtype: int64}",
       "row 0 (counted from 0) holds 0.5, and whole numbers are due"},
      {"{npz: arrays.npz, array: y}", "DIR/arrays.npz: error: it has no array 'y'"},
      {"{text: text.txt, window: 7}", "it has 6 characters, fewer than a window of 7"},
  };
  for (const auto& wrong : cases)
    EXPECT_NE(error_of(wrong.entry, Status::data).find(wrong.said), std::string::npos)
        << wrong.entry << "\n"
        << error_of(wrong.entry, Status::data);
}

TEST_F(DataEntries, OfIntegersThatTheModelCannotHoldAreRefused) {
  EXPECT_NE(
      error_of("{npy: large.npy}", Status::data, "dtype: float32\n")
          .find("row 1 (counted from 0) holds 16777217, which is not exact in a model of dtype float32"),
      std::string::npos);
  EXPECT_EQ(error_of("{npy: large.npy, dtype: float}", Status::data, "dtype: float32\n"), "accepted");
}

TEST_F(DataEntries, TakeNaNWhereTheySaySo) {
  const CheckedModel model = load("{npy: nan.npy, allow_nan: True}");
  EXPECT_TRUE(std::isnan(model.data.front().column->values()[3]));
}

TEST_F(DataEntries, ThatAreWrongThemselvesAreRefusedAsModels) {
  const struct {
    const char* entry;
    const char* said;
  } cases[] = {
      {"{file: x.npy}", "model.yaml:3:7: error: data 'X' does not say where its values are"},
      {"{nyp: x}", "hint: did you mean 'npy'?"},
      {"{npy: x.npy, scael: 2}", "model.yaml:3:19: error: unknown key 'scael' of data 'X'"},
      {"{npy: x.npy, window: 2}", "unknown key 'window' of data 'X'"},
      {"{npy: [x.npy]}", "the file of data 'X' is a text, and this is a list"},
      {"{npy: x.npy, scale: inf}", "model.yaml:3:26: error: 'scale' of data 'X' is not finite"},
      {"{npy: x.npy, scale: fast}", "model.yaml:3:26: error: the name 'fast' is not defined"},
      {"{npy: x.npy, shape: [-1]}", "the negative size -1"},
      {"{npy: x.npy, dtype: float32}", "hint: float is the floating type of the whole model"},
      {"{npy: x.npy, dtype: int65}", "hint: did you mean 'int64'?"},
      {"{npy: x.npy, rows: 5}", "model.yaml:3:25: error: 'rows' of data 'X' is a range such as 0:8000"},
      {"{npy: x.npy, rows: 0:1.5}", "model.yaml:3:27: error: 'rows' of data 'X' is an integer"},
      {"{npy: x.npy, rows: '0:1:2'}", "is a range such as 0:8000, and this is '0:1:2'"},
      {"{npy: x.npy, one_hot: 0}", "'one_hot' of data 'X' is at least 1, and this is 0"},
      {"{npy: x.npy, one_hot: 3, scale: 2}",
       "model.yaml:3:31: error: data 'X' has both 'one_hot' and 'scale'"},
      {"{npy: x.npy, dtype: int64, scale: 2}", "'dtype' of data 'X' is of whole numbers"},
      {"{npy: x.npy, allow_nan: 1}", "'allow_nan' of data 'X' is True or False"},
      {"{csv: table.csv, columns: [a, a]}", "model.yaml:3:36: error: 'columns' of data 'X' has 'a' twice"},
      {"{csv: table.csv, columns: []}", "'columns' of data 'X' is empty"},
      {"{csv: table.csv, columns: {a: b}}", "'columns' of data 'X' is a list, and this is a mapping"},
      {"{csv: table.csv, delimiter: '::'}", "'delimiter' of data 'X' is one character"},
      {"{csv: table.csv, categories: 3}", "'categories' of data 'X' is True or False"},
      {"{csv: table.csv, header: 1}", "'header' of data 'X' is True or False"},
      {"{npy: x.npy, array: x}", "unknown key 'array' of data 'X'"},
      {"{text: text.txt, stride: 2}", "'stride' of data 'X' is that of a 'window'"},
      {"{text: text.txt, window: 0}", "'window' of data 'X' is at least 1, and this is 0"},
  };
  for (const auto& wrong : cases)
    EXPECT_NE(error_of(wrong.entry, Status::model).find(wrong.said), std::string::npos)
        << wrong.entry << "\n"
        << error_of(wrong.entry, Status::model);
}

}  // namespace
}  // namespace talweg
