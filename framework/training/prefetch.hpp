#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "training/batch_data.hpp"

namespace talweg {

/// Gathers the batch of the next step on a thread of its own while the present step is computed.
class Prefetch {
 public:
  Prefetch();
  ~Prefetch();
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  /// Begins to gather these rows into `data`, aside. Forgets what was gathered before. `data` outlives this.
  void begin(std::int64_t step, BatchData& data, std::vector<std::int64_t> rows);
  /// Brings them, once they are gathered, where they are that step's; false where they are not. Throws what
  /// gathering them has thrown.
  [[nodiscard]] bool take(std::int64_t step);

 private:
  void serve();
  void wait();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool busy_ = false, ending_ = false;
  std::int64_t step_ = -1;
  BatchData* data_ = nullptr;
  std::vector<std::int64_t> rows_;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace talweg
