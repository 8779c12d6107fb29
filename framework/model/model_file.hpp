#pragma once

#include <filesystem>
#include <string>

namespace talweg {

/// The text of a model file or a file of modules. Throws Error{model} that names the file.
[[nodiscard]] std::string read_model_file(const std::filesystem::path& path);

}  // namespace talweg
