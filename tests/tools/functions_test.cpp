// talweg functions, as a user runs it.

#include "tools/json.hpp"
#include "tools/program.hpp"

namespace talweg {
namespace {

TEST(FunctionsCommand, ListsALineForEachUnderItsKind) {
  const Finished finished = run_line("functions");
  EXPECT_EQ(finished.status, 0) << finished.errors;
  const std::vector<std::string> lines = lines_of(finished.out);
  std::vector<std::string> kinds;
  for (const std::string& line : lines)
    if (!line.empty() && line[0] != ' ') kinds.push_back(line);
  EXPECT_EQ(kinds, (std::vector<std::string>{"functions", "modules", "initializers"}));
  EXPECT_EQ(json_lines(run_line("functions --json").out).size(), lines.size() - 3 - 2) << "headings and gaps";
}

TEST(FunctionsCommand, SaysAllOfTheNamedOnes) {
  const Finished finished = run_line("functions relu conv2d");
  EXPECT_EQ(finished.status, 0) << finished.errors;
  for (const char* part : {"relu(x)\n  function: x where x > 0, else 0\n", "conv2d(x, w, ",
                           "  module: ", "conv2d(x, channels, kernel, stride=1, "})
    EXPECT_NE(finished.out.find(part), std::string::npos) << part << "\n" << finished.out;
  const Json word = json_lines(run_line("functions he_normal --json").out).at(0);
  EXPECT_EQ(word["kind"], "initializer");
  EXPECT_EQ(word["signature"], "he_normal(gain=1)");
}

TEST(FunctionsCommand, KnowsWhatIsMeant) {
  const Finished unknown = run_line("functions sofmax");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_EQ(unknown.errors,
            "error: there is no function, module or initializer 'sofmax'\nhint: did you mean 'softmax'?\n");
  EXPECT_NE(run_line("functions xyzzy").errors.find("hint: talweg functions shows what there is"),
            std::string::npos);
  EXPECT_NE(run_line("functions detach").errors.find("hint: here that is stop_gradient"), std::string::npos);
}

}  // namespace
}  // namespace talweg
