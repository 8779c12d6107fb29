// talweg predict and talweg export, as a user runs them.

#include "model/data/files.hpp"
#include "model/data/npy.hpp"
#include "model/data/npz.hpp"
#include "tools/flowers.hpp"
#include "training/safetensors.hpp"

namespace talweg {
namespace {

StoredArray npy_of(const std::filesystem::path& path) { return read_npy(map_data_file(path)); }

TEST(PredictCommand, OfTheModelsOwnDataIsARowAnExampleInTheirOrder) {
  const Flowers flowers;
  const Finished finished = flowers.run("predict run scores");
  EXPECT_EQ(finished.status, 0) << finished.errors;
  const std::vector<std::string> lines = lines_of(finished.out);
  ASSERT_EQ(lines.size(), 1U + Flowers::kRows);
  EXPECT_EQ(lines[0], "scores_0,scores_1,scores_2");
  const std::vector<double> species = numbers_of(flowers.run("predict run species").out);
  ASSERT_EQ(species.size(), static_cast<std::size_t>(Flowers::kRows));
  const double kinds[] = {1, 0, 2};  // setosa, "iris, blue", virginica as they sort
  for (std::size_t i = 0; i < species.size(); ++i) EXPECT_EQ(species[i], kinds[i % 3]) << i;
}

TEST(PredictCommand, DoesNotDependOnHowManyExamplesAreLookedAtTogether) {
  const Flowers flowers;
  const std::vector<double> all = numbers_of(flowers.run("predict run scores").out);
  for (const char* batch : {"1", "7", "40", "41"}) {
    const std::vector<double> parts =
        numbers_of(flowers.run("predict run scores --batch " + std::string(batch)).out);
    ASSERT_EQ(parts.size(), all.size()) << batch;
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_NEAR(parts[i], all[i], 1e-13) << batch;
  }
}

TEST(PredictCommand, NeedsNeitherTheModelsDataNorLabelsForInputs) {
  const Flowers flowers;
  const std::string own = flowers.run("predict run scores").out;
  std::string table = "width,length\n", bare;
  for (int i = 0; i < Flowers::kRows; ++i) {
    const std::string measures = Flowers::measures(i);
    const std::size_t comma = measures.find(',');
    table += measures.substr(comma + 1) + "," + measures.substr(0, comma) + "\n";
    bare += measures + "\n";
  }
  flowers.write("named.csv", table);
  std::filesystem::remove(flowers.path("flowers.csv"));
  const Finished named = flowers.run("predict run scores --input X=named.csv");
  EXPECT_EQ(named.out, own) << named.errors;
}

TEST(PredictCommand, TakesATableWithoutAHeadForDataThatAreWrittenInTheModel) {
  const TemporaryDirectory directory;
  const std::string run = (directory.path() / "run").string(), table = (directory.path() / "x.csv").string();
  ASSERT_EQ(run_line("train graphs/tutorial/three_layer.yaml --steps 1000 --quiet --out " + run).status, 0);
  const std::string own = run_line("predict " + run + " layer_2").out;
  write_text(table, "0,0,1\n0,1,1\n1,0,1\n1,1,1\n");
  const Finished finished = run_line("predict " + run + " layer_2 --input X=" + table);
  EXPECT_EQ(finished.out, own) << finished.errors;
  EXPECT_EQ(lines_of(own).size(), 5U) << own;
  write_text(table, "a,b,c\n1,0,1\n");
  EXPECT_EQ(lines_of(run_line("predict " + run + " layer_2 --input X=" + table).out)[1], lines_of(own)[3]);
}

TEST(PredictCommand, WritesNpyWithTheTypeAndValuesOfTheTable) {
  const Flowers flowers;
  const std::vector<double> table = numbers_of(flowers.run("predict run scores").out);
  ASSERT_EQ(flowers.run("predict run scores --batch 7 --out scores.npy").status, 0);
  const StoredArray scores = npy_of(flowers.path("scores.npy"));
  EXPECT_EQ(scores.shape, (Shape{Flowers::kRows, 3}));
  const std::vector<double> values = values_of(scores);
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], table[i], 1e-13);
  const std::vector<std::pair<std::string, ElementFormat>> types = {
      {"argmax(scores, axis=-1)", {ElementFormat::Kind::signed_integer, 8, false}},
      {"scores > 0", {ElementFormat::Kind::boolean, 1, false}}};
  for (const auto& [expression, format] : types) {
    ASSERT_EQ(flowers.run({"predict", "run", expression, "--out", "other.npy"}).status, 0) << expression;
    EXPECT_EQ(npy_of(flowers.path("other.npy")).format, format) << expression;
  }
}

TEST(PredictCommand, WritesCategoriesInPlaceOfTheirNumbers) {
  const Flowers flowers;
  ASSERT_EQ(flowers
                .run({"predict", "run", "argmax(scores, axis=-1)", "--split", "validation", "--labels",
                      "species", "--out", "kinds.csv"})
                .status,
            0);
  const std::vector<std::string> kinds = lines_of(read_text(flowers.path("kinds.csv")));
  const std::vector<double> numbers =
      numbers_of(flowers.run({"predict", "run", "argmax(scores, axis=-1)", "--split", "validation"}).out);
  ASSERT_EQ(kinds.size(), 13U);
  EXPECT_EQ(kinds[0], "\"argmax(scores, axis=-1)\"");
  const std::vector<std::string> names = {"\"iris, blue\"", "setosa", "virginica"};
  for (std::size_t i = 0; i < numbers.size(); ++i)
    EXPECT_EQ(kinds[i + 1], names[static_cast<std::size_t>(numbers[i])]);
}

TEST(PredictCommand, WritesJsonLines) {
  const Flowers flowers;
  const std::vector<double> table = numbers_of(flowers.run("predict run scores").out);
  const std::vector<Json> lines = json_lines(flowers.run("predict run scores --json --batch 16").out);
  ASSERT_EQ(lines.size(), static_cast<std::size_t>(Flowers::kRows));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["event"], "prediction");
    EXPECT_EQ(lines[i]["example"], i);
    ASSERT_EQ(lines[i]["value"].size(), 3U);
    EXPECT_NEAR(lines[i]["value"][2].get<double>(), table[3 * i + 2], 1e-13);
  }
}

TEST(PredictCommand, ReadsATextWithTheAlphabetOfTheTraining) {
  const TemporaryDirectory directory;
  const auto path = [&](const char* name) { return (directory.path() / name).string(); };
  write_text(path("text.txt"), "abcabcabcabcabcäabc");
  write_text(path("model.yaml"),
             "talweg: 1\n"
             "data: {letters: {text: text.txt, window: 2}}\n"
             "split: {train: 12, validation: 3}\n"
             "parameters: {w: {shape: [4], init: 'normal(0, 1)'}}\n"
             "graph: {first: 'letters[:, 0]', loss: 'mean(take(w, first) ** 2)'}\n"
             "train: {minimize: loss, optimizer: gd, steps: 1}\n");
  const RunOptions here = {.directory = directory.path()};
  ASSERT_EQ(run_line("train model.yaml --out run --quiet", here).status, 0);
  write_text(path("new.txt"), "äcb");
  const Finished numbers = run_line("predict run letters --input letters=new.txt", here);
  EXPECT_EQ(numbers.out, "letters_0,letters_1\n3,2\n2,1\n") << numbers.errors;
  const Finished texts = run_line("predict run first --input letters=new.txt --labels letters", here);
  EXPECT_EQ(texts.out, "first\nä\nc\n") << texts.errors;
  write_text(path("new.txt"), "cab");
  EXPECT_EQ(run_line("predict run first --input letters=new.txt --labels letters", here).out,
            "first\nc\na\n");
  write_text(path("new.txt"), "abcd");
  const Finished unknown = run_line("predict run first --input letters=new.txt", here);
  EXPECT_EQ(unknown.status, 3);
  EXPECT_NE(unknown.errors.find("the character 'd' is not in the text that the model was trained on"),
            std::string::npos)
      << unknown.errors;
}

struct Wrong {
  std::vector<std::string> arguments;
  int status;
  const char* said;
};

TEST(PredictCommand, SaysWhatIsWrongAndLeavesTheFileThatIsThere) {
  const Flowers flowers;
  flowers.write("out.csv", "what was there");
  flowers.write("x.csv", "length,width\n1,2\n");
  flowers.write("ragged.csv", "length,width\n1,2\n3\n");
  flowers.write("wide.npy", npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 3), }",
                                     std::string(24, 'x')));
  const std::vector<Wrong> wrongs = {
      {{"run"}, 2, "EXPRESSION"},
      {{"run", "score"}, 2, "the expression:1:1: error: the name 'score' is not defined"},
      {{"run", "score"}, 2, "hint: did you mean 'scores'?"},
      {{"run", "scores @"}, 2, "the expression:1:9: error:"},
      {{"run", "loss"}, 2, "the expression has shape () for 28 examples: its first axis is not the example"},
      {{"run", "mean(scores, axis=0)"}, 2, "its first axis is not the example"},
      {{"run", "'text'"}, 2, "the expression is the text 'text', not a tensor"},
      {{"run", "species", "--input", "X=x.csv"},
       2,
       "'species' depends on data 'species', and no input is given for it"},
      {{"run", "scores", "--input", "X=ragged.csv"}, 3, "ragged.csv:3:1: error: this row has 1 cell"},
      {{"run", "scores", "--input", "X=wide.npy"}, 3, "the model's shape for it is (2,)"},
      {{"run", "scores", "--out", "out.txt"},
       2,
       "--out: a .npy or .csv file is written, and this is 'out.txt'"},
      {{"run", "scores", "--out", "nowhere/out.csv"}, 5, "cannot be written: No such file or directory"},
      {{"run", "scores", "--out", "out.csv", "--json"}, 2, "one of them is too much"},
      {{"run", "scores", "--labels", "X"}, 2, "--labels: data 'X' are numbers"},
      {{"run", "scores", "--labels", "nothing"}, 2, "--labels: the model has no data 'nothing'"},
      {{"run", "scores", "--labels", "species", "--out", "out.npy"}, 2, "--labels are texts"},
      {{"run", "scores", "--labels", "species", "--out", "out.csv"},
       2,
       "is predicted, and the labels are those of 0 to 2"},
      {{"run", "scores", "--labels", "species"}, 2, "is predicted, and the labels are those of 0 to 2"},
  };
  for (const Wrong& wrong : wrongs) {
    std::vector<std::string> arguments = {"predict"};
    arguments.insert(arguments.end(), wrong.arguments.begin(), wrong.arguments.end());
    const Finished finished = flowers.run(arguments);
    const std::string all = Json(wrong.arguments).dump();
    EXPECT_EQ(finished.status, wrong.status) << all;
    EXPECT_NE(finished.errors.find(wrong.said), std::string::npos) << all << "\n" << finished.errors;
    EXPECT_EQ(finished.out, "") << all;
    EXPECT_EQ(read_text(flowers.path("out.csv")), "what was there") << all;
  }
  for (const auto& file : std::filesystem::directory_iterator(flowers.path(".")))
    EXPECT_NE(file.path().extension(), ".partial") << file.path();
}

TEST(ExportCommand, WritesTheWeightsForNumPyAndOthers) {
  const Flowers flowers;
  ASSERT_EQ(flowers.run("export run --npz w.npz --safetensors w.safetensors").status, 0);
  const TensorFile weights =
      decode_safetensors(read_text(flowers.path("run/weights.safetensors")), "weights");
  const TensorFile plain = decode_safetensors(read_text(flowers.path("w.safetensors")), "plain");
  ASSERT_EQ(weights.tensors.size(), 4U);
  ASSERT_EQ(plain.tensors.size(), 4U);
  for (std::size_t i = 0; i < weights.tensors.size(); ++i) {
    const NamedTensor& tensor = weights.tensors[i];
    EXPECT_EQ(plain.tensors[i].name, tensor.name);
    EXPECT_EQ(plain.tensors[i].values, tensor.values);
    const StoredArray array = read_npy(read_npz(map_data_file(flowers.path("w.npz")), tensor.name));
    EXPECT_EQ(array.shape, tensor.shape) << tensor.name;
    EXPECT_EQ(values_of(array), tensor.values) << tensor.name;
  }
}

TEST(ExportCommand, SaysWhatIsMissing) {
  const Flowers flowers;
  EXPECT_EQ(flowers.run("export run").status, 2);
  EXPECT_EQ(flowers.run("export nowhere --npz w.npz").status, 5);
  EXPECT_EQ(flowers.run("export run --npz nowhere/w.npz").status, 5);
  EXPECT_FALSE(std::filesystem::exists(flowers.path("w.npz")));
}

}  // namespace
}  // namespace talweg
