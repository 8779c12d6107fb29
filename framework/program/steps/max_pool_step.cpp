#include "program/steps/max_pool_step.hpp"

#include <algorithm>
#include <limits>

#include "kernels/kernels.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

/// From here on the work is worth more than the threads' coming together.
constexpr std::int64_t kElementsForThreads = 32'768;

template <class T>
class MaxPool final : public Instruction {
 public:
  MaxPool(const Memory& memory, const WindowAxes& axes, const View& x, const View& to)
      : rows_(axes[0]), columns_(axes[1]), x_(memory.at<T>(x)), to_(memory.at<T>(to)) {
    planes_ = to.shape.elements() / std::max<std::int64_t>(rows_.output() * columns_.output(), 1);
    if (x.shape.elements() >= kElementsForThreads) pool_ = memory.pool();
    for (int piece = 0; piece < (pool_ == nullptr ? 1 : pool_->threads()); ++piece)
      best_.push_back(static_cast<T*>(memory.scratch(piece)));
    for (std::int64_t j = 0; j < columns_.kernel; ++j) covering_.push_back(columns_.covering(j));
  }

  void run() override {
    if (pool_ == nullptr) return run_planes(best_[0], {0, planes_});
    pool_->run([&](int piece) {
      run_planes(best_[static_cast<std::size_t>(piece)], piece_of(planes_, piece, pool_->threads(), 1));
    });
  }

 private:
  void run_planes(T* best, Range planes) {
    for (std::int64_t plane = planes.begin; plane < planes.end; ++plane)
      for (std::int64_t row = 0; row < rows_.output(); ++row)
        run_row(best, x_ + plane * rows_.input * columns_.input, row,
                to_ + (plane * rows_.output() + row) * columns_.output());
  }

  void run_row(T* best, const T* x, std::int64_t row, T* places) {
    const auto nowhere = static_cast<T>(rows_.input * columns_.input);
    std::fill_n(best, columns_.output(), -std::numeric_limits<T>::infinity());
    std::fill_n(places, columns_.output(), nowhere);
    for (std::int64_t i = 0; i < rows_.kernel; ++i) {
      if (!rows_.covers(row, i)) continue;
      for (std::int64_t j = 0; j < columns_.kernel; ++j) {
        const auto [begin, end] = covering_[static_cast<std::size_t>(j)];
        const std::int64_t first = rows_.at(row, i) * columns_.input + columns_.at(begin, j);
        const kernels::Candidates<T> candidates{x + first, static_cast<std::size_t>(columns_.stride),
                                                static_cast<T>(first), static_cast<T>(columns_.stride),
                                                nowhere};
        take_larger_(candidates, best + begin, places + begin, static_cast<std::size_t>(end - begin));
      }
    }
  }

  WindowAxis rows_, columns_;
  const T* x_;
  T* to_;
  std::int64_t planes_;
  kernels::TakeLargerKernel<T> take_larger_ = kernels::table<T>().take_larger;
  std::vector<T*> best_;                        ///< by thread: the largest so far of a row of windows
  std::vector<WindowAxis::Elements> covering_;  ///< by column of the window
  ThreadPool* pool_ = nullptr;
};

}  // namespace

std::unique_ptr<Instruction> MaxPoolStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<MaxPool>(dtype, memory, axes_, x_, to_);
}

std::string MaxPoolStep::text() const {
  return "max_pool2d_positions " + to_string(x_.shape) + " to " + to_string(to_.shape);
}

}  // namespace talweg
