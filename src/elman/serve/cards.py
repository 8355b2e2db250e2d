"""Sentences as the page shows them: a card has present tags, predicted ones with confidences, and the next best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from elman.data.formats.annotation_tools import text_with_offsets
from elman.data.schemes import NO_SCHEME, split_tag
from elman.data.sentence import LABEL_SEPARATOR
from elman.data.targets import CLASSIFY, SEVERAL
from elman.serve.documents import Item
from elman.serve.events import CORRECTION, SKIP, State
from elman.serve.tagging import Serving, predict

if TYPE_CHECKING:
    from elman.taggers.column_predictor import ColumnPredictor

ALTERNATIVES = 3
"""Tags of a word that a card shows beside the best."""
LONGEST = 2_000
"""Words of a sentence up to which its alternatives are computed."""
_KINDS = {CLASSIFY: "one", SEVERAL: "several"}


def make_cards(
    items: Sequence[Item], serving: Serving, state: State, annotator: str, names: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Return the cards of sentences; ``names`` are those of the files by number."""
    tagger = serving.tagger
    rows = predict(tagger, [item.words for item in items], tagger.targets, True)
    cards = []
    for item, row in zip(items, rows, strict=True):
        given = state.of(item.id, annotator)
        doubt = 1.0 - min(confidences(row, tagger), default=0.0)
        cards.append(
            {
                "id": item.id,
                "file": names.get(item.file, ""),
                "line": item.sentence.line,
                "words": list(item.words),
                "space_after": _spaces(item),
                "columns": _columns(item, row, tagger, state, annotator),
                "labels": _labels(item, row, tagger, state, annotator),
                "version": given.seq if given else 0,
                "set_aside": item.set_aside,
                "skipped": given is not None and given.kind == SKIP,
                "corrected": given is not None and given.kind == CORRECTION,
                "score": round(doubt, 4),
                "model": serving.sha256,
            }
        )
    return cards


def confidences(row: Mapping[str, Any], tagger: ColumnPredictor) -> list[float]:
    """Return all confidences of a sentence: of its words in each column, and of its labels."""
    texts = set(tagger.text_targets)
    found: list[float] = []
    for name, (_, of) in row.items():
        found += [float(of)] if name in texts else of
    return found


def _spaces(item: Item) -> list[bool]:
    text, offsets = text_with_offsets(item.sentence)
    ends = [end for _, end in offsets]
    starts = [start for start, _ in offsets[1:]]
    between = [end < start for end, start in zip(ends, starts, strict=False)]
    return [*between, False] if len(between) == len(item.words) - 1 else [True] * (len(item.words) - 1) + [False]


def _columns(
    item: Item, row: Mapping[str, Any], tagger: ColumnPredictor, state: State, annotator: str
) -> dict[str, Any]:
    corrected = state.correction(item.id, annotator)
    found = {}
    for name in tagger.word_targets:
        predicted, of = row[name]
        tags: Sequence[str | None] = predicted
        source = "model"
        if corrected is not None and name in corrected.after.columns:
            tags, source = corrected.after.columns[name], "corrected"
        elif name in item.given.columns:
            tags, source = item.given.columns[name], "file"
        found[name] = {
            "tags": list(tags),
            "source": source,
            "predicted": list(predicted),
            "confidence": [round(float(p), 4) for p in of],
            "alternatives": _of_words(tagger, item.words, name),
        }
    return found


def _labels(
    item: Item, row: Mapping[str, Any], tagger: ColumnPredictor, state: State, annotator: str
) -> dict[str, Any]:
    corrected = state.correction(item.id, annotator)
    found = {}
    for name in tagger.text_targets:
        predicted, p = row[name]
        value: str | None = predicted
        source = "model"
        if corrected is not None and name in corrected.after.labels:
            value, source = corrected.after.labels[name], "corrected"
        elif name in item.given.labels:
            value, source = item.given.labels[name], "file"
        best = _best(np.asarray(_probabilities(tagger, item.words, name)), tagger.tag_sets[name])
        found[name] = {
            "value": value,
            "source": source,
            "predicted": predicted,
            "confidence": round(float(p), 4),
            "alternatives": best,
        }
    return found


def _of_words(tagger: ColumnPredictor, words: Sequence[str], name: str) -> list[Any] | None:
    if name not in tagger.ranked_targets or len(words) > LONGEST:
        return None
    p = np.asarray(_probabilities(tagger, words, name))
    return [_best(row, tagger.tag_sets[name]) for row in p]


def _probabilities(tagger: Any, words: Sequence[str], name: str) -> Any:
    return tagger.probabilities(words, name)


def _best(p: NDArray[np.float64], tags: Sequence[str]) -> list[list[Any]]:
    """Return the most probable tags with their probabilities."""
    order = np.argsort(-p, kind="stable")[:ALTERNATIVES]
    return [[tags[i], round(float(p[i]), 4)] for i in order]


def describe(serving: Serving, name: str) -> dict[str, Any]:
    """Return what the page needs to know of the model that answers; ``name`` is that of its file."""
    tagger = serving.tagger
    return {
        "sha256": serving.sha256,
        "number": serving.number,
        "kind": serving.kind,
        "task": tagger.task,
        "name": name,
        "columns": [_column(tagger, column) for column in tagger.word_targets],
        "labels": [_label(tagger, label) for label in tagger.text_targets],
    }


def _column(tagger: ColumnPredictor, name: str) -> dict[str, Any]:
    tags = list(tagger.tag_sets.get(name, ()))
    types = sorted({split_tag(tag)[1] for tag in tags} - {""})
    scheme = _scheme(tags)
    spans = scheme != NO_SCHEME
    about: dict[str, Any] = {"types": types if spans else [], "scheme": scheme.upper() if spans else None}
    return {"name": name, "kind": "spans" if spans else "tags", "tags": tags, **about}


def _scheme(tags: Sequence[str]) -> str:
    """Return the scheme that the tags of a model are of; there is no text here to tell IOB1 from IOB2."""
    letters = {tag.partition("-")[0] for tag in tags if tag != "O"}
    marked = all(tag == "O" or (tag[:1] in "BIESLUM" and tag[1:2] == "-") for tag in tags)
    if not marked or not letters:
        return NO_SCHEME
    if letters & {"L", "U"}:
        return "bilou"
    if "M" in letters:
        return "bmes"
    if letters & {"E", "S"}:
        return "bioes" if "B" in letters else "ioe2"
    return "iob2" if "B" in letters else "io"


def _label(tagger: ColumnPredictor, name: str) -> dict[str, Any]:
    kind = _KINDS.get(tagger.tasks[name], "any")
    return {"name": name, "kind": kind, "tags": list(tagger.tag_sets[name]), "separator": LABEL_SEPARATOR}
