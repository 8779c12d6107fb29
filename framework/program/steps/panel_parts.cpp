#include "program/steps/panel_parts.hpp"

#include <algorithm>
#include <cmath>

namespace talweg {
namespace {

std::size_t size(std::int64_t number) { return static_cast<std::size_t>(number); }

/// Null where the product is not worth the threads' coming together.
ThreadPool* pool_for(const Memory& memory, std::int64_t m, std::int64_t n, std::int64_t k) {
  constexpr double kOperationsForThreads = 500'000;
  return operations_of_product(m, n, k) >= kOperationsForThreads ? memory.pool() : nullptr;
}

}  // namespace

double operations_of_product(std::int64_t m, std::int64_t n, std::int64_t k) {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

/// Each thread has the same rows or columns in all products, which stay in its caches. It takes half of what
/// is left of them, so that another one that is done early finds small parts, and nobody waits long. The last
/// panel is divided once more, if its parts are worth it.
PanelParts::PanelParts(const Memory& memory, std::int64_t m, std::int64_t n, std::int64_t k, Side side,
                       std::int64_t width)
    : pool_(pool_for(memory, m, n, k)) {
  constexpr double kLeastOperations = 2'000'000;
  if (pool_ == nullptr) {
    parts_ = {{0, size(m), 0, size(n)}};
    return;
  }
  const std::int64_t length = side == Side::rows ? m : n, across = side == Side::rows ? n : m;
  const auto panels_across =
      static_cast<std::int64_t>(std::ceil(kLeastOperations / operations_of_product(width, width, k)));
  shares_ = std::make_unique<ThreadPool::Share[]>(size(pieces()));
  for (int piece = 0; piece < pieces(); ++piece) {
    shares_[size(piece)].begin = static_cast<int>(parts_.size());
    const Range own = piece_of(length, piece, pieces(), width);
    for (std::int64_t begin = own.begin; begin < own.end;) {
      const std::int64_t rest = own.end - begin, panels = std::max<std::int64_t>(1, rest / (2 * width));
      const std::int64_t some = std::min(rest, panels * width);
      const std::int64_t step = rest <= width ? panels_across * width : across;
      for (std::int64_t other = 0; other < across; other += step) {
        const std::int64_t some_across = std::min(step, across - other);
        if (side == Side::rows)
          parts_.push_back({size(begin), size(some), size(other), size(some_across)});
        else
          parts_.push_back({size(other), size(some_across), size(begin), size(some)});
      }
      begin += some;
    }
    shares_[size(piece)].end = static_cast<int>(parts_.size());
  }
}

PanelParts parts_of_transposed(const Memory& memory, const InPanels& a, const InPanels& b,
                               std::int64_t width) {
  // A part by columns writes its panels from the beginning to the end.
  constexpr std::int64_t kColumns = 128;
  return {memory,
          a.columns,
          b.columns,
          a.rows,
          b.columns >= kColumns ? PanelParts::Side::columns : PanelParts::Side::rows,
          width};
}

}  // namespace talweg
