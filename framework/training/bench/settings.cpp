#include "training/bench/settings.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace talweg::bench {
namespace {

constexpr int kStepSizes = 36;
constexpr double kLeast = -5, kMost = 2;  // powers of ten

const Hyperparameter* find_alpha(const Optimizer& optimizer) {
  const auto& all = optimizer.hyperparameters();
  const auto found = std::ranges::find_if(all, [](const Hyperparameter& hyperparameter) {
    return hyperparameter.name == "alpha" && hyperparameter.kind == Hyperparameter::Kind::number;
  });
  return found == all.end() ? nullptr : &*found;
}

bool is_share(const Hyperparameter& hyperparameter) {
  return hyperparameter.kind == Hyperparameter::Kind::number && hyperparameter.low == 0 &&
         hyperparameter.high == 1 && hyperparameter.high_excluded && hyperparameter.default_value >= 0.5;
}

/// The settings of a step size: alpha, and in the ratio of their defaults the step sizes that a rule has for
/// a part of the parameters ("..._alpha"). A vector may have no other.
std::vector<std::pair<std::string, double>> with_step_size(const Optimizer& optimizer, double size) {
  const Hyperparameter* alpha = find_alpha(optimizer);
  std::vector<std::pair<std::string, double>> settings;
  if (!alpha->admits(size)) return settings;
  settings.emplace_back("alpha", size);
  for (const Hyperparameter& hyperparameter : optimizer.hyperparameters()) {
    if (!hyperparameter.name.ends_with("_alpha") || !(alpha->default_value > 0)) continue;
    const double value = size * (hyperparameter.default_value / alpha->default_value);
    if (hyperparameter.admits(value)) settings.emplace_back(hyperparameter.name, value);
  }
  return settings;
}

/// The radical inverse of `index` in a prime base: element `index` of a Halton sequence.
double radical_inverse(int index, int base) {
  double result = 0, digit = 1;
  for (; index > 0; index /= base) {
    digit /= base;
    result += digit * (index % base);
  }
  return result;
}

}  // namespace

std::vector<double> step_sizes() {
  std::vector<double> sizes;
  sizes.reserve(kStepSizes);
  for (int i = 0; i < kStepSizes; ++i)
    sizes.push_back(std::pow(10, kLeast + (kMost - kLeast) * i / (kStepSizes - 1)));
  return sizes;
}

std::vector<Candidate> grid(const std::shared_ptr<const Optimizer>& optimizer) {
  std::vector<Candidate> candidates;
  if (find_alpha(*optimizer) == nullptr) return candidates;
  for (double size : step_sizes()) {
    auto settings = with_step_size(*optimizer, size);
    if (!settings.empty()) candidates.push_back({optimizer, std::move(settings)});
  }
  return candidates;
}

std::vector<Candidate> trials(const std::shared_ptr<const Optimizer>& optimizer, int count) {
  constexpr std::array kBases = {2, 3, 5, 7, 11, 13};
  constexpr double kMostForgotten = 0.5, kDecades = 3.699;  // 1 - share: from 0.5 down to 1e-4
  std::vector<Candidate> candidates = {{optimizer, {}}};
  for (int trial = 1; trial < count; ++trial) {
    std::size_t dimension = 0;
    Candidate candidate{optimizer, {}};
    for (const Hyperparameter& hyperparameter : optimizer->hyperparameters()) {
      if (dimension == kBases.size()) break;
      const bool is_alpha = &hyperparameter == find_alpha(*optimizer);
      if (!is_alpha && !is_share(hyperparameter)) continue;
      const double u = radical_inverse(trial, kBases[dimension++]);
      if (is_alpha) {
        for (auto& setting : with_step_size(*optimizer, std::pow(10, kLeast + (kMost - kLeast) * u)))
          candidate.settings.push_back(std::move(setting));
        continue;
      }
      const double value = 1 - kMostForgotten * std::pow(10, -kDecades * u);
      if (hyperparameter.admits(value)) candidate.settings.emplace_back(hyperparameter.name, value);
    }
    if (dimension == 0) break;  // nothing is tuned
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

}  // namespace talweg::bench
