#pragma once

#include <memory>

#include "graph/minimizer.hpp"
#include "plugin/loaded_plugin.hpp"

namespace talweg {

/// A plugin's table as a minimizer. Whatever the plugin does wrong in a step is an Error{plugin} that names
/// it and the step.
[[nodiscard]] std::shared_ptr<const Minimizer> make_minimizer(LoadedPlugin plugin);

}  // namespace talweg
