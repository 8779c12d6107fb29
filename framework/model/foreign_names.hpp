#pragma once

#include <string>
#include <string_view>

namespace talweg {

/// For a function that is not here under the name that NumPy, PyTorch or Keras has for it, what it is called
/// or how it is written here; "" for other names.
[[nodiscard]] std::string hint_for_foreign_name(std::string_view name);

}  // namespace talweg
