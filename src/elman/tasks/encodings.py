"""The encoding of each task of words for its training sentences.

Every function takes the sentences, the name of the column to learn (None: the task's own) and the options of the task.
They raise DataError if there is nothing to learn in these sentences, ConfigError if they have no such column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.tasks.base import NOTHING, Encoding
from elman.tasks.composite import Features, Lemmas, Plain, Together, Trees, column
from elman.tasks.constituents import Constituents

Sentences = Sequence[Sentence]
Options = Mapping[str, str]


def lemma(sentences: Sentences, target: str | None, options: Options) -> Encoding:
    """Return lemmas as edit scripts."""
    return Lemmas.of(sentences, target or "lemma")


def morphology(sentences: Sentences, target: str | None, options: Options) -> Encoding:
    """Return ``features=whole`` as they stand, or one label column for ``each`` feature, in combinations that occur."""
    each = Features.of(sentences, target or "feats")
    return each if options["features"] == "each" else Plain(target or "feats")


def parse(sentences: Sentences, target: str | None, options: Options) -> Encoding:
    """Return UPOS and a tree, heads as ``heads=relative`` or ``heads=brackets``; of bracketed trees constituents.

    Raises ConfigError also if the format has neither.
    """
    first = sentences[0]
    if first.format == "trees":
        return Constituents.of(sentences)
    if first.format == "columns":
        which = "; with two more, _ and _, the 8 columns of CoNLL-X are CoNLL-U" if len(first.columns) == 7 else ""
        raise ConfigError(f"{first.path}: the task parse learns from conllu or trees, found columns{which}")
    return Together((Plain("upos"), Trees.of(sentences, options["heads"])))


def all_columns(sentences: Sentences, target: str | None, options: Options) -> Encoding:
    """Return every column of CoNLL-U that is annotated, each as its own task has it."""
    annotated = {name for name in ("upos", "xpos", "feats", "lemma", "head") if _is_annotated(sentences, name)}
    parts: list[Encoding] = [Plain(name) for name in ("upos", "xpos") if name in annotated]
    if "feats" in annotated:
        parts.append(morphology(sentences, None, options))
    if "lemma" in annotated:
        parts.append(lemma(sentences, None, options))
    if "head" in annotated:
        parts.append(Trees.of(sentences, options["heads"] if "upos" in annotated else "brackets"))
    if not parts:
        raise DataError("nothing to learn: all columns are _", path=sentences[0].path or None)
    return Together(tuple(parts))


def _is_annotated(sentences: Sentences, name: str) -> bool:
    return any(value != NOTHING for value in chain.from_iterable(column(sentence, name) for sentence in sentences))
