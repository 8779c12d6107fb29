// Places in the arena: what lives at the same time lies apart, and little lies unused.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "program/plan.hpp"
#include "program/touch_step.hpp"

namespace talweg {
namespace {

constexpr std::int64_t kAlignment = 16;

struct Tensor {
  std::int64_t elements;
  std::size_t first, last;  ///< the steps that write and that read it
};

Plan plan_of(const std::vector<Tensor>& tensors) {
  std::size_t steps = 0;
  for (const Tensor& tensor : tensors) steps = std::max(steps, tensor.last + 1);
  std::vector<std::vector<View>> reads(steps), writes(steps);
  Plan plan;
  for (const Tensor& tensor : tensors) {
    Buffer buffer;
    buffer.elements = tensor.elements;
    const View view = contiguous_view(plan.add_buffer(std::move(buffer)), {tensor.elements});
    writes[tensor.first].push_back(view);
    reads[tensor.last].push_back(view);
  }
  for (std::size_t step = 0; step < steps; ++step)
    plan.steps.push_back(std::make_unique<TouchStep>(reads[step], writes[step]));
  return plan;
}

std::int64_t padded(std::int64_t elements) { return (elements + kAlignment - 1) / kAlignment * kAlignment; }

std::int64_t most_live(const std::vector<Tensor>& tensors) {
  std::int64_t most = 0;
  for (const Tensor& at : tensors) {
    std::int64_t live = 0;
    for (const Tensor& other : tensors)
      if (other.first <= at.first && at.first <= other.last) live += padded(other.elements);
    most = std::max(most, live);
  }
  return most;
}

void expect_apart(const std::vector<Tensor>& tensors, const ArenaLayout& layout) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(layout.offsets[i] % kAlignment, 0);
    EXPECT_LE(layout.offsets[i] + tensors[i].elements, layout.elements);
    for (std::size_t j = 0; j < i; ++j) {
      if (tensors[i].first > tensors[j].last || tensors[j].first > tensors[i].last) continue;
      EXPECT_TRUE(layout.offsets[i] + tensors[i].elements <= layout.offsets[j] ||
                  layout.offsets[j] + tensors[j].elements <= layout.offsets[i])
          << i << " and " << j;
    }
  }
}

TEST(PlanMemory, KeepsApartWhatLivesAtTheSameTime) {
  std::mt19937 random(1);
  const auto below = [&](std::size_t end) { return random() % end; };
  for (const std::size_t number : {1U, 2U, 10U, 60U, 1500U})
    for (int round = 0; round < (number > 1000 ? 1 : 20); ++round) {
      std::vector<Tensor> tensors;
      for (std::size_t i = 0; i < number; ++i) {
        const std::size_t first = below(number);
        tensors.push_back({static_cast<std::int64_t>(below(4) == 0 ? below(200'000) : below(300)) + 1, first,
                           first + below(10)});
      }
      const ArenaLayout layout = plan_memory(plan_of(tensors), kAlignment);
      expect_apart(tensors, layout);
      EXPECT_GE(layout.elements, most_live(tensors));
    }
}

/// The lives of a convolutional network's tensors: forward they grow, and backward they end.
TEST(PlanMemory, TakesNoMoreThanLivesAtTheWorstMomentOfANetwork) {
  const std::vector<Tensor> tensors = {
      {602'112, 1, 4},  {602'112, 2, 45},  {150'528, 3, 41},  {150'528, 4, 40},  {204'800, 5, 8},
      {204'800, 6, 40}, {51'200, 7, 35},   {51'200, 8, 34},   {15'360, 9, 30},   {15'360, 10, 34},
      {10'752, 11, 26}, {10'752, 12, 30},  {61'712, 24, 46},  {10'752, 25, 27},  {15'360, 29, 31},
      {51'200, 33, 35}, {204'800, 35, 36}, {204'800, 37, 38}, {150'528, 39, 41}, {602'112, 41, 42},
      {602'112, 43, 44}};
  const ArenaLayout layout = plan_memory(plan_of(tensors), kAlignment);
  expect_apart(tensors, layout);
  EXPECT_EQ(layout.elements, most_live(tensors));
}

}  // namespace
}  // namespace talweg
