#include "program/steps/panel_product_step.hpp"

#include "kernels/kernels.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

using Result = PanelProductStep::Result;
using enum kernels::ResultLayout;

std::size_t size(std::int64_t number) { return static_cast<std::size_t>(number); }

kernels::ResultLayout layout_of(const Result& result) {
  if (std::holds_alternative<View>(result.matrix)) return result.is_transposed ? columns : rows;
  return result.is_transposed ? transposed_panels : panels;
}

template <class T>
std::int64_t stride_of(const Result& result) {
  if (const auto* view = std::get_if<View>(&result.matrix)) return view->stride(0);
  return std::get<InPanels>(result.matrix).rows * panel_width<T>();
}

/// Threads divide the longer side of c among themselves.
template <class T>
class PanelProduct final : public Instruction {
 public:
  PanelProduct(const Memory& memory, const InPanels& a, const InPanels& b, const Result& result,
               const PanelProductStep::End& end)
      : product_{.a = a.in<T>(memory),
                 .a_rows = size(a.rows),
                 .b = b.in<T>(memory),
                 .bias = end.bias ? memory.at<T>(*end.bias) : nullptr,
                 .relu = end.relu,
                 .c = memory.at<T>(result.view()),
                 .c_layout = layout_of(result),
                 .c_stride = stride_of<T>(result),
                 .m = size(a.rows),
                 .n = size(b.columns),
                 .k = size(a.columns),
                 .sums = nullptr},
        m_(a.rows),
        n_(b.columns),
        pool_(memory.pool()) {
    const int pieces = pool_ == nullptr ? 1 : pool_->threads();
    for (int piece = 0; piece < pieces; ++piece)
      parts_.push_back(part(piece, pieces, static_cast<T*>(memory.scratch(piece))));
  }

  void run() override {
    const auto run_part = [&](int piece) {
      const kernels::PanelProduct<T>& product = parts_[size(piece)];
      if (product.m > 0 && product.n > 0) kernels::table<T>().panels.multiply(product);
    };
    if (pool_ == nullptr) return run_part(0);
    pool_->run(run_part);
  }

 private:
  [[nodiscard]] kernels::PanelProduct<T> part(int piece, int pieces, T* sums) const {
    const std::int64_t width = panel_width<T>();
    Range part_rows{0, m_}, part_columns{0, n_};
    if (m_ >= n_)
      part_rows = piece_of(m_, piece, pieces, width);
    else
      part_columns = piece_of(n_, piece, pieces, width);
    kernels::PanelProduct<T> part = product_;
    part.m = size(part_rows.size());
    part.n = size(part_columns.size());
    part.a += part_rows.begin * width;
    part.b += part_columns.begin * static_cast<std::int64_t>(part.k);
    if (part.bias != nullptr) part.bias += part_columns.begin;
    part.c += first_in_c(part_rows.begin, part_columns.begin);
    part.sums = sums;
    return part;
  }

  [[nodiscard]] std::int64_t first_in_c(std::int64_t row, std::int64_t column) const {
    const std::int64_t width = panel_width<T>(), stride = product_.c_stride;
    switch (product_.c_layout) {
      case rows:
        return row * stride + column;
      case columns:
        return column * stride + row;
      case panels:
        return column / width * stride + row * width;
      default:
        return row / width * stride + column * width;
    }
  }

  kernels::PanelProduct<T> product_;
  std::int64_t m_, n_;
  ThreadPool* pool_;
  std::vector<kernels::PanelProduct<T>> parts_;  ///< by piece
};

/// Threads divide the rows of c among themselves.
template <class T>
class PanelSubtraction final : public Instruction {
 public:
  PanelSubtraction(const Memory& memory, const InPanels& a, const InPanels& b, const View& scale,
                   const InPanels& c)
      : a_(a.in<T>(memory)),
        b_(b.in<T>(memory)),
        c_(c.in<T>(memory)),
        scale_(memory.at<T>(scale)),
        m_(c.rows),
        n_(c.columns),
        k_(a.rows),
        pool_(memory.pool()) {}

  void run() override {
    if (pool_ == nullptr) return run_rows({0, m_});
    pool_->run([&](int piece) { run_rows(piece_of(m_, piece, pool_->threads(), panel_width<T>())); });
  }

 private:
  void run_rows(const Range& part) const {
    if (part.size() == 0) return;
    kernels::table<T>().panels.subtract({.a = a_ + part.begin * k_,
                                         .b = b_,
                                         .c = c_ + part.begin * panel_width<T>(),
                                         .c_rows = size(m_),
                                         .m = size(part.size()),
                                         .n = size(n_),
                                         .k = size(k_),
                                         .scale = *scale_});
  }

  const T* a_;
  const T* b_;
  T* c_;
  const T* scale_;
  std::int64_t m_, n_, k_;
  ThreadPool* pool_;
};

double operations_of(std::int64_t m, std::int64_t n, std::int64_t k) {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

std::string text_of(const InPanels& matrix) { return to_string(matrix.view().shape); }

}  // namespace

View PanelProductStep::Result::view() const {
  if (const auto* view = std::get_if<View>(&matrix)) return *view;
  return std::get<InPanels>(matrix).view();
}

std::vector<View> PanelProductStep::reads() const {
  std::vector<View> views = {a_.view(), b_.view()};
  if (end_.bias) views.push_back(*end_.bias);
  return views;
}

std::int64_t PanelProductStep::scratch_elements() const {
  constexpr std::int64_t kWidestPanel = 2 * kernels::kVectorBytes / sizeof(float);
  return elements_in_panels(a_.rows, b_.columns, kWidestPanel);
}

double PanelProductStep::operations() const {
  const double ends = (end_.bias ? 1 : 0) + (end_.relu ? 1 : 0);
  return operations_of(a_.rows, b_.columns, a_.columns) + ends * static_cast<double>(a_.rows * b_.columns);
}

std::unique_ptr<Instruction> PanelProductStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<PanelProduct>(dtype, memory, a_, b_, result_, end_);
}

std::string PanelProductStep::text() const {
  return "panel product " + text_of(a_) + " @ " + text_of(b_) + (end_.bias || end_.relu ? ":" : "") +
         (end_.bias ? " add" : "") + (end_.relu ? " relu" : "");
}

double PanelSubtractionStep::operations() const { return operations_of(c_.rows, c_.columns, a_.rows + 1); }

std::unique_ptr<Instruction> PanelSubtractionStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<PanelSubtraction>(dtype, memory, a_, b_, scale_, c_);
}

std::string PanelSubtractionStep::text() const {
  return "panel product " + text_of(a_) + "^T @ " + text_of(b_) + ": multiply subtract";
}

}  // namespace talweg
