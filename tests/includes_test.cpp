// Dependencies point one way: support <- graph <- ops <- model <- program <- training <- tools, and each
// third party enters by one door.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "tools/program.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

using Names = std::set<std::string>;

/// What the files of a folder may include besides the public headers and its own.
const std::map<std::string, Names>& allowed_folders() {
  static const std::map<std::string, Names> allowed = {
      {"support", {}},
      {"graph", {"support"}},
      {"ops", {"support", "graph"}},
      {"model", {"support", "graph", "ops"}},
      {"plugin", {"support", "graph", "ops"}},
      {"kernels", {}},
      {"program", {"support", "graph", "ops", "model", "kernels"}},
      {"training", {"support", "graph", "ops", "model", "plugin", "program"}},
      {"tools", {"support", "graph", "ops", "model", "plugin", "program", "training"}},
      {"optimizers", {}},
  };
  return allowed;
}

/// The folders that a third party's headers may enter by.
const std::map<std::string, Names>& doors() {
  static const std::map<std::string, Names> allowed = {
      {"yaml-cpp", {"model"}}, {"boost", {"plugin"}},
      {"CLI", {"tools"}},      {"nlohmann", {"training"}},
      {"xtensor", {"ops"}},    {"xtensor-blas", {"ops", "kernels"}},
      {"xflens", {"kernels"}}, {"xsimd", {"kernels"}},
      {"xbyak", {"program"}},  {"fmt", {"support", "program", "training", "tools"}},
  };
  return allowed;
}

struct Include {
  std::string folder;  ///< of the file that includes
  std::string file;
  bool quoted = false;  ///< "..." and not <...>
  std::string path;     ///< as it is written
};

std::vector<Include> includes_of(const fs::path& file, const std::string& folder) {
  static const std::regex pattern(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::vector<Include> includes;
  for (const std::string& line : lines_of(read_text(file))) {
    std::smatch match;
    if (std::regex_search(line, match, pattern))
      includes.push_back({folder, fs::relative(file, repository()).string(), match[1] == "\"", match[2]});
  }
  return includes;
}

/// Of every C++ file below `root`. The folder is that directly below it, or `folder` where it is given.
std::vector<Include> includes_below(const fs::path& root, const std::string& folder = "") {
  std::vector<Include> includes;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".cpp" && extension != ".hpp" && extension != ".h" && extension != ".c") continue;
    const std::string first = fs::relative(entry.path(), root).begin()->string();
    for (Include& include : includes_of(entry.path(), folder.empty() ? first : folder))
      includes.push_back(std::move(include));
  }
  return includes;
}

std::vector<Include> all_includes() {
  std::vector<Include> includes = includes_below(repository() / "framework");
  for (const Include& include : includes_below(repository() / "plugins")) includes.push_back(include);
  for (const Include& include : includes_below(repository() / "tools" / "talweg", "tools"))
    includes.push_back(include);
  return includes;
}

/// What is wrong with an include, or "".
std::string problem_of(const Include& include) {
  const std::string start = include.path.substr(0, include.path.find('/'));
  const bool in_folder = include.path.find('/') != std::string::npos;
  if (include.folder == "include") {
    if (include.quoted || (in_folder && start != "talweg"))
      return "a public header includes <talweg/...> alone";
    if (!include.file.ends_with("plugin.h")) return "";
    static const Names c_headers = {"stddef.h", "stdint.h", "stdbool.h"};
    return c_headers.contains(include.path) ? "" : "plugin.h is C";
  }
  if (!in_folder) return "";
  if (include.quoted) {
    const auto allowed = allowed_folders().find(include.folder);
    if (allowed == allowed_folders().end()) return "its folder is not known here";
    return start == include.folder || allowed->second.contains(start) ? "" : "the arrow points the other way";
  }
  if (start == "talweg" || start == "sys") return "";
  const auto door = doors().find(start);
  if (door == doors().end()) return "a third party that is not known here";
  return door->second.contains(include.folder) ? "" : "it enters by another folder";
}

TEST(Includes, PointOneWayAndThirdPartiesEnterByOneDoor) {
  const std::vector<Include> includes = all_includes();
  EXPECT_GT(includes.size(), 400U);
  for (const Include& include : includes)
    EXPECT_EQ(problem_of(include), "") << include.file << " includes " << include.path;
}

TEST(Includes, ThatPointTheOtherWayAreFound) {
  for (const Include& wrong : {
           Include{"graph", "a.cpp", true, "ops/reference.hpp"},
           Include{"kernels", "a.cpp", true, "graph/graph.hpp"},
           Include{"support", "a.cpp", true, "graph/shape.hpp"},
           Include{"program", "a.cpp", true, "training/trainer.hpp"},
           Include{"optimizers", "a.cpp", true, "graph/value.hpp"},
           Include{"training", "a.cpp", false, "yaml-cpp/yaml.h"},
           Include{"model", "a.cpp", false, "boost/dll.hpp"},
           Include{"training", "a.cpp", false, "CLI/CLI.hpp"},
           Include{"include", "include/talweg/plugin.h", false, "vector"},
           Include{"include", "include/talweg/talweg.hpp", false, "xtensor/xarray.hpp"},
       })
    EXPECT_NE(problem_of(wrong), "") << wrong.path;
}

Names shipped_optimizers() {
  Names names;
  for (const auto& entry : fs::directory_iterator(repository() / "plugins" / "optimizers"))
    if (entry.path().extension() == ".cpp") names.insert(entry.path().stem().string());
  return names;
}

/// The shipped optimizers that a line names, in code, texts or comments.
Names optimizers_in(const std::string& line) {
  static const Names shipped = shipped_optimizers();
  static const std::regex kWord("[A-Za-z0-9_]+");
  Names found;
  for (std::sregex_iterator word(line.begin(), line.end(), kWord), end; word != end; ++word)
    if (shipped.contains(word->str())) found.insert(word->str());
  return found;
}

TEST(Framework, KnowsNoOptimizerByName) {
  EXPECT_EQ(optimizers_in("if (rule.name() == \"adam\") return;"), Names{"adam"});
  EXPECT_EQ(optimizers_in("// as newton_cg"), Names{"newton_cg"});
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(repository() / "framework")) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".cpp" && extension != ".hpp" && extension != ".h") continue;
    ++files;
    for (const std::string& line : lines_of(read_text(entry.path())))
      EXPECT_EQ(optimizers_in(line), Names{}) << entry.path() << ": " << line;
  }
  EXPECT_GT(files, 200U);
}

}  // namespace
}  // namespace talweg
