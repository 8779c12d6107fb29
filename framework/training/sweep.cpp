#include "training/sweep.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <mutex>
#include <talweg/error.hpp>
#include <thread>

#include "support/numbers.hpp"

namespace talweg {
namespace {

constexpr std::size_t kMaximumRuns = 100'000;

/// The settings of every combination.
std::vector<std::vector<std::pair<std::string, std::string>>> combine(const SweepSetting& sweep) {
  std::vector<std::vector<std::pair<std::string, std::string>>> combinations(1);
  for (const auto& [name, values] : sweep.grid) {
    if (combinations.size() * values.size() > kMaximumRuns)
      throw Error(Status::model, "the sweep has more than " + count(kMaximumRuns, "run"));
    std::vector<std::vector<std::pair<std::string, std::string>>> longer;
    for (const auto& combination : combinations)
      for (const std::string& value : values) {
        longer.push_back(combination);
        longer.back().emplace_back(name, value);
      }
    combinations = std::move(longer);
  }
  return combinations;
}

/// Hands out runs, and takes them back in order.
class Queue {
 public:
  Queue(const std::vector<SweepRun>& runs, const std::function<bool(const SweepRun&)>& train,
        const std::function<void(const SweepRun&)>& finished)
      : runs_(runs), train_(train), finished_(finished), done_(runs.size(), false) {}

  /// What each thread does until nothing is left.
  void work() {
    while (const SweepRun* run = take()) {
      try {
        const bool go_on = train_(*run);
        give_back(*run, go_on);
      } catch (...) {
        fail();
      }
    }
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  const SweepRun* take() {
    const std::scoped_lock lock(mutex_);
    return ended_ || next_ == runs_.size() ? nullptr : &runs_[next_++];
  }

  void give_back(const SweepRun& run, bool go_on) {
    const std::scoped_lock lock(mutex_);
    ended_ = ended_ || !go_on;
    done_[run.index] = true;
    for (; reported_ < runs_.size() && done_[reported_]; ++reported_) finished_(runs_[reported_]);
  }

  void fail() {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    if (!failure_) failure_ = std::current_exception();
  }

  const std::vector<SweepRun>& runs_;
  const std::function<bool(const SweepRun&)>& train_;
  const std::function<void(const SweepRun&)>& finished_;
  std::mutex mutex_;
  std::vector<bool> done_;
  std::size_t next_ = 0, reported_ = 0;
  bool ended_ = false;
  std::exception_ptr failure_;
};

}  // namespace

std::vector<SweepRun> plan_sweep(const SweepSetting& sweep, std::uint32_t seed) {
  const auto combinations = combine(sweep);
  const auto restarts = static_cast<std::uint64_t>(sweep.restarts);
  if (restarts > kMaximumRuns / combinations.size())
    throw Error(Status::model, "the sweep has more than " + count(kMaximumRuns, "run"));
  if (restarts > 1 && seed > std::numeric_limits<std::uint32_t>::max() - (restarts - 1))
    throw Error(Status::model, "the seeds from " + std::to_string(seed) + " on are not enough for " +
                                   std::to_string(restarts) + " restarts");
  std::vector<SweepRun> runs;
  for (const auto& settings : combinations)
    for (std::uint32_t restart = 0; restart < restarts; ++restart)
      runs.push_back({runs.size(), settings, seed + restart});
  return runs;
}

void run_sweep(const std::vector<SweepRun>& runs, int jobs, const std::function<bool(const SweepRun&)>& train,
               const std::function<void(const SweepRun&)>& finished) {
  Queue queue(runs, train, finished);
  {
    std::vector<std::jthread> threads;
    const std::size_t wanted = std::min(static_cast<std::size_t>(std::max(jobs, 1)), runs.size());
    for (std::size_t i = 1; i < wanted; ++i) threads.emplace_back([&queue] { queue.work(); });
    queue.work();
  }
  queue.rethrow();
}

}  // namespace talweg
