"""``Predictor``: the base class of trained models of every task: save, describe, copy, pickle, calibrate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Self, TypeVar

from elman.data.formats import column_names
from elman.data.targets import ANY, CLASSIFY, SEVERAL
from elman.errors import ConfigError
from elman.models import file
from elman.models.base import Model
from elman.models.history import KEY as HISTORY, History
from elman.models.network_record import RARE
from elman.taggers.batches import batches
from elman.utils.display import shown
from elman.utils.parallel import ordered
from elman.utils.suggest import did_you_mean
from elman.utils.summary import Row, Summary, counted

if TYPE_CHECKING:
    from elman.data.corpus import Path
    from elman.models.ensemble import Ensemble
    from elman.taggers.blocks import BlockRequest, BlockTagger

Target = str | Sequence[str] | None
"""Column names: ``"upos"``, ``"upos,xpos"`` or a list; None for the default."""
SHOWN = 3
"""Number of columns that ``repr`` names."""
TOKENIZATION = "tokenization"
"""The fact in a model's data how its training text was cut into words; see ``elman.data.tokenization``."""
NAMED = 20
"""Number of tags that a notebook shows."""

_T = TypeVar("_T")


class Predictor(Summary, ABC):
    """A trained model of any task. Safe to use from several threads at once."""

    task: str
    """The task it was trained for, as ``elman.train(task=…)`` names it."""
    metric = "accuracy"
    """The name of its score on dev."""
    predicts = True
    """Whether it predicts anything; a base model is for training only."""
    plain_labels = False
    """Whether it predicts the labels of its columns as they are in files, not an encoding of them."""
    reads_sentences = True
    """Whether it reads text that is split into sentences and words."""
    reads_raw_text = False
    """Whether it finds sentences and words of raw text."""
    reads_symbols = False
    """Whether it reads text as one sequence of symbols, as language models do."""

    def __init__(
        self,
        model: Model,
        *,
        targets: Sequence[str],
        format: str,
        data: Mapping[str, Any],
        threads: int = 1,
        inputs: Sequence[str] = (),
    ) -> None:
        self._model = model
        self._data = dict(data)
        self.targets = tuple(targets)
        """The columns it predicts."""
        self.format = format
        """The format of the training file; "" for sentences from Python."""
        self.input_columns = tuple(inputs)
        """The further columns of a file that it reads with each word."""
        self.threads = threads
        """Number of threads that predict batches; the predictions do not depend on it."""
        self._history = History()

    @property
    def kind(self) -> str:
        """The kind of model: ``rnn``, ``linear``, ``hmm``, ``frequent`` or ``ngram``."""
        return self._model.kind

    @property
    def target(self) -> str:
        """The column it predicts, or the first of several."""
        return self.targets[0]

    @property
    def columns(self) -> tuple[str, ...]:
        """The label columns of the model: ``targets``, unless these are encoded as other columns."""
        return self.targets

    @property
    def tags(self) -> tuple[str, ...]:
        """The K labels of the first label column, in the order of the columns of ``probabilities``."""
        return self._model.tags

    @property
    def tag_sets(self) -> dict[str, tuple[str, ...]]:
        """The labels of each label column."""
        return dict(zip(self.columns, self._model.tag_sets, strict=True))

    @property
    def tasks(self) -> dict[str, str]:
        """The kind of each target: ``tag`` (labels of words), ``classify`` (one document label), ``several`` (one or
        more document labels), ``any`` (any number of them) or ``number``.
        """
        return dict(zip(self.targets, self._model.tasks, strict=True))

    @property
    def word_targets(self) -> tuple[str, ...]:
        """The targets that have a value for each word."""
        return tuple(name for name in self.targets if name not in self.text_targets)

    @property
    def text_targets(self) -> tuple[str, ...]:
        """The targets that are document labels: one value for the document."""
        return tuple(name for name, task in self.tasks.items() if task in (CLASSIFY, SEVERAL, ANY))

    @property
    def ranked_targets(self) -> tuple[str, ...]:
        """The targets that have n-best lists: columns of words whose values are labels of the model."""
        return self.word_targets if self.plain_labels else ()

    @property
    def temperatures(self) -> dict[str, float]:
        """The temperature of each label column, by which its scores are divided; fitted on dev, or 1."""
        return dict(zip(self.columns, self._model.temperatures, strict=True))

    @property
    def tags_lines(self) -> bool:
        """Whether it supports ``tag_lines``, the fast path for large plain text."""
        return False

    def block_tagger(self, request: BlockRequest) -> BlockTagger | None:
        """Return the function that tags blocks of text natively; None if the model or the formats have none."""
        return None

    @property
    def scores_trees(self) -> bool:
        """Whether its score on dev has LAS, of the trees that it finds, in place of the accuracy of relations."""
        return False

    @property
    def reads_features(self) -> bool:
        """Whether each word has features: the values of ``inputs``, or a dict of them in Python."""
        return False

    @property
    def data(self) -> dict[str, Any]:
        """Facts about the training data: counts of sentences and words, the score on dev, what was held out."""
        return {name: fact for name, fact in self._data.items() if name != TOKENIZATION}

    @property
    def history(self) -> History:
        """The corrections that the model has learned (``elman learn``), and the sentences to learn with them."""
        return self._history

    def with_history(self, history: History) -> Self:
        """Return a copy with another ``history``."""
        return self._copy(_history=history)

    @property
    def interrupted(self) -> bool:
        """Whether training was interrupted by Ctrl-C; the model is the best one up to then."""
        return self._model.interrupted

    @property
    def ensemble(self) -> Ensemble:
        """Its networks, for inspection. Raises ConfigError if it has none with hidden states."""
        return self._model.ensemble

    @property
    def precision(self) -> str:
        """The numeric precision of prediction: ``auto``, ``exact`` or ``int8``, as in ``load``."""
        return self._model.precision

    def choose_precision(self, precision: str) -> None:
        """Set ``precision``. Raises ConfigError as ``load`` does."""
        self._model.choose_precision(precision)

    def inputs_of_text(self, text: str) -> Sequence[str]:
        """Return the inputs of the model for a text: by default its words."""
        from elman.data.corpus import split_words

        return split_words(text)

    def shown_inputs(self, inputs: Sequence[str]) -> Sequence[str]:
        """Return inputs as they are shown to a person."""
        return inputs

    def shown_label(self, label: str, score: float) -> str:
        """Return a label as it is shown to a person; of a model of numbers the value of ``score``."""
        return label

    def dev_score(self) -> str:
        """Return the score on dev as text; "" if there is none."""
        score = self._data["dev_accuracy"]
        return "" if score is None else f"{100 * score:.2f} %"

    def chosen(self, columns: Target = None) -> tuple[str, ...]:
        """Return the named targets; None: all. Raises ConfigError if a name is unknown."""
        names = column_names(columns) or self.targets
        for name in names:
            if name not in self.targets:
                near = did_you_mean(name, self.targets)
                raise ConfigError(f"target: the model's columns are {', '.join(self.targets)}, got {shown(name)}{near}")
        return names

    def uncalibrated(self) -> Self:
        """Return a copy with all ``temperatures`` 1: the same predictions, with uncalibrated probabilities."""
        return self._copy(_model=self._model.with_temperatures(()))

    def about(self, *, format: str, **data: Any) -> Self:
        """Return a copy with another ``format`` and updated facts in ``data``."""
        return self._copy(format=format, _data={**self._data, **data})

    def _copy(self, **changed: Any) -> Self:
        """Return a copy of the same class with some attributes changed."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__, **changed)
        return copy

    def save(self, path: Path) -> None:
        """Write the model file atomically. Raises OutputError if it cannot be written."""
        file.save(path, *self.to_record())

    def to_record(self) -> tuple[dict[str, Any], file.Tensors]:
        """Return configuration (JSON values) and tensors, as stored in the model file."""
        of_model, tensors = self._model.to_record()
        record: dict[str, Any] = {
            "kind": self.kind,
            "target": self.columns[0] if len(self.columns) == 1 else list(self.columns),
            "format": self.format,
            "data": self._data,
            "model": of_model,
        }
        if self.input_columns:
            record["inputs"] = list(self.input_columns)
        of_task = self._task_record()
        if of_task is not None:
            record["task"] = of_task
        if self._history:
            record[HISTORY] = self._history.to_record()
        return record, tensors

    def _task_record(self) -> dict[str, Any] | None:
        """Return the task's entry in the model file, with its name; None for plain labels."""
        return None

    @classmethod
    @abstractmethod
    def from_record(cls, record: Mapping[str, Any], tensors: file.Tensors, *, threads: int = 1) -> Self:
        """Return the inverse of ``to_record``. Raises ModelFileError if the record is malformed."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the bytes of the model file, threads and precision, for copies and process pools."""
        return _restored, (file.to_bytes(*self.to_record()), self.threads, self.precision)

    def describe(self) -> dict[str, Any]:
        """Return a description of model and training data as JSON values, as ``elman inspect --json`` prints it."""
        record, tensors = self._model.to_record()
        return {
            **({} if self._task_record() is None else {"task": self.task}),
            "kind": self.kind,
            "target": self.target,
            "format": self.format,
            "tags": list(self.tags),
            "targets": {name: list(tags) for name, tags in self.tag_sets.items()},
            "tasks": dict(zip(self.columns, self._model.tasks, strict=True)),
            "vocabulary": len(record.get("vocabulary", {}).get("words", ())),
            "parameters": sum(tensor.size for name, tensor in tensors.items() if name != RARE),
            "data": self.data,
            "temperatures": self.temperatures,
            **_of_features(record, self.input_columns),
            "settings": record.get("settings", {}),
            "training": record.get("training", {}),
            **{name: self._data[name] for name in (TOKENIZATION,) if name in self._data},
            **({"history": self._history.describe()} if self._history else {}),
        }

    def _summary(self) -> str:
        noun = "sentence" if self.word_targets else "text"
        return ", ".join([self.kind, self._content(), f"trained on {counted(self._data['sentences'], noun)}"])

    def _table(self) -> Iterator[Row]:
        yield "property", "value"
        yield from (("task", self.task), ("model", self.kind))
        for name, tags in self.tag_sets.items():
            yield f"{name}: {len(tags):,} {_unit(self.tasks.get(name, ''))}", " ".join(tags[:NAMED])
        yield from ((name.replace("_", " "), value) for name, value in self.data.items() if value is not None)

    def _content(self) -> str:
        """Return a summary of the predicted columns, for ``repr``."""
        columns = [f"{name} ({len(tags):,} {_unit(self.tasks[name])})" for name, tags in self.tag_sets.items()]
        return ", ".join(columns[:SHOWN]) + (f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else "")

    def _in_batches(self, work: Callable[[Sequence[Any]], Iterable[_T]], sentences: Iterable[Any]) -> Iterator[_T]:
        """Yield the results of ``work`` on batches, in order; batches do not depend on ``threads``."""
        return chain.from_iterable(ordered(work, batches(sentences), self.threads))


def _of_features(record: Mapping[str, Any], inputs: Sequence[str]) -> dict[str, Any]:
    """Return the entries of ``describe`` on features that words bring along."""
    known = record.get("token_features")
    if known is None:
        return {}
    return {"inputs": list(inputs), "token_features": len(known["names"]), "numbers": [n for n, *_ in known["numbers"]]}


def _unit(task: str) -> str:
    return "labels" if task in (CLASSIFY, SEVERAL, ANY) else "tags"


def _restored(data: bytes, threads: int, precision: str) -> Predictor:
    """Return the unpickled predictor. Raises ModelFileError as ``elman.load`` does."""
    from elman.taggers.load import of_content

    return of_content("pickle", file.from_bytes(data), threads=threads, precision=precision, base=True)
