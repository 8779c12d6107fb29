#pragma once

// Writing an optimizer that evaluates the objective itself: a line search, a quasi-Newton method, a random
// search.
//
//   struct SteepestDescent : talweg::Minimizer {
//     talweg::Hyper alpha{"alpha", 1, talweg::positive, "first step size that is tried"};
//
//     void step(talweg::Objective& f) const {
//       const talweg::Point now = f.point();
//       for (double t = f[alpha]; t > 1e-20; t /= 2) {
//         const talweg::Point next = f.at(now.x - t * now.gradient);
//         if (next.value < now.value) return f.move_to(next);
//       }
//       f.stop("no shorter step leads down");
//     }
//   };
//   TALWEG_MINIMIZER_PLUGIN(SteepestDescent, "steepest_descent", "Gradient descent with halved steps")
//
// x is the vector of all parameters laid end to end, of doubles whatever the model's type. Value and gradient
// belong to the x beside them. What has to last from step to step is the host's: see Objective::state.

#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <string>
#include <talweg/optimizer.hpp>
#include <vector>

namespace talweg {

/// A row of numbers. Operands have the same size.
class Vector {
 public:
  Vector() = default;
  explicit Vector(std::size_t size, double value = 0) : elements_(size, value) {}
  // NOLINTBEGIN(google-explicit-constructor): host-owned numbers are vectors wherever one is expected.
  Vector(std::span<const double> elements) : elements_(elements.begin(), elements.end()) {}
  Vector(std::span<double> elements) : elements_(elements.begin(), elements.end()) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] std::size_t size() const { return elements_.size(); }
  [[nodiscard]] double* data() { return elements_.data(); }
  [[nodiscard]] const double* data() const { return elements_.data(); }
  [[nodiscard]] double& operator[](std::size_t i) { return elements_[i]; }
  [[nodiscard]] double operator[](std::size_t i) const { return elements_[i]; }
  [[nodiscard]] auto begin() { return elements_.begin(); }
  [[nodiscard]] auto begin() const { return elements_.begin(); }
  [[nodiscard]] auto end() { return elements_.end(); }
  [[nodiscard]] auto end() const { return elements_.end(); }

  Vector& operator+=(const Vector& other) {
    for (std::size_t i = 0; i < size(); ++i) elements_[i] += other[i];
    return *this;
  }
  Vector& operator-=(const Vector& other) {
    for (std::size_t i = 0; i < size(); ++i) elements_[i] -= other[i];
    return *this;
  }
  Vector& operator*=(double factor) {
    for (double& element : elements_) element *= factor;
    return *this;
  }

 private:
  std::vector<double> elements_;
};

inline Vector operator+(Vector a, const Vector& b) { return a += b; }
inline Vector operator-(Vector a, const Vector& b) { return a -= b; }
inline Vector operator*(double factor, Vector x) { return x *= factor; }
inline Vector operator-(Vector x) { return x *= -1; }
/// The sum of the products, in the order of the elements.
inline double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
/// Euclidean.
inline double norm(std::span<const double> x) { return std::sqrt(dot(x, x)); }

/// What is minimized, at one x.
struct Point {
  Vector x;
  double value = 0;
  Vector gradient;
};

/// What a minimizer sees of the training, during one step. Within a step the function stays the same: the
/// same examples, the same random draws.
class Objective {
 public:
  Objective(const talweg_objective_api& api, talweg_objective* objective)
      : api_(api), objective_(objective) {}

  /// Elements of x.
  [[nodiscard]] std::size_t size() const { return api_.size(objective_); }
  /// Steps already made: 0 in the first.
  [[nodiscard]] std::int64_t step() const { return api_.step(objective_); }
  /// A hyperparameter, as it is in this step.
  [[nodiscard]] double operator[](const Hyper& hyperparameter) const {
    return checked(api_.hyperparameter(objective_, hyperparameter.name()));
  }
  [[nodiscard]] bool operator[](const Flag& flag) const { return api_.flag(objective_, flag.name()) != 0; }

  /// Where the training is. Costs nothing where the last step ended with an evaluation there.
  [[nodiscard]] Point point() const { return {x(), value(), gradient()}; }
  [[nodiscard]] Vector x() const { return span(api_.x(objective_)); }
  [[nodiscard]] double value() const { return api_.value(objective_); }
  [[nodiscard]] Vector gradient() const { return span(api_.gradient(objective_)); }

  /// The objective at `x`; the x of the result is the one it belongs to: in a model of float32, the nearest
  /// that there is. A value that is infinite or not a number means too far.
  [[nodiscard]] Point at(Vector x) const {
    Vector gradient(x.size());
    const double value = api_.evaluate(objective_, x.data(), gradient.data(), x.size());
    require_unrefused();
    return {std::move(x), value, std::move(gradient)};
  }
  /// The value alone, which is cheaper; `x` becomes the one it belongs to.
  [[nodiscard]] double value_at(Vector& x) const {
    const double value = api_.evaluate(objective_, x.data(), nullptr, x.size());
    require_unrefused();
    return value;
  }
  /// The matrix of second derivatives at `x` times `vector`. Needs `static constexpr bool kSecondDerivatives
  /// = true` in the minimizer.
  [[nodiscard]] Vector hessian_vector(const Vector& x, const Vector& vector) const {
    Vector product(vector.size());
    api_.hessian_vector(objective_, x.data(), vector.data(), product.data(), vector.size());
    require_unrefused();
    return product;
  }

  /// The training goes on from there.
  void move_to(const Point& point) const { move_to(point.x); }
  void move_to(const Vector& x) const { api_.move_to(objective_, x.data(), x.size()); }

  /// `count` numbers that last from step to step, `initial` everywhere at first; the host keeps, saves and
  /// restores them. The same name gives the same numbers.
  [[nodiscard]] std::span<double> state(const char* name, std::size_t count, double initial = 0) const {
    double* const numbers = api_.state(objective_, name, count, initial);
    require_unrefused();
    return {numbers, count};
  }
  /// A state of one number.
  [[nodiscard]] double& number(const char* name, double initial = 0) const {
    return state(name, 1, initial).front();
  }

  /// In [0, 1); the same in every run with this seed, at this step.
  [[nodiscard]] double uniform() const { return checked(api_.uniform(objective_)); }
  /// Of mean 0 and variance 1 (Box and Muller 1958).
  [[nodiscard]] double normal() const {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

  /// There is no way further down: the training ends after this step, for this reason. No error.
  void stop(const std::string& reason) const { api_.stop(objective_, reason.c_str()); }

 private:
  [[nodiscard]] Vector span(const double* data) const {
    if (data == nullptr) throw detail::Refused{};
    return std::span<const double>(data, size());
  }
  /// A step has at least one element of x unless Talweg has refused something before.
  void require_unrefused() const {
    if (api_.x(objective_) == nullptr) throw detail::Refused{};
  }
  [[nodiscard]] static double checked(double value) {
    if (std::isnan(value)) throw detail::Refused{};
    return value;
  }

  const talweg_objective_api& api_;
  talweg_objective* objective_;
};

#pragma GCC visibility push(hidden)
namespace detail {

template <class Rule>
constexpr std::uint32_t needs_of() {
  if constexpr (requires { Rule::kSecondDerivatives; })
    return TALWEG_NEEDS_OBJECTIVE | (Rule::kSecondDerivatives ? TALWEG_NEEDS_SECOND_DERIVATIVES : 0);
  return TALWEG_NEEDS_OBJECTIVE;
}

template <class Rule>
constexpr talweg_plugin_table make_minimizer_table(const Rule& rule, const char* name, const char* summary,
                                                   void (*minimize)(const talweg_objective_api*,
                                                                    talweg_objective*)) {
  static_assert(std::is_base_of_v<Minimizer, Rule>, "a minimizer derives from talweg::Minimizer");
  static_assert(holds_only_settings<Rule>(),
                "the members of a minimizer are talweg::Hyper and talweg::Flag only, public and without a "
                "constructor");
  static_assert(
      requires(Objective & f) { rule.step(f); }, "a minimizer has `void step(talweg::Objective& f) const`");
  return {TALWEG_PLUGIN_MAGIC,
          TALWEG_PLUGIN_API_VERSION,
          sizeof(talweg_plugin_table),
          TALWEG_MINIMIZER,
          needs_of<Rule>(),
          name,
          summary,
          &rule,
          kSettings<Rule>,
          sizeof(Hyper),
          nullptr,
          minimize};
}

/// No exception leaves a plugin: its text becomes the message of the error.
template <class Rule>
void run(const Rule& rule, const talweg_objective_api* api, talweg_objective* objective) noexcept {
  try {
    Objective f(*api, objective);
    rule.step(f);
  } catch (const Refused&) {
    // Talweg knows the reason.
  } catch (const std::exception& exception) {
    api->fail(objective, exception.what());
  } catch (...) {
    api->fail(objective, "an exception that is no std::exception");
  }
}

}  // namespace detail
#pragma GCC visibility pop

}  // namespace talweg

/// Makes the library a plugin: the minimizer Rule under `name`, which is the file's name without .so. Once a
/// library, outside of any namespace.
#define TALWEG_MINIMIZER_PLUGIN(Rule, name, summary)                              \
  namespace {                                                                     \
  constexpr Rule talweg_rule{};                                                   \
  void talweg_run(const talweg_objective_api* api, talweg_objective* objective) { \
    talweg::detail::run(talweg_rule, api, objective);                             \
  }                                                                               \
  }                                                                               \
  TALWEG_PLUGIN_EXPORT constinit const talweg_plugin_table talweg_plugin =        \
      talweg::detail::make_minimizer_table(talweg_rule, name, summary, talweg_run);
