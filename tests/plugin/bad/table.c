/* A right table, but for what the definitions of its build replace. */
#include <math.h>
#include <stddef.h>
#include <talweg/plugin.h>

#ifndef MAGIC
#define MAGIC TALWEG_PLUGIN_MAGIC
#endif
#ifndef API_VERSION
#define API_VERSION TALWEG_PLUGIN_API_VERSION
#endif
#ifndef STRUCT_SIZE
#define STRUCT_SIZE sizeof(talweg_plugin_table)
#endif
#ifndef KIND
#define KIND TALWEG_UPDATE_RULE
#endif
#ifndef NEEDS
#define NEEDS 0
#endif
#ifndef NAME_GIVEN
#define NAME_GIVEN NAME
#endif
#ifndef SUMMARY
#define SUMMARY "a rule that stays where it is"
#endif
#ifndef HYPERPARAMETERS
#define HYPERPARAMETERS hyperparameters
#endif
#ifndef COUNT
#define COUNT 2
#endif
#ifndef ENTRY_SIZE
#define ENTRY_SIZE sizeof(talweg_hyperparameter)
#endif
#ifndef ENTRY_NAME
#define ENTRY_NAME "alpha"
#endif
#ifndef ENTRY_DOC
#define ENTRY_DOC "step size"
#endif
#ifndef ENTRY_KIND
#define ENTRY_KIND TALWEG_NUMBER
#endif
#ifndef LOW
#define LOW 0
#endif
#ifndef HIGH
#define HIGH INFINITY
#endif
#ifndef DEFAULT
#define DEFAULT 0.5
#endif
#ifndef UPDATE
#define UPDATE stay
#endif

#ifdef CALLS_A_MISSING_FUNCTION
double a_function_that_no_library_has(void);
#endif

__attribute__((unused)) static void stay(const talweg_update_api* api, talweg_update* update) {
#ifdef CALLS_A_MISSING_FUNCTION
  api->constant(update, a_function_that_no_library_has());
#endif
  api->assign_parameter(update, api->parameter(update));
}

__attribute__((unused)) static const talweg_hyperparameter hyperparameters[] = {
    {ENTRY_NAME, ENTRY_DOC, DEFAULT, LOW, HIGH, ENTRY_KIND, 0},
    {"beta", "another number", 1, -INFINITY, INFINITY, TALWEG_NUMBER, 0},
};

#if defined(TABLE_IS_A_FUNCTION)
TALWEG_PLUGIN_EXPORT void talweg_plugin(void);
void talweg_plugin(void) {}
#elif !defined(WITHOUT_TABLE)
TALWEG_PLUGIN_EXPORT const talweg_plugin_table talweg_plugin;
#endif

#if defined(TABLE_IS_A_FUNCTION) || defined(WITHOUT_TABLE)
extern const talweg_plugin_table unused;
#define talweg_plugin unused
#endif
const talweg_plugin_table talweg_plugin = {MAGIC, API_VERSION, STRUCT_SIZE, KIND,
                                           NEEDS, NAME_GIVEN,  SUMMARY,     HYPERPARAMETERS,
                                           COUNT, ENTRY_SIZE,  UPDATE};
