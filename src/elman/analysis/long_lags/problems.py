"""The problems: experiments 1 to 6 of Hochreiter & Schmidhuber (1997), copying, and digits read pixel by pixel."""

from __future__ import annotations

from functools import partial
from typing import Any

from elman.analysis.long_lags import sequences as made
from elman.analysis.long_lags.training import Problem, ProblemSettings

TWO_MARKS, THREE_MARKS = ((10, 20), (50, 60)), ((10, 20), (33, 43), (66, 76))


def _long_lag(p: int, published: int) -> Problem:
    return Problem(
        f"lag-{p}", f"noise-free long lag of {p} steps (2a)", partial(made.long_lag, p=p), p + 1, p + 1,
        margin=0.25, tests=10_000, published=published, span=p,
    )  # fmt: skip


def _very_long_lag(q: int, p: int, published: int) -> Problem:
    return Problem(
        f"lag-{q}-{p}", f"very long lag: {q} steps or more of {p} distractors (2c)",
        partial(made.very_long_lag, q=q, p=p), p + 4, 2, margin=0.25, tests=10_000, published=published, span=q,
    )  # fmt: skip


def _two(name: str, title: str, T: int, n: int, published: int) -> Problem:
    make = partial(made.two_sequences, T=T, n=n)
    return Problem(name, title, make, 1, 0, numbers=True, margin=0.5, tests=256, published=published, span=T)


PROBLEMS = (
    Problem(
        "reber", "embedded Reber grammar (1)", made.embedded_reber, len(made.REBER_SYMBOLS), len(made.REBER_SYMBOLS),
        tests=256, fixed=256, published=8_440,
    ),
    _long_lag(100, 5_040),
    Problem(
        "random-100", "noise-free long lag of 100 steps, random symbols between (2b)",
        partial(made.random_lag, p=100), 101, 101, margin=0.25, tests=10_000, published=5_680, span=100,
    ),
    _very_long_lag(50, 50, 30_000),
    _very_long_lag(100, 100, 31_000),
    _very_long_lag(1000, 1000, 49_000),
    _two("noise-100-3", "two sequences, noise after 3 steps, T = 100 (3a)", 100, 3, 27_380),
    _two("noise-100-1", "two sequences, noise after 1 step, T = 100 (3a)", 100, 1, 58_370),
    _two("noise-1000-3", "two sequences, noise after 3 steps, T = 1000 (3a)", 1000, 3, 446_850),
    Problem(
        "noisy-100-3", "two sequences, noise on the 3 steps too, T = 100 (3b)",
        partial(made.two_sequences, T=100, n=3, noisy=True), 1, 0,
        numbers=True, margin=0.5, tests=256, wrong=5, published=41_740, span=100,
    ),
    Problem(
        "unsure-100-3", "two sequences, noise on the target, T = 100 (3c)",
        partial(made.two_sequences, T=100, n=3, noisy=True, low=0.2, unsure=0.1), 1, 0,
        numbers=True, margin=0.5, mean=0.015, tests=256, wrong=256,
        untold=partial(made.two_sequences, T=100, n=3, noisy=True, low=0.2), published=269_650, span=100,
    ),
    *(
        Problem(
            f"adding-{T}", f"adding, T = {T} (4)", partial(made.adding, T=T), 2, 0,
            numbers=True, margin=0.04, mean=0.005, published=published, span=T,
        )
        for T, published in ((100, 74_000), (500, 209_000), (1000, 853_000))
    ),
    *(
        Problem(
            f"multiplication-{wrong}", f"multiplication, T = 100, at most {wrong} of 2,000 wrong (5)",
            partial(made.adding, T=100, times=True), 2, 0,
            numbers=True, margin=0.04, wrong=wrong, published=published, span=100,
        )
        for wrong, published in ((140, 482_000), (13, 1_273_000))
    ),
    Problem(
        "order-2", "temporal order of two marks (6a)", partial(made.temporal_order, marks=TWO_MARKS), 8, 4,
        mean=0.1, published=31_390, span=100,
    ),
    Problem(
        "order-3", "temporal order of three marks (6b)", partial(made.temporal_order, marks=THREE_MARKS), 8, 8,
        mean=0.1, published=571_100, span=100,
    ),
    *(
        Problem(
            f"copying-{T}", f"copying ten symbols after {T} steps", partial(made.copying, T=T), 10, 9,
            margin=0.5, most=160_000, span=T,
        )
        for T in (50, 100)
    ),
    *(
        Problem(
            "permuted-digits" if permuted else "digits",
            "digits, 64 pixels one by one" + (", in one random order" if permuted else ""),
            partial(made.a_digit, permuted=permuted), 1, 10,
            numbers=True, margin=0.5, most=60_000, span=64, held_out=partial(made.held_out_digits, permuted=permuted),
        )
        for permuted in (False, True)
    ),
)  # fmt: skip

SETTINGS: dict[str, dict[str, Any]] = {
    "reber": {"rate": 0.02},
    "lag-100": {"hidden": 64, "batch": 1, "rate": 0.03, "span": 300, "momentum": 0.0, "beta2": 0.9},
    "lag-100.lstm": {"hidden": 32, "rate": 0.003, "closed": False},
    "lag-100.elman": {"hidden": 32, "rate": 0.003},
    "random-100": {"batch": 1, "rate": 0.03},
    "digits": {"hidden": 64, "batch": 16},
    "permuted-digits": {"hidden": 64, "batch": 16},
    "copying-50": {"hidden": 64, "decay": "linear"},
    "copying-100": {"hidden": 64, "decay": "linear"},
}
"""Settings that differ from the defaults, by problem or by problem and cell (``PROBLEM.CELL``, which takes precedence).

Chosen with seeds 1, 2 and 101; those of lag-100 with seeds 101 to 108.
"""


def settings_for(problem: Problem, cell: str) -> ProblemSettings:
    """Return the training settings of a problem and a cell."""
    of_cell = SETTINGS.get(f"{problem.name}.{cell}", {})
    return ProblemSettings(cell, **{"span": problem.span, **SETTINGS.get(problem.name, {}), **of_cell})
