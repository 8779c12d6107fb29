#pragma once

#include "bench/rows.hpp"
#include "bench/settings.hpp"

// The families of rows, a file each. What cannot be measured here has a note that says why.

namespace talweg::speed {

/// The tutorial's network: a loop by hand, NumPy, PyTorch.
[[nodiscard]] Rows tutorial_rows(const Settings& settings);
/// Dense networks, LeNet and a transformer: their matrix products alone, PyTorch.
[[nodiscard]] Rows network_rows(const Settings& settings);
/// Programs from their start to their exit.
[[nodiscard]] Rows program_rows(const Settings& settings);
/// Adam's update: a loop that copies as many bytes.
[[nodiscard]] Rows adam_rows(const Settings& settings);
/// Elementwise functions: PyTorch's, on one thread.
[[nodiscard]] Rows kernel_rows(const Settings& settings);
/// The memory of a training step: what is live at its worst moment.
[[nodiscard]] Rows memory_rows(const Settings& settings);
/// How steps and compilation grow; writes Settings::svg.
[[nodiscard]] Rows growth_rows(const Settings& settings);

}  // namespace talweg::speed
