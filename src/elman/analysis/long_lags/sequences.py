"""Synthetic sequences: symbols or numbers as inputs, and at some steps a symbol or a number as target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.utils.imports import optional_package

Generator = np.random.Generator


@dataclass(frozen=True)
class Sequences:
    """S sequences of N steps in total, concatenated.

    ``inputs``   (N,) int32 symbols, or (N, D) float32 numbers
    ``gold``     (N,) int32 symbols, or float32 numbers; ignored at steps that are not ``asked``
    ``asked``    (N,) bool, the steps that have a target
    ``lengths``  (S,) int64
    ``legal``    (N, K) bool: the symbols that may come next, if several may; else None
    """

    inputs: NDArray[Any]
    gold: NDArray[Any]
    asked: NDArray[np.bool_]
    lengths: NDArray[np.int64]
    legal: NDArray[np.bool_] | None = None


def joined(parts: Sequence[Sequences]) -> Sequences:
    """Concatenate several ``Sequences``."""
    legal = None if parts[0].legal is None else np.concatenate([part.legal for part in parts if part.legal is not None])
    return Sequences(
        np.concatenate([part.inputs for part in parts]),
        np.concatenate([part.gold for part in parts]),
        np.concatenate([part.asked for part in parts]),
        np.concatenate([part.lengths for part in parts]),
        legal,
    )


def at_the_end(inputs: NDArray[Any], gold: Any) -> Sequences:
    """Return a sequence, (T,) or (T, D), with a target only at its last step."""
    targets = np.zeros(len(inputs), np.float32 if isinstance(gold, float) else np.int32)
    targets[-1] = gold
    asked = np.zeros(len(inputs), bool)
    asked[-1] = True
    return Sequences(inputs, targets, asked, np.array([len(inputs)]))


REBER = {  # state -> {symbol: next state}
    0: {"T": 1, "P": 2},
    1: {"S": 1, "X": 3},
    2: {"T": 2, "V": 4},
    3: {"X": 2, "S": 5},
    4: {"P": 3, "V": 5},
    5: {"E": 6},
}
REBER_SYMBOLS = "BTPSXVE"


def embedded_reber(generator: Generator) -> Sequences:
    """Return a string of the embedded Reber grammar: predict each next symbol; the last but one repeats the second.

    B, T or P, a string of the Reber grammar from B to E, the same T or P, E (Cleeremans et al. 1989).
    """
    end = "TP"[int(generator.integers(2))]
    text, legal = f"B{end}B", ["TP", "B"]  # legal[t]: what may follow text[t]
    state = 0
    while state != 6:
        arcs = REBER[state]
        legal.append("".join(arcs))
        symbol = list(arcs)[int(generator.integers(len(arcs)))]
        text, state = text + symbol, arcs[symbol]
    text, legal = text + end + "E", [*legal, end, "E"]
    ids = np.array([REBER_SYMBOLS.index(symbol) for symbol in text], np.int32)
    table = np.array([[symbol in symbols for symbol in REBER_SYMBOLS] for symbols in legal])
    return Sequences(ids[:-1], ids[1:], np.ones(len(ids) - 1, bool), np.array([len(ids) - 1]), table)


def long_lag(generator: Generator, p: int) -> Sequences:
    """Return x a_1 … a_{p-1} x or y a_1 … a_{p-1} y: predict each next symbol; the last repeats the first (2a)."""
    first = p - 1 + int(generator.integers(2))
    text = np.array([first, *range(p - 1), first], np.int32)
    return Sequences(text[:-1], text[1:], np.ones(p, bool), np.array([p]))


def random_lag(generator: Generator, p: int) -> Sequences:
    """Return a ``long_lag`` with p - 1 random symbols between the ends: predict only the last one (2b)."""
    first = p - 1 + int(generator.integers(2))
    text = np.array([first, *generator.integers(p - 1, size=p - 1)], np.int32)
    return at_the_end(text, first)


def very_long_lag(generator: Generator, q: int, p: int) -> Sequences:
    """Return b, x or y, q + k distractors of p kinds, e: tell x from y. k is geometric, continuing with 0.9 (2c)."""
    target = int(generator.integers(2))
    distractors = q + int(generator.geometric(0.1)) - 1
    b, e, x = p, p + 1, p + 2 + target
    text = np.array([b, x, *generator.integers(p, size=distractors), e], np.int32)
    return at_the_end(text, target)


def two_sequences(
    generator: Generator, T: int, n: int, *, noisy: bool = False, low: float = 0.0, unsure: float = 0.0
) -> Sequences:
    """Return T to 1.1 T numbers: n that give the class (1 or -1), then noise of variance 0.2 (3a).

    The target is ``low`` or 1 - ``low``. ``noisy``: the first n have noise too (3b). ``unsure``: the variance of the
    noise on the target (3c).
    """
    length, positive = T + int(generator.integers(T // 10 + 1)), int(generator.integers(2))
    values = generator.normal(0, 0.2**0.5, length)
    values[:n] = (2 * positive - 1) + (generator.normal(0, 0.2**0.5, n) if noisy else 0)
    target = (1 - low if positive else low) + (generator.normal(0, unsure**0.5) if unsure else 0.0)
    return at_the_end(values[:, None].astype(np.float32), float(target))


def adding(generator: Generator, T: int, *, times: bool = False) -> Sequences:
    """Return T to 1.1 T pairs of a number and a mark: predict 0.5 + (X1 + X2) / 4 of the two marked numbers (4).

    ``times``: predict their product (5). Numbers are from -1 to 1, or from 0 to 1 for products.
    """
    length = T + int(generator.integers(T // 10 + 1))
    values = generator.uniform(0.0 if times else -1.0, 1.0, length)
    marks = np.zeros(length)
    first = int(generator.integers(10))
    rest = [i for i in range(T // 2 - 1) if i != first]
    second = rest[int(generator.integers(len(rest)))]
    marks[0] = marks[-1] = -1
    marks[[first, second]] = 1
    if 0 in (first, second):  # the first pair cannot have both marks: the mark 1 wins
        values[0] = 1.0 if times else 0.0
    x1, x2 = values[first], values[second]
    target = x1 * x2 if times else 0.5 + (x1 + x2) / 4
    return at_the_end(np.stack([values, marks], axis=1).astype(np.float32), float(target))


def temporal_order(generator: Generator, marks: Sequence[tuple[int, int]]) -> Sequences:
    """Return E, distractors of four kinds with m marks X or Y among them, B: predict which of the 2^m orders (6).

    ``marks`` are the first and last position of each mark. Sequences have 100 to 110 symbols.
    """
    length = int(generator.integers(100, 111))
    text = generator.integers(4, size=length).astype(np.int32)  # a, b, c, d
    bits = generator.integers(2, size=len(marks)).tolist()
    for (low, high), bit in zip(marks, bits, strict=True):
        text[int(generator.integers(low, high + 1))] = 4 + bit  # X, Y
    text[0], text[-1] = 6, 7  # E, B
    return at_the_end(text, int(sum(bit << i for i, bit in enumerate(bits))))


def copying(generator: Generator, T: int) -> Sequences:
    """Return ten symbols of eight kinds, T - 1 blanks, a start signal, ten blanks: at the last ten, repeat the symbols.

    Arjovsky et al. 2016, 4.1. Only the last ten of T + 20 steps are targets; the blanks before them need no memory.
    """
    symbols = generator.integers(8, size=10).astype(np.int32)
    text = np.concatenate([symbols, np.full(T - 1, 8), [9], np.full(10, 8)]).astype(np.int32)
    gold = np.concatenate([np.full(T + 10, 8), symbols]).astype(np.int32)
    asked = np.zeros(T + 20, bool)
    asked[-10:] = True
    return Sequences(text, gold, asked, np.array([T + 20]))


@cache
def _digits(permuted: bool) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return pixels (1797, 64) from 0 to 1 and classes (1797,), in a fixed random order.

    Raises MissingExtraError if scikit-learn is not installed.
    """
    with optional_package("scikit-learn", "digits"):
        from sklearn.datasets import load_digits
    digits = load_digits()
    generator = np.random.default_rng(1)
    order = generator.permutation(len(digits.target))
    pixels = np.asarray(digits.data[order] / 16, np.float32)
    return pixels[:, generator.permutation(64)] if permuted else pixels, np.asarray(digits.target[order])


TRAINING_DIGITS = 1_437  # four fifths of the digits


def a_digit(generator: Generator, permuted: bool) -> Sequences:
    """Return an 8 x 8 digit of the training part, pixel by pixel: predict its class at the last pixel."""
    return _digit(int(generator.integers(TRAINING_DIGITS)), permuted)


def held_out_digits(permuted: bool) -> Sequences:
    """Return the digits that are not used for training, a fifth of all."""
    return joined([_digit(i, permuted) for i in range(TRAINING_DIGITS, len(_digits(permuted)[1]))])


def _digit(i: int, permuted: bool) -> Sequences:
    pixels, classes = _digits(permuted)
    return at_the_end(pixels[i][:, None], int(classes[i]))
