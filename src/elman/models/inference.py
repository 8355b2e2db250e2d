"""Fast inference: what a trained model computes once for each distinct word, and label scores computed on demand.

``InferenceCache``: the first layer's input depends on the word alone, so it is computed once for each distinct word;
for an LSTM that is the whole product w_rx·x + b_r, and only the recurrent product is left. The tables are bounded: a
full one is cleared.

``LazyScores``: label columns are computed on first use. Often only the best labels are needed: then the output layer is
computed in 8-bit integers if the hidden states allow it, and exactly for the few labels that this leaves undecided. The
best label is always that of the exact scores.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.config import Config
from elman.errors import ConfigError
from elman.features.char_windows import WIDTH
from elman.features.lexicon import Lexicon
from elman.kernels import weight_layout
from elman.models.base import LabelScores
from elman.models.graph import Parsed, parse
from elman.models.heads import Heads
from elman.nn.batch import Batch, Ids, pack
from elman.nn.encoder import Parameters
from elman.nn.layers import Array
from elman.nn.network import Inputs, Network
from elman.utils.display import shown

CACHE_BYTES = 48 << 20  # bytes of the tables of all networks; fuller ones are cleared
SPARE = 16_384  # additional rows, for the words of one text
PRECISIONS = ("auto", "exact", "int8")


def tagging_precision(asked: str, config: Config) -> str:
    """Return ``int8`` or ``exact``; ``auto`` is int8 if processor, kernels and network support it.

    Raises ConfigError if int8 is asked for and not supported, or the precision is unknown.
    """
    supported = kernels.describe()["int8"]
    fits = config.network.cell == "lstm" and config.network.embedding > 0
    if asked == "int8" and not (supported and fits):
        why = (
            "this processor or build has no 8-bit products"
            if not supported
            else "the network is not an LSTM on vectors"
        )
        raise ConfigError(f"precision: int8 is not available, {why}; expected auto or exact")
    if asked not in PRECISIONS:
        raise ConfigError(f"precision: expected {' or '.join(PRECISIONS)}, got {shown(asked)}")
    return "int8" if asked != "exact" and supported and fits else "exact"


class Text(NamedTuple):
    """N words: the table row of each, and the tables of each network."""

    types: Ids  # (N,)
    tables: tuple[tuple[Array, ...], ...]


class InferenceCache:
    """Cached inputs of the words of a trained model's networks. Safe to use from several threads at once.

    ``precision``  ``exact`` float32, or ``int8``: the LSTM's recurrent product in 8-bit integers
    ``plain``      cache only the representation of words, whatever the cell, as streams need it
    """

    def __init__(
        self, lexicon: Lexicon, network: Network, members: Sequence[Parameters], precision: str, *, plain: bool = False
    ) -> None:
        kind = _Lstm if network.config.cell == "lstm" and network.config.embedding and not plain else _Plain
        self.lexicon = lexicon
        self.width = len(members) * network.encoder.output
        self.small = (
            kind is _Lstm
            and precision == "int8"
            and network.config.residual == "none"
            and self.width <= weight_layout.WIDEST
        )
        """Whether states are in [-1, 1], so that the output layer may be computed in 8 bits."""
        self.members = [kind(network, parameters, precision == "int8") for parameters in members]
        row = sum(member.row for member in self.members)
        self.most = max(1024, CACHE_BYTES // row)  # words cached when a new text arrives
        self._lock = threading.Lock()
        self._start()

    def words(self, words: Sequence[str]) -> Text:
        """Return N words as table rows, computing those that are new."""
        if self.lexicon.token_features is not None:
            return self._uncached(words)
        with self._lock:
            if len(self._words) > self.most:
                self._start()
            types = self._words.of_words(words)
            return Text(types, self._filled())

    def _uncached(self, words: Sequence[str]) -> Text:
        """Return tables of N words that bring features along, a row each: few of them occur again."""
        tables, inputs = [member.empty(len(words)) for member in self.members], self.lexicon.read(words)
        for member, table in zip(self.members, tables, strict=True):
            member.fill(inputs, table)
        return Text(np.arange(len(words), dtype=np.int32), tuple(tables))

    def lines(self, text: bytes) -> tuple[Text, NDArray[np.int64]]:
        """Return a text's words, one sentence per line and a space between words, and the number of words per line."""
        with self._lock:
            if len(self._words) > self.most:
                self._start()
            types, lengths = self._words.of_lines(text)
            return Text(types, self._filled()), lengths.astype(np.int64)

    def windows(self, text: str, lengths: Ids) -> Text:
        """Return the character windows of concatenated texts: see ``kernels.Words.of_windows``."""
        with self._lock:
            if len(self._words) > self.most:
                self._start()
            return Text(self._words.of_windows(text, lengths, WIDTH), self._filled())

    def states(self, text: Text, rows: NDArray[np.int64], batch: Batch) -> Array:
        """Return the states (N', M·P) of the last layers of M networks, side by side."""
        h = list(self.each(text, rows, batch))
        return h[0] if len(h) == 1 else np.concatenate(h, axis=1)

    def each(self, text: Text, rows: NDArray[np.int64], batch: Batch) -> Iterator[Array]:
        """Yield the states (N', P) of each network for a packed batch of the text's words at ``rows``."""
        types = text.types[rows]
        return (member.states(tables, types, batch) for member, tables in zip(self.members, text.tables, strict=True))

    def _start(self) -> None:
        # unwritten memory costs nothing; if allocation fails, the old tables stay in use
        words, tables = kernels.Words(), [member.empty(self.most + SPARE) for member in self.members]
        self._words: Any
        self._words, self._full, self._tables = words, 0, tables

    def _filled(self) -> tuple[tuple[Array, ...], ...]:
        """Return the tables with a row for every word. Written rows never change: other threads read them."""
        need = len(self._words)
        if need > self._full:
            inputs = self.lexicon.read(self._words.since(self._full))
            for i, member in enumerate(self.members):
                if need > len(self._tables[i][0]):
                    more = member.empty(2 * need)
                    for old, new in zip(self._tables[i], more, strict=True):
                        new[: self._full] = old[: self._full]
                    self._tables[i] = more
                member.fill(inputs, [table[self._full : need] for table in self._tables[i]])
            self._full = need
        return tuple(self._tables)


class _Member:
    """A network and its parameters."""

    def __init__(self, network: Network, parameters: Parameters, int8: bool) -> None:
        self.network, self.parameters = network, parameters


class _Plain(_Member):
    """A network whose word representations are cached; for one-hot words their ids."""

    def __init__(self, network: Network, parameters: Parameters, int8: bool) -> None:
        super().__init__(network, parameters, int8)
        self.row = 4 * max(network.encoder.width, 1)

    def empty(self, n: int) -> tuple[Array, ...]:
        width = self.network.encoder.width
        return (_fresh((n, width), np.float32) if width else np.empty(n, np.int32),)

    def fill(self, inputs: Inputs, rows: Sequence[Array]) -> None:
        rows[0][...] = self.network.represent(self.parameters, inputs)

    def states(self, tables: tuple[Array, ...], types: Ids, batch: Batch) -> Array:
        (table,) = tables
        x = table[types] if table.ndim == 1 else kernels.embedding_forward(table, types)
        h, _ = self.network.encoder.forward(self.parameters, x, batch)
        return h


class _Lstm(_Member):
    """LSTM layers; the input products of the first are cached in one table per direction."""

    def __init__(self, network: Network, parameters: Parameters, int8: bool) -> None:
        super().__init__(network, parameters, int8)
        self.type = np.float16 if int8 else np.float32
        self.layers = [self._directions(i, int8) for i in range(network.config.layers)]
        self.width = len(self.layers[0][0].b)
        self.row = len(self.layers[0]) * self.width * np.dtype(self.type).itemsize

    def _directions(self, i: int, int8: bool) -> list[_Direction]:
        found = []
        for direction in self.network.encoder.directions:
            w, b, recurrent = (self.parameters[f"layer{i}.{direction}.{name}"] for name in ("w_rx", "b_r", "w_rh"))
            packed: Any
            if int8:
                w, packed = weight_layout.packed(w), weight_layout.packed_int8(weight_layout.in_panels(recurrent))
            else:
                w, packed = weight_layout.in_panels(w), weight_layout.packed(recurrent)
            found.append(_Direction(w, weight_layout.in_panels(b), packed, direction == "backward"))
        return found

    def empty(self, n: int) -> tuple[Array, ...]:
        return tuple(_fresh((n, self.width), self.type) for _ in self.layers[0])

    def fill(self, inputs: Inputs, rows: Sequence[Array]) -> None:
        x = self.network.represent(self.parameters, inputs)
        for to, direction in zip(rows, self.layers[0], strict=True):
            self._inputs(x, direction, to)

    def _inputs(self, x: Array, direction: _Direction, to: Array) -> None:
        if self.type == np.float16:
            kernels.linear_halves(x, direction.w, direction.b, to)
        else:
            to[...] = kernels.linear_forward(x, direction.w, direction.b)

    def states(self, tables: tuple[Array, ...], types: Ids, batch: Batch) -> Array:
        encoder = self.network.encoder
        h = self._layer(0, tables, types, batch)
        if len(self.layers) > 1:
            every = np.arange(len(types), dtype=np.int32)
            own = tuple(np.empty((len(types), self.width), self.type) for _ in tables)
        for i, directions in enumerate(self.layers[1:], start=1):
            for to, direction in zip(own, directions, strict=True):
                self._inputs(h, direction, to)
            y = self._layer(i, own, every, batch)
            h = y if encoder.config.residual == "none" else encoder.skip(self.parameters, i, h, y)[0]
        return h

    def _layer(self, i: int, tables: tuple[Array, ...], types: Ids, batch: Batch) -> Array:
        """Return the states (N, P) of a layer whose inputs are the rows ``types`` of the tables."""
        H = self.network.config.hidden
        h = np.empty((len(types), self.network.encoder.output), np.float32)
        for j, (table, direction) in enumerate(zip(tables, self.layers[i], strict=True)):
            packed, reverse = direction.packed, direction.reverse
            if self.type == np.float16:
                w, scale, start = packed
                kernels.lstm_states_int8(table, types, batch.sizes, w, scale, start, h, j * H, H, reverse)
            else:
                kernels.lstm_states(table, types, batch.sizes, packed, h, j * H, reverse)
        return h


class _Direction(NamedTuple):
    """The weights of an LSTM layer in one direction, in panels (``elman.kernels.weight_layout``)."""

    w: Array
    b: Array
    packed: Any  # w_rh, packed; with int8 also its scales
    reverse: bool


def _fresh(shape: tuple[int, int], dtype: Any) -> Array:
    """Return an array in its own memory map, which is returned to the system with it; unwritten pages cost nothing."""
    size = max(1, shape[0] * shape[1]) * np.dtype(dtype).itemsize
    private = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}
    try:
        memory = mmap.mmap(-1, size, **private)
    except OSError as error:  # mmap reports exhausted memory as OSError
        raise MemoryError(f"{size} bytes for a table of words") from error
    if hasattr(mmap, "MADV_HUGEPAGE"):  # page faults of 4 kB would take longer than the computation
        with suppress(OSError):  # a system without large pages
            memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, dtype, shape[0] * shape[1]).reshape(shape)


class _Small(NamedTuple):
    """The output weights of a column in 8 bits: see ``kernels.linear_best_int8``."""

    linear: weight_layout.Int8
    b: Array
    errors: tuple[Array, Array]


class OutputLayer:
    """The mean output layer of networks whose label columns are all of words.

    ``parameters``  the decoders' parameters
    ``small``       whether states are in [-1, 1], so that 8 bits may be used
    """

    def __init__(self, heads: Heads, members: Sequence[Parameters], parameters: Parameters, small: bool) -> None:
        self.heads, self.parameters, self._small = heads.each, parameters, small
        self.members, self.graph_sizes = members, heads.graph_sizes
        scale = np.float32(1 / len(members))
        w = np.concatenate([member["output.w_oh"] for member in members], axis=1)
        self._w = w if len(members) == 1 else w * scale
        self._b = np.asarray(sum(member["output.b_o"] for member in members) * scale, np.float32)
        self._columns = [slice(head.begin, head.begin + len(head.tags)) for head in self.heads]

    def scores(self, h: Array, column: int) -> Array:
        """Return the scores (N, K) of a column for states (N, P)."""
        rows = self._columns[column]
        return kernels.linear_forward(h, self._w[rows], self._b[rows])

    def best(self, h: Array, column: int) -> Ids:
        """Return the argmax (N,) of ``scores``."""
        rows, small = self._columns[column], self._in_8_bits
        if small is None:
            return np.asarray(self.scores(h, column).argmax(axis=1), np.int32)
        weights = small[column]
        return kernels.linear_best_int8(h, *weights.linear, self._w[rows], weights.b, *weights.errors)

    @cached_property
    def _in_8_bits(self) -> list[_Small] | None:
        if not self._small:
            return None
        columns = []
        for rows in self._columns:
            linear = weight_layout.packed_int8(self._w[rows])
            b = np.zeros(len(linear.scale), np.float32)
            b[: rows.stop - rows.start] = self._b[rows]
            columns.append(_Small(linear, b, weight_layout.errors_int8(self._w[rows])))
        return columns


class LazyScores(LabelScores):
    """Lazy label scores for the N words of B concatenated sentences of ``lengths``; their states are (N, P)."""

    def __init__(self, outputs: OutputLayer, h: Array, lengths: NDArray[np.int64]) -> None:
        self.outputs, self.h, self.lengths = outputs, h, lengths

    def best(self, column: int) -> Ids:
        """Return the best labels (N,) of a column."""
        head = self.outputs.heads[column]
        if head.decoder.independent:
            return self.outputs.best(self.h, column)
        return np.asarray(self._packed(self.outputs.scores(self.h, column), column, "best"), np.int32)

    @cached_property
    def parsed(self) -> Parsed:
        """The trees of the sentences, by a graph part."""
        outputs = self.outputs
        assert outputs.graph_sizes is not None
        states = np.split(self.h, len(outputs.members), axis=1)
        return parse(outputs.graph_sizes, outputs.members, states, self.lengths)

    def scores(self, column: int) -> NDArray[np.float32]:
        """Return scores (N, K) whose softmax gives the probabilities of a column's labels."""
        head = self.outputs.heads[column]
        if not head.decoder.independent:
            return super().scores(column)
        scores = self.outputs.scores(self.h, column)
        return np.asarray(scores / np.float32(head.temperature), np.float32)

    def probabilities(self, column: int) -> NDArray[np.float64]:
        """Return the probabilities (N, K) of a column's labels."""
        return np.asarray(self._packed(self.outputs.scores(self.h, column), column, "marginals"), np.float64)

    def word_probabilities(self, column: int, words: Sequence[int]) -> NDArray[np.float64]:
        if not self.outputs.heads[column].decoder.independent:
            return super().word_probabilities(column, words)
        chosen = LazyScores(self.outputs, self.h[np.asarray(words, np.int64)], np.array([len(words)], np.int64))
        return chosen.probabilities(column)

    def confidences(self, column: int, ids: Ids) -> NDArray[np.float64]:
        """Return the probabilities (N,) of the labels ``ids`` (N,) of a column."""
        return np.asarray(self._packed(self.outputs.scores(self.h, column), column, "confidences", ids), np.float64)

    def of(self, which: Sequence[int]) -> LazyScores:
        """Return the scores of some of the sentences."""
        ends = np.cumsum(self.lengths)
        rows = [np.arange(ends[i] - self.lengths[i], ends[i]) for i in which]
        return LazyScores(self.outputs, self.h[np.concatenate(rows)], self.lengths[list(which)])

    def _packed(self, scores: Array, column: int, what: str, ids: Ids | None = None) -> Any:
        """Call the decoder's method ``what`` on the packed scores (and labels); return its results in word order."""
        head, batch = self.outputs.heads[column], self._batch
        labels = () if ids is None else (ids[batch.rows],)
        more = (head.temperature,) if what != "best" else ()
        packed = getattr(head.decoder, what)(self.outputs.parameters, scores[batch.rows], *labels, batch, *more)
        unpacked = np.empty_like(packed)
        unpacked[batch.rows] = packed
        return unpacked

    @cached_property
    def _batch(self) -> Batch:
        return pack(self.lengths)
