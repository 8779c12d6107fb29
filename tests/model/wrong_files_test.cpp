// Every file of wrong/ is refused with the text that stands beside it, in NAME.expected. A first line
// "# --set NAME=TEXT" is such an option. TALWEG_WRITE_EXPECTED=1 writes the texts instead of comparing: read
// them, carets too, before they are committed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <talweg/error.hpp>
#include <vector>

#include "model/model.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

const fs::path kDirectory = fs::path(TALWEG_TESTS_DIR) / "model";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> wrong_files() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kDirectory / "wrong"))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

ModelOptions options_of(const std::string& text) {
  ModelOptions options;
  const std::string mark = "# --set ";
  if (!text.starts_with(mark)) return options;
  const std::string setting = text.substr(mark.size(), text.find('\n') - mark.size());
  const std::size_t equals = setting.find('=');
  options.set.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  return options;
}

class WrongFile : public testing::TestWithParam<std::string> {};

TEST_P(WrongFile, IsRefusedWithTheTextBesideIt) {
  const fs::path relative = fs::path("wrong") / (GetParam() + ".yaml");
  const fs::path expected_path = kDirectory / "wrong" / (GetParam() + ".expected");
  const fs::path before = fs::current_path();
  fs::current_path(kDirectory);
  std::string text = "accepted";
  try {
    static_cast<void>(load_model(relative, options_of(read(relative))));
  } catch (const Error& error) {
    text = error.what();
    EXPECT_EQ(error.status(), Status::model);
    EXPECT_NE(error.location().file, "");
  }
  fs::current_path(before);
  text += "\n";
  if (std::getenv("TALWEG_WRITE_EXPECTED") != nullptr) {
    std::ofstream(expected_path, std::ios::binary) << text;
    return;
  }
  EXPECT_EQ(text, read(expected_path));
}

INSTANTIATE_TEST_SUITE_P(Model, WrongFile, testing::ValuesIn(wrong_files()),
                         [](const auto& tested) { return tested.param; });

TEST(WrongFiles, AreAtLeastSixtyAndEachExpectsAnError) {
  EXPECT_GE(wrong_files().size(), 60U);
  for (const std::string& name : wrong_files()) {
    const std::string expected = read(kDirectory / "wrong" / (name + ".expected"));
    EXPECT_NE(expected.find("error: "), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace talweg
