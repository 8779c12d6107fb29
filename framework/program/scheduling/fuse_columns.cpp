#include "program/scheduling/fuse_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "program/elementwise_functions.hpp"
#include "program/steps/column_step.hpp"
#include "program/steps/elementwise_step.hpp"
#include "program/steps/product_step.hpp"
#include "program/steps/reduction_step.hpp"

namespace talweg {
namespace {

/// Where an element is: the caller's memory is one space, each buffer of the program's a space of its own.
struct Position {
  std::size_t space;
  std::int64_t element;
  friend auto operator<=>(const Position&, const Position&) = default;
};

/// Rows of a matrix in memory: each begins `between` elements after the one before. Or single numbers, whose
/// rows have one column, and repeat.
struct Rows {
  BufferId root;
  Position first;
  std::int64_t number, between, columns;
  std::int64_t offset;  ///< of the first element, in the root

  [[nodiscard]] std::int64_t offset_of(std::int64_t row) const { return offset + row * between; }
  [[nodiscard]] Position position_of(std::int64_t row) const {
    return {first.space, first.element + row * between};
  }
};

/// The elementwise functions of some rows, and where operands and stored values are.
struct GroupRows {
  std::span<const ElementwiseStep::Value> values;
  std::int64_t number, columns;
  std::vector<Rows> views, results;
};

/// A product of a few rows and terms. The left matrix is a list of its columns.
struct ProductRows {
  std::int64_t number, columns;
  std::vector<Rows> left;
  Rows right, result;
  std::optional<Rows> from, scale;  ///< of a subtraction
};

/// The sum of some rows.
struct SumOfRows {
  Rows rows, result;
};

/// Finds rows in steps.
class RowFinder {
 public:
  RowFinder(const Plan& plan, std::size_t bytes_of_element)
      : plan_(plan), bytes_of_element_(bytes_of_element) {}

  [[nodiscard]] std::optional<GroupRows> rows_of(const ElementwiseStep& group) const {
    const Shape& shape = group.shape();
    if (shape.rank() < 1 || shape.rank() > 2) return std::nullopt;
    const int last = shape.rank() - 1;
    GroupRows found{group.values(), last == 0 ? 1 : shape[0], shape[last], {}, {}};
    if (!is_small(found.number, found.columns) ||
        !std::ranges::all_of(group.values(), is_simple, &ElementwiseStep::Value::function))
      return std::nullopt;
    for (const View& view : group.views()) {
      const std::int64_t stride = view.stride(last);
      if (stride != 0 && stride != 1) return std::nullopt;
      found.views.push_back(
          rows(view, found.number, last == 0 ? 0 : view.stride(0), stride == 0 ? 1 : found.columns));
    }
    for (const ElementwiseStep::Value& value : group.values())
      if (value.stored)
        found.results.push_back(
            rows(contiguous_view(*value.stored, shape), found.number, found.columns, found.columns));
    return found;
  }

  [[nodiscard]] std::optional<ProductRows> rows_of(const ProductStep& product) const {
    View a = product.left(), b = product.right(), c = product.result();
    if (c.shape.rank() != 2 || product.is_large()) return std::nullopt;
    if (c.shape[1] == 1) {
      // Of one column the kernels compute the transpose, too, where that has contiguous rows.
      if (a.stride(0) != 1) return std::nullopt;
      std::swap(a, b);
      for (View* view : {&a, &b, &c}) *view = transpose(*view, {1, 0});
    }
    const std::int64_t number = c.shape[0], columns = c.shape[1], terms = a.shape[1];
    if (!is_small(number, columns) || !is_small(terms, columns)) return std::nullopt;
    ProductRows found{
        number, columns, {}, rows(b, terms, b.stride(0), columns), rows(c, number, columns, columns), {}, {}};
    for (std::int64_t term = 0; term < terms; ++term) {
      found.left.push_back(rows(a, number, a.stride(0), 1));
      a.offset += a.stride(1);
    }
    if (product.subtraction()) {
      found.from = rows(product.subtraction()->from, number, columns, columns);
      found.scale = rows(product.subtraction()->scale, 1, 0, 1);
    }
    return found;
  }

  /// Of float64: sums of float32 are accumulated in float64.
  [[nodiscard]] std::optional<SumOfRows> rows_of(const ReductionStep& step) const {
    const std::int64_t number = step.reduced(), columns = step.inner();
    if (bytes_of_element_ != sizeof(double) || !step.is_sum_of_rows() || !is_small(number, columns))
      return std::nullopt;
    return SumOfRows{rows(step.reads().front(), number, columns, columns),
                     rows(step.writes().front(), 1, columns, columns)};
  }

 private:
  static bool is_small(std::int64_t number, std::int64_t columns) {
    constexpr std::int64_t kMostRows = 16, kMostColumns = 4096;
    return number > 0 && number <= kMostRows && columns > 1 && columns <= kMostColumns;
  }

  [[nodiscard]] Rows rows(const View& view, std::int64_t number, std::int64_t between,
                          std::int64_t columns) const {
    const auto [root, offset] = plan_.root(view.buffer);
    const std::int64_t at = offset + view.offset;
    const bool external = plan_.buffers[root].kind == Buffer::Kind::external;
    Position first{external ? 0 : root + std::size_t{1}, at};
    if (external)
      first.element += static_cast<std::int64_t>(
          reinterpret_cast<std::uintptr_t>(plan_.buffers[root].external) / bytes_of_element_);
    return {root, first, number, between, columns, at};
  }

  const Plan& plan_;
  std::size_t bytes_of_element_;
};

/// Steps as one loop over columns.
class Pass {
 public:
  /// Adds what a step computes; false, and nothing is added, where it does not fit.
  bool add(const GroupRows& group) {
    if (!takes(group.columns, group.number * std::ssize(group.values), group.views, group.results))
      return false;
    for (std::int64_t row = 0; row < group.number; ++row) {
      const auto first = static_cast<std::uint32_t>(functions_.values.size());
      auto result = group.results.begin();
      for (const ElementwiseStep::Value& value : group.values) {
        CodeValue coded{value.function, {}, value.operand_count, std::nullopt};
        for (std::size_t k = 0; k < value.operand_count; ++k) {
          const TileOperand& operand = value.operands[k];
          coded.operands[k] = operand.is_value ? TileOperand{true, first + operand.index}
                                               : source(group.views[operand.index], row);
        }
        const std::uint32_t number = add_value(coded, row);
        if (value.stored) store(number, *result++, row);
      }
    }
    publish_stored();
    return true;
  }

  bool add(const ProductRows& product) {
    std::vector<Rows> reads = product.left;
    reads.push_back(product.right);
    if (product.from) reads.insert(reads.end(), {*product.from, *product.scale});
    constexpr std::int64_t kOfSubtraction = 2;
    const std::int64_t of_row = std::ssize(product.left) + 1 + (product.from ? kOfSubtraction : 0);
    if (!takes(product.columns, product.number * of_row, reads, {product.result})) return false;
    for (std::int64_t row = 0; row < product.number; ++row) {
      std::uint32_t value = add_sum(product, row);
      if (product.from) {
        value = add_value(Elementwise::multiply, source(*product.scale, 0), {true, value});
        value = add_value(Elementwise::subtract, source(*product.from, row), {true, value});
      }
      store(value, product.result, row);
    }
    publish_stored();
    return true;
  }

  bool add(const SumOfRows& sum) {
    if (!takes(sum.result.columns, sum.rows.number, {sum.rows}, {sum.result})) return false;
    std::uint32_t value = add_value({AddToZero{}, {source(sum.rows, 0)}, 1, std::nullopt});
    for (std::int64_t row = 1; row < sum.rows.number; ++row)
      value = add_value(Elementwise::add, {true, value}, source(sum.rows, row), row);
    store(value, sum.result, 0);
    publish_stored();
    return true;
  }

  /// The loop. Values of roots that nobody else sees are not written.
  template <class IsSeen>
  [[nodiscard]] std::optional<ColumnStep::Loop> loop(DType dtype, const IsSeen& is_seen) const {
    for (CodeFunctions functions : {functions_, row_by_row()}) {
      for (CodeValue& value : functions.values)
        if (value.stored && !is_seen(places_[value.stored->place])) value.stored.reset();
      functions.places = places_.size();
      functions.elements = static_cast<std::size_t>(columns_);
      if (std::optional<VectorCode> code = VectorCode::generate(functions, dtype))
        return ColumnStep::Loop{std::move(*code), places_, columns_};
    }
    return std::nullopt;
  }

 private:
  using Elementwise = kernels::Elementwise;

  /// Has it the same columns, so few values that all of them stay a small piece of code, and can the loop go
  /// from column to column? What it writes is read, and written again, in the same columns.
  bool takes(std::int64_t columns, std::int64_t values, const std::vector<Rows>& reads,
             const std::vector<Rows>& writes) {
    constexpr std::int64_t kMostValues = 256, kMostWork = 1 << 14, kFurthest = 1 << 24;
    const std::int64_t all_values = std::ssize(functions_.values) + values;
    if ((columns_ != 0 && columns != columns_) || all_values > kMostValues ||
        all_values * columns > kMostWork)
      return false;
    const auto is_far = [](const Rows& rows) { return rows.offset > kFurthest; };
    if (std::ranges::any_of(reads, is_far) || std::ranges::any_of(writes, is_far)) return false;
    const auto agree = [&](const std::vector<Rows>& written, const std::vector<Rows>& others) {
      return std::ranges::all_of(written, [&](const Rows& rows) {
        return std::ranges::all_of(others, [&](const Rows& other) {
          return !overlap(rows, other) || have_same_columns(rows, other, columns);
        });
      });
    };
    if (!agree(writes_, reads) || !agree(writes_, writes) || !agree(writes, reads_) ||
        !agree(writes, reads) || !agree(writes, writes))
      return false;
    columns_ = columns;
    reads_.insert(reads_.end(), reads.begin(), reads.end());
    writes_.insert(writes_.end(), writes.begin(), writes.end());
    return true;
  }

  static bool overlap(const Rows& a, const Rows& b) {
    const auto bounds = [](const Rows& rows) {
      const std::int64_t last = (rows.number - 1) * rows.between;
      return std::pair(rows.first.element + std::min<std::int64_t>(last, 0),
                       rows.first.element + std::max<std::int64_t>(last, 0) + rows.columns);
    };
    const auto [a_begin, a_end] = bounds(a);
    const auto [b_begin, b_end] = bounds(b);
    return a.first.space == b.first.space && a_begin < b_end && b_begin < a_end;
  }

  /// Are elements that both have in the same columns? `written` has no gaps.
  static bool have_same_columns(const Rows& written, const Rows& other, std::int64_t columns) {
    return other.columns == columns && (other.number == 1 || other.between % columns == 0) &&
           (other.first.element - written.first.element) % columns == 0;
  }

  /// In the order of the kernels: even and odd terms by themselves.
  std::uint32_t add_sum(const ProductRows& product, std::int64_t row) {
    std::array<std::optional<std::uint32_t>, 2> sums;
    for (std::size_t term = 0; term < product.left.size(); ++term) {
      CodeValue value{
          MultiplyAdd{},
          {source(product.left[term], row), source(product.right, static_cast<std::int64_t>(term))},
          2,
          std::nullopt};
      std::optional<std::uint32_t>& sum = sums[term % 2];
      if (sum) value.operands[value.operand_count++] = {true, *sum};
      sum = add_value(value, value.operands[1].is_value ? 0 : row);
    }
    return sums[1] ? add_value(Elementwise::add, {true, *sums[0]}, {true, *sums[1]}) : *sums[0];
  }

  TileOperand source(const Rows& rows, std::int64_t row) {
    const Position position = rows.position_of(row);
    if (const auto found = stored_.find(position); found != stored_.end()) return {true, found->second};
    const bool is_number = rows.columns == 1;
    const auto [known, is_new] =
        sources_.try_emplace({position, is_number}, static_cast<std::uint32_t>(functions_.sources.size()));
    if (is_new) {
      functions_.sources.push_back({place(rows, row), is_number});
      last_use_of_source_.push_back(0);
    }
    return {false, known->second};
  }

  /// The values in another order, in which few of many rows wait in registers: those of the first rows come
  /// first, and with them what sums of rows make of them.
  [[nodiscard]] CodeFunctions row_by_row() const {
    std::vector<std::uint32_t> order(functions_.values.size()), now(order.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, {}, [&](std::uint32_t value) { return row_of_value_[value]; });
    for (std::uint32_t i = 0; i < order.size(); ++i) now[order[i]] = i;
    CodeFunctions functions = functions_;
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      functions.values[i] = functions_.values[order[i]];
      for (TileOperand& operand : functions.values[i].operands)
        if (operand.is_value) operand.index = now[operand.index];
    }
    return functions;
  }

  CodePlace place(const Rows& rows, std::int64_t row) {
    auto found = std::ranges::find(places_, rows.root);
    if (found == places_.end()) found = places_.insert(found, rows.root);
    return {static_cast<std::uint32_t>(found - places_.begin()), rows.offset_of(row)};
  }

  /// `row`: that is computed, where the operands do not say it.
  std::uint32_t add_value(const CodeValue& value, std::int64_t row = 0) {
    const auto operands = std::span(value.operands).first(value.operand_count);
    for (const TileOperand& operand : operands)
      if (operand.is_value) row = std::max(row, row_of_value_[operand.index]);
    for (const TileOperand& operand : operands)
      if (!operand.is_value)
        last_use_of_source_[operand.index] = std::max(last_use_of_source_[operand.index], row);
    functions_.values.push_back(value);
    row_of_value_.push_back(row);
    return static_cast<std::uint32_t>(functions_.values.size() - 1);
  }
  std::uint32_t add_value(Elementwise function, const TileOperand& a, const TileOperand& b,
                          std::int64_t row = 0) {
    return add_value({function, {a, b}, 2, std::nullopt}, row);
  }

  void store(std::uint32_t value, const Rows& rows, std::int64_t row) {
    const Position position = rows.position_of(row);
    std::int64_t& of_value = row_of_value_[value];
    // What was there is read, or written, before.
    if (const auto read = sources_.find({position, false}); read != sources_.end())
      of_value = std::max(of_value, last_use_of_source_[read->second]);
    if (const auto written = stored_.find(position); written != stored_.end())
      of_value = std::max(of_value, row_of_value_[written->second]);
    functions_.values[value].stored = place(rows, row);
    stored_now_.emplace_back(position, value);
  }
  /// Later steps read them.
  void publish_stored() {
    for (const auto& [position, value] : stored_now_) stored_[position] = value;
    stored_now_.clear();
  }

  std::int64_t columns_ = 0;
  CodeFunctions functions_;
  std::vector<BufferId> places_;  ///< roots
  std::vector<Rows> reads_, writes_;
  std::map<std::pair<Position, bool>, std::uint32_t> sources_;  ///< what is read, as a number or not
  std::map<Position, std::uint32_t> stored_;                    ///< the last value of each row
  std::vector<std::pair<Position, std::uint32_t>> stored_now_;  ///< by the step that is added
  std::vector<std::int64_t> row_of_value_;                      ///< the last of those that it depends on
  std::vector<std::int64_t> last_use_of_source_;                ///< the last row of values that read it
};

/// Replaces steps of a plan by loops.
class Fuser {
 public:
  Fuser(Plan& plan, DType dtype, std::size_t bytes_of_element)
      : plan_(plan), dtype_(dtype), finder_(plan, bytes_of_element) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i)
      for (const std::vector<View>& views : {plan.steps[i]->reads(), plan.steps[i]->writes()})
        for (const View& view : views) {
          Range& uses = uses_.try_emplace(plan.root(view.buffer).first, Range{i, i}).first->second;
          uses.end = i + 1;
        }
    for (BufferId id = 0; id < plan.buffers.size(); ++id)
      if (plan.buffers[id].kept) uses_[plan.root(id).first].end = kForever;
  }

  void run() {
    for (std::size_t begin = 0; begin < plan_.steps.size();) begin = fuse_from(begin);
    plan_.drop_null_steps();
  }

 private:
  struct Range {
    std::size_t begin, end;
  };
  static constexpr std::size_t kForever = std::numeric_limits<std::size_t>::max();

  /// Where to go on.
  std::size_t fuse_from(std::size_t begin) {
    std::size_t last = begin + 1;
    for (std::size_t most = plan_.steps.size();;) {
      Pass pass;
      std::size_t end = begin;
      while (end < most && add(pass, *plan_.steps[end])) ++end;
      if (end < begin + 2) return last;
      if (fuse(pass, {begin, end})) return end;
      // A shorter loop needs fewer registers.
      last = std::max(last, end);
      most = begin + (end - begin) / 2;
    }
  }

  bool add(Pass& pass, const Step& step) const {
    return add_as<ElementwiseStep>(pass, step) || add_as<ProductStep>(pass, step) ||
           add_as<ReductionStep>(pass, step);
  }
  template <class Kind>
  bool add_as(Pass& pass, const Step& step) const {
    const auto* of_kind = dynamic_cast<const Kind*>(&step);
    if (of_kind == nullptr) return false;
    const auto rows = finder_.rows_of(*of_kind);
    return rows && pass.add(*rows);
  }

  bool fuse(const Pass& pass, const Range& range) {
    const auto is_seen = [&](BufferId root) {
      const Range& uses = uses_.at(root);
      return plan_.buffers[root].kind != Buffer::Kind::arena || uses.begin < range.begin ||
             uses.end > range.end;
    };
    std::optional<ColumnStep::Loop> loop = pass.loop(dtype_, is_seen);
    if (!loop) return false;
    std::vector<View> reads, writes;
    std::vector<NodeId> nodes;
    std::string text = fmt::format("columns ({}): ", loop->columns);
    double operations = 0;
    const auto add_seen = [&](std::vector<View>& to, const std::vector<View>& views) {
      std::ranges::copy_if(views, std::back_inserter(to),
                           [&](const View& view) { return is_seen(plan_.root(view.buffer).first); });
    };
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const Step& step = *plan_.steps[i];
      add_seen(reads, step.reads());
      add_seen(writes, step.writes());
      nodes.insert(nodes.end(), plan_.nodes[i].begin(), plan_.nodes[i].end());
      operations += step.operations();
      text += (i == range.begin ? "" : "; ") + step.text();
      plan_.steps[i] = nullptr;
    }
    plan_.nodes[range.begin] = std::move(nodes);
    plan_.steps[range.begin] = std::make_unique<ColumnStep>(std::move(*loop), std::move(reads),
                                                            std::move(writes), operations, std::move(text));
    return true;
  }

  Plan& plan_;
  DType dtype_;
  RowFinder finder_;
  std::unordered_map<BufferId, Range> uses_;  ///< by root: the steps from the first that uses it to the last
};

}  // namespace

void fuse_columns(Plan& plan, DType dtype, std::size_t bytes_of_element) {
  if (VectorCode::is_available()) Fuser(plan, dtype, bytes_of_element).run();
}

}  // namespace talweg
