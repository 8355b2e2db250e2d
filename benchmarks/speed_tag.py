"""W3: a BiLSTM tagger on whole sentences, from word ids to tags: ids -> vectors -> BiLSTM -> scores -> best tags.

A job is {"shape": {"hidden", "input", "tags", "lengths": [[…] for each batch]}, "threads", "rounds", "seconds",
"engines"}. All engines have the same weights and get the same running words of EWT. elman's tables of the first
layer's inputs are full before anything is timed, as they are after a text's first words; what filling them takes is
told beside it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import speed_data
import speed_machine
from elman.nn.initialization import initialize
from speed_measure import figure, interleaved, largest_error

Array = NDArray[Any]
CHECKED = 1000  # words, or more
TOLERANCE = {"fp32": 1e-4, "reduced": 0.04}
"""Of the largest score; and with reduced precision TAGS of the tags must agree, although random weights make many
close calls."""
TAGS = 0.95
SPREAD = np.float32(4)  # word vectors as long as trained ones, so that states use their range as they do in a tagger


@dataclass(frozen=True)
class Task:
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
        return any(len(set(lengths.tolist())) > 1 for _, lengths in self.batches)

    @property
    def flops(self) -> float:
        """Of all batches, the input product among it, as a network without a table has to compute it."""
        E, H, K = self.config.network.embedding, self.config.network.hidden, len(self.weights["output.b_o"])
        return 2 * self.n * (2 * (E + H) * 4 * H + 2 * H * K)


def task(shape: dict[str, Any]) -> Task:
    """Running words of EWT as sentences of the lengths asked for, and weights drawn at random."""
    from elman.config import Config
    from elman.features.lexicon import Lexicon

    config = Config().with_settings(
        {"hidden": shape["hidden"], "embedding": shape["input"], "features": "none", "decoder": "softmax"}
    )
    running = [word for words, _ in speed_data.sentences("train") for word in words]
    lengths = [np.sort(np.array(some, np.int64))[::-1].copy() for some in shape["lengths"]]
    need = int(sum(some.sum() for some in lengths))
    text = (running * (1 + need // len(running)))[:need]
    lexicon = Lexicon.of(config.network, [text])
    network = lexicon.network(config.network, shape["tags"])
    weights = initialize(network, np.random.default_rng(1))
    weights["embedding"] *= SPREAD
    ids = lexicon.read(text).words
    words = [""] * len(weights["embedding"])
    for word, i in zip(text, ids.tolist(), strict=True):
        words[i] = word
    cuts = np.cumsum([some.sum() for some in lengths])[:-1]
    return Task(config, lexicon, words, weights, list(zip(np.split(ids, cuts), lengths, strict=True)))


class Elman:
    """What elman's tagger does of a text whose words it has seen. ``threads`` work on the sentences of a batch."""

    def __init__(self, t: Task, precision: str, threads: int) -> None:
        from elman.models.constraints import NONE
        from elman.models.heads import Heads
        from elman.models.inference import InferenceCache, Text
        from elman.nn.batch import pack

        self._pack, self._text, self._weights, self._threads = pack, Text, t.weights, threads
        tags = len(t.weights["output.b_o"])
        self._network = t.lexicon.network(t.config.network, tags)
        self._reader = InferenceCache(t.lexicon, self._network, [t.weights], precision)
        (self._head,) = Heads(t.config, (tuple(map(str, range(tags))),), (NONE,)).each
        start = time.perf_counter()
        read = self._reader.words(t.words)
        self.table_ms = 1e3 * (time.perf_counter() - start)
        self._row, self._tables = read.types, read.tables  # of each id
        self._pool = ThreadPoolExecutor(threads)
        self._batches = [self._parts(*batch) for batch in t.batches]

    def _parts(self, ids: Array, lengths: Array) -> list[tuple[Array, Array]]:
        """Every thread's sentences: each other one, so that all have as much to do."""
        sentences = np.split(ids, np.cumsum(lengths)[:-1])
        n = min(self._threads, len(sentences))
        return [(np.concatenate(sentences[i::n]), lengths[i::n]) for i in range(n)]

    def _scores(self, part: tuple[Array, Array]) -> tuple[Array, Any]:
        ids, lengths = part
        batch = self._pack(lengths)
        (h,) = self._reader.each(self._text(self._row[ids], self._tables), batch.rows, batch)
        return self._network.output(self._weights, h, batch)[0], batch

    def _one(self, part: tuple[Array, Array]) -> Array:
        scores, batch = self._scores(part)
        tags = np.empty(len(scores), np.int32)
        tags[batch.rows] = self._head.best(self._weights, scores, batch)
        return tags

    def tag(self, i: int) -> list[Array]:
        parts = self._batches[i]
        return list(self._pool.map(self._one, parts)) if len(parts) > 1 else [self._one(parts[0])]

    def all(self) -> None:
        for i in range(len(self._batches)):
            self.tag(i)

    def scores(self, i: int) -> list[Array]:
        """Of each sentence (T, K)."""
        by_part = []
        for part in self._batches[i]:
            packed, batch = self._scores(part)
            flat = np.empty_like(packed)
            flat[batch.rows] = packed
            by_part.append(np.split(flat, np.cumsum(part[1])[:-1]))
        n = len(by_part)
        return [by_part[k % n][k // n] for k in range(sum(map(len, by_part)))]


class _Padded:
    """An engine that reads ids (T, B), padded."""

    def __init__(self, t: Task) -> None:
        self._lengths = [lengths for _, lengths in t.batches]
        self._ids = []
        for ids, lengths in t.batches:
            there = np.arange(lengths[0]) < lengths[:, None]
            padded = np.zeros(there.shape, np.int64)
            padded[there] = ids
            self._ids.append(np.ascontiguousarray(padded.T))

    def tag(self, i: int) -> Any:
        raise NotImplementedError

    def all(self) -> None:
        for i in range(len(self._ids)):
            self.tag(i)

    def _sentences(self, scores: Array, i: int) -> list[Array]:
        by_step = scores.reshape(*self._ids[i].shape, -1)
        return [by_step[:length, k] for k, length in enumerate(self._lengths[i].tolist())]


class Ort(_Padded):
    """ONNX Runtime on the CPU."""

    def __init__(self, t: Task, threads: int, *, int8: bool) -> None:
        import onnxruntime

        import speed_onnx

        super().__init__(t)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        with tempfile.TemporaryDirectory() as folder:
            path, small = Path(folder) / "tagger.onnx", Path(folder) / "int8.onnx"
            speed_onnx.save(t.weights, t.config.network.hidden, path, ragged=t.ragged)
            if int8:
                speed_onnx.quantize(path, small)
            self._session = onnxruntime.InferenceSession(small if int8 else path, options)
        self._feeds: list[dict[str, Array]] = [{"ids": ids} for ids in self._ids]
        if t.ragged:
            for feed, lengths in zip(self._feeds, self._lengths, strict=True):
                feed["lengths"] = lengths.astype(np.int32)

    def tag(self, i: int) -> Any:
        return self._session.run(["tags"], self._feeds[i])[0]

    def scores(self, i: int) -> list[Array]:
        return self._sentences(self._session.run(["scores"], self._feeds[i])[0], i)


class Torch(_Padded):
    """PyTorch: nn.Embedding, nn.LSTM, nn.Linear; sentences of one length, or as packed sequences."""

    def __init__(self, t: Task, dtype: str) -> None:
        import torch

        from speed_step import module

        super().__init__(t)
        weights, H = t.weights, t.config.network.hidden
        kind = getattr(torch, dtype)
        self._torch, self._ragged = torch, t.ragged
        self._embedding = torch.from_numpy(weights["embedding"]).to(kind)
        self._lstm = module(torch, weights, 1, H, weights["embedding"].shape[1]).to(kind).eval()
        self._w, self._b = (torch.from_numpy(weights[f"output.{name}"]).to(kind) for name in ("w_oh", "b_o"))
        self._tensors = [torch.from_numpy(ids) for ids in self._ids]
        self._sizes = [torch.from_numpy(lengths) for lengths in self._lengths]

    def _scores(self, i: int) -> Any:
        torch = self._torch
        x = torch.nn.functional.embedding(self._tensors[i], self._embedding)
        if self._ragged:
            packed = torch.nn.utils.rnn.pack_padded_sequence(x, self._sizes[i])
            h = torch.nn.utils.rnn.pad_packed_sequence(self._lstm(packed)[0])[0]
        else:
            h = self._lstm(x)[0]
        return torch.nn.functional.linear(h, self._w, self._b)

    def tag(self, i: int) -> Any:
        with self._torch.inference_mode():
            return self._scores(i).argmax(-1)

    def scores(self, i: int) -> list[Array]:
        with self._torch.inference_mode():
            return self._sentences(self._scores(i).float().numpy(), i)


def engines(t: Task, threads: int, names: Sequence[str], *, others: bool = True) -> dict[str, Any]:
    """The engines there are, by what the page calls them. ``others`` False: those alone that can be kept to an ISA."""
    from elman.kernels import describe

    makers: dict[str, Callable[[], Any]] = {"elman exact": partial(Elman, t, "exact", threads)}
    if describe()["int8"]:
        makers["elman int8"] = partial(Elman, t, "int8", threads)
    for n in range(1, threads + 1) if others else ():
        end = f", {n} thread{'s' * (n > 1)}"
        makers["ONNX Runtime fp32" + end] = partial(Ort, t, n, int8=False)
        makers["ONNX Runtime int8" + end] = partial(Ort, t, n, int8=True)
    makers["PyTorch fp32"] = partial(Torch, t, "float32")
    if others and not t.ragged:
        makers["PyTorch bf16"] = partial(Torch, t, "bfloat16")
    return {name: make() for name, make in makers.items() if not names or name in names}


def check(t: Task, found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """How far the scores of the first batches are from elman's exact ones, and the share of equal tags.

    Exits where that is too much.
    """
    ends = np.cumsum([len(ids) for ids, _ in t.batches])
    some = range(1 + min(int(np.searchsorted(ends, CHECKED)), len(ends) - 1))

    def scores_of(engine: Any) -> Array:
        return np.concatenate([rows for i in some for rows in engine.scores(i)])

    right = scores_of(found["elman exact"])
    errors = {}
    for name, engine in found.items():
        scores = scores_of(engine)
        error = largest_error(scores, right)
        same = float((scores.argmax(1) == right.argmax(1)).mean())
        errors[name] = {"error": error, "same_tags": same}
        exact = any(word in name for word in ("exact", "fp32"))
        if not error <= TOLERANCE["fp32" if exact else "reduced"] or same < TAGS:
            raise SystemExit(f"speed.py: {name}: scores are off by {error:.1e}, {100 * same:.1f} % of the tags agree")
    return errors


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """``ms`` a batch of each engine, ``rate`` in words/s, nominal ``gflops``; errors."""
    import torch

    torch.set_num_threads(job["threads"])
    t = task(job["shape"])
    found = engines(t, job["threads"], job.get("engines", ()), others=job.get("others", True))
    errors = check(t, found) if job.get("check", True) else {}
    times = interleaved(
        {name: engine.all for name, engine in found.items()}, rounds=job["rounds"], seconds=job["seconds"], pause=0.05
    )
    n, batches = t.n, len(t.batches)
    return {
        "ms": {name: figure([1e3 * s / batches for s in v], "ms") for name, v in times.items()},
        "rate": {name: figure([n / s for s in v], "words/s") for name, v in times.items()},
        "gflops": {name: figure([t.flops / s / 1e9 for s in v], "GFLOP/s") for name, v in times.items()},
        "errors": errors,
        "table_ms": {name: e.table_ms for name, e in found.items() if isinstance(e, Elman)},
        "word_types": len(t.words) - 1,
    }


if __name__ == "__main__":
    speed_machine.main_of(measure)
