#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/kernels.hpp"
#include "program/panels.hpp"
#include "program/thread_pool.hpp"

namespace talweg {

[[nodiscard]] double operations_of_product(std::int64_t m, std::int64_t n, std::int64_t k);

/// The threads that copy a matrix; null where it is not worth their coming together.
[[nodiscard]] ThreadPool* pool_for_copy(const Memory& memory, const InPanels& matrix);

/// Calls work(piece, its part of the columns) on each thread of the pool, if there is one; parts begin with
/// multiples of `grain`.
template <class Work>
void divide_columns(ThreadPool* pool, std::int64_t columns, std::int64_t grain, const Work& work) {
  if (pool == nullptr) return work(0, Range{0, columns});
  pool->run([&](int piece) {
    const Range part = piece_of(columns, piece, pool->threads(), grain);
    if (part.size() > 0) work(piece, part);
  });
}

/// How the threads of a program divide a product of panels, if it is worth their coming together.
class PanelParts {
 public:
  /// What is divided: rows or columns of the result.
  enum class Side : std::uint8_t { rows, columns };

  /// Parts have a multiple of so many rows and columns.
  struct Grain {
    std::int64_t rows, columns;
  };

  /// Of a result (m, n) with sums of k terms.
  PanelParts(const Memory& memory, std::int64_t m, std::int64_t n, std::int64_t k, Side side,
             const Grain& grain);

  /// Threads that work at the same time.
  [[nodiscard]] int pieces() const { return pool_ == nullptr ? 1 : pool_->threads(); }

  /// Calls work(part, piece) for all parts, on the threads of the pool if there is one.
  template <class Work>
  void run(const Work& work) {
    if (pool_ != nullptr)
      return pool_->share({shares_.get(), static_cast<std::size_t>(pieces())},
                          [&](int part, int piece) { work(parts_[static_cast<std::size_t>(part)], piece); });
    for (const kernels::PartOfProduct& part : parts_) work(part, 0);
  }

 private:
  ThreadPool* pool_;
  std::vector<kernels::PartOfProduct> parts_;
  std::unique_ptr<ThreadPool::Share[]> shares_;
};

/// The side by which a^T @ b (m, n) is divided.
[[nodiscard]] PanelParts::Side side_of_transposed(std::int64_t n);

}  // namespace talweg
