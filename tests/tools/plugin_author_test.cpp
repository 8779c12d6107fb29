// talweg plugins new and build: from a name to a trained model, and what goes wrong on the way.

#include <gtest/gtest.h>

#include "plugin/test_plugins.hpp"
#include "tools/program.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

/// A user with an empty home and the model above.
class Author : public testing::Test {
 protected:
  Author() { write_text(directory_.path() / "model.yaml", kSixWeights); }

  Finished talweg(const std::string& arguments, std::map<std::string, std::string> more = {}) {
    more.emplace("HOME", directory_.path().string());
    more.emplace("XDG_DATA_HOME", "");
    more.emplace("CXX", TALWEG_TESTS_COMPILER);
    return run_line(arguments, {.environment = more, .directory = directory_.path()});
  }
  [[nodiscard]] fs::path library() const {
    return directory_.path() / ".local/share/talweg/plugins/my_rule.so";
  }
  void write_rule(const std::string& text) { write_text(directory_.path() / "my_rule.cpp", text); }

  TemporaryDirectory directory_;
};

TEST_F(Author, GoesFromANameToATrainedModelInThreeCommands) {
  EXPECT_EQ(talweg("plugins new my_rule").out, "wrote my_rule.cpp\nnext: talweg plugins build my_rule.cpp\n");
  const Finished built = talweg("plugins build my_rule.cpp");
  EXPECT_EQ(built.errors, "");
  EXPECT_EQ(built.out,
            "built " + library().string() +
                "\nnext: talweg train MODEL --set-optimizer my_rule\n      talweg plugins test my_rule\n");
  const Finished mine = talweg("train model.yaml --set-optimizer my_rule --json");
  const Finished momentum = talweg("train model.yaml --set-optimizer momentum --json");
  EXPECT_EQ(mine.status, 0) << mine.errors;
  const auto last_loss = [](const Finished& finished) {
    const std::string line = lines_of(finished.out).back();
    return line.substr(line.find("\"loss\""));
  };
  EXPECT_EQ(last_loss(mine), last_loss(momentum));
}

TEST_F(Author, StartsFromAMinimizerThatPassesEveryCheck) {
  ASSERT_EQ(talweg("plugins new my_rule --minimizer").status, 0);
  const Finished built = talweg("plugins build my_rule.cpp");
  ASSERT_EQ(built.status, 0) << built.errors;
  const Finished tested = talweg("plugins test my_rule");
  EXPECT_EQ(tested.status, 0) << tested.out;
  const Finished trained = talweg("train model.yaml --set-optimizer my_rule --json");
  EXPECT_EQ(trained.status, 0) << trained.errors;
  EXPECT_NE(trained.out.find("\"evaluations\""), std::string::npos) << trained.out;
}

TEST_F(Author, KeepsAFileThatIsThere) {
  write_rule("mine\n");
  const Finished finished = talweg("plugins new my_rule");
  EXPECT_EQ(finished.status, 5);
  EXPECT_EQ(finished.errors,
            "error: my_rule.cpp is there already, and is left as it is\n"
            "hint: choose another name, or delete the file\n");
  EXPECT_EQ(read_text(directory_.path() / "my_rule.cpp"), "mine\n");
}

TEST_F(Author, IsToldWhichNamesAreNone) {
  EXPECT_EQ(talweg("plugins new My-Rule").errors,
            "error: 'My-Rule' is not the name of a plugin: those are made of a-z, 0-9 and _, a letter first\n"
            "hint: talweg plugins new my_rule\n");
  const Finished taken = talweg("plugins new momentum");
  EXPECT_EQ(taken.status, 2);
  EXPECT_TRUE(taken.errors.starts_with("error: there is a plugin 'momentum'")) << taken.errors;
}

TEST_F(Author, SeesTheCompilersMessageAndKeepsThePluginOfBefore) {
  static_cast<void>(talweg("plugins new my_rule"));
  ASSERT_EQ(talweg("plugins build my_rule.cpp").status, 0);
  const std::string before = read_text(library());
  write_rule("#include <talweg/optimizer.hpp>\nint broken = \"text\";\n");
  const Finished finished = talweg("plugins build my_rule.cpp");
  EXPECT_EQ(finished.status, 6);
  EXPECT_NE(finished.errors.find("my_rule.cpp:2:"), std::string::npos) << finished.errors;
  EXPECT_NE(finished.errors.find("error: my_rule.cpp does not compile with "), std::string::npos)
      << finished.errors;
  EXPECT_EQ(read_text(library()), before);
}

TEST_F(Author, IsToldWhatIsNoSource) {
  const Finished finished = talweg("plugins build model.yaml");
  EXPECT_EQ(finished.status, 2);
  EXPECT_EQ(finished.errors, "error: 'model.yaml' is no source of C++: those end in .cpp\n");
}

TEST_F(Author, IsToldWhatABuiltLibraryLacks) {
  write_rule("int nothing = 0;\n");
  const Finished finished = talweg("plugins build my_rule.cpp");
  EXPECT_EQ(finished.status, 6);
  EXPECT_TRUE(finished.errors.starts_with("error: my_rule.cpp: ")) << finished.errors;
  EXPECT_FALSE(fs::exists(library()));
  EXPECT_TRUE(fs::is_empty(library().parent_path()));
}

TEST_F(Author, IsToldThatThereIsNoCompiler) {
  static_cast<void>(talweg("plugins new my_rule"));
  const Finished none = talweg("plugins build my_rule.cpp", {{"CXX", ""}, {"PATH", "/nowhere"}});
  EXPECT_EQ(none.status, 6);
  EXPECT_EQ(none.errors,
            "error: there is no C++ compiler: neither c++ nor g++ nor clang++ is on the $PATH\n"
            "hint: install one (on Debian: apt install g++), or set $CXX\n");
  EXPECT_EQ(talweg("plugins build my_rule.cpp", {{"CXX", "/nowhere/c++"}}).errors,
            "error: the compiler of $CXX cannot be run: '/nowhere/c++'\n");
}

TEST_F(Author, IsToldWhatAFileIsGoodForInPlaceOfAName) {
  const std::string none = "error: 'my_rule.";
  const std::string names =
      "' is not the name of a plugin: those are made of a-z, 0-9 and _, a letter first\n";
  EXPECT_EQ(
      talweg("plugins test my_rule.cpp").errors,
      none + "cpp" + names + "hint: talweg plugins build makes a plugin of it; that is called 'my_rule'\n");
  EXPECT_EQ(talweg("bench my_rule.so").errors,
            none + "so" + names + "hint: give the name alone, 'my_rule'; --plugins DIR says where it is\n");
  EXPECT_EQ(talweg("train model.yaml --set-optimizer my_rule.yaml").errors,
            none + "yaml" + names +
                "hint: a model uses what its own `optimizers:` define: copy them into its file, and give the "
                "rule's "
                "name\n");
}

TEST_F(Author, IsToldThatAConditionIsANode) {
  write_rule(
      "#include <talweg/optimizer.hpp>\n"
      "struct MyRule : talweg::UpdateRule {\n"
      "  void update(talweg::Parameter x) const {\n"
      "    if (x.step() > 10) x = x - x.gradient();\n"
      "  }\n"
      "};\n"
      "TALWEG_OPTIMIZER(MyRule, \"my_rule\", \"Waits\")\n");
  const Finished finished = talweg("plugins build my_rule.cpp");
  EXPECT_EQ(finished.status, 6);
  EXPECT_NE(finished.errors.find("where(condition, a, b) chooses"), std::string::npos) << finished.errors;
}

TEST_F(Author, IsToldWhereASourceIsMissing) {
  EXPECT_EQ(talweg("plugins build my_rule.cpp").status, 2);
  write_rule("");
  EXPECT_EQ(talweg("plugins build my_rule").errors,
            "error: there is no file 'my_rule'\nhint: talweg plugins build my_rule.cpp\n");
}

}  // namespace
}  // namespace talweg
