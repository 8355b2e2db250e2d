"""Learning curves: accuracy against the number of training sentences, and forecasts for more data.

The error of a network falls approximately as a power law with a floor: error(n) = a n^-b + c (Hestness et al. 2017,
"Deep Learning Scaling is Predictable, Empirically").
"""

from __future__ import annotations

import builtins
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from elman import config
from elman.data.corpus import Corpus, Data, ReadOptions, read_corpus
from elman.data.sentence import Sentence
from elman.data.split import split_percent
from elman.data.targets import CLASSIFY
from elman.errors import ConfigError
from elman.taggers.request import data_or_share
from elman.taggers.train import train
from elman.training import auto_settings as automatic
from elman.training.run_options import Map
from elman.utils import limits
from elman.utils.summary import Row, Summary, percent

FORECASTS = (2, 4)
"""Multiples of the training data for which forecasts are made."""
MIN_POINTS = 3
"""Minimum number of points to fit a law."""
RESAMPLES = 1000
_EXPONENTS = np.linspace(0.05, 1.0, 96)  # b
Run = tuple[int, int]
"""The number of training sentences, and the seed."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Point:
    """The dev accuracy with each seed for one number of training sentences."""

    sentences: int
    words: int
    """Words in the first seed's sentences."""
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean accuracy."""
        return statistics.fmean(self.accuracies)

    @property
    def deviation(self) -> float | None:
        """The standard deviation over the seeds; None with a single seed."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else None


@dataclass(frozen=True, slots=True)
class Law:
    """error(n) = a n^-b + c for n sentences; a and c are 0 or more, b is from 0.05 to 1."""

    a: float
    b: float
    c: float

    def accuracy(self, sentences: float) -> float:
        """Return the accuracy that the law predicts for this many sentences."""
        return 1 - float(self.a * sentences**-self.b + self.c)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast for ``times`` the data; ``gain`` and its 95 % interval are differences in accuracy."""

    times: int
    sentences: int
    accuracy: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, repr=False)
class Curve(Summary):
    """A learning curve: its points in order of size, the fitted law, and forecasts."""

    points: tuple[Point, ...]
    law: Law
    forecasts: tuple[Forecast, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``, as ``elman curve --json`` prints them."""
        points = [{**asdict(point), "mean": point.mean, "deviation": point.deviation} for point in self.points]
        return {
            "points": points,
            "law": asdict(self.law),
            "forecasts": [asdict(forecast) for forecast in self.forecasts],
        }

    def _summary(self) -> str:
        first, last = self.points[0], self.points[-1]
        ends = " to ".join(f"{percent(each.mean)} with {each.sentences:,}" for each in (first, last))
        ahead = "".join(f", about {percent(each.accuracy)} with {each.sentences:,}" for each in self.forecasts[:1])
        return f"{ends} sentences{ahead}"

    def _table(self) -> Iterator[Row]:
        yield "sentences", "words", "accuracy", "lowest", "highest"
        for point in self.points:
            lowest, highest = min(point.accuracies), max(point.accuracies)
            yield point.sentences, point.words, *map(percent, (point.mean, lowest, highest))
        for ahead in self.forecasts:
            low, high = (percent(ahead.accuracy - ahead.gain + gain) for gain in (ahead.low, ahead.high))
            yield ahead.sentences, "forecast", percent(ahead.accuracy), low, high


def learning_curve(
    train_data: Data,
    dev: Data,
    how: ReadOptions,
    *,
    points: int = 5,
    seeds: int = 3,
    seed: int = 1,
    tell: Callable[[str], None] = lambda line: None,
    warn: Callable[[str], None] = lambda line: None,
    map: Map = builtins.map,
    **of_training: Any,
) -> Curve:
    """Train on growing subsets of the sentences and score on dev.

    ``dev``          as in ``elman.train``; a share such as ``"10%"`` is held out of the training sentences first
    ``points``       the number of sizes, each twice the previous one, up to all sentences
    ``seeds``        runs per size: seed, seed + 1 … draw the sentences and train
    ``tell``         called with a line before each run
    ``warn``         called with each warning about the data
    ``map``          a function like ``map``, which makes the runs
    ``of_training``  ``model``, ``preset``, ``settings`` and ``threads``, as in ``elman.train``

    Settings that ``auto`` chooses for all sentences are used for every size, except the number of epochs. Ctrl-C raises
    KeyboardInterrupt. Raises ConfigError, also for numbers out of range, and DataError as ``elman.train`` does.
    """
    limits.whole_number("points", points, MIN_POINTS, limits.POINTS)
    limits.whole_number("seeds", seeds, 1, limits.SEEDS)
    limits.whole_number("seed", seed, 0, limits.SEED - seeds + 1)
    corpus = read_corpus(train_data, how)
    part = corpus.sentences
    held_out_or_dev = data_or_share(dev)
    if isinstance(held_out_or_dev, float):
        part, dev_part, _ = split_percent(part, held_out_or_dev)
    else:
        dev_part = read_corpus(dev, how if corpus.keys.words else replace(how, task=CLASSIFY), corpus.keys).sentences
    of_training.setdefault("model", "rnn")
    if of_training["model"] == "rnn":
        of_training["settings"] = _settled(corpus, part, of_training)

    def told(runs: Iterable[Run]) -> Iterator[Run]:
        for done, (size, of_run) in enumerate(runs, start=1):
            tell(f"training {done} of {points * seeds}: {size:,} of {len(part):,} sentences, seed {of_run}")
            yield size, of_run

    def train_all(runs: Iterable[Run]) -> Iterator[float]:
        work = partial(_trained, part, dev_part, {"target": corpus.targets, **of_training})
        for done, (accuracy, doubts) in enumerate(map(work, told(runs))):
            if done == (points - 1) * seeds:  # those about all the sentences
                for doubt in doubts:
                    warn(doubt)
            yield accuracy

    return measure(part, points, range(seed, seed + seeds), train_all)


def _trained(
    sentences: Sequence[Sentence], dev: Sequence[Sentence], of_training: Mapping[str, Any], run: Run
) -> tuple[float, list[str]]:
    """Train on a subset, perhaps in another process; return the accuracy on dev, and the warnings about the data."""
    size, seed = run
    doubts: list[str] = []
    tagger = train(subset(sentences, size, seed), dev, seed=seed, on_warning=doubts.append, **of_training)
    if tagger.interrupted:
        raise KeyboardInterrupt
    return float(tagger.describe()["data"]["dev_accuracy"]), doubts


def _settled(corpus: Corpus, sentences: Sequence[Sentence], of_training: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with what ``auto`` becomes for all the sentences, but for the epochs."""
    given = of_training.get("settings") or {}
    asked = config.preset(of_training.get("preset", "default")).with_settings(given)
    before, after = asked.to_dict(), automatic.resolve(asked, corpus.pairs(sentences), corpus.tasks()).to_dict()
    chosen = {key: value for part in after for key, value in after[part].items() if value != before[part][key]}
    return {**given, **{key: value for key, value in chosen.items() if key != "epochs"}}


def sizes(sentences: int, points: int) -> list[int]:
    """Return training-set sizes, doubling up to the full set. Raises ConfigError if there are too few sentences."""
    counts = [round(sentences / 2**halvings) for halvings in range(points - 1, -1, -1)]
    if counts[0] < 2:
        raise ConfigError(f"curve: {points} points need {2**points:,} training sentences, got {sentences:,}")
    return counts


def subset(sentences: Sequence[_T], size: int, seed: int) -> list[_T]:
    """Return a random subset in the original order; for one seed, larger subsets contain smaller ones."""
    order = np.random.default_rng(seed).permutation(len(sentences))
    return [sentences[i] for i in sorted(order[:size].tolist())]


def measure(
    sentences: Sequence[Sized],
    points: int,
    seeds: Sequence[int],
    accuracies: Callable[[Sequence[Run]], Iterable[float]],
) -> Curve:
    """Return the curve of the ``accuracies`` on dev of runs, each with a size and a seed for ``subset``, in order.

    Small sizes come first, each with all seeds. Raises ConfigError for fewer than 3 points, no seed, or too few
    sentences.
    """
    if points < MIN_POINTS or not seeds:
        raise ConfigError(
            f"curve: expected {MIN_POINTS} points or more and one seed or more, got {points} and {len(seeds)}"
        )
    runs = [(size, seed) for size in sizes(len(sentences), points) for seed in seeds]
    measured = list(accuracies(runs))
    found = []
    for i in range(0, len(runs), len(seeds)):
        size = runs[i][0]
        words = sum(map(len, subset(sentences, size, seeds[0])))
        found.append(Point(size, words, tuple(measured[i : i + len(seeds)])))
    return fitted(found)


def fitted(points: Sequence[Point]) -> Curve:
    """Fit the law to points, and forecast.

    The fit minimizes squared relative deviations from the mean errors, so that the large errors of small sizes do not
    dominate. The interval is from 1,000 fits to errors resampled around the law, with the spread of the seeds or of the
    points, each without zero or more of the smallest sizes, where the law need not hold yet.
    """
    n = np.array([point.sentences for point in points], np.float64)
    errors = np.maximum([1 - point.mean for point in points], 1e-6)
    law = _fit(n, errors)
    expected = np.array([1 - law.accuracy(size) for size in n])
    spread = max(_of_seeds(points), float(np.sqrt(((errors / expected - 1) ** 2).sum() / (len(n) - 2))))
    draw = np.random.default_rng(0)
    laws = []
    for _ in range(RESAMPLES):
        start = int(draw.integers(len(n) - MIN_POINTS + 1))
        drawn = np.log(expected[start:]) + spread * draw.standard_normal(len(n) - start)
        laws.append(_fit(n[start:], np.exp(np.clip(drawn, np.log(1e-6), 0))))  # errors are shares, at most 1
    return Curve(tuple(points), law, tuple(_forecast(law, laws, int(n[-1]), times) for times in FORECASTS))


def _of_seeds(points: Sequence[Point]) -> float:
    """Return the relative standard error of a mean error, estimated from the seeds; 0 with one seed."""
    shares = [
        (point.deviation / max(1 - point.mean, 1e-6)) ** 2 / len(point.accuracies)
        for point in points
        if point.deviation is not None
    ]
    return float(np.sqrt(np.mean(shares))) if shares else 0.0


def _fit(n: NDArray[np.float64], errors: NDArray[np.float64]) -> Law:
    """Fit by least squared relative deviations: a and c in closed form for each b of a grid."""
    x, one = n ** -_EXPONENTS[:, None] / errors, np.broadcast_to(1 / errors, (len(_EXPONENTS), len(n)))  # (B, P)
    xx, xo, oo = (x * x).sum(axis=1), (x * one).sum(axis=1), (one * one).sum(axis=1)
    sx, so = x.sum(axis=1), one.sum(axis=1)
    c = np.clip((so * xx - sx * xo) / np.maximum(oo * xx - xo * xo, 1e-300), 0, so / oo)
    a = (sx - c * xo) / xx  # never negative, since c is clipped at its value for a = 0
    best = int((((a[:, None] * x + c[:, None] * one) - 1) ** 2).sum(axis=1).argmin())
    return Law(max(float(a[best]), 0.0), float(_EXPONENTS[best]), float(c[best]))


def _forecast(law: Law, laws: Sequence[Law], sentences: int, times: int) -> Forecast:
    def gain(law: Law) -> float:
        return law.accuracy(times * sentences) - law.accuracy(sentences)

    low, high = np.quantile([gain(each) for each in laws], [0.025, 0.975])
    about = gain(law)
    ahead = times * sentences
    return Forecast(times, ahead, law.accuracy(ahead), about, min(float(low), about), max(float(high), about))
