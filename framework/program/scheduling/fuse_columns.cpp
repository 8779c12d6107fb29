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
#include <variant>
#include <vector>

#include "program/machine_code/vector_code.hpp"
#include "program/scheduling/column_pass.hpp"

namespace talweg {
namespace {

/// Replaces steps of a plan by loops.
class Fuser {
 public:
  Fuser(Plan& plan, DType dtype, std::size_t bytes_of_element) : plan_(plan), dtype_(dtype) {
    const RowFinder finder(plan, bytes_of_element);
    for (const auto& step : plan.steps) rows_.push_back(finder.rows_of(*step));
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
    for (std::size_t begin = 0; begin < rows_.size();) begin = fuse_from(begin);
    plan_.drop_null_steps();
  }

 private:
  struct Range {
    std::size_t begin, end;
  };
  static constexpr std::size_t kForever = std::numeric_limits<std::size_t>::max();

  /// Where to go on.
  std::size_t fuse_from(std::size_t begin) {
    // A product alone is sooner done by a loop of its own than by a kernel, too.
    const std::size_t least = rows_[begin] && std::holds_alternative<ProductRows>(*rows_[begin]) ? 1 : 2;
    if (!have_same_columns({begin, begin + least})) return begin + 1;
    ColumnPass pass;
    std::size_t end = begin;
    while (end < rows_.size() && rows_[end] && pass.add(*rows_[end])) ++end;
    // A shorter loop needs fewer registers.
    for (std::size_t number = end - begin; number >= least; number -= std::max<std::size_t>(number / 4, 1))
      if (fuse(pass, {begin, begin + number})) return begin + number;
    return begin + 1;
  }

  /// A quick look at the first steps of a loop.
  [[nodiscard]] bool have_same_columns(const Range& range) const {
    const auto columns = [&](std::size_t step) {
      return std::visit([](const auto& rows) { return rows.columns; }, *rows_[step]);
    };
    for (std::size_t i = range.begin; i < range.end; ++i)
      if (i >= rows_.size() || !rows_[i] || columns(i) != columns(range.begin)) return false;
    return true;
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
  std::vector<std::optional<StepRows>> rows_;  ///< by step, where it has some
  std::unordered_map<BufferId, Range> uses_;   ///< by root: the steps from the first that uses it to the last
};

}  // namespace

void fuse_columns(Plan& plan, DType dtype, std::size_t bytes_of_element) {
  if (VectorCode::is_available()) Fuser(plan, dtype, bytes_of_element).run();
}

}  // namespace talweg
