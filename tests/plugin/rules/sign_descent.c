/* An optimizer in plain C:  x <- x - alpha sign(g) */
#include <math.h>
#include <talweg/plugin.h>

static void update(const talweg_update_api* api, talweg_update* u) {
  const talweg_node gradient = api->gradient(u);
  const talweg_node sign = api->emit(u, "sign", &gradient, 1, NULL, 0);
  const talweg_node factors[] = {api->hyperparameter(u, "alpha"), sign};
  const talweg_node terms[] = {api->parameter(u), api->emit(u, "multiply", factors, 2, NULL, 0)};
  api->assign_parameter(u, api->emit(u, "subtract", terms, 2, NULL, 0));
}

static const talweg_hyperparameter hyperparameters[] = {
    {"alpha", "step size", 0.25, 0, INFINITY, TALWEG_NUMBER, TALWEG_LOW_EXCLUDED},
};

TALWEG_PLUGIN_EXPORT const talweg_plugin_table talweg_plugin;
const talweg_plugin_table talweg_plugin = {
    TALWEG_PLUGIN_MAGIC,
    TALWEG_PLUGIN_API_VERSION,
    sizeof(talweg_plugin_table),
    TALWEG_UPDATE_RULE,
    0,
    "sign_descent",
    "Steps of one length, by the sign of the gradient",
    hyperparameters,
    1,
    sizeof(talweg_hyperparameter),
    update,
};
