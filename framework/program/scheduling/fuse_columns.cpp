#include "program/scheduling/fuse_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "program/machine_code/vector_code.hpp"
#include "program/scheduling/column_pass.hpp"

namespace talweg {
namespace {

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
    std::vector<std::int64_t> columns;
    for (const auto& step : plan_.steps) columns.push_back(columns_of(*step));
    for (std::size_t begin = 0; begin < columns.size();) {
      const bool has_next = begin + 1 < columns.size() && columns[begin] == columns[begin + 1];
      const bool may_fuse = columns[begin] != 0 && (has_next || is_product(begin));
      begin = may_fuse ? fuse_from(begin) : begin + 1;
    }
    plan_.drop_null_steps();
  }

 private:
  struct Range {
    std::size_t begin, end;
  };
  static constexpr std::size_t kForever = std::numeric_limits<std::size_t>::max();

  /// Where to go on.
  std::size_t fuse_from(std::size_t begin) {
    ColumnPass pass;
    std::size_t end = begin;
    while (end < plan_.steps.size() && add(pass, *plan_.steps[end])) ++end;
    // A shorter loop needs fewer registers. A product alone is sooner done by a loop of its own than by a
    // kernel, too.
    const std::size_t least = is_product(begin) ? 1 : 2;
    for (std::size_t number = end - begin; number >= least; number -= std::max<std::size_t>(number / 4, 1))
      if (fuse(pass, {begin, begin + number})) return begin + number;
    return begin + 1;
  }

  [[nodiscard]] bool is_product(std::size_t step) const {
    return dynamic_cast<const ProductStep*>(plan_.steps[step].get()) != nullptr;
  }

  /// Calls `take` with the step's rows, if it has some.
  template <class Take>
  bool with_rows(const Step& step, const Take& take) const {
    const auto as = [&]<class Kind>(const Kind* of_kind) {
      if (of_kind == nullptr) return false;
      const auto rows = finder_.rows_of(*of_kind);
      return rows && take(*rows);
    };
    return as(dynamic_cast<const ElementwiseStep*>(&step)) || as(dynamic_cast<const ProductStep*>(&step)) ||
           as(dynamic_cast<const ReductionStep*>(&step));
  }

  bool add(ColumnPass& pass, const Step& step) const {
    return with_rows(step, [&](const auto& rows) { return pass.add(rows); });
  }

  [[nodiscard]] std::int64_t columns_of(const Step& step) const {
    std::int64_t columns = 0;
    with_rows(step, [&](const auto& rows) {
      columns = rows.columns;
      return true;
    });
    return columns;
  }

  bool fuse(const ColumnPass& pass, const Range& range) {
    const auto is_seen = [&](BufferId root) {
      const Range& uses = uses_.at(root);
      return plan_.buffers[root].kind != Buffer::Kind::arena || uses.begin < range.begin ||
             uses.end > range.end;
    };
    std::optional<ColumnStep::Loop> loop = pass.loop(range.end - range.begin, dtype_, is_seen);
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
