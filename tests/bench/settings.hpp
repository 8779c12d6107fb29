#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace talweg::speed {

/// What the command line asks for.
struct Settings {
  std::vector<std::string> families;         ///< of rows; all of them if empty
  std::optional<std::string> python;         ///< the interpreter of peers; python3 if not given
  std::optional<std::filesystem::path> svg;  ///< where the plot of growth is written
  int threads = 2;                           ///< of Talweg and of the products that it is compared with
  int rounds = 3;                            ///< in which nobody becomes faster (contest.hpp)
  bool quick = false;  ///< everything as short as it can be: whether it runs, not how fast
  bool json = false;
};

}  // namespace talweg::speed
