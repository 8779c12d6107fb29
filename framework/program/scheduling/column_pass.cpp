#include "program/scheduling/column_pass.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <span>
#include <variant>

namespace talweg {
namespace {

using kernels::Elementwise;

bool overlap(const MatrixRows& a, const MatrixRows& b) {
  const auto bounds = [](const MatrixRows& rows) {
    const std::int64_t last = (rows.number - 1) * rows.between;
    return std::pair(rows.first.element + std::min<std::int64_t>(last, 0),
                     rows.first.element + std::max<std::int64_t>(last, 0) + rows.columns);
  };
  const auto [a_begin, a_end] = bounds(a);
  const auto [b_begin, b_end] = bounds(b);
  return a.first.space == b.first.space && a_begin < b_end && b_begin < a_end;
}

/// Are elements that both have in the same columns? `written` has no gaps.
bool have_same_columns(const MatrixRows& written, const MatrixRows& other, std::int64_t columns) {
  return other.columns == columns && (other.number == 1 || other.between % columns == 0) &&
         (other.first.element - written.first.element) % columns == 0;
}

std::uint32_t number_in(std::vector<BufferId>& places, BufferId root) {
  auto found = std::ranges::find(places, root);
  if (found == places.end()) found = places.insert(found, root);
  return static_cast<std::uint32_t>(found - places.begin());
}

}  // namespace

bool ColumnPass::add(const StepRows& step) {
  const bool fits = std::visit([&](const auto& rows) { return add_step(rows); }, step);
  if (fits) finish_step();
  return fits;
}

bool ColumnPass::add_step(const GroupRows& group) {
  if (!accept(group.columns, group.number * std::ssize(group.values), group.views, group.results))
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
  return true;
}

bool ColumnPass::add_step(const ProductRows& product) {
  std::vector<MatrixRows> reads = product.left;
  reads.push_back(product.right);
  if (product.from) reads.push_back(*product.from);
  if (product.scale) reads.push_back(*product.scale);
  const std::int64_t of_row = std::ssize(product.left) + 1 + (product.from ? 1 : 0) + (product.scale ? 1 : 0);
  if (!accept(product.columns, product.number * of_row, reads, {product.result})) return false;
  for (std::int64_t row = 0; row < product.number; ++row) {
    std::uint32_t value = add_sum(product, row);
    if (product.from) {
      if (product.scale) value = add_value(Elementwise::multiply, source(*product.scale, 0), {true, value});
      value = add_value(Elementwise::subtract, source(*product.from, row), {true, value});
    }
    store(value, product.result, row);
  }
  return true;
}

bool ColumnPass::add_step(const SumOfRows& sum) {
  if (!accept(sum.columns, sum.rows.number, {sum.rows}, {sum.result})) return false;
  std::uint32_t value = add_value({AddToZero{}, {source(sum.rows, 0)}, 1, std::nullopt});
  for (std::int64_t row = 1; row < sum.rows.number; ++row)
    value = add_value(Elementwise::add, {true, value}, source(sum.rows, row), row);
  store(value, sum.result, 0);
  return true;
}

std::optional<ColumnStep::Loop> ColumnPass::loop(std::size_t steps, DType dtype,
                                                 const std::function<bool(BufferId)>& is_seen) const {
  CodeFunctions step_by_step = functions_;
  const Size& size = after_step_[steps - 1];
  step_by_step.sources.resize(size.sources);
  step_by_step.values.resize(size.values);
  const auto loop_of = [&](CodeFunctions functions) -> std::optional<ColumnStep::Loop> {
    std::vector<BufferId> places;
    const auto keep = [&](CodePlace& place) { place.place = number_in(places, places_[place.place]); };
    for (CodeSource& source : functions.sources) keep(source.from);
    for (CodeValue& value : functions.values) {
      if (!value.stored) continue;
      if (is_seen(places_[value.stored->place]))
        keep(*value.stored);
      else
        value.stored.reset();
    }
    functions.places = places.size();
    functions.elements = static_cast<std::size_t>(columns_);
    std::optional<VectorCode> code = VectorCode::generate(functions, dtype);
    if (!code) return std::nullopt;
    return ColumnStep::Loop{std::move(*code), std::move(places), columns_};
  };
  if (auto loop = loop_of(step_by_step)) return loop;
  return loop_of(row_by_row(step_by_step));
}

bool ColumnPass::accept(std::int64_t columns, std::int64_t values, const std::vector<MatrixRows>& reads,
                        const std::vector<MatrixRows>& writes) {
  constexpr std::int64_t kMostValues = 256, kMostWork = 1 << 14, kFurthest = 1 << 24;
  const std::int64_t all_values = std::ssize(functions_.values) + values;
  if ((columns_ != 0 && columns != columns_) || all_values > kMostValues || all_values * columns > kMostWork)
    return false;
  const auto is_far = [](const MatrixRows& rows) {
    return std::max(rows.offset, rows.offset_of(rows.number - 1)) > kFurthest;
  };
  if (std::ranges::any_of(reads, is_far) || std::ranges::any_of(writes, is_far)) return false;
  const auto agree = [&](const std::vector<MatrixRows>& written, const std::vector<MatrixRows>& others) {
    return std::ranges::all_of(written, [&](const MatrixRows& rows) {
      return std::ranges::all_of(others, [&](const MatrixRows& other) {
        return !overlap(rows, other) || have_same_columns(rows, other, columns);
      });
    });
  };
  if (!agree(writes_, reads) || !agree(writes_, writes) || !agree(writes, reads_) || !agree(writes, reads) ||
      !agree(writes, writes))
    return false;
  columns_ = columns;
  reads_.insert(reads_.end(), reads.begin(), reads.end());
  writes_.insert(writes_.end(), writes.begin(), writes.end());
  return true;
}

std::uint32_t ColumnPass::add_sum(const ProductRows& product, std::int64_t row) {
  std::array<std::optional<std::uint32_t>, 2> sums;
  for (std::size_t term = 0; term < product.left.size(); ++term) {
    CodeValue value{MultiplyAdd{},
                    {source(product.left[term], row), source(product.right, static_cast<std::int64_t>(term))},
                    2,
                    std::nullopt};
    std::optional<std::uint32_t>& sum = sums[term % 2];
    if (sum) value.operands[value.operand_count++] = {true, *sum};
    sum = add_value(value, value.operands[1].is_value ? 0 : row);
  }
  return sums[1] ? add_value(Elementwise::add, {true, *sums[0]}, {true, *sums[1]}) : *sums[0];
}

TileOperand ColumnPass::source(const MatrixRows& rows, std::int64_t row) {
  const ElementPosition position = rows.position_of(row);
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

CodePlace ColumnPass::place(const MatrixRows& rows, std::int64_t row) {
  return {number_in(places_, rows.root), rows.offset_of(row)};
}

std::uint32_t ColumnPass::add_value(const CodeValue& value, std::int64_t row) {
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

std::uint32_t ColumnPass::add_value(Elementwise function, const TileOperand& a, const TileOperand& b,
                                    std::int64_t row) {
  return add_value({function, {a, b}, 2, std::nullopt}, row);
}

void ColumnPass::store(std::uint32_t value, const MatrixRows& rows, std::int64_t row) {
  const ElementPosition position = rows.position_of(row);
  std::int64_t& of_value = row_of_value_[value];
  // What was there is read, or written, before.
  if (const auto read = sources_.find({position, false}); read != sources_.end())
    of_value = std::max(of_value, last_use_of_source_[read->second]);
  if (const auto written = stored_.find(position); written != stored_.end())
    of_value = std::max(of_value, row_of_value_[written->second]);
  functions_.values[value].stored = place(rows, row);
  stored_now_.emplace_back(position, value);
}

void ColumnPass::finish_step() {
  for (const auto& [position, value] : stored_now_) stored_[position] = value;
  stored_now_.clear();
  after_step_.push_back({functions_.sources.size(), functions_.values.size()});
}

CodeFunctions ColumnPass::row_by_row(const CodeFunctions& step_by_step) const {
  std::vector<std::uint32_t> order(step_by_step.values.size()), now(order.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t value) { return row_of_value_[value]; });
  for (std::uint32_t i = 0; i < order.size(); ++i) now[order[i]] = i;
  CodeFunctions functions = step_by_step;
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    functions.values[i] = step_by_step.values[order[i]];
    for (TileOperand& operand : functions.values[i].operands)
      if (operand.is_value) operand.index = now[operand.index];
  }
  return functions;
}

}  // namespace talweg
