"""Corrections of a model: read from data of any form, and merged with those that it learned before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from elman.data.correction import Correction
from elman.data.formats.registry import with_options
from elman.data.sentence import LABEL_SEPARATOR, NO_TAG
from elman.errors import ConfigError, DataError
from elman.learn.reading import CorrectionReader
from elman.taggers.base import Predictor
from elman.taggers.tagger import Tagger, TextClassifier
from elman.utils.arguments import check_callbacks, check_text, described
from elman.utils.charsets import check_encoding
from elman.utils.display import shown

__all__ = ["Correction", "apart", "check_model", "labelled", "merged", "read", "united"]

KINDS = ("rnn", "linear")
"""The kinds of models that learn from corrections."""


def check_model(model: object) -> Tagger | TextClassifier:
    """Return the model. Raises ConfigError if models of its task or kind do not learn from corrections."""
    if isinstance(model, Tagger | TextClassifier) and model.kind in KINDS:
        return model
    if not isinstance(model, Predictor):
        raise ConfigError(f"model: expected a trained model, got {described(model)}")
    what = f"of the kind {model.kind}" if isinstance(model, Tagger) else f"for the task {model.task}"
    raise ConfigError(
        f"learn: expected a network that tags words or classifies texts, got a model {what}; train it again"
    )


def read(
    model: Predictor,
    data: Any,
    *,
    format: str | None = None,
    encoding: str = "utf-8",
    unlabelled: str = NO_TAG,
    text_column: str | None = None,
    on_note: Callable[[str], None] | None = None,
    on_file: Callable[[str], None] | None = None,
) -> list[Correction]:
    """Return the corrections in data, each sentence once.

    ``data``        paths, a table, or sentences: ``Correction`` or ``Sentence`` objects, lists of (word, tag) pairs, or
                    pairs of a text and its label
    ``unlabelled``  in place of a label: nobody looked. If it is a label of the model in that column it is one, and only
                    None, or null in JSON, says that nobody looked
    ``on_note``     is called with a line for each label that a later sentence contradicts; the later one stands
    ``on_file``     is called with a line for each file: what it was read as

    Raises DataError for sentences that cannot be read, another number of labels than words, or no label at all;
    ConfigError for a model that does not learn from corrections, or if the data have none of its columns.
    """
    check_callbacks(on_note=on_note)
    options: dict[str, Any] = {"format": format, "encoding": encoding, "text_column": text_column}
    sentences = labelled(model, data, unlabelled=unlabelled, on_file=on_file, **options)
    corrections: dict[str, Correction] = {}
    for correction in sentences:
        before = corrections.pop(correction.words_digest, None)
        if before is not None:
            if on_note is not None:
                for note in _contradictions(correction, before, model.text_targets):
                    on_note(note)
            correction = replace(correction, labels=united(correction, before, model.text_targets))
        corrections[correction.words_digest] = correction
    return list(corrections.values())


def labelled(
    model: Predictor,
    data: Any,
    *,
    format: str | None = None,
    encoding: str = "utf-8",
    unlabelled: str = NO_TAG,
    text_column: str | None = None,
    on_file: Callable[[str], None] | None = None,
    name: str = "corrections",
) -> list[Correction]:
    """Return the labelled sentences in data, also repeated ones; see ``read``. ``name`` is that of the argument."""
    check_callbacks(on_file=on_file)
    check_text("unlabelled", unlabelled, optional=False)
    check_encoding(encoding)
    if format is not None:  # an unknown one is refused, whether the data are read from files or not
        with_options(format)
    options: dict[str, Any] = {"format": format, "encoding": encoding, "text_column": text_column}
    reader = CorrectionReader(check_model(model), unlabelled, options, on_file)
    sentences = list(reader.read(data))
    if not sentences:
        columns = ", ".join(model.targets)
        raise DataError(f"no label in it; expected labels of column {columns}", path=reader.path or name)
    return sentences


def apart(texts: Iterable[Correction], digests: Collection[str]) -> list[Correction]:
    """Return the sentences whose words are not among these, which are given by their digests."""
    return [text for text in texts if text.words_digest not in digests]


def merged(
    new: Iterable[Correction], earlier: Iterable[Correction], text_targets: Sequence[str] = ()
) -> tuple[list[Correction], list[str]]:
    """Return the earlier corrections that stand beside new ones, and a line for each label that is contradicted.

    Of an earlier correction of the same words those labels stand that the new one does not contradict.
    ``text_targets`` are the targets that are document labels.
    """
    by_words = {correction.words_digest: correction for correction in new}
    kept: list[Correction] = []
    contradictions: list[str] = []
    for before in earlier:
        correction = by_words.get(before.words_digest)
        if correction is None or correction.digest == before.digest:
            kept.append(before)
            continue
        contradictions += _contradictions(correction, before, text_targets)
        labels = _standing(correction, before, text_targets)
        if labels:
            kept.append(before if labels == before.labels else replace(before, labels=labels))
    return kept, contradictions


def _contradictions(later: Correction, before: Correction, text_targets: Sequence[str]) -> Iterator[str]:
    where = f"{later.path}:{later.line}: " if later.path else ""
    for name, labels in later.labels.items():
        others = before.labels.get(name)
        if others is None or others == labels:
            continue
        if name in text_targets:
            pairs = [("the text", _joined(labels), _joined(others))]
        else:
            words = map(shown, later.words)
            pairs = [
                (word, label, other)
                for word, label, other in zip(words, labels, others, strict=True)
                if label is not None and other is not None and label != other
            ]
        for what, label, other in pairs:
            yield f"{where}column {name}: {what} is {shown(label)}, earlier {shown(other)}; the later one stands"


def _joined(labels: Sequence[str | None]) -> str:
    return LABEL_SEPARATOR.join(label for label in labels if label is not None)


def _standing(later: Correction, before: Correction, text_targets: Sequence[str]) -> dict[str, tuple[str | None, ...]]:
    """Return the labels of ``before`` that a later correction of the same words does not contradict."""
    standing: dict[str, tuple[str | None, ...]] = {}
    for name, labels in before.labels.items():
        others = later.labels.get(name)
        if others is None or others == labels:
            standing[name] = labels
        elif name not in text_targets:
            pairs = zip(labels, others, strict=True)
            left = tuple(None if other not in (None, label) else label for label, other in pairs)
            if set(left) != {None}:
                standing[name] = left
    return standing


def united(later: Correction, before: Correction, text_targets: Sequence[str]) -> dict[str, tuple[str | None, ...]]:
    """Return the labels of two corrections of the same words; the later one stands."""
    united = _standing(later, before, text_targets)
    for name, labels in later.labels.items():
        others = united.get(name)
        if others is not None and name not in text_targets:
            pairs = zip(labels, others, strict=True)
            labels = tuple(other if label is None else label for label, other in pairs)
        united[name] = labels
    return united
