#pragma once

#include <optional>
#include <string>

namespace talweg::speed {

/// Seconds that a kernel takes for 1,000,000 float32 on one thread, by Google Benchmark: "exp", "tanh",
/// "sigmoid" or "gelu". Nothing where that is not installed.
[[nodiscard]] std::optional<double> seconds_of_kernel(const std::string& name, double least_seconds);

}  // namespace talweg::speed
