// Modules from other files.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <talweg/error.hpp>

#include "graph/op.hpp"
#include "model/model.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

/// A folder with files, gone afterwards.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("talweg_use_" + std::to_string(::getpid()))) {
    fs::create_directories(path_ / "layers");
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }

 private:
  fs::path path_;
};

constexpr const char* kModel = R"(talweg: 1
use: [layers/mine.yaml]
data: {x: [[1, 2], [3, 4]]}
graph:
  h: doubled(x)
  y: scaled(h, by=3)
)";

constexpr const char* kMine = R"(talweg: 1
modules:
  doubled: {in: x, parameters: {s: {shape: [2], init: ones}}, graph: {y: 'scaled(x, by=2) * s'}}
  scaled: {in: x, with: {by: 1}, graph: {y: by * x}}
)";

TEST(UsedFiles, GiveTheirModulesToTheModelAndToEachOther) {
  const Folder folder;
  static_cast<void>(folder.write("layers/mine.yaml", kMine));
  const CheckedModel model = load_model(folder.write("model.yaml", kModel));
  ASSERT_EQ(model.parameters.size(), 1U);
  EXPECT_EQ(model.parameters[0].name, "h/s");
  EXPECT_EQ(model.named.back().first, "h/s");
  EXPECT_EQ((*model.graph)[model.named.back().second].shape, (Shape{2}));
}

TEST(UsedFiles, AreHiddenByModulesOfTheModel) {
  const Folder folder;
  static_cast<void>(folder.write("layers/mine.yaml", kMine));
  const std::string own = "modules: {doubled: {in: x, graph: {y: x + x}}}\n";
  EXPECT_TRUE(load_model(folder.write("model.yaml", kModel + own)).parameters.empty());
}

TEST(UsedFiles, AreShownWithTheModelWhereAnErrorIsInThem) {
  const Folder folder;
  static_cast<void>(folder.write("layers/mine.yaml",
                                 "talweg: 1\nmodules:\n  doubled: {in: x, graph: {y: 'x @ x @ ones(3)'}}\n  "
                                 "scaled: {in: x, with: {by: 1}, "
                                 "graph: {y: x}}\n"));
  const fs::path path = folder.write("model.yaml", kModel);
  try {
    static_cast<void>(load_model(path));
    FAIL() << "no error";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("layers/mine.yaml:3:"), std::string::npos) << text;
    EXPECT_NE(text.find("model.yaml:5:6: doubled(x)"), std::string::npos) << text;
  }
}

TEST(UsedFiles, MayNotDefineOneModuleTwice) {
  const Folder folder;
  static_cast<void>(folder.write("layers/mine.yaml", kMine));
  static_cast<void>(folder.write("layers/other.yaml", kMine));
  std::string text = kModel;
  text.replace(text.find("mine.yaml"), 9, "mine.yaml, layers/other.yaml");
  const fs::path path = folder.write("model.yaml", text);
  EXPECT_THROW(static_cast<void>(load_model(path)), Error);
}

}  // namespace
}  // namespace talweg
