#pragma once

#include <optional>
#include <string>

#include "model/model_scope.hpp"
#include "model/vocabulary.hpp"

namespace talweg {

/// An initializer, with the shape that an array or a number has by itself.
struct ReadInitializer {
  Initializer initializer;
  std::optional<Shape> shape;
};

/// Reads `uniform(-1, 1)`, `zeros`, `glorot_normal(gain=2)`, a number or an array. `what` names the tensor.
[[nodiscard]] ReadInitializer read_initializer(ModelContext& context, const DocumentNode& node,
                                               std::size_t limit, const std::string& what);

[[nodiscard]] ReadInitializer read_initializer(Graph& graph, Scope& scope, const DocumentNode& node,
                                               const std::string& what);

/// What `init:` can call.
[[nodiscard]] std::vector<Word> initializers();

}  // namespace talweg
