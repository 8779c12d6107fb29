#include "training/prefetch.hpp"

#include <utility>

namespace talweg {

Prefetch::Prefetch() : thread_([this] { serve(); }) {}

Prefetch::~Prefetch() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Prefetch::begin(std::int64_t step, BatchData& data, std::vector<std::int64_t> rows) {
  wait();
  {
    const std::lock_guard lock(mutex_);
    step_ = step;
    data_ = &data;
    rows_ = std::move(rows);
    failure_ = nullptr;
    busy_ = true;
  }
  changed_.notify_all();
}

bool Prefetch::take(std::int64_t step) {
  wait();
  if (std::exchange(step_, -1) != step) return false;
  if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
  data_->take_aside();
  return true;
}

void Prefetch::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !busy_; });
}

void Prefetch::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return busy_ || ending_; });
    if (!busy_) return;
    lock.unlock();
    try {
      data_->gather_aside(rows_);
    } catch (...) {
      failure_ = std::current_exception();
    }
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

}  // namespace talweg
