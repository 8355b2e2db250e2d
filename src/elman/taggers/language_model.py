"""Language models: a tagger whose tag is the next symbol, a word or a character of raw text.

A text is read as one sequence, from end to end of all files. Words lie between spaces and line ends, and a line end is
a symbol too, by which lines are told apart; the text begins behind one. A symbol that the model does not know is
``<unk>``, as input and as what comes next: its probability is that of all such symbols together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any, cast

import numpy as np

from elman.config import Config, preset as preset_of
from elman.data.corpus import Data
from elman.data.raw_text import END, count_words, read_symbols, split_symbols
from elman.data.targets import TAG, UNKNOWN
from elman.errors import ConfigError, DataError, ModelFileError
from elman.models.file import Tensors
from elman.models.ngram_lm import ORDERS, NGrams
from elman.models.registry import kernel_notes
from elman.models.rnn import RecurrentModel
from elman.models.streaming import Stream
from elman.nn.decoders import finite
from elman.taggers.untagged import Untagged
from elman.training.disk_corpus import LanguageTextWriter, check_share
from elman.training.train_rnn import train_rnn
from elman.utils import limits
from elman.utils.display import shown
from elman.utils.limits import real_number, whole_number
from elman.utils.parallel import thread_count
from elman.utils.validation import demand, front

TASK = "lm"
UNITS = ("words", "characters")
MOST = 10_000
"""Words that are known, unless the setting ``vocabulary`` says otherwise."""
LINE = 1_000
SETTINGS: dict[str, dict[str, Any]] = {
    "words": {
        "cell": "gru",
        "unk_dropout": 0.0,
        "chunk": 32,
        "hidden": 128,
        "embedding": 64,
        "learning_rate": 0.01,
        "dropout": 0.4,
        "word_dropout": 0.1,
    },
    "characters": {
        "cell": "gru",
        "unk_dropout": 0.0,
        "chunk": 64,
        "hidden": 256,
        "embedding": 0,
        "learning_rate": 0.008,
        "dropout": 0.1,
        "word_dropout": 0.0,
    },
}
"""Settings of the task, by experiment (docs/language-models.md)."""
EPOCHS = {"words": (1, 10), "characters": (1, 20)}
EFFORT = {"words": 800_000, "characters": 6_000_000}
"""Symbols that are read in all epochs of a network, about: three minutes of one core."""
SHORT = 500_000
OF_SHORT = {"learning_rate": 0.01, "dropout": 0.5, "word_dropout": 0.1, "batch": 8, "averaging": 0.3, "ensemble": 2}
"""Characters from which on a text is not short, and what differs for one that is."""
ALWAYS: dict[str, Any] = {
    "direction": "forward",
    "decoder": "softmax",
    "features": "none",
    "ensemble": 1,
    "batch": 16,
    "class_weight_power": 0.0,
}


@dataclass(frozen=True)
class Fluency:
    """How well a model says what comes next in a text of N ``symbols``.

    ``nats``        -ln p of the whole text
    ``characters``  of the text, ``words`` between spaces and line ends, with its line ends; ``unknown`` symbols
    """

    unit: str
    nats: float
    symbols: int
    characters: int
    words: int
    unknown: int

    @property
    def perplexity(self) -> float:
        """Of a symbol: e to the mean of -ln p, up to e^700."""
        return exp(min(self.nats / max(self.symbols, 1), 700))

    @property
    def bits_per_character(self) -> float:
        """The text's bits for each of its characters, spaces and line ends among them."""
        return self.nats / log(2) / max(self.characters, 1)

    @property
    def perplexity_per_word(self) -> float:
        """The perplexity if the text's words and line ends are what is counted, whatever the unit."""
        return exp(min(self.nats / max(self.words, 1), 700))

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        names = ("unit", "symbols", "unknown", "characters", "words")
        found = {name: getattr(self, name) for name in names}
        numbers = ("perplexity", "bits_per_character", "perplexity_per_word")
        return found | {name: getattr(self, name) for name in numbers}


class LanguageModel(Untagged):
    """Says what comes next. ``tags`` are the K symbols; ``unit`` is ``words`` or ``characters``."""

    task = TASK
    instead = "sample() and fluency() say what comes next"

    def __init__(self, model: Any, unit: str, *, data: Mapping[str, Any], threads: int = 1) -> None:
        super().__init__(model, targets=("next",), format="text", data=data, threads=threads)
        self.unit = unit
        self._number = {tag: i for i, tag in enumerate(self.tags)}

    def fluency(self, data: Data, *, format: str | None = None, encoding: str = "utf-8") -> Fluency:
        """How well it says what comes next in a text: paths, or lines. Memory does not grow with it.

        Raises DataError for an empty text.
        """
        nats, last, counts = 0.0, END, np.zeros(4, np.int64)
        session = _Session(self)
        for symbols in read_symbols(data, self.unit, format, encoding):
            known = [symbol if symbol in self._number else UNKNOWN for symbol in symbols]
            nats += session.nats([last, *known[:-1]], known)
            last = known[-1]
            ends = symbols.count(END)
            size = len(symbols) if self.unit == "characters" else sum(map(len, symbols)) + len(symbols) - 2 * ends
            counts += (len(symbols), size, count_words(symbols, self.unit), known.count(UNKNOWN))
        n, characters, words, unknown = counts.tolist()
        if not n:
            raise DataError("an empty text; expected one to say what comes next in")
        return Fluency(self.unit, nats, n, characters, words, unknown)

    def lines(
        self, data: Data, *, format: str | None = None, encoding: str = "utf-8"
    ) -> Iterator[tuple[list[str], list[str]]]:
        """Of each line that is not empty what the network reads, the line end before it first, and what comes next.

        A symbol that it does not know is ``<unk>``. Lines of more than 1,000 symbols are cut.
        """
        line: list[str] = []
        for symbols in read_symbols(data, self.unit, format, encoding):
            for symbol in symbols:
                line.append(symbol if symbol in self._number else UNKNOWN)
                if symbol == END or len(line) == LINE:
                    if line != [END]:
                        yield [END, *line[:-1]], line
                    line = []
        if line:
            yield [END, *line[:-1]], line

    def reads(self, text: str) -> list[str]:
        """The symbols of a text behind a line end, as the network reads them."""
        return [END, *(symbol if symbol in self._number else UNKNOWN for symbol in split_symbols(text, self.unit))]

    def sample(self, length: int, *, temperature: float = 1.0, seed: int = 1, prompt: str = "") -> str:
        """``length`` symbols that it would say behind ``prompt``, drawn at random; ``<unk>`` is never drawn.

        ``temperature`` T: by p to the power of 1/T; 0: always the likeliest. Raises ConfigError: out of range.
        """
        whole_number("length", length, 0, limits.SYMBOLS)
        real_number("temperature", temperature, 0, limits.TEMPERATURE)
        whole_number("seed", seed, 0, limits.SEED)
        generator, session = np.random.default_rng(seed), _Session(self)
        p = session.after(self.reads(prompt))
        said: list[str] = []
        for _ in range(length):
            p[self._number[UNKNOWN]] = 0
            if temperature == 0:
                chosen = int(p.argmax())
            else:
                with np.errstate(divide="ignore", over="ignore"):  # log 0, and what is far below the likeliest
                    logs = np.log(p)
                    weights = np.exp((logs - logs.max()) / temperature)
                chosen = int(generator.choice(len(p), p=weights / weights.sum()))
            said.append(self.tags[chosen])
            p = session.after([self.tags[chosen]])
        if self.unit == "characters":
            return prompt + "".join(said)
        text = re.sub(" ?\n ?", "\n", " ".join(said))
        return f"{prompt} {text}" if prompt and not prompt.endswith((" ", "\n")) else prompt + text

    def __reduce__(self) -> tuple[Any, ...]:
        return self._pickled(from_record)

    def to_record(self) -> tuple[dict[str, Any], Tensors]:
        """Configuration (JSON values) and tensors: all that the model file holds."""
        record, tensors = super().to_record()
        return {**record, "task": {"name": TASK, "unit": self.unit}}, tensors

    def describe(self) -> dict[str, Any]:
        """What it is and what it was made from, as JSON values."""
        return {"task": TASK, "unit": self.unit, **super().describe()}


class _Session:
    """A text being read by a language model."""

    def __init__(self, model: LanguageModel) -> None:
        self._model, self._counted = model._model, cast(Any, model._model)
        self._number = model._number
        self._stream = None if model.kind == "ngram" else Stream(self._counted, 0, 0)
        self._before: list[int] = []

    def nats(self, symbols: Sequence[str], following: Sequence[str]) -> float:
        """-ln p of what follows each of the next symbols."""
        gold = np.array([self._number[symbol] for symbol in following], np.int32)
        if self._stream is not None:
            return float(self._stream.losses(symbols, gold).sum())
        total, order = 0.0, self._counted.order
        before = [*self._before, self._number.get(symbols[0], self._number[UNKNOWN])][-order:]
        for symbol in gold.tolist():
            total -= log(self._counted.probability(before, symbol))
            before = [*before, symbol][-order:]
        self._before = before[:-1]
        return total

    def after(self, symbols: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """p (K,) of what comes after the next symbols."""
        if self._stream is not None:
            scores = finite(self._stream.scores(symbols)[-1]).astype(np.float64)
            p = np.exp(scores - scores.max())
            return np.asarray(p / p.sum())
        unknown = self._number[UNKNOWN]
        self._before += [self._number.get(symbol, unknown) for symbol in symbols]
        self._before = self._before[-self._counted.order :]
        return np.asarray(self._counted.probabilities_after(self._before[-self._counted.order + 1 :]))


def train(
    task: str,
    data: Data,
    dev: Data | float | None,
    settings: Mapping[str, Any],
    *,
    model: str | None,
    preset: str,
    format: str | None,
    encoding: str,
    seed: int,
    threads: int | None,
    on_progress: Callable[..., None] | None,
    on_note: Callable[[str], None] | None,
) -> LanguageModel:
    """A language model of raw text; ``task`` is ``lm`` or ``lm:unit=characters``.

    A text ``dev`` chooses the epoch (it is held in memory), or the last so many per cent of the text (on disk).

    Raises ConfigError: settings of another network; DataError: no text.
    """
    unit = unit_of(task)
    if model not in (None, "rnn", "ngram"):
        raise ConfigError(f"task lm: expected the model rnn or ngram, got {shown(model)}")
    own = {**ALWAYS, **SETTINGS[unit]} if preset == "default" else {**ALWAYS, "chunk": SETTINGS[unit]["chunk"]}
    config = preset_of(preset).with_settings({**own, **settings})
    if config.network.direction != "forward" or not config.training.chunk:
        raise ConfigError("task lm: expected direction=forward and chunk=1 or more, since what comes next is not read")
    writer = LanguageTextWriter()
    writer.add([END])
    lines, held_out = 0, None
    for symbols in read_symbols(data, unit, format, encoding):
        writer.add(symbols)
        lines += symbols.count(END)
    held: list[str] | None = None
    percent = dev if isinstance(dev, float) else 0.0
    if dev is not None and not isinstance(dev, float):
        held = [symbol for some in read_symbols(dev, unit, format, encoding) for symbol in some]
        if not held:
            raise DataError("no text in it; expected some to choose the epoch by")
    elif dev is not None:
        check_share(percent)
    corpus = writer.corpus(config.network.vocabulary or (MOST if unit == "words" else 0), percent, END)
    dev_lines = None if held is None else held.count(END)
    if corpus.held_out is not None:
        dev_lines = corpus.held_out.times(END)
        lines -= dev_lines
        held_out = f"the last {int(corpus.held_out.lengths.sum()):,} {unit} of the text"
    if on_note is not None:
        known = f"{len(corpus.tags) - 1:,} of them known" if unit == "words" else f"{len(corpus.tags) - 1:,} known"
        on_note(f"read as raw text: {int(corpus.lengths[0]):,} {unit}, {lines:,} lines; distinct {unit}: {known}")
        if held_out is not None:
            on_note(f"held out for dev: {held_out}")
        for note in kernel_notes("rnn" if model != "ngram" else ""):
            on_note(note)
    about = {"sentences": max(lines, 1), "words": int(corpus.lengths[0]), "held_out": held_out}
    about |= {"dev_sentences": dev_lines}
    n_threads = thread_count(threads)
    config = _for_length(config, unit, int(corpus.lengths[0]), settings if preset == "default" else None)
    if model == "ngram":
        ids = corpus.gold(corpus.tags)[np.arange(int(corpus.lengths[0]))]
        counted = NGrams.of(ids, corpus.tags, ORDERS[unit])
        return LanguageModel(counted, unit, data={**about, "dev_accuracy": None}, threads=n_threads)
    pairs = None
    if held is not None:
        known_tags = set(corpus.tags)
        said = [symbol if symbol in known_tags else UNKNOWN for symbol in held]
        pairs = [([END, *held[:-1]], said)]
    trained = train_rnn(corpus, pairs, config, seed=seed, threads=n_threads, on_progress=on_progress)
    return LanguageModel(trained, unit, data={**about, "dev_accuracy": trained.dev_accuracy}, threads=n_threads)


def _for_length(config: Config, unit: str, symbols: int, settings: Mapping[str, Any] | None) -> Config:
    """Epochs for a text of so many symbols, and more noise for a short one; what ``settings`` name stays."""
    fewest, most = EPOCHS[unit]
    found: dict[str, Any] = {"epochs": min(most, max(fewest, round(EFFORT[unit] / symbols)))}
    if config.training.epochs:
        found = {}
    if unit == "characters" and symbols < SHORT and settings is not None:
        found |= {name: value for name, value in OF_SHORT.items() if name not in settings}
    return config.with_settings(found)


def unit_of(task: str) -> str:
    """The unit that a task ``lm:unit=…`` names. Raises ConfigError for another."""
    from elman.tasks import parsed

    return parsed(task)[1]["unit"]


def from_record(record: Mapping[str, Any], tensors: Tensors, threads: int) -> LanguageModel:
    """The inverse of ``to_record``. Raises ModelFileError for records that do not fit together."""
    about, found = record.get("task"), front(record, ("rnn", "ngram"))
    unit = about.get("unit") if isinstance(about, dict) else None
    if unit not in UNITS:
        raise ModelFileError(f"task lm: expected the unit {' or '.join(UNITS)}, found {shown(unit)}")
    model: Any = (RecurrentModel if found.kind == "rnn" else NGrams).from_record(found.model, tensors)
    symbols = set(model.tags)
    alike = unit == "words" or all(len(symbol) == 1 for symbol in symbols - {UNKNOWN})
    one = found.kind == "ngram" or (model.config.network.direction == "forward" and model.tasks == (TAG,))
    demand(
        alike and one and UNKNOWN in symbols and len(symbols) == len(model.tags),
        f"task lm: expected a forward model of one column of {unit} that knows {UNKNOWN}",
    )
    return LanguageModel(model, unit, data=found.data, threads=threads)
