"""Build the encoding of each word-level task for its training sentences.

Every function takes the sentences, the column to learn (None for the task's own) and the options of the task. All raise
DataError if nothing is annotated, and ConfigError if a column is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.tasks.base import EMPTY, Encoding, PlainColumn, column
from elman.tasks.composite import CompositeEncoding
from elman.tasks.constituency import ConstituencyEncoding
from elman.tasks.dependency import DependencyEncoding
from elman.tasks.graph import GraphEncoding
from elman.tasks.lemma import LemmaEncoding
from elman.tasks.morphology import MorphologyEncoding

Sentences = Sequence[Sentence]
Options = Mapping[str, str]
GRAPH = GraphEncoding.name


def lemma(sentences: Sentences, target: str | None, options: Options) -> Encoding:
    """Return lemmas as edit scripts."""
    return LemmaEncoding.of(sentences, target or "lemma")


def morphology(sentences: Sentences, target: str | None, options: Options) -> Encoding:
    """Return features as one label (``features=whole``), or one label column per feature (``features=each``)."""
    encoding = MorphologyEncoding.of(sentences, target or "feats")
    return encoding if options["features"] == "each" else PlainColumn(target or "feats")


def parse(sentences: Sentences, target: str | None, options: Options) -> Encoding:
    """Return UPOS and dependencies, with ``heads=relative``, ``brackets`` or ``graph``; constituents for bracketed
    trees.

    Raises ConfigError also if the format has no trees.
    """
    first = sentences[0]
    if first.format == "trees":
        return ConstituencyEncoding.of(sentences)
    if first.format == "columns":
        hint = "; with two more, _ and _, the 8 columns of CoNLL-X are CoNLL-U" if len(first.columns) == 7 else ""
        raise ConfigError(f"{first.path}: the task parse learns from conllu or trees, found columns{hint}")
    return CompositeEncoding((PlainColumn("upos"), _trees(sentences, options["heads"])))


def all_columns(sentences: Sentences, target: str | None, options: Options) -> Encoding:
    """Return every annotated column of CoNLL-U, each encoded as in its own task."""
    annotated = {name for name in ("upos", "xpos", "feats", "lemma", "head") if _is_annotated(sentences, name)}
    parts: list[Encoding] = [PlainColumn(name) for name in ("upos", "xpos") if name in annotated]
    if "feats" in annotated:
        parts.append(morphology(sentences, None, options))
    if "lemma" in annotated:
        parts.append(lemma(sentences, None, options))
    if "head" in annotated:
        parts.append(_trees(sentences, options["heads"], tags="upos" in annotated))
    if not parts:
        raise DataError("nothing to learn: all columns hold only _", path=sentences[0].path or None)
    return CompositeEncoding(tuple(parts))


def _trees(sentences: Sentences, heads: str, *, tags: bool = True) -> Encoding:
    """Return the encoding of dependencies; ``tags``: whether words have parts of speech, which relative heads need."""
    if heads == GRAPH:
        return GraphEncoding.of(sentences)
    return DependencyEncoding.of(sentences, heads if tags else "brackets")


def _is_annotated(sentences: Sentences, name: str) -> bool:
    return any(value != EMPTY for value in chain.from_iterable(column(sentence, name) for sentence in sentences))
