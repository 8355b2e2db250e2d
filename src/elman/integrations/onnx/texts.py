"""Word and character n-grams of texts in a graph, with the hashes of ``elman.features.text_ngrams``.

Word n-grams are computed from the hashes of known words; one with an unknown word was in no training text. ONNX 17 has
no exclusive or on integers: it is looked up byte by byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from elman.features import text_ngrams
from elman.features.text_ngrams import Grams
from elman.integrations.onnx import keys
from elman.integrations.onnx.characters import Words
from elman.integrations.onnx.features import distinct
from elman.integrations.onnx.graph import ALL, Graph, Value
from elman.integrations.onnx.sentences import Sentences

_FACTOR, _END = keys.signed(int(text_ngrams.FACTOR)), text_ngrams.END
_ROUNDS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1))


def ngrams(g: Graph, grams: Grams, low: Words, whole: Value, own: Sentences, vocabulary: Sequence[str]) -> Value:
    """Return the ids (S, M) of the n-grams of texts, each once; G is none.

    ``low`` are the N words in lower case, ``whole`` (N,) their keys; ``vocabulary`` the words of the training texts.
    """
    hashes: list[Value] = []
    if grams.kind in ("characters", "both"):
        codes, sizes = _characters(g, low, own)
        hashes += _runs(g, codes, sizes, None, text_ngrams.CHARACTERS, 1)
    if grams.kind in ("words", "both"):
        known = {word.lower(): text_ngrams.word_hash(word.lower()) for word in vocabulary}
        table = keys.table(("w", word, keys.signed(number)) for word, number in known.items())
        codes, sizes, sure = _words(g, whole, own, table)
        hashes += _runs(g, codes, sizes, sure, text_ngrams.WORDS, 2)
        if grams.skips:
            hashes += _gapped(g, codes, sizes, sure, grams.skips, 3)
    G = len(grams)
    ids = g.lookup(g.concat(hashes, 1), {int(h): i for i, h in enumerate(grams.hashes.tolist())}, G)
    return distinct(g, ids, G)


def _characters(g: Graph, low: Words, own: Sentences) -> tuple[Value, Value]:
    """Return the characters (S, M) of texts, a space between words, a mark at both ends; and their numbers (S, 1)."""
    place = g.range(low.codes.size(1))
    ends = low.lengths.expand(1)
    codes = (place < ends).where(low.codes, -1)
    codes = place.equals(ends).where(g.constant(np.int64(ord(" "))), codes)  # the last column is always free
    there = g.op("NonZero", (codes >= 0).cast("int64"), dtype="int64")  # (2, Q)
    word, column = (there.take(g.constant(np.int64(i))) for i in (0, 1))
    width = low.lengths + 1  # (N,)
    before = width.cumsum(0, exclusive=True)
    count = own.lengths.size(0)
    total = g.filled(np.int64(0), count)
    total = g.op("ScatterElements", total, own.sentence, width, axis=0, reduction="add")  # (S,)
    start = total.cumsum(0, exclusive=True)
    longest = g.most(total) + 1
    to = own.sentence.take(word) * longest + before.take(word) - start.take(own.sentence.take(word)) + column + 1
    flat = codes.reshape(-1).take(word * codes.size(1) + column)
    texts = g.filled(np.int64(-1), count * longest).scatter(to, flat, 0)
    first = g.range(count) * longest
    marks = g.filled(np.int64(_END), count)
    texts = texts.scatter(first, marks, 0).scatter(first + total, marks, 0)
    return texts.reshape(count, longest), (total + 1).expand(1)


def _words(g: Graph, whole: Value, own: Sentences, table: Mapping[int, int]) -> tuple[Value, Value, Value]:
    """Return the hashes (S, T + 2) of words with a mark at both ends, their numbers (S, 1), and which are known."""
    nothing = keys.signed(0x5EED << 44)
    code = g.concat([g.lookup(whole, table, nothing), g.vector(nothing)], 0)
    rows = own.rows.transpose(1, 0)
    first = g.filled(np.int64(_END), rows.size(0), 1)
    codes = g.concat([first, code.take(rows), first], 1)
    size = own.lengths.expand(1) + 2
    codes = g.range(codes.size(1)).equals(size - 1).where(g.constant(np.int64(_END)), codes)
    return codes, size, ~codes.equals(nothing)


def _runs(g: Graph, codes: Value, sizes: Value, known: Value | None, lengths: Sequence[int], salt: int) -> list[Value]:
    """Return the hashes of all n-grams of these lengths in rows of codes (S, M) of which ``sizes`` (S, 1) count."""
    place = g.range(codes.size(1))
    longer = g.constant(np.array([0, 0, 0, max(lengths)], np.int64))  # also for a text of fewer characters
    codes = g.op("Pad", codes, longer)
    every = None if known is None else g.op("Pad", known.cast("int64"), longer).cast("bool")
    n_places, h, sure = codes.size(1), codes, every
    found = []
    for n in range(1, max(lengths) + 1):
        if n > 1:
            h = h.part(0, -1) * _FACTOR + codes.part(n - 1, ALL)
            sure = None if sure is None or every is None else sure.part(0, -1) & every.part(n - 1, ALL)
        if n in lengths:
            place = g.range(n_places - (n - 1))
            there = (place + n) <= sizes if n > 1 else (place >= 1) & (place < sizes - 1)
            there = there if sure is None else there & sure
            salted = h + keys.signed(salt << 60 | n << 56)
            found.append(there.where(_mixed(g, salted), -1))
    return found


def _gapped(g: Graph, codes: Value, sizes: Value, known: Value, skips: int, salt: int) -> list[Value]:
    """Return the hashes of pairs of codes with 1 to ``skips`` others between them, as ``_runs`` does."""
    longer = g.constant(np.array([0, 0, 0, skips + 2], np.int64))
    n_places = codes.size(1) + skips + 2
    codes, known = g.op("Pad", codes, longer), g.op("Pad", known.cast("int64"), longer).cast("bool")
    found = []
    for distance in range(2, skips + 2):
        there = (g.range(n_places - distance) + distance + 1) <= sizes
        there = there & known.part(0, -distance) & known.part(distance, ALL)
        pair = codes.part(0, -distance) * _FACTOR + codes.part(distance, ALL)
        found.append(there.where(_mixed(g, pair + keys.signed(salt << 60 | 2 << 56)), -1))
    return found


def _mixed(g: Graph, h: Value) -> Value:
    """Return the hashes of ``text_ngrams`` before their bits are mixed as those after it, in int64."""
    for number, (bits, factor) in enumerate(_ROUNDS):
        last = number == len(_ROUNDS) - 1
        h = _shifted_in(g, h, bits, first=2 if last else 0)  # the lowest two bytes are dropped in the end
        h = h if last else h * keys.signed(factor)
    return _right(g, h, 64 - text_ngrams.BITS)


def _right(g: Graph, h: Value, bits: int) -> Value:
    """Return the bits of int64 moved to the right, with 0 behind them."""
    shifted = g.op("BitShift", h.cast("uint64"), g.constant(np.uint64(bits)), direction="RIGHT")
    return shifted.cast("int64")


def _shifted_in(g: Graph, h: Value, bits: int, first: int) -> Value:
    """Return h ^ h >> bits; bytes below ``first`` are not needed."""
    table = g.constant(np.bitwise_xor.outer(*[np.arange(256)] * 2).astype(np.uint8).ravel())
    low, changed = _right(g, h, bits), -(-(64 - bits) // 8)
    kept = _right(g, h, 8 * changed) * (1 << 8 * changed)
    for byte in range(first, changed):
        pair = (_right(g, h, 8 * byte) % 256) * 256 + _right(g, low, 8 * byte) % 256
        kept = kept + table.take(pair).cast("int64") * (1 << 8 * byte)
    return kept
