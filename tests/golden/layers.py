#!/usr/bin/python3
"""Writes layers.json: outputs and gradients of PyTorch's layers on random inputs, in float64.

Each case has the model that computes the same, the values of its tensors, and what `y` and the gradients of
sum(y * c) have to be. PyTorch 1.13."""

import json
import torch
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)
cases = []


def flat(tensor):
    return tensor.detach().reshape(-1).tolist()


def case(name, entry, x, y, tensors, states={}, after={}):
    """`tensors`: a layer's parameters by path, those of matrices transposed."""
    c = torch.randn(y.shape)
    (y * c).sum().backward()
    shape = lambda t: list(t.shape)
    text = (
        "talweg: 1\n"
        f"data: {{c: {json.dumps(c.tolist())}}}\n"
        f"parameters: {{x: {{shape: {shape(x)}, init: zeros}}}}\n"
        f"graph:\n  y: {entry}\n  loss: sum(y * c)\n"
        "train: {minimize: loss, optimizer: {gd: {alpha: 1}}, steps: 1}\n"
    )
    turn = lambda path, t: t.T if path.endswith("W") else t
    tensors = {"x": x, **tensors}
    cases.append({
        "name": name,
        "model": text,
        "set": {**{p: flat(turn(p, t)) for p, t in tensors.items()}, **states},
        "y": flat(y),
        "gradients": {p: flat(turn(p, t.grad)) for p, t in tensors.items()},
        "after": after,
    })


def leaf(*shape):
    return torch.randn(*shape).requires_grad_()


x, layer = leaf(3, 4), nn.Linear(4, 5)
case("dense", "dense(x, units=5, activation=tanh)", x, torch.tanh(layer(x)), {"y/W": layer.weight, "y/b": layer.bias})
x, layer = leaf(3, 2, 4), nn.Linear(4, 3, bias=False)
case("dense_without_bias", "dense(x, units=3, bias=false)", x, layer(x), {"y/W": layer.weight})


def scaled(layer):
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    return layer


x, layer = leaf(3, 2, 4), scaled(nn.LayerNorm(4))
case("layer_norm", "layer_norm(x)", x, layer(x), {"y/scale": layer.weight, "y/shift": layer.bias})
x, layer = leaf(2, 6, 3), scaled(nn.GroupNorm(3, 6))
case("group_norm", "group_norm(x, groups=3)", x, layer(x), {"y/scale": layer.weight, "y/shift": layer.bias})
x, layer = leaf(4, 3, 2, 2), scaled(nn.BatchNorm2d(3))
y = layer(x)
case("batch_norm", "batch_norm(x)", x, y, {"y/scale": layer.weight, "y/shift": layer.bias},
     after={"y/running_mean": flat(layer.running_mean), "y/running_variance": flat(layer.running_var)})
x, layer = leaf(4, 3), scaled(nn.BatchNorm1d(3)).eval()
layer.running_mean.normal_()
layer.running_var.uniform_(0.5, 2)
states = {"y/running_mean": flat(layer.running_mean), "y/running_variance": flat(layer.running_var)}
case("batch_norm_evaluation", "batch_norm(x)", x, layer(x), {"y/scale": layer.weight, "y/shift": layer.bias}, states)

for causal in (False, True):
    x, layer = leaf(2, 3, 4), nn.MultiheadAttention(4, 2, batch_first=True)
    nn.init.normal_(layer.in_proj_bias)
    nn.init.normal_(layer.out_proj.bias)
    mask = torch.ones(3, 3, dtype=torch.bool).triu(1) if causal else None
    y = layer(x, x, x, attn_mask=mask, need_weights=False)[0]
    entry = f"attention(x, heads=2, causal={causal})"
    tensors = {"y/out/W": layer.out_proj.weight, "y/out/b": layer.out_proj.bias}
    c = torch.randn(y.shape)
    case("attention_causal" if causal else "attention", entry, x, y, tensors)
    for i, part in enumerate(("query", "key", "value")):
        rows = slice(4 * i, 4 * i + 4)
        for path, t in (("W", layer.in_proj_weight), ("b", layer.in_proj_bias)):
            cases[-1]["set"][f"y/{part}/{path}"] = flat(t[rows].T if path == "W" else t[rows])
            cases[-1]["gradients"][f"y/{part}/{path}"] = flat(t.grad[rows].T if path == "W" else t.grad[rows])

x, layer = leaf(3, 4), torch.randn(4).requires_grad_()
case("rms_norm", "rms_norm(x)", x, x / torch.sqrt((x ** 2).mean(-1, keepdim=True) + 1e-5) * layer, {"y/scale": layer})

with open("layers.json", "w") as file:
    json.dump(cases, file, indent=0)
    file.write("\n")
