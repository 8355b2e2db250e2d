"""Tables in memory, by the Arrow PyCapsule interface (pandas, Polars, PyArrow, DuckDB), and Hugging Face data sets.

A row is read as a row of Parquet: ``tokens`` and ``tags``, ``text`` and ``label``, ``text`` and ``spans``; or the texts
or words are in a column that is asked for. The sentences hold their rows, so that all other columns can be written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from elman.data.formats.arrow_rows import library, schema_class_names
from elman.data.formats.csv_reader import LABELS
from elman.data.formats.json_records import RecordReader, with_content
from elman.data.formats.json_spans import LABEL_LIST_KEYS, TOKENS, span_key
from elman.data.formats.parquet import Parquet, head_of, rows_of_batch
from elman.data.formats.reader import Reading
from elman.data.formats.text_io import TextSource
from elman.data.sentence import RecordSentence, Sentence
from elman.errors import ConfigError, DataError
from elman.utils.arguments import check_text, is_dataset
from elman.utils.display import shown
from elman.utils.suggest import did_you_mean

NAME = "the table"
"""The path of its sentences in messages; lines are rows, from 1."""
_TEXTS = ("text", "data")
_BATCH_ROWS = 1_000


class TableReading(Reading):
    """A table being read, see ``Reading``.

    ``names``    the names of all columns
    ``content``  the column of the words or texts
    ``schema``   the Arrow schema
    """

    def __init__(
        self,
        table: Any,
        text_column: str | None,
        labelled: bool,
        inputs: Sequence[str] = (),
        null: str | None = None,
    ) -> None:
        self.names: Sequence[str] = table.schema.names
        self.schema = table.schema
        self.content = content_column(table.schema, text_column)
        self._batches = table.to_batches(max_chunksize=_BATCH_ROWS)
        self._renamed, self._labelled_rows, self._inputs = text_column is not None, labelled, inputs
        options = {} if null is None else {"null": null}
        reader = RecordReader(NAME, options, schema_class_names(table.schema), format="table", first=self._records)
        first = next(self._records(), None)
        head = [] if first is None else [head_of(first, reader)]
        source = TextSource(NAME, head, iter(()), False)
        super().__init__(
            source, Parquet(format="table"), self._read(reader), ("parquet", "a table in memory"), labelled
        )

    def default_labels(self) -> tuple[str, ...]:
        """Return the document label with a usual name, or the only one. Raises ConfigError if it is unclear."""
        labels = self.label_names()
        usual = tuple(name for name in labels if name.lower() in (*LABELS, *LABEL_LIST_KEYS))
        if not usual and len(labels) > 1:
            raise ConfigError(f"{NAME}: which column is the label? there is {', '.join(labels)}; pass target=NAME")
        return (usual or labels)[:1]

    def _records(self) -> Iterator[dict[str, Any]]:
        with suppress(DataError):  # reading the sentences will raise the error
            for batch in self._batches:
                yield from (self._record(row) for row, _, _ in rows_of_batch(batch, NAME))

    def _record(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row with the words or the text under the usual name; to be tagged, with only spans and inputs."""
        renamed = with_content(row, self.content)
        if self._labelled_rows:
            return renamed if self._renamed else row
        spans = span_key(row) if "text" in renamed and not self._renamed else ""
        content: dict[str, Any] = {key: renamed[key] for key in ("tokens", "text") if key in renamed}
        content |= {name: row[name] for name in self._inputs if name in row}
        return {**content, spans: row[spans]} if spans else content

    def _read(self, reader: RecordReader) -> Iterator[Sentence]:
        rows = (row for batch in self._batches for row in rows_of_batch(batch, NAME))
        for number, (row, batch, at) in enumerate(rows, 1):
            try:
                record = self._record(row)
            except DataError as error:
                raise DataError(str(error), path=NAME, line=number) from None
            parts = reader.parts(record, number)
            if parts is not None:
                yield RecordSentence(
                    parts.words, parts.columns, NAME, number, (), (), "parquet", parts.labels, row, batch, at
                )


def read_table(
    table: Any,
    text_column: str | None = None,
    *,
    labelled: bool = True,
    inputs: Sequence[str] = (),
    null: str | None = None,
) -> TableReading:
    """Return the sentences of a table, one a row. ``text_column`` is the column of the texts, or lists of words.

    Without ``labelled`` the sentences have no columns but the ``inputs``; ``null`` is what null among tags is read as
    (None: refused).

    Raises ConfigError if a column is missing or is not known by its name, DataError if it is no table, and for rows
    that are no sentences, MissingExtraError without pyarrow.
    """
    check_text("text_column", text_column)
    return TableReading(arrow_table(table), text_column, labelled, inputs, null)


def arrow_table(table: Any) -> Any:
    """Return a table of any kind as one of Arrow, which can be read again. Raises the errors of ``read_table``."""
    pa, _ = library()
    try:
        if is_dataset(table):
            found = _of_dataset(pa, table)
        else:
            found = pa.RecordBatchReader.from_stream(table).read_all()
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(f"expected a table, got a {type(table).__name__}: {' '.join(str(error).split())}") from None
    names = found.schema.names
    if len(set(names)) < len(names):
        raise DataError(f"expected a name for each column, found one twice: {', '.join(names)}", path=NAME)
    return found


def _of_dataset(pa: Any, dataset: Any) -> Any:
    """Return the rows of a Hugging Face data set, with the names of its labels in the metadata of the schema."""
    tables = list(dataset.with_format("arrow").iter(batch_size=_BATCH_ROWS))
    if not tables:
        return dataset.features.arrow_schema.empty_table()
    found = pa.concat_tables(tables)
    features = None if dataset.features is None else dataset.features.to_dict()
    if not features:
        return found
    info = json.dumps({"info": {"features": features}})
    return found.replace_schema_metadata({**(found.schema.metadata or {}), b"huggingface": info.encode()})


def content_column(schema: Any, asked: str | None) -> str:
    """Return the column of the words or texts. Raises ConfigError if there is none of the name, or of a usual one."""
    names = schema.names
    available = f"there is {', '.join(names)}" if names else "it has none"
    if asked is not None:
        if asked not in names:
            raise ConfigError(f"{NAME}: no column {shown(asked)}; {available}{did_you_mean(asked, names)}")
        return asked
    lists = [name for name in TOKENS if name in names and "list" in str(schema.field(name).type)]
    usual = [name for name in (*lists, *_TEXTS, *TOKENS) if name in names]
    if not usual:
        raise ConfigError(f"{NAME}: which column has the words or texts? {available}; pass text_column=NAME")
    return usual[0]
