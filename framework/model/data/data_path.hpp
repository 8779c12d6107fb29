#pragma once

#include <filesystem>
#include <span>
#include <string>

namespace talweg {

/// The data file that a model file names. A relative path is looked for in `model_directory`, then in
/// `directories`, then in those of $TALWEG_DATA, which ':' separates. Throws Error{data} that lists them.
[[nodiscard]] std::filesystem::path find_data_file(const std::string& name,
                                                   const std::filesystem::path& model_directory,
                                                   std::span<const std::filesystem::path> directories);

}  // namespace talweg
