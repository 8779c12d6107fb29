#pragma once

#include <cstdint>
#include <string>

#include "model/model_scope.hpp"

namespace talweg {

// Values whose type their place in the model file decides. Each throws Error{model} at `node` where it has
// another one; `what` names the place: "steps", "the shape of 'w'".

/// A number, flag or nested list that is known when the model is read.
[[nodiscard]] Operand read_constant(ModelContext& context, const DocumentNode& node, std::size_t limit,
                                    const std::string& what);
[[nodiscard]] Operand read_number_operand(ModelContext& context, const DocumentNode& node, std::size_t limit,
                                          const std::string& what);
[[nodiscard]] double read_number(ModelContext& context, const DocumentNode& node, std::size_t limit,
                                 const std::string& what);
[[nodiscard]] std::int64_t read_integer(ModelContext& context, const DocumentNode& node, std::size_t limit,
                                        const std::string& what, std::int64_t least);
/// An integer or a list of them.
[[nodiscard]] Shape read_shape(ModelContext& context, const DocumentNode& node, std::size_t limit,
                               const std::string& what);
/// True or False, with the names of `scope`.
[[nodiscard]] bool read_flag(Graph& graph, Scope& scope, const DocumentNode& node, const std::string& what);
// As above, with the names of `scope`.
[[nodiscard]] Shape read_shape(Graph& graph, Scope& scope, const DocumentNode& node, const std::string& what);
[[nodiscard]] NumberArray read_array(Graph& graph, Scope& scope, const DocumentNode& node,
                                     const std::string& what);
/// A nested list of numbers.
[[nodiscard]] NumberArray read_array(ModelContext& context, const DocumentNode& node, std::size_t limit,
                                     const std::string& what);

}  // namespace talweg
