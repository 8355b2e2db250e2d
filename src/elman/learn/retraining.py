"""Retrain a model from scratch on its training sentences and all corrections, and adopt it if it is not worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from elman.data.correction import Correction
from elman.data.targets import TAG
from elman.errors import ConfigError
from elman.evaluation.statistics import RESAMPLES
from elman.features.vectors import Vectors
from elman.learn.changes import Predictions
from elman.learn.corrections import apart, check_model, labelled, united
from elman.learn.report import UpdateReport, make_report
from elman.models.rnn import LinearModel, RecurrentModel
from elman.taggers.base import Predictor
from elman.taggers.tagger import Tagger, TextClassifier
from elman.training.run_options import RunOptions
from elman.training.train_rnn import train_linear, train_rnn
from elman.utils.arguments import check_text
from elman.utils.summary import counted

Row = tuple[Sequence[str], ...]
"""The words of a sentence, and its labels in each target."""


def retrain(
    model: Predictor,
    corrections: Sequence[Correction] | None = None,
    *,
    train: Any,
    heldout: Any,
    format: str | None = None,
    encoding: str = "utf-8",
    resamples: int = RESAMPLES,
    run: RunOptions | None = None,
) -> tuple[Tagger | TextClassifier, UpdateReport, bool]:
    """Train a model from scratch on training sentences and corrections; keep the given one if the new one is worse.

    ``model``        a model that has learned the corrections; the new one has its settings and its history
    ``corrections``  by default all in its history. A later one overrides an earlier one, and the training sentence of
                     the same words. Words that nobody looked at get the tags of ``model``
    ``train``        the training sentences, as in ``elman.train``
    ``heldout``      labelled text: the new model is adopted unless it is significantly worse there, by the paired
                     bootstrap of ``elman.compare``
    ``run``          seed, threads and callbacks; by default the seed that the model was trained with

    Return the model to use, the report on the new model beside ``model``, and whether it is the new one. There is no
    dev set, since text that chose the epoch could not test the new model fairly: the last epoch counts, and the
    temperatures are those of ``model``. Raises DataError and ConfigError as ``corrections.read`` and ``elman.train``
    do, and ConfigError if training is interrupted.
    """
    model = check_model(model)
    check_text("format", format)
    standing = list(model.history.corrections if corrections is None else corrections)
    learned = model.history.words_digests | {correction.words_digest for correction in standing}
    gold = apart(labelled(model, heldout, format=format, encoding=encoding, name="heldout"), learned)
    of_train = labelled(model, train, format=format, encoding=encoding, name="train")
    sentences = with_corrections(of_train, standing, model.text_targets)
    predictions = Predictions(model)
    rows, n_filled = _rows(sentences, predictions)
    run = RunOptions(model.describe()["training"]["seed"], model.threads) if run is None else run
    new = _trained(model, rows, run)
    notes = [f"retrained on {counted(len(rows), 'sentence')}, {len(rows) - len(of_train):,} of them from corrections"]
    if n_filled:
        notes.append(f"{counted(n_filled, 'label')} that nobody gave are predictions of the patched model")
    report = make_report(predictions, new, standing, heldout=gold, resamples=resamples, seed=run.seed, notes=notes)
    return (model, report, False) if report.worse else (new, report, True)


def with_corrections(
    sentences: Sequence[Correction], corrections: Sequence[Correction], text_targets: Sequence[str]
) -> list[Correction]:
    """Return training sentences with the labels of corrections of the same words, and then the other corrections."""
    by_words: dict[str, Correction] = {}
    for correction in corrections:
        before = by_words.get(correction.words_digest, correction)
        labels = united(correction, before, text_targets)
        by_words[correction.words_digest] = replace(correction, labels=labels)
    used = set()
    result = []
    for sentence in sentences:
        digest = sentence.words_digest
        if digest in by_words:
            used.add(digest)
            sentence = replace(sentence, labels=united(by_words[digest], sentence, text_targets))
        result.append(sentence)
    return result + [correction for digest, correction in by_words.items() if digest not in used]


def _rows(sentences: Sequence[Correction], predictions: Predictions) -> tuple[list[Row], int]:
    """Return the rows of sentences, and how many labels in them are predictions, because nobody gave them."""
    tasks = predictions.model.tasks
    predictions.add(
        sentence
        for sentence in sentences
        if tasks.keys() - sentence.labels.keys() or any(None in labels for labels in sentence.labels.values())
    )
    rows: list[Row] = []
    n_predicted = 0
    for sentence in sentences:
        row: list[Sequence[str]] = [sentence.words]
        for name, task in tasks.items():
            labels = sentence.labels.get(name, (None,) * (len(sentence.words) if task == TAG else 1))
            if None in labels:
                n_predicted += labels.count(None)
                predicted = predictions[sentence][name]
                pairs = zip(labels, predicted, strict=True) if task == TAG else ((None, each) for each in predicted)
                labels = tuple(other if label is None else label for label, other in pairs)
            row.append(tuple(label for label in labels if label is not None))
        rows.append(tuple(row))
    return rows, n_predicted


def _trained(model: Tagger | TextClassifier, rows: Sequence[Row], run: RunOptions) -> Tagger | TextClassifier:
    """Return a model of the settings of another, trained on these rows, with its temperatures and its history."""
    old = model._model
    assert isinstance(old, RecurrentModel)
    of_vectors = old.lexicon.vectors
    found: RecurrentModel
    if isinstance(old, LinearModel):
        found = train_linear(rows, None, old.config, run, old.tasks)
    else:
        # of pretrained vectors there are those in the model: of words of its training data, and the extra ones
        vectors = Vectors(of_vectors, old.members[0]["vectors"]) if of_vectors.width else None
        dictionary = old.lexicon.features.dictionary
        found = train_rnn(rows, None, old.config, run, tasks=old.tasks, vectors=vectors, dictionary=dictionary)
    if found.interrupted:
        raise ConfigError("stopped while retraining; the patched model is unchanged")
    found = found.with_temperatures(old.temperatures)
    facts = {"dev_sentences": None, "dev_accuracy": None, "held_out": None}
    n_words = sum(len(words) for words, *_ in rows)
    return model._copy(_model=found).about(format=model.format, sentences=len(rows), words=n_words, **facts)
