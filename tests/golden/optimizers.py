#!/usr/bin/python3
"""What 500 steps of each optimizer give, as a text that tests/optimizers/ reads.

    optimizers.py > optimizers.txt

By torch.optim (made with PyTorch 1.13) where it has the rule, or else by the lines below, which follow the papers
in NumPy. All in float64. A record is a line "> PROBLEM NAME {SETTING}" and lines "STEP VALUES" with all parameters end to end.
"""

import sys

import numpy as np
import torch

KEPT = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500]
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)  # NAdam's product of momenta has the default type


def rosenbrock():
    x = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
    return [x], lambda: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def network():
    """The tutorial's."""
    inputs = torch.tensor([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=torch.float64)
    outputs = torch.tensor([[0], [1], [1], [0]], dtype=torch.float64)
    np.random.seed(1)
    weights = [torch.tensor(2 * np.random.random(shape) - 1, requires_grad=True) for shape in [(3, 4), (4, 1)]]

    def loss():
        layer = torch.sigmoid(torch.sigmoid(inputs @ weights[0]) @ weights[1])
        return ((layer - outputs) ** 2).sum() / 2

    return weights, loss


PROBLEMS = {"rosenbrock": rosenbrock, "network": network}


class Rule:
    """A rule that PyTorch 1.13 lacks: `direction(x, g, t, s)` gives the new x and keeps its state in s."""

    def __init__(self, parameters, direction, hyperparameters):
        self.parameters, self.direction, self.hyperparameters = parameters, direction, hyperparameters
        self.t, self.states = 0, [{} for _ in parameters]

    def zero_grad(self):
        for x in self.parameters:
            x.grad = None

    def step(self):
        self.t += 1
        for x, s in zip(self.parameters, self.states):
            new = self.direction(x.detach().numpy(), x.grad.numpy(), self.t, s, **self.hyperparameters)
            x.data = torch.tensor(new)

    def evaluated(self):
        """The weights that count: those trained, unless the rule says otherwise."""
        return [torch.tensor(s.get("evaluated", x.detach().numpy())) for x, s in zip(self.parameters, self.states)]


def average(s, name, value, beta):
    s[name] = beta * s.get(name, np.zeros_like(value)) + (1 - beta) * value
    return s[name]


def momentum(x, g, t, s, alpha=0.01, mu=0.9, dampened=False, weight_decay=0):
    s["v"] = mu * s.get("v", 0) + (1 - mu if dampened else 1) * (g + weight_decay * x)
    return x - alpha * s["v"]


def adabelief(x, g, t, s, alpha=0.001, beta1=0.9, beta2=0.999, epsilon=1e-16, weight_decay=0):
    x = x - alpha * weight_decay * x
    m = average(s, "m", g, beta1)
    s["s"] = average(s, "s", (g - m) ** 2, beta2) + epsilon
    return x - alpha * (m / (1 - beta1**t)) / (np.sqrt(s["s"] / (1 - beta2**t)) + epsilon)


def yogi(x, g, t, s, alpha=0.01, beta1=0.9, beta2=0.999, epsilon=1e-3):
    m = average(s, "m", g, beta1)
    v = s.get("v", np.zeros_like(x))
    s["v"] = v - (1 - beta2) * np.sign(v - g**2) * g**2
    return x - alpha * m / (np.sqrt(s["v"]) + epsilon)


def lion(x, g, t, s, alpha=1e-4, beta1=0.9, beta2=0.99, weight_decay=0):
    m = s.get("m", np.zeros_like(x))
    s["m"] = beta2 * m + (1 - beta2) * g
    return x - alpha * np.sign(beta1 * m + (1 - beta1) * g) - alpha * weight_decay * x


def adafactor(x, g, t, s, alpha=0.01, decay=0.8, epsilon=1e-30, relative=1e-3, threshold=1, weight_decay=0):
    rms = lambda y: np.sqrt((y**2).mean())
    beta = 1 - t**-decay
    if x.ndim == 1:
        v = average(s, "v", g**2 + epsilon, beta)
    else:  # algorithm 4, with sums
        rows = average(s, "rows", (g**2 + epsilon).sum(axis=1), beta)
        columns = average(s, "columns", (g**2 + epsilon).sum(axis=0), beta)
        v = np.outer(rows, columns) / rows.sum()
    u = g / np.sqrt(v)
    u = u / max(1, rms(u) / threshold)
    return x - alpha * weight_decay * x - max(relative, rms(x)) * min(alpha, t**-0.5) * u


def lamb(x, g, t, s, alpha=0.001, beta1=0.9, beta2=0.999, epsilon=1e-6, weight_decay=0.01):
    m, v = average(s, "m", g, beta1), average(s, "v", g**2, beta2)
    u = (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon) + weight_decay * x
    size, length = np.linalg.norm(x), np.linalg.norm(u)
    return x - alpha * (size / length if size > 0 and length > 0 else 1) * u


def muon(x, g, t, s, alpha=0.001, mu=0.95, weight_decay=0.1, epsilon=1e-7, adamw_alpha=3e-4, beta1=0.9, beta2=0.95):
    if x.ndim != 2:
        m, v = average(s, "m", g, beta1), average(s, "v", g**2, beta2)
        return x - adamw_alpha * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + 1e-8)
    y = mu * average(s, "m", g, mu) + (1 - mu) * g
    # a y + b y y' y + c (y y')^2 y, by the singular values that it acts on
    left, values, right = np.linalg.svd(y / (np.sqrt((y**2).sum()) + epsilon), full_matrices=False)
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    y = left @ np.diag(values) @ right
    return x - alpha * weight_decay * x - alpha * np.sqrt(max(1, x.shape[0] / x.shape[1])) * y


def schedule_free(x, g, t, s, alpha=0.0025, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0, scaled=True):
    z, mean, total = s.get("z", x), s.get("evaluated", x), s.get("total", 0) + alpha**2
    d = g / (np.sqrt(average(s, "v", g**2, beta2) / (1 - beta2**t)) + epsilon) if scaled else g
    s["z"] = z - alpha * d - alpha * weight_decay * x
    c = alpha**2 / total
    s["evaluated"], s["total"] = (1 - c) * mean + c * s["z"], total
    return (1 - beta1) * s["z"] + beta1 * s["evaluated"]


def by_torch(optimizer, **fixed):
    """A maker of PyTorch's optimizer from our names of hyperparameters."""

    def make(parameters, given):
        names = {"alpha": "lr", "mu": "momentum", "epsilon": "eps", "initial": "initial_accumulator_value"}
        if optimizer is torch.optim.RMSprop:
            names["rho"] = "alpha"
        arguments = {names.get(name, name): value for name, value in given.items()}
        for pair, first, second, defaults in [
            ("betas", "beta1", "beta2", (0.9, 0.999)),
            ("etas", "eta_minus", "eta_plus", (0.5, 1.2)),
            ("step_sizes", "alpha_min", "alpha_max", (1e-6, 50)),
        ]:
            if first in arguments or second in arguments:
                arguments[pair] = (arguments.pop(first, defaults[0]), arguments.pop(second, defaults[1]))
        return optimizer(parameters, **{**fixed, **arguments})

    return make


def by_lines(direction):
    return lambda parameters, given: Rule(parameters, direction, given)


def by_torch_or_dampened(parameters, given):
    plain = by_torch(torch.optim.SGD, lr=0.01, momentum=0.9)
    return by_lines(momentum)(parameters, given) if "dampened" in given else plain(parameters, given)


optim = torch.optim
RULES = {
    "gd": by_torch(optim.SGD, lr=0.01),
    "momentum": by_torch_or_dampened,
    "nesterov": by_torch(optim.SGD, lr=0.01, momentum=0.9, nesterov=True),
    "adagrad": by_torch(optim.Adagrad),
    "adadelta": by_torch(optim.Adadelta),
    "rmsprop": by_torch(optim.RMSprop),
    "adam": by_torch(optim.Adam),
    "adamw": by_torch(optim.AdamW),
    "amsgrad": by_torch(optim.Adam, amsgrad=True),
    "adamax": by_torch(optim.Adamax),
    "nadam": by_torch(optim.NAdam, foreach=True),  # the other way multiplies by one momentum too many
    "radam": by_torch(optim.RAdam),
    "rprop": by_torch(optim.Rprop),
    "adabelief": by_lines(adabelief),
    "yogi": by_lines(yogi),
    "lion": by_lines(lion),
    "adafactor": by_lines(adafactor),
    "lamb": by_lines(lamb),
    "muon": by_lines(muon),
    "schedule_free": by_lines(schedule_free),
}

# The defaults on the network; on Rosenbrock a step size that suits it; and everything away from its default, with
# an epsilon large enough to show where it stands.
ADAM = {"beta1": 0.8, "beta2": 0.9, "epsilon": 0.1, "weight_decay": 0.05}
SETTINGS = {
    "gd": [("rosenbrock", {"alpha": 0.001}), ("network", {"alpha": 1})],
    "momentum": [("rosenbrock", {"alpha": 0.0005}), ("network", {"alpha": 0.5, "mu": 0.7}),
                 ("network", {"alpha": 1, "mu": 0.8, "dampened": True})],
    "nesterov": [("rosenbrock", {"alpha": 0.0005}), ("network", {"alpha": 0.5, "mu": 0.7})],
    "adagrad": [("rosenbrock", {"alpha": 0.2}),
                ("network", {"alpha": 0.3, "epsilon": 0.2, "initial": 0.1, "weight_decay": 0.01})],
    "adadelta": [("rosenbrock", {}),
                 ("network", {"alpha": 0.7, "rho": 0.8, "epsilon": 0.01, "weight_decay": 0.01})],
    "rmsprop": [("rosenbrock", {}),
                ("network", {"alpha": 0.03, "rho": 0.9, "mu": 0.5, "epsilon": 0.1, "weight_decay": 0.01}),
                ("network", {"rho": 0.9, "epsilon": 0.05, "centered": True})],
    "adam": [("rosenbrock", {"alpha": 0.02}), ("network", {"alpha": 0.05, **ADAM})],
    "adamw": [("rosenbrock", {"alpha": 0.02}), ("network", {"alpha": 0.05, **ADAM})],
    "amsgrad": [("rosenbrock", {"alpha": 0.05}), ("network", {"alpha": 0.05, **ADAM})],
    "adamax": [("rosenbrock", {"alpha": 0.05}), ("network", {"alpha": 0.05, **ADAM})],
    "nadam": [("rosenbrock", {"alpha": 0.02}), ("network", {"alpha": 0.05, **ADAM, "momentum_decay": 0.1})],
    "radam": [("rosenbrock", {}), ("network", {"alpha": 0.05, **ADAM})],
    "rprop": [("rosenbrock", {}),
              ("network", {"alpha": 0.1, "eta_minus": 0.4, "eta_plus": 1.3, "alpha_min": 0.01, "alpha_max": 0.2})],
    "adabelief": [("rosenbrock", {"alpha": 0.02}), ("network", {"alpha": 0.05, **ADAM, "epsilon": 0.01})],
    "yogi": [("rosenbrock", {}), ("network", {"alpha": 0.05, "beta1": 0.8, "beta2": 0.9, "epsilon": 0.1})],
    "lion": [("rosenbrock", {"alpha": 0.003}),
             ("network", {"alpha": 0.01, "beta1": 0.8, "beta2": 0.95, "weight_decay": 0.1})],
    "adafactor": [("rosenbrock", {}), ("network", {}),
                  ("network", {"alpha": 0.02, "decay": 0.7, "epsilon": 1e-4, "relative": 0.8, "threshold": 0.5,
                               "weight_decay": 0.1})],
    "lamb": [("rosenbrock", {}), ("network", {"alpha": 0.002, **ADAM})],
    "muon": [("rosenbrock", {"adamw_alpha": 0.02, "beta1": 0.8}), ("network", {}),
             ("network", {"alpha": 0.005, "mu": 0.8, "weight_decay": 0.2, "epsilon": 0.01})],
    "schedule_free": [("rosenbrock", {"alpha": 0.05}), ("network", {"alpha": 0.05, **ADAM}),
                      ("network", {"alpha": 0.5, "beta1": 0.7, "weight_decay": 0.01, "scaled": False})],
}
# The text grows at its end.
LATER = [
    ("rosenbrock", "gd", {"alpha": 0.001, "weight_decay": 0.1}),
    ("network", "gd", {"alpha": 1, "weight_decay": 0.01}),
    ("rosenbrock", "momentum", {"alpha": 0.0005, "weight_decay": 0.1}),
    ("network", "momentum", {"alpha": 0.5, "mu": 0.7, "weight_decay": 0.01}),
    ("network", "momentum", {"alpha": 1, "mu": 0.8, "dampened": True, "weight_decay": 0.01}),
    ("rosenbrock", "nesterov", {"alpha": 0.0005, "weight_decay": 0.1}),
    ("network", "nesterov", {"alpha": 0.5, "mu": 0.7, "weight_decay": 0.01}),
]
NETWORK_DEFAULTS = [name for name, cases in SETTINGS.items() if ("network", {}) not in cases]


def run(problem, name, setting):
    parameters, loss = PROBLEMS[problem]()
    optimizer = RULES[name](parameters, setting)
    text = ", ".join(f"{key}: {value}" for key, value in setting.items())
    print(f"> {problem} {name} {{{text}}}")
    for step in range(1, KEPT[-1] + 1):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        if step in KEPT:
            shown = optimizer.evaluated() if isinstance(optimizer, Rule) else parameters
            values = torch.cat([x.detach().flatten() for x in shown])
            print(step, *(repr(value) for value in values.tolist()))


def main():
    for name, cases in SETTINGS.items():
        for problem, setting in cases + ([("network", {})] if name in NETWORK_DEFAULTS else []):
            run(problem, name, setting)
    for problem, name, setting in LATER:
        run(problem, name, setting)


if __name__ == "__main__":
    sys.exit(main())
