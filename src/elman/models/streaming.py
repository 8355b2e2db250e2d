"""Tag unbounded text word by word, in constant memory, with a state that can be saved and restored.

The forward direction of a network carries its hidden state from word to word. With look-ahead k, a word is tagged as
soon as k more words have been read, or the text ends: the network reads from that word to the last known one as if the
text ended there, backward direction included, and the decoder's chain (a CRF, constraints) takes the best tag sequence
for these words, given the tags emitted before. So the tags do not depend on how words are grouped into calls. A forward
network with softmax predicts the same tags as for the whole text at once; so does any network of one layer if k covers
the rest of the text. Computation is in float32, whatever the tagger's precision.

stream = tagger.stream(lookahead=2)
tags = [stream.push(word) for word in words] + stream.finish()   # the first two are None
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import check_words
from elman.data.tokens import Token, tokens
from elman.errors import DataError
from elman.models.base import CHUNK
from elman.models.ensemble import Ensemble
from elman.models.heads import Head
from elman.models.inference import InferenceCache
from elman.nn.batch import Batch, packed_at
from elman.nn.decoders import Chain
from elman.nn.encoder import Carried
from elman.nn.layers import Array
from elman.utils.arguments import described
from elman.utils.display import shown
from elman.utils.summary import Row, Summary

AT_ONCE = 1024  # words that a forward network reads in one call
_WAITING = "waiting."  # prefix of the names of arrays of words not tagged yet
TRANSITIONS = 1 << 16  # transition scores that are maximized in one call


class Stream(Summary):
    """A text being tagged. A stream is not thread-safe; a tagger can have any number of streams."""

    def __init__(self, model: Ensemble, column: int, lookahead: int) -> None:
        # without document labels: an unbounded text has none
        self._network, self._members = replace(model.network, labels=0, grams=0), model.members
        self._head: Head = model.heads.each[column]
        self._chain: Chain | None = self._head.decoder.chain(model.decoder_parameters(), np.dtype(np.float32))
        self._reader = InferenceCache(model.lexicon, model.network, model.members, "exact", plain=True)
        encoder = model.network.encoder
        self._both_ways = len(encoder.directions) > 1
        # each layer as it is, and with its forward direction only
        plain = replace(encoder.config, direction="forward", residual="none")
        alone = replace(encoder, config=plain)
        self._layers = [(encoder.up_to(i), alone.up_to(i)) for i in range(encoder.config.layers)]
        self.lookahead = lookahead
        """Number of words to read after a word before it is tagged."""
        self._begin()

    def _summary(self) -> str:
        return f"{len(self.tags):,} tags, lookahead {self.lookahead}"

    def _table(self) -> Iterator[Row]:
        yield "lookahead", "tags"
        yield self.lookahead, " ".join(self.tags)

    def _begin(self) -> None:
        self._last = -1  # id of the last emitted tag; -1 at the beginning of the text
        self._states: list[dict[str, Array]] = [{} for _ in self._members]
        # of words not tagged yet: each network's inputs, or for forward networks the mean scores
        self._waiting: list[Array] = []

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that it predicts."""
        return self._head.tags

    def push(self, word: str) -> str | None:
        """Return the tag of the word ``lookahead`` words back, or None if there is no such word yet."""
        tags = self.push_all([word])
        return tags[0] if tags else None

    def push_all(self, words: Iterable[str]) -> list[str]:
        """Return the tags that ``push`` returns for the words one by one, without None."""
        if isinstance(words, str):
            raise DataError(f"expected a list of words, got the text {shown(words)}; push() takes a word")
        if isinstance(words, bytes | Set | Mapping) or not isinstance(words, Iterable):
            raise DataError(f"expected a list of words, got {described(words)}")
        words = self._checked(words)
        tags: list[str] = []
        for start in range(0, len(words), AT_ONCE):
            self._take(self._read(words[start : start + AT_ONCE]))
            tags += self._tagged(self.lookahead)
        return tags

    def _checked(self, words: Iterable[str]) -> list[str]:
        """Return the words, with Tokens for dicts of features. Raises DataError if they lack features."""
        if self._reader.lexicon.token_features is None:
            return list(words)
        found: list[str] = list(tokens(list(words)))
        if not all(isinstance(word, Token) for word in found):
            raise DataError("expected words with features, as a dict of each word, which the model reads")
        return found

    def finish(self) -> list[str]:
        """End the text and return the tags of its remaining words. The next push begins a new text."""
        tags = self._tagged(0, ends=True)
        self._begin()
        return tags

    def scores(self, words: Sequence[str]) -> Array:
        """Return the scores (N, K) of the next N words, for a forward network; the words are not tagged later."""
        return self._scores(self._read(words))

    def losses(self, words: Sequence[str], gold: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return -ln p (N,) of the ``gold`` tags (N,) of the next N words, for a forward network."""
        losses = [np.zeros(0)]
        for start in range(0, len(words), AT_ONCE):
            losses.append(nats(self.scores(words[start : start + AT_ONCE]), gold[start : start + AT_ONCE]))
        return np.concatenate(losses)

    def state(self) -> bytes:
        """Return the stream's state; a stream of the same model continues from it bit for bit (``restore``)."""
        from safetensors.numpy import save

        arrays = {f"{_WAITING}{i}": x for i, x in enumerate(self._waiting)}
        arrays |= {f"{i}.{name}": x for i, states in enumerate(self._states) for name, x in states.items()}
        about = {"lookahead": self.lookahead, "last": self._last, "waiting": len(self._waiting)}
        kept = {name: np.ascontiguousarray(x) for name, x in arrays.items()}
        return save(kept, metadata={"stream": json.dumps(about)})

    def restore(self, state: bytes) -> None:
        """Continue from a ``state()``.

        Raises DataError if it is malformed, or of another model or look-ahead; the stream is unchanged then.
        """
        arrays, about = _loaded(state)
        self._check(arrays, about)
        self._last = about["last"]
        self._states = [_within(arrays, f"{i}.") for i in range(len(self._members))]
        self._waiting = [arrays[f"{_WAITING}{i}"] for i in range(about["waiting"])]

    def _check(self, arrays: Mapping[str, Array], about: Mapping[str, int]) -> None:
        """Raise DataError if the arrays and numbers are not a possible state of this stream."""
        first = f"{_WAITING}0"
        waiting, rows = about["waiting"], len(arrays[first]) if first in arrays and arrays[first].ndim else 0
        if about["lookahead"] != self.lookahead:
            raise _other(f"a look-ahead of {self.lookahead}", about["lookahead"])
        if not -1 <= about["last"] < len(self._head.tags):
            raise _other(f"one of {len(self._head.tags)} tags", about["last"])
        if waiting not in (0, len(self._members) if self._both_ways else 1) or rows > self.lookahead:
            raise _other(f"up to {self.lookahead} waiting words", rows or waiting)
        encoder = self._network.encoder
        one_hot = not encoder.width
        kind = "int32" if one_hot and self._both_ways else "float32"
        expected = {f"{_WAITING}{i}": f"{kind} {(rows, *self._width)}" for i in range(waiting)}
        if not all(name.startswith(_WAITING) for name in arrays):  # hidden states are carried
            prefixes = [f"{i}." for i in range(len(self._members))]
            sizes = encoder.memory().items()
            expected |= {prefix + name: f"float32 {(1, n)}" for prefix in prefixes for name, n in sizes}
        found = {name: f"{x.dtype} {x.shape}" for name, x in arrays.items()}
        for name in sorted(expected.keys() | found.keys()):
            if found.get(name) != expected.get(name):
                raise _other(f"{name}: {expected.get(name, 'no such array')}", found.get(name, "none"))
            x = arrays[name]
            if not np.isfinite(x).all():
                raise _other(f"{name}: finite numbers", "others")
            is_id, is_carried = x.dtype == np.int32, one_hot and name.endswith("layer0.x")
            most = encoder.words - is_id  # waiting words are ids; carried ones are ids + 1, and 0 for none
            if (is_id or is_carried) and not ((x == x.round()) & (x >= 0) & (x <= most)).all():
                raise _other(f"{name}: whole numbers from 0 to {most}", "others")

    @property
    def _width(self) -> tuple[int, ...]:
        """The shape of one word in the waiting arrays."""
        network = self._network
        if not self._both_ways:
            return (len(self._head.tags),)
        return (network.encoder.width,) if network.encoder.width else ()

    def _read(self, words: Sequence[str]) -> list[Array]:
        """Return each network's inputs for N words: representations (N, E), or ids (N,)."""
        check_words(words)
        text = self._reader.words(words)
        return [table[text.types] for (table,) in text.tables]

    def _take(self, each: list[Array]) -> None:
        new = each if self._both_ways else [self._scores(each)]
        if self._waiting:
            new = [np.concatenate(pair) for pair in zip(self._waiting, new, strict=True)]
        self._waiting = new

    def _scores(self, each: list[Array]) -> Array:
        """Return the scores (N, K) of the next N words, for a forward network, and advance its states past them."""
        every = np.arange(len(each[0]))
        batch = Batch(np.ones(len(every), np.int32), every)
        scores: list[Array] = []
        for i, (x, parameters) in enumerate(zip(each, self._members, strict=True)):
            carried = Carried(self._states[i])
            h, _ = self._network.encoder.forward(parameters, x, batch, carried=carried)
            self._states[i] = carried.after
            scores.append(self._network.output(parameters, h, batch)[0])
        return self._mean(scores, batch)

    def _tagged(self, keep: int, ends: bool = False) -> list[str]:
        """Return the tags of the waiting words, all but the last ``keep``, which go on waiting."""
        n = len(self._waiting[0]) - keep if self._waiting else 0
        if n <= 0:
            return []
        if not self._both_ways and self._chain is None:
            ids = self._waiting[0][:n].argmax(axis=1).tolist()
        else:
            ids, together = [], max(1, CHUNK // (self.lookahead + 1))
            for t in range(0, n, together):
                ids += self._best(t, min(together, n - t), ends)
                self._last = ids[-1]
        self._last = ids[-1]
        self._waiting = [x[n:] for x in self._waiting]
        return [self._head.tags[i] for i in ids]

    def _best(self, t: int, n: int, ends: bool) -> list[int]:
        """Return the tag ids of the n waiting words from ``t`` on: the first of the best sequence for each window.

        A word's window is the word and up to ``lookahead`` words after it, as if words were pushed one by one.
        """
        left = len(self._waiting[0]) - t - np.arange(n)
        lengths = np.minimum(self.lookahead + 1, left)
        batch, places = packed_at(t + np.arange(n), lengths)
        window = [x[places] for x in self._waiting]
        scores = self._windows(window, batch, n) if self._both_ways else window[0]
        if self._chain is None:
            ids: list[int] = scores[:n].argmax(axis=1).tolist()
            return ids
        chain, ahead, row = self._chain, scores[:0], len(scores)
        for size in batch.sizes[::-1].tolist():  # from the last step; the longest windows come first
            row -= size
            longer, totals = len(ahead), scores[row : row + size].copy()
            few = max(1, TRANSITIONS // chain.transitions.size)
            for i in range(0, longer, few):
                totals[i : min(i + few, longer)] += (chain.transitions + ahead[i : i + few, None]).max(axis=2)
            if ends:
                totals[longer:][(lengths == left)[longer:size]] += chain.end
            ahead = totals
        ids, last = [], self._last
        for of_word in ahead:
            before: NDArray[Any] = chain.begin if last < 0 else chain.transitions[last]
            last = int((before + of_word).argmax())
            ids.append(last)
        return ids

    def _windows(self, each: list[Array], batch: Batch, n: int) -> Array:
        """Return the scores (N, K) of n windows, each one word further on; advance the states past the last one's
        first word.

        Layer by layer: the forward state carried into a window comes from the words before it, each read as the first
        word of its own window.
        """
        every = np.arange(n)
        alone, widths = Batch(np.ones(n, np.int32), every), self._network.encoder.memory()
        scores: list[Array] = []
        for i, (x, parameters) in enumerate(zip(each, self._members, strict=True)):
            states = self._states[i] or {name: np.zeros((1, width), np.float32) for name, width in widths.items()}
            after: dict[str, Array] = {}
            for layer, (whole, forward) in enumerate(self._layers):
                carried = Carried(states, every)
                if n > 1:
                    forward.forward(parameters, x[:n], alone, first=layer, carried=carried)
                    before = {name: np.concatenate([states[name], rows[:-1]]) for name, rows in carried.after.items()}
                    after |= {name: rows[-1:] for name, rows in carried.after.items()}
                    carried = Carried(before)
                x, _ = whole.forward(parameters, x, batch, first=layer, carried=carried)
                after = after if n > 1 else after | carried.after
            self._states[i] = after
            scores.append(self._network.output(parameters, x, batch)[0])
        return self._mean(scores, batch)

    def _mean(self, each: list[Array], batch: Batch) -> Array:
        """Return the mean of the networks' scores in the column."""
        total = each[0]
        for scores in each[1:]:
            total = total + scores
        scores = self._head.of(total, batch)
        return scores if len(each) == 1 else scores / np.float32(len(each))


def _loaded(state: bytes) -> tuple[dict[str, Array], dict[str, int]]:
    """Return the arrays and numbers of a ``state()``. Raises DataError if it is malformed."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(state)
        size = int.from_bytes(state[:8], "little")
        about = json.loads(json.loads(state[8 : 8 + size])["__metadata__"]["stream"])
        if set(about) != {"lookahead", "last", "waiting"} or any(type(n) is not int for n in about.values()):
            raise ValueError
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError("not the state of a stream; expected what state() returned") from None
    return arrays, about


def _other(expected: str, found: object) -> DataError:
    message = "the state of a stream of another model, or with another look-ahead"
    return DataError(f"{message}, or damaged: expected {expected}, found {found}")


def nats(scores: Array, gold: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return -ln p (N,) of the ``gold`` tags (N,) by the softmax of scores (N, K)."""
    logits = scores.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    return np.asarray(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(gold)), gold])


def _within(arrays: dict[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): x for name, x in arrays.items() if name.startswith(prefix)}
