#include "program/thread_pool.hpp"

#include <algorithm>
#include <map>

namespace talweg {
namespace {

using Clock = std::chrono::steady_clock;

/// How long a thread looks for work before it sleeps. Pieces of a large product end that far apart where
/// others use the machine, too, and waking a thread would take longer than the pass that follows.
constexpr std::chrono::microseconds kPatience{200};
/// The same where there are more threads than processors, and a thread that looks keeps others from working.
constexpr std::chrono::microseconds kLittlePatience{2};
constexpr int kLooksBetweenTimes = 50;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

/// Waits until the value is no longer `old`, and gives what it is then.
std::uint32_t changed(const std::atomic<std::uint32_t>& value, std::uint32_t old,
                      std::chrono::microseconds patience) {
  const Clock::time_point end = Clock::now() + patience;
  do {
    for (int look = 0; look < kLooksBetweenTimes; ++look) {
      if (const std::uint32_t now = value.load(std::memory_order_acquire); now != old) return now;
      pause();
    }
  } while (Clock::now() < end);
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

}  // namespace

ThreadPool::ThreadPool(int threads)
    : patience_(static_cast<unsigned>(threads) <= std::thread::hardware_concurrency() ? kPatience
                                                                                      : kLittlePatience) {
  for (int piece = 1; piece < threads; ++piece) workers_.emplace_back([this, piece] { serve(piece); });
}

ThreadPool::~ThreadPool() {
  round_.fetch_add(1);
  round_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(Call call, const void* context) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || workers_.empty()) {
    for (int piece = 0; piece < threads(); ++piece) call(context, piece);
    return;
  }
  call_ = call;
  context_ = context;
  pending_.store(static_cast<std::uint32_t>(workers_.size()), std::memory_order_relaxed);
  round_.fetch_add(2, std::memory_order_release);
  round_.notify_all();
  call(context, 0);
  for (std::uint32_t left = pending_.load(std::memory_order_acquire); left != 0;)
    left = changed(pending_, left, patience_);
}

void ThreadPool::serve(int piece) {
  for (std::uint32_t round = 0;;) {
    round = changed(round_, round, patience_);
    if (round % 2 != 0) return;
    call_(context_, piece);
    pending_.fetch_sub(1, std::memory_order_release);
    pending_.notify_one();
  }
}

std::shared_ptr<ThreadPool> shared_thread_pool(int threads) {
  static std::mutex mutex;
  static std::map<int, std::weak_ptr<ThreadPool>> pools;
  const std::lock_guard lock(mutex);
  std::weak_ptr<ThreadPool>& known = pools[threads];
  std::shared_ptr<ThreadPool> pool = known.lock();
  if (pool == nullptr) known = pool = std::make_shared<ThreadPool>(threads);
  return pool;
}

Range piece_of(std::int64_t n, int piece, int pieces, std::int64_t grain) {
  const std::int64_t grains = (n + grain - 1) / grain;
  const auto bound = [&](std::int64_t number) { return std::min(n, grains * number / pieces * grain); };
  return {bound(piece), bound(piece + 1)};
}

}  // namespace talweg
