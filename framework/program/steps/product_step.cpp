#include "program/steps/product_step.hpp"

#include <algorithm>
#include <limits>

#include "kernels/kernels.hpp"
#include "program/large_products.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

/// m n k from which the BLAS or oneDNN is faster than the kernels for small products.
constexpr double kLarge = 100'000;

/// The last two axes of a view.
struct Layout {
  explicit Layout(const View& view)
      : rows(view.shape[view.shape.rank() - 2]),
        columns(view.shape[view.shape.rank() - 1]),
        row_stride(view.stride(view.shape.rank() - 2)),
        column_stride(view.stride(view.shape.rank() - 1)) {}

  [[nodiscard]] bool has_contiguous_rows() const { return columns == 1 || column_stride == 1; }
  [[nodiscard]] bool has_contiguous_columns() const { return rows == 1 || row_stride == 1; }

  std::int64_t rows, columns, row_stride, column_stride;
};

/// How the BLAS is told of a matrix.
struct BlasMatrix {
  explicit BlasMatrix(const View& view) {
    const Layout layout(view);
    transposed = !(layout.has_contiguous_rows() && (layout.rows == 1 || layout.row_stride >= layout.columns));
    const std::int64_t lines = transposed ? layout.columns : layout.rows;
    const std::int64_t length = transposed ? layout.rows : layout.columns;
    const std::int64_t between = transposed ? layout.column_stride : layout.row_stride;
    stride = lines == 1 ? length : between;
    valid = (transposed ? layout.has_contiguous_columns() : layout.has_contiguous_rows()) &&
            stride >= length && stride <= std::numeric_limits<std::int32_t>::max();
  }

  bool transposed;
  std::int64_t stride;
  bool valid;
};

/// Offsets of the matrices of a stack, in row-major order of its leading axes.
std::vector<std::int64_t> offsets_of_stack(const View& view) {
  std::vector<std::int64_t> offsets = {0};
  for (int axis = 0; axis < view.shape.rank() - 2; ++axis) {
    std::vector<std::int64_t> next;
    next.reserve(offsets.size() * static_cast<std::size_t>(view.shape[axis]));
    for (std::int64_t offset : offsets)
      for (std::int64_t i = 0; i < view.shape[axis]; ++i) next.push_back(offset + i * view.stride(axis));
    offsets = std::move(next);
  }
  return offsets;
}

/// From here on a product is worth more than the threads' coming together.
constexpr double kOperationsForThreads = 500'000;

template <class Size>
double operations_of(Size m, Size n, Size k, std::size_t stack) {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) *
         static_cast<double>(stack);
}

template <class T>
kernels::Matrix<T> matrix_of(const Memory& memory, const View& view) {
  return {memory.at<T>(view), Layout(view).row_stride, Layout(view).column_stride};
}

/// The scale of a subtraction that has none.
template <class T>
constexpr T kOne = 1;

template <class T>
class SmallProduct final : public Instruction {
 public:
  SmallProduct(const Memory& memory, const View& a, const View& b, const View& c,
               const std::optional<ProductStep::Subtraction>& subtraction)
      : a_(matrix_of<T>(memory, a)),
        b_(matrix_of<T>(memory, b)),
        c_(memory.at<T>(c)),
        m_(static_cast<std::size_t>(Layout(c).rows)),
        n_(static_cast<std::size_t>(Layout(c).columns)),
        k_(static_cast<std::size_t>(Layout(a).columns)),
        a_offsets_(offsets_of_stack(a)),
        b_offsets_(offsets_of_stack(b)) {
    const std::size_t vectors_along = n_ > 1 ? n_ : a_.row_stride == 1 ? m_ : k_;
    const kernels::Table<T>& table = kernels::table_for<T>(vectors_along);
    const auto end =
        static_cast<std::size_t>(subtraction ? kernels::ProductEnd::subtract : kernels::ProductEnd::assign);
    kernel_ = n_ > 1 ? table.find_product[end](n_, k_) : nullptr;
    if (kernel_ == nullptr) kernel_ = table.product[end];
    if (subtraction && subtraction->scale) scale_ = memory.at<T>(*subtraction->scale);
    if (a_offsets_.size() > 1 && operations_of(m_, n_, k_, a_offsets_.size()) >= kOperationsForThreads)
      pool_ = memory.pool();
  }

  void run() override {
    if (a_offsets_.size() == 1)
      kernel_(c_, static_cast<std::ptrdiff_t>(n_), a_, b_, m_, n_, k_, *scale_);
    else
      run_whole_stack();
  }

 private:
  /// Not inlined, so that tiny networks need not save the registers that it uses.
  [[gnu::noinline]] void run_whole_stack() {
    const auto stack = static_cast<std::int64_t>(a_offsets_.size());
    if (pool_ == nullptr) return run_stack({0, stack});
    pool_->run([&](int piece) { run_stack(piece_of(stack, piece, pool_->threads(), 1)); });
  }

  void run_stack(Range stack) {
    kernels::Matrix<T> a = a_, b = b_;
    for (std::int64_t i = stack.begin; i < stack.end; ++i) {
      a.data = a_.data + a_offsets_[static_cast<std::size_t>(i)];
      b.data = b_.data + b_offsets_[static_cast<std::size_t>(i)];
      kernel_(c_ + i * static_cast<std::int64_t>(m_ * n_), static_cast<std::ptrdiff_t>(n_), a, b, m_, n_, k_,
              *scale_);
    }
  }

  kernels::ProductKernel<T> kernel_;
  kernels::Matrix<T> a_, b_;
  T* c_;
  const T* scale_ = &kOne<T>;  ///< of a subtraction; other kernels do not use it
  std::size_t m_, n_, k_;
  std::vector<std::int64_t> a_offsets_, b_offsets_;
  ThreadPool* pool_ = nullptr;
};

/// Threads divide the stack, or else the longer side of c among themselves; each has the BLAS or oneDNN
/// compute its part alone.
template <class T>
class LargeProduct final : public Instruction {
 public:
  LargeProduct(const Memory& memory, const View& a, const View& b, const View& c,
               const std::optional<ProductStep::Subtraction>& subtraction)
      : a_matrix_(a),
        b_matrix_(b),
        a_(matrix_of<T>(memory, a)),
        b_(matrix_of<T>(memory, b)),
        c_(memory.at<T>(c)),
        subtracts_(subtraction.has_value()),
        scale_(subtraction && subtraction->scale ? memory.at<T>(*subtraction->scale) : &kOne<T>),
        m_(Layout(c).rows),
        n_(Layout(c).columns),
        k_(Layout(a).columns),
        a_offsets_(offsets_of_stack(a)),
        b_offsets_(offsets_of_stack(b)) {
    if (operations_of(m_, n_, k_, a_offsets_.size()) >= kOperationsForThreads) pool_ = memory.pool();
    choose_kernel();
  }

  void run() override {
    if (pool_ == nullptr) return run_part(part(0));
    pool_->run([&](int piece) { run_part(part(piece)); });
  }

 private:
  /// Parts of c begin at multiples of this: its rows and columns fill the BLAS's blocks.
  static constexpr std::int64_t kGrain = 16;

  struct Part {
    Range stack, rows, columns;
  };

  void choose_kernel() {
    kernel_ = large_product<T>();
    if (subtracts_) return;
    const int pieces = pool_ == nullptr ? 1 : pool_->threads();
    std::vector<ProductLayout> layouts;
    layouts.reserve(static_cast<std::size_t>(pieces));
    for (int piece = 0; piece < pieces; ++piece)
      layouts.push_back({part(piece).rows.size(), part(piece).columns.size(), k_, a_matrix_.stride,
                         b_matrix_.stride, a_matrix_.transposed, b_matrix_.transposed});
    const auto size = [](const ProductLayout& layout) { return layout.m * layout.n; };
    kernel_ = fastest_product<T>(*std::ranges::max_element(layouts, {}, size));
    for (const ProductLayout& layout : layouts)
      if (size(layout) > 0) generate_code(kernel_, layout);
  }

  /// What a thread computes.
  [[nodiscard]] Part part(int piece) const {
    const auto stack = static_cast<std::int64_t>(a_offsets_.size());
    Part part{{0, stack}, {0, m_}, {0, n_}};
    if (pool_ == nullptr) return part;
    const int pieces = pool_->threads();
    if (stack >= pieces)
      part.stack = piece_of(stack, piece, pieces, 1);
    else if (m_ >= n_)
      part.rows = piece_of(m_, piece, pieces, kGrain);
    else
      part.columns = piece_of(n_, piece, pieces, kGrain);
    return part;
  }

  void run_part(const Part& part) {
    const auto& [stack, rows, columns] = part;
    const std::int64_t m = rows.size(), n = columns.size();
    if (m == 0 || n == 0) return;
    for (std::int64_t i = stack.begin; i < stack.end; ++i) {
      const auto at = static_cast<std::size_t>(i);
      kernels::Matrix<T> a = a_, b = b_;
      a.data += a_offsets_[at] + rows.begin * a.row_stride;
      b.data += b_offsets_[at] + columns.begin * b.column_stride;
      T* c = c_ + i * m_ * n_ + rows.begin * n_ + columns.begin;
      if (!subtracts_)
        multiply(c, a.data, b.data, m, n, 1, 0);
      else if (*scale_ == 0 || m == 1 || n == 1)
        subtract_with_care(c, a, b, m, n);
      else
        multiply(c, a.data, b.data, m, n, -*scale_, 1);
    }
  }

  /// See kernels::LargeProduct.
  void multiply(T* c, const T* a, const T* b, std::int64_t m, std::int64_t n, T alpha, T beta) const {
    const auto narrow = [](std::int64_t size) { return static_cast<std::int32_t>(size); };
    kernel_(c, narrow(n_), a, narrow(a_matrix_.stride), a_matrix_.transposed, b, narrow(b_matrix_.stride),
            b_matrix_.transposed, narrow(m), narrow(n), narrow(k_), alpha, beta);
  }

  /// By the kernel for small products. Zero times a product that is infinite or NaN is NaN, but for a scale
  /// of zero the BLAS computes no product; and it adds a vector's sums in parts (is_added_well).
  void subtract_with_care(T* c, const kernels::Matrix<T>& a, const kernels::Matrix<T>& b, std::int64_t m,
                          std::int64_t n) const {
    kernels::table<T>().product[static_cast<std::size_t>(kernels::ProductEnd::subtract)](
        c, n_, a, b, static_cast<std::size_t>(m), static_cast<std::size_t>(n), static_cast<std::size_t>(k_),
        *scale_);
  }

  kernels::LargeProduct<T> kernel_;
  BlasMatrix a_matrix_, b_matrix_;
  kernels::Matrix<T> a_, b_;
  T* c_;
  bool subtracts_;
  const T* scale_;
  std::int64_t m_, n_, k_;
  std::vector<std::int64_t> a_offsets_, b_offsets_;
  ThreadPool* pool_ = nullptr;
};

}  // namespace

bool ProductStep::is_large(std::int64_t m, std::int64_t n, std::int64_t k, DType dtype) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) < kLarge) return false;
  if (m > kMost || n > kMost || k > kMost) return false;
  return dtype == DType::float32 ? large_product<float>() != nullptr : large_product<double>() != nullptr;
}

bool ProductStep::accepts_left(const View& a, bool large) { return !large || BlasMatrix(a).valid; }

bool ProductStep::accepts_right(const View& b, bool large) {
  return large ? BlasMatrix(b).valid : Layout(b).has_contiguous_rows();
}

bool ProductStep::is_subtractable(DType dtype) const {
  if (!large_) return true;
  if (!accepts_right(b_, false)) return false;  // see LargeProduct::subtract_with_care
  const auto ask = dtype == DType::float32 ? is_added_well<float> : is_added_well<double>;
  return ask(Layout(c_).rows, Layout(c_).columns, Layout(a_).columns);
}

std::unique_ptr<ProductStep> ProductStep::subtracted(const Subtraction& subtraction, const View& to) const {
  auto result = std::make_unique<ProductStep>(*this);
  result->c_ = contiguous_view(to.buffer, c_.shape, to.offset);
  result->subtraction_ = subtraction;
  return result;
}

std::vector<View> ProductStep::reads() const {
  std::vector<View> views = {a_, b_};
  if (subtraction_) views.push_back(subtraction_->from);
  if (subtraction_ && subtraction_->scale) views.push_back(*subtraction_->scale);
  return views;
}

std::unique_ptr<Instruction> ProductStep::bind(const Memory& memory, DType dtype) const {
  return large_ ? bind_as<LargeProduct>(dtype, memory, a_, b_, c_, subtraction_)
                : bind_as<SmallProduct>(dtype, memory, a_, b_, c_, subtraction_);
}

double ProductStep::operations() const {
  const double subtraction = !subtraction_ ? 0 : subtraction_->scale ? 2 : 1;
  return (2.0 * static_cast<double>(Layout(a_).columns) + subtraction) *
         static_cast<double>(c_.shape.elements());
}

std::string ProductStep::text() const {
  const auto describe = [](const View& view) {
    return to_string(view.shape) + (Layout(view).has_contiguous_rows() ? "" : "^T");
  };
  return (large_ ? "large product " : "product ") + describe(a_) + " @ " + describe(b_) +
         (subtraction_ ? subtraction_text(subtraction_->scale.has_value()) : "");
}

}  // namespace talweg
