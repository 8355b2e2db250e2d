"""Columns as labels: as they are, lemmas as edit scripts, features by heads of their own, trees as labels of words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import Sentence, error_at
from elman.errors import ConfigError, DataError, ModelFileError
from elman.tasks import constituency as constituents, dependency_labels as dependencies, edit_scripts as lemmas
from elman.tasks.base import LONGEST, NOTHING, Batch, Encoding, split
from elman.tasks.constituents import Constituents
from elman.tasks.mst import HeadLabels
from elman.tasks.relation_counts import MOST_TAGS, Agreement
from elman.utils.display import shown

Columns = dict[str, tuple[str, ...]]
Decoded = dict[str, list[list[str]]]

OTHER = "dep"
"""What stands where nothing but the relation of roots was ever learned."""
HEADS = ("relative", "brackets")
AT_ONCE = 1 << 20
"""Words times combinations of features that are looked at together."""


def column(sentence: Sentence, name: str) -> tuple[str, ...]:
    """A column of a sentence. Raises ConfigError where it has none of that name."""
    if name not in sentence.columns:
        there = ", ".join(sentence.columns) or "none"
        raise ConfigError(
            f"{sentence.path or 'input'}: no column {shown(name)}, which is to be learned; there is: {there}"
        )
    return sentence.columns[name]


@lru_cache(maxsize=1 << 16)
def _applied(script: str, word: str) -> str | None:
    return lemmas.apply(script, word)


@dataclass(frozen=True)
class Plain:
    """A column whose values are the labels."""

    target: str
    name: ClassVar[str] = "plain"

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    columns = targets

    @property
    def unannotated(self) -> tuple[str, ...]:
        return ()

    def encode(self, sentence: Sentence) -> Columns:
        return {self.target: column(sentence, self.target)}

    def fits(self, column: str, label: str) -> bool:
        return len(label) <= LONGEST

    def decode(self, batch: Batch) -> Decoded:
        return {self.target: [list(labels) for labels in batch.found[self.target]]}

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "target": self.target}


@dataclass(frozen=True)
class Lemmas:
    """The scripts that make lemmas of words (``elman.tasks.edit_scripts``).

    Words without a lemma (``_``) are learned with a label of their own and decoded by the best other one.
    """

    scripts: lemmas.Scripts = lemmas.Scripts(frozenset())
    target: str = "lemma"
    name: ClassVar[str] = "lemmas"

    @classmethod
    def of(cls, sentences: Sequence[Sentence], target: str = "lemma") -> Lemmas:
        """The scripts of training sentences. Raises DataError: no lemma in any of them."""
        forms = list(chain.from_iterable(sentence.words for sentence in sentences))
        found = list(chain.from_iterable(column(sentence, target) for sentence in sentences))
        if set(found) <= {NOTHING}:
            raise DataError(f"no lemmas: column {target} is {NOTHING} throughout", path=sentences[0].path or None)
        return cls(lemmas.choose(forms, found), target)

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    columns = targets
    unannotated = targets

    def encode(self, sentence: Sentence) -> Columns:
        values = zip(sentence.words, column(sentence, self.target), strict=True)
        labels = [NOTHING if lemma == NOTHING != form else self.scripts.label(form, lemma) for form, lemma in values]
        return {self.target: tuple(labels)}

    def fits(self, column: str, label: str) -> bool:
        return len(label) <= LONGEST and (label == NOTHING or lemmas.is_label(label))

    def decode(self, batch: Batch) -> Decoded:
        found: list[list[str | None]] = [
            [None if label == NOTHING else _applied(label, word) for word, label in zip(words, labels, strict=True)]
            for words, labels in zip(batch.words, batch.found[self.target], strict=True)
        ]
        open = [i for i, values in enumerate(found) if None in values]
        for i, ranked in zip(open, batch.ranked(self.target, open), strict=True):
            for at, value in enumerate(found[i]):
                if value is None:
                    scripts = (label for label in ranked(at) if label != NOTHING)
                    found[i][at] = lemmas.first_applicable(scripts, batch.words[i][at])
        return {self.target: [[value or NOTHING for value in values] for values in found]}

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "target": self.target}


@dataclass(frozen=True)
class Features:
    """Features, each with a label column of its own; together only as they occur in training.

    ``known``  the values of the column that occur, ``Case=Nom|Number=Sing``
    """

    known: tuple[str, ...]
    target: str = "feats"
    name: ClassVar[str] = "features"

    @classmethod
    def of(cls, sentences: Iterable[Sentence], target: str = "feats") -> Features:
        """The combinations of training sentences. Raises DataError: no features, or no name=value."""
        known: dict[str, None] = {}
        path = ""
        for sentence in sentences:
            path = path or sentence.path
            for i, value in enumerate(column(sentence, target)):
                if value not in known:
                    _items(value, sentence, i)
                    known[value] = None
        if set(known) <= {NOTHING}:
            message = f"no features: column {target} is {NOTHING} throughout; --target names another"
            raise DataError(message, path=path or None)
        return cls(tuple(sorted(known)), target)

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The features, in the order of the label columns."""
        return tuple(sorted({name for value in self.known for name in _items(value)}))

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(f"{self.target}.{name}" for name in self.names)

    @property
    def unannotated(self) -> tuple[str, ...]:
        return ()

    @cached_property
    def _by_parts(self) -> dict[tuple[str, ...], str]:
        return {self._parts(_items(value)): value for value in self.known}

    def _parts(self, items: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(items.get(name, NOTHING) for name in self.names)

    def encode(self, sentence: Sentence) -> Columns:
        values = column(sentence, self.target)
        rows = [self._parts(_items(value, sentence, i)) for i, value in enumerate(values)]
        return dict(zip(self.columns, zip(*rows, strict=True), strict=True))

    @cached_property
    def labels(self) -> dict[str, frozenset[str]]:
        """The labels of each label column."""
        return dict(zip(self.columns, map(frozenset, zip(*self._by_parts, strict=True)), strict=True))

    def fits(self, column: str, label: str) -> bool:
        return label in self.labels[column]

    def decode(self, batch: Batch) -> Decoded:
        by_sentence = zip(*(batch.found[name] for name in self.columns), strict=True)
        found = [[self._by_parts.get(parts) for parts in zip(*labels, strict=True)] for labels in by_sentence]
        open = [i for i, values in enumerate(found) if None in values]
        if open:
            asked = [batch.ask(name, open) for name in self.columns]
            for i, *p in zip(open, *asked, strict=True):
                words = [at for at, value in enumerate(found[i]) if value is None]
                each = max(1, AT_ONCE // len(self.known))
                for some in (words[at : at + each] for at in range(0, len(words), each)):
                    best = self._best([np.log(np.maximum(one[some], 1e-30)) for one in p], batch.sets)
                    for at, value in zip(some, best, strict=True):
                        found[i][at] = value
        return {self.target: [[value or NOTHING for value in values] for values in found]}

    def _best(self, log_p: Sequence[Any], sets: Mapping[str, Sequence[str]]) -> list[str]:
        """Of each word the most probable combination that occurs."""
        total = 0.0
        for at, (name, scores) in enumerate(zip(self.columns, log_p, strict=True)):
            places = {label: i for i, label in enumerate(sets[name])}
            total = total + scores[:, [places[parts[at]] for parts in self._by_parts]]
        values = list(self._by_parts.values())
        return [values[i] for i in np.asarray(total).argmax(axis=1).tolist()]

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "target": self.target, "known": list(self.known)}


@dataclass(frozen=True)
class Trees:
    """Heads and relations, by one of the encodings of ``elman.tasks.dependency_labels``.

    ``tags``       the column with parts of speech that ``relative`` heads are read by; it is decoded before this one,
                   or is ``_`` throughout
    ``agreement``  which relations go with which arcs
    """

    heads: str = "relative"
    tags: str = "upos"
    agreement: Agreement = Agreement()
    name: ClassVar[str] = "trees"

    @classmethod
    def of(cls, sentences: Sequence[Sentence], heads: str) -> Trees:
        """The encoding for training sentences. Raises DataError: heads that make no tree, thousands of tags."""
        tags = cls.tags
        kinds = set(chain.from_iterable(column(one, tags) for one in sentences))
        if len(kinds) > MOST_TAGS:
            found = (
                f"{len(kinds):,} distinct tags in column {tags}; expected up to {MOST_TAGS:,} parts of speech to parse"
            )
            raise DataError(f"{found}: put finer ones into xpos", path=sentences[0].path or None)
        there = [(one, column(one, tags), column(one, "head"), column(one, "deprel")) for one in sentences]
        rows = ((dependencies.gold_heads(one), own, relations) for one, own, _, relations in there)
        return cls(heads, tags, Agreement.of(rows))

    @property
    def targets(self) -> tuple[str, ...]:
        return ("head", "deprel")

    columns = targets

    @property
    def unannotated(self) -> tuple[str, ...]:
        return ()

    def encode(self, sentence: Sentence) -> Columns:
        heads = dependencies.gold_heads(sentence)
        return {
            "head": tuple(dependencies.encode(heads, column(sentence, self.tags), self.heads)),
            "deprel": column(sentence, "deprel"),
        }

    def fits(self, column: str, label: str) -> bool:
        return dependencies.is_label(label, self.heads) if column == "head" else len(label) <= LONGEST

    @cached_property
    def _tables(self) -> dict[tuple[tuple[str, ...], tuple[str, ...]], HeadLabels]:
        return {}

    def _head_labels(self, batch: Batch) -> HeadLabels:
        """What scores arcs, for the labels of a model."""
        key = tuple(batch.sets.get("head", ())), tuple(batch.sets["deprel"])
        if key not in self._tables:
            tags = [tag for number, tag in map(dependencies.parts, key[0]) if number]
            self._tables[key] = HeadLabels(key[0], self.agreement.table(key[1], tags))
        return self._tables[key]

    def decode(self, batch: Batch) -> Decoded:
        labels, relations = self._head_labels(batch), batch.scores("deprel")
        tags = batch.done.get(self.tags) or [[NOTHING] * len(words) for words in batch.words]
        if self.heads == "relative":
            heads = labels.heads(batch.scores("head"), tags, relations)
        else:
            named = [dependencies.decode(*one, self.heads) for one in zip(batch.found["head"], tags, strict=True)]
            heads = np.array([head for own in named for head in own], np.int32)
        lengths = np.array([len(own) for own in tags], np.int64)
        first = np.repeat(np.cumsum(lengths) - lengths, lengths)  # the word that each word's sentence begins with
        at_root = heads == 0
        scores = labels.table.relations(
            labels.table.of(chain.from_iterable(tags)), np.where(at_root, -1, heads + first - 1), relations
        )
        numbers = list(map(str, range(int(heads.max(initial=0)) + 1)))
        names = self._relations(scores, at_root, batch.sets["deprel"])
        return {
            "head": split([numbers[i] for i in heads.tolist()], lengths.tolist()),
            "deprel": split(names, lengths.tolist()),
        }

    def _relations(self, scores: NDArray[Any], at_root: NDArray[np.bool_], names: Sequence[str]) -> list[str]:
        """A relation for each of N words, the best by its scores (N, R); that of roots stands at the root alone."""
        root = self.agreement.root
        if root is not None and root in names:
            scores[:, names.index(root)] = -np.inf
        found = np.array([name if name != root else OTHER for name in names], object)[scores.argmax(axis=1)]
        if root is not None:
            found[at_root] = root
        return cast(list[str], found.tolist())

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "heads": self.heads, "tags": self.tags, "agreement": self.agreement.counts}


@dataclass(frozen=True)
class Together:
    """Several encodings side by side, learned by one network; later ones may read what earlier ones decode."""

    parts: tuple[Encoding, ...]
    name: ClassVar[str] = "together"

    @cached_property
    def targets(self) -> tuple[str, ...]:
        return tuple(chain.from_iterable(part.targets for part in self.parts))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return tuple(chain.from_iterable(part.columns for part in self.parts))

    @property
    def unannotated(self) -> tuple[str, ...]:
        return tuple(chain.from_iterable(part.unannotated for part in self.parts))

    def encode(self, sentence: Sentence) -> Columns:
        return {name: labels for part in self.parts for name, labels in part.encode(sentence).items()}

    def fits(self, column: str, label: str) -> bool:
        return all(part.fits(column, label) for part in self.parts if column in part.columns)

    def decode(self, batch: Batch) -> Decoded:
        for part in self.parts:
            batch.done |= part.decode(batch)
        return batch.done

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "parts": [part.to_record() for part in self.parts]}


def parts_of(encoding: Encoding) -> tuple[Encoding, ...]:
    """The encodings that one is made of, or it alone."""
    return encoding.parts if isinstance(encoding, Together) else (encoding,)


def from_record(record: Any) -> Encoding:
    """The encoding of a record. Raises ModelFileError for another thing."""
    parts = record.get("parts") if isinstance(record, dict) and record.get("name") == Together.name else None
    return Together(tuple(map(_one, parts))) if isinstance(parts, list) and parts else _one(record)


def _one(record: Any) -> Encoding:
    found = record if isinstance(record, dict) else {}
    name, target = found.get("name"), found.get("target")
    if name == Trees.name and found.get("heads") in HEADS and isinstance(found.get("tags"), str):
        return Trees(found["heads"], found["tags"], Agreement.from_record(found.get("agreement", {})))
    if name == Constituents.name and (found.get("root") is None or constituents.is_name(found["root"])):
        return Constituents(found.get("root"))
    if name == Plain.name and isinstance(target, str):
        return Plain(target)
    if name == Lemmas.name and isinstance(target, str):
        return Lemmas(target=target)
    known = found.get("known")
    if name == Features.name and isinstance(target, str) and isinstance(known, list):
        if all(isinstance(value, str) and _is_features(value) for value in known) and set(known) - {NOTHING}:
            return Features(tuple(known), target)
    raise ModelFileError(f"task: expected an encoding that training writes, found {shown(str(record))}")


def _items(value: str, sentence: Sentence | None = None, word: int = 0) -> dict[str, str]:
    """``Case=Nom|Number=Sing`` by names. Raises DataError with the line: an item that is no name=value."""
    if value == NOTHING:
        return {}
    if not _is_features(value):
        expected = f"expected Name=Value|Name=Value, up to {LONGEST:,} characters, or _"
        message = f"features: {expected}, found {shown(value)}"
        raise error_at(sentence, word, message) if sentence is not None else DataError(message)
    return dict(item.split("=", 1) for item in value.split("|"))


def _is_features(value: str) -> bool:
    names = [item.partition("=")[0] for item in value.split("|")]
    whole = all("=" in item[1:] and not item.endswith("=") for item in value.split("|"))
    return value == NOTHING or (whole and len(set(names)) == len(names) and len(value) <= LONGEST)
