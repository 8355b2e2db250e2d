"""Train on freshly generated sequences until a problem counts as solved."""

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
from elman.training.progress import Progress
from elman.training.task import Items, LossTotals, StepKey
from elman.utils import seeding as randomness

RECENT = 2_000  # training sequences of the success criterion
TESTED = 100  # sequences of a test batch
EACH = 100  # sequences per epoch
FINAL = 2_560  # fresh sequences for the final error


@dataclass(frozen=True)
class Problem:
    """A task and the criterion by which it counts as solved.

    ``make``       generates one sequence
    ``inputs``     kinds of input symbols, or with ``numbers`` the numbers per step
    ``outputs``    kinds of output symbols; 0: a number
    ``margin``     a sequence is correct if every output is less than this from its target; with ``legal`` symbols, if
                   those have the highest probabilities
    ``mean``       the mean loss of the most recent sequences must also be below this; in tests on numbers, the mean
                   distance from the target; 0: no such condition
    ``wrong``      maximum number of wrong sequences among the 2,000 most recent (or among ``tests``)
    ``tests``      number of fresh sequences to test on instead of the most recent ones; 0: the most recent ones
    ``untold``     generates test sequences without noise on their targets; None: ``make``
    ``fixed``      number of sequences, drawn once, to train on, which must be correct too; 0: all are fresh
    ``published``  training sequences that the paper's LSTM needed; 0: not published
    ``most``       maximum number of training sequences; 0: ``published``
    ``span``       approximate steps between an input and the output that needs it
    ``held_out``   sequences never trained on, for the final error; None: fresh ones
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
    """Training settings of a problem: ``hidden`` units, ``batch`` sequences per update, learning ``rate``."""

    cell: str
    hidden: int = 16
    batch: int = 4
    rate: float = 0.01
    span: float = 0.0
    """The setting ``chrono``: maximum number of steps that gates are initialized to remember."""
    closed: bool = True
    """Whether the LSTM's input gates start as far closed as its forget gates start open."""
    momentum: float = 0.9
    beta2: float = 0.98
    decay: str = "none"

    def config(self, epochs: int) -> Config:
        """Return the corresponding configuration of elman."""
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
    """The result of a run: whether the problem was ``solved``, and the number of training ``sequences``.

    ``error``  fraction of fresh sequences that are wrong at the end
    ``loss``   their mean loss over steps with targets; for numbers, the mean distance from the target
    """

    solved: bool
    sequences: int
    error: float
    loss: float


class ProblemTask(Items):
    """A problem as a task for the trainer, with ``each`` sequences per epoch."""

    def __init__(self, problem: Problem, settings: ProblemSettings, seed: int, each: int) -> None:
        self.problem, self.seed, self.each = problem, seed, each
        self.config = settings.config(-(-(problem.most or problem.published) // each))
        words = 1 if problem.numbers else problem.inputs
        self.network = Network(
            self.config.network, words, 0, problem.outputs or 1, numbers=problem.inputs if problem.numbers else 0
        )
        self.decoder = decoders.Softmax(problem.outputs) if problem.outputs else decoders.SquaredError(1, None)
        self.parameters = start(self.network, settings, seed)
        self.solved = threading.Event()
        self.seen = 0
        self.correct = np.zeros(RECENT, bool)  # of the most recent sequences
        self.losses = np.full(RECENT, np.inf)
        self.fixed = self._generate(problem.fixed, 0) if problem.fixed else None
        self.epoch = 0
        self._fresh()

    def _generate(self, count: int, part: int) -> Sequences:
        """Generate sequences. Parts: 0 the fixed ones, 1 training in the current epoch, from 2 up tests."""
        generator = randomness.stream(self.seed, randomness.ORDER, epoch=self.epoch if part else 0, step=1, part=part)
        make = self.problem.untold if part > 1 and self.problem.untold is not None else self.problem.make
        return joined([make(generator) for _ in range(count)])

    def _fresh(self) -> None:
        """Start the next epoch with its sequences."""
        self.epoch += 1
        self.now = self.fixed or self._generate(self.each, 1)
        self.lengths, self.ends = self.now.lengths, np.cumsum(self.now.lengths)

    def scores(
        self, sequences: Sequences, rows: NDArray[np.int64], batch: Batch
    ) -> tuple[Array, Callable[[Array], Gradients]]:
        """Return the scores (N, K) of a packed batch of sequences, and a backprop function."""
        return self.network.forward(self.parameters, _inputs(sequences, rows), batch)

    def gradients(self, items: NDArray[np.int64], words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        sequences = self.now
        batch, rows = packed(self.lengths, self.ends, items)
        scores, backprop = self.scores(sequences, rows, batch)
        loss = self.decoder.loss(self.parameters, scores, sequences.gold[rows], batch)
        asked = sequences.asked[rows]
        losses = np.where(asked, loss.losses, 0)
        dscores, _ = loss.backprop((asked / asked.sum()).astype(np.float32))
        correct_steps = self._correct_steps(sequences, rows, scores)
        sequence = batch.sentence
        correct = np.bincount(sequence[~correct_steps], minlength=len(items)) == 0
        mean = np.bincount(sequence, losses, len(items)) / np.bincount(sequence, asked, len(items))
        self._count(correct, mean)
        return LossTotals(float(losses.sum()), len(rows), int(correct.sum())), backprop(dscores)

    def _count(self, correct: NDArray[np.bool_], mean: NDArray[np.float64]) -> None:
        """Record whether sequences were correct and their mean losses, and check the criterion on recent ones."""
        slots = (self.seen + np.arange(len(correct))) % RECENT
        self.correct[slots], self.losses[slots] = correct, mean
        self.seen += len(correct)
        problem = self.problem
        if not problem.tests and self.seen >= RECENT and (~self.correct).sum() <= problem.wrong:
            if not problem.mean or self.losses.mean() < problem.mean:
                self.solved.set()

    def _correct_steps(self, sequences: Sequences, rows: NDArray[np.int64], scores: Array) -> NDArray[np.bool_]:
        """Return (N,) whether each step is correct or has no target."""
        gold, asked = sequences.gold[rows], sequences.asked[rows]
        if not self.problem.outputs:
            correct = np.abs(scores[:, 0] - gold) < self.problem.margin
        elif sequences.legal is not None:
            legal = sequences.legal[rows]
            lowest = np.where(legal, scores, np.inf).min(axis=1)
            correct = lowest > np.where(legal, -np.inf, scores).max(axis=1)
        else:
            p = np.exp(scores - scores.max(axis=1, keepdims=True))
            p = p / p.sum(axis=1, keepdims=True)
            correct = p[np.arange(len(p)), gold] > 1 - self.problem.margin  # bounds the other probabilities too
        return np.asarray(correct | ~asked)

    def tested(self, sequences: Sequences) -> tuple[int, float]:
        """Return the number of wrong sequences, and the mean loss (numbers: distance) over steps with targets."""
        lengths = sequences.lengths
        batch, rows = packed(lengths, np.cumsum(lengths), np.arange(len(lengths)))
        scores, _ = self.scores(sequences, rows, batch)
        losses = self.decoder.loss(self.parameters, scores, sequences.gold[rows], batch).losses[sequences.asked[rows]]
        if not self.problem.outputs:
            losses = np.sqrt(2 * losses)
        wrong = batch.sentence[~self._correct_steps(sequences, rows, scores)]
        return len(np.unique(wrong)), float(losses.mean())

    def fresh_errors(self, count: int, most: int) -> tuple[int, float]:
        """Return wrong ones of ``count`` fresh sequences and the mean loss; stop if more than ``most`` are wrong."""
        wrong, losses = 0, []
        for part in range(2, 2 + -(-count // TESTED)):
            n, loss = self.tested(self._generate(min(TESTED, count - TESTED * (part - 2)), part))
            wrong += n
            losses.append(loss)
            if wrong > most:
                break
        return wrong, float(np.mean(losses))

    def score(self) -> float | None:
        """End the run if tests pass, else generate the sequences of the next epoch."""
        problem = self.problem
        if problem.tests and (self.fixed is None or self.tested(self.fixed)[0] <= problem.wrong):
            wrong, loss = self.fresh_errors(problem.tests, problem.wrong)
            if wrong <= problem.wrong and (not problem.mean or loss < problem.mean):
                self.solved.set()
        if not self.solved.is_set():
            self._fresh()
        return None


def start(network: Network, settings: ProblemSettings, seed: int) -> Parameters:
    """Return the initial parameters of a network."""
    parameters = initialize(network, randomness.stream(seed, randomness.START))
    if settings.cell == "lstm" and not settings.closed:
        parameters["layer0.forward.b_r"][: settings.hidden] = 0
    return parameters


def run(
    problem: Problem,
    settings: ProblemSettings,
    seed: int,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> Outcome:
    """Train until the problem is solved, its maximum number of sequences is reached, or ``stop`` is set."""
    task = ProblemTask(problem, settings, seed, problem.fixed or EACH)
    end = task.solved  # set by the task, or to stop

    def watch(progress: Progress) -> None:
        if on_progress is not None:
            on_progress(progress)
        if stop is not None and stop.is_set():
            end.set()

    trainer.fit(task, task.config.training, seed=seed, threads=1, stop=end, on_progress=watch)
    solved = end.is_set() and not (stop is not None and stop.is_set())
    if problem.held_out is None:
        wrong, loss = task.fresh_errors(FINAL, FINAL)
        return Outcome(solved, task.seen, wrong / FINAL, loss)
    held_out = problem.held_out()
    wrong, loss = task.tested(held_out)
    return Outcome(solved, task.seen, wrong / len(held_out.lengths), loss)


def _inputs(sequences: Sequences, rows: NDArray[np.int64]) -> Inputs:
    x = sequences.inputs[rows]
    if x.ndim == 2:
        return inputs_of(x)
    return Inputs(x, x, Bags(np.zeros(0, np.int32), np.zeros(len(x) + 1, np.int32)))
