#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace talweg {

/// A few threads that do the pieces of one task at a time. Which thread does a piece cannot change a result:
/// pieces are numbered, and their number is that of the threads asked for.
class ThreadPool {
 public:
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls work(piece) for each 0 <= piece < threads(), the first on this thread, and returns when all are
  /// done. While another thread has the pool, this one does all pieces itself. `work` throws nothing.
  template <class Work>
  void run(const Work& work) {
    run([](const void* context, int piece) { (*static_cast<const Work*>(context))(piece); }, &work);
  }

  /// Parts of a task that a thread takes first, one after the other. Each has a line of the cache.
  struct alignas(64) Share {
    int begin, end;
    std::atomic<int> next = 0;  ///< that nobody has taken
  };

  /// Calls work(part, piece) for each part of the shares, of which there are threads(). A thread that is done
  /// with its own takes those that others have left, so that nobody waits long for one that is held up;
  /// `piece` says which of the threads it is.
  template <class Work>
  void share(std::span<Share> shares, const Work& work) {
    for (Share& one : shares) one.next = one.begin;
    run([&](int piece) {
      for (std::size_t i = 0; i < shares.size(); ++i) {
        Share& from = shares[(static_cast<std::size_t>(piece) + i) % shares.size()];
        for (int part = from.next++; part < from.end; part = from.next++) work(part, piece);
      }
    });
  }

 private:
  using Call = void (*)(const void* context, int piece);

  void run(Call call, const void* context);
  void serve(int piece);

  std::chrono::microseconds patience_;  ///< before a thread sleeps
  std::mutex mutex_;
  Call call_ = nullptr;
  const void* context_ = nullptr;
  std::atomic<std::uint32_t> round_ = 0;    ///< counts tasks; odd numbers end the threads
  std::atomic<std::uint32_t> pending_ = 0;  ///< pieces of the task that other threads have not finished
  std::vector<std::thread> workers_;
};

/// The pool of that many threads, which all programs share that exist at the time.
[[nodiscard]] std::shared_ptr<ThreadPool> shared_thread_pool(int threads);

/// The part of n elements that a piece does: pieces begin at multiples of `grain`.
struct Range {
  std::int64_t begin, end;
  [[nodiscard]] std::int64_t size() const { return end - begin; }
};
[[nodiscard]] Range piece_of(std::int64_t n, int piece, int pieces, std::int64_t grain);

}  // namespace talweg
