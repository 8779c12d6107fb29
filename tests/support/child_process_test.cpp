#include "support/child_process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace talweg {
namespace {

using Kind = ChildEnd::Kind;

ChildEnd run(const std::function<std::string(const StillAlive&)>& work, unsigned longest = 60,
             const std::function<bool()>& given_up = {}) {
  return run_in_child(work, longest, given_up);
}

std::string never(const StillAlive&) {
  for (;;) pause();
}

TEST(ChildProcess, AnswersWithTextOfAnyKindAndLength) {
  const std::string long_text = std::string(300'000, 'x') + '\0' + "end";
  for (const std::string& text : {std::string(), std::string("two\nlines"), long_text}) {
    const ChildEnd end = run([&](const StillAlive&) { return text; });
    EXPECT_EQ(end.kind, Kind::answered);
    EXPECT_EQ(end.text, text);
  }
}

TEST(ChildProcess, ThatEndsWithoutAnAnswerSaysHow) {
  const ChildEnd aborted = run([](const StillAlive&) -> std::string { std::abort(); });
  EXPECT_EQ(aborted.kind, Kind::died);
  EXPECT_EQ(aborted.text, "by signal 6 (SIGABRT)");
  EXPECT_EQ(run([](const StillAlive&) -> std::string { _exit(3); }).text, "with status 3");
}

TEST(ChildProcess, IsEndedWhereNothingIsHeardOfIt) {
  EXPECT_EQ(run(never, 1).kind, Kind::too_long);
  const ChildEnd slow = run(
      [](const StillAlive& still_alive) {
        for (int i = 0; i < 6; ++i) {
          usleep(500'000);
          still_alive();
        }
        return std::string("three seconds");
      },
      2);
  EXPECT_EQ(slow.text, "three seconds");
}

TEST(ChildProcess, IsEndedWhereItIsGivenUp) {
  int looks = 0;
  EXPECT_EQ(run(never, 60, [&] { return ++looks > 2; }).kind, Kind::given_up);
}

}  // namespace
}  // namespace talweg
