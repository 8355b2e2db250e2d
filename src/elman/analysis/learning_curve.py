"""Learning curves: accuracy against the number of training sentences, and what more of them would give.

The errors of networks fall about as a power of the amount of data down to a floor: error(n) = a n^-b + c (Hestness et
al. 2017, "Deep Learning Scaling is Predictable, Empirically").
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import asdict, dataclass, replace
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
from elman.utils import limits

AHEAD = (2, 4)
"""How many times the labels forecasts are made for."""
FEWEST = 3
"""Sizes that a law is fitted to."""
RESAMPLES = 1000
_EXPONENTS = np.linspace(0.05, 1.0, 96)  # b
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Point:
    """What so many training sentences gave: the accuracy on dev with each seed."""

    sentences: int
    words: int
    """Of the first seed's sentences."""
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean accuracy."""
        return statistics.fmean(self.accuracies)

    @property
    def deviation(self) -> float | None:
        """The standard deviation over the seeds; None with one."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else None


@dataclass(frozen=True, slots=True)
class Law:
    """error(n) = a n^-b + c for n sentences; a and c are 0 or more, b is from 0.05 to 1."""

    a: float
    b: float
    c: float

    def accuracy(self, sentences: float) -> float:
        """The accuracy that so many sentences give."""
        return 1 - float(self.a * sentences**-self.b + self.c)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What ``times`` the labels would give; ``gain`` and its 95 % interval are differences of accuracies."""

    times: int
    sentences: int
    accuracy: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A learning curve: its points from few sentences to all, the law through them, and forecasts from it."""

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
    **of_training: Any,
) -> Curve:
    """Train on more and more of the sentences and score on dev.

    ``dev``          as ``elman.train`` takes it; a share such as ``"10%"`` is held out of the training sentences first
    ``points``       sizes, each twice the one before, up to all the sentences
    ``seeds``        trainings of each size: seed, seed + 1 … draw the sentences and train
    ``tell``         is called with a line before each training
    ``warn``         is called with each doubt about the data
    ``of_training``  ``model``, ``preset``, ``settings`` and ``threads``, as ``elman.train`` takes them

    What ``auto`` chooses for all the sentences holds for the few too, but for the number of epochs. Ctrl-C ends it all
    with KeyboardInterrupt. Raises ConfigError, also for numbers out of range, and DataError as ``elman.train`` does.
    """
    limits.whole_number("points", points, FEWEST, limits.POINTS)
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
    done = 0

    def accuracy(some: list[Sentence], seed: int) -> float:
        nonlocal done
        done += 1
        tell(f"training {done} of {points * seeds}: {len(some):,} of {len(part):,} sentences, seed {seed}")
        doubts = warn if done == (points - 1) * seeds + 1 else lambda line: None  # those about all the sentences
        tagger = train(some, dev_part, target=corpus.targets, seed=seed, on_warning=doubts, **of_training)
        if tagger.interrupted:
            raise KeyboardInterrupt
        return float(tagger.describe()["data"]["dev_accuracy"])

    return measure(part, points, range(seed, seed + seeds), accuracy)


def _settled(corpus: Corpus, sentences: Sequence[Sentence], of_training: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with what ``auto`` becomes for all the sentences, but for the epochs."""
    given = of_training.get("settings") or {}
    asked = config.preset(of_training.get("preset", "default")).with_settings(given)
    before, after = asked.to_dict(), automatic.resolve(asked, corpus.pairs(sentences), corpus.tasks()).to_dict()
    chosen = {key: value for part in after for key, value in after[part].items() if value != before[part][key]}
    return {**given, **{key: value for key, value in chosen.items() if key != "epochs"}}


def sizes(sentences: int, points: int) -> list[int]:
    """So many numbers of sentences, each twice the one before, up to all. Raises ConfigError: there are too few."""
    found = [round(sentences / 2**halvings) for halvings in range(points - 1, -1, -1)]
    if found[0] < 2:
        raise ConfigError(f"curve: {points} points need {2**points:,} training sentences, there are {sentences:,}")
    return found


def subset(sentences: Sequence[_T], size: int, seed: int) -> list[_T]:
    """So many of the sentences at random, in their order; a larger set of the same seed holds the smaller ones."""
    order = np.random.default_rng(seed).permutation(len(sentences))
    return [sentences[i] for i in sorted(order[:size].tolist())]


def measure(
    sentences: Sequence[Sized],
    points: int,
    seeds: Sequence[int],
    accuracy: Callable[[list[Any], int], float],
) -> Curve:
    """The curve of ``accuracy(some of the sentences, seed)``, which trains and scores on dev.

    The small sizes come first, each with all seeds. Raises ConfigError: fewer than 3 points, no seed, few sentences.
    """
    if points < FEWEST or not seeds:
        raise ConfigError(
            f"curve: expected {FEWEST} points or more and one seed or more, got {points} and {len(seeds)}"
        )
    found = []
    for size in sizes(len(sentences), points):
        subsets = [subset(sentences, size, seed) for seed in seeds]
        accuracies = tuple(accuracy(some, seed) for some, seed in zip(subsets, seeds, strict=True))
        found.append(Point(size, sum(map(len, subsets[0])), accuracies))
    return fitted(found)


def fitted(points: Sequence[Point]) -> Curve:
    """The law through some points, and forecasts.

    Squared relative deviations from the mean errors are least, so that the many errors of few sentences do not outweigh
    all else. An interval is of 1,000 fits, each to errors drawn about the law (as far off as the seeds, or the points,
    are) and without none, one or more of the smallest sizes, where the law need not hold yet.
    """
    n = np.array([point.sentences for point in points], np.float64)
    errors = np.maximum([1 - point.mean for point in points], 1e-6)
    law = _fit(n, errors)
    expected = np.array([1 - law.accuracy(size) for size in n])
    spread = max(_of_seeds(points), float(np.sqrt(((errors / expected - 1) ** 2).sum() / (len(n) - 2))))
    draw = np.random.default_rng(0)
    laws = []
    for _ in range(RESAMPLES):
        start = int(draw.integers(len(n) - FEWEST + 1))
        drawn = np.log(expected[start:]) + spread * draw.standard_normal(len(n) - start)
        laws.append(_fit(n[start:], np.exp(np.clip(drawn, np.log(1e-6), 0))))  # errors are shares, at most 1
    return Curve(tuple(points), law, tuple(_forecast(law, laws, int(n[-1]), times) for times in AHEAD))


def _of_seeds(points: Sequence[Point]) -> float:
    """The standard error of a mean error, relative to it, that the seeds' differences let expect; 0 with one seed."""
    shares = [
        (point.deviation / max(1 - point.mean, 1e-6)) ** 2 / len(point.accuracies)
        for point in points
        if point.deviation is not None
    ]
    return float(np.sqrt(np.mean(shares))) if shares else 0.0


def _fit(n: NDArray[np.float64], errors: NDArray[np.float64]) -> Law:
    """The law of the least squared relative deviations: a and c in closed form for each b of a grid."""
    x, one = n ** -_EXPONENTS[:, None] / errors, np.broadcast_to(1 / errors, (len(_EXPONENTS), len(n)))  # (B, P)
    xx, xo, oo = (x * x).sum(axis=1), (x * one).sum(axis=1), (one * one).sum(axis=1)
    sx, so = x.sum(axis=1), one.sum(axis=1)
    c = np.clip((so * xx - sx * xo) / np.maximum(oo * xx - xo * xo, 1e-300), 0, so / oo)
    a = (sx - c * xo) / xx  # not negative, for c is at most what a of 0 asks for
    best = int((((a[:, None] * x + c[:, None] * one) - 1) ** 2).sum(axis=1).argmin())
    return Law(max(float(a[best]), 0.0), float(_EXPONENTS[best]), float(c[best]))


def _forecast(law: Law, laws: Sequence[Law], sentences: int, times: int) -> Forecast:
    def gain(law: Law) -> float:
        return law.accuracy(times * sentences) - law.accuracy(sentences)

    low, high = np.quantile([gain(each) for each in laws], [0.025, 0.975])
    about = gain(law)
    ahead = times * sentences
    return Forecast(times, ahead, law.accuracy(ahead), about, min(float(low), about), max(float(high), about))
