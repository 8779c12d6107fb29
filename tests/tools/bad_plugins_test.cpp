// Every wrong plugin through the program: one line on standard error, status 6, no crash.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "plugin/test_plugins.hpp"
#include "tools/program.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

Finished train_with(const std::string& optimizer, const fs::path& plugins) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "model.yaml", kSixWeights);
  return run_line("train model.yaml --quiet --set-optimizer " + optimizer + " --plugins " + plugins.string(),
                  {.directory = directory.path()});
}

void expect_refusal(const std::string& name, const fs::path& plugins, const std::string& reason) {
  const Finished finished = train_with(name, plugins);
  EXPECT_EQ(finished.status, 6) << name;
  EXPECT_EQ(finished.out, "") << name;
  const std::string start = "error: plugin " + (plugins / (name + ".so")).string() + ": ";
  EXPECT_EQ(finished.errors.substr(0, start.size()), start);
  EXPECT_NE(finished.errors.find(reason), std::string::npos) << finished.errors;
  EXPECT_EQ(std::ranges::count(finished.errors, '\n'), 1) << finished.errors;
}

struct BadPlugin {
  const char* name;
  const char* reason;
};

class BadPlugins : public testing::TestWithParam<BadPlugin> {};

TEST_P(BadPlugins, AreRefusedInOneLineWithFileAndReason) {
  expect_refusal(GetParam().name, test_plugin_directory(), GetParam().reason);
}

const BadPlugin kBadPlugins[] = {
    {"wrong_magic", "magic number"},
    {"older_version", "plugin API version 0"},
    {"newer_version", "plugin API version 2"},
    {"small_table", "40 bytes"},
    {"large_table", "smaller than it says"},
    {"unknown_kind", "of kind 7"},
    {"needs_objective", "to evaluate the objective itself"},
    {"needs_unknown", "something unknown"},
    {"other_name", "calls itself 'gd'"},
    {"null_name", "null pointer"},
    {"null_summary", "null pointer"},
    {"no_update", "has no function `update`"},
    {"null_hyperparameters", "null pointer"},
    {"many_hyperparameters", "100000 hyperparameters"},
    {"small_entries", "8 bytes apart"},
    {"entry_without_name", "null pointer"},
    {"entry_without_doc", "null pointer"},
    {"entry_name", "'Step Size'"},
    {"entry_twice", "is there twice"},
    {"entry_kind", "unknown kind 9"},
    {"entry_range", "from 1 to 0"},
    {"entry_default", "outside its range"},
    {"entry_default_nan", "outside its range"},
    {"missing_symbol", "does not define the symbol talweg_plugin"},
    {"function_symbol", "not constant data"},
    {"computed_table", "not constant data"},
    {"missing_function", "undefined symbol"},
    {"throws", "update: out of ideas"},
    {"throws_number", "update: an exception that is no std::exception"},
    {"throws_past_table", "update: "},
    {"endless", "update: more than 100000 nodes"},
    {"undeclared_gradient_at",
     "update: gradient_at: it does not declare that it needs all parameters together"},
    {"undeclared_swap",
     "update: evaluate_with: it does not declare that it needs other weights for evaluation"},
    {"undeclared_draws", "update: drawn: it does not declare that it needs to draw the examples"},
    {"minimizer_throws", "step 1: out of ideas"},
    {"minimizer_wrong_size", "step 0: evaluate: x has 7 elements, x has 6"},
    {"minimizer_nan", "step 0: move_to: x is nan in element 1"},
    {"minimizer_blind", "step 0: it never asks for a value or gradient of the objective"},
    {"minimizer_undeclared", "step 0: hessian_vector: it does not declare that it needs second derivatives"},
    {"minimizer_state", "step 0: state 'kept' has 1 element, and 6 are asked for"},
};

INSTANTIATE_TEST_SUITE_P(Tools, BadPlugins, testing::ValuesIn(kBadPlugins),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(BadPluginFiles, ThatAreNoLibrariesAreRefused) {
  const TemporaryDirectory directory;
  const fs::path& path = directory.path();
  const std::string bytes = read_text(installed_plugin_directory() / "gd.so");
  write_text(path / "text.so", "this is no library\n");
  write_text(path / "empty.so", "");
  write_text(path / "cut.so", bytes.substr(0, bytes.size() / 2));
  fs::create_directory(path / "directory.so");
  fs::create_symlink("nowhere", path / "dangling.so");
  ASSERT_EQ(mkfifo((path / "fifo.so").c_str(), 0600), 0);
  expect_refusal("text", path, "is not a shared library");
  expect_refusal("empty", path, "is empty");
  expect_refusal("cut", path, "is truncated");
  expect_refusal("directory", path, "is a directory");
  expect_refusal("dangling", path, "cannot be read");
  expect_refusal("fifo", path, "is not a regular file");
}

TEST(BadPluginNames, PointAtTheModelAndSuggestTheNearest) {
  const Finished finished = train_with("momentun", test_plugin_directory());
  EXPECT_EQ(finished.status, 6);
  EXPECT_NE(finished.errors.find("there is no plugin 'momentun' in "), std::string::npos) << finished.errors;
  EXPECT_NE(finished.errors.find("hint: did you mean 'momentum'?"), std::string::npos) << finished.errors;
}

}  // namespace
}  // namespace talweg
