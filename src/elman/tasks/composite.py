"""Several encodings learned together by one network, and encodings from the records of model files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, ClassVar

from elman.data.sentence import Sentence
from elman.errors import ModelFileError
from elman.tasks.base import EMPTY, Columns, Decoded, Encoding, PlainColumn, Predictions
from elman.tasks.constituency import ConstituencyEncoding, is_name
from elman.tasks.dependency import DependencyEncoding
from elman.tasks.dependency_labels import ENCODINGS
from elman.tasks.graph import GraphEncoding
from elman.tasks.lemma import LemmaEncoding
from elman.tasks.morphology import MorphologyEncoding, is_features
from elman.tasks.relation_counts import RelationCounts
from elman.utils.display import shown


@dataclass(frozen=True)
class CompositeEncoding:
    """Encodings learned together by one network; each may use the columns that earlier ones decode."""

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

    def decode(self, batch: Predictions) -> Decoded:
        for part in self.parts:
            batch.decoded |= part.decode(batch)
        return batch.decoded

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "parts": [part.to_record() for part in self.parts]}


def parts_of(encoding: Encoding) -> tuple[Encoding, ...]:
    """Return the parts of a composite encoding, or the encoding itself."""
    return encoding.parts if isinstance(encoding, CompositeEncoding) else (encoding,)


def from_record(record: Any) -> Encoding:
    """Return the encoding of a record. Raises ModelFileError if the record is malformed."""
    parts = record.get("parts") if isinstance(record, dict) and record.get("name") == CompositeEncoding.name else None
    return CompositeEncoding(tuple(map(_simple, parts))) if isinstance(parts, list) and parts else _simple(record)


def _simple(record: Any) -> Encoding:
    fields = record if isinstance(record, dict) else {}
    name, target = fields.get("name"), fields.get("target")
    if name == DependencyEncoding.name and fields.get("heads") in ENCODINGS and isinstance(fields.get("tags"), str):
        counts = RelationCounts.from_record(fields.get("agreement", {}))
        return DependencyEncoding(fields["heads"], fields["tags"], counts)
    if name == GraphEncoding.name and isinstance(fields.get("root"), str | None):
        return GraphEncoding(fields.get("root"))
    if name == ConstituencyEncoding.name and (fields.get("root") is None or is_name(fields["root"])):
        return ConstituencyEncoding(fields.get("root"))
    if name == PlainColumn.name and isinstance(target, str):
        return PlainColumn(target)
    known = fields.get("known")
    if name == LemmaEncoding.name and isinstance(target, str):
        known = [] if known is None else known  # models written before have none
        if isinstance(known, list) and all(isinstance(lemma, str) and lemma for lemma in known):
            return LemmaEncoding(target=target, known=frozenset(known))
    if name == MorphologyEncoding.name and isinstance(target, str) and isinstance(known, list):
        if all(isinstance(value, str) and is_features(value) for value in known) and set(known) - {EMPTY}:
            return MorphologyEncoding(tuple(known), target)
    raise ModelFileError(f"task: expected an encoding as training writes it, found {shown(str(record))}")
