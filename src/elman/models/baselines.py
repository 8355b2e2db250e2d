"""Baseline taggers: the most frequent tag of a word, and the hidden Markov model of the tutorial.

T words, K tags, V ids of words (0 the unknown word), E pairs of a word and a tag seen in training.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from elman.errors import DataError, ModelFileError
from elman.features.vocabulary import Vocabulary
from elman.models.base import LabelModel
from elman.utils.limits import TAGS, check_scores
from elman.utils.validation import demand

KNOWN_SHARE = 0.95
"""Weight of the relative frequency in an emission probability; the rest is uniform over UNKNOWN_WORDS words."""
UNKNOWN_WORDS = 1_000_000
IMPOSSIBLE = -1e9
"""Log probability of an unseen transition: costs more than all else in a sentence of up to 20 million words."""
_SMALLEST = float(np.finfo(np.float64).tiny)

Labelled = tuple[Sequence[str], Sequence[str]]
Floats = NDArray[np.float64]


class WordTags:
    """Counts of words with tags: a sparse (V, K) table in row order."""

    NAMES = ("word_offsets", "word_tags", "word_counts")
    """Names of its tensors."""

    def __init__(self, offsets: NDArray[np.int64], tags: NDArray[np.int32], counts: NDArray[np.int64]) -> None:
        self.offsets = offsets  # (V + 1,)
        self.tags = tags  # (E,)
        self.counts = counts  # (E,)
        self.words = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))  # (E,)

    @classmethod
    def of(cls, pairs: Mapping[tuple[str, str], int], vocabulary: Vocabulary, tags: Sequence[str]) -> WordTags:
        """Build the table from counts of (word, tag)."""
        tag_ids = {tag: i for i, tag in enumerate(tags)}
        words = vocabulary.ids([word for word, _ in pairs]).astype(np.int64)
        columns = np.array([tag_ids[tag] for _, tag in pairs], dtype=np.int32)
        order = np.lexsort((columns, words))
        offsets = np.concatenate([[0], np.cumsum(np.bincount(words, minlength=len(vocabulary)))])
        return cls(offsets, columns[order], np.array(list(pairs.values()), dtype=np.int64)[order])

    def per_tag(self, n_tags: int) -> NDArray[np.int64]:
        """Return the (K,) counts of the tags."""
        return np.bincount(self.tags, weights=self.counts, minlength=n_tags).astype(np.int64)

    def spread(self, ids: NDArray[np.int32], values: Floats, out: Floats) -> None:
        """Write the entries of ``values`` (E,) that belong to each word into its row of ``out`` (T, K)."""
        starts = self.offsets[ids]  # (T,)
        lengths = self.offsets[ids + 1] - starts  # (T,)
        rows = np.repeat(np.arange(len(ids)), lengths)  # (entries of these words,)
        entries = np.arange(len(rows)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
        out[rows, self.tags[entries]] = values[entries]

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        return dict(zip(self.NAMES, (self.offsets, self.tags, self.counts), strict=True))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]], n_words: int, n_tags: int) -> WordTags:
        """Return the inverse of ``to_tensors``. Raises ModelFileError if the tensors are malformed."""
        offsets = _tensor(tensors, "word_offsets", np.int64, (n_words + 1,))
        entries = (int(offsets[-1]),)
        tags = _tensor(tensors, "word_tags", np.int32, entries)
        counts = _tensor(tensors, "word_counts", np.int64, entries)
        increasing = offsets[0] == offsets[1] == 0 and bool((offsets[2:] > offsets[1:-1]).all())  # np.diff may overflow
        demand(increasing, "word_offsets do not rise")
        demand(bool(((tags >= 0) & (tags < n_tags)).all()), f"word_tags: expected ids below {n_tags}")
        demand(bool((counts > 0).all()) and _countable(counts), "word_counts: expected numbers from 1 up")
        table = cls(offsets, tags, counts)
        demand(bool((np.diff(table.words * n_tags + tags) > 0).all()), "word_tags do not rise within a word")
        return table


class _Counted(LabelModel):
    """A model of counts with a vocabulary and one column of tags."""

    def __init__(self, vocabulary: Vocabulary, tags: tuple[str, ...], table: WordTags) -> None:
        self.vocabulary, self._tags, self._table = vocabulary, tags, table

    @property
    def tag_sets(self) -> tuple[tuple[str, ...], ...]:
        return (self._tags,)

    def known(self, word: str) -> bool:
        return word in self.vocabulary


class Frequent(_Counted):
    """Predicts the most frequent tag of the word; for an unknown word, the most frequent tag overall.

    Probabilities are relative frequencies, smoothed with the overall distribution as one more observation:
    p(tag | word) = (count(word, tag) + p(tag)) / (count(word) + 1). Ties between tags of a word are broken by the
    overall frequency, then by the lowest id.
    """

    kind = "frequent"

    def __init__(self, vocabulary: Vocabulary, tags: tuple[str, ...], table: WordTags) -> None:
        super().__init__(vocabulary, tags, table)
        overall = table.per_tag(len(tags))  # (K,)
        self._overall: Floats = overall / overall.sum()
        per_word = np.bincount(table.words, weights=table.counts, minlength=len(vocabulary))
        self._weight: Floats = np.reciprocal(per_word + 1.0)  # (V,)
        self._seen: Floats = (table.counts + self._overall[table.tags]) * self._weight[table.words]  # (E,)
        order = np.lexsort((table.tags, -overall[table.tags], -table.counts, table.words))
        self._best = np.full(len(vocabulary), overall.argmax(), dtype=np.int32)  # (V,)
        first = order[table.offsets[1:-1]]  # the first entry of each known word in this order
        self._best[1:] = table.tags[first]
        self._p_best: Floats = self._weight * self._overall[self._best]  # (V,)
        self._p_best[1:] = self._seen[first]

    @classmethod
    def train(cls, sentences: Iterable[Labelled]) -> Frequent:
        """Count the tags of the words. Raises DataError if there are no words."""
        vocabulary, tags, table, _ = _count(sentences)
        return cls(vocabulary, tags, table)

    def best(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[np.int32]]:
        return [self._best[self.vocabulary.ids(words)] for words in sentences]

    def probabilities(self, sentences: Sequence[Sequence[str]], column: int = 0) -> list[Floats]:
        return [self._probabilities(self.vocabulary.ids(words)) for words in sentences]

    def best_and_confidences(self, sentences: Sequence[Sequence[str]]) -> list[tuple[NDArray[np.int32], Floats]]:
        ids_of_each = [self.vocabulary.ids(words) for words in sentences]
        return [(self._best[ids], self._p_best[ids]) for ids in ids_of_each]

    def _probabilities(self, ids: NDArray[np.int32]) -> Floats:
        p = self._weight[ids, None] * self._overall  # (T, K)
        self._table.spread(ids, self._seen, p)
        return p

    def to_record(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return _config(self.vocabulary, self.tags), self._table.to_tensors()

    @classmethod
    def from_record(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Self:
        return cls(*_from_record(config, tensors, WordTags.NAMES))


class HMM(_Counted):
    """The bigram hidden Markov model of the tutorial.

    Transitions, sentence ends included, are unsmoothed relative frequencies; an emission is
    0.95 P_ML(word | tag) + 0.05 / 1,000,000. ``best`` is the Viterbi path, with the lowest id among equals;
    ``probabilities`` are the forward-backward posteriors of each position.

    Unseen transitions are impossible. If a sentence has no possible path, each of them costs ``IMPOSSIBLE`` in log
    probability, so that the best path has as few of them as possible.
    """

    kind = "hmm"

    def __init__(
        self, vocabulary: Vocabulary, tags: tuple[str, ...], table: WordTags, transitions: NDArray[np.int64]
    ) -> None:
        super().__init__(vocabulary, tags, table)
        self._counts = transitions  # (K + 1, K + 1) from, to; the last row is the start, the last column the end
        self._p_transition: Floats = transitions / transitions.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            self._log_transition = np.maximum(np.log(self._p_transition), IMPOSSIBLE)
        unknown = (1.0 - KNOWN_SHARE) / UNKNOWN_WORDS
        p_ml = table.counts / table.per_tag(len(tags))[table.tags]  # (E,)
        self._log_seen: Floats = np.log(KNOWN_SHARE * p_ml + unknown)  # (E,)
        self._log_unknown = float(np.log(unknown))

    @classmethod
    def train(cls, sentences: Iterable[Labelled]) -> HMM:
        """Count words, tags and tag bigrams. Raises DataError if there are no words, or more than 5,000 tags."""
        vocabulary, tags, table, bigrams = _count(sentences)
        if len(tags) > TAGS:
            raise DataError(
                f"{len(tags):,} distinct tags; the hmm takes {TAGS:,} at most: is it the right column? "
                "(the model frequent takes any number)"
            )
        ids: dict[str | None, int] = {tag: i for i, tag in enumerate(tags)}
        ids[None] = len(tags)
        transitions = np.zeros((len(ids), len(ids)), dtype=np.int64)
        for (tag, following), count in bigrams.items():
            transitions[ids[tag], ids[following]] = count
        return cls(vocabulary, tags, table, transitions)

    def best(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[np.int32]]:
        return [self._viterbi(self._log_emissions(words)) for words in sentences]

    def probabilities(self, sentences: Sequence[Sequence[str]], column: int = 0) -> list[Floats]:
        return [self._posteriors(self._log_emissions(words)) for words in sentences]

    def best_and_confidences(self, sentences: Sequence[Sequence[str]]) -> list[tuple[NDArray[np.int32], Floats]]:
        return [self._best_and_confidences(self._log_emissions(words)) for words in sentences]

    def _best_and_confidences(self, log_e: Floats) -> tuple[NDArray[np.int32], Floats]:
        best = self._viterbi(log_e)
        return best, self._posteriors(log_e)[np.arange(len(best)), best]

    def _log_emissions(self, words: Sequence[str]) -> Floats:
        check_scores(len(words), len(self.tags))
        ids = self.vocabulary.ids(words)
        log_e = np.full((len(ids), len(self.tags)), self._log_unknown)  # (T, K)
        self._table.spread(ids, self._log_seen, log_e)
        return log_e

    def _viterbi(self, log_e: Floats) -> NDArray[np.int32]:
        """Return the (T,) best path for log emissions (T, K)."""
        n = len(log_e)
        path = np.zeros(n, dtype=np.int32)
        if n == 0:
            return path
        log_start, log_end, log_t = _parts(self._log_transition)
        into = np.ascontiguousarray(log_t.T)  # (K, K) to, from: contiguous rows for argmax
        back = np.zeros(log_e.shape, dtype=np.int16)  # (T, K), K <= 5,000
        scores = np.empty_like(into)
        delta = log_start + log_e[0]  # (K,)
        for t in range(1, n):
            np.add(into, delta, out=scores)
            back[t] = scores.argmax(axis=1)
            delta = scores.max(axis=1) + log_e[t]
            delta -= delta.max()  # keep numbers small in long sentences
        path[-1] = (delta + log_end).argmax()
        for t in range(n - 1, 0, -1):
            path[t - 1] = back[t, path[t]]
        return path

    def _posteriors(self, log_e: Floats) -> Floats:
        """Return the (T, K) posteriors for log emissions (T, K)."""
        if len(log_e) == 0:
            return np.zeros_like(log_e)
        e = np.exp(log_e - log_e.max(axis=1, keepdims=True))
        gamma = _forward_backward(e, *_parts(self._p_transition))
        if gamma is None:  # no possible path
            gamma = _log_forward_backward(log_e, *_parts(self._log_transition))
        return gamma

    def to_record(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return _config(self.vocabulary, self.tags), {**self._table.to_tensors(), "transitions": self._counts}

    @classmethod
    def from_record(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Self:
        vocabulary, tags, table = _from_record(config, tensors, (*WordTags.NAMES, "transitions"))
        transitions = _tensor(tensors, "transitions", np.int64, (len(tags) + 1, len(tags) + 1))
        demand(bool((transitions >= 0).all()) and _countable(transitions), "transitions: expected counts")
        demand(bool((transitions.sum(axis=1) > 0).all()), "transitions: a tag that nothing follows")
        demand(len(tags) <= TAGS, f"tags: expected {TAGS} at most")
        return cls(vocabulary, tags, table, transitions)


def _parts(transitions: Floats) -> tuple[Floats, Floats, Floats]:
    """Return transitions from the start (K,), to the end (K,), and between tags (K, K) from, to."""
    return transitions[-1, :-1], transitions[:-1, -1], np.ascontiguousarray(transitions[:-1, :-1])


def _forward_backward(e: Floats, start: Floats, end: Floats, p: Floats) -> Floats | None:
    """Return posteriors (T, K) for scaled emissions (T, K); None if no path has a probability above 0.

    Rabiner (1989), equations 19-27, with alpha and beta scaled to sum to 1 at each position.
    """
    alpha, beta = np.empty_like(e), np.empty_like(e)  # (T, K)
    alpha[0], beta[-1] = start * e[0], end
    for t in range(1, len(e)):
        a = (alpha[t - 1] @ p) * e[t]
        alpha[t] = a / max(a.sum(), _SMALLEST)  # all zeros stay zeros, and give None below
    for t in range(len(e) - 2, -1, -1):
        b = p @ (beta[t + 1] * e[t + 1])
        beta[t] = b / max(b.sum(), _SMALLEST)
    gamma = alpha * beta
    total = gamma.sum(axis=1, keepdims=True)
    return gamma / total if total.min() > 0.0 else None


def _log_forward_backward(log_e: Floats, start: Floats, end: Floats, log_p: Floats) -> Floats:
    """Return posteriors computed in log space, where an impossible transition is only very expensive."""
    alpha, beta = np.empty_like(log_e), np.empty_like(log_e)  # (T, K)
    into = np.ascontiguousarray(log_p.T)  # (K, K) to, from
    alpha[0], beta[-1] = start + log_e[0], end
    for t in range(1, len(log_e)):
        a = _log_sum(into + alpha[t - 1]) + log_e[t]
        alpha[t] = a - a.max()
    for t in range(len(log_e) - 2, -1, -1):
        b = _log_sum(log_p + (log_e[t + 1] + beta[t + 1]))
        beta[t] = b - b.max()
    gamma: Floats = np.exp(alpha + beta - (alpha + beta).max(axis=1, keepdims=True))
    total: Floats = gamma.sum(axis=1, keepdims=True)
    return gamma / total


def _log_sum(x: Floats) -> Floats:
    """Return the (K,) logarithms of the row sums of exp(x), x (K, K)."""
    most: Floats = x.max(axis=1)
    total: Floats = np.exp(x - most[:, None]).sum(axis=1)
    most += np.log(total)
    return most


def _count(
    sentences: Iterable[Labelled],
) -> tuple[Vocabulary, tuple[str, ...], WordTags, Mapping[tuple[str | None, str | None], int]]:
    """Return vocabulary, sorted tags, counts of (word, tag), and counts of tag bigrams (None: a sentence boundary)."""
    pairs: Counter[tuple[str, str]] = Counter()
    bigrams: Counter[tuple[str | None, str | None]] = Counter()
    for words, tags in sentences:
        if len(words) > 0:
            pairs.update(zip(words, tags, strict=True))
            bigrams.update(pairwise([None, *tags, None]))
    if not pairs:
        raise DataError("no words to train on")
    tag_set = tuple(sorted({tag for _, tag in pairs}))
    vocabulary = Vocabulary.of_counts(_per_word(pairs))
    return vocabulary, tag_set, WordTags.of(pairs, vocabulary, tag_set), bigrams


def _per_word(pairs: Mapping[tuple[str, str], int]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (word, _), count in pairs.items():
        counts[word] += count
    return counts


def _config(vocabulary: Vocabulary, tags: Sequence[str]) -> dict[str, Any]:
    return {"tags": list(tags), "vocabulary": vocabulary.to_record()}


def _from_record(
    config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], names: Sequence[str]
) -> tuple[Vocabulary, tuple[str, ...], WordTags]:
    """Return vocabulary, tags and counts of a record; ``names`` are those of all tensors.

    Raises ModelFileError if the record is malformed.
    """
    unexpected = next((name for name in tensors if name not in names), None)
    demand(unexpected is None, f"tensor {unexpected}: expected {', '.join(names)} alone")
    vocabulary = Vocabulary.from_record(config.get("vocabulary", {}))
    tags = config.get("tags")
    good = isinstance(tags, list) and all(isinstance(tag, str) for tag in tags) and len(set(tags)) == len(tags) > 0
    demand(good, "tags: expected a list of distinct tags")
    demand(len(vocabulary) > 1, "vocabulary: expected at least one word")
    assert isinstance(tags, list)
    return vocabulary, tuple(tags), WordTags.from_tensors(tensors, len(vocabulary), len(tags))


def _tensor(tensors: Mapping[str, NDArray[Any]], name: str, dtype: type, shape: tuple[int, ...]) -> NDArray[Any]:
    tensor = tensors.get(name)
    if tensor is None or tensor.dtype != dtype or tensor.shape != shape:
        found = "nothing" if tensor is None else f"{tensor.dtype} of shape {tensor.shape}"
        raise ModelFileError(f"tensor {name}: expected {np.dtype(dtype)} of shape {shape}, found {found}")
    return tensor


def _countable(counts: NDArray[np.int64]) -> bool:
    """Return whether sums of the counts are exact in float64."""
    return float(counts.sum(dtype=np.float64)) < 2.0**53
