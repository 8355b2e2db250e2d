"""Writing Parquet row group by row group: rows that were read from such a file as they were, others afresh.

Of a row that was read all columns stay, their names, types, order, values and the schema's metadata among them; those
that tags and labels go to are replaced, or stand at the end. In the metadata that Hugging Face datasets keeps there
they are texts from then on.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from elman.data.formats import jsonl
from elman.data.formats.class_names import names_in
from elman.data.formats.holds import is_gap
from elman.data.sentence import CONFIDENCE, LABEL_SEPARATOR, RecordSentence, Sentence
from elman.errors import ConfigError, MissingExtraError

_GROUP_WORDS = 65_536  # of a row group that is written
_HUGGING_FACE = b"huggingface"


class _Item(NamedTuple):
    """A sentence to write, its tags by column, and their confidences."""

    sentence: Sentence
    tags: Mapping[str, Sequence[str]]
    confidences: Sequence[float] | None


class ParquetWriter:
    """A file that is written row group by row group; memory is bounded by one.

    ``columns`` and ``labels``: of rows that were read from Parquet those that are written anew; else all there are.
    """

    def __init__(self, columns: Sequence[str], labels: Sequence[str]) -> None:
        library()
        self._columns, self._labels = tuple(columns), tuple(labels)
        self._sink = _Sink()
        self._writer: Any = None
        self._source: Any = None  # the schema of the rows that were read
        self._batch: Any = None  # that the last of them stood in
        self._made: dict[str, Callable[[_Item], object]] = {}  # the columns that are made, and of what
        self._items: list[_Item] = []
        self._weight = 0

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None = None
    ) -> bytes:
        """The bytes that are done when the sentence is in. Raises ConfigError: a name that stands twice, a row with
        other columns than those before.
        """
        if is_gap(sentence):
            return b""
        batch = sentence.batch if isinstance(sentence, RecordSentence) and sentence.format == "parquet" else None
        if self._writer is None and not self._items:
            self._source = None if batch is None else batch.schema
        elif batch is not self._batch:
            self._check_alike(sentence, None if batch is None else batch.schema)
        self._batch = batch
        if batch is None:
            jsonl.new_record(sentence, tags, confidences, len(self._columns))  # which raises
        self._items.append(_Item(sentence, tags, confidences))
        self._weight += sentence.weight
        return self._group() if self._weight >= _GROUP_WORDS else b""

    def finish(self) -> bytes:
        """The rest: the last row group and the end of the file."""
        data = self._group()
        self._writer.close()
        return data + self._sink.take()

    def _check_alike(self, sentence: Sentence, source: Any) -> None:
        """Raise ConfigError for a row that does not fit in with those before."""
        if source is None or self._source is None:
            found = "no row of Parquet, after some" if source is None else "a row of Parquet, after other sentences"
        elif not source.equals(self._source):
            found = f"its columns are {', '.join(source.names)}, after a file with {', '.join(self._source.names)}"
            if source.names == self._source.names:
                found = "its columns have other types than those of the file before"
        elif schema_class_names(source) != schema_class_names(self._source):
            found = "its numbers have other names than those of the file before"
        else:
            return
        raise ConfigError(f"{sentence.path}: {found}; write them one by one, or choose another format")

    def _group(self) -> bytes:
        pa, pq = library()
        if self._writer is None:
            self._schema = self._in_place(pa) if self._source is not None else pa.schema(self._fields(pa))
            sink = pa.PythonFile(self._sink, mode="w")
            self._writer = pq.ParquetWriter(sink, self._schema, write_page_checksum=True)
        if self._items:
            table = self._rows(pa) if self._source is not None else self._records(pa)
            self._writer.write_table(table)
        self._items, self._weight = [], 0
        return self._sink.take()

    def _confident(self) -> bool:
        return any(item.confidences is not None for item in self._items)

    # --- afresh -----------------------------------------------------------------------------------------------------

    def _records(self, pa: Any) -> Any:
        records = [jsonl.new_record(*item, len(self._columns)) for item in self._items]
        columns = {name: [record.get(name) for record in records] for name in self._schema.names}
        return pa.table(columns, schema=self._schema)

    def _fields(self, pa: Any) -> list[tuple[str, Any]]:
        """Names and types, in the order of ``jsonl.record_of``."""
        texts = pa.list_(pa.string())
        fields = [("text", pa.string())] if self._labels and not self._columns else []
        fields += [("tokens", texts)]
        fields += [(jsonl.column_key(name, len(self._columns)), texts) for name in self._columns]
        if self._confident():
            fields.append(("confidences", pa.list_(pa.float32())))
        return fields + [(name, pa.float64() if name == CONFIDENCE else pa.string()) for name in self._labels]

    # --- rows that were read ----------------------------------------------------------------------------------------

    def _in_place(self, pa: Any) -> Any:
        """The schema of the rows that were read, with the columns that are made; notes what these are made of."""
        schema, texts = self._source, pa.list_(pa.string())
        there = set(schema.names)
        new: dict[str, tuple[Any, Callable[[_Item], object]]] = {}
        if self._columns and not there & {"tokens", "words"}:
            new["tokens"] = texts, lambda item: list(item.sentence.words)
        for name in self._columns:
            key = name if name in there else jsonl.column_key(name, len(self._columns))
            new[key] = texts, _tags_of(name)
        if self._confident():
            new["confidences"] = pa.list_(pa.float32()), lambda item: _rounded(item.confidences)
        for name in self._labels:
            new[name] = pa.float64() if name == CONFIDENCE else pa.string(), _label_of(name)
        for key, (type_, made) in new.items():
            at = schema.get_field_index(key)
            if at < 0:
                schema = schema.append(pa.field(key, type_))
            else:
                field = schema.field(at)
                kept = field.type if _holds_texts(pa, field.type, type_) else type_
                schema = schema.set(at, field.with_type(kept).with_nullable(True))
            self._made[key] = made
        features = {name: _feature(pa, schema.field(name).type) for name in new}
        return schema.with_metadata(_with_features(schema.metadata, features))

    def _rows(self, pa: Any) -> Any:
        """The rows as they were read, with the columns that are made."""
        runs: list[tuple[Any, list[int]]] = []  # rows that stand in one batch
        for item in self._items:
            row = item.sentence
            assert isinstance(row, RecordSentence)
            if not runs or runs[-1][0] is not row.batch:
                runs.append((row.batch, []))
            runs[-1][1].append(row.at)
        table = pa.Table.from_batches([_some(batch, at) for batch, at in runs], schema=self._source)
        for key, made in self._made.items():
            field = self._schema.field(key)
            column = pa.array([_as_type(pa, made(item), field.type) for item in self._items], type=field.type)
            at = table.schema.get_field_index(key)
            table = table.append_column(field, column) if at < 0 else table.set_column(at, field, column)
        return pa.Table.from_arrays(table.columns, schema=self._schema).unify_dictionaries()


def _some(batch: Any, at: list[int]) -> Any:
    """Some rows of a batch."""
    if at[-1] - at[0] == len(at) - 1:  # they rise
        return batch.slice(at[0], len(at))
    pa, _ = library()
    return batch.take(pa.array(at))


def _tags_of(name: str) -> Callable[[_Item], object]:
    def made(item: _Item) -> object:
        found = item.tags.get(name, item.sentence.columns.get(name))
        return None if found is None else list(found)

    return made


def _label_of(name: str) -> Callable[[_Item], object]:
    def made(item: _Item) -> object:
        label = item.sentence.labels.get(name)
        return float(label) if label is not None and name == CONFIDENCE else label

    return made


def _rounded(confidences: Sequence[float] | None) -> list[float] | None:
    return None if confidences is None else [round(float(value), 4) for value in confidences]


def _as_type(pa: Any, value: object, type_: Any) -> object:
    """A label as several, where the column has lists of them."""
    return value.split(LABEL_SEPARATOR) if isinstance(value, str) and _is_list(pa, type_) else value


def _is_list(pa: Any, type_: Any) -> bool:
    return bool(pa.types.is_list(type_) or pa.types.is_large_list(type_))


def _is_text(pa: Any, type_: Any) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _holds_texts(pa: Any, type_: Any, wanted: Any) -> bool:
    """Whether a column's own type can stay: it holds texts, or lists of texts, as is wanted."""
    if _is_list(pa, type_):
        return _is_text(pa, type_.value_type) and (_is_text(pa, wanted) or _is_list(pa, wanted))
    return _is_text(pa, type_) and _is_text(pa, wanted)


def schema_class_names(schema: Any) -> Mapping[str, Sequence[str]]:
    """The names of numbers that stand in a schema's metadata."""
    try:
        return names_in(json.loads((schema.metadata or {}).get(_HUGGING_FACE, b"{}")))
    except (ValueError, RecursionError):
        return {}


def _feature(pa: Any, type_: Any) -> dict[str, Any]:
    """A column's type as Hugging Face datasets writes it."""
    if _is_list(pa, type_):
        return {"feature": _feature(pa, type_.value_type), "_type": "Sequence"}
    names = {"double": "float64", "float": "float32"}
    return {"dtype": names.get(str(type_), str(type_)), "_type": "Value"}


def _with_features(metadata: Mapping[bytes, bytes] | None, features: Mapping[str, Any]) -> dict[bytes, bytes] | None:
    """A schema's metadata, with these columns where Hugging Face datasets keeps the others."""
    if metadata is None:
        return None
    changed = dict(metadata)
    try:
        found = json.loads(changed.get(_HUGGING_FACE, b"{}"))
        found["info"]["features"] |= features
    except (ValueError, TypeError, KeyError, RecursionError):  # none of its own
        return changed
    changed[_HUGGING_FACE] = json.dumps(found).encode()
    return changed


class _Sink(io.RawIOBase):
    """Where pyarrow writes to: bytes that are taken away as they come."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._blocks.append(bytes(data))
        return len(self._blocks[-1])

    def take(self) -> bytes:
        """What was written since the last time."""
        data, self._blocks = b"".join(self._blocks), []
        return data


def library() -> tuple[Any, Any]:
    try:
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet") from None
    return pyarrow, parquet
