#include "program/steps/panel_product_step.hpp"

#include <algorithm>

#include "kernels/kernels.hpp"
#include "program/steps/panel_parts.hpp"
#include "program/steps/product_step.hpp"

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

using Side = PanelParts::Side;

PanelParts::Grain panel_grain(std::int64_t width) { return {width, width}; }

/// For products of a sparse matrix: half of the columns that are computed together are almost as fast as all.
template <class T>
PanelParts::Grain sparse_grain() {
  constexpr std::int64_t kRows = 64;
  return {kRows, static_cast<std::int64_t>(kernels::table<T>().sparse.columns_at_a_time) / 2};
}

/// The rows of the result are those of the sparse matrix.
template <class T>
class SparsePanelProduct {
 public:
  SparsePanelProduct(const Memory& memory, const Nonzeros& nonzeros, const kernels::PanelProduct<T>& product,
                     Side side)
      : nonzeros_(nonzeros),
        count_(nonzeros.count_in(memory)),
        product_{.a = nonzeros.in<T>(memory),
                 .b = is_transposed(product) ? product.a : product.b,
                 .b_is_transposed = is_transposed(product),
                 .bias = product.bias,
                 .relu = product.relu,
                 .mask = product.mask,
                 .c = product.c,
                 .c_in_panels = product.c_layout == panels || product.c_layout == transposed_panels,
                 .c_stride = product.c_stride,
                 .n = is_transposed(product) ? product.m : product.n},
        parts_(memory, nonzeros.matrix.rows, static_cast<std::int64_t>(product_.n), nonzeros.matrix.columns,
               is_transposed(product) == (side == Side::rows) ? Side::columns : Side::rows,
               sparse_grain<T>()) {}

  [[nodiscard]] bool is_faster() const { return nonzeros_.are_few(count_); }

  void run() {
    parts_.run([&](const kernels::PartOfProduct& part, int /*piece*/) {
      kernels::table<T>().sparse.multiply(product_, part);
    });
  }

 private:
  static bool is_transposed(const kernels::PanelProduct<T>& product) {
    return product.c_layout == columns || product.c_layout == transposed_panels;
  }

  Nonzeros nonzeros_;
  const std::uint64_t& count_;
  kernels::SparseProduct<T> product_;
  PanelParts parts_;
};

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
    if (sparse_ && sparse_->is_faster()) return sparse_->run();
    parts_.run([&](const kernels::PartOfProduct& part, int piece) {
      kernels::table<T>().panels.multiply(product_, part, sums_[size(piece)]);
    });
  }

 private:
  static Side side_of(const InPanels& a, const InPanels& b) {
    return a.rows >= b.columns ? Side::rows : Side::columns;
  }

  kernels::PanelProduct<T> product_;
  PanelParts parts_;
  std::vector<T*> sums_;  ///< by piece
  std::optional<SparsePanelProduct<T>> sparse_;
};

/// a^T @ b with what is known of one of them.
template <class T>
class SparseTransposedProduct {
 public:
  SparseTransposedProduct(const Memory& memory, const Nonzeros& nonzeros, bool is_a,
                          const kernels::TransposedPanelProduct<T>& product, Side side)
      : nonzeros_(nonzeros),
        is_a_(is_a),
        count_(nonzeros.count_in(memory)),
        matrix_(nonzeros.in<T>(memory)),
        parts_(memory, static_cast<std::int64_t>(product.m), static_cast<std::int64_t>(product.n),
               static_cast<std::int64_t>(product.k), side, grain()) {}

  [[nodiscard]] bool is_faster() const { return nonzeros_.are_few(count_); }
  /// The part of the elements that are not zero.
  [[nodiscard]] double density() const {
    return static_cast<double>(count_) /
           static_cast<double>(nonzeros_.matrix.rows * nonzeros_.matrix.columns);
  }

  void run(const kernels::TransposedPanelProduct<T>& product) {
    const kernels::SparseKernels<T>& kernels = kernels::table<T>().sparse;
    const auto multiply = is_a_ ? kernels.multiply_transposed : kernels.multiply_transposed_by;
    parts_.run([&](const kernels::PartOfProduct& part, int /*piece*/) { multiply(product, matrix_, part); });
  }

 private:
  [[nodiscard]] PanelParts::Grain grain() const {
    const PanelParts::Grain grain = sparse_grain<T>();
    return is_a_ ? grain : PanelParts::Grain{grain.columns, grain.rows};
  }

  Nonzeros nonzeros_;
  bool is_a_;
  const std::uint64_t& count_;
  kernels::SparseMatrix<T> matrix_;
  PanelParts parts_;
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
    if (sparsest != sparse_.end() && sparsest->is_faster()) return sparsest->run(product_);
    parts_.run([&](const kernels::PartOfProduct& part, int /*piece*/) {
      kernels::table<T>().panels.multiply_transposed(product_, part);
    });
  }

 private:
  kernels::TransposedPanelProduct<T> product_;
  const T* scale_;  ///< null where there is none
  PanelParts parts_;
  std::vector<SparseTransposedProduct<T>> sparse_;
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
