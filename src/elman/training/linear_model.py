"""Logistic regression on n-grams for text classification, averaged with a network.

Both models weight the n-grams of a text linearly, so the weighted mean of their scores is a network of the same form:
loading, prediction and storage need no special case. The mean is a log-linear pool (see ``elman.models.ensemble``). The
two models make different errors, and the mean is better than either (docs/reference/tasks/classification.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from elman.config import LINEAR, Config
from elman.data.targets import TAG
from elman.models import dtype
from elman.nn.encoder import Parameters
from elman.training import auto_settings, trainer
from elman.training.disk_corpus import DiskCorpus
from elman.training.ensemble import begin
from elman.training.progress import Progress
from elman.training.run_options import OnProgress, RunOptions
from elman.training.run_state import Record
from elman.training.tagging_task import Labelled

PART = "logistic regression"
"""Name in progress reports (``Progress.part``)."""
SCORES = {"text.w_oh", "text.b_o", "text.grams"}
"""Parameters that enter the label scores linearly."""


def train_linear(
    train: Labelled | DiskCorpus, config: Config, run: RunOptions, tasks: Sequence[str]
) -> tuple[Parameters, Record] | None:
    """Train the linear model of the document labels; return its parameters and its training record.

    Returns None if the settings or the data call for no linear model. Raises KeyboardInterrupt after Ctrl-C.
    """
    if isinstance(train, DiskCorpus):
        return None
    config = auto_settings.resolve(config, train, tasks)
    if not config.training.linear_share:
        return None
    columns = [column for column, task in enumerate(tasks, start=1) if task != TAG]
    network = config.network
    ngrams = {name: getattr(network, name) for name in ("text_ngrams", "text_skips", "dtype")}
    training = replace(LINEAR.training, naive_bayes=config.training.naive_bayes)
    own = replace(LINEAR, network=replace(LINEAR.network, **ngrams), training=training)
    of_texts = [(sentence[0], *(sentence[column] for column in columns)) for sentence in train]
    task = begin(of_texts, None, own, seed=run.seed, tasks=[tasks[column - 1] for column in columns])
    record = trainer.fit(
        task,
        task.networks.config.training,
        seed=run.seed,
        threads=run.threads,
        on_progress=as_part(run.on_progress),
        section=run.section("linear"),
    )
    if record.interrupted:  # there is no network yet to keep
        raise KeyboardInterrupt
    return task.parameters, record


def as_part(on_progress: OnProgress | None, name: str = PART) -> OnProgress | None:
    """Return the callback for the training of a part of a model, by default the linear model."""

    def tell(event: Progress) -> None:
        assert on_progress is not None
        on_progress(replace(event, part=name))

    return None if on_progress is None else tell


def averaged_parameters(parameters: Parameters, alone: Parameters, config: Config) -> Parameters:
    """Return a network's parameters, averaged with those of the linear model where scores are linear in them."""
    share = np.float32(config.training.linear_share)
    found = dict(parameters)
    for name in SCORES & parameters.keys():  # there are none if texts share no n-gram
        w = parameters[name] * (1 - share)
        if name in alone:
            w += share * alone[name]
        found[name] = dtype.rounded(w) if config.network.dtype == dtype.HALF else w
    return found
