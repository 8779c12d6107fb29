// Data by which the graph picks classes or indices are held to those that there are when the model is loaded.

#include <gtest/gtest.h>

#include <talweg/error.hpp>

#include "model/data/description.hpp"
#include "model/model.hpp"

namespace talweg {
namespace {

struct PlacesCase {
  const char* values;
  const char* expression;
  const char* said;  ///< "" where it is accepted
};

void PrintTo(const PlacesCase& places, std::ostream* stream) {
  *stream << places.values << " in " << places.expression;
}

const PlacesCase kPlaces[] = {
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
    {"[0, 3, -100]", "sum(one_hot(y, 4)) + cross_entropy(z, y % 3, ignore_index=-100)",
     "row 2 (counted from 0) holds -100, and the classes are 0 to 3"},
    {"[0, 1, -100]", "sum(one_hot(y, 4)) + cross_entropy(z, y, ignore_index=-100)",
     "row 2 (counted from 0) holds -100, and the classes are 0 to 3"},
    {"[0, 1, -100]", "cross_entropy(z, y, ignore_index=-100) + sum(one_hot(y, 4))",
     "row 2 (counted from 0) holds -100, and the classes are 0 to 3"},
    {"[0, 3, 1]", "cross_entropy(z, y, ignore_index=3) + sum(one_hot(y, 4))", ""},
    {"[0, 2, -3]", "sum(take(z, y, axis=0))", ""},
    {"[0, 3, 1]", "sum(take(z, y, axis=0))", "row 1 (counted from 0) holds 3, and the indices are -3 to 2"},
    {"[0, -4, 1]", "sum(z[y])", "row 1 (counted from 0) holds -4, and the indices are -3 to 2"},
    {"[0, 9, 1]", "sum(take(z, y))", "row 1 (counted from 0) holds 9, and the indices are -9 to 8"},
    {"[[0], [3], [1]]", "sum(take_along_axis(z, y, axis=1))",
     "row 1 (counted from 0) holds 3, and the indices are -3 to 2"},
};

class PlacesOfData : public testing::TestWithParam<PlacesCase> {};

TEST_P(PlacesOfData, AreHeldToThoseOfTheGraph) {
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

INSTANTIATE_TEST_SUITE_P(All, PlacesOfData, testing::ValuesIn(kPlaces));

TEST(PlacesOfTheGraph, AreNoPartOfWhatIsKnownOfAnEntry) {
  const CheckedModel model = load_model_text(
      "talweg: 1\nparameters: {z: {shape: [3, 3], init: zeros}}\ndata: {y: [0, 1]}\n"
      "graph: {loss: 'sum(z[y])'}\n",
      "model.yaml");
  EXPECT_EQ(model.data.at(0).column->places().size(), 1U);
  EXPECT_EQ(describe(*model.data.at(0).column).allowed.classes, 0);
}

}  // namespace
}  // namespace talweg
