#include "program/steps/panel_product_step.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"
#include "program/steps/product_step.hpp"
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

double operations_of(std::int64_t m, std::int64_t n, std::int64_t k) {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

/// Null where the product is not worth the threads' coming together.
ThreadPool* pool_for(const Memory& memory, std::int64_t m, std::int64_t n, std::int64_t k) {
  constexpr double kOperationsForThreads = 500'000;
  return operations_of(m, n, k) >= kOperationsForThreads ? memory.pool() : nullptr;
}

enum class Side : std::uint8_t { rows, columns };

/// Parts of c, each with sums of k terms, that threads take one after the other: each is a share of what is
/// left, so that a thread that is done early finds a small one, and nobody waits long. A thread's last panel
/// is divided once more, if its parts are worth it.
std::vector<kernels::PartOfProduct> parts_of(std::int64_t m, std::int64_t n, std::int64_t k, Side side,
                                             std::int64_t width, ThreadPool* pool) {
  constexpr std::int64_t kPartsOfRest = 2;  // for each thread
  constexpr double kLeastOperations = 2'000'000;
  if (pool == nullptr) return {{0, size(m), 0, size(n)}};
  const std::int64_t length = side == Side::rows ? m : n, across = side == Side::rows ? n : m;
  const auto panels_across =
      static_cast<std::int64_t>(std::ceil(kLeastOperations / operations_of(width, width, k)));
  std::vector<kernels::PartOfProduct> parts;
  for (std::int64_t begin = 0; begin < length;) {
    const std::int64_t rest = length - begin, panels = rest / (kPartsOfRest * pool->threads() * width);
    const std::int64_t some = std::min(rest, std::max<std::int64_t>(1, panels) * width);
    const std::int64_t step = rest <= pool->threads() * width ? panels_across * width : across;
    for (std::int64_t other = 0; other < across; other += step) {
      const std::int64_t some_across = std::min(step, across - other);
      if (side == Side::rows)
        parts.push_back({size(begin), size(some), size(other), size(some_across)});
      else
        parts.push_back({size(other), size(some_across), size(begin), size(some)});
    }
    begin += some;
  }
  return parts;
}

/// Calls work(part, piece) for all parts, on the threads of the pool if there is one.
template <class Work>
void run_parts(ThreadPool* pool, const std::vector<kernels::PartOfProduct>& parts, const Work& work) {
  const auto number = static_cast<int>(parts.size());
  if (pool != nullptr)
    return pool->share(number, [&](int part, int piece) { work(parts[size(part)], piece); });
  for (const kernels::PartOfProduct& part : parts) work(part, 0);
}

template <class T>
class PanelProduct final : public Instruction {
 public:
  PanelProduct(const Memory& memory, const InPanels& a, const InPanels& b, const Result& result,
               const PanelProductStep::End& end)
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
        pool_(pool_for(memory, a.rows, b.columns, a.columns)),
        parts_(parts_of(a.rows, b.columns, a.columns, a.rows >= b.columns ? Side::rows : Side::columns,
                        panel_width<T>(), pool_)) {
    for (int piece = 0; piece < (pool_ == nullptr ? 1 : pool_->threads()); ++piece)
      sums_.push_back(static_cast<T*>(memory.scratch(piece)));
  }

  void run() override {
    run_parts(pool_, parts_, [&](const kernels::PartOfProduct& part, int piece) {
      kernels::table<T>().panels.multiply(product_, part, sums_[size(piece)]);
    });
  }

 private:
  kernels::PanelProduct<T> product_;
  ThreadPool* pool_;
  std::vector<kernels::PartOfProduct> parts_;
  std::vector<T*> sums_;  ///< by piece
};

template <class T>
class TransposedPanelProduct final : public Instruction {
 public:
  TransposedPanelProduct(const Memory& memory, const InPanels& a, const InPanels& b, const InPanels& c,
                         bool subtracts, const std::optional<View>& scale)
      : product_{.a = a.in<T>(memory),
                 .b = b.in<T>(memory),
                 .c = c.in<T>(memory),
                 .m = size(c.rows),
                 .n = size(c.columns),
                 .k = size(a.rows),
                 .subtracts = subtracts,
                 .scale = 1},
        scale_(scale ? memory.at<T>(*scale) : nullptr),
        pool_(pool_for(memory, c.rows, c.columns, a.rows)),
        // A part by columns writes its panels from the beginning to the end.
        parts_(parts_of(c.rows, c.columns, a.rows, c.columns >= kColumns ? Side::columns : Side::rows,
                        panel_width<T>(), pool_)) {}

  void run() override {
    if (scale_ != nullptr) product_.scale = *scale_;
    run_parts(pool_, parts_, [&](const kernels::PartOfProduct& part, int /*piece*/) {
      kernels::table<T>().panels.multiply_transposed(product_, part);
    });
  }

 private:
  static constexpr std::int64_t kColumns = 128;

  kernels::TransposedPanelProduct<T> product_;
  const T* scale_;  ///< null where there is none
  ThreadPool* pool_;
  std::vector<kernels::PartOfProduct> parts_;
};

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
  return views;
}

std::int64_t PanelProductStep::scratch_elements() const {
  constexpr std::int64_t kWidestPanel = 2 * kernels::kVectorBytes / sizeof(float);
  return elements_in_panels(a_.rows, b_.columns, kWidestPanel);
}

double PanelProductStep::operations() const {
  const double ends = (end_.bias ? 1 : 0) + (end_.relu ? 1 : 0) + (end_.mask ? 2 : 0);
  return operations_of(a_.rows, b_.columns, a_.columns) + ends * static_cast<double>(a_.rows * b_.columns);
}

std::unique_ptr<Instruction> PanelProductStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<PanelProduct>(dtype, memory, a_, b_, result_, end_);
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
  return views;
}

double TransposedPanelProductStep::operations() const {
  const double ends = (subtracts_ ? 1 : 0) + (scale_ ? 1 : 0);
  return operations_of(c_.rows, c_.columns, a_.rows) + ends * static_cast<double>(c_.rows * c_.columns);
}

std::unique_ptr<Instruction> TransposedPanelProductStep::bind(const Memory& memory, DType dtype) const {
  return bind_as<TransposedPanelProduct>(dtype, memory, a_, b_, c_, subtracts_, scale_);
}

std::string TransposedPanelProductStep::text() const {
  return "panel product " + text_of(a_) + "^T @ " + text_of(b_) +
         (subtracts_ ? subtraction_text(scale_.has_value()) : "");
}

}  // namespace talweg
