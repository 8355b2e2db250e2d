"""Make Arrow tables of sentences: rows that were read from Arrow are copied, others are made from scratch.

Rows that were read keep all columns with their names, types, order, values and the metadata of the schema. Columns for
tags and labels are replaced, or appended; the metadata of Hugging Face datasets then describes them as strings.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.data.formats import jsonl
from elman.data.formats.class_names import names_in
from elman.data.formats.holds import Confidences, is_gap
from elman.data.sentence import BYTES_PER_WORD, CONFIDENCE, LABEL_SEPARATOR, RecordSentence, Sentence
from elman.errors import ConfigError
from elman.utils.display import shown
from elman.utils.imports import optional_package

if TYPE_CHECKING:
    from elman.data.formats.arrow_blocks import TaggedRows

_GROUP_WORDS = 65_536  # per table
_HUGGING_FACE = b"huggingface"


class _Item(NamedTuple):
    """A sentence to write, its tags by column, and their confidences."""

    sentence: Sentence
    tags: Mapping[str, Sequence[str]]
    confidences: Confidences | None


class ArrowRows:
    """Makes tables of up to ``_GROUP_WORDS`` words; memory is bounded by one table.

    ``columns`` and ``labels``: for rows that were read from Arrow those to replace; otherwise all of them.
    ``source`` is the schema of the rows that were read, if known before the first; ``words`` their column of words, by
    default ``tokens`` or ``words``. Without such a column the words are added to tags. ``scored`` are the columns with
    confidences, if known before the first row.

    Raises ConfigError for a name that is both a column and a label.
    """

    def __init__(
        self,
        columns: Sequence[str],
        labels: Sequence[str],
        source: Any = None,
        words: str = "",
        scored: Sequence[str] = (),
    ) -> None:
        library()
        if both := [name for name in columns if name in labels]:
            what = f"{shown(both[0])} is a column of tags in some sentences and a label in others"
            raise ConfigError(f"parquet: {what}; jsonl holds both")
        self._columns, self._labels = tuple(columns), tuple(labels)
        self._word_columns = {words} if words else {"tokens", "words"}
        self.schema: Any = None
        """The schema of the tables; None before the first one."""
        self._source = source
        self._batch: Any = None  # batch of the last row
        self._made: dict[str, Callable[[_Item], object]] = {}  # column to write -> function that makes its value
        self._scored: Confidences | None = None  # the first confidences, which show the type of all
        if scored:
            self._scored = dict.fromkeys(scored, ()) if len(scored) > 1 else ()
        self._items: list[_Item] = []
        self._tables: list[Any] = []  # rows before these
        self._weight = 0

    def add(self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None = None) -> Any:
        """Return the table that is complete after adding a sentence, or None.

        Raises ConfigError for a repeated name, or a row with other columns than those before.
        """
        if is_gap(sentence):
            return None
        batch = sentence.batch if isinstance(sentence, RecordSentence) and sentence.format == "parquet" else None
        self._begin(batch, sentence.path)
        if batch is None:
            jsonl.new_record(sentence, tags, confidences, len(self._columns))  # raises if it cannot be written
        if self._scored is None:
            self._scored = confidences
        self._items.append(_Item(sentence, tags, confidences))
        self._weight += sentence.weight
        return self.finish() if self._weight >= _GROUP_WORDS else None

    def add_tagged(self, rows: TaggedRows, path: str) -> Iterator[Any]:
        """Yield the tables that are complete after adding tagged rows of a file. Raises ConfigError as ``add``."""
        self._begin(rows.batch, path)
        if self._scored is None and rows.confidences:
            several = len(rows.confidences) > 1
            self._scored = dict.fromkeys(rows.confidences, ()) if several else ()
        self._end_items()
        begin, n_rows = 0, len(rows.begins) - 1
        row_weight = 1 + (0 if rows.batch is None else rows.batch.nbytes // (BYTES_PER_WORD * n_rows))
        while begin < n_rows:

            def weight(end: int, begin: int = begin) -> int:
                return int(rows.begins[end] - rows.begins[begin]) + (end - begin) * row_weight

            left = _GROUP_WORDS - self._weight
            end = min(bisect_left(range(n_rows), left, begin + 1, key=weight), n_rows)
            self._tables.append(self._tagged(rows, begin, end))
            self._weight, begin = self._weight + weight(end), end
            if self._weight >= _GROUP_WORDS:
                yield self.finish()

    def of_block(self, rows: TaggedRows) -> Any:
        """Return tagged rows as one table, once ``schema`` is known; nothing is kept, so that threads may do this."""
        return self._tagged(rows, 0, len(rows.begins) - 1)

    @property
    def written(self) -> tuple[str, ...]:
        """The columns that are added to the rows that were read, or replaced; known with ``schema``."""
        return tuple(self._made)

    def finish(self) -> Any:
        """Return a table of the remaining sentences; it may have no rows."""
        pa, _ = library()
        self._end_items()
        tables, self._tables, self._weight = self._tables, [], 0
        if len(tables) < 2:
            return tables[0].unify_dictionaries() if tables else self.schema.empty_table()
        table = pa.concat_tables(tables)
        for i, name in enumerate(table.schema.names):
            if self._source is None or name in self._made:  # one piece, as if all were of sentences
                table = table.set_column(i, table.field(i), table.column(i).combine_chunks())
        return table.unify_dictionaries()

    def _end_items(self) -> None:
        """Make a table of the sentences so far."""
        pa, _ = library()
        if self.schema is None:
            self.schema = self._in_place(pa) if self._source is not None else pa.schema(self._fields(pa))
        if self._items:
            self._tables.append(self._rows(pa) if self._source is not None else self._records(pa))
            self._items = []

    def _begin(self, batch: Any, path: str) -> None:
        """Take the schema of the first row that is written. Raises ConfigError for one with other columns."""
        if self.schema is None and not self._items:
            self._source = None if batch is None else batch.schema
        elif batch is not self._batch:
            self._check_alike(path, None if batch is None else batch.schema)
        self._batch = batch

    def _check_alike(self, path: str, source: Any) -> None:
        """Raise ConfigError for a row whose schema differs from the rows before."""
        if source is None or self._source is None:
            problem = "no row of Parquet, after some" if source is None else "a row of Parquet, after other sentences"
        elif not source.equals(self._source):
            problem = f"its columns are {', '.join(source.names)}, after a file with {', '.join(self._source.names)}"
            if source.names == self._source.names:
                problem = "its columns have other types than those of the file before"
        elif schema_class_names(source) != schema_class_names(self._source):
            problem = "its numbers have other names than those of the file before"
        else:
            return
        raise ConfigError(f"{path}: {problem}; write them one by one, or choose another format")

    def _confidences(self, pa: Any) -> Any:
        """Return the type of the column of confidences: a list; of several columns a struct of lists; None: none."""
        scored, numbers = self._scored, pa.list_(pa.float32())
        if scored is None:
            return None
        return pa.struct([(name, numbers) for name in scored]) if isinstance(scored, Mapping) else numbers

    # --- rows from scratch ------------------------------------------------------------------------------------------

    def _records(self, pa: Any) -> Any:
        records = [jsonl.new_record(*item, len(self._columns)) for item in self._items]
        columns = {name: [record.get(name) for record in records] for name in self.schema.names}
        return pa.table(columns, schema=self.schema)

    def _fields(self, pa: Any) -> list[tuple[str, Any]]:
        """Return names and types, in the order of ``jsonl.new_record``."""
        texts = pa.list_(pa.string())
        fields = [("text", pa.string())] if self._labels and not self._columns else []
        fields += [("tokens", texts)]
        fields += [(jsonl.column_key(name, len(self._columns)), texts) for name in self._columns]
        confidences = self._confidences(pa)
        if confidences is not None:
            fields.append(("confidences", confidences))
        return fields + [(name, pa.float64() if name == CONFIDENCE else pa.string()) for name in self._labels]

    # --- rows that were read ----------------------------------------------------------------------------------------

    def _in_place(self, pa: Any) -> Any:
        """Return the schema of the rows that were read with the columns to write, and record how these are made."""
        schema, string_list = self._source, pa.list_(pa.string())
        existing = set(schema.names)
        new: dict[str, tuple[Any, Callable[[_Item], object]]] = {}
        if self._columns and not existing & self._word_columns:
            new["tokens"] = string_list, lambda item: list(item.sentence.words)
        for name in self._columns:
            key = name if name in existing else jsonl.column_key(name, len(self._columns))
            new[key] = string_list, _tags_of(name)
        confidences = self._confidences(pa)
        if confidences is not None:
            new["confidences"] = confidences, _confidences_of
        for name in self._labels:
            new[name] = pa.float64() if name == CONFIDENCE else pa.string(), _label_of(name)
        for key, (type_, make) in new.items():
            index = schema.get_field_index(key)
            if index < 0:
                schema = schema.append(pa.field(key, type_))
            else:
                field = schema.field(index)
                field_type = field.type if _holds_texts(pa, field.type, type_) else type_
                schema = schema.set(index, field.with_type(field_type).with_nullable(True))
            self._made[key] = make
        features = {name: _feature(pa, schema.field(name).type) for name in new}
        return schema.with_metadata(_with_features(schema.metadata, features))

    def _rows(self, pa: Any) -> Any:
        """Return the rows as they were read, with the columns to write."""
        batches: list[tuple[Any, list[int]]] = []  # rows grouped by batch
        for item in self._items:
            row = item.sentence
            assert isinstance(row, RecordSentence)
            if not batches or batches[-1][0] is not row.batch:
                batches.append((row.batch, []))
            batches[-1][1].append(row.at)
        table = pa.Table.from_batches([_select_rows(batch, index) for batch, index in batches], schema=self._source)
        for key, make in self._made.items():
            field = self.schema.field(key)
            column = pa.array([_as_type(pa, make(item), field.type) for item in self._items], type=field.type)
            index = table.schema.get_field_index(key)
            table = table.append_column(field, column) if index < 0 else table.set_column(index, field, column)
        return pa.Table.from_arrays(table.columns, schema=self.schema)

    # --- rows that were tagged as a block ---------------------------------------------------------------------------

    def _tagged(self, rows: TaggedRows, begin: int, end: int) -> Any:
        """Return tagged rows, with the columns to write."""
        pa, _ = library()
        read = None if rows.batch is None else rows.batch.slice(begin, end - begin)
        columns = {} if read is None else dict(zip(read.schema.names, read.columns, strict=True))
        lists = partial(_lists, pa, rows.begins[begin : end + 1])
        for name, tags in rows.tags.items():
            key = name if name in columns else jsonl.column_key(name, len(self._columns))
            columns[key] = lists(tags, self.schema.field(key).type)
        if rows.words is not None and (read is None or "tokens" in self._made):
            columns["tokens"] = lists(rows.words, self.schema.field("tokens").type)
        if rows.confidences:
            type_ = self.schema.field("confidences").type
            numbers = [lists(each, pa.list_(pa.float32())) for each in rows.confidences.values()]
            columns["confidences"] = (
                numbers[0] if is_list(pa, type_) else pa.StructArray.from_arrays(numbers, fields=list(type_))
            )
        return pa.Table.from_arrays([columns[name] for name in self.schema.names], schema=self.schema)


def _lists(pa: Any, begins: Any, values: Any, type_: Any) -> Any:
    """Return an array of lists, given where each begins among the values."""
    buffers = [None, pa.py_buffer(begins.tobytes())]
    lists = pa.Array.from_buffers(pa.list_(values.type), len(begins) - 1, buffers, children=[values])
    if pa.types.is_list(type_) and type_.value_type == values.type:  # the name of the values may differ
        return pa.Array.from_buffers(type_, len(lists), buffers, children=[values])
    return lists.cast(type_)


def _select_rows(batch: Any, indices: list[int]) -> Any:
    """Return the rows of a batch with the given indices."""
    if indices[-1] - indices[0] == len(indices) - 1:  # consecutive
        return batch.slice(indices[0], len(indices))
    pa, _ = library()
    return batch.take(pa.array(indices))


def _tags_of(name: str) -> Callable[[_Item], object]:
    def made(item: _Item) -> object:
        found = item.tags.get(name, item.sentence.columns.get(name))
        return None if found is None else list(found)

    return made


def _confidences_of(item: _Item) -> object:
    return None if item.confidences is None else jsonl.rounded(item.confidences)


def _label_of(name: str) -> Callable[[_Item], object]:
    def made(item: _Item) -> object:
        label = item.sentence.labels.get(name)
        return float(label) if label is not None and name == CONFIDENCE else label

    return made


def _as_type(pa: Any, value: object, type_: Any) -> object:
    """Split a label into a list if the column holds lists."""
    return value.split(LABEL_SEPARATOR) if isinstance(value, str) and is_list(pa, type_) else value


def is_list(pa: Any, type_: Any) -> bool:
    """Return whether a type is one of lists."""
    return bool(pa.types.is_list(type_) or pa.types.is_large_list(type_))


def is_text(pa: Any, type_: Any) -> bool:
    """Return whether a type is one of texts."""
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _holds_texts(pa: Any, type_: Any, wanted: Any) -> bool:
    """Return whether a column can keep its type: it holds strings, or lists of strings, as required."""
    if is_list(pa, type_):
        inner = wanted.value_type if is_list(pa, wanted) else wanted
        return is_text(pa, type_.value_type) and is_text(pa, inner)
    return is_text(pa, type_) and is_text(pa, wanted)


def schema_class_names(schema: Any) -> Mapping[str, Sequence[str]]:
    """Return the names of numeric labels in the metadata of a schema."""
    try:
        return names_in(json.loads((schema.metadata or {}).get(_HUGGING_FACE, b"{}")))
    except (ValueError, RecursionError):
        return {}


def _feature(pa: Any, type_: Any) -> dict[str, Any]:
    """Return a column type in the notation of Hugging Face datasets."""
    if is_list(pa, type_):
        return {"feature": _feature(pa, type_.value_type), "_type": "Sequence"}
    if pa.types.is_struct(type_):
        return {field.name: _feature(pa, field.type) for field in type_}
    names = {"double": "float64", "float": "float32"}
    return {"dtype": names.get(str(type_), str(type_)), "_type": "Value"}


def _with_features(metadata: Mapping[bytes, bytes] | None, features: Mapping[str, Any]) -> dict[bytes, bytes] | None:
    """Return the metadata of a schema with these columns added to the features of Hugging Face datasets."""
    if metadata is None:
        return None
    changed = dict(metadata)
    try:
        info = json.loads(changed.get(_HUGGING_FACE, b"{}"))
        info["info"]["features"] |= features
    except (ValueError, TypeError, KeyError, RecursionError):  # no features there
        return changed
    changed[_HUGGING_FACE] = json.dumps(info).encode()
    return changed


def library() -> tuple[Any, Any]:
    """Return pyarrow and its module for Parquet. Raises MissingExtraError without them."""
    with optional_package("pyarrow", "parquet"):
        return import_module("pyarrow"), import_module("pyarrow.parquet")
