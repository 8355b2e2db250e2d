"""Made-up sequences: symbols or numbers in, at some steps a symbol or a number to be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import MissingExtraError

Generator = np.random.Generator


@dataclass(frozen=True)
class Sequences:
    """S sequences of N steps in all, laid end to end.

    ``inputs``   (N,) int32 symbols, or (N, D) float32 numbers
    ``gold``     (N,) int32 symbols, or float32 numbers; what stands at steps that are not asked is not looked at
    ``asked``    (N,) bool, the steps at which something is to be said
    ``lengths``  (S,) int64
    ``legal``    (N, K) bool: the symbols that may come next, where several may; else None
    """

    inputs: NDArray[Any]
    gold: NDArray[Any]
    asked: NDArray[np.bool_]
    lengths: NDArray[np.int64]
    legal: NDArray[np.bool_] | None = None


def joined(parts: Sequence[Sequences]) -> Sequences:
    """Several as one."""
    legal = None if parts[0].legal is None else np.concatenate([one.legal for one in parts if one.legal is not None])
    return Sequences(
        np.concatenate([one.inputs for one in parts]),
        np.concatenate([one.gold for one in parts]),
        np.concatenate([one.asked for one in parts]),
        np.concatenate([one.lengths for one in parts]),
        legal,
    )


def at_the_end(inputs: NDArray[Any], gold: Any) -> Sequences:
    """One sequence (T,) or (T, D) of which something is asked at its last step alone."""
    wanted = np.zeros(len(inputs), np.float32 if isinstance(gold, float) else np.int32)
    wanted[-1] = gold
    asked = np.zeros(len(inputs), bool)
    asked[-1] = True
    return Sequences(inputs, wanted, asked, np.array([len(inputs)]))


REBER = {  # state: the symbols that lead on, and where to
    0: {"T": 1, "P": 2},
    1: {"S": 1, "X": 3},
    2: {"T": 2, "V": 4},
    3: {"X": 2, "S": 5},
    4: {"P": 3, "V": 5},
    5: {"E": 6},
}
REBER_SYMBOLS = "BTPSXVE"


def embedded_reber(generator: Generator) -> Sequences:
    """A string of the embedded Reber grammar; each next symbol is to be said, and the last but one needs the second.

    B, T or P, a string of the Reber grammar from B to E, the same T or P, E (Cleeremans et al. 1989).
    """
    end = "TP"[int(generator.integers(2))]
    text, legal = f"B{end}B", ["TP", "B"]  # legal[t]: what may follow text[t]
    state = 0
    while state != 6:
        ways = REBER[state]
        legal.append("".join(ways))
        symbol = list(ways)[int(generator.integers(len(ways)))]
        text, state = text + symbol, ways[symbol]
    text, legal = text + end + "E", [*legal, end, "E"]
    ids = np.array([REBER_SYMBOLS.index(symbol) for symbol in text], np.int32)
    table = np.array([[symbol in those for symbol in REBER_SYMBOLS] for those in legal])
    return Sequences(ids[:-1], ids[1:], np.ones(len(ids) - 1, bool), np.array([len(ids) - 1]), table)


def long_lag(generator: Generator, p: int) -> Sequences:
    """x a_1 … a_{p-1} x or y a_1 … a_{p-1} y: each next symbol is to be said; the last one needs the first (2a)."""
    first = p - 1 + int(generator.integers(2))
    text = np.array([first, *range(p - 1), first], np.int32)
    return Sequences(text[:-1], text[1:], np.ones(p, bool), np.array([p]))


def random_lag(generator: Generator, p: int) -> Sequences:
    """The same with p - 1 symbols at random between the ends; only the last one is asked for (2b)."""
    first = p - 1 + int(generator.integers(2))
    text = np.array([first, *generator.integers(p - 1, size=p - 1)], np.int32)
    return at_the_end(text, first)


def very_long_lag(generator: Generator, q: int, p: int) -> Sequences:
    """b, x or y, q + k distractors of p kinds, e; which one it was is asked. k grows with a probability of 0.9 (2c)."""
    which = int(generator.integers(2))
    many = q + int(generator.geometric(0.1)) - 1
    b, e, x = p, p + 1, p + 2 + which
    text = np.array([b, x, *generator.integers(p, size=many), e], np.int32)
    return at_the_end(text, which)


def two_sequences(
    generator: Generator, T: int, n: int, *, noisy: bool = False, low: float = 0.0, unsure: float = 0.0
) -> Sequences:
    """Numbers: n that say which class it is (1 or -1), then noise of variance 0.2; T to 1.1 T in all (3a).

    To be said is ``low`` or 1 - ``low``. ``noisy``: those n have noise too (3b). ``unsure``: the variance of noise on
    what is to be said (3c).
    """
    length, which = T + int(generator.integers(T // 10 + 1)), int(generator.integers(2))
    values = generator.normal(0, 0.2**0.5, length)
    values[:n] = (2 * which - 1) + (generator.normal(0, 0.2**0.5, n) if noisy else 0)
    wanted = (1 - low if which else low) + (generator.normal(0, unsure**0.5) if unsure else 0.0)
    return at_the_end(values[:, None].astype(np.float32), float(wanted))


def adding(generator: Generator, T: int, *, times: bool = False) -> Sequences:
    """Pairs of a number and a mark: the sum of the two marked numbers is to be said, 0.5 + (X1 + X2) / 4 (4).

    ``times``: their product (5). T to 1.1 T pairs; the numbers from -1 to 1, of products from 0 to 1.
    """
    length = T + int(generator.integers(T // 10 + 1))
    values = generator.uniform(0.0 if times else -1.0, 1.0, length)
    marks = np.zeros(length)
    first = int(generator.integers(10))
    rest = [i for i in range(T // 2 - 1) if i != first]
    second = rest[int(generator.integers(len(rest)))]
    marks[0] = marks[-1] = -1
    marks[[first, second]] = 1
    if 0 in (first, second):  # a pair cannot have both marks: the other one wins
        values[0] = 1.0 if times else 0.0
    x1, x2 = values[first], values[second]
    wanted = x1 * x2 if times else 0.5 + (x1 + x2) / 4
    return at_the_end(np.stack([values, marks], axis=1).astype(np.float32), float(wanted))


def temporal_order(generator: Generator, marks: Sequence[tuple[int, int]]) -> Sequences:
    """E, distractors of four kinds with an X or a Y at each of some places, B: which of the 2^m it was is asked (6).

    ``marks`` are where each may stand, from and to. 100 to 110 symbols.
    """
    length = int(generator.integers(100, 111))
    text = generator.integers(4, size=length).astype(np.int32)  # a, b, c, d
    which = generator.integers(2, size=len(marks))
    for (low, high), one in zip(marks, which.tolist(), strict=True):
        text[int(generator.integers(low, high + 1))] = 4 + one  # X, Y
    text[0], text[-1] = 6, 7  # E, B
    return at_the_end(text, int(sum(one << i for i, one in enumerate(which.tolist()))))


def copying(generator: Generator, T: int) -> Sequences:
    """Ten symbols of eight kinds, T - 1 blanks, a sign to begin, ten blanks; then the ten are to be said again.

    Arjovsky et al. 2016, 4.1: of T + 20 steps the last ten count here, the blanks before being no question of memory.
    """
    said = generator.integers(8, size=10).astype(np.int32)
    text = np.concatenate([said, np.full(T - 1, 8), [9], np.full(10, 8)]).astype(np.int32)
    gold = np.concatenate([np.full(T + 10, 8), said]).astype(np.int32)
    asked = np.zeros(T + 20, bool)
    asked[-10:] = True
    return Sequences(text, gold, asked, np.array([T + 20]))


@cache
def _digits(permuted: bool) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Pixels (1797, 64) from 0 to 1 and classes, in an order drawn once.

    Raises MissingExtraError without scikit-learn.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingExtraError("scikit-learn", "digits") from None
    found = load_digits()
    generator = np.random.default_rng(1)
    order = generator.permutation(len(found.target))
    pixels = np.asarray(found.data[order] / 16, np.float32)
    return pixels[:, generator.permutation(64)] if permuted else pixels, np.asarray(found.target[order])


TRAINING_DIGITS = 1_437  # four fifths of them


def a_digit(generator: Generator, permuted: bool) -> Sequences:
    """One of the 8 x 8 digits of the training part, pixel by pixel; which one it is is asked at the end."""
    return _digit(int(generator.integers(TRAINING_DIGITS)), permuted)


def held_out_digits(permuted: bool) -> Sequences:
    """The other fifth."""
    return joined([_digit(i, permuted) for i in range(TRAINING_DIGITS, len(_digits(permuted)[1]))])


def _digit(i: int, permuted: bool) -> Sequences:
    pixels, classes = _digits(permuted)
    return at_the_end(pixels[i][:, None], int(classes[i]))
