"""Training by several workers that rarely talk: each makes steps of its own, then their parameters are averaged.

Local SGD (Stich 2019, "Local SGD Converges Fast and Communicates Little"), as in federated averaging (McMahan et al.
2017) with one epoch of a worker between two averages, and workers without a state of their own, whose optimizer begins
each epoch anew (Reddi et al. 2021, "Adaptive Federated Optimization").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elman.config import TrainingConfig
from elman.errors import ConfigError
from elman.nn.encoder import Parameters
from elman.training import optimizers, trainer
from elman.training.cloze_task import ClozeTask
from elman.training.progress import Reporter
from elman.training.run_options import RunOptions
from elman.training.run_state import Record, RunState
from elman.training.schedule import Schedule
from elman.training.task import LossTotals
from elman.utils import seeding


@dataclass(frozen=True)
class _Share:
    """What a worker does in an epoch: ``part`` is the task with the worker's sentences; ``key`` numbers its draws."""

    part: ClozeTask
    config: TrainingConfig
    seed: int
    epoch: int
    key: int


def fit(task: ClozeTask, config: TrainingConfig, run: RunOptions, workers: int) -> Record:
    """Train ``task.parameters`` in place; in an epoch each of the workers reads a part of the text of its own.

    The bits depend on the seed, the settings, the instruction set and the number of ``workers``, not on how ``run.map``
    shares the work out; with None it is done here. Ctrl-C ends the run with the parameters of the last whole epoch.
    Raises ConfigError for a rate with which loss and parameters do not stay finite, or more workers than sentences.
    """
    if workers > len(task.lengths):
        raise ConfigError(f"workers: expected at most one for each of the {len(task.lengths)} sentences, got {workers}")
    task.parts = max(task.parts, workers)
    state, spread = RunState(task, config), map if run.map is None else run.map
    n = int(task.lengths.sum()) * workers // task.parts  # words of an epoch, about
    reporter = Reporter(state, np.array([n], np.int64), run.on_progress)
    try:
        while state.epoch < config.epochs:
            state.epoch += 1
            keys = [(state.epoch - 1) * workers + worker for worker in range(1, workers + 1)]
            shares = (_Share(task.part(key), config, run.seed, state.epoch, key) for key in keys)
            found = list(spread(_steps, shares))
            state.totals = sum((totals for _, totals in found), start=LossTotals())
            _average(task.parameters, [parameters for parameters, _ in found])
            trainer.check_finite(task, state.totals, state.epoch)
            done = state.schedule.done(state.epoch, 1.0)
            state.average.see(done, task, optimizers.SGD())
            state.record.losses.append(state.totals.loss / max(state.totals.words, 1))
            state.record.train_accuracies.append(state.totals.correct / max(state.totals.words, 1))
            state.record.epochs = state.record.best_epoch = state.epoch
            reporter.report(state.schedule.rate(done), end=True)
    except KeyboardInterrupt:
        state.record.interrupted = True
    for name, w in state.average.mean.items():
        task.parameters[name][...] = w
    return state.record


def _steps(share: _Share) -> tuple[Parameters, LossTotals]:
    """Make the steps of a worker in an epoch, perhaps in another process; return its parameters and losses."""
    task, config, schedule = share.part, share.config, Schedule(share.config)
    with trainer.Updates(task, config, share.seed, 1) as updates:
        generator = seeding.stream(share.seed, seeding.ORDER, epoch=share.key)
        batches = task.batches(config.batch, generator, 1)
        rates = [schedule.rate(schedule.done(share.epoch, step / len(batches))) for step in range(len(batches))]
        totals = updates(batches, rates, share.key, 0)
        updates.optimizer.flush(task.parameters)
    return task.parameters, totals


def _average(parameters: Parameters, found: Sequence[Parameters]) -> None:
    """Set parameters to the mean of those of the workers, summed in their order."""
    for name, w in parameters.items():
        w[...] = sum((each[name] for each in found[1:]), start=found[0][name]) / np.float32(len(found))
