#include "program/steps/max_pool_step.hpp"

#include <algorithm>

#include "kernels/kernels.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

/// From here on the work is worth more than the threads' coming together.
constexpr std::int64_t kElementsForThreads = 32'768;

/// Windows side by side that have the same of their elements outside of the padding.
struct Segment {
  std::int64_t first;  ///< number of the first window in its plane
  std::int64_t windows;
  std::vector<std::ptrdiff_t> elements;  ///< places of the first window's
};

std::vector<Segment> segments_of(const WindowAxis& rows, const WindowAxis& columns) {
  std::vector<std::int64_t> bounds = {0, columns.output()};
  for (std::int64_t j = 0; j < columns.kernel; ++j) {
    const auto [begin, end] = columns.covering(j);
    if (begin < end) bounds.insert(bounds.end(), {begin, end});
  }
  std::ranges::sort(bounds);
  std::vector<Segment> segments;
  for (std::int64_t row = 0; row < rows.output(); ++row)
    for (std::size_t bound = 0; bound + 1 < bounds.size(); ++bound) {
      const std::int64_t column = bounds[bound], windows = bounds[bound + 1] - column;
      if (windows == 0) continue;
      Segment& segment = segments.emplace_back(Segment{row * columns.output() + column, windows, {}});
      for (std::int64_t i = 0; i < rows.kernel; ++i)
        for (std::int64_t j = 0; j < columns.kernel; ++j)
          if (rows.covers(row, i) && columns.covers(column, j))
            segment.elements.push_back(rows.at(row, i) * columns.input + columns.at(column, j));
    }
  return segments;
}

template <class T>
class MaxPool final : public Instruction {
 public:
  MaxPool(const Memory& memory, const WindowAxes& axes, const View& x, const View& places,
          const std::optional<View>& largest, double outside)
      : plane_(axes[0].input * axes[1].input),
        windows_(axes[0].output() * axes[1].output()),
        stride_(static_cast<std::size_t>(axes[1].stride)),
        x_(memory.at<T>(x)),
        places_(memory.at<T>(places)),
        largest_(largest ? memory.at<T>(*largest) : nullptr),
        outside_(static_cast<T>(outside)),
        planes_(places.shape.elements() / std::max<std::int64_t>(windows_, 1)),
        segments_(segments_of(axes[0], axes[1])) {
    if (x.shape.elements() >= kElementsForThreads) pool_ = memory.pool();
  }

  void run() override {
    if (pool_ == nullptr) return run_planes({0, planes_});
    pool_->run([&](int piece) { run_planes(piece_of(planes_, piece, pool_->threads(), 1)); });
  }

 private:
  void run_planes(Range planes) const {
    const std::int64_t end = planes.end * windows_;
    for (std::int64_t plane = planes.begin; plane < planes.end; ++plane)
      for (const Segment& segment : segments_) {
        const std::int64_t first = plane * windows_ + segment.first;
        if (segment.elements.empty())
          write_padding(first, segment.windows);
        else  // what comes behind these windows is written later
          find_largest_({x_ + plane * plane_, segment.elements.data(), segment.elements.size(), stride_},
                        largest_ == nullptr ? nullptr : largest_ + first, places_ + first,
                        static_cast<std::size_t>(segment.windows), static_cast<std::size_t>(end - first));
      }
  }

  /// Of windows in which there is nothing but padding.
  void write_padding(std::int64_t first, std::int64_t windows) const {
    std::fill_n(places_ + first, windows, static_cast<T>(plane_));
    if (largest_ != nullptr) std::fill_n(largest_ + first, windows, outside_);
  }

  std::int64_t plane_, windows_;  ///< elements of a plane, and windows over it
  std::size_t stride_;
  const T* x_;
  T* places_;
  T* largest_;  ///< null where nobody asks for them
  T outside_;
  std::int64_t planes_;
  kernels::FindLargestKernel<T> find_largest_ = kernels::table<T>().find_largest;
  std::vector<Segment> segments_;
  ThreadPool* pool_ = nullptr;
};

}  // namespace

std::vector<View> MaxPoolStep::writes() const {
  std::vector<View> views = {places_};
  if (largest_) views.push_back(*largest_);
  return views;
}

std::unique_ptr<Instruction> MaxPoolStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<MaxPool>(dtype, memory, axes_, x_, places_, largest_, outside_);
}

std::string MaxPoolStep::text() const {
  return (largest_ ? "max_pool2d " : "max_pool2d_positions ") + to_string(x_.shape) + " to " +
         to_string(places_.shape);
}

}  // namespace talweg
