#pragma once

// Writing an optimizer. One struct, one line that exports it:
//
//   struct GradientDescent : talweg::UpdateRule {
//     talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
//
//     void update(talweg::Parameter x) const { x = x - alpha * x.gradient(); }
//   };
//   TALWEG_OPTIMIZER(GradientDescent, "my_rule", "Gradient descent")
//
// `update` computes nothing: it says once, as nodes of a graph, what a step does. It looks like the paper:
// `v = ...` is the state's new value, and later lines that say `v` mean the new one.

#include <talweg/plugin.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace talweg {

#pragma GCC visibility push(hidden)
namespace detail {
/// As std::trunc would tell, which is not constexpr.
constexpr bool is_whole(double value) {
  constexpr double kAllAreWhole = 1LL << 52;
  return value >= kAllAreWhole || value <= -kAllAreWhole ||
         static_cast<double>(static_cast<std::int64_t>(value)) == value;
}
}  // namespace detail
#pragma GCC visibility pop

/// The values that a hyperparameter admits.
struct Range {
  double low;
  double high;
  std::uint32_t options;  ///< TALWEG_LOW_EXCLUDED, TALWEG_HIGH_EXCLUDED, TALWEG_WHOLE

  [[nodiscard]] constexpr bool admits(double value) const {
    const bool above = (options & TALWEG_LOW_EXCLUDED) != 0 ? value > low : value >= low;
    const bool below = (options & TALWEG_HIGH_EXCLUDED) != 0 ? value < high : value <= high;
    return above && below && ((options & TALWEG_WHOLE) == 0 || detail::is_whole(value));
  }
};

namespace detail {
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
}

inline constexpr Range any{-detail::kInfinity, detail::kInfinity, TALWEG_LOW_EXCLUDED | TALWEG_HIGH_EXCLUDED};
inline constexpr Range positive{0, detail::kInfinity, TALWEG_LOW_EXCLUDED | TALWEG_HIGH_EXCLUDED};
inline constexpr Range non_negative{0, detail::kInfinity, TALWEG_HIGH_EXCLUDED};

/// low <= value < high, as Python's range: a decay may be 0, but not 1.
constexpr Range in(double low, double high) { return {low, high, TALWEG_HIGH_EXCLUDED}; }
/// low <= value <= high.
constexpr Range between(double low, double high) { return {low, high, 0}; }
/// low <= value <= high, and a whole number: a count.
constexpr Range whole(double low, double high) { return {low, high, TALWEG_WHOLE}; }

/// In place of a default: the model file has to give the value.
struct Required {};
inline constexpr Required required{};

#pragma GCC visibility push(hidden)
namespace detail {
// Not constexpr, so that reaching it while a rule's table is made is an error of the compiler.
inline void the_default_value_is_outside_its_range() {}
}  // namespace detail
#pragma GCC visibility pop

/// A number that the model file sets: a scalar of the graph. Where it is plainly 0, products with it that
/// are added or subtracted are left out, unless the gradient is in them: a decay that is off costs nothing.
class Hyper {
 public:
  constexpr Hyper(const char* name, double default_value, Range range, const char* doc)
      : entry_{name, doc, default_value, range.low, range.high, TALWEG_NUMBER, range.options} {
    if (!range.admits(default_value)) detail::the_default_value_is_outside_its_range();
  }
  constexpr Hyper(const char* name, Required, Range range, const char* doc)
      : entry_{name, doc, 0, range.low, range.high, TALWEG_NUMBER, range.options | TALWEG_REQUIRED} {}

  [[nodiscard]] constexpr const char* name() const { return entry_.name; }

 private:
  talweg_hyperparameter entry_;
};

/// An option that the model file sets: `if (centered) ...` in `update` chooses what is emitted.
class Flag {
 public:
  constexpr Flag(const char* name, bool default_value, const char* doc)
      : entry_{name, doc, default_value ? 1.0 : 0.0, 0, 1, TALWEG_FLAG, 0} {}

  [[nodiscard]] constexpr const char* name() const { return entry_.name; }
  [[nodiscard]] explicit operator bool() const;

 private:
  talweg_hyperparameter entry_;
};

/// What an optimizer derives from (or from talweg::Minimizer, see talweg/minimizer.hpp). Its members are
/// Hyper and Flag only: they are its table of hyperparameters.
struct UpdateRule {};

/// The same for an optimizer that evaluates the objective itself; see talweg/minimizer.hpp.
struct Minimizer {};

class State;
class Parameter;

/// A value of the graph: a handle, cheap to copy, valid during one `update`. Numbers and hyperparameters are
/// tensors wherever one is expected. Shapes broadcast as NumPy's.
class Tensor {
 public:
  // NOLINTBEGIN(google-explicit-constructor): so that `mu * v - alpha * g` looks like the paper.
  Tensor(double value);
  Tensor(const Hyper& hyperparameter);
  Tensor(const State& state);
  Tensor(const Parameter& parameter);
  // NOLINTEND(google-explicit-constructor)
  [[nodiscard]] static Tensor of(talweg_node node) { return Tensor(Node{node}); }

  explicit operator bool() const = delete;  // known only when the graph runs: where(condition, a, b) chooses

  [[nodiscard]] talweg_node node() const { return node_; }

 private:
  struct Node {
    talweg_node id;
  };
  explicit Tensor(Node node) : node_(node.id) {}
  talweg_node node_;
};

#pragma GCC visibility push(hidden)
namespace detail {

/// Thrown once Talweg has refused something: it knows the reason.
struct Refused {};

/// One call of `update`.
struct Emission {
  struct State {
    std::string name;
    talweg_node value;
  };

  const talweg_update_api& api;
  talweg_update* update;
  talweg_node parameter = TALWEG_NO_NODE;  ///< its latest value
  std::vector<State> states = {};
};

inline constinit thread_local Emission* current = nullptr;

inline Emission& emission() {
  if (current == nullptr) throw std::logic_error("talweg: tensors exist only while `update` runs");
  return *current;
}

inline talweg_node checked(talweg_node node) {
  if (node == TALWEG_NO_NODE) throw Refused{};
  return node;
}

/// A Talweg that is older than this header may lack functions at the table's end.
inline void require_function(std::size_t offset, const char* name) {
  if (emission().api.struct_size <= offset)
    throw std::logic_error(std::string("this version of Talweg has no ") + name);
}

}  // namespace detail
#pragma GCC visibility pop

/// A tensor of the parameter's shape, or a number for each example, that lasts from step to step; Talweg
/// keeps, saves and restores it. Copies speak of the same state.
class State {
 public:
  State(const State&) = default;
  /// What the state becomes; later reads give this value.
  State& operator=(const Tensor& value) {
    detail::Emission& emission = detail::emission();
    detail::Emission::State& state = emission.states[index_];
    emission.api.assign_state(emission.update, state.name.c_str(), value.node());
    state.value = value.node();
    return *this;
  }
  State& operator=(const State& other) { return *this = Tensor(other); }
  ~State() = default;

 private:
  friend class Tensor;
  friend class Parameter;
  explicit State(std::size_t index) : index_(index) {}
  std::size_t index_;
};

/// What is trained: x. Copies speak of the same parameter.
class Parameter {
 public:
  Parameter() = default;
  Parameter(const Parameter&) = default;
  /// What the parameter becomes; later reads give this value. Each update assigns it at least once.
  Parameter& operator=(const Tensor& value) {
    detail::Emission& emission = detail::emission();
    emission.api.assign_parameter(emission.update, value.node());
    emission.parameter = value.node();
    return *this;
  }
  Parameter& operator=(const Parameter& other) { return *this = Tensor(other); }
  ~Parameter() = default;

  /// Of what is minimized with respect to x, of x's shape.
  [[nodiscard]] Tensor gradient() const {
    detail::Emission& emission = detail::emission();
    return Tensor::of(detail::checked(emission.api.gradient(emission.update)));
  }
  /// The same at another point of x's shape, which costs another gradient. Needs `static constexpr bool
  /// kAllParameters = true` in the rule: its x is then the vector of all parameters, whatever it uses.
  [[nodiscard]] Tensor gradient_at(const Tensor& point) const {
    detail::require_function(offsetof(talweg_update_api, gradient_at), "gradient_at");
    detail::Emission& emission = detail::emission();
    return Tensor::of(detail::checked(emission.api.gradient_at(emission.update, point.node())));
  }
  /// Updates already made, a scalar: 0 in the first, so the t of papers is step() + 1.
  [[nodiscard]] Tensor step() const {
    detail::Emission& emission = detail::emission();
    return Tensor::of(detail::checked(emission.api.step(emission.update)));
  }
  /// `initial` everywhere at first; the same name gives the same state.
  [[nodiscard]] State state(const char* name, double initial = 0) const {
    detail::Emission& emission = detail::emission();
    return known(name, detail::checked(emission.api.state(emission.update, name, initial)));
  }
  /// A state that begins as x.
  [[nodiscard]] State copy(const char* name) const {
    detail::require_function(offsetof(talweg_update_api, copy), "copy");
    detail::Emission& emission = detail::emission();
    return known(name, detail::checked(emission.api.copy(emission.update, name)));
  }
  /// `copy` is what the model consists of: it is logged, validated and saved, and x is only where gradients
  /// are taken. Needs `static constexpr bool kSwapsWeights = true` in the rule.
  void evaluate_with(const State& copy) const {
    detail::require_function(offsetof(talweg_update_api, evaluate_with), "evaluate_with");
    detail::Emission& emission = detail::emission();
    emission.api.evaluate_with(emission.update, emission.states[copy.index_].name.c_str());
  }
  // Drawing examples. Needs `static constexpr bool kDrawsExamples = true` in the rule: its x is then the
  // vector of all parameters, whatever it uses.
  /// A number for each example that is trained on; a model without batches is one example.
  [[nodiscard]] State example_state(const char* name, double initial = 0) const {
    detail::require_function(offsetof(talweg_update_api, example_state), "example_state");
    detail::Emission& emission = detail::emission();
    return known(name, detail::checked(emission.api.example_state(emission.update, name, initial)));
  }
  /// How often each example is in the batch of this step.
  [[nodiscard]] Tensor drawn() const {
    detail::require_function(offsetof(talweg_update_api, drawn), "drawn");
    detail::Emission& emission = detail::emission();
    return Tensor::of(detail::checked(emission.api.drawn(emission.update)));
  }
  /// The examples of a step are drawn with probabilities in proportion to that example state as it is then.
  /// The gradient is right on average whatever they are: what is minimized weights each example by the
  /// reciprocal of (examples times its probability).
  void draw_by(const State& state) const {
    detail::require_function(offsetof(talweg_update_api, draw_by), "draw_by");
    detail::Emission& emission = detail::emission();
    emission.api.draw_by(emission.update, emission.states[state.index_].name.c_str());
  }
  /// x's shape. A rule that asks for it is emitted for each parameter by itself.
  [[nodiscard]] int rank() const {
    detail::Emission& emission = detail::emission();
    return emission.api.rank(emission.update);
  }
  [[nodiscard]] std::int64_t size(int axis) const {
    detail::Emission& emission = detail::emission();
    return emission.api.size(emission.update, axis);
  }

 private:
  [[nodiscard]] static State known(const char* name, talweg_node node) {
    std::vector<detail::Emission::State>& states = detail::emission().states;
    for (std::size_t i = 0; i < states.size(); ++i)
      if (states[i].name == name) return State(i);
    states.push_back({name, node});
    return State(states.size() - 1);
  }
};

inline Tensor::Tensor(double value) {
  detail::Emission& emission = detail::emission();
  node_ = detail::checked(emission.api.constant(emission.update, value));
}

inline Tensor::Tensor(const Hyper& hyperparameter) {
  detail::Emission& emission = detail::emission();
  node_ = detail::checked(emission.api.hyperparameter(emission.update, hyperparameter.name()));
}

inline Tensor::Tensor(const State& state) : node_(detail::emission().states[state.index_].value) {}

inline Tensor::Tensor(const Parameter&) {
  detail::Emission& emission = detail::emission();
  if (emission.parameter == TALWEG_NO_NODE)
    emission.parameter = detail::checked(emission.api.parameter(emission.update));
  node_ = emission.parameter;
}

inline Flag::operator bool() const {
  detail::Emission& emission = detail::emission();
  return emission.api.flag(emission.update, name()) != 0;
}

/// An argument of `call` by name: {"axis", -1}, {"keepdims", true}. A vector lives as long as the call.
class Attribute {
 public:
  Attribute(const char* name, const char* text) : attribute_{name, TALWEG_TEXT, 0, {}} {
    attribute_.value.text = text;
  }
  Attribute(const char* name, const std::vector<std::int64_t>& integers)
      : attribute_{name, TALWEG_INTEGERS, static_cast<std::uint32_t>(integers.size()), {}} {
    attribute_.value.integers = integers.data();
  }
  Attribute(const char* name, const std::vector<double>& reals)
      : attribute_{name, TALWEG_REALS, static_cast<std::uint32_t>(reals.size()), {}} {
    attribute_.value.reals = reals.data();
  }
  template <class Number>
  requires std::is_arithmetic_v<Number> Attribute(const char* name, Number value)
      : attribute_{name, TALWEG_REAL, 0, {}} {
    if constexpr (std::is_floating_point_v<Number>) {
      attribute_.value.real = static_cast<double>(value);
    } else {
      attribute_.kind = std::is_same_v<Number, bool> ? TALWEG_BOOLEAN : TALWEG_INTEGER;
      attribute_.value.integer = static_cast<std::int64_t>(value);
    }
  }

  [[nodiscard]] const talweg_attribute& entry() const { return attribute_; }

 private:
  talweg_attribute attribute_;
};

/// Any function of the model language: call("sum", {x}, {{"axis", -1}, {"keepdims", true}}).
inline Tensor call(const char* function, std::initializer_list<Tensor> inputs,
                   std::initializer_list<Attribute> attributes = {}) {
  std::vector<talweg_node> nodes;
  for (const Tensor& input : inputs) nodes.push_back(input.node());
  std::vector<talweg_attribute> entries;
  for (const Attribute& attribute : attributes) entries.push_back(attribute.entry());
  detail::Emission& emission = detail::emission();
  return Tensor::of(detail::checked(emission.api.emit(emission.update, function, nodes.data(), nodes.size(),
                                                      entries.data(), entries.size())));
}

inline Tensor operator+(const Tensor& a, const Tensor& b) { return call("add", {a, b}); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return call("subtract", {a, b}); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return call("multiply", {a, b}); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return call("divide", {a, b}); }
inline Tensor operator-(const Tensor& x) { return call("negative", {x}); }

template <class Assigned>
requires std::is_same_v<Assigned, Tensor> || std::is_same_v<Assigned, State> ||
    std::is_same_v<Assigned, Parameter>
        Assigned& operator+=(Assigned& a, const Tensor& b) {
  return a = a + b;
}
template <class Assigned>
requires std::is_same_v<Assigned, Tensor> || std::is_same_v<Assigned, State> ||
    std::is_same_v<Assigned, Parameter>
        Assigned& operator-=(Assigned& a, const Tensor& b) {
  return a = a - b;
}
template <class Assigned>
requires std::is_same_v<Assigned, Tensor> || std::is_same_v<Assigned, State> ||
    std::is_same_v<Assigned, Parameter>
        Assigned& operator*=(Assigned& a, const Tensor& b) {
  return a = a * b;
}
template <class Assigned>
requires std::is_same_v<Assigned, Tensor> || std::is_same_v<Assigned, State> ||
    std::is_same_v<Assigned, Parameter>
        Assigned& operator/=(Assigned& a, const Tensor& b) {
  return a = a / b;
}

// Elementwise, true or false; conditions for `where`.
inline Tensor operator<(const Tensor& a, const Tensor& b) { return call("less", {a, b}); }
inline Tensor operator<=(const Tensor& a, const Tensor& b) { return call("less_equal", {a, b}); }
inline Tensor operator>(const Tensor& a, const Tensor& b) { return call("greater", {a, b}); }
inline Tensor operator>=(const Tensor& a, const Tensor& b) { return call("greater_equal", {a, b}); }
inline Tensor equal(const Tensor& a, const Tensor& b) { return call("equal", {a, b}); }

// Elementwise.
inline Tensor abs(const Tensor& x) { return call("abs", {x}); }
inline Tensor exp(const Tensor& x) { return call("exp", {x}); }
inline Tensor log(const Tensor& x) { return call("log", {x}); }
inline Tensor sign(const Tensor& x) { return call("sign", {x}); }
inline Tensor sqrt(const Tensor& x) { return call("sqrt", {x}); }
inline Tensor square(const Tensor& x) { return call("square", {x}); }
inline Tensor tanh(const Tensor& x) { return call("tanh", {x}); }
inline Tensor pow(const Tensor& a, const Tensor& b) { return call("power", {a, b}); }
inline Tensor maximum(const Tensor& a, const Tensor& b) { return call("maximum", {a, b}); }
inline Tensor minimum(const Tensor& a, const Tensor& b) { return call("minimum", {a, b}); }
inline Tensor clip(const Tensor& x, const Tensor& low, const Tensor& high) {
  return minimum(maximum(x, low), high);
}
/// `a` where `condition` is true, else `b`.
inline Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  return call("where", {condition, a, b});
}

// Over all elements, a scalar. A rule that uses these is emitted for each parameter by itself.
inline Tensor sum(const Tensor& x) { return call("sum", {x}); }
inline Tensor mean(const Tensor& x) { return call("mean", {x}); }
inline Tensor max(const Tensor& x) { return call("max", {x}); }
inline Tensor dot(const Tensor& a, const Tensor& b) { return sum(a * b); }
/// Euclidean.
inline Tensor norm(const Tensor& x) { return sqrt(sum(square(x))); }

// Matrices.
inline Tensor matmul(const Tensor& a, const Tensor& b) { return call("matmul", {a, b}); }
inline Tensor transpose(const Tensor& x) { return call("transpose", {x}); }

/// Of the elements of a vector, which add up to 1 then.
inline Tensor softmax(const Tensor& x) { return call("softmax", {x}); }

#pragma GCC visibility push(hidden)
namespace detail {

/// Converts to what a member of a rule may be, and to nothing else.
struct AnySetting {
  template <class Setting>
  requires std::is_same_v<Setting, Hyper> || std::is_same_v<Setting, Flag>
  constexpr operator Setting() const;  // NOLINT(google-explicit-constructor): that is what it is for
};

static_assert(sizeof(Hyper) == sizeof(talweg_hyperparameter) && sizeof(Flag) == sizeof(Hyper));

template <class Rule>
inline constexpr std::size_t kSettings = std::is_empty_v<Rule> ? 0 : sizeof(Rule) / sizeof(Hyper);

/// Can Rule be made from a Hyper or Flag for each sizeof(Hyper) of its bytes? Then it holds nothing else.
template <class Rule>
constexpr bool holds_only_settings() {
  if constexpr (std::is_empty_v<Rule>) return true;
  if constexpr (!std::is_aggregate_v<Rule> || sizeof(Rule) % sizeof(Hyper) != 0) return false;
  return []<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return requires {
      Rule{std::conditional_t<std::is_base_of_v<UpdateRule, Rule>, UpdateRule, Minimizer>{},
           (static_cast<void>(kIndex), AnySetting{})...};
    };
  }
  (std::make_index_sequence<kSettings<Rule>>{});
}

template <class Rule>
constexpr std::uint32_t needs_of_rule() {
  std::uint32_t needs = 0;
  if constexpr (requires { Rule::kAllParameters; })
    if (Rule::kAllParameters) needs |= TALWEG_NEEDS_ALL_PARAMETERS;
  if constexpr (requires { Rule::kSwapsWeights; })
    if (Rule::kSwapsWeights) needs |= TALWEG_NEEDS_WEIGHT_SWAP;
  if constexpr (requires { Rule::kDrawsExamples; })
    if (Rule::kDrawsExamples) needs |= TALWEG_NEEDS_EXAMPLES;
  return needs;
}

template <class Rule>
constexpr talweg_plugin_table make_table(const Rule& rule, const char* name, const char* summary,
                                         void (*update)(const talweg_update_api*, talweg_update*)) {
  static_assert(std::is_base_of_v<UpdateRule, Rule>, "an optimizer derives from talweg::UpdateRule");
  static_assert(holds_only_settings<Rule>(),
                "the members of an optimizer are talweg::Hyper and talweg::Flag only, public and without a "
                "constructor");
  static_assert(
      requires { rule.update(Parameter{}); }, "an optimizer has `void update(talweg::Parameter x) const`");
  return {TALWEG_PLUGIN_MAGIC,
          TALWEG_PLUGIN_API_VERSION,
          sizeof(talweg_plugin_table),
          TALWEG_UPDATE_RULE,
          needs_of_rule<Rule>(),
          name,
          summary,
          &rule,
          kSettings<Rule>,
          sizeof(Hyper),
          update,
          nullptr};
}

/// No exception leaves a plugin: its text becomes the message of the error.
template <class Rule>
void run(const Rule& rule, const talweg_update_api* api, talweg_update* update) noexcept {
  Emission emission{*api, update};
  Emission* const before = std::exchange(current, &emission);
  try {
    rule.update(Parameter{});
  } catch (const Refused&) {
    // Talweg knows the reason.
  } catch (const std::exception& exception) {
    api->fail(update, exception.what());
  } catch (...) {
    api->fail(update, "an exception that is no std::exception");
  }
  current = before;
}

}  // namespace detail
#pragma GCC visibility pop

}  // namespace talweg

/// Makes the library a plugin: the optimizer Rule under `name`, which is the file's name without .so. Once a
/// library, outside of any namespace.
#define TALWEG_OPTIMIZER(Rule, name, summary)                              \
  namespace {                                                              \
  constexpr Rule talweg_rule{};                                            \
  void talweg_run(const talweg_update_api* api, talweg_update* update) {   \
    talweg::detail::run(talweg_rule, api, update);                         \
  }                                                                        \
  }                                                                        \
  TALWEG_PLUGIN_EXPORT constinit const talweg_plugin_table talweg_plugin = \
      talweg::detail::make_table(talweg_rule, name, summary, talweg_run);
