#include "training/batches.hpp"

#include <algorithm>

#include "model/split_order.hpp"

namespace talweg {
namespace {

// In place of a node: these draws differ from those of every node.
constexpr std::uint32_t kOrderOfEpoch = 0xFFFFFFFEU;

}  // namespace

Batches::Batches(const CheckedModel& model)
    : examples_(*model.examples),
      seed_(model.seed),
      order_of_splits_(order_of_splits(examples_, seed_)),
      shuffle_(!model.train || model.train->shuffle) {}

std::int64_t Batches::size(std::int64_t step) const {
  const std::int64_t first = step % examples_.steps_per_epoch() * examples_.batch;
  return std::min(examples_.batch, examples_.train().count - first);
}

void Batches::rows_of_step(std::int64_t step, std::vector<std::int64_t>& rows) const {
  const std::int64_t epoch = step / examples_.steps_per_epoch();
  const std::int64_t first = step % examples_.steps_per_epoch() * examples_.batch;
  const Split& train = examples_.train();
  // One batch is all there is: its order means nothing.
  const bool in_order = !shuffle_ || examples_.steps_per_epoch() == 1;
  const Permutation order(train.count, seed_, kOrderOfEpoch, static_cast<std::uint64_t>(epoch));
  rows.resize(static_cast<std::size_t>(size(step)));
  for (std::int64_t i = 0; i < size(step); ++i)
    rows[static_cast<std::size_t>(i)] = row_of_split(train, in_order ? first + i : order(first + i));
}

std::int64_t Batches::row_of_split(const Split& split, std::int64_t place) const {
  return examples_.split_shuffled ? order_of_splits_(split.first + place) : split.first + place;
}

}  // namespace talweg
