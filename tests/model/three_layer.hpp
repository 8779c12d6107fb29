#pragma once

#include <string>

namespace talweg {

/// The network of the gradient-descent tutorial, as the design shows it.
inline const std::string kThreeLayer = R"(talweg: 1
name: three_layer
dtype: float64
seed: 1

let: {hidden: 4, alpha: 10}

data:
  X: [[0,0,1],[0,1,1],[1,0,1],[1,1,1]]
  y: [[0],[1],[1],[0]]

parameters:
  synapse_0: {shape: [3, hidden], init: 'uniform(-1, 1)'}
  synapse_1: {shape: [hidden, 1], init: 'uniform(-1, 1)'}

graph:
  layer_1: sigmoid(X @ synapse_0)
  layer_2: sigmoid(layer_1 @ synapse_1)
  error: layer_2 - y
  loss: sum(error * error) / 2

train:
  minimize: loss
  optimizer: {gd: {alpha: alpha}}
  steps: 60000
  log: {every: 10000, Error: mean(error * error)}
)";

}  // namespace talweg
