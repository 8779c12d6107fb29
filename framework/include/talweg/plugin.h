/* The table by which a library becomes a plugin of Talweg.
 *
 * A plugin is one shared library named <name>.so that defines one data symbol:
 *
 *     const talweg_plugin_table talweg_plugin;        (TALWEG_PLUGIN_EXPORT does the rest)
 *
 * The table must be constant data: its first 24 bytes are read from the file, before any code of the library
 * runs. Authors in C++ need not fill it by hand: see talweg/optimizer.hpp.
 *
 * Only C types cross this boundary, so a plugin may be built by another compiler than Talweg's.
 */
#ifndef TALWEG_PLUGIN_H
#define TALWEG_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

/* "talweg", then two bytes that no text file holds, as a little-endian number. */
#define TALWEG_PLUGIN_MAGIC UINT64_C(0x01006765776c6174)

/* Raised when a table or a function changes its meaning; a plugin of another version is refused. Fields and
 * functions that are only added at the end leave it as it is: struct_size tells which are there. */
#define TALWEG_PLUGIN_API_VERSION 1u

#define TALWEG_PLUGIN_SYMBOL "talweg_plugin"

#ifdef __cplusplus
#define TALWEG_PLUGIN_EXPORT extern "C" __attribute__((visibility("default")))
extern "C" {
#else
#define TALWEG_PLUGIN_EXPORT __attribute__((visibility("default")))
#endif

/* NOLINTBEGIN(modernize-use-using): this is C. */

/* talweg_plugin_table.kind. Other numbers are reserved. */
enum {
  TALWEG_UPDATE_RULE = 1, /* an optimizer that turns a gradient into the nodes of an update */
  TALWEG_MINIMIZER = 2    /* an optimizer that evaluates the objective itself: needs TALWEG_NEEDS_OBJECTIVE */
};

/* Bits of talweg_plugin_table.needs: what the plugin asks of Talweg. A plugin that needs what the running
 * version does not offer is refused by name of the need. */
enum {
  TALWEG_NEEDS_OBJECTIVE = 1 << 0,          /* evaluates the objective itself */
  TALWEG_NEEDS_SECOND_DERIVATIVES = 1 << 1, /* the gradient of the gradient */
  TALWEG_NEEDS_EXAMPLES = 1 << 2,           /* draws the examples of a batch; over all parameters */
  TALWEG_NEEDS_WEIGHT_SWAP = 1 << 3,        /* other weights for evaluation than for training */
  TALWEG_NEEDS_ALL_PARAMETERS = 1 << 4 /* an update over all parameters laid end to end, whatever it emits */
};

/* talweg_hyperparameter.kind. */
enum {
  TALWEG_NUMBER = 1, /* a scalar of the graph; it may change from step to step */
  TALWEG_FLAG = 2    /* 0 or 1, known when the update is emitted */
};

/* Bits of talweg_hyperparameter.options. */
enum {
  TALWEG_LOW_EXCLUDED = 1 << 0,  /* the range is open below */
  TALWEG_HIGH_EXCLUDED = 1 << 1, /* the range is open above */
  TALWEG_REQUIRED = 1 << 2,      /* there is no default: default_value is not read */
  TALWEG_WHOLE = 1 << 3          /* whole numbers alone */
};

/* One setting of a plugin. Names are [a-z][a-z0-9_]*, at most 64 bytes, each at most once. */
typedef struct talweg_hyperparameter {
  const char* name;
  const char* doc; /* one line */
  double default_value;
  double low; /* -INFINITY where there is no bound */
  double high;
  uint32_t kind;
  uint32_t options;
} talweg_hyperparameter;

/* A node of the graph in which an update is emitted: a handle, valid in the call of `update` that got it. */
typedef uint32_t talweg_node;

/* No node: what every function returns once one has failed. */
#define TALWEG_NO_NODE UINT32_C(0xFFFFFFFF)

/* talweg_attribute.kind. */
enum {
  TALWEG_INTEGER = 1,
  TALWEG_REAL = 2,
  TALWEG_BOOLEAN = 3, /* value.integer is 0 or 1 */
  TALWEG_TEXT = 4,
  TALWEG_INTEGERS = 5, /* `count` of them */
  TALWEG_REALS = 6
};

/* An argument of a function by name: {"axis", TALWEG_INTEGER, 0, {.integer = -1}}. */
typedef struct talweg_attribute {
  const char* name;
  uint32_t kind;
  uint32_t count;
  union {
    int64_t integer;
    double real;
    const char* text;
    const int64_t* integers;
    const double* reals;
  } value;
} talweg_attribute;

/* One emission of an update; belongs to Talweg. */
typedef struct talweg_update talweg_update;

/* What an update rule may call while its `update` runs, on the thread that called it.
 *
 * Errors: a function that cannot do what is asked returns TALWEG_NO_NODE (or 0), and Talweg keeps the reason.
 * From then on every function returns at once, so a rule may check each result or none. After `update` has
 * returned, the first reason is reported with the plugin's name. No function throws or ends the process.
 *
 * Texts and arrays given to a function are read during the call only. */
typedef struct talweg_update_api {
  size_t struct_size; /* bytes of this table; functions beyond it are not there */

  /* x, the gradient of what is minimized with respect to it, and the number of updates already made: a
   * scalar, 0 in the first. */
  talweg_node (*parameter)(talweg_update*);
  talweg_node (*gradient)(talweg_update*);
  talweg_node (*step)(talweg_update*);
  /* A number of the plugin's table, as a scalar. Where it is 0 in every step, products with it that are added
   * or subtracted are left out, unless the gradient is in them. */
  talweg_node (*hyperparameter)(talweg_update*, const char* name);
  /* A flag of the plugin's table: 0 or 1. */
  int (*flag)(talweg_update*, const char* name);
  /* A tensor of x's shape that lasts from step to step, `initial` everywhere at first. Talweg keeps, saves
   * and restores it. The same name gives the same tensor; its value is that of before this step. Names are
   * formed as those of hyperparameters. */
  talweg_node (*state)(talweg_update*, const char* name, double initial);
  /* A scalar. */
  talweg_node (*constant)(talweg_update*, double value);
  /* Applies a function of the model language ("add", "sqrt", "where", "matmul", "sum", ...) to nodes, in the
   * order of its tensor arguments; TALWEG_NO_NODE leaves out an optional one. Its other arguments are given
   * by name as attributes. Shapes broadcast as NumPy's. */
  talweg_node (*emit)(talweg_update*, const char* function, const talweg_node* inputs, size_t input_count,
                      const talweg_attribute* attributes, size_t attribute_count);
  /* What x and a state become after this step: of x's shape, or broadcast to it. The last one given counts.
   * An update must assign the parameter; a state that is not assigned keeps its value. */
  void (*assign_parameter)(talweg_update*, talweg_node value);
  void (*assign_state)(talweg_update*, const char* name, talweg_node value);
  /* x's shape. A rule that emits only elementwise functions and never asks for the shape may be emitted once
   * over all parameters laid end to end; any other rule is emitted for each parameter. `size` of an axis
   * outside [0, rank) fails. */
  int (*rank)(talweg_update*);
  int64_t (*size)(talweg_update*, int axis);
  /* Ends the update with a message of the plugin's own. */
  void (*fail)(talweg_update*, const char* message);
  /* The gradient at another point than x: what is minimized is computed once more with `point`, which has x's
   * shape, in its place. Needs TALWEG_NEEDS_ALL_PARAMETERS. */
  talweg_node (*gradient_at)(talweg_update*, talweg_node point);
  /* A state that begins as x; otherwise as `state`. */
  talweg_node (*copy)(talweg_update*, const char* name);
  /* The copy of that name is what the model consists of: it is logged, validated and saved, and x is only
   * where gradients are taken. An update that needs TALWEG_NEEDS_WEIGHT_SWAP says so, and assigns it. */
  void (*evaluate_with)(talweg_update*, const char* name);
  /* With TALWEG_NEEDS_EXAMPLES: a state of one number for each example that is trained on, `initial`
   * everywhere at first; it is assigned as other states are. A model without batches is one example. */
  talweg_node (*example_state)(talweg_update*, const char* name, double initial);
  /* How often each example is in the batch of this step. */
  talweg_node (*drawn)(talweg_update*);
  /* The example state of that name is what the examples of a step are drawn by: independently, each with a
   * probability in proportion to its number. What is minimized weights each example drawn by the reciprocal
   * of (examples times its probability), so that the gradient is right on average. An update that needs
   * TALWEG_NEEDS_EXAMPLES says so. */
  void (*draw_by)(talweg_update*, const char* name);
} talweg_update_api;

/* One step of a minimizer; belongs to Talweg. */
typedef struct talweg_objective talweg_objective;

/* What a minimizer may call while its `minimize` runs, on the thread that called it. x is the vector of all
 * parameters laid end to end; numbers are doubles whatever the model's type. Within one step the function
 * that is minimized stays the same: the same examples, the same random draws.
 *
 * Errors: as above. A function that cannot do what is asked returns 0, NaN or a null pointer, and Talweg
 * keeps the reason. A loss that is infinite or not a number is no error: a step that was too long may give
 * one.
 *
 * Pointers to x, gradient and state stay valid until `minimize` returns; what x and gradient point at changes
 * when `move_to` is called. */
typedef struct talweg_objective_api {
  size_t struct_size; /* bytes of this table; functions beyond it are not there */

  /* Elements of x; steps already made, 0 in the first. */
  size_t (*size)(talweg_objective*);
  int64_t (*step)(talweg_objective*);
  /* A number of the plugin's table, as it is in this step; a flag: 0 or 1. */
  double (*hyperparameter)(talweg_objective*, const char* name);
  int (*flag)(talweg_objective*, const char* name);
  /* Where the training is, and value and gradient there. */
  const double* (*x)(talweg_objective*);
  double (*value)(talweg_objective*);
  const double* (*gradient)(talweg_objective*);
  /* Value and gradient at x. x is rounded in place to the model's type: both belong to what it is then. A
   * null pointer for `gradient` asks for the value alone. `size` is the number of elements of both. */
  double (*evaluate)(talweg_objective*, double* x, double* gradient, size_t size);
  /* The matrix of second derivatives at x times `vector`. Needs TALWEG_NEEDS_SECOND_DERIVATIVES. */
  void (*hessian_vector)(talweg_objective*, const double* x, const double* vector, double* product,
                         size_t size);
  /* The training goes on from there. Talweg knows value and gradient of what was evaluated last. */
  void (*move_to)(talweg_objective*, const double* x, size_t size);
  /* `count` numbers that last from step to step, `initial` everywhere at first. Talweg keeps, saves and
   * restores them. The same name gives the same numbers. Names are formed as those of hyperparameters. */
  double* (*state)(talweg_objective*, const char* name, size_t count, double initial);
  /* The next random number of this step, from [0, 1): it depends on the model's seed and the step alone. */
  double (*uniform)(talweg_objective*);
  /* Ends the training after this step for a reason of the plugin's own, in one line: there is no way further
   * down. It is no error. */
  void (*stop)(talweg_objective*, const char* reason);
  /* Ends the step and the training with an error. */
  void (*fail)(talweg_objective*, const char* message);
} talweg_objective_api;

/* What the symbol `talweg_plugin` is. Texts and arrays live as long as the library, which is never unloaded.
 */
typedef struct talweg_plugin_table {
  /* Read from the file, at these offsets in every version: */
  uint64_t magic;       /* 0: TALWEG_PLUGIN_MAGIC */
  uint32_t api_version; /* 8: TALWEG_PLUGIN_API_VERSION */
  uint32_t struct_size; /* 12: sizeof(talweg_plugin_table) */
  uint32_t kind;        /* 16 */
  uint32_t needs;       /* 20 */
  /* Read after loading: */
  const char* name;    /* the file's name without .so: [a-z][a-z0-9_]* */
  const char* summary; /* one line */
  /* `hyperparameter_count` entries, `hyperparameter_size` bytes apart, each of which starts with a
   * talweg_hyperparameter. */
  const void* hyperparameters;
  size_t hyperparameter_count;
  size_t hyperparameter_size;
  /* TALWEG_UPDATE_RULE: emits the update of one parameter x. Called on one thread at a time for one update,
   * perhaps on several for different ones; it keeps nothing between calls. */
  void (*update)(const talweg_update_api*, talweg_update*);
  /* TALWEG_MINIMIZER: makes one step. Called on one thread at a time for one training, perhaps on several for
   * different ones; what it keeps between calls it keeps as state. A table without this field may end before
   * it. */
  void (*minimize)(const talweg_objective_api*, talweg_objective*);
} talweg_plugin_table;

/* NOLINTEND(modernize-use-using) */

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TALWEG_PLUGIN_H */
