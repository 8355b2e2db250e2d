"""Sub-word features of words in a graph: the ids that ``elman.features.subwords`` finds, from code points."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from elman.features.affixes import LONGEST
from elman.features.subwords import FeatureSet
from elman.integrations.onnx import keys
from elman.integrations.onnx.characters import DIGIT, LETTER, LOWER, UPPER, Classes, Words, lower
from elman.integrations.onnx.graph import Graph, Value

PREFIX, SUFFIX, SHAPED, LONGEST_GRAM = 4, 5, 64, 3
_HASHED = "wpsxg"


class WordFeatures:
    """The features of U words: code points (U, C) and lengths (U,)."""

    def __init__(self, g: Graph, word: Words, features: FeatureSet) -> None:
        self.g, self.word, self.features = g, word, features
        self.classes = Classes(g, word.codes)
        self._numbers = {name: i for i, name in enumerate(features.names)}

    @cached_property
    def low(self) -> Words:
        """The words in lower case."""
        return lower(self.g, self.word, self.classes)

    def ids(self) -> Value:
        """Return the ids of the features (U, M), each once; F, the number of features, is none."""
        kind, F = self.features.kind, len(self.features)
        names = [name.partition(":")[::2] for name in self.features.names]
        known = keys.table((k, text, id) for id, (k, text) in enumerate(names) if k in _HASHED)
        ids: list[Value] = []
        if kind in ("affixes", "both"):
            single = [self.whole(), self.affixes("p", PREFIX), self.affixes("s", SUFFIX), self.shape()]
            ids += [self.g.lookup(self.g.concat(single, 1), known, F), self.flags(), self.length()]
            ids.append(distinct(self.g, self.g.lookup(self.parts(), known, F), F))
        if kind in ("ngrams", "both"):
            ids.append(distinct(self.g, self.g.lookup(self.ngrams(), known, F), F))
        return self.g.concat(ids, 1)

    def whole(self, kind: str = "w") -> Value:
        """Return the keys (U, 1) of whole words in lower case."""
        head = self.low.codes.part(0, keys.LONGEST + 1)
        return keys.terms(self.g, head).total(1).expand(1) + keys.salt(kind)

    def parts(self) -> Value:
        """Return the keys (U, P) of the parts of words with spaces in them."""
        g, head = self.g, self.low.codes.part(0, keys.LONGEST + 1)
        U, width = head.size(0), head.size(1)
        space = head.equals(ord(" "))
        rank, last = space.cast("int64").cumsum(exclusive=True), space.cast("int64").sum(1, keep=True)
        count = g.most(last.squeeze(1)) + 1  # P
        size = g.op("Min", self.low.lengths, width).expand(1)  # (U, 1)
        ends = g.op("Expand", size, g.concat([g.vector(U), g.vector(count + 1)], 0))  # and a column for no space
        ends = ends.scatter(
            space.where(rank, count), g.op("Expand", g.range(width), g.op("Shape", head, dtype="int64"))
        )
        ends = ends.part(0, -1)
        first = g.filled(np.int64(0), U, 1)
        starts = g.op("Min", g.concat([first, ends.part(0, -1) + 1], 1), size)
        sums = g.concat([first, keys.terms(g, head).cumsum()], 1)  # of what is before each place
        there = (last > 0) & (g.range(count) <= last)
        key = (sums.at(ends) - sums.at(starts)) * keys.inverses(g, starts) + keys.salt("w")
        return there.where(key, keys.NO_KEY)

    def affixes(self, kind: str, most: int) -> Value:
        """Return the keys (U, most) of the prefixes, or suffixes, of 1 to ``most`` characters."""
        g, (codes, lengths) = self.g, self.low
        if kind == "s":
            place = lengths.expand(1) - 1 - g.range(g.constant(np.int64(most)))
            some = (place >= 0).where(codes.at(g.op("Max", place, g.constant(np.int64(0)))), -1)
        else:
            some = codes.part(0, most)
        number = g.constant(np.arange(1, most + 1))
        there = number <= lengths.expand(1)
        return there.where(keys.terms(g, some).cumsum() + keys.salt(kind), keys.NO_KEY)

    def shape(self) -> Value:
        """Return the keys (U, 1) of the shapes."""
        g, has = self.g, self.classes.has
        codes = self.word.codes
        code = has(DIGIT).where(g.constant(np.int64(ord("0"))), codes)
        code = has(LETTER).where(g.constant(np.int64(ord("x"))), code)
        code = has(UPPER).where(g.constant(np.int64(ord("X"))), code).part(0, SHAPED)
        before = g.concat([g.filled(np.int64(-1), code.size(0), 1), code.part(0, -1)], 1)
        new = ~code.equals(before) & (code >= 0)
        number = new.cast("int64")
        power = keys.powers(g, number.cumsum(exclusive=True))
        return ((code + 1) * power * number).total(1).expand(1) + keys.salt("x")

    def flags(self) -> Value:
        """Return the ids (U, 3) of the flags: capitals, digit, hyphen."""
        has, anywhere = self.classes.has, self._anywhere
        upper, first = has(UPPER), has(UPPER).part(0, 1)
        inside = first.where(self._named("f:capital"), self._named("f:capital inside"))
        capitals = (~anywhere(has(LOWER))).where(self._named("f:capitals"), inside)
        none = self._named("")
        columns = [anywhere(upper).where(capitals, none), anywhere(has(DIGIT)).where(self._named("f:digit"), none)]
        columns.append(anywhere(self.word.codes.equals(ord("-"))).where(self._named("f:hyphen"), none))
        return self.g.concat(columns, 1)

    def length(self) -> Value:
        """Return the ids (U, 1) of the lengths."""
        g = self.g
        ids = np.array([self._id(f"l:{n}") for n in range(LONGEST + 1)], np.int64)
        return g.constant(ids).take(g.op("Min", self.word.lengths, g.constant(np.int64(LONGEST)))).expand(1)

    def ngrams(self) -> Value:
        """Return the keys (U, M) of n-grams of 1 to 3 characters, with marks at both ends."""
        g, (codes, lengths) = self.g, self.word
        head = codes.part(0, LONGEST)
        size = g.op("Min", lengths, g.constant(np.int64(LONGEST))).expand(1)  # (U, 1)
        first, beyond = (g.filled(np.int64(code), head.size(0), 1) for code in (2, -1))
        marked = g.concat([first, head, beyond], 1)
        place = g.range(marked.size(1))
        marked = place.equals(size + 1).where(g.constant(np.int64(3)), marked)
        there, key = (place >= 1) & (place <= size), marked + 1
        found = [there.where(key + keys.salt("g"), keys.NO_KEY)]
        for n in range(2, LONGEST_GRAM + 1):
            power = keys.signed(pow(keys.BASE, n - 1, 1 << 64))
            key = key.part(0, -1) + (marked.part(n - 1, keys.LONGEST) + 1) * power
            there = place.part(0, 1 - n, axis=0) + n <= size + 2
            found.append(there.where(key + keys.salt("g"), keys.NO_KEY))
        return g.concat(found, 1)

    def _id(self, name: str) -> int:
        return self._numbers.get(name, len(self.features))

    def _named(self, name: str) -> Value:
        return self.g.constant(np.int64(self._id(name)))

    def _anywhere(self, where: Value) -> Value:
        return where.cast("int64").max(1, keep=True).cast("bool")


def distinct(g: Graph, ids: Value, none: int) -> Value:
    """Return the known ids of each row (U, M) once each, in as many columns as needed; ``none`` is greater than all."""
    ordered = g.ops("TopK", [ids, g.vector(ids.size(1))], ["int64", "int64"], largest=0)[0]
    found = g.most((ordered < none).cast("int64").sum(1))
    ordered = ordered.part(0, g.op("Max", found, g.constant(np.int64(1))))
    first = g.filled(np.int64(-1), ordered.size(0), 1)
    before = g.concat([first, ordered.part(0, -1)], 1)
    return ordered.equals(before).where(g.constant(np.int64(none)), ordered)
