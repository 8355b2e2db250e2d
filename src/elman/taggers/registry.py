"""The registry of tasks, one row each: how a task is trained, how its model is loaded, which options it has.

A new task is a module with a ``train`` function, a ``Predictor`` class, and a row here. Modules are imported on
demand: loading a tagger imports nothing of the other tasks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from elman.data.targets import CLASSIFY, TAG
from elman.errors import ConfigError, ModelFileError
from elman.utils.arguments import check_text
from elman.utils.display import shown
from elman.utils.limits import JOBS
from elman.utils.suggest import did_you_mean

if TYPE_CHECKING:
    from elman.models.file import Tensors
    from elman.taggers.base import Predictor
    from elman.taggers.request import TrainRequest


@dataclass(frozen=True)
class Task:
    """A task. Functions and classes are named as ``module:name``.

    ``train``      (request) -> predictor
    ``predictor``  the class that loads model files of the task; "": they do not name the task
    ``encoding``   (sentences, target column or None, options) -> the ``elman.tasks`` encoding of its columns as labels
                   of words; "": none
    ``options``    its options, as in ``NAME:option=value``, with their values, the default first
    ``models``     the available models; None: checked by ``train``
    ``targets``    the largest number of label columns that may be named; None: any
    ``evaluation`` how ``elman evaluate`` evaluates it: by ``labels``, ``trees``, ``numbers``, ``perplexity``, on
                   ``raw text``, or not at all ("")
    ``vectors``    whether it reads pretrained vectors, or begins with a base model; ``raw``: whether it learns from raw
                   text that is cut into words; ``budget``: whether it can be trained for a given time;
                   ``inputs``: whether words may have further columns as inputs
    """

    name: str
    train: str
    predictor: str = ""
    encoding: str = ""
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)
    models: tuple[str, ...] | None = ("rnn",)
    targets: int | None = 0
    evaluation: str = "labels"
    vectors: bool = True
    budget: bool = True
    inputs: bool = True
    raw: bool = False

    def check(self, request: TrainRequest) -> None:
        """Raise ConfigError if the request asks for something that the task does not support."""
        if self.models is not None and request.model not in (None, *self.models):
            raise ConfigError(
                f"task {self.name}: expected the model {' or '.join(self.models)}, got {shown(request.model)}"
            )
        if request.budget is not None and not self.budget:
            raise ConfigError(f"task {self.name}: it takes no budget; set epochs in place of it")
        if request.vectors is not None and not self.vectors:
            raise ConfigError(f"task {self.name}: it reads no pretrained vectors; leave them out")
        if request.base is not None and not self.vectors:
            raise ConfigError(f"task {self.name}: it begins with no base model; leave it out")
        if request.raw and not self.vectors:
            raise ConfigError(f"task {self.name}: it begins with no base pretrained on raw text; leave raw out")
        if request.like is not None and not self.raw:
            raise ConfigError(f"task {self.name}: its words are those of its data; leave like out")
        if request.lexicon and not self.vectors:
            raise ConfigError(f"task {self.name}: it reads no lexicon; leave it out")
        if request.inputs and not self.inputs:
            raise ConfigError(f"task {self.name}: it takes no inputs; leave out {', '.join(request.inputs)}")
        if request.keep_replay and self.predictor:
            raise ConfigError(f"task {self.name}: it does not learn from corrections; leave keep_replay out")
        names = request.targets or ()
        if self.targets is not None and len(names) > self.targets:
            expected = "one label column" if self.targets else "no label column, since the task knows its own"
            raise ConfigError(f"target: task {self.name}: expected {expected}, got {', '.join(names)}")


_FEATURES: dict[str, tuple[str, ...]] = {"features": ("whole", "each")}
_HEADS: dict[str, tuple[str, ...]] = {"heads": ("graph", "relative", "brackets")}
_TAGS = "elman.taggers.train_tags:train"
_ENCODED = "elman.taggers.train_encoded:train", "elman.taggers.structured:EncodedTagger"
_ROWS = (
    Task(TAG, _TAGS, models=None, targets=None),
    Task(CLASSIFY, _TAGS, models=None, targets=None),
    Task(
        "segment",
        "elman.taggers.train_segmenter:train",
        "elman.taggers.segmenter:Segmenter",
        evaluation="raw text",
        vectors=False,
        inputs=False,
    ),
    Task("lemma", *_ENCODED, "elman.tasks.encodings:lemma", models=None, targets=1),
    Task("morphology", *_ENCODED, "elman.tasks.encodings:morphology", _FEATURES, models=None, targets=1),
    Task("parse", *_ENCODED, "elman.tasks.encodings:parse", _HEADS, evaluation="trees"),
    Task(
        "pipeline",
        "elman.taggers.train_pipeline:train",
        "elman.taggers.pipeline:Pipeline",
        "elman.tasks.encodings:all_columns",
        _FEATURES | _HEADS,
        budget=False,
        inputs=False,
    ),
    Task(
        "lm",
        "elman.taggers.train_language:train",
        "elman.taggers.language_model:LanguageModel",
        options={"unit": ("words", "characters")},
        models=("rnn", "ngram"),
        evaluation="perplexity",
        vectors=False,
        budget=False,
        inputs=False,
    ),
    Task(
        "pretrain",
        "elman.taggers.pretraining:train",
        "elman.taggers.base_model:BaseModel",
        options={"workers": tuple(map(str, range(1, JOBS + 1)))},
        evaluation="",
        vectors=False,
        inputs=False,
        raw=True,
    ),
    Task(
        "regress",
        "elman.taggers.regression.training:train",
        "elman.taggers.regression.regressor:Regressor",
        targets=1,
        evaluation="numbers",
        vectors=False,
        budget=False,
        inputs=False,
    ),
)
TASKS: dict[str, Task] = {row.name: row for row in _ROWS}
"""Tasks by name, in the order in which messages list them."""


def parsed(text: str | None) -> tuple[str | None, dict[str, str]]:
    """Return name and options of a task such as ``morphology:features=each``; (None, {}) for None.

    Raises ConfigError if the task, an option or a value is unknown.
    """
    check_text("task", text)
    if text is None:
        return None, {}
    name, _, rest = text.partition(":")
    if name not in TASKS:
        *names, last = TASKS
        near = did_you_mean(name, TASKS)
        raise ConfigError(f"task: expected {', '.join(names)} or {last}, got {shown(name)}{near}")
    choices = TASKS[name].options
    options = {option: values[0] for option, values in choices.items()}
    for item in rest.split(",") if rest else ():
        option, mark, value = item.partition("=")
        if not mark or option not in choices:
            known = ", ".join(f"{known}={_listed(values, '|')}" for known, values in choices.items()) or "none"
            raise ConfigError(f"task {name}: its options are {known}, got {shown(item)}")
        if value not in choices[option]:
            raise ConfigError(f"task {name}: {option}: expected {_listed(choices[option], ' or ')}, got {shown(value)}")
        options[option] = value
    return name, options


def _listed(values: Sequence[str], between: str) -> str:
    """Return the values of an option, or their range."""
    return between.join(values) if len(values) < 10 else f"{values[0]} to {values[-1]}"


def train(request: TrainRequest) -> Predictor:
    """Train the model of a request. Raises ConfigError if settings are invalid, DataError if data cannot be used."""
    task = TASKS[request.task or TAG]
    task.check(request)
    model: Predictor = imported("elman.taggers.raw_text:train" if request.raw else task.train)(request)
    return model


def load(record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> Predictor:
    """Return the predictor of a record that names its task, the inverse of ``to_record``.

    Raises ModelFileError if the record is malformed.
    """
    name = str(record["task"].get("name"))
    task = TASKS.get(name)
    if task is None or not task.predictor:
        names = ", ".join(name for name, row in TASKS.items() if row.predictor)
        raise ModelFileError(f"task: expected {names} with its parts, found {shown(name)}")
    kind: type[Predictor] = imported(task.predictor)
    return kind.from_record(record, tensors, threads=threads)


def imported(path: str) -> Any:
    """Return the function or class at ``module:name``."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
