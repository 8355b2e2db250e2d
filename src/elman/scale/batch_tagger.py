"""``BatchTagger``: one callable that tags batches of rows in every engine."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Any

from elman.data.fields import fields_of
from elman.data.formats import column_names
from elman.data.formats.json_spans import SPAN_KEYS, TOKENS
from elman.errors import ConfigError, DataError
from elman.models import file
from elman.models.inference import PRECISIONS
from elman.scale.frames import TEXTS, frame_of
from elman.scale.model_cache import loaded
from elman.scale.row_tagger import RowOptions, RowTagger
from elman.taggers import tables
from elman.taggers.base import Target
from elman.taggers.column_predictor import ColumnPredictor
from elman.taggers.fast_lines import LightTagger
from elman.utils.arguments import check_flag, check_text, path_text
from elman.utils.display import shown
from elman.utils.limits import THREADS, whole_number

_SHA256 = re.compile("[0-9a-f]{64}")
_ON_ERROR = ("raise", "column")


@dataclass(frozen=True)
class BatchTagger:
    """Adds the predictions of a model file to batches of rows, in whatever engine calls it.

    Called with a batch it returns a batch of the same kind, with the predicted columns and all others in order: a Table
    or RecordBatch of Arrow, a DataFrame of pandas or Polars, or a dict of columns (lists or arrays of NumPy). Other
    objects with the Arrow PyCapsule interface become a ``pyarrow.Table``; a RecordBatchReader is read while the reader
    that is returned is. An iterator of batches, such as Spark passes, becomes an iterator, one batch for each. Of a
    list of texts or of lists of words it returns a list with what ``Tagger.predict`` returns, or with a dictionary of
    fields.

    A column that has the name of a predicted one is replaced. The columns of the result and their types depend on the
    columns of the batch alone, never on its rows: Spark, Dask and Arrow need this.

    It pickles as the path of the model, its SHA-256 and the options. The model is loaded at the first call in each
    process, and shared by all threads of it.

    ``path``         the model file, at the same place on every machine; it becomes an absolute path
    ``sha256``       the SHA-256 of the file; by default that of the file which is there now
    ``columns``      the columns to predict, by default all of the model
    ``confidence``   add a column ``confidences`` of the tags, or ``confidence`` of the document label
    ``fields``       in place of tags add a column for each field, as ``Tagger.fields`` returns them
    ``text_column``  the column of the texts or lists of words, if not ``text`` or ``tokens``
    ``on_error``     ``raise`` for a row that cannot be read; ``column``: leave its predictions null and say why in a
                     column ``error``, which is null for all other rows; a list gets the DataError itself
    ``threads``      number of threads for a batch; engines run several processes
    ``precision``    of a network, as in ``elman.load``

    Raises ConfigError for an option that does not exist, ModelFileError if the file cannot be read. A call raises
    DataError for a row that cannot be read, ConfigError if there is no column of texts or words, ModelFileError if the
    file is another one than that of the SHA-256, MissingExtraError without pyarrow.
    """

    path: str | os.PathLike[str]
    sha256: str | None = None
    _: KW_ONLY
    columns: Target = None
    confidence: bool = False
    fields: bool = False
    text_column: str | None = None
    on_error: str = "raise"
    threads: int = 1
    precision: str = "auto"

    def __post_init__(self) -> None:
        path = os.path.abspath(path_text("path", self.path))
        check_text("sha256", self.sha256)
        sha256 = file.sha256_of(path) if self.sha256 is None else self.sha256.lower()
        if not _SHA256.fullmatch(sha256):
            raise ConfigError(f"sha256: expected 64 hexadecimal digits, got {shown(sha256)}")
        check_text("text_column", self.text_column)
        for name in ("confidence", "fields"):
            check_flag(name, getattr(self, name))
        for name, values in (("on_error", _ON_ERROR), ("precision", PRECISIONS)):
            if getattr(self, name) not in values:
                raise ConfigError(f"{name}: expected {' or '.join(values)}, got {shown(getattr(self, name))}")
        columns = column_names(self.columns, "columns")
        if self.fields and (self.confidence or columns is not None):
            raise ConfigError("fields: expected neither confidence nor columns with them")
        whole_number("threads", self.threads, 1, THREADS)
        for name, value in (("path", path), ("sha256", sha256), ("columns", columns)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_rows", {})

    def __getstate__(self) -> dict[str, Any]:
        """Return the options alone; what was built for each schema is rebuilt when it is needed."""
        return {name: value for name, value in self.__dict__.items() if name != "_rows"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over options."""
        self.__dict__.update(state, _rows={})

    def __call__(self, batch: Any) -> Any:
        """Return a batch with the predicted columns, and raise errors, as the class says."""
        if isinstance(batch, list):
            return self._of_list(batch)
        pa: Any = sys.modules.get("pyarrow")
        if pa is not None and isinstance(batch, pa.RecordBatchReader):
            return pa.RecordBatchReader.from_batches(self.output_schema(batch.schema), self._each(batch))
        if isinstance(batch, Iterator):
            return self._each(batch)
        names = {*TOKENS, *TEXTS, *SPAN_KEYS, self.text_column, *self._tagger.input_columns}
        frame = frame_of(batch, names)
        rows = self._row_tagger(frame.schema)
        return frame.add(rows.tag(frame.table, frame.reasons), rows.schema)

    def output_schema(self, schema: Any) -> Any:
        """Return the ``pyarrow.Schema`` of batches with the predicted columns, given that of the batches before.

        Raises ConfigError if there is no column of texts or words.
        """
        return self._row_tagger(schema).schema

    @property
    def _tagger(self) -> Any:
        model = loaded(str(self.path), str(self.sha256), threads=self.threads, precision=self.precision)
        if not isinstance(model, LightTagger | ColumnPredictor):
            expected = "expected a model that predicts columns of sentences or texts"
            raise ConfigError(f"{self.path}: {expected}, found one of the task {model.task}")
        return model

    def _row_tagger(self, schema: Any) -> RowTagger:
        made: dict[bytes, RowTagger] = self.__dict__["_rows"]
        key = schema.serialize().to_pybytes()
        if key not in made:
            errors = self.on_error == "column"
            options = RowOptions(self.columns, self.confidence, self.fields, self.text_column, errors)
            made[key] = RowTagger(self._tagger, schema, options)
        return made[key]

    def _each(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Yield the batches with the predicted columns, while they are read."""
        for number, batch in enumerate(batches, start=1):
            try:
                found = self(batch)
            except DataError as error:
                raise DataError(str(error), path=f"batch {number}") from None
            yield found

    def _of_list(self, items: list[Any], before: int = 0) -> list[Any]:
        """Return the prediction for each text or list of words, ``before`` of which come others."""
        try:
            return self._predicted(items)
        except DataError as error:
            if len(items) > 1:  # halves lead to the item
                half = len(items) // 2
                return self._of_list(items[:half], before) + self._of_list(items[half:], before + half)
            if self.on_error == "column":
                return [error]
            raise DataError(error.message, path="the list", line=before + 1) from None

    def _predicted(self, items: list[Any]) -> list[Any]:
        tagger = self._tagger
        if tagger.word_targets:
            items = [tagger.inputs_of_text(item) if isinstance(item, str) else item for item in items]
        if not self.fields:
            found: list[Any] = tagger.predict(items, confidence=self.confidence, columns=self.columns)
            return found
        names = tables.fields_of_tagger(tagger)
        words = [tagger.inputs_of_words(item) for item in items]
        pairs = zip(words, tagger.pipe(words), strict=True)
        return [tables.all_fields(fields_of(zip(*pair, strict=True)), names) for pair in pairs]
