"""Train a recurrent model: its networks, an optional linear model averaged with them, and the temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from elman.config import Config
from elman.models.ensemble import Ensemble
from elman.models.rnn import RecurrentModel
from elman.training import ensemble, linear_model, temperature
from elman.training.disk_corpus import DiskCorpus
from elman.training.run_options import RunOptions
from elman.training.tagging_task import Labelled, Start
from elman.training.time_budget import Budget


def train_rnn(
    train: Labelled | DiskCorpus,
    dev: Labelled | None,
    config: Config,
    run: RunOptions,
    *,
    tasks: Sequence[str] = (),
    vectors: Start | None = None,
    budget: Budget | None = None,
    model_class: type[RecurrentModel] = RecurrentModel,
) -> RecurrentModel:
    """Train a model on labelled sentences or a text on disk; ``dev`` chooses the epoch.

    Without ``dev``, the held-out part of a text on disk does. After Ctrl-C, return the best model so far, marked
    ``interrupted``. ``budget`` chooses the size and the epochs of a single network. Otherwise as ``ensemble.begin``.
    """
    alone = linear_model.train_linear(train, config, run, tasks)
    start = ensemble.begin(train, dev, config, seed=run.seed, tasks=tasks, vectors=vectors, single=budget is not None)
    done = ensemble.train(start, run, budget)
    task, first = done.tasks[0], done.records[0]
    of_data = {"seed": run.seed, "sentences": len(train), "words": int(task.lengths.sum())}
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
