#include <talweg/minimizer.hpp>

using talweg::Vector;

/// Reads the gradient through a pointer after it has moved: it takes what is there for that of before.
struct MinimizerStale : talweg::Minimizer {
  talweg::Hyper alpha{"alpha", 0.001, talweg::positive, "step size"};

  void step(talweg::Objective&) const {}
};

namespace {

void minimize(const talweg_objective_api* api, talweg_objective* objective) {
  const std::size_t size = api->size(objective);
  double* const last = api->state(objective, "last", size, 0);
  const double* const gradient = api->gradient(objective);
  Vector x = std::span(api->x(objective), size);
  for (std::size_t i = 0; i < size; ++i) x[i] -= 0.001 * gradient[i] + 0.0005 * last[i];
  api->move_to(objective, x.data(), size);
  for (std::size_t i = 0; i < size; ++i) last[i] = gradient[i];
}

constexpr MinimizerStale kRule{};

}  // namespace

TALWEG_PLUGIN_EXPORT constinit const talweg_plugin_table talweg_plugin = talweg::detail::make_minimizer_table(
    kRule, "minimizer_stale", "Two gradients a step, the last one read too late", minimize);
