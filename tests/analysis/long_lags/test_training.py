"""Training until a problem is solved."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from elman.analysis.long_lags import sequences as made
from elman.analysis.long_lags.problems import PROBLEMS, settings_for
from elman.analysis.long_lags.training import RECENT, Problem, ProblemSettings, ProblemTask, run
from elman.nn.batch import pack


def short(**changes: Any) -> Problem:
    """A lag of four steps."""
    options: dict[str, Any] = {"margin": 0.25, "tests": 200, "most": 4_000, "span": 5}
    return Problem("short", "", partial(made.very_long_lag, q=2, p=3), 7, 2, **options | changes)


@pytest.mark.parametrize("cell", ["lstm", "gru", "sru", "mingru"])
def test_a_short_lag_is_solved(cell: str) -> None:
    problem = short()
    outcome = run(problem, ProblemSettings(cell, rate=0.02, span=5), 1)
    assert outcome.solved and outcome.sequences < problem.most
    assert outcome.error < 0.01 and outcome.loss < 0.3
    assert run(problem, ProblemSettings(cell, rate=0.02, span=5), 1) == outcome


def test_the_most_recent_sequences_decide() -> None:
    problem = short(tests=0, mean=0.1, most=6_000)
    outcome = run(problem, ProblemSettings("lstm", rate=0.02), 1)
    assert outcome.solved and outcome.sequences >= RECENT


def test_what_is_not_solved_ends() -> None:
    outcome = run(short(most=200), ProblemSettings("elman", hidden=2, rate=1e-6), 1)
    assert not outcome.solved and outcome.sequences == 200 and outcome.error > 0.5


def test_it_can_be_stopped() -> None:
    stop = threading.Event()
    outcome = run(short(), ProblemSettings("lstm", rate=1e-6), 1, lambda progress: stop.set(), stop)
    assert not outcome.solved and outcome.sequences < 1_000


def test_a_fixed_set_of_strings() -> None:
    problem = Problem("reber", "", made.embedded_reber, 7, 7, tests=50, fixed=100, most=6_000, wrong=5)
    outcome = run(problem, ProblemSettings("lstm", rate=0.02, batch=2), 1)
    assert outcome.solved and outcome.sequences % 100 == 0


def test_numbers_are_judged_without_the_noise_on_them() -> None:
    noisy = partial(made.two_sequences, T=10, n=3, low=0.2, unsure=0.1)
    problem = Problem(
        "unsure", "", noisy, 1, 0, numbers=True, margin=0.5, mean=0.1, tests=50, wrong=50, most=4_000,
        untold=partial(made.two_sequences, T=10, n=3, low=0.2),
    )  # fmt: skip
    outcome = run(problem, ProblemSettings("gru", rate=0.02), 1)
    assert outcome.solved and outcome.loss < 0.12


def test_held_out_sequences_are_what_the_error_is_of() -> None:
    make = partial(made.very_long_lag, q=2, p=3)
    kept = made.joined([make(np.random.default_rng(seed)) for seed in range(7)])
    outcome = run(short(tests=0, most=100, held_out=lambda: kept), ProblemSettings("lstm"), 1)
    assert outcome.error in [n / 7 for n in range(8)]


def test_gates_that_remember_from_the_start() -> None:
    for cell in ("lstm", "gru", "sru", "mingru"):
        task = ProblemTask(short(), ProblemSettings(cell, hidden=8, span=100), 1, 100)
        b = task.parameters["layer0.forward.b_r"]
        keeps = -b[:8] if cell == "mingru" else b[8:16]
        assert (keeps > 0).all() and keeps.max() < np.log(100)
        if cell == "lstm":
            np.testing.assert_array_equal(b[:8], -keeps)
            half = ProblemTask(short(), ProblemSettings(cell, hidden=8, span=100, closed=False), 1, 100)
            np.testing.assert_array_equal(half.parameters["layer0.forward.b_r"][:8], 0)
            np.testing.assert_array_equal(half.parameters["layer0.forward.b_r"][8:], b[8:])
    assert not ProblemTask(short(), ProblemSettings("elman", span=100), 1, 100).parameters["layer0.forward.b_r"].any()


def test_settings_reach_the_trainer() -> None:
    training = ProblemSettings("gru", momentum=0.0, beta2=0.9, decay="linear").config(3).training
    assert (training.momentum, training.beta2, training.decay, training.epochs) == (0, 0.9, "linear", 3)


def test_settings_of_a_problem_and_a_cell() -> None:
    (problem,) = (problem for problem in PROBLEMS if problem.name == "lag-100")
    lstm, gru = settings_for(problem, "lstm"), settings_for(problem, "gru")
    assert (lstm.closed, lstm.beta2) == (False, 0.9) and (gru.closed, gru.beta2) == (True, 0.9)
    assert lstm.rate < gru.rate and settings_for(replace(problem, name="other"), "lstm") == ProblemSettings(
        "lstm", span=100
    )


def test_which_steps_are_right() -> None:
    task = ProblemTask(Problem("reber", "", made.embedded_reber, 7, 7, tests=1, most=1), ProblemSettings("lstm"), 1, 10)
    one = made.embedded_reber(np.random.default_rng(1))
    assert one.legal is not None
    rows = np.arange(len(one.gold))
    scores = np.where(one.legal, 1.0, 0.0).astype(np.float32)
    assert task._correct_steps(one, rows, scores).all()
    scores[0] = -scores[0]
    assert task._correct_steps(one, rows, scores).tolist() == [False] + [True] * (len(rows) - 1)
    assert pack(one.lengths).sentences == 1
