#pragma once

#include "model/model.hpp"

namespace talweg {

/// Replaces what the model minimizes by the same with each example's part of it times its weight: a leaf of
/// as many numbers as a batch has examples, which is returned. Throws Error{model} with a place in the file
/// where it is not a sum or mean over the examples. REQUIRES: the model has `train:` and Examples.
[[nodiscard]] NodeId weight_examples(CheckedModel& model);

}  // namespace talweg
