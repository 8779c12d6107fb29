#include "program/steps/correlated_weights.hpp"

#include <algorithm>

#include "kernels/kernels.hpp"
#include "program/steps/convolution_means.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

/// Measured on one core of an EPYC 7003, 128 images of 28 x 28, 6 filters of 5 x 5 and 1 channel: 0.9 ms,
/// where oneDNN takes 3.9 and products of unfolded windows 2.5. With 6 channels of 14 x 14 and 16 filters
/// oneDNN takes 1.3 ms, and this 4.0.
constexpr std::int64_t kFewChannels = 3;
/// Elements of y that are summed in the program's type.
constexpr std::int64_t kTerms = 4096;
/// Fewer columns of y leave most of a vector empty.
constexpr std::int64_t kFewColumns = kernels::kVectorBytes / sizeof(float) / 2;

/// A plane of x with its padding.
struct Padded {
  explicit Padded(const Convolution& sizes) : rows(sizes.axes[0]), columns(sizes.axes[1]) {
    x_columns = columns.output() + (columns.kernel - 1) * columns.dilation;
    x_rows = (rows.output() - 1) * rows.stride + (rows.kernel - 1) * rows.dilation + 1;
  }
  [[nodiscard]] std::int64_t elements() const { return x_rows * x_columns; }

  WindowAxis rows, columns;
  std::int64_t x_rows, x_columns;
};

std::int64_t weight_elements(const Convolution& sizes) {
  return sizes.filters * sizes.group_channels() * sizes.window();
}

template <class T>
class Correlation final : public Instruction {
 public:
  Correlation(const Memory& memory, const Convolution& sizes, const ConvolutionViews& views, ThreadPool* pool)
      : sizes_(sizes),
        padded_(sizes),
        y_(memory.at<T>(views.first)),
        x_(memory.at<T>(views.second)),
        w_(memory.at<T>(views.to)),
        pool_(pool) {
    for (int piece = 0; piece < (pool_ == nullptr ? 1 : pool_->threads()); ++piece) {
      auto* totals = static_cast<double*>(memory.scratch(piece));
      scratch_.push_back({totals, reinterpret_cast<T*>(totals + 2 * weight_elements(sizes))});
    }
  }

  void run() override {
    if (pool_ == nullptr)
      run_images(scratch_[0], {0, sizes_.n});
    else
      pool_->run([&](int piece) {
        run_images(scratch_[static_cast<std::size_t>(piece)], piece_of(sizes_.n, piece, pool_->threads(), 1));
      });
    for (std::int64_t i = 0; i < weight_elements(sizes_); ++i) {
      double total = 0;
      for (const Scratch& scratch : scratch_) total += scratch.totals[i];
      w_[i] = static_cast<T>(total);
    }
  }

 private:
  struct Scratch {
    double* totals;  ///< of the weights' gradient, and behind them room for a part of it
    T* plane;        ///< of x
  };

  void run_images(const Scratch& scratch, Range images) const {
    std::fill_n(scratch.totals, weight_elements(sizes_), 0.0);
    for (std::int64_t n = images.begin; n < images.end; ++n)
      for (std::int64_t group = 0; group < sizes_.groups; ++group) {
        const T* y = y_ + (n * sizes_.filters + group * sizes_.group_filters()) * sizes_.output_plane();
        for (std::int64_t channel = 0; channel < sizes_.group_channels(); ++channel) {
          const std::int64_t plane = n * sizes_.channels + group * sizes_.group_channels() + channel;
          lay_out_x(x_ + plane * sizes_.plane(), scratch.plane);
          add(scratch, y, group * sizes_.group_filters() * sizes_.group_channels() + channel);
        }
      }
  }

  void lay_out_x(const T* from, T* to) const {
    const WindowAxis &rows = padded_.rows, &columns = padded_.columns;
    std::fill_n(to, padded_.elements(), T{0});
    const std::int64_t size = std::min(columns.input, padded_.x_columns - columns.padding);
    if (size <= 0) return;
    for (std::int64_t row = 0; row < padded_.x_rows; ++row)
      if (const std::int64_t image_row = row - rows.padding; image_row >= 0 && image_row < rows.input)
        std::copy_n(from + image_row * columns.input, size, to + row * padded_.x_columns + columns.padding);
  }

  /// Adds the products of the planes to the weights of all filters for one channel; `first` is that of the
  /// first filter.
  void add(const Scratch& scratch, const T* y, std::int64_t first) const {
    const WindowAxis &rows = padded_.rows, &columns = padded_.columns;
    const auto size = [](std::int64_t number) { return static_cast<std::size_t>(number); };
    const std::int64_t at_a_time =
        std::max<std::int64_t>(kTerms / std::max<std::int64_t>(columns.output(), 1), 1);
    T* part = reinterpret_cast<T*>(scratch.totals + weight_elements(sizes_));
    for (std::int64_t row = 0; row < rows.output(); row += at_a_time)
      for (std::int64_t i = 0; i < rows.kernel; ++i) {
        const std::int64_t x_row = row * rows.stride + i * rows.dilation;
        correlate_({scratch.plane + x_row * padded_.x_columns, y + row * columns.output(),
                    size(rows.stride * padded_.x_columns), size(sizes_.output_plane()),
                    size(std::min(at_a_time, rows.output() - row)), size(columns.output()),
                    size(sizes_.group_filters()), size(columns.kernel), size(columns.dilation)},
                   part, size(columns.kernel));
        for (std::int64_t filter = 0; filter < sizes_.group_filters(); ++filter) {
          double* total = scratch.totals + (first + filter * sizes_.group_channels()) * sizes_.window() +
                          i * columns.kernel;
          for (std::int64_t j = 0; j < columns.kernel; ++j)
            total[j] += static_cast<double>(part[filter * columns.kernel + j]);
        }
      }
  }

  Convolution sizes_;
  Padded padded_;
  const T* y_;
  const T* x_;
  T* w_;
  std::vector<Scratch> scratch_;  ///< by thread
  kernels::CorrelateKernel<T> correlate_ = kernels::table<T>().correlate;
  ThreadPool* pool_;
};

}  // namespace

bool is_correlation_preferred(const Convolution& sizes) {
  const std::string_view asked = asked_for_convolution();
  if (sizes.axes[1].stride != 1 || asked == "product" || asked == "dnnl") return false;
  return asked == "correlation" ||
         (sizes.group_channels() <= kFewChannels && sizes.axes[1].output() > kFewColumns);
}

/// Of float32 elements two make a double.
std::int64_t correlation_scratch(const Convolution& sizes) {
  return 4 * weight_elements(sizes) + Padded(sizes).elements();
}

std::unique_ptr<Instruction> make_correlation(const Memory& memory, DType dtype, const Convolution& sizes,
                                              const ConvolutionViews& views, ThreadPool* pool) {
  return bind_as<Correlation>(dtype, memory, sizes, views, pool);
}

}  // namespace talweg
