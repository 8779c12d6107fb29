#include "training/sweep.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <talweg/error.hpp>
#include <thread>

namespace talweg {
namespace {

TEST(SweepPlan, HasEveryCombinationWithEverySeed) {
  const std::vector<SweepRun> runs = plan_sweep({{{"a", {"1", "2"}}, {"b", {"3", "4"}}}, 2}, 7);
  ASSERT_EQ(runs.size(), 8U);
  using Settings = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(runs[0].settings, (Settings{{"a", "1"}, {"b", "3"}}));
  EXPECT_EQ(runs[1].settings, runs[0].settings);
  EXPECT_EQ(runs[2].settings, (Settings{{"a", "1"}, {"b", "4"}}));
  EXPECT_EQ(runs[7].settings, (Settings{{"a", "2"}, {"b", "4"}}));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    EXPECT_EQ(runs[i].index, i);
    EXPECT_EQ(runs[i].seed, 7 + i % 2);
  }
}

TEST(SweepPlan, RefusesMoreRunsOrSeedsThanThereCanBe) {
  EXPECT_THROW((void)plan_sweep({{}, 1'000'000}, 0), Error);
  EXPECT_THROW((void)plan_sweep({{}, 2}, 0xFFFFFFFF), Error);
  EXPECT_EQ(plan_sweep({{}, 1}, 0xFFFFFFFF).size(), 1U);
}

class RunSweep : public testing::TestWithParam<int> {};

TEST_P(RunSweep, ReportsEveryRunOnceAndInOrder) {
  const std::vector<SweepRun> runs = plan_sweep({{}, 50}, 0);
  std::mutex mutex;
  std::multiset<std::size_t> trained;
  std::vector<std::size_t> reported;
  run_sweep(
      runs, GetParam(),
      [&](const SweepRun& run) {
        std::this_thread::sleep_for(std::chrono::microseconds((run.index * 37) % 11 * 100));
        const std::scoped_lock lock(mutex);
        trained.insert(run.index);
        return true;
      },
      [&](const SweepRun& run) { reported.push_back(run.index); });
  ASSERT_EQ(reported.size(), 50U);
  for (std::size_t i = 0; i < reported.size(); ++i) {
    EXPECT_EQ(reported[i], i);
    EXPECT_EQ(trained.count(i), 1U);
  }
}

TEST_P(RunSweep, BeginsNoFurtherRunOnceOneSaysSo) {
  std::atomic<int> trained = 0;
  std::size_t reported = 0;
  run_sweep(
      plan_sweep({{}, 100}, 0), GetParam(), [&](const SweepRun&) { return ++trained < 5; },
      [&](const SweepRun&) { ++reported; });
  EXPECT_LE(trained, 5 + GetParam());
  EXPECT_EQ(reported, static_cast<std::size_t>(trained));
}

TEST_P(RunSweep, PassesAnErrorOnAndEnds) {
  // So many runs that the others are not through before the one that fails has said so, whatever the load.
  constexpr int kRuns = 10'000;
  std::atomic<int> trained = 0;
  EXPECT_THROW(run_sweep(
                   plan_sweep({{}, kRuns}, 0), GetParam(),
                   [&](const SweepRun& run) -> bool {
                     ++trained;
                     if (run.index == 3) throw Error(Status::model, "no");
                     std::this_thread::sleep_for(std::chrono::milliseconds(1));
                     return true;
                   },
                   [](const SweepRun&) {}),
               Error);
  EXPECT_LT(trained, kRuns);
}

INSTANTIATE_TEST_SUITE_P(Training, RunSweep, testing::Values(1, 3, 64));

}  // namespace
}  // namespace talweg
