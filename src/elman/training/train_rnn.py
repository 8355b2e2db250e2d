"""Train a recurrent model: its networks, an optional linear model averaged with them, and the temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import TypeVar

from elman.config import LINEAR, Config
from elman.features.dictionary import Dictionary
from elman.models.ensemble import Ensemble
from elman.models.rnn import LinearModel, RecurrentModel
from elman.nn.encoder import Parameters
from elman.training import auto_settings, ensemble, linear_model, temperature
from elman.training.disk_corpus import DiskCorpus
from elman.training.run_options import RunOptions
from elman.training.run_state import Record
from elman.training.self_training import Silver, with_silver
from elman.training.tagging_task import Labelled, Start, TaggingTask
from elman.training.time_budget import Budget

_Model = TypeVar("_Model", bound=RecurrentModel)


def train_rnn(
    train: Labelled | DiskCorpus,
    dev: Labelled | None,
    config: Config,
    run: RunOptions,
    *,
    tasks: Sequence[str] = (),
    vectors: Start | None = None,
    budget: Budget | None = None,
    dictionary: Dictionary | None = None,
    silver: Silver | None = None,
) -> RecurrentModel:
    """Train a model on labelled sentences or a text on disk; ``dev`` chooses the epoch.

    Without ``dev``, the held-out part of a text on disk does. After Ctrl-C, return the best model so far, marked
    ``interrupted``. ``budget`` chooses the size and the epochs of a single network. Otherwise as
    ``ensemble.begin``.
    """
    alone = linear_model.train_linear(train, config, run, tasks)
    start = ensemble.begin(
        train,
        dev,
        config,
        seed=run.seed,
        tasks=tasks,
        vectors=vectors,
        single=budget is not None,
        dictionary=dictionary,
    )
    if silver is not None and not isinstance(train, DiskCorpus):
        start = with_silver(start, train, dev, silver)
    return _trained(RecurrentModel, start, run, budget, alone)


def train_linear(
    train: Labelled | DiskCorpus, dev: Labelled | None, config: Config, run: RunOptions, tasks: Sequence[str]
) -> LinearModel:
    """Train a linear model of document labels, as ``train_rnn`` trains a network."""
    return _trained(LinearModel, ensemble.begin(train, dev, config, seed=run.seed, tasks=tasks), run)


def train_both(
    train: Labelled | DiskCorpus, dev: Labelled, config: Config, run: RunOptions, tasks: Sequence[str]
) -> tuple[RecurrentModel, LinearModel]:
    """Train a linear model of document labels and a network that is averaged with it; ``dev`` chooses their epochs.

    Raises KeyboardInterrupt after Ctrl-C in the first of them, since there is no network yet to keep.
    """
    part = replace(run.part("linear model"), on_progress=linear_model.as_part(run.on_progress))
    linear = train_linear(train, dev, LINEAR, part, tasks)
    if linear.training["interrupted"]:
        raise KeyboardInterrupt
    alone = None
    if not isinstance(train, DiskCorpus) and auto_settings.resolve(config, train, tasks).training.linear_share:
        alone = linear.parameters, Record(**{f.name: linear.training[f.name] for f in fields(Record)})
    start = ensemble.begin(train, dev, config, seed=run.seed, tasks=tasks)
    return _trained(RecurrentModel, start, run, alone=alone), linear


def _trained(
    model_class: type[_Model],
    start: TaggingTask,
    run: RunOptions,
    budget: Budget | None = None,
    alone: tuple[Parameters, Record] | None = None,
) -> _Model:
    """Train the networks of a model; ``alone`` are parameters and record of a linear model to average them with."""
    done = ensemble.train(start, run, budget)
    task, first = done.tasks[0], done.records[0]
    of_data = {"seed": run.seed, "sentences": len(task.lengths), "words": int(task.lengths.sum())}
    training = {**of_data, **asdict(first), "interrupted": done.interrupted}
    members = [one.parameters for one in done.tasks]
    if alone is not None:
        members = [linear_model.averaged_parameters(parameters, alone[0], done.config) for parameters in members]
    model = model_class(done.config, task.networks.lexicon, task.networks.heads, members, training)
    if len(members) > 1:
        model.training["members"] = [asdict(record) for record in done.records[1:]]
    if alone is not None:
        model.training["linear"] = asdict(alone[1])
    if len(members) > 1 or alone is not None:
        # in float32, as for single networks: the record must not depend on the processor
        model.training["dev_accuracy"] = task.score_of(Ensemble(done.config, model.lexicon, model.heads, members))
    if task.dev is not None and task.calibrated:
        try:
            model = model.with_temperatures(temperature.fit(model, task.dev, task.dev_gold))
        except KeyboardInterrupt:  # keep the trained networks
            model.training["interrupted"] = True
    return model
