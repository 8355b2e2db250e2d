"""``elman tutorial compare``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from elman.cli.options import Verbosity, argument, command, option, whole_number
from elman.cli.say import say, tell
from elman.cli.tables import bold
from elman.errors import ConfigError
from elman.utils import limits
from elman.utils.display import shown

if TYPE_CHECKING:
    from elman.tutorial.slides import Training

Labelled = Sequence[tuple[list[str], list[str]]]


@dataclass(frozen=True, kw_only=True)
class Options(Verbosity):
    """The options of ``elman tutorial compare``."""

    source: str = argument("TRAIN")
    test: str = argument("TEST")
    bptt: str = option(
        "--bptt",
        default="1,2",
        show_default=True,
        metavar="N,…",
        help="Steps that each output error goes back, to try.",
    )
    iterations: int = option(
        "--iterations", default=12, show_default=True, **whole_number(1, 100_000), help="Passes over the sentences."
    )
    seeds: int = option(
        "--seeds", default=1, show_default=True, **whole_number(1, limits.SEEDS), help="Seeds to train each with."
    )
    as_printed: bool = option("--as-printed", is_flag=True, help="Train as slide 32 is printed, too.")
    json: bool = option("--json", is_flag=True, help="Print one JSON object (docs/reference/json-output.md).")


@dataclass(frozen=True, slots=True)
class Row:
    """One model: each number a mean over the seeds, except where it says otherwise."""

    model: str
    accuracy: float
    lowest: float
    """The lowest accuracy of a seed."""
    highest: float
    unknown_accuracy: float | None
    """Accuracy on the words that are not in TRAIN; None if there are none."""
    seconds: float
    """Processor time of training."""
    errors_per_word: float | None
    """How many hidden errors δ_r are computed for a word, in each pass; None for a model without any."""


@command(Options)
def compare(options: Options) -> None:
    """Compare the slides' net with the HMM.

    Trains the most frequent tag, the hidden Markov model and the Elman network, with the full gradient and with
    truncated back-propagation, on TRAIN; shows how many words of TEST each tags right and how long training took. Both
    files have a sentence a line, as word_TAG word_TAG. The last column counts the hidden errors δ_r of a pass.
    """
    from elman.tutorial.exercise import read_labelled

    trainings = _trainings(options)
    train, test = read_labelled(options.source), read_labelled(options.test)
    known = {word for words, _ in train for word in words}
    tokens = sum(len(words) for words, _ in test)
    unknown = sum(word not in known for words, _ in test for word in words)
    rows = []
    for row in _rows(train, test, known, trainings):
        if options.verbose:
            tell(f"{row.model}: {100 * row.accuracy:.2f} %, {row.seconds:.1f} s")
        rows.append(row)
    if options.json:
        counts = {"train_sentences": len(train), "train_tokens": sum(len(words) for words, _ in train)}
        record = {**counts, "test_tokens": tokens, "test_unknown": unknown, "iterations": options.iterations}
        say(json.dumps({**record, "seeds": options.seeds, "rows": [asdict(row) for row in rows]}, indent=1))
    else:
        say("\n".join(_table(rows, tokens, unknown)))


def _trainings(options: Options) -> list[tuple[str, list[Training]]]:
    """Return the name and the settings, one for each seed, of each net. Raises ConfigError for a wrong ``--bptt``."""
    from elman.tutorial.slides import Training

    seeds = range(1, options.seeds + 1)
    nets = [("Elman, full gradient", [Training(iterations=options.iterations, seed=seed) for seed in seeds])]
    for text in filter(None, options.bptt.split(",")):
        if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= limits.STEPS:
            raise ConfigError(f"--bptt: expected whole numbers from 1 up, such as 1,2,5; got {shown(options.bptt)}")
        settings = [Training(iterations=options.iterations, seed=seed, bptt=int(text)) for seed in seeds]
        nets.append((f"Elman, BPTT n = {int(text)}", settings))
    if options.as_printed:
        settings = [Training.as_printed(iterations=options.iterations, seed=seed) for seed in seeds]
        nets.append(("Elman, as printed", settings))
    return nets


def _rows(
    train: Labelled, test: Labelled, known: set[str], trainings: list[tuple[str, list[Training]]]
) -> Iterator[Row]:
    from elman.models.baselines import HMM, Frequent
    from elman.tutorial import slides

    sentences = [words for words, _ in test]
    for name, kind in (("most frequent tag", Frequent), ("hidden Markov model", HMM)):
        start = time.process_time()
        model = kind.train(train)
        seconds = time.process_time() - start
        predicted = [[model.tags[tag] for tag in tags] for tags in model.best(sentences)]
        yield _row(name, [_accuracies(test, predicted, known)], seconds, None)
    for name, settings in trainings:
        accuracies, seconds = [], 0.0
        for training in settings:
            start = time.process_time()
            net, x_ids, y_ids = slides.train(train, training)
            seconds += (time.process_time() - start) / len(settings)
            tags = list(y_ids)
            predicted = [[tags[y] for y in slides.predict(net, x_ids, words)] for words in sentences]
            accuracies.append(_accuracies(test, predicted, known))
        yield _row(name, accuracies, seconds, _errors_per_word(train, settings[0].bptt))


def _row(name: str, accuracies: list[tuple[float, float | None]], seconds: float, errors: float | None) -> Row:
    of_all = [accuracy for accuracy, _ in accuracies]
    of_unknown = [accuracy for _, accuracy in accuracies if accuracy is not None]
    mean_of_unknown = sum(of_unknown) / len(of_unknown) if of_unknown else None
    return Row(name, sum(of_all) / len(of_all), min(of_all), max(of_all), mean_of_unknown, seconds, errors)


def _accuracies(test: Labelled, predicted: list[list[str]], known: set[str]) -> tuple[float, float | None]:
    """Return the accuracy on all words and on the unknown ones."""
    right: list[bool] = []
    right_unknown: list[bool] = []
    for (words, gold), tags in zip(test, predicted, strict=True):
        for word, gold_tag, tag in zip(words, gold, tags, strict=True):
            (right if word in known else right_unknown).append(tag == gold_tag)
    every = right + right_unknown
    return sum(every) / len(every), sum(right_unknown) / len(right_unknown) if right_unknown else None


def _errors_per_word(train: Labelled, bptt: int) -> float:
    """Return how many δ_r a pass computes for a word: 1 with the full gradient, up to n with BPTT."""
    lengths = [len(words) for words, _ in train]
    if bptt == 0:
        return 1.0
    return sum(min(t + 1, bptt) for length in lengths for t in range(length)) / sum(lengths)


def _table(rows: list[Row], tokens: int, unknown: int) -> Iterator[str]:
    yield f"{tokens:,} words to tag; {unknown:,} of them are unknown, that is, not in the training text"
    yield ""
    yield bold(f"{'':<22}{'right':>9}{'lowest':>9}{'highest':>9}{'unknown':>9}{'seconds':>9}{'δ a word':>10}")
    for row in rows:
        numbers = (row.accuracy, row.lowest, row.highest, row.unknown_accuracy)
        shares = "".join(f"{'–' if number is None else f'{100 * number:.2f} %':>9}" for number in numbers)
        errors = "–" if row.errors_per_word is None else f"{row.errors_per_word:.2f}"
        yield f"{row.model:<22}{shares}{row.seconds:>9.1f}{errors:>10}"
