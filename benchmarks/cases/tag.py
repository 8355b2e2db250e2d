"""W3: a BiLSTM tagger on whole sentences: word ids -> vectors -> BiLSTM -> scores -> best tags.

A job is {"shape": {"hidden", "input", "tags", "lengths": [[…] for each batch]}, "threads", "rounds", "seconds",
"engines"}. All engines have the same weights and get the same running words of EWT. elman's tables of the first layer's
inputs are filled before anything is timed, as they are after a text's first words; the time of that is in the result.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases import text
from cases.step import longest_first
from harness.measure import in_unit, interleaved, largest_error, plural
from peers.bilstm import Engine, OnnxTagger, TorchTagger, is_ragged

Array = NDArray[Any]
CHECKED = 1000  # at least this many words are compared
TOLERANCE = {"fp32": 1e-4, "reduced": 0.04}
"""Of the scores, relative to the largest one."""
SAME_TAGS = 0.95
"""Share of tags that must agree with reduced precision; random weights make many close decisions."""
SPREAD = np.float32(4)  # makes word vectors as long as trained ones, so that states use their range


@dataclass(frozen=True)
class TagTask:
    """A tagger of V words and batches for it.

    ``words``    the V word types, in the order of the ids
    ``weights``  by elman's names; ``embedding`` is (V, input)
    ``batches``  of each the ids of its sentences, one after the other, and their lengths, longest first
    """

    config: Any  # elman's
    lexicon: Any
    words: list[str]
    weights: dict[str, Array]
    batches: list[tuple[NDArray[np.int32], NDArray[np.int64]]]

    @property
    def n(self) -> int:
        return sum(len(ids) for ids, _ in self.batches)

    @property
    def ragged(self) -> bool:
        return is_ragged([lengths for _, lengths in self.batches])

    @property
    def flops(self) -> float:
        """Count all batches with the input product, as a network without a table computes it."""
        E, H, K = self.config.network.embedding, self.config.network.hidden, len(self.weights["output.b_o"])
        return 2 * self.n * (2 * (E + H) * 4 * H + 2 * H * K)


def tag_task(shape: dict[str, Any]) -> TagTask:
    """Return running words of EWT as sentences of the lengths asked for, and random weights."""
    from elman.config import Config
    from elman.features.lexicon import Lexicon
    from elman.nn.initialization import initialize

    settings = {"hidden": shape["hidden"], "embedding": shape["input"], "features": "none", "decoder": "softmax"}
    config = Config().with_settings(settings)
    running = [word for words, _ in text.sentences("train") for word in words]
    batches = longest_first(shape)
    need = int(sum(lengths.sum() for lengths in batches))
    running = (running * (1 + need // len(running)))[:need]
    lexicon = Lexicon.of(config.network, [running])
    weights = initialize(lexicon.network(config.network, shape["tags"]), np.random.default_rng(1))
    weights["embedding"] *= SPREAD
    ids = lexicon.read(running).words
    words = [""] * len(weights["embedding"])
    for word, i in zip(running, ids.tolist(), strict=True):
        words[i] = word
    cuts = np.cumsum([lengths.sum() for lengths in batches])[:-1]
    return TagTask(config, lexicon, words, weights, list(zip(np.split(ids, cuts), batches, strict=True)))


class ElmanTagger(Engine):
    """elman's tagger on a text whose words it has seen. ``threads`` share the sentences of a batch."""

    def __init__(self, t: TagTask, precision: str, threads: int) -> None:
        from elman.models.constraints import NONE
        from elman.models.heads import Heads
        from elman.models.inference import InferenceCache, OutputLayer, Text
        from elman.nn.batch import pack

        self._pack, self._text, self._threads = pack, Text, threads
        tags = len(t.weights["output.b_o"])
        network = t.lexicon.network(t.config.network, tags)
        self._reader = InferenceCache(t.lexicon, network, [t.weights], precision)
        heads = Heads(t.config, (tuple(map(str, range(tags))),), (NONE,))
        self._outputs = OutputLayer(heads, [t.weights], t.weights, precision == "int8")
        start = time.perf_counter()
        read = self._reader.words(t.words)
        self.table_ms = 1e3 * (time.perf_counter() - start)
        self._row, self._tables = read.types, read.tables  # of each id
        self._pool = ThreadPoolExecutor(threads)
        self._batches = [self._parts(*batch) for batch in t.batches]

    def _parts(self, ids: Array, lengths: Array) -> list[tuple[Array, Array]]:
        """Deal the sentences out to the threads in turn, so that all have about equal work."""
        sentences = np.split(ids, np.cumsum(lengths)[:-1])
        n = min(self._threads, len(sentences))
        return [(np.concatenate(sentences[i::n]), lengths[i::n]) for i in range(n)]

    def _states(self, part: tuple[Array, Array]) -> tuple[Array, Any]:
        ids, lengths = part
        batch = self._pack(lengths)
        (h,) = self._reader.each(self._text(self._row[ids], self._tables), batch.rows, batch)
        return h, batch

    def _tags(self, part: tuple[Array, Array]) -> Array:
        h, batch = self._states(part)
        tags = np.empty(len(h), np.int32)
        tags[batch.rows] = self._outputs.best(h, 0)
        return tags

    def step(self, i: int) -> list[Array]:
        parts = self._batches[i]
        return list(self._pool.map(self._tags, parts)) if len(parts) > 1 else [self._tags(parts[0])]

    def scores(self, i: int) -> list[Array]:
        """Return the scores (T, K) of each sentence."""
        by_part = []
        for part in self._batches[i]:
            h, batch = self._states(part)
            packed = self._outputs.scores(h, 0)
            flat = np.empty_like(packed)
            flat[batch.rows] = packed
            by_part.append(np.split(flat, np.cumsum(part[1])[:-1]))
        n = len(by_part)
        return [by_part[k % n][k // n] for k in range(sum(map(len, by_part)))]


def engines(t: TagTask, threads: int, names: Sequence[str], *, others: bool = True) -> dict[str, Any]:
    """Return the engines by their names in the results. ``others`` False: only those that can be restricted to AVX2."""
    from elman.kernels import describe

    makers: dict[str, Callable[[], Any]] = {"elman exact": partial(ElmanTagger, t, "exact", threads)}
    if describe()["int8"]:
        makers["elman int8"] = partial(ElmanTagger, t, "int8", threads)
    for n in range(1, threads + 1) if others else ():
        makers[f"ONNX Runtime fp32, {plural(n, 'thread')}"] = partial(OnnxTagger, t, n, int8=False)
        makers[f"ONNX Runtime int8, {plural(n, 'thread')}"] = partial(OnnxTagger, t, n, int8=True)
    makers["PyTorch fp32"] = partial(TorchTagger, t, "float32")
    if others and not t.ragged:
        makers["PyTorch bf16"] = partial(TorchTagger, t, "bfloat16")
    return {name: make() for name, make in makers.items() if not names or name in names}


def check(t: TagTask, found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return how far the scores of the first batches are from elman's exact ones, and the share of equal tags.

    Raises RuntimeError if an engine differs too much.
    """
    ends = np.cumsum([len(ids) for ids, _ in t.batches])
    some = range(1 + min(int(np.searchsorted(ends, CHECKED)), len(ends) - 1))
    by_engine = {name: np.concatenate([rows for i in some for rows in e.scores(i)]) for name, e in found.items()}
    right = by_engine["elman exact"]
    errors = {}
    for name, scores in by_engine.items():
        error = largest_error(scores, right)
        same = float((scores.argmax(1) == right.argmax(1)).mean())
        errors[name] = {"error": error, "same_tags": same}
        exact = any(word in name for word in ("exact", "fp32"))
        if not error <= TOLERANCE["fp32" if exact else "reduced"] or same < SAME_TAGS:
            raise RuntimeError(f"{name}: scores are off by {error:.1e}, {100 * same:.1f} % of the tags agree")
    return errors


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Return ``ms`` a batch of each engine, ``rate`` in words/s, nominal ``gflops``, and errors."""
    import torch

    torch.set_num_threads(job["threads"])
    t = tag_task(job["shape"])
    found = engines(t, job["threads"], job.get("engines", ()), others=job.get("others", True))
    errors = check(t, found)
    work = {name: engine.all for name, engine in found.items()}
    times = interleaved(work, rounds=job["rounds"], seconds=job["seconds"], pause=0.05)
    return {
        "ms": in_unit(times, "ms", lambda seconds: 1e3 * seconds / len(t.batches)),
        "rate": in_unit(times, "words/s", lambda seconds: t.n / seconds),
        "gflops": in_unit(times, "GFLOP/s", lambda seconds: t.flops / seconds / 1e9),
        "errors": errors,
        "table_ms": {name: e.table_ms for name, e in found.items() if isinstance(e, ElmanTagger)},
        "word_types": len(t.words) - 1,
    }
