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


def case(name, entry, x, y, tensors, states={}, after={}, data="", more="", turned=True):
    """`tensors`: a layer's parameters by path, those of matrices transposed unless that is not `turned`. `more`: other
    sections of the model. Without x the layer is applied to something in these."""
    c = torch.randn(y.shape)
    (y * c).sum().backward()
    shape = lambda t: list(t.shape)
    text = (
        "talweg: 1\n"
        f"data: {{{data}c: {json.dumps(c.tolist())}}}\n"
        + (f"parameters: {{x: {{shape: {shape(x)}, init: zeros}}}}\n" if x is not None else "") + more +
        f"graph:\n  y: {entry}\n  loss: sum(y * c)\n"
        "train: {minimize: loss, optimizer: {gd: {alpha: 1}}, steps: 1}\n"
    )
    turn = lambda path, t: t.T if turned and path.endswith("W") and t.dim() == 2 else t
    if x is not None:
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

def add_projections(path, layer):
    """The three that PyTorch keeps in one matrix."""
    for i, part in enumerate(("query", "key", "value")):
        rows = slice(4 * i, 4 * i + 4)
        for name, t in (("W", layer.in_proj_weight), ("b", layer.in_proj_bias)):
            cases[-1]["set"][f"{path}/{part}/{name}"] = flat(t[rows].T if name == "W" else t[rows])
            cases[-1]["gradients"][f"{path}/{part}/{name}"] = flat(t.grad[rows].T if name == "W" else t.grad[rows])


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
    add_projections("y", layer)

x, layer = leaf(3, 4), torch.randn(4).requires_grad_()
case("rms_norm", "rms_norm(x)", x, x / torch.sqrt((x ** 2).mean(-1, keepdim=True) + 1e-5) * layer, {"y/scale": layer})

indices, layer = torch.tensor([[1, 4, 1], [0, 1, 3]]), nn.Embedding(5, 3)
case("embedding", "embedding(indices, count=5, width=3)", None, layer(indices), {"y/W": layer.weight},
     data=f"indices: {indices.tolist()}, ", turned=False)

x, layer = leaf(3, 4), nn.Linear(4, 4)
case("residual", "residual(x, layer=inner)", x, x + torch.tanh(layer(x)), {"y/inner/y/W": layer.weight, "y/inner/y/b": layer.bias},
     more="modules: {inner: {in: x, graph: {y: 'dense(x, units=4, activation=tanh)'}}}\n")

x = leaf(2, 5, 4)
layer = nn.TransformerEncoderLayer(4, 2, 12, dropout=0, activation="gelu", batch_first=True, norm_first=True)
for parameter in layer.parameters():
    if parameter.dim() == 1:
        nn.init.normal_(parameter)
y = layer(x, torch.ones(5, 5, dtype=torch.bool).triu(1))
parts = {"attention/out": layer.self_attn.out_proj, "wide": layer.linear1, "narrow": layer.linear2}
tensors = {f"y/{path}/{name}": t for path, part in parts.items() for name, t in (("W", part.weight), ("b", part.bias))}
for i, norm in enumerate((layer.norm1, layer.norm2), 1):
    tensors |= {f"y/norm_{i}/scale": norm.weight, f"y/norm_{i}/shift": norm.bias}
case("transformer_block", "transformer_block(x, heads=2, expansion=3)", x, y, tensors)
add_projections("y/attention", layer.self_attn)

for name, options in {
    "conv2d": dict(kernel_size=3),
    "conv2d_without_bias": dict(kernel_size=(2, 3), bias=False),
    "conv2d_with_stride": dict(kernel_size=3, stride=(2, 1), padding=(1, 2)),
    "conv2d_dilated": dict(kernel_size=(2, 3), dilation=(3, 2), padding=(0, 1)),
    "conv2d_of_groups": dict(kernel_size=3, groups=2, padding=1, stride=2),
    "conv2d_of_points": dict(kernel_size=1),
}.items():
    x, layer = leaf(2, 4, 6, 5), nn.Conv2d(4, 6, **options)
    text = ", ".join(f"{key.replace('kernel_size', 'kernel')}={list(v) if isinstance(v, tuple) else v}" for key, v in options.items())
    tensors = {"y/W": layer.weight} | ({"y/b": layer.bias} if layer.bias is not None else {})
    case(name, f"conv2d(x, channels=6, {text})", x, layer(x), tensors)

x, layer = leaf(3, 4, 9), nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2)
case("conv1d", "conv1d(x, channels=6, kernel=3, stride=2, padding=2, dilation=2, groups=2)", x, layer(x),
     {"y/W": layer.weight, "y/b": layer.bias})

x = leaf(2, 3, 7, 6)
case("max_pool", "max_pool(x, 2)", x, nn.MaxPool2d(2)(x), {})
x = leaf(2, 3, 7, 6)
case("max_pool_overlapping", "max_pool(x, [3, 2], stride=[2, 1], padding=[1, 0], dilation=[1, 2])", x,
     nn.MaxPool2d((3, 2), (2, 1), (1, 0), (1, 2))(x), {})
x = leaf(2, 3, 9)
case("max_pool_of_sequences", "max_pool(x, 3, stride=2, padding=1)", x, nn.MaxPool1d(3, 2, 1)(x), {})
x = leaf(2, 3, 7, 6)
case("avg_pool", "avg_pool(x, 2)", x, nn.AvgPool2d(2)(x), {})
x = leaf(2, 3, 7, 6)
case("avg_pool_overlapping", "avg_pool(x, [3, 2], stride=[2, 1], padding=[1, 0], count_include_pad=False)", x,
     nn.AvgPool2d((3, 2), (2, 1), (1, 0), count_include_pad=False)(x), {})
x = leaf(2, 3, 9)
case("avg_pool_of_sequences", "avg_pool(x, 3, stride=2, padding=1)", x, nn.AvgPool1d(3, 2, 1)(x), {})
x = leaf(2, 3, 4, 5)
case("global_avg_pool", "global_avg_pool(x)", x, nn.AdaptiveAvgPool2d(1)(x).reshape(2, 3), {})

from torch.nn import functional as F


def loss(name, entry, x, y, target):
    case(name, entry, x, y, {}, data=f"t: {json.dumps(target.tolist())}, ")


for reduction in ("mean", "sum", "none"):
    for name, ours, theirs, target in (
        ("mse", "mse(x, t", F.mse_loss, torch.randn(4, 3)),
        ("mae", "mae(x, t", F.l1_loss, torch.randn(4, 3)),
        ("huber", "huber(x, t, delta=0.7", lambda *a, **k: F.huber_loss(*a, **k, delta=0.7), torch.randn(4, 3)),
        ("binary_cross_entropy", "binary_cross_entropy_with_logits(x, t", F.binary_cross_entropy_with_logits, torch.rand(4, 3)),
        ("kl_divergence", "kl_divergence(x, t", F.kl_div, torch.rand(4, 3) * torch.tensor([1, 0, 1])),
        ("kl_divergence_log", "kl_divergence(x, t, log_target=True", lambda *a, **k: F.kl_div(*a, **k, log_target=True), torch.randn(4, 3)),
        ("cross_entropy", "cross_entropy(x, t", F.cross_entropy, torch.tensor([0, 2, 2, 1])),
        ("cross_entropy_smoothed", "cross_entropy(x, t, label_smoothing=0.2", lambda *a, **k: F.cross_entropy(*a, **k, label_smoothing=0.2), torch.tensor([0, 2, 2, 1])),
        ("cross_entropy_ignoring", "cross_entropy(x, t, ignore_index=2, label_smoothing=0.1", lambda *a, **k: F.cross_entropy(*a, **k, ignore_index=2, label_smoothing=0.1), torch.tensor([0, 2, 2, 1])),
        ("cross_entropy_of_probabilities", "cross_entropy(x, t, label_smoothing=0.1", lambda *a, **k: F.cross_entropy(*a, **k, label_smoothing=0.1), torch.softmax(torch.randn(4, 3), 1)),
    ):
        x = leaf(4, 3)
        loss(f"{name}_{reduction}", f"{ours}, reduction='{reduction}')", x, theirs(x, target, reduction=reduction), target)
x, target = leaf(2, 3, 4), torch.tensor([[0, 2, 1, 1], [2, -1, 0, 2]])
loss("cross_entropy_of_positions", "cross_entropy(x, t, axis=1, ignore_index=-1)", x, F.cross_entropy(x, target, ignore_index=-1), target)
x, target = leaf(4, 3), torch.rand(4, 3)
loss("kl_divergence_by_example", "kl_divergence(x, t, reduction='batchmean')", x, F.kl_div(x, target, reduction="batchmean"), target)
x, target = 20 * torch.randn(5), torch.tensor([0.0, 1.0, 0.3, 1.0, 0.0])
x.requires_grad_()
loss("binary_cross_entropy_far_out", "binary_cross_entropy_with_logits(5 * x, t)", x, F.binary_cross_entropy_with_logits(5 * x, target), target)
x, target = leaf(6), torch.tensor([1, -1, 1, 1, -1, -1])
loss("hinge", "hinge(x, t)", x, torch.clamp(1 - target * x, min=0).mean(), target)
x = leaf(3, 4)
case("l1", "l1(x)", x, x.abs().sum(), {})
x = leaf(3, 4)
case("l2", "l2(x)", x, (x ** 2).sum(), {})

def recurrent(name, options, layer, x, y, extra={}):
    """PyTorch keeps two biases, which are added: the model has their sum."""
    bias = layer.bias_ih_l0
    case(name, f"{name}(x, units=3{options})", x, y, {"y/W": layer.weight_ih_l0, "y/U": layer.weight_hh_l0, "y/b": bias})
    for kind in ("set", "gradients"):
        cases[-1][kind]["y/U"] = flat((layer.weight_hh_l0 if kind == "set" else layer.weight_hh_l0.grad).T)
    cases[-1]["set"] |= {path: flat(values) for path, values in extra.items()}


for name, kind, options in (("rnn", nn.RNN, ""), ("rnn", nn.RNN, ", activation=relu"), ("lstm", nn.LSTM, "")):
    x, layer = leaf(2, 5, 4), kind(4, 3, batch_first=True, **({"nonlinearity": "relu"} if options else {}))
    recurrent(name, options, layer, x, layer(x)[0], {"y/b": layer.bias_ih_l0 + layer.bias_hh_l0})
x, layer = leaf(2, 5, 4), nn.GRU(4, 3, batch_first=True)
joined = torch.cat([layer.bias_hh_l0[:6], torch.zeros(3)])
recurrent("gru", "", layer, x, layer(x)[0], {"y/b": layer.bias_ih_l0 + joined, "y/c": layer.bias_hh_l0[6:]})
cases[-1]["gradients"]["y/c"] = flat(layer.bias_hh_l0.grad[6:])


def same(name, x, kernel, stride, dilation=(1, 1)):
    """x as Keras pads it: ceil(size / stride) windows, the odd element more at the end."""
    widths = []
    for size, k, s, d in zip(x.shape[2:], kernel, stride, dilation):
        total = max((-(-size // s) - 1) * s + d * (k - 1) + 1 - size, 0)
        widths = [total // 2, total - total // 2] + widths
    return nn.functional.pad(x, widths, value=-torch.inf if name == "max" else 0)


x, layer = leaf(2, 3, 6, 5), nn.Conv2d(3, 4, (3, 4), padding="same", dilation=(1, 2))
case("conv2d_same", "conv2d(x, channels=4, kernel=[3, 4], padding='same', dilation=[1, 2])", x, layer(x),
     {"y/W": layer.weight, "y/b": layer.bias})
x, layer = leaf(2, 3, 7, 6), nn.Conv2d(3, 4, 3, stride=2)
case("conv2d_same_with_stride", "conv2d(x, channels=4, kernel=3, stride=2, padding='same')", x,
     layer(same("conv", x, (3, 3), (2, 2))), {"y/W": layer.weight, "y/b": layer.bias})
x, layer = leaf(2, 3, 6, 5), nn.Conv2d(3, 4, 2, padding="valid")
case("conv2d_valid", "conv2d(x, channels=4, kernel=2, padding='valid')", x, layer(x), {"y/W": layer.weight, "y/b": layer.bias})
x, layer = leaf(2, 3, 6), nn.Conv1d(3, 4, 4, padding="same")
case("conv1d_same", "conv1d(x, channels=4, kernel=4, padding='same')", x, layer(x), {"y/W": layer.weight, "y/b": layer.bias})
x = leaf(2, 3, 7, 6)
case("max_pool_same", "max_pool(x, [3, 2], stride=[2, 1], padding='same')", x,
     nn.MaxPool2d((3, 2), (2, 1))(same("max", x, (3, 2), (2, 1))), {})
x = leaf(2, 3, 7, 6)
case("avg_pool_same", "avg_pool(x, [3, 2], stride=[2, 1], padding='same')", x,
     nn.AvgPool2d((3, 2), (2, 1))(same("avg", x, (3, 2), (2, 1))), {})
x = leaf(2, 3, 7, 6)
case("avg_pool_same_of_covered", "avg_pool(x, [3, 2], stride=[2, 1], padding='same', count_include_pad=False)", x,
     nn.AvgPool2d((3, 2), (2, 1))(same("avg", x, (3, 2), (2, 1)))
     / nn.AvgPool2d((3, 2), (2, 1))(same("avg", torch.ones(1, 1, 7, 6), (3, 2), (2, 1))), {})
for padding in (0, 1):
    x = leaf(2, 3, 8, 6)
    case(f"max_pool_ceil_{padding}", f"max_pool(x, [3, 2], stride=[2, 3], padding={padding}, ceil_mode=true)", x,
         nn.MaxPool2d((3, 2), (2, 3), padding, ceil_mode=True)(x), {})
    for count in (False, True):
        x = leaf(2, 3, 8, 6)
        case(f"avg_pool_ceil_{padding}_{count}",
             f"avg_pool(x, [3, 2], stride=[2, 3], padding={padding}, ceil_mode=true, count_include_pad={count})", x,
             nn.AvgPool2d((3, 2), (2, 3), padding, ceil_mode=True, count_include_pad=count)(x), {})
x = leaf(2, 3, 8)
case("max_pool_ceil_of_sequences", "max_pool(x, 3, stride=2, padding=1, ceil_mode=true)", x, nn.MaxPool1d(3, 2, 1, ceil_mode=True)(x), {})
x = leaf(2, 3, 8)
case("avg_pool_ceil_of_sequences", "avg_pool(x, 3, stride=2, padding=1, ceil_mode=true)", x, nn.AvgPool1d(3, 2, 1, ceil_mode=True)(x), {})

weights = torch.tensor([0.5, 2.0, 1.25])
weigh = lambda name, more, target, **options: [
    loss(f"cross_entropy_weighted_{name}_{reduction}", f"cross_entropy(x, t{more}, weight={weights.tolist()}, reduction='{reduction}')",
         x, F.cross_entropy(x, target, weight=weights, reduction=reduction, **options), target)
    for reduction in ("mean", "sum", "none") for x in [leaf(4, 3)]]
labels = torch.tensor([0, 2, 2, 1])
weigh("labels", "", labels)
weigh("smoothed", ", label_smoothing=0.2", labels, label_smoothing=0.2)
weigh("ignoring", ", ignore_index=2, label_smoothing=0.1", labels, ignore_index=2, label_smoothing=0.1)
weigh("probabilities", ", label_smoothing=0.1", torch.softmax(torch.randn(4, 3), 1), label_smoothing=0.1)
x, target = leaf(2, 3, 4), torch.tensor([[0, 2, 1, 1], [2, -1, 0, 2]])
loss("cross_entropy_weighted_of_positions", f"cross_entropy(x, t, axis=1, ignore_index=-1, weight={weights.tolist()})", x,
     F.cross_entropy(x, target, weight=weights, ignore_index=-1), target)
x, target = leaf(4, 3), torch.rand(4, 3)
loss("binary_cross_entropy_weighted", f"binary_cross_entropy_with_logits(x, t, pos_weight={weights.tolist()})", x,
     F.binary_cross_entropy_with_logits(x, target, pos_weight=weights), target)
x, target = 20 * torch.randn(5), torch.tensor([0.0, 1.0, 0.3, 1.0, 0.0])
x.requires_grad_()
loss("binary_cross_entropy_weighted_far_out", "binary_cross_entropy_with_logits(5 * x, t, pos_weight=3)", x,
     F.binary_cross_entropy_with_logits(5 * x, target, pos_weight=torch.tensor(3.0)), target)

for name, options in {
    "conv_transpose2d": dict(kernel_size=3),
    "conv_transpose2d_without_bias": dict(kernel_size=(2, 3), bias=False),
    "conv_transpose2d_with_stride": dict(kernel_size=3, stride=(2, 3), padding=(1, 0), output_padding=(1, 2)),
    "conv_transpose2d_of_groups": dict(kernel_size=(2, 3), groups=2, dilation=(1, 2), stride=2),
}.items():
    x, layer = leaf(2, 4, 3, 4), nn.ConvTranspose2d(4, 6, **options)
    text = ", ".join(f"{key.replace('kernel_size', 'kernel')}={list(v) if isinstance(v, tuple) else v}" for key, v in options.items())
    tensors = {"y/W": layer.weight} | ({"y/b": layer.bias} if layer.bias is not None else {})
    case(name, f"conv_transpose2d(x, channels=6, {text})", x, layer(x), tensors)

x = leaf(2, 3, 4, 5)
case("flatten", "flatten(x)", x, nn.Flatten()(x), {})
x = leaf(2, 3, 4, 5)
case("global_max_pool", "global_max_pool(x)", x, nn.AdaptiveMaxPool2d(1)(x).reshape(2, 3), {})
x = leaf(2, 3, 2, 3)
case("upsample", "upsample(x, factor=2)", x, nn.Upsample(scale_factor=2)(x), {})
x = leaf(2, 3, 2, 3)
case("upsample_by_axis", "upsample(x, factor=[1, 3])", x, nn.Upsample(scale_factor=(1, 3))(x), {})
x, layer = leaf(2, 5, 4), nn.GRU(4, 3, batch_first=True, bidirectional=True, bias=False)
case("bidirectional", "bidirectional(x, layer=gru_without_bias, units=3)", x, layer(x)[0],
     {"y/ahead/y/W": layer.weight_ih_l0, "y/ahead/y/U": layer.weight_hh_l0,
      "y/reversed/y/W": layer.weight_ih_l0_reverse, "y/reversed/y/U": layer.weight_hh_l0_reverse},
     more="modules: {gru_without_bias: {in: x, with: {units: required}, graph: {y: 'gru(x, units=units, bias=false)'}}}\n")
for kind in ("set", "gradients"):
    for path, t in (("ahead", layer.weight_hh_l0), ("reversed", layer.weight_hh_l0_reverse)):
        cases[-1][kind][f"y/{path}/y/U"] = flat((t if kind == "set" else t.grad).T)

with open("layers.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
