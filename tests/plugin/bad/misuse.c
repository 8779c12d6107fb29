/* One wrong call for each flag; without one, a right update. */
#include <math.h>
#include <talweg/plugin.h>

#define FLAG(name) \
  { name, "a wrong call", 0, 0, 1, TALWEG_FLAG, 0 }

static const talweg_hyperparameter hyperparameters[] = {
    FLAG("unknown_function"),
    FLAG("too_many_inputs"),
    FLAG("too_few_inputs"),
    FLAG("unknown_node"),
    FLAG("left_out"),
    FLAG("shapes"),
    FLAG("unknown_attribute"),
    FLAG("attribute_kind"),
    FLAG("attribute_null"),
    FLAG("attribute_unknown_kind"),
    FLAG("missing_argument"),
    FLAG("axis"),
    FLAG("unknown_hyperparameter"),
    FLAG("unknown_flag"),
    FLAG("number_as_flag"),
    FLAG("null_name"),
    FLAG("null_inputs"),
    FLAG("many_inputs"),
    FLAG("parameter_shape"),
    FLAG("parameter_type"),
    FLAG("parameter_forgotten"),
    FLAG("state_shape"),
    FLAG("state_undeclared"),
    FLAG("state_name"),
    FLAG("state_initial"),
    FLAG("state_twice"),
    FLAG("size"),
    FLAG("fails"),
    FLAG("fails_silently"),
    FLAG("first_of_two"),
    {"alpha", "step size", 0.5, 0, INFINITY, TALWEG_NUMBER, TALWEG_LOW_EXCLUDED},
};

static talweg_node emit2(const talweg_update_api* api, talweg_update* u, const char* function, talweg_node a,
                         talweg_node b) {
  const talweg_node inputs[] = {a, b};
  return api->emit(u, function, inputs, 2, NULL, 0);
}

static talweg_node emit_sum(const talweg_update_api* api, talweg_update* u, talweg_attribute attribute) {
  const talweg_node x = api->parameter(u);
  return api->emit(u, "sum", &x, 1, &attribute, 1);
}

static void update(const talweg_update_api* api, talweg_update* u) {
  const talweg_node x = api->parameter(u);
  const talweg_node g = api->gradient(u);
  const talweg_node three[] = {x, g, g};
  if (api->flag(u, "unknown_function")) emit2(api, u, "substract", x, g);
  if (api->flag(u, "too_many_inputs")) api->emit(u, "add", three, 3, NULL, 0);
  if (api->flag(u, "too_few_inputs")) api->emit(u, "add", three, 1, NULL, 0);
  if (api->flag(u, "unknown_node")) emit2(api, u, "add", x, 1000);
  if (api->flag(u, "left_out")) emit2(api, u, "add", x, TALWEG_NO_NODE);
  if (api->flag(u, "shapes")) emit2(api, u, "matmul", x, g);
  if (api->flag(u, "unknown_attribute"))
    emit_sum(api, u, (talweg_attribute){"axes", TALWEG_INTEGER, 0, {.integer = 0}});
  if (api->flag(u, "attribute_kind"))
    emit_sum(api, u, (talweg_attribute){"axis", TALWEG_REAL, 0, {.real = 0.5}});
  if (api->flag(u, "attribute_null"))
    emit_sum(api, u, (talweg_attribute){"axis", TALWEG_INTEGERS, 2, {.integers = NULL}});
  if (api->flag(u, "attribute_unknown_kind"))
    emit_sum(api, u, (talweg_attribute){"axis", 77, 0, {.integer = 0}});
  if (api->flag(u, "missing_argument")) api->emit(u, "reshape", &x, 1, NULL, 0);
  if (api->flag(u, "axis")) emit_sum(api, u, (talweg_attribute){"axis", TALWEG_INTEGER, 0, {.integer = 5}});
  if (api->flag(u, "unknown_hyperparameter")) api->hyperparameter(u, "alhpa");
  if (api->flag(u, "unknown_flag")) api->flag(u, "fail");
  if (api->flag(u, "number_as_flag")) api->flag(u, "alpha");
  if (api->flag(u, "null_name")) api->emit(u, NULL, &x, 1, NULL, 0);
  if (api->flag(u, "null_inputs")) api->emit(u, "add", NULL, 2, NULL, 0);
  if (api->flag(u, "many_inputs")) api->emit(u, "add", &x, (size_t)-1, NULL, 0);
  if (api->flag(u, "parameter_shape"))
    api->assign_parameter(u, emit_sum(api, u, (talweg_attribute){"axis", TALWEG_INTEGER, 0, {.integer = 1}}));
  if (api->flag(u, "parameter_type")) api->assign_parameter(u, emit2(api, u, "less", x, g));
  if (api->flag(u, "state_shape")) {
    api->state(u, "v", 0);

    api->assign_state(u, "v",
                      emit_sum(api, u, (talweg_attribute){"axis", TALWEG_INTEGER, 0, {.integer = 1}}));
  }
  if (api->flag(u, "state_undeclared")) api->assign_state(u, "v", g);
  if (api->flag(u, "state_name")) api->state(u, "../v", 0);
  if (api->flag(u, "state_initial")) api->state(u, "v", NAN);
  if (api->flag(u, "state_twice")) {
    api->state(u, "v", 0);
    api->state(u, "v", 1);
  }
  if (api->flag(u, "size")) api->size(u, 2);
  if (api->flag(u, "fails")) api->fail(u, "the moon\nis full");
  if (api->flag(u, "fails_silently")) api->fail(u, NULL);
  if (api->flag(u, "first_of_two")) {
    api->fail(u, "first");
    api->fail(u, "second");
  }
  if (!api->flag(u, "parameter_forgotten"))
    api->assign_parameter(
        u, emit2(api, u, "subtract", x, emit2(api, u, "multiply", api->hyperparameter(u, "alpha"), g)));
}

TALWEG_PLUGIN_EXPORT const talweg_plugin_table talweg_plugin;
const talweg_plugin_table talweg_plugin = {
    TALWEG_PLUGIN_MAGIC,
    TALWEG_PLUGIN_API_VERSION,
    sizeof(talweg_plugin_table),
    TALWEG_UPDATE_RULE,
    0,
    "misuse",
    "wrong calls",
    hyperparameters,
    sizeof hyperparameters / sizeof hyperparameters[0],
    sizeof hyperparameters[0],
    update,
};
