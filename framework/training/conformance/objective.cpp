#include "training/conformance/objective.hpp"

#include <algorithm>
#include <limits>

#include "support/random.hpp"
#include "training/conformance/subject.hpp"

namespace talweg::conformance {

TestFunction curved_valley() {
  TestFunction f;
  f.start = {-1.2, 1, -0.5, 0.8};
  f.value = [](std::span<const double> x) {
    double sum = 0;
    for (std::size_t i = 0; i + 1 < x.size(); ++i) {
      const double a = 1 - x[i], b = x[i + 1] - x[i] * x[i];
      sum += a * a + 100 * b * b;
    }
    return sum;
  };
  f.gradient = [](std::span<const double> x) {
    std::vector<double> g(x.size());
    for (std::size_t i = 0; i + 1 < x.size(); ++i) {
      const double b = x[i + 1] - x[i] * x[i];
      g[i] += -2 * (1 - x[i]) - 400 * x[i] * b;
      g[i + 1] += 200 * b;
    }
    return g;
  };
  f.hessian = [](std::span<const double> x, std::span<const double> v) {
    std::vector<double> product(x.size());
    for (std::size_t i = 0; i + 1 < x.size(); ++i) {
      product[i] += (2 - 400 * (x[i + 1] - 3 * x[i] * x[i])) * v[i] - 400 * x[i] * v[i + 1];
      product[i + 1] += -400 * x[i] * v[i] + 200 * v[i + 1];
    }
    return product;
  };
  return f;
}

ProbeObjective::ProbeObjective(const Subject& subject, TestFunction function)
    : subject_(subject), function_(std::move(function)), x_(function_.start) {}

Objective& ProbeObjective::begin_step(double offset) {
  ++step_;
  offset_ = offset;
  trials_.clear();
  reason_.clear();
  handed_out_.clear();
  return *this;
}

double ProbeObjective::number(std::string_view name) const {
  asked_.emplace_back(name);
  return subject_.setting(name);
}

bool ProbeObjective::flag(std::string_view name) const { return number(name) != 0; }

std::span<const double> ProbeObjective::gradient() {
  ++gradients_;
  return hand_out(function_.gradient(x_));
}

double ProbeObjective::evaluate(std::span<double> x, std::span<double> gradient) {
  ++evaluations_;
  const double value = function_.value(x);
  trials_.emplace_back(std::vector<double>(x.begin(), x.end()), value);
  if (!gradient.empty()) {
    ++gradients_;
    std::ranges::copy(function_.gradient(x), gradient.begin());
  }
  return value + offset_;
}

void ProbeObjective::hessian_vector(std::span<const double> x, std::span<const double> vector,
                                    std::span<double> product) {
  std::ranges::copy(function_.hessian(x, vector), product.begin());
}

void ProbeObjective::move_to(std::span<const double> x) {
  x_.assign(x.begin(), x.end());
  for (std::vector<double>& values : handed_out_)
    std::ranges::fill(values, std::numeric_limits<double>::quiet_NaN());
}

std::span<double> ProbeObjective::state(std::string_view name, std::size_t count, double initial) {
  auto found = states_.find(name);
  if (found == states_.end())
    found = states_.emplace(std::string(name), std::vector<double>(count, initial)).first;
  return found->second;
}

double ProbeObjective::uniform() {
  const auto words = draw(1, 0, static_cast<std::uint64_t>(step_), static_cast<std::uint64_t>(draws_++));
  return words[0] * 0x1p-32;
}

std::span<const double> ProbeObjective::hand_out(std::vector<double> values) const {
  return handed_out_.emplace_back(std::move(values));
}

}  // namespace talweg::conformance
