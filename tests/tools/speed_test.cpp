// talweg-bench: that all of it can be measured and what it says of the measurements, not how fast anything
// is.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tools/json.hpp"

namespace talweg {
namespace {

Finished run_bench(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), (program_directory() / "talweg-bench").string());
  return run(arguments);
}

struct Family {
  const char* name;
  std::set<std::string> works;  ///< of its rows
};

class BenchFamily : public testing::TestWithParam<Family> {};

TEST_P(BenchFamily, MeasuresWhatItNamesAndSaysWhatIsNotInstalled) {
#if TALWEG_SANITIZED
  GTEST_SKIP() << "the speed of a sanitized build says nothing";
#endif
  const Finished finished = run_bench({GetParam().name, "--quick", "--json", "--python", "/nonexistent"});
  ASSERT_EQ(finished.status, 0) << finished.errors;
  std::set<std::string> works;
  for (const Json& row : json_lines(finished.out)) {
    works.insert(row.at("work").get<std::string>());
    if (row.contains("note") && row.at("note").get<std::string>().ends_with("is not installed")) {
      EXPECT_FALSE(row.contains("holds")) << row;
      continue;
    }
    ASSERT_TRUE(row.contains("ours")) << row;
    // The exponent of a few quick steps may be anything.
    if (row.at("unit") != "number") {
      EXPECT_GT(row.at("ours").get<double>(), 0) << row;
    }
    EXPECT_TRUE(!row.contains("theirs") || row.at("theirs").get<double>() > 0) << row;
  }
  EXPECT_EQ(works, GetParam().works);
}

const Family kFamilies[] = {
    {"tutorial", {"tutorial, hidden 4, 60,000 steps", "tutorial, hidden 32, 60,000 steps"}},
    {"networks",
     {"784-256-10, batch 128, gd", "784-256-10, batch 128, adam", "784-1024-1024-10, batch 128, gd",
      "784-1024-1024-10, batch 128, adam", "LeNet, batch 128, gd", "LeNet, batch 128, adam",
      "shakespeare_gpt step, adamw"}},
    {"programs",
     {"alpha sweep, 14 runs, start to exit", "`talweg train`, tiny model, 10 steps, start to exit"}},
    {"adam", {"adam's update of 10,000,000 float32"}},
    {"kernels",
     {"exp of 1,000,000 float32, one thread", "tanh of 1,000,000 float32, one thread",
      "sigmoid of 1,000,000 float32, one thread", "gelu of 1,000,000 float32, one thread"}},
    {"memory", {"memory of a training step, LeNet, batch 128, adam"}},
    {"growth",
     {"growth: step by width, last decade's exponent", "growth: step by depth, last decade's exponent",
      "growth: step by batch, last decade's exponent",
      "growth: step by parameters (adam), last decade's exponent",
      "growth: compilation, last decade's exponent", "compilation of 10,000 nodes"}},
};

INSTANTIATE_TEST_SUITE_P(Speed, BenchFamily, testing::ValuesIn(kFamilies),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Bench, SaysOfEveryRowWithABarWhetherItHolds) {
#if TALWEG_SANITIZED
  GTEST_SKIP() << "the speed of a sanitized build says nothing";
#endif
  const Finished finished = run_bench({"programs", "--quick"});
  ASSERT_EQ(finished.status, 0) << finished.errors;
  const std::vector<std::string> lines = lines_of(finished.out);
  EXPECT_EQ(std::ranges::count_if(lines,
                                  [](const std::string& line) {
                                    return line.ends_with(" holds") || line.ends_with(" misses");
                                  }),
            2)
      << finished.out;
  EXPECT_NE(finished.out.find("under 500 ms"), std::string::npos) << finished.out;
  EXPECT_NE(lines.back().find(" hold, "), std::string::npos) << finished.out;
}

TEST(Bench, ExplainsItself) {
  const Finished finished = run_bench({"--help"});
  EXPECT_EQ(finished.status, 0);
  for (const Family& family : kFamilies)
    EXPECT_NE(finished.out.find("\n  " + std::string(family.name) + " "), std::string::npos) << family.name;
}

struct WrongArguments {
  std::vector<std::string> arguments;
  const char* errors;
};

TEST(Bench, RefusesWrongArguments) {
  const WrongArguments all[] = {
      {{"netwroks"}, "error: talweg-bench measures no 'netwroks'\nhint: did you mean 'networks'?\n"},
      {{"--jsn"}, "error: talweg-bench has no option '--jsn'\nhint: did you mean '--json'?\n"},
      {{"--rounds"}, "error: --rounds needs a value\n"},
      {{"--rounds", "0"}, "error: --rounds is a whole number from 1 to 1000, and this is '0'\n"},
      {{"--threads", "two"}, "error: --threads is a whole number from 1 to 1000, and this is 'two'\n"},
      {{"--python", "--json"}, "error: --python needs a value\n"},
  };
  for (const WrongArguments& wrong : all) {
    const Finished finished = run_bench(wrong.arguments);
    EXPECT_EQ(finished.status, 2) << wrong.errors;
    EXPECT_EQ(finished.out, "");
    EXPECT_EQ(finished.errors, wrong.errors);
  }
}

}  // namespace
}  // namespace talweg
