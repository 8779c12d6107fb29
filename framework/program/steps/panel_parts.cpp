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

ThreadPool* pool_for_copy(const Memory& memory, const InPanels& matrix) {
  constexpr std::int64_t kElementsForThreads = 1 << 14;
  return matrix.rows * matrix.columns >= kElementsForThreads ? memory.pool() : nullptr;
}

/// Each thread has the same rows or columns in all products, which stay in its caches. It takes half of what
/// is left of them, so that another one that is done early finds small parts, and nobody waits long. The last
/// panel is divided once more, if its parts are worth it.
PanelParts::PanelParts(const Memory& memory, std::int64_t m, std::int64_t n, std::int64_t k, Side side,
                       const Grain& grain)
    : pool_(pool_for(memory, m, n, k)) {
  constexpr double kLeastOperations = 2'000'000;
  if (pool_ == nullptr) {
    parts_ = {{0, size(m), 0, size(n)}};
    return;
  }
  const bool by_rows = side == Side::rows;
  const std::int64_t length = by_rows ? m : n, across = by_rows ? n : m;
  const std::int64_t along = by_rows ? grain.rows : grain.columns,
                     grain_across = by_rows ? grain.columns : grain.rows;
  const auto least_across =
      grain_across *
      static_cast<std::int64_t>(std::ceil(kLeastOperations / operations_of_product(along, grain_across, k)));
  shares_ = std::make_unique<ThreadPool::Share[]>(size(pieces()));
  for (int piece = 0; piece < pieces(); ++piece) {
    shares_[size(piece)].begin = static_cast<int>(parts_.size());
    const Range own = piece_of(length, piece, pieces(), along);
    for (std::int64_t begin = own.begin; begin < own.end;) {
      const std::int64_t rest = own.end - begin, grains = std::max<std::int64_t>(1, rest / (2 * along));
      const std::int64_t some = std::min(rest, grains * along);
      const std::int64_t step = rest <= along ? least_across : across;
      for (std::int64_t other = 0; other < across; other += step) {
        const std::int64_t some_across = std::min(step, across - other);
        if (by_rows)
          parts_.push_back({size(begin), size(some), size(other), size(some_across)});
        else
          parts_.push_back({size(other), size(some_across), size(begin), size(some)});
      }
      begin += some;
    }
    shares_[size(piece)].end = static_cast<int>(parts_.size());
  }
}

PanelParts::Side side_of_transposed(std::int64_t n) {
  // A part by columns writes its panels from the beginning to the end.
  constexpr std::int64_t kColumns = 128;
  return n >= kColumns ? PanelParts::Side::columns : PanelParts::Side::rows;
}

}  // namespace talweg
