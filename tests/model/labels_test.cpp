// Data that cross_entropy and one_hot take as labels are held to the classes when the model is loaded.

#include <gtest/gtest.h>

#include <talweg/error.hpp>

#include "model/model.hpp"

namespace talweg {
namespace {

struct LabelsCase {
  const char* values;
  const char* expression;
  const char* said;  ///< "" where it is accepted
};

void PrintTo(const LabelsCase& labels, std::ostream* stream) {
  *stream << labels.values << " in " << labels.expression;
}

const LabelsCase kLabels[] = {
    {"[0, 2, 1]", "cross_entropy(z, y)", ""},
    {"[0, 3, 1]", "cross_entropy(z, y)", "row 1 (counted from 0) holds 3, and the classes are 0 to 2"},
    {"[0, 1, -1]", "cross_entropy(z, y)", "row 2 (counted from 0) holds -1, and the classes are 0 to 2"},
    {"[-100, 1, 2]", "cross_entropy(z, y)", "row 0 (counted from 0) holds -100, and the classes are 0 to 2"},
    {"[-100, 1, 2]", "cross_entropy(z, y, ignore_index=-100)", ""},
    {"[-100, 1, -1]", "cross_entropy(z, y, ignore_index=-100)",
     "row 2 (counted from 0) holds -1, and the classes are 0 to 2"},
    {"[[0], [7], [1]]", "cross_entropy(z, reshape(y, [3]))",
     "row 1 (counted from 0) holds 7, and the classes are 0 to 2"},
    {"[0, 3, 1]", "sum(one_hot(y, 3))", "row 1 (counted from 0) holds 3, and the classes are 0 to 2"},
    {"[0, 3, 1]", "sum(one_hot(y, 4))", ""},
    {"[0, 3, 1]", "cross_entropy(z, y % 3)", ""},
    {"[0, 3, 1]", "sum(take(z, y, axis=0))", ""},
};

class LabelsOfData : public testing::TestWithParam<LabelsCase> {};

TEST_P(LabelsOfData, AreHeldToTheClasses) {
  const std::string text =
      std::string("talweg: 1\nparameters: {z: {shape: [3, 3], init: zeros}}\ndata: {y: ") +
      GetParam().values + "}\ngraph: {loss: '" + GetParam().expression + "'}\n";
  std::string said;
  try {
    static_cast<void>(load_model_text(text, "model.yaml"));
  } catch (const Error& error) {
    said = error.message();
    EXPECT_EQ(error.status(), Status::data);
    EXPECT_EQ(error.location().line, 3) << "the entry of data";
    EXPECT_TRUE(error.notes().at(0).starts_with("the expression at model.yaml:4:")) << error.what();
  }
  EXPECT_EQ(said, GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(All, LabelsOfData, testing::ValuesIn(kLabels));

}  // namespace
}  // namespace talweg
