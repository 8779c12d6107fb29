#include "program/steps/product_step.hpp"

#include "kernels/kernels.hpp"

namespace talweg {
namespace {

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

template <class T>
class Product final : public Instruction {
 public:
  Product(const Memory& memory, const MatrixView& a, const MatrixView& b, const MatrixView& c)
      : kernel_(kernels::table<T>().product),
        a_{memory.at<T>(a.view), a.row_stride(), a.column_stride()},
        b_{memory.at<T>(b.view), b.row_stride(), b.column_stride()},
        c_(memory.at<T>(c.view)),
        c_stride_(c.view.shape[c.view.shape.rank() - 1]),
        m_(static_cast<std::size_t>(c.view.shape[c.view.shape.rank() - 2])),
        n_(static_cast<std::size_t>(c.view.shape[c.view.shape.rank() - 1])),
        k_(static_cast<std::size_t>(a.view.shape[a.view.shape.rank() - 1])),
        a_offsets_(offsets_of_stack(a.view)),
        b_offsets_(offsets_of_stack(b.view)) {}

  void run() override {
    kernels::Matrix<T> a = a_, b = b_;
    T* c = c_;
    for (std::size_t i = 0; i < a_offsets_.size(); ++i, c += m_ * n_) {
      a.data = a_.data + a_offsets_[i];
      b.data = b_.data + b_offsets_[i];
      kernel_(c, c_stride_, a, b, m_, n_, k_);
    }
  }

 private:
  kernels::ProductKernel<T> kernel_;
  kernels::Matrix<T> a_, b_;
  T* c_;
  std::ptrdiff_t c_stride_;
  std::size_t m_, n_, k_;
  std::vector<std::int64_t> a_offsets_, b_offsets_;
};

}  // namespace

std::unique_ptr<Instruction> ProductStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<Product>(dtype, memory, a_, b_, c_);
}

std::string ProductStep::text() const {
  const auto describe = [](const MatrixView& matrix) {
    return to_string(matrix.view.shape) + (matrix.column_stride() == 1 ? "" : "^T");
  };
  return "product " + describe(a_) + " @ " + describe(b_);
}

}  // namespace talweg
