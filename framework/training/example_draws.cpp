#include "training/example_draws.hpp"

#include <algorithm>
#include <cmath>
#include <talweg/error.hpp>

#include "support/numbers.hpp"
#include "support/random.hpp"

namespace talweg {
namespace {

/// In place of a node: these draws differ from those of every node.
constexpr std::uint32_t kDrawsOfExamples = 0xFFFFFFFDU;

}  // namespace

ExampleDraws::ExampleDraws(const CheckedModel& model, const DrawnExamples& draws, NodeId weights)
    : by_(draws.by),
      seed_(model.seed),
      weights_leaf_(weights),
      counts_leaf_(draws.counts),
      weights_(model.graph->floating(), model.examples ? model.examples->batch : 1),
      counts_(model.graph->floating(), model.examples ? model.examples->train().count : 1) {
  if (!model.examples) counts_.write(0, 1);
}

std::vector<Binding> ExampleDraws::bindings() {
  std::vector<Binding> result;
  if (weights_leaf_ != kNoNode) result.push_back({weights_leaf_, weights_.at(0)});
  if (counts_leaf_ != kNoNode) result.push_back({counts_leaf_, counts_.at(0)});
  return result;
}

void ExampleDraws::draw(std::int64_t step, const std::vector<double>& numbers,
                        std::vector<std::int64_t>& places) {
  sums_.clear();
  double sum = 0;
  for (double number : numbers) {
    if (!(number >= 0 && std::isfinite(number)))
      throw Error(Status::plugin, "examples cannot be drawn by '" + by_ + "': it is " +
                                      format_number(number) + " for example " + std::to_string(sums_.size()));
    sums_.push_back(sum += number);
  }
  if (!(sum > 0)) throw Error(Status::plugin, "examples cannot be drawn by '" + by_ + "': it is 0 for all");
  for (std::int64_t place : places) counts_.write(place, 0);
  places.clear();
  std::vector<double> counts(numbers.size(), 0);
  const auto examples = static_cast<double>(numbers.size());
  for (std::int64_t i = 0; i < weights_.elements(); ++i) {
    const auto words = talweg::draw(seed_, kDrawsOfExamples, static_cast<std::uint64_t>(step),
                                    static_cast<std::uint64_t>(i));
    // The first whose sum is above: one of number 0 is never drawn.
    const double at = unit_interval(words[0], words[1]) * sum;
    const auto found = std::min(std::ranges::upper_bound(sums_, at), std::ranges::lower_bound(sums_, sum));
    const auto place = static_cast<std::size_t>(found - sums_.begin());
    places.push_back(static_cast<std::int64_t>(place));
    weights_.write(i, sum / (examples * numbers[place]));
    counts[place] += 1;
  }
  for (std::int64_t place : places) counts_.write(place, counts[static_cast<std::size_t>(place)]);
}

}  // namespace talweg
