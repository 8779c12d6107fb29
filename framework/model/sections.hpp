#pragma once

#include "model/model_scope.hpp"

namespace talweg {

// One for each section of a model file: reads it into the model. They are called in this order, after every
// name of the file has been defined.

void read_lets(ModelContext& context, const DocumentNode* section);
/// Reads what the entries of `data:` hold; their nodes come with declare_data().
void read_data(ModelContext& context, const DocumentNode* section);
/// `split:` and `train.batch`; either may be null.
void read_examples(ModelContext& context, const DocumentNode* split, const DocumentNode* batch);
/// Gives the entries with `standardize` mean 0 and deviation 1 over the rows that are trained on.
void standardize_data(ModelContext& context);
void declare_data(ModelContext& context);
void read_parameters(ModelContext& context, const DocumentNode* section);
void read_states(ModelContext& context, const DocumentNode* section);
void read_graph(ModelContext& context);
void read_updates(ModelContext& context, const DocumentNode* section);
void read_optimizers(ModelContext& context, const DocumentNode* section);
void read_metrics(ModelContext& context, const DocumentNode* section);
void read_train(ModelContext& context, const DocumentNode* section);
/// UseOptions::expression, which is not in the file.
void read_prediction(ModelContext& context);
/// Holds data by which the graph picks classes or indices to those that there are. Throws Error{data}.
void hold_data_to_places(ModelContext& context);
void read_sweep(ModelContext& context, const DocumentNode* section);
void read_problem(ModelContext& context, const DocumentNode* section);

/// Declares an entry of `parameters:` or `state:` under `path`; nothing where its `if` says that it is not
/// there. The caller appends it to the model's.
[[nodiscard]] std::optional<TensorDeclaration> read_tensor(ModelContext& context, Scope& scope,
                                                           const DocumentEntry& entry,
                                                           const std::string& path, bool state);
/// What an entry of `update:` makes of a state of the model.
void read_update(ModelContext& context, Scope& scope, std::size_t state, const DocumentNode& key,
                 const Expression& expression);

/// Parses train.minimize, so that expressions before it can ask for its gradient.
void prepare_minimize(ModelContext& context, const DocumentNode* train);
/// train.batch, or null.
[[nodiscard]] const DocumentNode* find_batch(const DocumentNode* train);

}  // namespace talweg
