#include "plugin/plugin_minimizer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <talweg/error.hpp>

#include "plugin/plugin_path.hpp"
#include "plugin/text.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"

// One step.
struct talweg_objective {
  talweg::Objective& objective;
  const std::vector<talweg::Hyperparameter>& hyperparameters;
  bool second_derivatives;
  bool looked = false;  ///< did it ask for the objective, or end the training?
  std::optional<talweg::Error> failure = {};
};

namespace talweg {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

[[noreturn]] void refuse(const std::string& reason) { throw Error(Status::plugin, reason); }

/// Runs `body`, unless the step has failed already; what it throws becomes the step's failure, since no
/// exception may pass through a plugin.
template <class Result, class Body>
Result guarded(talweg_objective* step, Result otherwise, Body body) noexcept {
  if (step == nullptr || step->failure) return otherwise;
  try {
    return body(*step);
  } catch (const Error& error) {
    step->failure = error;
  } catch (const std::exception& exception) {
    step->failure = Error(Status::plugin, one_line(exception.what()));
  } catch (...) {
    step->failure = Error(Status::internal, "an exception that is no std::exception");
  }
  return otherwise;
}

std::string find_hyperparameter(const talweg_objective& step, const char* text, Hyperparameter::Kind kind) {
  std::string name = text_from_plugin(text, "the name of a hyperparameter");
  std::vector<std::string> names;
  for (const Hyperparameter& hyperparameter : step.hyperparameters) {
    if (hyperparameter.kind != kind) continue;
    if (hyperparameter.name == name) return name;
    names.push_back(hyperparameter.name);
  }
  const std::string wanted = kind == Hyperparameter::Kind::flag ? "flag" : "hyperparameter";
  throw Error(Status::plugin, "there is no " + wanted + " '" + name + "'")
      .set_hint(did_you_mean(name, names));
}

/// A vector of the plugin's, which has the size of x.
template <class T>
std::span<T> vector_of(const talweg_objective& step, T* data, size_t size, const std::string& what) {
  if (data == nullptr) refuse(what + " is a null pointer");
  if (size != step.objective.size())
    refuse(what + " has " + count(static_cast<std::int64_t>(size), "element") + ", x has " +
           std::to_string(step.objective.size()));
  return {data, size};
}

void require_finite(std::span<const double> values, const std::string& what) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      refuse(what + " is " + format_number(values[i]) + " in element " + std::to_string(i));
}

size_t size(talweg_objective* step) {
  return guarded(step, size_t{0}, [](talweg_objective& s) { return s.objective.size(); });
}

int64_t step_number(talweg_objective* step) {
  return guarded(step, int64_t{0}, [](talweg_objective& s) { return s.objective.step(); });
}

double hyperparameter(talweg_objective* step, const char* name) {
  return guarded(step, kNaN, [&](talweg_objective& s) {
    return s.objective.number(find_hyperparameter(s, name, Hyperparameter::Kind::number));
  });
}

int flag(talweg_objective* step, const char* name) {
  return guarded(step, 0, [&](talweg_objective& s) {
    return s.objective.flag(find_hyperparameter(s, name, Hyperparameter::Kind::flag)) ? 1 : 0;
  });
}

const double* x(talweg_objective* step) {
  return guarded<const double*>(step, nullptr, [](talweg_objective& s) { return s.objective.x().data(); });
}

double value(talweg_objective* step) {
  return guarded(step, kNaN, [](talweg_objective& s) {
    s.looked = true;
    return s.objective.value();
  });
}

const double* gradient(talweg_objective* step) {
  return guarded<const double*>(step, nullptr, [](talweg_objective& s) {
    s.looked = true;
    return s.objective.gradient().data();
  });
}

double evaluate(talweg_objective* step, double* at, double* gradient, size_t size) {
  return guarded(step, kNaN, [&](talweg_objective& s) {
    s.looked = true;
    const std::span<double> point = vector_of(s, at, size, "evaluate: x");
    require_finite(point, "evaluate: x");
    return s.objective.evaluate(point, gradient == nullptr ? std::span<double>() : std::span(gradient, size));
  });
}

void hessian_vector(talweg_objective* step, const double* at, const double* vector, double* product,
                    size_t size) {
  guarded(step, false, [&](talweg_objective& s) {
    if (!s.second_derivatives) refuse("hessian_vector: it does not declare that it needs second derivatives");
    s.looked = true;
    s.objective.hessian_vector(vector_of(s, at, size, "hessian_vector: x"),
                               vector_of(s, vector, size, "hessian_vector: the vector"),
                               vector_of(s, product, size, "hessian_vector: the product"));
    return true;
  });
}

void move_to(talweg_objective* step, const double* to, size_t size) {
  guarded(step, false, [&](talweg_objective& s) {
    const std::span<const double> point = vector_of(s, to, size, "move_to: x");
    require_finite(point, "move_to: x");
    s.objective.move_to(point);
    return true;
  });
}

double* state(talweg_objective* step, const char* text, size_t count, double initial) {
  return guarded<double*>(step, nullptr, [&](talweg_objective& s) {
    const std::string name = text_from_plugin(text, "the name of a state");
    if (!is_plugin_name(name))
      refuse("the name '" + name + "' of a state is not made of a-z, 0-9 and _, a letter first");
    if (!std::isfinite(initial)) refuse("state '" + name + "' starts as " + format_number(initial));
    return s.objective.state(name, count, initial).data();
  });
}

double uniform(talweg_objective* step) {
  return guarded(step, kNaN, [](talweg_objective& s) { return s.objective.uniform(); });
}

void stop(talweg_objective* step, const char* reason) {
  guarded(step, false, [&](talweg_objective& s) {
    s.looked = true;
    s.objective.stop(reason == nullptr ? "no reason is given" : one_line(reason));
    return true;
  });
}

void fail(talweg_objective* step, const char* message) {
  guarded(step, false, [&](talweg_objective&) -> bool {
    refuse(message == nullptr ? "fails without a message" : one_line(message));
  });
}

constexpr talweg_objective_api kApi = {sizeof(talweg_objective_api),
                                       size,
                                       step_number,
                                       hyperparameter,
                                       flag,
                                       x,
                                       value,
                                       gradient,
                                       evaluate,
                                       hessian_vector,
                                       move_to,
                                       state,
                                       uniform,
                                       stop,
                                       fail};

class PluginMinimizer final : public Minimizer {
 public:
  explicit PluginMinimizer(LoadedPlugin plugin) : plugin_(std::move(plugin)) {}

  [[nodiscard]] const std::string& name() const override { return plugin_.description.name; }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> libraries() const override {
    return {{plugin_.description.name, plugin_.description.path.string()}};
  }
  [[nodiscard]] const std::vector<Hyperparameter>& hyperparameters() const override {
    return plugin_.description.hyperparameters;
  }
  [[nodiscard]] bool needs_second_derivatives() const override {
    return (plugin_.table->needs & TALWEG_NEEDS_SECOND_DERIVATIVES) != 0;
  }

  void step(Objective& objective) const override {
    talweg_objective step{objective, hyperparameters(), needs_second_derivatives()};
    try {
      plugin_.table->minimize(&kApi, &step);
    } catch (const std::exception& exception) {
      if (!step.failure) step.failure = Error(Status::plugin, one_line(exception.what()));
    } catch (...) {
      if (!step.failure) step.failure = Error(Status::plugin, "an exception that is no std::exception");
    }
    if (!step.failure && !step.looked)
      step.failure = Error(Status::plugin, "it never asks for a value or gradient of the objective");
    if (!step.failure) return;
    throw Error(*step.failure)
        .set_status(Status::plugin)
        .set_message("plugin " + plugin_.description.path.string() + ": step " +
                     std::to_string(objective.step()) + ": " + step.failure->message());
  }

 private:
  LoadedPlugin plugin_;
};

}  // namespace

std::shared_ptr<const Minimizer> make_minimizer(LoadedPlugin plugin) {
  return std::make_shared<PluginMinimizer>(std::move(plugin));
}

}  // namespace talweg
