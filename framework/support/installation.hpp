#pragma once

#include <filesystem>

namespace talweg {

/// Where the libraries are that the program or library of this code loads while it runs: beside <prefix>/bin
/// in <prefix>/lib/talweg, or beside the library in talweg. An installation can be moved as a whole.
[[nodiscard]] std::filesystem::path library_directory();

/// Where the files are that the program or library reads: graphs/modules among them. In the build tree, where
/// share/talweg leads to the sources, and in an installation alike.
[[nodiscard]] std::filesystem::path data_directory();

/// Where the public headers are: <prefix>/include, which has talweg/plugin.h. The build tree has one too.
[[nodiscard]] std::filesystem::path header_directory();

}  // namespace talweg
