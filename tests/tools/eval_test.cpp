// talweg eval, as a user runs it.

#include "tools/flowers.hpp"

namespace talweg {
namespace {

TEST(EvalCommand, GivesWhatTheTrainingSaidOfItsValidationSplit) {
  const Flowers flowers;
  const Finished finished = flowers.run("eval run --json");
  EXPECT_EQ(finished.status, 0) << finished.errors;
  const std::vector<Json> splits = json_lines(finished.out);
  ASSERT_EQ(splits.size(), 2U) << finished.out;
  EXPECT_EQ(splits[0]["split"], "train");
  EXPECT_EQ(splits[0]["examples"], 28);
  EXPECT_EQ(splits[1]["event"], "evaluation");
  EXPECT_EQ(splits[1]["split"], "validation");
  EXPECT_EQ(splits[1]["examples"], 12);
  const Json validation = json_lines(flowers.trained().out).back()["validation"];
  EXPECT_EQ(splits[1]["loss"], validation["loss"]);
  EXPECT_EQ(splits[1]["accuracy"], validation["accuracy"]);
}

TEST(EvalCommand, NeedsNoOptimizerInTheModel) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "model.yaml",
             "talweg: 1\ndata: {x: [1, 2, 3]}\nparameters: {w: 1}\n"
             "train: {minimize: mean((w * x - 1) ** 2), steps: 5}\n");
  const auto run = [&](const std::string& line) { return run_line(line, {.directory = directory.path()}); };
  EXPECT_EQ(run("train model.yaml --set-optimizer gd --out run").status, 0);
  const Finished finished = run("eval run");
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_NE(run("train model.yaml").errors.find("'train' lacks its key 'optimizer'"), std::string::npos);
}

TEST(EvalCommand, PrintsATableWithARowASplit) {
  const Flowers flowers;
  const std::vector<std::string> lines =
      lines_of(flowers.run("eval model.yaml --weights run --split validation").out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].starts_with("split       examples  ")) << lines[0];
  EXPECT_TRUE(lines[1].starts_with("validation        12  ")) << lines[1];
}

TEST(EvalCommand, OfTheSameExamplesAsInputsGivesTheSame) {
  const Flowers flowers;
  const std::string all = flowers.run("eval run --json").out;
  std::filesystem::copy_file(flowers.path("flowers.csv"), flowers.path("others.csv"));
  // Neither the model's data nor their statistics are needed any more.
  std::filesystem::remove(flowers.path("flowers.csv"));
  const Finished finished = flowers.run("eval run --json --input X=others.csv --input species=others.csv");
  EXPECT_EQ(finished.status, 0) << finished.errors;
  const std::vector<Json> splits = json_lines(all), input = json_lines(finished.out);
  ASSERT_EQ(splits.size(), 2U);
  ASSERT_EQ(input.size(), 1U);
  EXPECT_EQ(input[0]["split"], "input");
  EXPECT_EQ(input[0]["examples"], Flowers::kRows);
  for (const char* name : {"loss", "accuracy"}) {
    const double mean =
        (28 * splits[0][name].get<double>() + 12 * splits[1][name].get<double>()) / Flowers::kRows;
    EXPECT_NEAR(input[0][name].get<double>(), mean, 1e-12) << name;
  }
}

TEST(EvalCommand, TakesFromTheTrainingWhatTextsBecomeAndHowNumbersAreStandardized) {
  const Flowers flowers;
  std::string table = "length,width,species\n";
  for (int i = 0; i < Flowers::kRows; ++i)
    if (i % 3 != 0) table += Flowers::measures(i) + "," + Flowers::species(i) + "\n";
  flowers.write("flowers.csv", table);
  flowers.write("same.csv", table);
  const Finished own = flowers.run("eval run --json");
  EXPECT_EQ(own.status, 0) << own.errors;
  const std::vector<Json> splits = json_lines(own.out),
                          input = json_lines(
                              flowers.run("eval run --json --input X=same.csv --input species=same.csv").out);
  ASSERT_EQ(splits.size(), 2U);
  ASSERT_EQ(input.size(), 1U);
  const double first = splits[0]["examples"], second = splits[1]["examples"];
  for (const char* name : {"loss", "accuracy"})
    EXPECT_NEAR(
        (first * splits[0][name].get<double>() + second * splits[1][name].get<double>()) / (first + second),
        input[0][name].get<double>(), 1e-12)
        << name;
  flowers.write("flowers.csv", table + "1,2,cactus\n");
  for (const char* command : {"eval run", "train model.yaml --set units=5 --out run --resume --steps 99"}) {
    const Finished finished = flowers.run(command);
    EXPECT_EQ(finished.status, 3) << command;
    EXPECT_NE(finished.errors.find("'cactus' is none of the categories"), std::string::npos)
        << finished.errors;
  }
}

TEST(EvalCommand, RefusesOtherCategoriesThanThoseOfTheTraining) {
  const Flowers flowers;
  const std::string model = read_text(flowers.path("model.yaml")), all = "categories: True";
  const struct {
    const char* categories;
    int status;
    const char* said;
  } cases[] = {
      {"categories: ['iris, blue', setosa, virginica]", 0, ""},
      {"categories: [setosa, 'iris, blue', virginica]", 2,
       "'categories' of data 'species' are not those that the model was trained with, in their order: "
       "iris, blue, setosa and virginica"},
      {"dtype: float", 3, "'setosa' is no number"}};
  for (const auto& [categories, status, said] : cases) {
    std::string changed = model;
    flowers.write("changed.yaml", changed.replace(changed.find(all), all.size(), categories));
    const Finished finished = flowers.run("eval changed.yaml --weights run");
    EXPECT_EQ(finished.status, status) << categories << "\n" << finished.errors;
    EXPECT_NE(finished.errors.find(said), std::string::npos) << categories << "\n" << finished.errors;
  }
}

TEST(TrainCommand, RefusesTextsAndNumbersThatACheckpointCannotHold) {
  const TemporaryDirectory directory;
  const auto train = [&](const std::string& column, const std::string& table) {
    write_text(directory.path() / "t.csv", table);
    write_text(directory.path() / "model.yaml",
               "talweg: 1\ndata: {a: {csv: t.csv, columns: a, " + column + "}}\nparameters: {w: 1}\n" +
                   "train: {minimize: mean((w - a) ** 2), steps: 1, optimizer: {gd: {alpha: 0.1}}}\n");
    return run_line("train model.yaml --out run", {.directory = directory.path()});
  };
  const Finished latin = train("categories: True", "a\ncaf\xe9\nbar\n"),
                 infinite = train("standardize: True", "a\n1e308\n-1e308\n");
  EXPECT_EQ(latin.status, 3) << latin.errors;
  EXPECT_NE(latin.errors.find("the text is not UTF-8"), std::string::npos) << latin.errors;
  EXPECT_EQ(infinite.status, 3) << infinite.errors;
  EXPECT_NE(infinite.errors.find("feature 0 cannot be standardized"), std::string::npos) << infinite.errors;
}

TEST(EvalCommand, OfAModelWithoutExamplesGivesItsLoss) {
  const TemporaryDirectory directory;
  const std::string run = (directory.path() / "run").string();
  const Finished trained = run_line("train graphs/tutorial/three_layer.yaml --steps 100 --json --out " + run);
  const Finished finished = run_line("eval graphs/tutorial/three_layer.yaml --json --weights " + run);
  EXPECT_EQ(finished.status, 0) << finished.errors;
  const std::vector<Json> lines = json_lines(finished.out);
  ASSERT_EQ(lines.size(), 1U) << finished.out;
  EXPECT_EQ(lines[0]["split"], "data");
  EXPECT_EQ(lines[0]["loss"], json_lines(trained.out).back()["loss"]);
}

TEST(EvalCommand, ReadsACheckpointAndTheWeightsOfOthers) {
  const Flowers flowers;
  const std::string all = flowers.run("eval run --json").out;
  EXPECT_EQ(flowers.run("eval model.yaml --weights run/checkpoint.safetensors --json").out, all);
  ASSERT_EQ(flowers.run("export run --safetensors plain.safetensors").status, 0);
  const Finished plain = flowers.run("eval model.yaml --set units=5 --weights plain.safetensors --json");
  EXPECT_EQ(plain.out, all) << plain.errors;
}

TEST(EvalCommand, OfATrainingThatBeginsWithWeightsIsThatOfTheWeightsAtFirst) {
  const Flowers flowers;
  const Finished trained =
      flowers.run("train model.yaml --set units=5 --weights run --steps 0 --out other --quiet");
  EXPECT_EQ(trained.status, 0) << trained.errors;
  EXPECT_EQ(flowers.run("eval other --json").out, flowers.run("eval run --json").out);
  const Finished wrong = flowers.run("train model.yaml --set units=6 --weights run --quiet");
  EXPECT_EQ(wrong.status, 5);
  EXPECT_NE(wrong.errors.find("they are the weights of another model"), std::string::npos) << wrong.errors;
}

struct Wrong {
  const char* arguments;
  int status;
  const char* said;
};

TEST(EvalCommand, SaysWhatIsWrong) {
  const Flowers flowers;
  flowers.write("short.csv", "length,width\n1,2\n3,4\n");
  flowers.write("one.csv", "length,width\n1,2\n");
  flowers.write("kinds.csv", "species\nsetosa\ncactus\n");
  flowers.write("text.safetensors", "no weights");
  const std::vector<Wrong> wrongs = {
      {"eval model.yaml", 2, "--weights is missing"},
      {"eval nowhere", 2, "nowhere does not exist"},
      {"eval model.yaml --weights nowhere", 5, "nowhere cannot be read: No such file or directory"},
      {"eval model.yaml --weights text.safetensors", 5, "text.safetensors: it is "},
      {"eval run --set units=6", 5, "'h/W' is (2, 5) of float64 there, here (2, 6) of float64"},
      {"eval run --split test", 2,
       "--split: the model has no split 'test'\nnote: it has train and validation"},
      {"eval run --split trian", 2, "hint: did you mean 'train'?"},
      {"eval run --input X=short.csv", 2,
       "the loss depends on data 'species', and no input is given for it\nhint: --input species=FILE"},
      {"eval run --input Y=short.csv", 2,
       "'data:' has no 'Y', which --input is given for\nnote: it has X and species"},
      {"eval run --input X=short.csv --input X=short.csv", 2, "--input is given twice for 'X'"},
      {"eval run --input X", 2, "--input"},
      {"eval run --input X=short.csv --split train", 2, "--split is of the model's own data"},
      {"eval run --input X=one.csv --input species=kinds.csv", 3, "'cactus' is none of the categories"},
      {"eval run --input X=nowhere.csv", 3, "nowhere.csv: error: it cannot be read"},
      {"eval run --input X=kinds.csv", 3, "the table has no column 'length'"},
      {"eval run --input X=run/metrics.jsonl", 3, "the name does not say what kind of file it is"},
  };
  for (const Wrong& wrong : wrongs) {
    const Finished finished = flowers.run(wrong.arguments);
    EXPECT_EQ(finished.status, wrong.status) << wrong.arguments;
    EXPECT_NE(finished.errors.find(wrong.said), std::string::npos) << wrong.arguments << "\n"
                                                                   << finished.errors;
    EXPECT_EQ(finished.out, "") << wrong.arguments;
  }
}

TEST(EvalCommand, InputsHaveAsManyExamplesEach) {
  const Flowers flowers;
  flowers.write("short.csv", "length,width\n1,2\n3,4\n");
  flowers.write("kinds.csv", "species\nsetosa\n");
  const Finished finished = flowers.run("eval run --input X=short.csv --input species=kinds.csv");
  EXPECT_EQ(finished.status, 3);
  EXPECT_NE(finished.errors.find("--input gives 2 examples of 'X' and 1 of 'species'"), std::string::npos)
      << finished.errors;
}

}  // namespace
}  // namespace talweg
