"""Training on sequences that are made as they are needed, until a problem counts as solved."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elman.analysis.long_lags.sequences import Generator, Sequences, joined
from elman.config import Config, NetworkConfig, TrainingConfig
from elman.nn import decoders
from elman.nn.bags import Bags
from elman.nn.batch import Batch, packed
from elman.nn.encoder import Gradients, Parameters
from elman.nn.initialization import initialize
from elman.nn.layers import Array
from elman.nn.network import Inputs, Network
from elman.taggers.regression.model import inputs_of
from elman.training import trainer
from elman.training.trainer import LossTotals, StepKey
from elman.utils import seeding as randomness

RECENT = 2_000
TESTED = 100  # sequences that are made at once for a test
EACH = 100  # sequences of an epoch
FINAL = 2_560  # fresh sequences for the error at the end


@dataclass(frozen=True)
class Problem:
    """What is to be learned, and when it is.

    ``make``       one sequence
    ``inputs``     kinds of symbols, or with ``numbers`` how many numbers a step has
    ``outputs``    kinds of symbols to be said; 0: a number
    ``margin``     a sequence is right if no output is further than this from what it should be; of ``legal`` symbols,
                   if they have the highest probabilities
    ``mean``       what the mean loss of the most recent sequences must be below, too; in tests of numbers their mean
                   distance from what they should be
    ``wrong``      how many of the most recent 2,000 sequences may be wrong
    ``tests``      in place of the most recent ones, so many fresh sequences are all right, or ``wrong`` of them not
    ``untold``     makes the sequences of tests, where there what is to be said is without noise; None: ``make``
    ``fixed``      so many sequences, drawn once, are trained on and must be right too; 0: every sequence is a fresh one
    ``published``  training sequences that the paper's LSTM needed; 0: not published
    ``most``       sequences to try at most; 0: as many as were published
    ``span``       steps between what is to be remembered and where it is needed, about
    ``held_out``   sequences that are never trained on, for the error at the end; None: fresh ones
    """

    name: str
    title: str
    make: Callable[[Generator], Sequences]
    inputs: int
    outputs: int
    numbers: bool = False
    margin: float = 0.3
    mean: float = 0.0
    wrong: int = 0
    tests: int = 0
    untold: Callable[[Generator], Sequences] | None = None
    fixed: int = 0
    published: int = 0
    most: int = 0
    span: int = 0
    held_out: Callable[[], Sequences] | None = None


@dataclass(frozen=True)
class ProblemSettings:
    """How a problem is learned: ``hidden`` units, ``batch`` sequences an update."""

    cell: str
    hidden: int = 16
    batch: int = 4
    rate: float = 0.01
    span: float = 0.0
    """The setting ``chrono``: steps that gates are set to remember from the start, at most."""
    closed: bool = True
    """Whether the LSTM's input gates start as far closed as its forget gates start open."""
    momentum: float = 0.9
    beta2: float = 0.98
    decay: str = "none"

    def config(self, epochs: int) -> Config:
        """The settings of elman that say this."""
        network = NetworkConfig(
            cell=self.cell, direction="forward", hidden=self.hidden, embedding=0, features="none", decoder="softmax",
            constraints="none", ensemble=1, dtype="float32", chrono=int(self.span),
        )  # fmt: skip
        training = TrainingConfig(
            epochs=epochs, batch=self.batch, learning_rate=self.rate, decay=self.decay, dropout=0.0, word_dropout=0.0,
            unk_dropout=0.0, class_weight_power=0.0, grad_clip=1.0, shards=1, optimizer="adam",
            momentum=self.momentum, beta2=self.beta2,
        )  # fmt: skip
        return Config(network, training)


@dataclass(frozen=True)
class Outcome:
    """What came of it: whether the problem was ``solved``, after how many ``sequences``.

    ``error``  the share of fresh sequences that are wrong at the end
    ``loss``   their mean loss at a step that is asked for; of numbers the mean distance from what they should be
    """

    solved: bool
    sequences: int
    error: float
    loss: float


class ProblemTask(trainer.Items):
    """A problem as a task for the trainer. An epoch is ``each`` sequences."""

    def __init__(self, problem: Problem, how: ProblemSettings, seed: int, each: int) -> None:
        self.problem, self.seed, self.each = problem, seed, each
        self.config = how.config(-(-(problem.most or problem.published) // each))
        words = 1 if problem.numbers else problem.inputs
        self.network = Network(
            self.config.network, words, 0, problem.outputs or 1, numbers=problem.inputs if problem.numbers else 0
        )
        self.decoder = decoders.Softmax(problem.outputs) if problem.outputs else decoders.SquaredError(1, None)
        self.parameters = start(self.network, how, seed)
        self.solved = threading.Event()
        self.seen = 0
        self.right = np.zeros(RECENT, bool)  # of the most recent sequences
        self.losses = np.full(RECENT, np.inf)
        self.fixed = self._made(problem.fixed, 0) if problem.fixed else None
        self.epoch = 0
        self._fresh()

    def _made(self, many: int, part: int) -> Sequences:
        generator = randomness.stream(self.seed, randomness.ORDER, epoch=self.epoch if part else 0, step=1, part=part)
        make = self.problem.untold if part > 1 and self.problem.untold is not None else self.problem.make
        return joined([make(generator) for _ in range(many)])

    def _fresh(self) -> None:
        """The sequences of the next epoch."""
        self.epoch += 1
        self.now = self.fixed or self._made(self.each, 1)
        self.lengths, self.ends = self.now.lengths, np.cumsum(self.now.lengths)

    def scores(
        self, of: Sequences, rows: NDArray[np.int64], batch: Batch
    ) -> tuple[Array, Callable[[Array], Gradients]]:
        """Scores (N, K) of a packed batch of sequences, and backprop."""
        return self.network.forward(self.parameters, _inputs(of, rows), batch)

    def gradients(self, items: NDArray[np.int64], words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        now = self.now
        batch, rows = packed(self.lengths, self.ends, items)
        scores, backprop = self.scores(now, rows, batch)
        found = self.decoder.loss(self.parameters, scores, now.gold[rows], batch)
        asked = now.asked[rows]
        losses = np.where(asked, found.losses, 0)
        dscores, _ = found.backprop((asked / asked.sum()).astype(np.float32))
        right = self._right(now, rows, scores)
        sequence = batch.sentence
        fine = np.bincount(sequence[~right], minlength=len(items)) == 0
        mean = np.bincount(sequence, losses, len(items)) / np.bincount(sequence, asked, len(items))
        self._count(fine, mean)
        return LossTotals(float(losses.sum()), len(rows), int(fine.sum())), backprop(dscores)

    def _count(self, fine: NDArray[np.bool_], mean: NDArray[np.float64]) -> None:
        places = (self.seen + np.arange(len(fine))) % RECENT
        self.right[places], self.losses[places] = fine, mean
        self.seen += len(fine)
        problem = self.problem
        if not problem.tests and self.seen >= RECENT and (~self.right).sum() <= problem.wrong:
            if not problem.mean or self.losses.mean() < problem.mean:
                self.solved.set()

    def _right(self, of: Sequences, rows: NDArray[np.int64], scores: Array) -> NDArray[np.bool_]:
        """Which steps are right, or not asked for."""
        gold, asked = of.gold[rows], of.asked[rows]
        if not self.problem.outputs:
            good = np.abs(scores[:, 0] - gold) < self.problem.margin
        elif of.legal is not None:
            legal = of.legal[rows]
            lowest = np.where(legal, scores, np.inf).min(axis=1)
            good = lowest > np.where(legal, -np.inf, scores).max(axis=1)
        else:
            p = np.exp(scores - scores.max(axis=1, keepdims=True))
            p = p / p.sum(axis=1, keepdims=True)
            good = p[np.arange(len(p)), gold] > 1 - self.problem.margin  # then no other is further from 0
        return np.asarray(good | ~asked)

    def tested(self, of: Sequences) -> tuple[int, float]:
        """How many of some sequences are wrong, and the mean loss, or distance, of a step that is asked for."""
        batch, rows = packed(of.lengths, np.cumsum(of.lengths), np.arange(len(of.lengths)))
        scores, _ = self.scores(of, rows, batch)
        losses = self.decoder.loss(self.parameters, scores, of.gold[rows], batch).losses[of.asked[rows]]
        if not self.problem.outputs:
            losses = np.sqrt(2 * losses)
        wrong = batch.sentence[~self._right(of, rows, scores)]
        return len(np.unique(wrong)), float(losses.mean())

    def fresh_errors(self, many: int, most: int) -> tuple[int, float]:
        """Wrong ones of ``many`` fresh sequences and their mean loss; no more are made once ``most`` are wrong."""
        wrong, losses = 0, []
        for part in range(2, 2 + -(-many // TESTED)):
            n, loss = self.tested(self._made(min(TESTED, many - TESTED * (part - 2)), part))
            wrong += n
            losses.append(loss)
            if wrong > most:
                break
        return wrong, float(np.mean(losses))

    def score(self) -> float | None:
        """Ends the run where tests are passed; makes new sequences."""
        problem = self.problem
        if problem.tests and (self.fixed is None or self.tested(self.fixed)[0] <= problem.wrong):
            wrong, loss = self.fresh_errors(problem.tests, problem.wrong)
            if wrong <= problem.wrong and (not problem.mean or loss < problem.mean):
                self.solved.set()
        if not self.solved.is_set():
            self._fresh()
        return None


def start(network: Network, how: ProblemSettings, seed: int) -> Parameters:
    """The parameters that a network begins with."""
    parameters = initialize(network, randomness.stream(seed, randomness.START))
    if how.cell == "lstm" and not how.closed:
        parameters["layer0.forward.b_r"][: how.hidden] = 0
    return parameters


def run(
    problem: Problem,
    how: ProblemSettings,
    seed: int,
    on_progress: Callable[[trainer.Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> Outcome:
    """Train until the problem is solved, its most sequences were seen, or ``stop`` is set."""
    task = ProblemTask(problem, how, seed, problem.fixed or EACH)
    over = task.solved

    def look(progress: trainer.Progress) -> None:
        if on_progress is not None:
            on_progress(progress)
        if stop is not None and stop.is_set():
            over.set()

    trainer.fit(task, task.config.training, seed=seed, threads=1, stop=over, on_progress=look)
    solved = over.is_set() and not (stop is not None and stop.is_set())
    if problem.held_out is None:
        wrong, loss = task.fresh_errors(FINAL, FINAL)
        return Outcome(solved, task.seen, wrong / FINAL, loss)
    of = problem.held_out()
    wrong, loss = task.tested(of)
    return Outcome(solved, task.seen, wrong / len(of.lengths), loss)


def _inputs(of: Sequences, rows: NDArray[np.int64]) -> Inputs:
    x = of.inputs[rows]
    if x.ndim == 2:
        return inputs_of(x)
    return Inputs(x, x, Bags(np.zeros(0, np.int32), np.zeros(len(x) + 1, np.int32)))
