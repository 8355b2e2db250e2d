"""What a student's functions are called with, and what they should return.

A ``Case`` belongs to one function of ``elman.tutorial.slides``. Its expected values are that function's, except for
gradients, which are central differences of the value that they are the gradient of: ``(f(w + ε) - f(w - ε)) / 2ε``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.tutorial import slides
from elman.tutorial.slides import Array, Layer, Net

Function = Callable[..., Any]
Arguments = tuple[Any, ...]
Parts = dict[str, Array]
"""A result by part: ``{"Δw_rx": …, "Δw_rh": …}``; a result of one part has the name ``""``."""

STEP = 1e-5


class WrongResult(Exception):
    """A result that cannot be compared: of the wrong type, or with the wrong number of parts."""


@dataclass(frozen=True, slots=True)
class Case:
    """How one function is checked."""

    name: str
    arguments: Callable[[], list[Arguments]]
    """New arguments for each call, since a student's function may change them."""
    call: Callable[[Function, Arguments], Parts]
    gradient: Callable[[Arguments], Parts] | None = None
    """The expected gradient by central differences; None: expect what the function of the slides returns."""
    large: Array | None = None
    """Scores so large that their exponential overflows."""

    @property
    def slides(self) -> tuple[int, ...]:
        """The numbers of the slides, which the docstring of the function begins with."""
        numbers = (inspect.getdoc(self.function) or "").partition(":")[0]
        ranges = [part.split("-") for part in re.findall(r"\d+(?:-\d+)?", numbers)]
        return tuple(number for ends in ranges for number in range(int(ends[0]), int(ends[-1]) + 1))

    @property
    def function(self) -> Function:
        """The function of the slides."""
        function: Function = getattr(slides, self.name)
        return function

    def expected(self, arguments: Arguments) -> Parts:
        """Return the expected result."""
        return self.gradient(arguments) if self.gradient else self.call(self.function, arguments)


def differences(value: Callable[[], float], at: Array) -> Array:
    """Return the gradient of ``value()``, which reads the array ``at``, by central differences."""
    result = np.empty_like(at)
    for i in np.ndindex(at.shape):
        kept = at[i]
        at[i] = kept + STEP
        high = value()
        at[i] = kept - STEP
        result[i] = (high - value()) / (2 * STEP)
        at[i] = kept
    return result


# --- results as arrays ----------------------------------------------------------------------------------------------


def _array(value: Any, part: str = "the result") -> Array:
    if value is None:
        raise WrongResult(f"expected numbers as {part}, got None; is there a return?")
    try:
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise WrongResult(f"expected numbers as {part}, got {type(value).__name__}") from None


def _several(value: Any, names: Sequence[str]) -> list[Any]:
    """Return the parts of a result. Raises WrongResult unless there is one for each name."""
    wanted = f"expected {len(names)} parts, {', '.join(names)}"
    if value is None:
        raise WrongResult(f"{wanted}; got None; is there a return?")
    try:
        parts = list(value)
    except TypeError:
        raise WrongResult(f"{wanted}; got {type(value).__name__}") from None
    if len(parts) != len(names):
        raise WrongResult(f"{wanted}; got {len(parts)}")
    return parts


def _named(value: Any, names: Sequence[str]) -> Parts:
    return {name: _array(part, name) for name, part in zip(names, _several(value, names), strict=True)}


def _one(function: Function, arguments: Arguments) -> Parts:
    return {"": _array(function(*arguments))}


def _layers(function: Function, arguments: Arguments) -> Parts:
    return _named(function(*arguments), [f"φ[{i}]" for i in range(len(arguments[0]) + 1)])


def _layer_gradients(function: Function, arguments: Arguments) -> Parts:
    layers = [f"layer {i}" for i in range(1, len(arguments[0]) + 1)]
    parts: Parts = {}
    for i, pair in enumerate(_several(function(*arguments), layers), start=1):
        parts |= _named(pair, [f"Δw of layer {i}", f"Δb of layer {i}"])
    return parts


def _forward(function: Function, arguments: Arguments) -> Parts:
    return _named(_with_net(function, arguments), ["h", "p", "y"])


def _deltas(function: Function, arguments: Arguments) -> Parts:
    return _named(_with_net(function, arguments), [f"Δ{name}" for name in Net._fields])


def _updated(function: Function, arguments: Arguments) -> Parts:
    net, delta, rate = arguments
    function(*(*net, *delta, rate) if _takes(function, 11) else arguments)
    return dict(zip(Net._fields, net, strict=True))


def _ids(function: Function, arguments: Arguments) -> Parts:
    strings, ids = arguments
    numbers = _array(function(strings, ids), "the numbers returned")
    return {"the numbers returned": numbers, "ids": _array([ids.get(string, -1) for string in strings], "ids")}


def _with_net(function: Function, arguments: Arguments) -> Any:
    """Call a function with the net as one argument, or with its five weights as the slides print it."""
    spread = (*arguments[0], *arguments[1:])
    return function(*(spread if _takes(function, len(spread)) else arguments))


def _takes(function: Function, count: int) -> bool:
    """Return whether a function can be called with this number of arguments."""
    try:
        inspect.signature(function).bind(*range(count))
    except (TypeError, ValueError):
        return False
    return True


# --- arguments ------------------------------------------------------------------------------------------------------


def _net(random: np.random.Generator, words: int = 4, hidden: int = 3, tags: int = 5) -> Net:
    shapes = ((hidden, words), (hidden, hidden), (hidden,), (tags, hidden), (tags,))
    return Net(*(random.normal(0, 0.7, shape) for shape in shapes))


def _sentences() -> Iterator[tuple[Net, list[Array], list[int]]]:
    """Yield nets and sentences of five words, two and one; their vectors are dense, so that every weight matters."""
    for steps in (5, 2, 1):
        random = np.random.default_rng(steps)
        net = _net(random)
        yield net, list(random.normal(0, 1, (steps, 4))), [int(y) for y in random.integers(0, 5, steps)]


def _for_gradient() -> list[Arguments]:
    sentences = []
    for net, x, y_true in _sentences():
        h, p, _ = slides.forward_rnn(net, x)
        sentences.append((net, x, h, p, y_true))
    return sentences


def _for_bptt() -> list[Arguments]:
    return [(*arguments, n) for n in (2, 1, 3) for arguments in _for_gradient()]


def _layers_and_input() -> tuple[list[Layer], Array]:
    """Return three layers and an input; w of the second is square, so that its shape is right if transposed."""
    random = np.random.default_rng(0)
    sizes = ((3, 2), (3, 3), (2, 3))
    return [(random.normal(0, 0.7, size), random.normal(0, 0.7, size[0])) for size in sizes], np.array([0.5, -1.0])


def _for_gradient_nn() -> list[Arguments]:
    network, x = _layers_and_input()
    phi = slides.forward_nn(network, x)
    return [(network, phi, _GOAL - phi[-1])]


_GOAL = np.array([1.0, -1.0])
_DISTRIBUTIONS = ([0.2, 0.3, 0.4, 0.1], [0.4, 0.2, 0.4], [0.1, 0.9], [1.0])


def _for_sgd() -> list[Arguments]:
    data = [(np.array([1.0, 0.0, 2.0]), 1), (np.array([0.0, 1.0, 1.0]), -1), (np.array([1.0, 1.0, 0.0]), -1)]
    return [(data, 1, 0.5), (data, 4, 0.5)]


# --- gradients by central differences -------------------------------------------------------------------------------


def _sigmoid_gradient(arguments: Arguments) -> Parts:
    (a,) = arguments
    return {"": (slides.sigmoid(a + STEP) - slides.sigmoid(a - STEP)) / (2 * STEP)}


def _softmax_gradient(arguments: Arguments) -> Parts:
    """Return the gradient of log p[y] by scores whose softmax is p: the logarithm of p is one such vector."""
    p, y = arguments
    scores = np.log(p)
    return {"": differences(lambda: float(np.log(slides.softmax(scores)[y])), scores)}


def _gradient_nn(arguments: Arguments) -> Parts:
    """Return the gradient of minus half the squared distance to the goal."""
    network, phi, _ = arguments
    parts: Parts = {}

    def value() -> float:
        return float(-0.5 * np.sum((_GOAL - slides.forward_nn(network, phi[0])[-1]) ** 2))

    for i, (w, b) in enumerate(network, start=1):
        parts |= {f"Δw of layer {i}": differences(value, w), f"Δb of layer {i}": differences(value, b)}
    return parts


def _online_sgd(arguments: Arguments) -> Parts:
    data, iterations, alpha = arguments
    w = np.zeros(len(data[0][0]))
    for _ in range(iterations):
        for x, y in data:
            w += alpha * differences(lambda: float(slides.sigmoid(y * np.dot(w, x))), w)  # noqa: B023 - used at once
    return {"": w}


def _gradient_rnn(arguments: Arguments) -> Parts:
    net, x, _, _, y_true = arguments
    return _of_each_weight(net, lambda: slides.log_likelihood(slides.forward_rnn(net, x)[1], y_true))


def _gradient_rnn_bptt(arguments: Arguments) -> Parts:
    """Return the gradient of the log-likelihood if each output sees n hidden states, and the one before is constant."""
    net, x, constant, _, y_true, n = arguments

    def value() -> float:
        total = 0.0
        for t, y in enumerate(y_true):
            first = max(t - n + 1, 0)
            h = constant[first - 1] if first else np.zeros(len(net.b_r))
            for s in range(first, t + 1):
                h = np.tanh(np.dot(net.w_rx, x[s]) + np.dot(net.w_rh, h) + net.b_r)
            total += float(np.log(slides.softmax(np.dot(net.w_oh, h) + net.b_o)[y]))
        return total

    return _of_each_weight(net, value)


def _of_each_weight(net: Net, value: Callable[[], float]) -> Parts:
    return {f"Δ{name}": differences(value, w) for name, w in net._asdict().items()}


_SCORES = np.array([-3.0, -0.5, 0.0, 2.0])
_LARGE = np.array([-1000.0, 0.0, 1000.0])

CASES = (
    Case("sigmoid", lambda: [(_SCORES.copy(),)], _one, large=_LARGE),
    Case("softmax", lambda: [(_SCORES.copy(),), (np.array([1.0, 1.0]),)], _one, large=_LARGE),
    Case("find_best", lambda: [(np.array(p),) for p in _DISTRIBUTIONS], _one),
    Case("softmax_gradient", lambda: [(np.array([0.2, 0.5, 0.3]), y) for y in range(3)], _one, _softmax_gradient),
    Case("create_one_hot", lambda: [(1, 4), (0, 3), (2, 4)], _one),
    Case("forward_nn", lambda: [_layers_and_input()], _layers),
    Case("forward_rnn", lambda: [(net, x) for net, x, _ in _sentences()], _forward),
    Case("online_sgd", _for_sgd, _one, _online_sgd),
    Case("sigmoid_gradient", lambda: [(_SCORES.copy(),)], _one, _sigmoid_gradient, large=_LARGE),
    Case("gradient_nn", _for_gradient_nn, _layer_gradients, _gradient_nn),
    Case("gradient_rnn_bptt", _for_bptt, _deltas, _gradient_rnn_bptt),
    Case("gradient_rnn", _for_gradient, _deltas, _gradient_rnn),
    Case("update_weights", lambda: [(_net(r := np.random.default_rng(0)), _net(r), 0.5)], _updated),
    Case("create_ids", lambda: [(["b", "a", "b", "c"], {"a": 0}), (["x", "y"], {})], _ids),
)
"""The functions of the slides that a student writes, in the order of the slides."""
