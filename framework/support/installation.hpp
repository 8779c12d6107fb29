#pragma once

#include <filesystem>

namespace talweg {

/// Where the libraries are that the program or library of this code loads while it runs: beside <prefix>/bin
/// in <prefix>/lib/talweg, or beside the library in talweg. An installation can be moved as a whole.
[[nodiscard]] std::filesystem::path library_directory();

}  // namespace talweg
