"""Training steps of networks in PyTorch, the best of some rounds.

python3 networks_torch.py THREADS SECONDS NAME... -> "NAME SECONDS" a step, a line each. SECONDS is how long a network is
measured for. OPENBLAS_NUM_THREADS and OMP_NUM_THREADS matter too.
"""
import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

BATCH = 128


class Block(nn.Module):
    """The transformer block of graphs/modules/transformer_block.yaml."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def attention(self, x, later):
        def split(values):
            return values.view(*x.shape[:2], self.heads, -1).transpose(1, 2)

        q, k, v = split(self.query(x)), split(self.key(x)), split(self.value(x))
        scores = q @ k.transpose(-1, -2) / math.sqrt(x.shape[-1] / self.heads)
        weights = scores.masked_fill(later, -math.inf).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(x.shape))

    def forward(self, x, later):
        x = x + self.attention(self.norm_1(x), later)
        return x + self.narrow(F.gelu(self.wide(self.norm_2(x))))


class Transformer(nn.Module):
    """That of graphs/text/shakespeare_gpt.yaml."""

    def __init__(self, characters=65, context=64, width=64, heads=4, blocks=2):
        super().__init__()
        self.which, self.where = nn.Embedding(characters, width), nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(blocks))
        self.norm, self.logits = nn.LayerNorm(width), nn.Linear(width, characters)
        self.register_buffer("positions", torch.arange(context))
        self.register_buffer("later", torch.ones(context, context, dtype=torch.bool).triu(1))

    def forward(self, seen):
        x = self.which(seen) + self.where(self.positions)
        for block in self.blocks:
            x = block(x, self.later)
        return self.logits(self.norm(x)).transpose(1, 2)


def small():
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


def large():
    return nn.Sequential(nn.Linear(784, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10))


def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                         nn.Linear(84, 10))


def images(*shape):
    return torch.rand(BATCH, *shape), torch.randint(0, 10, (BATCH,))


def text():
    rows = torch.randint(0, 65, (16, 65))
    return rows[:, :-1], rows[:, 1:]


RULES = {
    "gd": lambda parameters: torch.optim.SGD(parameters, lr=0.1),
    "adam": torch.optim.Adam,
    "adamw": lambda parameters: torch.optim.AdamW(parameters, weight_decay=0.01),
}
NETWORKS = {
    "small": (small, lambda: images(784)),
    "large": (large, lambda: images(784)),
    "lenet": (lenet, lambda: images(1, 28, 28)),
    "gpt": (Transformer, text),
}


def seconds_of_step(network, rule, seconds):
    make, data = NETWORKS[network]
    model, (x, y) = make(), data()
    optimizer = RULES[rule](model.parameters())

    def time_of(steps):
        begin = time.perf_counter()
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        return (time.perf_counter() - begin) / steps

    time_of(3)
    rounds = 10
    steps = max(1, int(seconds / rounds / time_of(3)))
    return min(time_of(steps) for _ in range(rounds))


torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(1)
for name in sys.argv[3:]:
    print(name, seconds_of_step(*name.split("-"), float(sys.argv[2])), flush=True)
