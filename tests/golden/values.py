#!/usr/bin/python3
"""What NumPy computes for expressions of the model language, as a text that tests/ops/values_test.cpp reads.

    values.py table                 the frozen expressions, with ordinary, extreme and non-finite values
    values.py random SEED COUNT     random expressions

The frozen files beside this one are made by
    values.py table > values.txt;  values.py random 1 150 > random_values.txt

A record is a line "> DTYPE EXPRESSION", or with ~ in place of > where the result is a sum whose terms may
cancel; a line "NAME TYPE SHAPE VALUES" for each variable; and a line "= TYPE SHAPE VALUES" for the result. SHAPE is "2,3", "-" for a scalar; TYPE is floating, int64 or bool. Of
a float32 record the variables are float32 numbers and the result is computed in double. What NumPy lacks is
defined below as PyTorch defines it.
"""

import math
import sys

import numpy as np

np.seterr(all="ignore")
_erf = np.vectorize(math.erf, otypes=[float])
_erfc = np.vectorize(math.erfc, otypes=[float])


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, float)))


def relu(x):
    return np.where(np.asarray(x) <= 0, np.zeros_like(x), x)


def leaky_relu(x, negative_slope=0.01):
    return np.where(x > 0, x, negative_slope * np.asarray(x, float))


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(x))


def gelu(x, approximate="none"):
    x = np.asarray(x, float)
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * _erfc(-x / math.sqrt(2))


def silu(x):
    return x / (1 + np.exp(-np.asarray(x, float)))


def softplus(x, beta=1.0, threshold=20.0):
    x = np.asarray(x, float)
    return np.where(x * beta > threshold, x, np.logaddexp(0, x * beta) / beta)


def erf(x):
    return _erf(np.asarray(x, float))


def logsumexp(x, axis=None, keepdims=False):
    axes = tuple(range(np.ndim(x))) if axis is None else tuple(np.atleast_1d(axis))
    largest = np.max(x, axis=axes, keepdims=True)
    shift = np.where(np.isfinite(largest), largest, 0)
    result = np.log(np.sum(np.exp(x - shift), axis=axes, keepdims=True)) + shift
    return result if keepdims else np.squeeze(result, axis=axes)


def softmax(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


def one_hot(x, classes):
    return np.eye(classes)[x]


def cross_entropy(x, target, axis=-1, reduction="mean"):
    target = np.asarray(target)
    if target.shape != x.shape:
        target = np.moveaxis(one_hot(target, x.shape[axis]), -1, axis)
    losses = -np.sum(np.where(target == 0, 0, target * log_softmax(x, axis)), axis=axis)
    return {"mean": np.mean, "sum": np.sum, "none": lambda values: values}[reduction](losses)


def mse(x, target, reduction="mean"):
    return {"mean": np.mean, "sum": np.sum, "none": lambda values: values}[reduction]((x - target) ** 2)


def split(x, *arguments, **keywords):
    return np.split(x, *arguments, **keywords)


NUMPY = """exp expm1 log log1p sqrt abs sign floor ceil round sin cos tan arcsin arccos arctan sinh cosh tanh square
reciprocal power maximum minimum where clip equal not_equal less less_equal greater greater_equal sum mean prod max min
var std argmax argmin matmul dot outer transpose reshape concatenate stack take tile broadcast_to cumsum tril eye arange
zeros ones zeros_like ones_like full expand_dims squeeze array add subtract multiply divide negative floor_divide
remainder einsum pad take_along_axis""".split()
LANGUAGE = {name: getattr(np, name) for name in NUMPY}
LANGUAGE.update({f.__name__: f for f in (sigmoid, relu, leaky_relu, elu, gelu, silu, softplus, erf, logsumexp, softmax,
                                         log_softmax, one_hot, cross_entropy, mse, split)})
LANGUAGE["stop_gradient"] = lambda x: x


def evaluate(expression, variables):
    return np.asarray(eval(expression, dict(LANGUAGE), dict(variables)))


def show(array):
    kind = {"f": "floating", "i": "int64", "b": "bool"}[array.dtype.kind]
    shape = ",".join(map(str, array.shape)) or "-"
    return " ".join([kind, shape] + [repr(float(value)) for value in array.ravel()])


def narrow(array):
    """As a float32 graph holds it."""
    return array.astype(np.float32).astype(float) if array.dtype.kind == "f" else array


def write(expression, variables, mark=">"):
    for dtype in ("float64", "float32"):
        given = {name: narrow(value) if dtype == "float32" else value for name, value in variables.items()}
        result = evaluate(expression, given)
        print(mark, dtype, expression)
        for name, value in given.items():
            print(name, show(value))
        print("=", show(narrow(result) if dtype == "float32" else result))


# The table

ORDINARY = np.array([-2.5, -1.25, -1.0, -0.5, -0.125, 0.125, 0.5, 1.0, 1.25, 1.5, 2.5, 3.0])
EXTREME = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-30, -1e-30, 1e-300, 1e30, -1e30, 1e300, 20.5, -20.5, 87.0, 89.5,
                    -90.0, -104.0, 700.0, 710.0, -720.0, -746.0, 1000.0, -1000.0])
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -2.0, 3.0, 0.5, -0.5, 2.0])
INTEGERS = np.array([-3, -2, -1, 0, 1, 2, 3, 7])

UNARY = """-x|abs(x)|sign(x)|square(x)|sqrt(x)|reciprocal(x)|exp(x)|expm1(x)|log(x)|log1p(x)|erf(x)|tanh(x)|sinh(x)
cosh(x)|arctan(x)|floor(x)|ceil(x)|round(x)|sigmoid(x)|relu(x)|leaky_relu(x)|leaky_relu(x, negative_slope=0.5)
elu(x)|elu(x, alpha=0.5)|gelu(x)|silu(x)|softplus(x)|softplus(x, beta=2, threshold=3)
x ** 2|x ** 3|x ** -1|x ** 0|x ** 0.5|x ** 1.5|2 ** x|x ** 2.0|clip(x, -1, 1)|clip(x, None, 1)|clip(x, 0.5, None)
where(x > 0, x, 0)|where(x, 1.5, x)|x == x|x != x|x < 0.5|1 / x|x / 2|x - 1|1 - x|stop_gradient(x)|zeros_like(x)|ones_like(x)
argmax(x)|argmin(x)|max(x)|min(x)""".replace("\n", "|").split("|")
OF_SUMS = """cumsum(x)|sum(x)|mean(x)|logsumexp(x)|softmax(x)|log_softmax(x)|prod(x)|var(x)|std(x)
gelu(x, approximate='tanh')""".replace("\n", "|").split("|")
TRIGONOMETRIC = "sin(x)|cos(x)|tan(x)|arcsin(x)|arccos(x)".split("|")
BINARY = """x + y|x - y|x * y|x / y|x ** y|power(x, y)|maximum(x, y)|minimum(x, y)|x == y|x != y|x < y|x <= y|x > y
x >= y|x // y|x % y|where(x > y, x, y)|clip(x, y, 1)|add(x, y)|multiply(x, y)|outer(x, y)""".replace("\n", "|").split("|")
OF_INTEGERS = """-i|abs(i)|sign(i)|square(i)|relu(i)|round(i)|i + j|i - j|i * j|maximum(i, j)|minimum(i, j)|i / 2
i * 2|i + 0.5|i ** 2|i ** j[:4].reshape(4, 1)|exp(i)|floor(i / 2)|i == j|(i > 0) + (j > 1)|(i > 0) * (j > 1)|sum(i > 0)|mean(i > 0)
max(i > 0)|(i > 0) + 1|-(i * 1)|where(i > 0, i, 0)|where(i > 0, 1, 0.5)|sum(i)|prod(j)|mean(i)|cumsum(i)|cumsum(i > 0)|var(i)
max(i)|min(i)|argmax(i)|clip(i, -1, 1)|full(3, 2) + i[:3]|arange(5) * 2|arange(2, 9, 3)|arange(5, 0, -2)
arange(0, 1, 0.1)|arange(0.5)|arange(3.0)|eye(3)|eye(2, 3, 1)|eye(3, 2, k=-1)|zeros((2, 3))|ones(3)|full((2, 2), 1.5)|(i > 0) @ (j > 1)
abs(i > 0)|array([True, False]) * array([2, 3])|array([[1, 2], [3, 4.5]])|i // j|i % j|i // 2|i % -3|i // 0|i % 0|i // -2.0|i % 0.75|(i > 0) // (j > 1)|(i > 0) % (j > 1)|floor_divide(i, j)|remainder(i, j)|i[i[3:]]|i[[-1, 0]]|i[[[0, 1], [2, 3]]]""".replace(
    "\n", "|").split("|")
OF_SHAPES = """sum(d, axis=0)|sum(d, axis=-1)|sum(d, axis=(0, 2))|sum(d, axis=1, keepdims=True)|mean(d, axis=(1, 2))|prod(d, axis=1)
max(d, axis=1)|min(d, axis=(0, 2), keepdims=True)|var(d, axis=0)|std(d, axis=2, ddof=1)|var(d, ddof=1)|logsumexp(d, axis=1)
logsumexp(d, axis=(0, 2), keepdims=True)|argmax(d)|argmax(d, axis=1)|argmin(d, axis=-1)|argmax(d, axis=0, keepdims=True)
cumsum(d)|cumsum(d, axis=1)|cumsum(d, axis=-1)|softmax(d)|softmax(d, axis=0)|log_softmax(d, axis=1)|a @ c|a @ b|b @ c|b @ b|d @ c
g @ d|c.T @ d.transpose(0, 2, 1)|matmul(g[:, None], d[0])|b @ d.transpose(0, 2, 1)|dot(a, c)|dot(a, b)|dot(b, b)|dot(2.5, a)|dot(g, d)
dot(b, d.transpose(0, 2, 1))|outer(a, b)|outer(b, b)|a.T|d.T|transpose(d, (1, 0, 2))|d.transpose(2, 0, 1)|transpose(d, [-1, 0, 1])
reshape(d, -1)|reshape(d, (4, -1))|d.reshape(2, -1, 2)|d.reshape(-1, 6)|d.reshape((3, 8))|concatenate((a, a))|concatenate([a, a * 2], axis=1)
concatenate([a, a, a], axis=-1)|stack([a, a + 1])|stack([b, b, b], axis=1)|stack((a, a), axis=-1)|split(d, 3, axis=1)[1]|split(a, [1])[1]
split(a, [1, 3], axis=1)[2]|split(a, [-1], axis=1)[1]|split(a, [5], axis=1)[1]|split(b, 2)[0]|a[1]|a[-1]|a[1, 2]|a[(1, 2)]|a[(1,)]|a[()]|a[:, 1]|a[..., 1]
a[1:]|a[:-1]|a[::-1]|a[:, ::-2]|a[::2, 1::2]|a[5:]|a[:, 3:0:-1]|a[None]|a[:, None, :]|a[..., None]|d[1, ..., 0]|d[:, 1:2, -2:]|d[0][1][2]
d[-1, :, 1]|a[[0, 2]]|a[:, [1, 1, -1]]|take(a, [0, 5])|take(a, [[0, -1], [1, 2]], axis=0)|take(a, k, axis=1)|take(a, k)|a[:, k]|take(b, 2)
one_hot(k, 4)|one_hot([[0, 1], [2, -1]], 3)|tile(b, 2)|tile(b, (2, 2))|tile(a, 2)|tile(a, (2, 1))|tile(d, (2, 1, 2))|tile(a, (2, 1, 1))|tile(a, 0)
broadcast_to(b, (3, 4))|broadcast_to(a[:, :1], (2, 3, 4))|broadcast_to(2.5, (2,))|tril(a)|tril(a, -1)|tril(d, k=1)|tril(b)|expand_dims(a, 0)
expand_dims(a, -1)|expand_dims(a, (0, 3))|squeeze(a[None, :, :1])|squeeze(a[None], axis=0)|squeeze(a[:, :1], -1)|a + b|a * a[:, :1]|d - a[:2, None, 0:1]
d / (1 + b ** 2)|a[:, :1] + b|d.sum(axis=1)|d.mean()|a.max(axis=0)|a.std()|a.reshape(-1)[::2]|a.shape[1] * b|b[a.shape[0]]
array([b, b * 2]) @ c|[1, 2, 3, 4] * b|mse(a, b)|mse(a, a * 2)|mse(a, b, reduction='sum')|cross_entropy(a, k)|cross_entropy(a, k, reduction='none')
cross_entropy(d, array([[0, 1, 2, 0], [2, 1, 0, 1]]), axis=1)|cross_entropy(a, softmax(a * 2))|cross_entropy(a, one_hot(k, 4))|where(a > 0, b, a[:, :1])
maximum(a, b)|clip(a, b, 1)|-a ** 2|(-a) ** 2|2 ** -a|a @ c + 1|-a @ c|a ** 2 @ c|(a > 0) == (b > 0)|sum(a, axis=())|sum(z, axis=0)|sum(z, axis=-1, keepdims=True)
max(z, axis=-1)|prod(z, axis=0)|argmax(z, axis=0)|argmin(z, axis=-1)|softmax(z)|softmax(z, axis=0)|log_softmax(z, axis=-1)
pad(a, 1)|pad(a, (1, 2))|pad(a, [[0, 2], [1, 0]])|pad(a, 1, constant_values=2.5)|pad(d, ((1, 0), (0, 0), (2, 1)), mode='edge')|pad(b, 3, 'reflect')
pad(b, 9, 'symmetric')|pad(b, [3, 2], mode='wrap')|pad(a, [[3, 9], [0, 2]], mode='reflect')|pad(b[:1], 2, mode='reflect')|pad(b, 9, 'reflect')
take_along_axis(a, argmax(a, axis=1, keepdims=True), axis=1)|take_along_axis(d, array([[[0, -1, 2, 1]]]), 1)|take_along_axis(a, array([[1, 3]]), axis=-1)
einsum('ij->ji', a)|einsum('ji', a)|einsum('ij,jk->ik', a, c)|einsum('ij,jk', a, c)|einsum('ii', a[:, :3])|einsum('ii->i', a[:, :3])|einsum('i,j->ij', b, b)
einsum('...j,jk->...k', d, c)|einsum('bij,bkj->bik', d, d)|einsum('bij,j->b', d, b)|einsum('ij,jk,kl->il', a, c, c.T)|einsum('i...->...', d)
einsum('...ij,...kj->...ik', d, d)|einsum('ij,ij->', a, a)|einsum('iij->j', d[:, :2])|einsum(' i j , j -> i', a, b)|einsum('...,...', a, b)
einsum('ijk,ij->kj', d, d[:, :, 0])|einsum('ij,jk->ik', a[:, :1], c)|einsum('ij,ij->ij', a, a[:1])|einsum('ij,i->', a, g[0])|einsum('ijij->ij', outer(b, b).reshape(2, 2, 2, 2, 1)[..., 0])
einsum('bqd,bkd,bkv->bqv', d, d, d)|einsum('i,i,i,i->i', b, b, b, b)""".replace("\n", "|").split("|")
SPECIAL_REDUCTIONS = """max(s, axis=0)|max(s, axis=1)|min(s, axis=1)|argmax(s, axis=1)|argmin(s, axis=1)|sum(s, axis=1)|mean(s, axis=0)
prod(s, axis=1)|logsumexp(s, axis=1)|softmax(s, axis=1)|log_softmax(s, axis=1)|cumsum(s, axis=1)|s @ s.T|var(s, axis=1)|std(s, axis=1)""".replace(
    "\n", "|").split("|")


def variables_of_shapes():
    def values(*shape):
        count = math.prod(shape)
        return np.array([round(math.sin(2.3 * i + count) * 3, 3) for i in range(count)]).reshape(shape)

    return {"a": values(3, 4), "b": values(4), "c": values(4, 2), "d": values(2, 3, 4), "g": values(2, 3), "k": np.array([3, 0, 2]),
            "z": np.array(1.7)}


def used(expression, variables):
    """The variables whose names are words of the expression."""
    words = "".join(c if c.isalnum() or c == "_" else " " for c in expression).split()
    return {name: value for name, value in variables.items() if name in words}


def table():
    for expression in UNARY:
        write(expression, {"x": ORDINARY})
        write(expression, {"x": EXTREME})
    for expression in OF_SUMS:
        write(expression, {"x": ORDINARY}, "~")
        write(expression, {"x": EXTREME}, "~")
    for expression in TRIGONOMETRIC:
        write(expression, {"x": ORDINARY})
        write(expression, {"x": np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-30, 0.75, -0.75, 1.0, -1.0, 100.0, 1e5])})
    for expression in BINARY:
        write(expression, {"x": SPECIAL[:, None], "y": SPECIAL})
    for expression in OF_INTEGERS:
        write(expression, used(expression, {"i": INTEGERS, "j": INTEGERS[::-1].copy()}))
    for expression in OF_SHAPES:
        write(expression, used(expression, variables_of_shapes()), "~")
    rows = np.array([[np.nan, 1, 2], [1, np.nan, np.nan], [np.inf, 1, -np.inf], [-np.inf, -np.inf, -np.inf],
                     [np.inf, np.inf, 0], [1000, 1000, -1000], [-1000, -1001, -1002], [-0.0, -0.0, -0.0]])
    for expression in SPECIAL_REDUCTIONS:
        write(expression, {"s": rows}, "~")


# Random expressions


class Expressions:
    """Builds expressions from variables, keeping their values moderate and what jumps on variables alone."""

    def __init__(self, seed):
        self.random = np.random.RandomState(seed)

    def below(self, number):
        return int(self.random.randint(number))

    def one_of(self, values):
        return values[self.below(len(values))]

    def shape(self):
        return tuple(self.one_of([1, 2, 3, 4]) for _ in range(self.below(4)))

    def make_variables(self):
        self.variables = {}
        for name in "abcd":
            shape = self.shape()
            self.variables[name] = np.round(self.random.uniform(-3, 3, shape), 3)
        # Shapes that are sure to meet.
        base = self.variables["a"].shape
        self.variables["g"] = np.round(self.random.uniform(-3, 3, base[self.below(len(base) + 1):]), 3)
        self.variables["f"] = np.round(self.random.uniform(-3, 3, tuple(self.one_of([1, size]) for size in base)), 3)

    def value(self, text):
        return evaluate(text, self.variables)

    def axis_of(self, x):
        return self.below(x.ndim) - self.one_of([0, x.ndim])

    def unary(self, x, value):
        name = self.one_of(["tanh", "sin", "cos", "sigmoid", "arctan", "softplus", "silu", "gelu", "erf", "square", "relu",
                            "abs", "elu", "leaky_relu", "-", "exp", "log1p", "sqrt", "expm1", "reciprocal"])
        if name == "-":
            return f"-{x}" if x.isalnum() else f"-({x})"
        if name in ("log1p", "sqrt"):
            return f"{name}(abs({x}) + 0.25)"
        if name in ("exp", "expm1"):
            return f"{name}(tanh({x}))"
        if name == "reciprocal":
            return f"1 / (1 + ({x}) ** 2)"
        return f"{name}({x})"

    def binary(self, x, y):
        form = self.one_of(["{x} + {y}", "({x}) - ({y})", "({x}) * ({y})", "({x}) / (1 + abs({y}))", "maximum({x}, {y})",
                            "minimum({x}, {y})", "where({v} > 0.5, {x}, {y})", "sigmoid({x}) ** ({y})", "({x}) @ ({y})",
                            "dot({x}, {y})", "outer({x}, {y})", "clip({x}, -1, {y})", "concatenate([{x}, {y}], axis=-1)",
                            "stack([{x}, {y}], axis=-1)", "mse({x}, {y})"])
        return form.format(x=x, y=y, v=self.one_of(list(self.variables)))

    def reduction(self, x, value):
        name = self.one_of(["sum", "mean", "max", "min", "var", "std", "logsumexp", "softmax", "log_softmax", "cumsum", "prod"])
        if value.ndim == 0:
            return f"{name}({x})" if name in ("sum", "mean", "max", "min") else x
        axis = self.axis_of(value)
        if name in ("softmax", "log_softmax", "cumsum"):
            return f"{name}({x}, axis={axis})"
        if name == "std" and value.shape[axis] < 2:
            return x
        return f"{name}({x}, axis={axis}, keepdims=True)" if self.below(2) else f"{name}({x}, axis={axis})"

    def layout(self, x, value):
        if value.ndim == 0:
            return self.one_of([f"broadcast_to({x}, (2, 3))", f"expand_dims({x}, 0)", f"tile({x}, 3)"])
        axis, size = self.axis_of(value), value.shape[0]
        forms = [f"({x}).T", f"reshape({x}, -1)", f"({x}).reshape({size}, -1)", f"({x})[::-1]", f"({x})[..., None]",
                 f"({x})[None, 0]", f"({x})[-1]", f"({x})[1:]", f"({x})[..., ::2]", f"tile({x}, 2)", f"expand_dims({x}, {axis})",
                 f"take({x}, [0, -1, 0], axis={axis})", f"({x})[[0, -1]]", f"squeeze({x})", f"split({x}, 1, axis={axis})[0]",
                 f"split({x}, [1], axis={axis})[0]", f"tril(outer({x}, {x}), {self.below(3) - 1})"]
        if value.ndim == 2:
            forms += [f"({x})[:, 0]", f"({x})[:, ::-1]", f"tril({x})", f"({x}) @ ({x}).T"]
        if value.ndim == 3:
            forms += [f"transpose({x}, (1, 2, 0))", f"({x})[..., 0, :]", f"({x})[:, -1:, 0]"]
        return self.one_of(forms)

    def jump(self):
        name, value = self.one_of(list(self.variables.items()))
        forms = [f"sign({name})", f"floor({name})", f"ceil({name})", f"round({name})", f"argmax({name})", f"({name} > 0.5) * 2",
                 f"({name} <= -0.25) * 2", f"(({name} < 0) + ({name} > 1)) * 1"]
        if value.ndim:
            axis = self.axis_of(value)
            forms += [f"argmax({name}, axis={axis})", f"one_hot(argmin({name}, axis={axis}), {value.shape[axis]})",
                      f"sum({name} > 0, axis={axis})"]
        return self.one_of(forms)

    def grow(self, pool):
        recent = pool[-5:] if self.below(3) else pool
        x, y = self.one_of(recent), self.one_of(pool)
        kind = self.below(10)
        if kind < 3:
            return self.binary(x, y)
        if kind < 5:
            return self.unary(x, self.value(x))
        if kind < 7:
            return self.reduction(x, self.value(x))
        if kind < 9:
            return self.layout(x, self.value(x))
        return self.jump()

    def make(self):
        """An expression whose values are moderate, with what it uses."""
        self.make_variables()
        pool = list(self.variables)
        while len(pool) < len(self.variables) + 14:
            text = self.grow(pool)
            try:
                value = self.value(text)
            except (ValueError, IndexError, TypeError, AttributeError):
                continue  # shapes that do not fit
            if len(text) > 300 or not 0 < value.size <= 200 or value.ndim > 5 or value.dtype.kind not in "fib":
                continue
            if np.all(np.isfinite(value)) and np.max(np.abs(value)) < 100:
                pool.append(text)
        return pool[-1]


def random_expressions(seed, count):
    expressions = Expressions(seed)
    made = 0
    while made < count:
        expression = expressions.make()
        if len(expression) < 12:
            continue
        write(expression, used(expression, expressions.variables), "~")
        made += 1


if __name__ == "__main__":
    if sys.argv[1:] == ["table"]:
        table()
    else:
        random_expressions(int(sys.argv[2]), int(sys.argv[3]))
