"""Elementwise functions of 1,000,000 float32 in PyTorch on one thread.

python3 functions_torch.py SECONDS NAME... -> "NAME SECONDS" a line, the best of some rounds.
"""
import sys
import time

import torch

torch.set_num_threads(1)
torch.manual_seed(1)
x = 8 * torch.rand(1_000_000) - 4
y = torch.empty_like(x)
FUNCTIONS = {
    "exp": lambda: torch.exp(x, out=y),
    "tanh": lambda: torch.tanh(x, out=y),
    "sigmoid": lambda: torch.sigmoid(x, out=y),
    "gelu": lambda: torch._C._nn.gelu(x, out=y),
}


def time_of(function, repeats):
    begin = time.perf_counter()
    for _ in range(repeats):
        function()
    return (time.perf_counter() - begin) / repeats


with torch.no_grad():
    for name in sys.argv[2:]:
        function = FUNCTIONS[name]
        time_of(function, 3)
        rounds = 7
        repeats = max(1, int(float(sys.argv[1]) / rounds / time_of(function, 3)))
        print(name, min(time_of(function, repeats) for _ in range(rounds)), flush=True)
