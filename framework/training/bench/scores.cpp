#include "training/bench/scores.hpp"

#include <algorithm>
#include <cmath>

namespace talweg::bench {

double quantile(std::vector<double> numbers, double q) {
  std::ranges::sort(numbers);
  const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(numbers.size())));
  return numbers[std::max<std::size_t>(rank, 1) - 1];
}

std::vector<double> weights(const Experiment& experiment) {
  std::vector<double> forms(experiment.problems.size());
  for (const Case& form : experiment.cases) ++forms[form.problem];
  std::vector<double> result;
  result.reserve(experiment.cases.size());
  for (const Case& form : experiment.cases)
    result.push_back(1 / (forms[form.problem] * static_cast<double>(experiment.problems.size())));
  return result;
}

double share_solved(const std::vector<Outcome>& outcomes, const std::vector<double>& weights) {
  double share = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    if (outcomes[i].solved()) share += weights[i];
  return share;
}

std::vector<double> fewest(const Outcomes& outcomes) {
  std::vector<double> best(outcomes.front().size(), kMissed);
  for (const std::vector<Outcome>& of_candidate : outcomes)
    for (std::size_t i = 0; i < best.size(); ++i) best[i] = std::min(best[i], of_candidate[i].evaluations);
  return best;
}

Profile profile(const std::vector<Outcome>& outcomes, const std::vector<double>& best,
                const std::vector<double>& weights) {
  std::vector<std::pair<double, double>> ratios;
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    if (outcomes[i].solved())  // solved at the start: no evaluation at all
      ratios.emplace_back(std::max(outcomes[i].evaluations, 1.0) / std::max(best[i], 1.0), weights[i]);
  std::ranges::sort(ratios);
  Profile result;
  double share = 0;
  for (const auto& [ratio, weight] : ratios) {
    share += weight;
    if (!result.empty() && result.back().first == ratio)
      result.back().second = share;
    else
      result.emplace_back(ratio, share);
  }
  return result;
}

double area(const Profile& profile) {
  double sum = 0, before = 0;
  for (const auto& [tau, share] : profile) {
    sum += (share - before) * std::max(0.0, kTau - tau);
    before = share;
  }
  return sum / (kTau - 1);
}

namespace {

std::vector<double> areas(const Outcomes& outcomes, const std::vector<double>& weights) {
  const std::vector<double> best = fewest(outcomes);
  std::vector<double> result;
  result.reserve(outcomes.size());
  for (const std::vector<Outcome>& of_candidate : outcomes)
    result.push_back(area(profile(of_candidate, best, weights)));
  return result;
}

std::size_t largest(const std::vector<double>& numbers) {
  return static_cast<std::size_t>(std::ranges::max_element(numbers) - numbers.begin());
}

}  // namespace

std::size_t best_candidate(const Outcomes& outcomes, const std::vector<double>& weights) {
  constexpr double kRounding = 1e-9;
  const std::vector<double> area_of = areas(outcomes, weights);
  std::size_t best = 0;
  for (std::size_t i = 1; i < outcomes.size(); ++i) {
    const double more = share_solved(outcomes[i], weights) - share_solved(outcomes[best], weights);
    if (more > kRounding || (more > -kRounding && area_of[i] > area_of[best])) best = i;
  }
  return best;
}

Sensitivity sensitivity(const std::vector<double>& alphas, const Outcomes& outcomes,
                        const std::vector<double>& weights) {
  constexpr double kNear = 0.9;
  Sensitivity result{alphas, areas(outcomes, weights), 0, 0};
  result.best = largest(result.scores);
  const double least = kNear * result.scores[result.best];
  if (least == 0) return result;
  std::size_t low = result.best, high = result.best;
  while (low > 0 && result.scores[low - 1] >= least) --low;
  while (high + 1 < alphas.size() && result.scores[high + 1] >= least) ++high;
  // A step size stands for those up to half of the way to its neighbours.
  const double decade = alphas.size() < 2 ? 0 : std::log10(alphas[1] / alphas[0]);
  result.band = decade * static_cast<double>(high - low + 1);
  return result;
}

}  // namespace talweg::bench
