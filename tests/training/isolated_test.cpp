#include "training/conformance/isolated.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <talweg/error.hpp>

namespace talweg::conformance {
namespace {

TEST(Isolated, ChecksSayWhatTheyFound) {
  const Verdict found = run_isolated([] { return failed("x differs"); });
  EXPECT_EQ(found.outcome, Outcome::failed);
  EXPECT_EQ(found.detail, "x differs");
  EXPECT_EQ(run_isolated([] { return ok(); }).outcome, Outcome::ok);
}

TEST(Isolated, ChecksThatEndInAnErrorOrASignalHaveFailed) {
  EXPECT_EQ(run_isolated([]() -> Verdict { throw Error(Status::plugin, "no"); }).detail, "no");
  EXPECT_EQ(run_isolated([]() -> Verdict { std::abort(); }).detail,
            "the plugin ended the process by signal 6 (SIGABRT)");
  EXPECT_EQ(run_isolated([]() -> Verdict { _exit(3); }).detail, "the plugin ended the process with status 3");
}

TEST(Isolated, ChecksThatDoNotEndHaveFailed) {
  const Verdict found = run_isolated(
      []() -> Verdict {
        for (;;) pause();
      },
      1);
  EXPECT_EQ(found.outcome, Outcome::failed);
  EXPECT_EQ(found.detail, "it does not end within 1 second");
}

}  // namespace
}  // namespace talweg::conformance
