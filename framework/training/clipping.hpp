#pragma once

#include <vector>

#include "model/model.hpp"

namespace talweg {

/// The gradients as the optimizer sees them, each of its shape:
///   clip.norm:   g <- g min(1, norm / (|g| + 1e-6)), |g| the Euclidean norm of all of them together
///                (Pascanu, Mikolov and Bengio 2013, algorithm 1; torch.nn.utils.clip_grad_norm_)
///   clip.value:  each element between -value and value
/// The same where nothing is clipped. Appends nodes to their graph. REQUIRES: there is one.
[[nodiscard]] std::vector<Value> clip(const ClipSetting& setting, const std::vector<Value>& gradients);

}  // namespace talweg
