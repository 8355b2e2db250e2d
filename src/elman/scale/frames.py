"""Tables of every kind as the columns that are read of them, and the same tables with the predicted columns.

Only the columns that may be read are converted to Arrow. All others stay as they are, whatever they hold.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from elman.data.formats.arrow import NAME, arrow_table
from elman.data.formats.arrow_rows import is_list, library
from elman.data.formats.json_spans import TOKENS
from elman.errors import DataError
from elman.utils.arguments import described, is_table

TEXTS = ("text", "data")
"""The usual names of a column of texts."""


class Frame(NamedTuple):
    """The rows of a table of some kind.

    ``schema``   the schema of a table of Arrow; of others the names of all columns, with the type null if not read
    ``table``    a ``pyarrow.Table`` that has the columns that are read
    ``reasons``  by column, what was found where its value had to become null, by row from 0
    ``add``      returns the same table with the columns of a ``pyarrow.Table``, given the schema of both in Arrow
    """

    schema: Any
    table: Any
    reasons: Mapping[str, Mapping[int, str]]
    add: Callable[[Any, Any], Any]


def frame_of(data: Any, read: Container[str]) -> Frame:
    """Return the rows of a table, a frame of pandas or Polars, or a dict of columns. Raises DataError for other data.

    ``read``  the names of columns that may be read
    """
    pa, _ = library()
    if isinstance(data, pa.RecordBatch):
        return Frame(data.schema, pa.Table.from_batches([data]), {}, lambda *found: _batch(_arrow(data, *found)))
    if _is_frame(data, "pandas"):
        return _of_columns(data, list(data.columns), read, _add_to_pandas)
    if _is_frame(data, "polars"):
        return _of_polars(data, read)
    if isinstance(data, Mapping):
        return _of_columns(data, list(data), read, _add_to_mapping)
    if not is_table(data):
        advice = "; pass its collect(), or the tagger to its map_batches" if type(data).__name__ == "LazyFrame" else ""
        expected = "expected a table, a dict of columns, a list, or an iterator of these"
        raise DataError(f"{expected}, got {described(data)}{advice}")
    table = data if isinstance(data, pa.Table) else arrow_table(data)
    return Frame(table.schema, table, {}, lambda *found: _arrow(table, *found))


def _is_frame(data: Any, package: str) -> bool:
    """Return whether data are a DataFrame of a package, which is loaded then."""
    module = sys.modules.get(package)
    return module is not None and isinstance(data, getattr(module, "DataFrame", ()))


def _arrow(data: Any, found: Any, schema: Any) -> Any:
    """Return the columns of a table or batch, and those found, as a table of this schema."""
    pa, _ = library()
    columns = []
    for field in schema:
        column = (found if field.name in found.schema.names else data).column(field.name)
        columns.append(column if column.type == field.type else column.cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _batch(table: Any) -> Any:
    """Return a table as one batch."""
    pa, _ = library()
    arrays = []
    for column in table.columns:
        pieces = column.chunks
        arrays.append(pieces[0] if len(pieces) == 1 else pa.concat_arrays(pieces or [pa.array([], column.type)]))
    return pa.RecordBatch.from_arrays(arrays, schema=table.schema)


def _of_polars(frame: Any, read: Container[str]) -> Frame:
    pa, _ = library()
    polars = sys.modules["polars"]
    table = frame.select([name for name in frame.columns if name in read]).to_arrow()
    types = [(name, table.schema.field(name).type if name in read else pa.null()) for name in frame.columns]

    def add(found: Any, schema: Any) -> Any:
        return frame.with_columns(polars.from_arrow(found).get_columns())

    return Frame(pa.schema(types), table, {}, add)


# --- columns of pandas, NumPy and Python ------------------------------------------------------------------------------


def _of_columns(data: Any, names: Sequence[Any], read: Container[str], add: Callable[[Any, Any], Any]) -> Frame:
    """Return the rows of columns that ``data`` returns by name."""
    pa, _ = library()
    texts = [str(name) for name in names]
    if len(set(texts)) < len(texts):
        raise DataError(f"expected a name for each column, found one twice: {', '.join(texts)}", path=NAME)
    columns, reasons = {}, {}
    for name in names:
        if name in read:
            columns[name], reasons[name] = _column(name, data[name])
    types = [(name, columns[name].type if name in columns else pa.null()) for name in texts]
    return Frame(pa.schema(types), pa.table(columns), reasons, lambda found, _: add(data, found))


def _column(name: str, values: Any) -> tuple[Any, dict[int, str]]:
    """Return a column of Arrow, and by row what was found where it is null in place of a text or a list of words."""
    pa, _ = library()
    of_pandas = type(values).__module__.startswith("pandas.")
    if of_pandas and not _holds_objects(values):
        return pa.array(values, from_pandas=True), {}
    items = values.tolist() if hasattr(values, "tolist") else list(values)
    first = next((item for item in items if isinstance(item, Iterable)), None)
    if first is None:  # since pandas 3 a column of texts has a type of its own
        texts = name in TEXTS or not of_pandas or _holds_objects(sys.modules["pandas"].Series([""]))
        words = name in TOKENS or not texts
    else:
        words = not isinstance(first, str)
    type_ = pa.list_(pa.string()) if words else pa.string()
    if words and first is not None and any(isinstance(item, Mapping) for item in first):
        type_ = None  # spans, or words as objects
    try:
        return _array(items, type_), {}
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:  # of one of the values
        if type_ is None:
            raise DataError(f"column {name}: {error}", path=NAME) from None
    arrays, reasons = [], {}
    for row, item in enumerate(items):
        try:
            arrays.append(_array([item], type_))
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            arrays.append(pa.nulls(1, type_))
            expected = "a list of words" if words else "a text"
            reasons[row] = f"column {name}: expected {expected}, got {described(item)}"
    return pa.concat_arrays(arrays), reasons


def _array(items: Sequence[Any], type_: Any) -> Any:
    """Return an array of Arrow. Raises an error of Arrow or Python if an item is not of the type."""
    pa, _ = library()
    if type_ is not None and not pa.types.is_string(type_) and any(isinstance(item, str | bytes) for item in items):
        raise TypeError("a text in place of a list, which Arrow would take for a list of characters")
    return pa.array(items, type_, from_pandas=True)


def _holds_objects(series: Any) -> bool:
    return str(series.dtype) == "object"


def _add_to_pandas(frame: Any, found: Any) -> Any:
    result = frame.copy(deep=False)
    for name, column in zip(found.schema.names, found.columns, strict=True):
        if _is_nested(column.type):
            result[name] = sys.modules["pandas"].Series(column.to_pylist(), index=frame.index, dtype=object)
        else:
            result[name] = column.to_pandas().set_axis(frame.index)
    return result


def _add_to_mapping(data: Mapping[str, Any], found: Any) -> dict[str, Any]:
    """Return a dict with the columns found: arrays of NumPy if all others are such, else lists."""
    import numpy as np

    arrays = all(isinstance(values, np.ndarray) for values in data.values())
    result = dict(data)
    for name, column in zip(found.schema.names, found.columns, strict=True):
        values = column.to_pylist()
        if arrays:
            values = np.empty(len(column), object) if _is_nested(column.type) else column.to_numpy()
            for row, value in enumerate(column.to_pylist() if _is_nested(column.type) else ()):
                values[row] = value
        result[name] = values
    return result


def _is_nested(type_: Any) -> bool:
    pa, _ = library()
    return is_list(pa, type_) or bool(pa.types.is_struct(type_))
