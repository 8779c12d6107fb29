#include "program/steps/convolution_step.hpp"

#include <algorithm>
#include <limits>

#include "kernels/kernels.hpp"
#include "program/large_products.hpp"
#include "program/steps/correlated_weights.hpp"
#include "program/steps/dnnl_convolution.hpp"
#include "program/steps/product_step.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

using Kind = ConvolutionKind;

/// Windows that are side by side at a time: a matrix of so many elements stays in the second cache.
constexpr std::int64_t kUnfoldedElements = 1 << 16;

/// From here on a convolution is worth more than the threads' coming together.
constexpr double kOperationsForThreads = 200'000;

std::int64_t row_of_windows(const Convolution& sizes) { return sizes.group_channels() * sizes.window(); }

/// Rows of the output that are computed at a time.
std::int64_t rows_at_a_time(const Convolution& sizes) {
  const std::int64_t row = std::max<std::int64_t>(row_of_windows(sizes) * sizes.axes[1].output(), 1);
  return std::clamp<std::int64_t>(kUnfoldedElements / row, 1, sizes.axes[0].output());
}

std::int64_t unfolded_elements(const Convolution& sizes) {
  return row_of_windows(sizes) * rows_at_a_time(sizes) * sizes.axes[1].output();
}

std::int64_t weight_elements(const Convolution& sizes) { return sizes.filters * row_of_windows(sizes); }

/// An operand of a product: its rows, and in memory its transpose where it is transposed.
template <class T>
struct Operand {
  const T* data;
  std::int64_t stride;
  bool transposed = false;
};

/// c (m, n), its rows `c_stride` apart, becomes a (m, k) @ b (k, n): by the BLAS where that is faster.
/// REQUIRES: b is not transposed unless `large`.
template <class T>
void multiply(bool large, T* c, std::int64_t c_stride, const Operand<T>& a, const Operand<T>& b,
              std::int64_t m, std::int64_t n, std::int64_t k) {
  const auto narrow = [](std::int64_t size) { return static_cast<std::int32_t>(size); };
  if (large)
    return large_product<T>()(c, narrow(c_stride), a.data, narrow(a.stride), a.transposed, b.data,
                              narrow(b.stride), b.transposed, narrow(m), narrow(n), narrow(k), 1, 0);
  const kernels::Matrix<T> left =
      a.transposed ? kernels::Matrix<T>{a.data, 1, a.stride} : kernels::Matrix<T>{a.data, a.stride, 1};
  const auto assign = static_cast<std::size_t>(kernels::ProductEnd::assign);
  kernels::table_for<T>(static_cast<std::size_t>(n))
      .product[assign](c, c_stride, left, {b.data, b.stride, 1}, static_cast<std::size_t>(m),
                       static_cast<std::size_t>(n), static_cast<std::size_t>(k), 0);
}

template <class T>
class Convolve final : public Instruction {
 public:
  Convolve(const Memory& memory, Kind kind, const Convolution& sizes, const View& first, const View& second,
           const View& to, double operations)
      : kind_(kind),
        sizes_(sizes),
        first_(memory.at<T>(first)),
        second_(memory.at<T>(second)),
        to_(memory.at<T>(to)),
        rows_(sizes.axes[0]),
        columns_(sizes.axes[1]),
        windows_(row_of_windows(sizes)),
        step_(rows_at_a_time(sizes)),
        large_(ProductStep::is_large(sizes.group_filters(), step_ * columns_.output(), windows_,
                                     sizeof(T) == sizeof(float) ? DType::float32 : DType::float64)) {
    if (operations >= kOperationsForThreads) pool_ = memory.pool();
    for (std::int64_t j = 0; j < columns_.kernel; ++j) covering_.push_back(columns_.covering(j));
    for (int piece = 0; piece < (pool_ == nullptr ? 1 : pool_->threads()); ++piece)
      scratch_.push_back(memory.scratch(piece));
  }

  void run() override {
    if (pool_ == nullptr)
      run_images(0, {0, sizes_.n});
    else
      pool_->run([&](int piece) { run_images(piece, piece_of(sizes_.n, piece, pool_->threads(), 1)); });
    if (kind_ == Kind::weight_adjoint) add_totals();
  }

 private:
  /// Of the weights' gradient: in double, so that no image is lost behind those before it.
  double* totals(int piece) const { return static_cast<double*>(scratch_[static_cast<std::size_t>(piece)]); }
  T* unfolded(int piece) const {
    return kind_ == Kind::weight_adjoint ? reinterpret_cast<T*>(totals(piece) + weight_elements(sizes_))
                                         : static_cast<T*>(scratch_[static_cast<std::size_t>(piece)]);
  }

  void run_images(int piece, Range images) {
    if (kind_ == Kind::weight_adjoint) std::fill_n(totals(piece), weight_elements(sizes_), 0.0);
    for (std::int64_t n = images.begin; n < images.end; ++n) {
      if (kind_ == Kind::input_adjoint)
        std::fill_n(to_ + n * sizes_.channels * sizes_.plane(), sizes_.channels * sizes_.plane(), T{0});
      for (std::int64_t group = 0; group < sizes_.groups; ++group)
        for (std::int64_t row = 0; row < rows_.output(); row += step_)
          run_rows(piece, n, group, {row, std::min(row + step_, rows_.output())});
    }
  }

  void run_rows(int piece, std::int64_t n, std::int64_t group, Range rows) {
    const std::int64_t filters = sizes_.group_filters(), plane = sizes_.output_plane();
    const std::int64_t outputs = (rows.end - rows.begin) * columns_.output();
    const std::int64_t x = (n * sizes_.channels + group * sizes_.group_channels()) * sizes_.plane();
    const std::int64_t w = group * filters * windows_;
    const std::int64_t y = (n * sizes_.filters + group * filters) * plane + rows.begin * columns_.output();
    T* matrix = unfolded(piece);
    switch (kind_) {
      case Kind::forward:
        unfold(first_ + x, rows, matrix, outputs, 1);
        multiply<T>(large_, to_ + y, plane, {second_ + w, windows_}, {matrix, outputs}, filters, outputs,
                    windows_);
        break;
      case Kind::input_adjoint:
        multiply<T>(large_, matrix, outputs, {second_ + w, windows_, true}, {first_ + y, plane}, windows_,
                    outputs, filters);
        fold(matrix, rows, to_ + x);
        break;
      case Kind::weight_adjoint: {
        // The kernels want the rows of the right operand without gaps, the BLAS takes its transpose.
        if (large_)
          unfold(second_ + x, rows, matrix, outputs, 1);
        else
          unfold(second_ + x, rows, matrix, 1, windows_);
        T* product = matrix + unfolded_elements(sizes_);
        multiply<T>(large_, product, windows_, {first_ + y, plane},
                    {matrix, large_ ? outputs : windows_, large_}, filters, windows_, outputs);
        std::transform(product, product + filters * windows_, totals(piece) + w, totals(piece) + w,
                       [](T part, double total) { return total + static_cast<double>(part); });
      }
    }
  }

  /// Calls visit(q, row, column range) for the parts of a matrix of windows that lie within the image: row q
  /// of it is one element of all windows.
  template <class Visit>
  void each_row(Range rows, Visit visit) const {
    std::int64_t q = 0;
    for (std::int64_t c = 0; c < sizes_.group_channels(); ++c)
      for (std::int64_t i = 0; i < rows_.kernel; ++i)
        for (std::int64_t j = 0; j < columns_.kernel; ++j, ++q)
          for (std::int64_t row = rows.begin; row < rows.end; ++row) {
            const std::int64_t image = (c * rows_.input + rows_.at(row, i)) * columns_.input;
            const WindowAxis::Elements within =
                rows_.covers(row, i) ? covering_[static_cast<std::size_t>(j)] : WindowAxis::Elements{0, 0};
            visit(q, (row - rows.begin) * columns_.output(), image + columns_.at(within.begin, j), within);
          }
  }

  /// The windows of an image: element q of window p is at q * q_stride + p * p_stride; 0 outside of the
  /// image.
  void unfold(const T* x, Range rows, T* out, std::int64_t q_stride, std::int64_t p_stride) const {
    each_row(rows, [&](std::int64_t q, std::int64_t p, std::int64_t image, WindowAxis::Elements within) {
      T* to = out + q * q_stride + p * p_stride;
      const T* from = x + image;
      std::int64_t column = 0;
      for (; column < within.begin; ++column) to[column * p_stride] = 0;
      if (p_stride == 1 && columns_.stride == 1) {
        std::copy_n(from, within.end - within.begin, to + within.begin);
        column = within.end;
      }
      for (; column < within.end; ++column, from += columns_.stride) to[column * p_stride] = *from;
      for (; column < columns_.output(); ++column) to[column * p_stride] = 0;
    });
  }

  /// Adds each element of the windows to where it came from.
  void fold(const T* matrix, Range rows, T* x) const {
    const std::int64_t outputs = (rows.end - rows.begin) * columns_.output();
    each_row(rows, [&](std::int64_t q, std::int64_t p, std::int64_t image, WindowAxis::Elements within) {
      const T* from = matrix + q * outputs + p + within.begin;
      T* to = x + image;
      const std::int64_t size = within.end - within.begin;
      if (columns_.stride == 1)
        for (std::int64_t i = 0; i < size; ++i) to[i] += from[i];
      else
        for (std::int64_t i = 0; i < size; ++i) to[i * columns_.stride] += from[i];
    });
  }

  /// In the order of the threads.
  void add_totals() {
    for (std::int64_t i = 0; i < weight_elements(sizes_); ++i) {
      double total = 0;
      for (int piece = 0; piece < static_cast<int>(scratch_.size()); ++piece) total += totals(piece)[i];
      to_[i] = static_cast<T>(total);
    }
  }

  Kind kind_;
  Convolution sizes_;
  const T* first_;
  const T* second_;
  T* to_;
  WindowAxis rows_, columns_;
  std::int64_t windows_;  ///< elements of a window, all channels of a group together
  std::int64_t step_;
  bool large_;
  std::vector<WindowAxis::Elements> covering_;  ///< by column of the window
  std::vector<void*> scratch_;
  ThreadPool* pool_ = nullptr;
};

}  // namespace

bool ConvolutionStep::fits(const Convolution& sizes) {
  constexpr auto kMost = static_cast<double>(std::numeric_limits<std::int32_t>::max());
  const auto windows = static_cast<double>(row_of_windows(sizes));
  return windows * static_cast<double>(sizes.axes[1].output()) <= kMost &&
         windows * static_cast<double>(sizes.filters) <= kMost &&
         static_cast<double>(sizes.output_plane()) <= kMost && sizes.n > 0 && sizes.filters > 0 &&
         windows > 0;
}

std::int64_t ConvolutionStep::scratch_elements() const {
  const std::int64_t unfolded = unfolded_elements(sizes_), weights = weight_elements(sizes_);
  // Of float32 elements two make a double.
  if (kind_ != Kind::weight_adjoint) return unfolded;
  return std::max(unfolded + 3 * weights, correlation_scratch(sizes_));
}

double ConvolutionStep::operations() const {
  return 2.0 * static_cast<double>(weight_elements(sizes_)) * static_cast<double>(sizes_.output_plane()) *
         static_cast<double>(sizes_.n);
}

std::unique_ptr<Instruction> ConvolutionStep::bind(const Memory& memory, DType dtype) const {
  ThreadPool* pool = operations() >= kOperationsForThreads ? memory.pool() : nullptr;
  if (kind_ == Kind::weight_adjoint && is_correlation_preferred(sizes_))
    return make_correlation(memory, dtype, sizes_, {first_, second_, to_}, pool);
  if (dtype == DType::float32) {
    if (auto made = make_dnnl_convolution(memory, kind_, sizes_, {first_, second_, to_}, operations(), pool))
      return made;
  }
  return bind_as<Convolve>(dtype, memory, kind_, sizes_, first_, second_, to_, operations());
}

std::string ConvolutionStep::text() const {
  static constexpr const char* kNames[] = {"conv2d ", "conv2d_input_adjoint ", "conv2d_weight_adjoint "};
  return kNames[static_cast<std::size_t>(kind_)] + to_string(first_.shape) + " by " +
         to_string(second_.shape);
}

}  // namespace talweg
