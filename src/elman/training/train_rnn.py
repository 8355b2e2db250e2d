"""Train a recurrent model: networks, a linear model beside them where there is one, temperatures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from elman.config import Config
from elman.features.vectors import Vectors
from elman.models.ensemble import Ensemble
from elman.models.rnn import RecurrentModel
from elman.training import ensemble, linear_model, temperature
from elman.training.disk_corpus import DiskCorpus
from elman.training.tagging_task import Labelled, TaggingTask
from elman.training.time_budget import Budget
from elman.training.trainer import Progress


def train_rnn(
    train: Labelled | DiskCorpus,
    dev: Labelled | None,
    config: Config,
    *,
    seed: int,
    threads: int,
    tasks: Sequence[str] = (),
    vectors: Vectors | None = None,
    budget: Budget | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    model_class: type[RecurrentModel] = RecurrentModel,
) -> RecurrentModel:
    """Trains on labelled sentences, or a text on disk; ``dev`` chooses the epoch.

    Without it what is held out of a text on disk does. Ctrl-C: the best so far (``interrupted``).
    ``budget`` chooses sizes and epochs of a single network. Otherwise as ``begin``.
    """
    run = ensemble.Run(seed, threads, vectors, budget, on_progress, tuple(tasks))
    alone = linear_model.train_linear(train, config, run)
    done = ensemble.train(train, dev, config, run)
    task, first = done.tasks[0], done.records[0]
    of_data = {"seed": seed, "sentences": len(train), "words": int(task.lengths.sum())}
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
        # in float32, as each network's own: a record must not say what processor it was made on
        model.training["dev_accuracy"] = task.score_of(Ensemble(done.config, model.lexicon, model.heads, members))
    if task.dev is not None and task.calibrated:
        try:
            model = model.at(temperature.fit(model, task.dev, task.dev_gold))
        except KeyboardInterrupt:  # the networks are trained and not to be lost
            model.training["interrupted"] = True
    return model


def begin(
    train: Labelled,
    dev: Labelled | None,
    config: Config,
    *,
    seed: int,
    tasks: Sequence[str] = (),
    vectors: Vectors | None = None,
) -> TaggingTask:
    """The task of training a new network, whose ``networks`` it is.

    ``tasks`` says what each label column is (``elman.models.base``), those of words first; none: all are of words.
    ``vectors`` are pretrained ones; the words are not one-hot then. Raises ConfigError: a seed out of range, tags
    that the constraints do not know; DataError: tags that break them.
    """
    return ensemble.begin(train, dev, config, ensemble.Run(seed, 1, vectors, tasks=tuple(tasks)))
