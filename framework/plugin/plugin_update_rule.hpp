#pragma once

#include <memory>

#include "graph/update_rule.hpp"
#include "plugin/loaded_plugin.hpp"

namespace talweg {

/// A plugin's table as an update rule. Whatever the plugin does wrong while it emits is an Error{plugin} that
/// names it. REQUIRES: register_ops() was called.
[[nodiscard]] std::shared_ptr<const UpdateRule> make_update_rule(LoadedPlugin plugin);

}  // namespace talweg
