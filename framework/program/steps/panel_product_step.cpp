#include "program/steps/panel_product_step.hpp"

#include <algorithm>

#include "kernels/kernels.hpp"
#include "program/steps/panel_parts.hpp"
#include "program/steps/product_step.hpp"
#include "program/steps/sparse_product.hpp"

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

PanelParts::Grain panel_grain(std::int64_t width) { return {width, width}; }

template <class T>
class PanelProduct final : public Instruction {
 public:
  PanelProduct(const Memory& memory, const InPanels& a, const InPanels& b, const Result& result,
               const PanelProductStep::End& end, const std::optional<Nonzeros>& nonzeros)
      : product_{.a = a.in<T>(memory),
                 .b = b.in<T>(memory),
                 .bias = end.bias ? memory.at<T>(*end.bias) : nullptr,
                 .relu = end.relu,
                 .mask = end.mask ? memory.at<T>(*end.mask) : nullptr,
                 .c = memory.at<T>(result.view()),
                 .c_layout = layout_of(result),
                 .c_stride = stride_of<T>(result),
                 .m = size(a.rows),
                 .n = size(b.columns),
                 .k = size(a.columns)},
        parts_(memory, a.rows, b.columns, a.columns, side_of(a, b), panel_grain(panel_width<T>())) {
    for (int piece = 0; piece < parts_.pieces(); ++piece)
      sums_.push_back(static_cast<T*>(memory.scratch(piece)));
    if (nonzeros) sparse_.emplace(memory, *nonzeros, product_, side_of(a, b));
  }

  void run() override {
    left_out_ = 0;
    if (sparse_ && sparse_->is_faster()) {
      left_out_ = sparse_->left_out();
      return sparse_->run();
    }
    parts_.run([&](const kernels::PartOfProduct& part, int piece) {
      kernels::table<T>().panels.multiply(product_, part, sums_[size(piece)]);
    });
  }

  [[nodiscard]] double left_out() const override { return left_out_; }

 private:
  static PanelParts::Side side_of(const InPanels& a, const InPanels& b) {
    using Side = PanelParts::Side;
    return a.rows >= b.columns ? Side::rows : Side::columns;
  }

  kernels::PanelProduct<T> product_;
  PanelParts parts_;
  std::vector<T*> sums_;  ///< by piece
  std::optional<SparsePanelProduct<T>> sparse_;
  double left_out_ = 0;
};

template <class T>
class TransposedPanelProduct final : public Instruction {
 public:
  TransposedPanelProduct(const Memory& memory, const InPanels& a, const InPanels& b, const InPanels& c,
                         bool subtracts, const std::optional<View>& scale,
                         const TransposedPanelProductStep::Sparse& sparse)
      : product_{.a = a.in<T>(memory),
                 .b = b.in<T>(memory),
                 .c = c.in<T>(memory),
                 .m = size(c.rows),
                 .n = size(c.columns),
                 .k = size(a.rows),
                 .subtracts = subtracts,
                 .scale = 1},
        scale_(scale ? memory.at<T>(*scale) : nullptr),
        parts_(memory, c.rows, c.columns, a.rows, side_of_transposed(c.columns),
               panel_grain(panel_width<T>())) {
    if (sparse.a) sparse_.emplace_back(memory, *sparse.a, true, product_, side_of_transposed(c.columns));
    if (sparse.b) sparse_.emplace_back(memory, *sparse.b, false, product_, side_of_transposed(c.columns));
  }

  void run() override {
    if (scale_ != nullptr) product_.scale = *scale_;
    const auto sparsest = std::ranges::min_element(sparse_, {}, &SparseTransposedProduct<T>::density);
    left_out_ = 0;
    if (sparsest != sparse_.end() && sparsest->is_faster()) {
      left_out_ = sparsest->left_out();
      return sparsest->run(product_);
    }
    parts_.run([&](const kernels::PartOfProduct& part, int /*piece*/) {
      kernels::table<T>().panels.multiply_transposed(product_, part);
    });
  }

  [[nodiscard]] double left_out() const override { return left_out_; }

 private:
  kernels::TransposedPanelProduct<T> product_;
  const T* scale_;  ///< null where there is none
  PanelParts parts_;
  std::vector<SparseTransposedProduct<T>> sparse_;
  double left_out_ = 0;
};

void add_reads(const std::optional<Nonzeros>& nonzeros, std::vector<View>& views) {
  if (!nonzeros) return;
  views.push_back(nonzeros->bits);
  const View matrix = nonzeros->matrix.view();
  if (std::ranges::find(views, matrix) == views.end()) views.push_back(matrix);
}

std::string text_of(const InPanels& matrix) { return to_string(matrix.view().shape); }

}  // namespace

View PanelProductStep::Result::view() const {
  if (const auto* view = std::get_if<View>(&matrix)) return *view;
  return std::get<InPanels>(matrix).view();
}

std::vector<View> PanelProductStep::reads() const {
  std::vector<View> views = {a_.view(), b_.view()};
  for (const std::optional<View>& view : {end_.bias, end_.mask})
    if (view) views.push_back(*view);
  add_reads(nonzeros_, views);
  return views;
}

std::int64_t PanelProductStep::scratch_elements() const {
  constexpr std::int64_t kWidestPanel = 2 * kernels::kVectorBytes / sizeof(float);
  return elements_in_panels(a_.rows, b_.columns, kWidestPanel);
}

double PanelProductStep::operations() const {
  const double ends = (end_.bias ? 1 : 0) + (end_.relu ? 1 : 0) + (end_.mask ? 2 : 0);
  return operations_of_product(a_.rows, b_.columns, a_.columns) +
         ends * static_cast<double>(a_.rows * b_.columns);
}

std::unique_ptr<Instruction> PanelProductStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<PanelProduct>(dtype, memory, a_, b_, result_, end_, nonzeros_);
}

std::string PanelProductStep::text() const {
  const std::string ends = std::string(end_.bias ? " add" : "") + (end_.relu ? " relu" : "") +
                           (end_.mask ? " less_equal where" : "");
  return "panel product " + text_of(a_) + " @ " + text_of(b_) + (ends.empty() ? "" : ":") + ends;
}

std::vector<View> TransposedPanelProductStep::reads() const {
  std::vector<View> views = {a_.view(), b_.view()};
  if (subtracts_) views.push_back(c_.view());
  if (scale_) views.push_back(*scale_);
  add_reads(sparse_.a, views);
  add_reads(sparse_.b, views);
  return views;
}

double TransposedPanelProductStep::operations() const {
  const double ends = (subtracts_ ? 1 : 0) + (scale_ ? 1 : 0);
  return operations_of_product(c_.rows, c_.columns, a_.rows) +
         ends * static_cast<double>(c_.rows * c_.columns);
}

std::unique_ptr<Instruction> TransposedPanelProductStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<TransposedPanelProduct>(dtype, memory, a_, b_, c_, subtracts_, scale_, sparse_);
}

std::string TransposedPanelProductStep::text() const {
  return "panel product " + text_of(a_) + "^T @ " + text_of(b_) +
         (subtracts_ ? subtraction_text(scale_.has_value()) : "");
}

}  // namespace talweg
