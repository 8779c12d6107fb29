#pragma once

#include <filesystem>

#include "tools/program.hpp"

namespace talweg {

/// Writes files of the names, formats and sizes that tools/get-data downloads, but made up, below
/// `directory`: images of ten patterns in noise with their labels, a text of 65 characters, a table of three
/// flowers. What they hold can be learned.
void write_stand_in_data(const std::filesystem::path& directory);

/// Where the real files are: $TALWEG_DATA, or shared/data beside the repository. May not exist.
[[nodiscard]] std::filesystem::path real_data_directory();

/// Models find the real files where they are there, otherwise those in `stand_ins`.
[[nodiscard]] RunOptions with_data(const std::filesystem::path& stand_ins);

}  // namespace talweg
