"""Language models, which predict the next symbol of raw text: a word or a character.

A text is read as one sequence across all files. Words are separated by spaces and line ends; a line end is a symbol
too, and the text begins after one. Unknown symbols become ``<unk>``, as input and as prediction, whose probability is
that of all unknown symbols together.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from elman.data.corpus import Data
from elman.data.symbols import END, count_words, read_symbols, split_symbols
from elman.data.targets import TAG, UNKNOWN
from elman.errors import DataError, ModelFileError
from elman.models.file import Tensors
from elman.models.ngram_lm import NGrams
from elman.models.rnn import RecurrentModel
from elman.nn.decoders import finite
from elman.taggers.base import Predictor
from elman.utils import limits
from elman.utils.arguments import check_text
from elman.utils.display import shown, with_signs
from elman.utils.limits import real_number, whole_number
from elman.utils.summary import Row, Summary
from elman.utils.validation import demand, front

TASK = "lm"
UNITS = ("words", "characters")
LINE = 1_000
"""Most symbols of a line in ``LanguageModel.lines``."""


@dataclass(frozen=True, repr=False)
class LanguageEvaluation(Summary):
    """How well a model predicts a text of N ``symbols``.

    ``nats``        -ln p of the whole text
    ``characters``  number of characters
    ``words``       number of words and line ends
    ``unknown``     number of unknown symbols
    """

    unit: str
    nats: float
    symbols: int
    characters: int
    words: int
    unknown: int

    @property
    def perplexity(self) -> float:
        """Perplexity per symbol: e to the mean of -ln p, up to e^700."""
        return exp(min(self.nats / max(self.symbols, 1), 700))

    @property
    def bits_per_character(self) -> float:
        """Bits per character, spaces and line ends included."""
        return self.nats / log(2) / max(self.characters, 1)

    @property
    def perplexity_per_word(self) -> float:
        """Perplexity per word or line end, whatever the unit."""
        return exp(min(self.nats / max(self.words, 1), 700))

    def to_json(self) -> dict[str, Any]:
        """Return counts and metrics as JSON values."""
        names = ("unit", "symbols", "unknown", "characters", "words")
        metrics = ("perplexity", "bits_per_character", "perplexity_per_word")
        return {name: getattr(self, name) for name in names + metrics}

    def _summary(self) -> str:
        bits = f"{self.bits_per_character:.3f} bits per character"
        return f"perplexity {self.perplexity:,.2f} of {self.symbols:,} {self.unit}, {bits}"

    def _table(self) -> Iterator[Row]:
        yield "metric", "value"
        yield from self.to_json().items()


class LanguageModel(Predictor):
    """Predicts the next symbol of a text. ``tags`` are the K symbols; ``unit`` is ``words`` or ``characters``."""

    task = TASK
    metric = "perplexity"
    reads_sentences = False
    reads_symbols = True
    _model: RecurrentModel | NGrams

    def __init__(self, model: RecurrentModel | NGrams, unit: str, *, data: Mapping[str, Any], threads: int = 1) -> None:
        super().__init__(model, targets=("next",), format="text", data=data, threads=threads)
        self.unit = unit
        self._number = {tag: i for i, tag in enumerate(self.tags)}

    def evaluate(self, data: Data, *, format: str | None = None, encoding: str = "utf-8") -> LanguageEvaluation:
        """Evaluate the model on a text (paths, or lines), with constant memory.

        Raises DataError if the text is empty.
        """
        nats, last, counts = 0.0, END, np.zeros(4, np.int64)
        session = _Session.of(self)
        for symbols in read_symbols(data, self.unit, format, encoding):
            known = [symbol if symbol in self._number else UNKNOWN for symbol in symbols]
            nats += session.nats([last, *known[:-1]], known)
            last = known[-1]
            ends = symbols.count(END)
            size = len(symbols) if self.unit == "characters" else sum(map(len, symbols)) + len(symbols) - 2 * ends
            counts += (len(symbols), size, count_words(symbols, self.unit), known.count(UNKNOWN))
        n, characters, words, unknown = counts.tolist()
        if not n:
            raise DataError("an empty text; expected symbols to predict")
        return LanguageEvaluation(self.unit, nats, n, characters, words, unknown)

    def lines(
        self, data: Data, *, format: str | None = None, encoding: str = "utf-8"
    ) -> Iterator[tuple[list[str], list[str]]]:
        """Yield for each line that is not empty the input symbols, the line end before it first, and the next symbols.

        Unknown symbols are ``<unk>``. Lines of more than 1,000 symbols are split.
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

    def inputs_of_text(self, text: str) -> list[str]:
        """Return the inputs of the model for a text: a line end and its symbols."""
        return [END, *(symbol if symbol in self._number else UNKNOWN for symbol in split_symbols(text, self.unit))]

    def shown_inputs(self, inputs: Sequence[str]) -> list[str]:
        """Return symbols with signs for the invisible ones."""
        return with_signs(inputs)

    def shown_label(self, label: str, score: float) -> str:
        """Return a symbol, or the sign for an invisible one."""
        return with_signs([label])[0]

    def dev_score(self) -> str:
        """Return the perplexity on dev as text; "" if there is none."""
        score = self._data["dev_accuracy"]
        return f"{1 / score:.4g}" if score else ""

    def sample(self, length: int, *, temperature: float = 1.0, seed: int = 1, prompt: str = "") -> str:
        """Return ``prompt`` continued by ``length`` random symbols; ``<unk>`` is never drawn.

        ``temperature`` T: sample by p to the power of 1/T; 0: always the most probable symbol. Raises ConfigError if an
        argument is out of range, ModelFileError if the network's scores are not finite or leave nothing to draw.
        """
        whole_number("length", length, 0, limits.SYMBOLS)
        real_number("temperature", temperature, 0, limits.TEMPERATURE)
        whole_number("seed", seed, 0, limits.SEED)
        check_text("prompt", prompt, optional=False)
        generator, session = np.random.default_rng(seed), _Session.of(self)
        p = session.after(self.inputs_of_text(prompt))
        sampled: list[str] = []
        for _ in range(length):
            p[self._number[UNKNOWN]] = 0
            if not p.any():
                raise ModelFileError(f"nothing to sample: for this model only {UNKNOWN} can follow here")
            if temperature == 0:
                chosen = int(p.argmax())
            else:
                with np.errstate(divide="ignore", over="ignore"):  # log 0, and underflow
                    logs = np.log(p)
                    weights = np.exp((logs - logs.max()) / temperature)
                chosen = int(generator.choice(len(p), p=weights / weights.sum()))
            sampled.append(self.tags[chosen])
            p = session.after([self.tags[chosen]])
        if self.unit == "characters":
            return prompt + "".join(sampled)
        text = re.sub(" ?\n ?", "\n", " ".join(sampled))
        return f"{prompt} {text}" if prompt and not prompt.endswith((" ", "\n")) else prompt + text

    def describe(self) -> dict[str, Any]:
        """Return a description of model and training data as JSON values."""
        return {"task": TASK, "unit": self.unit, **super().describe()}

    def _task_record(self) -> dict[str, Any]:
        return {"name": TASK, "unit": self.unit}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> Self:
        """Return the inverse of ``to_record``. Raises ModelFileError if the record is malformed."""
        found, unit = front(record, ("rnn", NGrams.kind)), record["task"].get("unit")
        if unit not in UNITS:
            raise ModelFileError(f"task lm: expected the unit {' or '.join(UNITS)}, found {shown(unit)}")
        model: RecurrentModel | NGrams
        forward = True
        if found.kind == NGrams.kind:
            model = NGrams.from_record(found.model, tensors)
        else:
            model = RecurrentModel.from_record(found.model, tensors)
            forward = model.config.network.direction == "forward" and model.tasks == (TAG,)
        symbols = set(model.tags)
        fits = unit == "words" or all(len(symbol) == 1 for symbol in symbols - {UNKNOWN})
        demand(
            fits and forward and UNKNOWN in symbols and len(symbols) == len(model.tags),
            f"task lm: expected a forward model of one column of {unit} that knows {UNKNOWN}",
        )
        return cls(model, unit, data=found.data, threads=threads)

    def _content(self) -> str:
        return f"{len(self.tags):,} {self.unit}"


class _Session(ABC):
    """A text being read by a language model."""

    def __init__(self, model: LanguageModel) -> None:
        self._number = model._number

    @staticmethod
    def of(model: LanguageModel) -> _Session:
        """Return a session at the beginning of a text."""
        return _Counted(model, model._model) if isinstance(model._model, NGrams) else _Streamed(model, model._model)

    def nats(self, symbols: Sequence[str], following: Sequence[str]) -> float:
        """Read the next symbols and return -ln p of those that follow each."""
        return self._nats(symbols, np.array([self._number[symbol] for symbol in following], np.int32))

    @abstractmethod
    def _nats(self, symbols: Sequence[str], gold: NDArray[np.int32]) -> float: ...

    @abstractmethod
    def after(self, symbols: Sequence[str]) -> NDArray[np.float64]:
        """Read the next symbols and return p (K,) of the symbol after them."""


class _Streamed(_Session):
    """A text read by a network, which carries its hidden state."""

    def __init__(self, model: LanguageModel, network: RecurrentModel) -> None:
        super().__init__(model)
        self._stream = network.stream(0, 0)

    def _nats(self, symbols: Sequence[str], gold: NDArray[np.int32]) -> float:
        return float(self._stream.losses(symbols, gold).sum())

    def after(self, symbols: Sequence[str]) -> NDArray[np.float64]:
        scores = finite(self._stream.scores(symbols)[-1]).astype(np.float64)
        p = np.exp(scores - scores.max())
        return np.asarray(p / p.sum())


class _Counted(_Session):
    """A text read by an n-gram model, which keeps the last symbols."""

    def __init__(self, model: LanguageModel, ngrams: NGrams) -> None:
        super().__init__(model)
        self._ngrams = ngrams
        self._before: list[int] = []

    def _nats(self, symbols: Sequence[str], gold: NDArray[np.int32]) -> float:
        total, order = 0.0, self._ngrams.order
        before = [*self._before, self._number.get(symbols[0], self._number[UNKNOWN])][-order:]
        for symbol in gold.tolist():
            total -= log(self._ngrams.probability(before, symbol))
            before = [*before, symbol][-order:]
        self._before = before[:-1]
        return total

    def after(self, symbols: Sequence[str]) -> NDArray[np.float64]:
        unknown, order = self._number[UNKNOWN], self._ngrams.order
        self._before += [self._number.get(symbol, unknown) for symbol in symbols]
        self._before = self._before[-order:]
        return self._ngrams.probabilities_after(self._before[-order + 1 :])
