#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/settings.hpp"

namespace talweg::speed {

/// Peers in Python.
class Python {
 public:
  /// Looks for an interpreter that has the module: the one asked for, or else python3, or the system's.
  Python(const Settings& settings, const std::string& module);

  [[nodiscard]] bool is_there() const { return interpreter_.has_value(); }
  /// "python3-torch is not installed".
  [[nodiscard]] const std::string& what_is_missing() const { return missing_; }

  /// A peer's script, "NAME.py" of peers, with its arguments and environment. REQUIRES: is_there().
  [[nodiscard]] std::vector<std::string> command(
      const std::string& script, const std::vector<std::string>& arguments,
      const std::map<std::string, std::string>& environment = {}) const;

 private:
  std::optional<std::string> interpreter_;
  std::string missing_;
};

/// How many threads PyTorch and what it is built on take: which are best depends on the network.
struct TorchThreads {
  int openblas = 1, openmp = 1, torch = 1;
};

/// All of one and two.
[[nodiscard]] std::vector<TorchThreads> all_torch_threads();
[[nodiscard]] std::string to_string(const TorchThreads& threads);

/// peers/networks_torch.py for these names.
[[nodiscard]] std::vector<std::string> torch_networks_command(const Python& python,
                                                              const TorchThreads& threads, double seconds,
                                                              const std::vector<std::string>& names);

}  // namespace talweg::speed
