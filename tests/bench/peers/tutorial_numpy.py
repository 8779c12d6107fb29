"""The tutorial's network in NumPy. python3 tutorial_numpy.py HIDDEN STEPS -> "HIDDEN SECONDS" of the steps."""
import sys
import time

import numpy as np

hidden, steps = int(sys.argv[1]), int(sys.argv[2])
X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0], [1], [1], [0]])
np.random.seed(1)
synapse_0 = 2 * np.random.random((3, hidden)) - 1
synapse_1 = 2 * np.random.random((hidden, 1)) - 1
begin = time.perf_counter()
for _ in range(steps):
    layer_1 = 1 / (1 + np.exp(-(X.dot(synapse_0))))
    layer_2 = 1 / (1 + np.exp(-(layer_1.dot(synapse_1))))
    layer_2_delta = (layer_2 - y) * layer_2 * (1 - layer_2)
    layer_1_delta = layer_2_delta.dot(synapse_1.T) * layer_1 * (1 - layer_1)
    synapse_1 -= layer_1.T.dot(layer_2_delta)
    synapse_0 -= X.T.dot(layer_1_delta)
print(hidden, time.perf_counter() - begin)
