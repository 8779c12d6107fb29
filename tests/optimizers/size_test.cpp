// What an optimizer does in a step can be read at a glance.

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "tools/program.hpp"

namespace talweg {
namespace {

/// Lines of the function `update` or `step` of a source, from its head to its brace; 0 where it has none.
int lines_of_step(const std::string& source) {
  std::istringstream lines(source);
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool is_head = line.starts_with("  void update(talweg::Parameter") ||
                         line.starts_with("  void step(Objective&") ||
                         line.starts_with("  void step(talweg::Objective&");
    if (is_head && line.ends_with("}")) return 1;
    if (is_head || count > 0) ++count;
    if (count > 0 && line == "  }") return count;
  }
  return 0;
}

TEST(ShippedOptimizers, FitOnAScreen) {
  constexpr int kLinesOfAScreen = 30, kLinesOfMomentum = 5;
  int seen = 0;
  for (const auto& file : std::filesystem::directory_iterator(repository() / "plugins" / "optimizers")) {
    if (file.path().extension() != ".cpp") continue;
    const int lines = lines_of_step(read_text(file.path()));
    EXPECT_GT(lines, 0) << file.path();
    EXPECT_LE(lines, file.path().stem() == "momentum" ? kLinesOfMomentum : kLinesOfAScreen) << file.path();
    ++seen;
  }
  EXPECT_GT(seen, 20);
}

}  // namespace
}  // namespace talweg
