"""The tutorial's network in PyTorch. python3 tutorial_torch.py HIDDEN STEPS -> "HIDDEN SECONDS" of the steps."""
import sys
import time

import torch

torch.set_num_threads(1)
hidden, steps = int(sys.argv[1]), int(sys.argv[2])
X = torch.tensor([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=torch.float64)
y = torch.tensor([[0], [1], [1], [0]], dtype=torch.float64)
torch.manual_seed(1)
synapse_0 = (2 * torch.rand(3, hidden, dtype=torch.float64) - 1).requires_grad_()
synapse_1 = (2 * torch.rand(hidden, 1, dtype=torch.float64) - 1).requires_grad_()
optimizer = torch.optim.SGD([synapse_0, synapse_1], lr=1.0)


def train(count):
    for _ in range(count):
        optimizer.zero_grad(set_to_none=True)
        error = torch.sigmoid(torch.sigmoid(X @ synapse_0) @ synapse_1) - y
        (error.square().sum() / 2).backward()
        optimizer.step()


train(100)
begin = time.perf_counter()
train(steps)
print(hidden, time.perf_counter() - begin)
