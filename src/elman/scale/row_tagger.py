"""Predicted columns for the rows of Arrow tables, natively where that is possible; errors by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

from elman.data.formats.arrow import NAME, arrow_table, content_column
from elman.data.formats.arrow_blocks import RowBlocks, tagged_rows
from elman.data.formats.arrow_rows import ArrowRows, is_list, is_text, library
from elman.data.formats.json_records import NO_TEXT
from elman.data.formats.json_spans import SPAN_KEYS
from elman.data.sentence import CONFIDENCE
from elman.errors import ConfigError, DataError
from elman.taggers import tables
from elman.taggers.base import Target
from elman.taggers.blocks import BlockRequest, BlockTagger, WrittenColumn
from elman.utils.parallel import ordered

ERROR = "error"
"""The column of the reasons why rows have no predictions."""
_BLOCK_BYTES = 1 << 20
"""Bytes of words or texts that are tagged together."""


class RowOptions(NamedTuple):
    """What is predicted for rows, see ``BatchTagger``; ``errors``: whether there is a column of errors."""

    columns: Target
    confidence: bool
    fields: bool
    text_column: str | None
    errors: bool


class RowTagger:
    """Predicts columns for the rows of tables of one schema. Safe to use from several threads at once.

    ``content``  the column of the texts or words
    ``source``   the schema of the rows as they are read; the type of columns that are not read is null
    ``schema``   the schema of the rows with the predicted columns
    ``written``  the schema of the predicted columns alone
    """

    def __init__(self, tagger: Any, schema: Any, options: RowOptions) -> None:
        """Raises ConfigError if a column is missing or is there already, DataError if two have the same name."""
        pa, _ = library()
        arrow_table(schema.empty_table())
        self._tagger, self._options = tagger, options
        self.content = content_column(schema, options.text_column)
        self._type = _readable(schema.field(self.content))
        self.source = self._reduced(schema)
        self._names, self._columns, labels = self._targets(schema.names)
        words = self.content if is_list(pa, self._type) else ""
        scored = self._columns if options.confidence else ()
        self._rows, rows = (ArrowRows(self._columns, labels, each, words, scored) for each in (self.source, schema))
        made, self.schema = self._rows.finish().schema, rows.finish().schema
        self._made = pa.schema([made.field(name) for name in self._rows.written])
        self.written = self._made
        if options.errors:
            tables.check_free([ERROR], self.schema.names)
            field = pa.field(ERROR, pa.string())
            self.schema, self.written = self.schema.append(field), self._made.append(field)
        self._packer, self._tag_block = self._native()

    def tag(self, table: Any, reasons: Mapping[str, Mapping[int, str]]) -> Any:
        """Return a table of the predicted columns for the rows of a table, which has the columns that are read.

        ``reasons`` say what was found where a column has null, by row from 0. Raises DataError for a row that
        cannot be read, unless there is a column of errors.
        """
        pa, _ = library()
        nulls, arrays = pa.nulls(table.num_rows), []
        for field in self.source:
            column = nulls if pa.types.is_null(field.type) else table.column(field.name)
            arrays.append(column if column.type == field.type else column.cast(field.type))
        reduced = pa.Table.from_arrays(arrays, schema=self.source)
        valid, own = _is_valid(reduced.column(self.content)), reasons.get(self.content, {})
        work = ordered(lambda block: self._block(*block, valid, own), self._blocks(reduced), self._tagger.threads)
        parts = [self.written.empty_table(), *work]
        return pa.concat_tables(parts[-1:] if len(parts) == 2 else parts)

    def _reduced(self, schema: Any) -> Any:
        """Return the schema of rows of which only the columns that are read have values."""
        pa, _ = library()
        asked, spans = self._options.text_column, SPAN_KEYS if is_text(pa, self._type) else ()
        types = {}
        for field in schema:
            is_read = field.name in self._tagger.input_columns or (
                field.name in spans and asked is None and is_list(pa, field.type)
            )
            types[field.name] = field.type if is_read else pa.null()
        return pa.schema(list({**types, self.content: self._type}.items()), schema.metadata)

    def _targets(self, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Return the names of what is predicted, and of these the columns of words and the document labels."""
        tagger, options = self._tagger, self._options
        if options.fields:
            fields = tables.fields_of_tagger(tagger)
            tables.check_free(fields, names)
            return fields, (), fields
        chosen = tuple(dict.fromkeys(tagger.chosen(options.columns)))
        words = tuple(name for name in chosen if name not in tagger.text_targets)
        labels = tuple(name for name in chosen if name in tagger.text_targets)
        return chosen, words, (*labels, *([CONFIDENCE] if options.confidence and not words else []))

    def _native(self) -> tuple[RowBlocks | None, BlockTagger | None]:
        """Return what packs rows into blocks and what tags these; None if that is done in Python."""
        pa, _ = library()
        read = [field.name for field in self.source if not pa.types.is_null(field.type)]
        lists = is_list(pa, self._type)
        if read != [self.content] or not self._columns or (lists and not is_text(pa, self._type.value_type)):
            return None, None
        written = tuple(WrittenColumn(name, name) for name in self._columns)
        request = BlockRequest("arrow" if lists else "text", "arrow", written, self._options.confidence)
        rows: Any = SimpleNamespace(schema=pa.schema([self.source.field(self.content)]), reader=None)
        return RowBlocks(rows, self.content, request.input), self._tagger.block_tagger(request)

    def _blocks(self, table: Any) -> Iterator[tuple[Any, int]]:
        """Yield the rows in batches, each with the number of rows before it."""
        first = 0
        rows = max(1, table.num_rows * _BLOCK_BYTES // max(table.column(self.content).nbytes, 1))
        for batch in table.to_batches(max_chunksize=rows):
            yield batch, first
            first += batch.num_rows

    def _block(self, batch: Any, first: int, valid: bool, reasons: Mapping[int, str]) -> Any:
        """Return the predicted columns of a batch with ``first`` rows before it."""
        pa, _ = library()
        content, n = batch.column(self.content), batch.num_rows
        rows: Sequence[int] = range(n)
        if content.null_count:
            rows = [row for row, has_text in enumerate(content.is_valid().to_pylist()) if has_text]
            batch = batch.take(pa.array(rows, pa.int64()))
        missing = set(range(n)).difference(rows) if len(rows) < n else set()
        errors = {row: reasons.get(first + row, NO_TEXT.format(self.content)) for row in missing}
        parts, place = [self._made.empty_table()], 0
        for n_rows, found in self._parts(batch, valid):
            if isinstance(found, DataError):
                errors[rows[place]] = found.message
                found = pa.table([pa.nulls(n_rows, field.type) for field in self._made], schema=self._made)
                if not self._options.errors:
                    break
            parts.append(found)
            place += n_rows
        if errors and not self._options.errors:
            row = min(errors)
            raise DataError(errors[row], path=NAME, line=first + row + 1)
        table = pa.concat_tables(parts[1:] if len(parts) > 1 else parts)
        if missing:
            places = dict(zip(rows, range(n), strict=False))
            table = table.take(pa.array([places.get(row) for row in range(n)], pa.int64()))
        if self._options.errors:
            found = pa.array([errors.get(row) for row in range(n)], pa.string()) if errors else pa.nulls(n, pa.string())
            table = table.append_column(self.written.field(ERROR), found)
        return table

    def _parts(self, batch: Any, valid: bool) -> Iterator[tuple[int, Any]]:
        """Yield the predicted columns of a batch in parts, or an error of a single row, with their numbers of rows."""
        if not batch.num_rows:
            return
        found: Any
        try:
            found = self._of_native(batch, valid) or self._of_sentences(batch, valid)
        except DataError as error:
            if batch.num_rows > 1:  # halves lead to the row
                yield from self._parts(batch.slice(0, batch.num_rows // 2), valid)
                yield from self._parts(batch.slice(batch.num_rows // 2), valid)
                return
            found = error
        yield batch.num_rows, found

    def _of_native(self, batch: Any, valid: bool) -> Any:
        """Return the predicted columns of a batch; None if it is unusual, or there is no native tagger for it."""
        if self._packer is None or self._tag_block is None:
            return None
        pack = self._packer.pack_valid if valid else self._packer.pack
        packed = pack(batch.select([self.content]))
        block = None if packed is None else self._tag_block(packed)
        if block is None:
            return None
        words, scored = self._packer.format != "arrow", self._options.confidence
        found = tagged_rows(*block, self._columns, words=words, confidences=scored, batch=batch)
        return self._chosen(self._rows.of_block(found))

    def _of_sentences(self, batch: Any, valid: bool) -> Any:
        """Return the predicted columns of a batch, by the readers of sentences. Raises DataError."""
        pa, _ = library()
        if not (valid or _is_valid(batch.column(self.content))):
            raise DataError(f"column {self.content}: damaged, or no UTF-8")
        table, asked = pa.Table.from_batches([batch]), self._options.text_column
        if self._options.fields:
            return self._chosen(tables.fields_table(self._tagger, table, asked))
        predict = partial(tables.predicted_table, confidence=self._options.confidence, text_column=asked)
        return self._chosen(predict(self._tagger, table, self._names))

    def _chosen(self, table: Any) -> Any:
        """Return the predicted columns of rows that have them."""
        return library()[0].table([table.column(name) for name in self._made.names], schema=self._made)


def _is_valid(column: Any) -> bool:
    """Return whether a column holds what its type says, to the last byte of UTF-8."""
    try:
        column.validate(full=True)
    except library()[0].ArrowInvalid:
        return False
    return True


def _readable(field: Any) -> Any:
    """Return the type of Arrow as which texts or lists of words are read. Raises ConfigError if they are neither."""
    pa, _ = library()
    type_ = field.type

    def texts(type_: Any) -> Any:
        type_ = type_.value_type if pa.types.is_dictionary(type_) else type_
        if pa.types.is_null(type_) or is_text(pa, type_):
            return pa.string() if pa.types.is_null(type_) else type_
        return pa.large_string() if str(type_) == "string_view" else None

    found = texts(type_)
    if found is None and hasattr(type_, "value_type") and "list" in str(type_):
        items = type_.value_type
        found = type_ if pa.types.is_struct(items) or (is_list(pa, type_) and is_text(pa, items)) else None
        if found is None and texts(items) is not None:
            found = pa.large_list(texts(items))
    if found is None:
        raise ConfigError(f"{NAME}: column {field.name}: expected texts or lists of words, found {type_}")
    return found
