"""Rows of Arrow as blocks for the native tagger, and tagged blocks as columns of Arrow: no word becomes an object.

Only what is common and sound is packed: words as a list of strings, or a text, beside columns that ``json_records``
reads without an error and that say nothing of the words. Everything else is left to the reader of rows. The layout of
a block is that of ``kernels/native/arrow_blocks.hpp``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.data.formats.arrow_rows import is_list, is_text, library
from elman.data.formats.json_records import RecordReader
from elman.data.formats.json_spans import LABEL_LIST_KEYS, SPAN_KEYS, TOKENS
from elman.data.spans import are_span_tags

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from elman.data.formats.parquet import Rows

    Begins = NDArray[np.int32] | NDArray[np.int64]

_TEXTS = ("text", "data")
_LARGEST = 1 << 26
"""Bytes of a batch; the sizes of larger ones might not fit into a block."""


class TaggedRows(NamedTuple):
    """Rows with their tags.

    ``batch``        the rows that were read; None if they were read from another format
    ``begins``       the begin of each row in words, and the end of the last
    ``words``        an Arrow array of all words; None if they are in the batch
    ``tags``         such an array of tags by column
    ``confidences``  an Arrow array of numbers by column; empty if there are none
    """

    batch: Any
    begins: NDArray[np.int32]
    words: Any
    tags: Mapping[str, Any]
    confidences: Mapping[str, Any]


class RowBlocks:
    """The rest of the rows of a file as blocks; rows that are not taken from it are still read as sentences.

    ``format``  the layout of its blocks: ``arrow``, or ``text`` if the words have to be found
    """

    def __init__(self, rows: Rows, content: str, format: str) -> None:
        self._rows, self._content, self.format = rows, content, format
        schema, pa = rows.schema, library()[0]
        others = [field for field in schema if field.name != content]
        self._lists = [field.name for field in others if is_list(pa, field.type)] if format == "arrow" else []
        self._texts = [field.name for field in others if is_text(pa, field.type) and field.name not in _TEXTS]
        self._has_text = any(field.name in _TEXTS for field in others)

    def batches(self) -> Iterator[Any]:
        """Return the batches of rows."""
        return self._rows.batches

    def put_back(self, batches: Iterator[Any], rows: int) -> None:
        """Leave these, which are all behind the first rows, to the reader of rows."""
        self._rows.batches = batches
        self._rows.number += rows

    def pack(self, batch: Any) -> bytes | None:
        """Return the block of a batch; None if it is left to the reader of rows."""
        pa, _ = library()
        try:
            batch.validate(full=True)
        except pa.ArrowInvalid:
            return None
        return self.pack_valid(batch)

    def pack_valid(self, batch: Any) -> bytes | None:
        """Return the block of a batch that Arrow has validated in full, perhaps as a part of a larger one."""
        column = batch.column(self._content)
        if not batch.num_rows or batch.nbytes > _LARGEST or column.null_count:
            return None
        for name in self._texts:
            if any(text and " " in text and _are_tags(text) for text in batch.column(name).to_pylist()):
                return None
        return self._lines(column) if self.format == "text" else self._words(column, batch)

    def _lines(self, texts: Any) -> bytes | None:
        """Return texts as lines; None if one is not a line, or has words that a line would not have."""
        pa, _ = library()
        compute = import_module("pyarrow.compute")
        all_texts = pa.LargeListArray.from_arrays(pa.array([0, len(texts)], pa.int64()), texts)
        lines: bytes = compute.binary_join(all_texts, pa.scalar("\n", texts.type))[0].as_buffer().to_pybytes() + b"\n"
        fits = lines.count(b"\n") == len(texts) and not (b"\t" in lines or b"\r" in lines)
        return lines if fits else None

    def _words(self, lists: Any, batch: Any) -> bytes | None:
        import numpy as np

        rows, words = _begins(lists), lists.values
        if words.null_count or (self._has_text and not np.diff(rows).all()):
            return None
        for name in self._lists:
            if not self._fits(name, batch.column(name), rows - rows[0]):
                return None
        n_words = int(rows[-1] - rows[0])
        begins = _begins(words)[rows[0] : rows[-1] + 1] if n_words else np.zeros(1, np.int32)
        data = words.buffers()[2][int(begins[0]) : int(begins[-1])].to_pybytes() if n_words else b""
        sizes = np.array([len(lists), n_words])
        numbers = np.concatenate([sizes, rows - rows[0], begins - begins[0]]).astype(np.int32)
        return numbers.tobytes() + data

    def _fits(self, name: str, lists: Any, begins: Begins) -> bool:
        """Return whether a column of lists has a tag, or the number of one, for each word."""
        import numpy as np

        own, values = _begins(lists), lists.values
        if lists.null_count or values.null_count or not np.array_equal(own - own[0], begins):
            return False
        names = None if is_text(library()[0], values.type) else self._rows.reader.names_of(name)
        if names is None or own[0] == own[-1]:
            return True
        numbers = _numbers(values)[own[0] : own[-1]]
        return bool(numbers.min() >= 0 and numbers.max() < len(names))


def tagged_rows(
    block: bytes, n_rows: int, n: int, places: Sequence[str], *, words: bool, confidences: bool, batch: Any = None
) -> TaggedRows:
    """Return a tagged block of rows with ``n`` words.

    ``places``  the columns of tags
    ``words``   whether the block has the words; if it does not, they are in ``batch``
    """
    import numpy as np

    pa, _ = library()
    data, numbers = pa.py_buffer(block), np.frombuffer(block, np.int32, len(block) // 4)
    start = n_rows + 1
    begins = numbers[:start]
    n_texts = len(places) + words
    probabilities = start + n_texts * (n + 1)
    at = 4 * (probabilities + n * len(places) * confidences)
    texts = []
    for _ in range(n_texts):
        size = int(numbers[start + n])
        buffers = [None, data.slice(4 * start, 4 * (n + 1)), data.slice(at, size)]
        texts.append(pa.Array.from_buffers(pa.string(), n, buffers))
        start, at = start + n + 1, at + size
    found = texts.pop(0) if words else None
    numbers_by_place = {}
    for i, place in enumerate(places if confidences else ()):
        buffer = data.slice(4 * (probabilities + i * n), 4 * n)
        numbers_by_place[place] = pa.Array.from_buffers(pa.float32(), n, [None, buffer])
    return TaggedRows(batch, begins, found, dict(zip(places, texts, strict=True)), numbers_by_place)


def row_blocks(rows: Rows) -> RowBlocks | None:
    """Return the rows of a file as blocks; None if its columns are not common ones."""
    pa, _ = library()
    schema, reader = rows.schema, rows.reader
    content = _content(pa, schema, reader)
    if content is None or reader.options.keys() - {"text"} or len(set(schema.names)) < len(schema.names):
        return None
    others = [field for field in schema if field.name != content[0]]
    # lists of numbers first: the names of these may be in a file beside, and are then those of single numbers, too
    others.sort(key=lambda field: not is_list(pa, field.type))
    return RowBlocks(rows, *content) if all(_is_harmless(pa, field, reader) for field in others) else None


def _content(pa: Any, schema: Any, reader: RecordReader) -> tuple[str, str] | None:
    """Return the column that holds the words, and the layout of blocks of it; None if there is none."""
    types = {field.name: field.type for field in schema}
    given = reader.options.get("text")
    for name in (given,) if given is not None else TOKENS:
        if name in types and is_list(pa, types[name]):
            return (name, "arrow") if is_text(pa, types[name].value_type) else None
    for name in (given,) if given is not None else _TEXTS:
        if name in types and is_text(pa, types[name]):
            return name, "text"
    return None


def _is_harmless(pa: Any, field: Any, reader: RecordReader) -> bool:
    """Return whether no value of a column says something of the words, or ends in an error, but for lists and texts."""
    name, type = field.name, field.type
    if is_list(pa, type):
        inner = type.value_type
        if name in (*SPAN_KEYS, *LABEL_LIST_KEYS):
            return False
        reader.names_of(name)
        return is_text(pa, inner) or bool(pa.types.is_integer(inner))
    if is_text(pa, type):
        return bool(name != "answer")
    # numbers of labels have names; others are not read
    numbered = name in LABEL_LIST_KEYS or (pa.types.is_integer(type) and name in reader.names)
    return bool(pa.types.is_primitive(type)) and not numbered


def _are_tags(text: str) -> bool:
    """Return whether a text consists of span tags alone, which is an error for as many words."""
    return are_span_tags(text, text.count(" ") + 1)


def _begins(array: Any) -> Begins:
    """Return where the items of an array of lists or texts begin among its values or bytes; at the end, the end."""
    import numpy as np

    pa, _ = library()
    large = pa.types.is_large_list(array.type) or pa.types.is_large_string(array.type)
    kind: Any = np.int64 if large else np.int32
    begins: Begins = np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array) + 1]
    return begins


def _numbers(array: Any) -> NDArray[Any]:
    """Return the values of an array of whole numbers."""
    import numpy as np

    numbers = np.frombuffer(array.buffers()[1], array.type.to_pandas_dtype())
    return numbers[array.offset : array.offset + len(array)]
