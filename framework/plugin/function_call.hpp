#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "graph/value.hpp"

namespace talweg {

/// Calls a function of the model language: `inputs` are its tensors in order, an empty value leaves out an
/// optional one; the other arguments go by name. Throws Error{plugin} where they do not fit the function.
[[nodiscard]] Value call_function(Graph& graph, std::string_view name, const std::vector<Value>& inputs,
                                  const std::vector<std::pair<std::string, Attribute>>& attributes);

}  // namespace talweg
