#include <talweg/plugin.h>

#include <stdexcept>

// Without optimizer.hpp nothing holds the exception back.
static void update(const talweg_update_api*, talweg_update*) {
  throw std::runtime_error("thrown past\nthe C table");
}

TALWEG_PLUGIN_EXPORT constinit const talweg_plugin_table talweg_plugin = {TALWEG_PLUGIN_MAGIC,
                                                                          TALWEG_PLUGIN_API_VERSION,
                                                                          sizeof(talweg_plugin_table),
                                                                          TALWEG_UPDATE_RULE,
                                                                          0,
                                                                          "throws_past_table",
                                                                          "throws through the C table",
                                                                          nullptr,
                                                                          0,
                                                                          0,
                                                                          update};
