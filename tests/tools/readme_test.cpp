// What README.md shows is so: its model, commands, error, optimizer in C++ and in YAML, embedding and table.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>

#include "plugin/test_plugins.hpp"
#include "support/numbers.hpp"
#include "tools/json.hpp"

namespace talweg {
namespace {

/// The text of the first block of README.md that holds `part`, without its fences.
std::string block_with(const std::string& language, const std::string& part) {
  const std::string text = read_text(repository() / "README.md"), fence = "```" + language + "\n";
  for (std::size_t begin = text.find(fence); begin != std::string::npos;
       begin = text.find(fence, begin + 1)) {
    const std::size_t start = begin + fence.size();
    std::string block = text.substr(start, text.find("```\n", start) - start);
    if (block.find(part) != std::string::npos) return block;
  }
  ADD_FAILURE() << "README.md has no block of " << language << " with " << part;
  return "";
}

class Readme : public testing::Test {
 protected:
  Readme() { write("model.yaml", block_with("yaml", "talweg: 1")); }

  void write(const std::string& name, const std::string& text) const {
    write_text(directory_.path() / name, text);
  }
  [[nodiscard]] RunOptions there() const { return {.directory = directory_.path()}; }

  /// Compiles C++ with what the build is compiled with.
  void compile(const std::vector<std::string>& arguments) const {
    const std::string include = (repository() / "framework" / "include").string();
    std::string command = std::string(TALWEG_TESTS_COMPILER) + " " + TALWEG_TESTS_COMPILER_FLAGS +
                          " -std=c++20 -Wall -Wextra -Werror -I" + include;
    for (const std::string& argument : arguments) command += " '" + argument + "'";
    const Finished finished = run({"sh", "-c", command}, there());
    ASSERT_EQ(finished.status, 0) << command << "\n" << finished.errors;
  }

  TemporaryDirectory directory_;
};

TEST_F(Readme, ShowsCommandsThatRun) {
  std::size_t commands = 0;
  for (const std::string& line : lines_of(block_with("sh", "talweg train"))) {
    const std::string command = line.substr(0, line.find(" #"));
    if (!command.starts_with("talweg ")) continue;
    ++commands;
    const Finished finished = run_line(command.substr(7), there());
    EXPECT_EQ(finished.status, 0) << command << "\n" << finished.errors;
    EXPECT_NE(finished.out, "") << command;
  }
  EXPECT_GE(commands, 5U);
}

TEST_F(Readme, ShowsTheErrorThatItsModelGivesWithTheMistakeThatItNames) {
  std::string model = read_text(directory_.path() / "model.yaml");
  const std::string right = "shape: [hidden, 1]", wrong = "shape: [3, 1]";
  model.replace(model.find(right), right.size(), wrong);
  write("model.yaml", model);
  const std::string readme = read_text(repository() / "README.md");
  EXPECT_NE(readme.find("`" + wrong + "`"), std::string::npos);
  const Finished finished = run_line("train model.yaml", there());
  EXPECT_EQ(finished.status, 2);
  std::string indented;
  for (const std::string& line : lines_of(finished.errors)) indented += "    " + line + "\n";
  EXPECT_NE(readme.find("\n" + indented), std::string::npos) << indented;
}

TEST_F(Readme, ShowsAnOptimizerWithTheSameBitsInCppAndInYaml) {
  write("heavy_ball.cpp", block_with("cpp", "TALWEG_OPTIMIZER"));
  compile({"-shared", "-fPIC", "-fvisibility=hidden", "heavy_ball.cpp", "-o", "heavy_ball.so"});
  std::string model = read_text(directory_.path() / "model.yaml");
  const std::string gd = "{gd: {alpha: alpha}}";
  model.replace(model.find(gd), gd.size(), "{heavy_ball: {alpha: 0.1}}");
  write("in_cpp.yaml", model);
  write("in_yaml.yaml", model + block_with("yaml", "optimizers:"));

  const Finished in_cpp = run_line("train in_cpp.yaml --json --steps 2000 --plugins .", there());
  const Finished in_yaml = run_line("train in_yaml.yaml --json --steps 2000", there());
  ASSERT_EQ(in_cpp.status, 0) << in_cpp.errors;
  ASSERT_EQ(in_yaml.status, 0) << in_yaml.errors;
  EXPECT_EQ(json_lines(in_cpp.out).back()["loss"], json_lines(in_yaml.out).back()["loss"]);
}

TEST_F(Readme, ShowsHowAModelIsTrainedEvaluatedAndUsed) {
  write("spirals.yaml", block_with("yaml", "metrics:"));
  const std::string path = "PATH=" + program_directory().string() + ":$PATH\nset -e\n";
  const Finished finished = run({"sh", "-c", path + block_with("sh", "talweg eval")}, there());
  ASSERT_EQ(finished.status, 0) << finished.errors;
  EXPECT_NE(finished.out.find("\nvalidation        60  "), std::string::npos) << finished.out;
  EXPECT_EQ(lines_of(read_text(directory_.path() / "arms.csv")).size(), 61U);
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / "weights.npz"));
}

TEST_F(Readme, ShowsAModuleThatIsTrained) {
  write("modules.yaml",
        "talweg: 1\ndata:\n  x, y: {moons: {examples: 100}}\n" + block_with("yaml", "modules:") +
            "graph:\n  z: centered(x, units=10)\n"
            "  loss: cross_entropy(dense(tanh(z), units=2), y)\n"
            "train: {minimize: loss, steps: 100, optimizer: {adam: {alpha: 0.05}}, log: {every: 100}}\n");
  const Finished finished = run_line("train modules.yaml --json --out run", there());
  ASSERT_EQ(finished.status, 0) << finished.errors;
  EXPECT_LT(json_lines(finished.out).back()["loss"], 0.2);
  const Finished again = run_line("eval run --json", there());
  ASSERT_EQ(again.status, 0) << again.errors;
  EXPECT_NE(json_lines(again.out).back()["loss"], json_lines(finished.out).back()["loss"])
      << "the state is used";
}

TEST_F(Readme, ShowsAProgramThatEmbedsTalweg) {
  write("embedding.cpp", block_with("cpp", "talweg/talweg.hpp"));
  const std::string library = (program_directory().parent_path() / "lib").string();
  compile({"embedding.cpp", "-o", "embedding", "-L" + library, "-ltalweg", "-Wl,-rpath," + library});
  const Finished finished = run({"./embedding"}, there());
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_EQ(lines_of(finished.out).size(), 5U) << finished.out;
}

TEST(ReadmeTable, HoldsTheTutorialsNumbers) {
  const Json tutorial = Json::parse(read_text(repository() / "tests/golden/tutorial.json"));
  const std::string readme = read_text(repository() / "README.md");
  for (std::size_t i = 0; i < tutorial["alphas"].size(); ++i) {
    const double alpha = tutorial["alphas"][i];
    std::string row = "| " + format_number(alpha);
    for (const Json& error : tutorial["hidden4"]["errors"][i]) row += " | " + format_number(error);
    EXPECT_NE(readme.find(row + " |\n"), std::string::npos) << row;
  }
}

TEST(ReadmeModules, AreAllThatAreShippedButForPartsOfOthers) {
  const std::string readme = read_text(repository() / "README.md");
  const std::set<std::string> parts = {"gru_cell", "identity", "lstm_cell", "rnn_cell", "split_heads"};
  for (const auto& file : std::filesystem::directory_iterator(repository() / "graphs" / "modules")) {
    const std::string name = file.path().stem().string();
    const bool is_named = std::regex_search(readme, std::regex("\\b" + name + "\\b"));
    EXPECT_TRUE(is_named || parts.contains(name)) << name;
  }
}

TEST(ReadmeOptimizers, AreThoseThatAreShipped) {
  const std::string readme = read_text(repository() / "README.md");
  std::size_t begin = readme.find("Shipped, one file each in plugins/optimizers:");
  ASSERT_NE(begin, std::string::npos);
  std::string names = readme.substr(begin, readme.find(". Where", begin) - begin);
  std::ranges::replace_if(
      names, [](char c) { return c == ',' || c == '\n'; }, ' ');
  names += ' ';
  std::size_t shipped = 0;
  for (const auto& file : std::filesystem::directory_iterator(repository() / "plugins" / "optimizers")) {
    if (file.path().extension() != ".cpp") continue;
    ++shipped;
    const std::string name = " " + file.path().stem().string() + " ";
    EXPECT_NE(names.find(name), std::string::npos) << name;
  }
  EXPECT_GE(shipped, 20U);
}

TEST(ReadmePackages, AreThoseThatSetupInstalls) {
  const std::string readme = read_text(repository() / "README.md"),
                    setup = read_text(repository() / "tools" / "setup");
  const std::size_t begin = setup.find("packages=("), end = setup.find("\n)", begin);
  std::size_t packages = 0;
  for (std::string line : lines_of(setup.substr(begin, end - begin))) {
    line.erase(std::min(line.find('#'), line.size()));
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      if (word.starts_with("packages=(")) continue;
      ++packages;
      EXPECT_NE(readme.find(word), std::string::npos) << word;
    }
  }
  EXPECT_GT(packages, 8U);
}

}  // namespace
}  // namespace talweg
