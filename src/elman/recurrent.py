"""The recurrent model: networks and their record, behind the protocol of every model. ``runs`` trains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from elman import automatic, constraints, storage
from elman.batching import Ids
from elman.config import Config
from elman.encoder import Parameters
from elman.errors import ConfigError, ModelFileError
from elman.grams import BITS, Grams
from elman.heads import Heads
from elman.lexicon import Lexicon
from elman.model import ANY, CLASSIFY, SEVERAL, TAG
from elman.networks import Networks, Scorer, network_of
from elman.outputs import Answers, Outputs
from elman.reader import Reader, tagging_precision
from elman.windows import WIDTH

if TYPE_CHECKING:  # what training needs is loaded when it begins
    from elman.budget import Budget
    from elman.learning import Labelled, Tagging
    from elman.tape import Tape
    from elman.trainer import Progress
    from elman.vectors import Vectors


WINDOWS = 32_768
"""Windows of characters tagged in one pass."""
GRAMS = "grams"
"""The tensor of the n-grams' hashes."""


class RecurrentModel(Networks):
    """A recurrent tagger. See ``elman.model.Model`` for what every model answers."""

    kind = "rnn"

    def __init__(
        self,
        config: Config,
        lexicon: Lexicon,
        heads: Heads,
        members: Sequence[Parameters],
        training: Mapping[str, Any],
    ) -> None:
        super().__init__(config, lexicon, heads, members)
        self.training = dict(training)
        self._precision = "auto"
        self._reader: Reader | None = None

    def choose_precision(self, precision: str) -> None:
        """``auto``, ``exact`` or ``int8``, of tagging. Raises ConfigError: another, or int8 that is not to be had."""
        tagging_precision(precision, self.config)
        self._precision, self._reader = precision, None
        self.__dict__.pop("_outputs", None)

    @property
    def reader(self) -> Reader:
        """What reads for tagging."""
        if self._reader is None:
            precision = tagging_precision(self._precision, self.config)
            self._reader = Reader(self.lexicon, self.network, self.members, precision)
        return self._reader

    def best_of_lines(self, text: bytes) -> Ids:
        """The (N,) ids of the best tags, in the first column, of a text's words: see ``Reader.lines``."""
        read, lengths = self.reader.lines(text)
        (ids,) = self._flat(lengths, partial(self.reader.scores, read), self.heads.each[0].best)
        return np.asarray(ids, np.int32)

    def answers(self, sentences: Sequence[Sequence[str]]) -> Answers:
        """What the model, whose label columns are all of words, says of the words of sentences."""
        read = self.reader.words([word for words in sentences for word in words])
        lengths = np.array([len(words) for words in sentences], np.int64)
        (h,) = self._flat(lengths, partial(self.reader.states, read), lambda _, h, batch: h)
        return Answers(self._outputs, h if len(h) else h.reshape(0, self.reader.width), lengths)

    @cached_property
    def _outputs(self) -> Outputs:
        return Outputs(self.heads, self.members, self.decoder_parameters(), self.reader.small)

    def best_of_windows(self, texts: Sequence[str], *, sure: bool) -> tuple[Ids, NDArray[np.float64] | None]:
        """The (N,) ids of the best tags, in the first column, of windows of characters, and the probabilities of these.

        Each text is a piece to be read by itself, with ``WIDTH`` - 1 more characters than it has windows; they come one
        behind the other. ``sure``: whether probabilities are wanted.
        """
        lengths = np.array([len(text) - (WIDTH - 1) for text in texts], np.int64)
        score = partial(self.reader.scores, self.reader.windows("".join(texts), lengths.astype(np.int32)))
        head = self.heads.each[0]
        if not sure:
            return np.asarray(self._flat(lengths, score, head.best, chunk=WINDOWS)[0], np.int32), None
        ids, p = self._flat(lengths, score, head.best, head.marginals, chunk=WINDOWS)
        return ids, p[np.arange(len(ids)), ids]

    def _scorer(self, sentences: Sequence[Sequence[str]]) -> Scorer:
        if not self.network.encodes:
            return super()._scorer(sentences)
        grams, read = self.grams(sentences), self.reader.words([word for words in sentences for word in words])
        return lambda rows, batch: self.reader.scores(read, rows, batch, grams(rows, batch))

    @classmethod
    def train(
        cls,
        train: Labelled | Tape,
        dev: Labelled | None,
        config: Config,
        *,
        seed: int,
        threads: int,
        tasks: Sequence[str] = (),
        vectors: Vectors | None = None,
        budget: Budget | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> RecurrentModel:
        """Trains on labelled sentences, or a text on disk; ``dev`` chooses the epoch.

        Without it what is held out of a text on disk does. Ctrl-C: the best so far (``interrupted``).
        ``budget`` chooses sizes and epochs of a single network. Otherwise as ``begin``.
        """
        from elman import calibration, logistic, runs

        run = runs.Run(seed, threads, vectors, budget, on_progress, tuple(tasks))
        alone = logistic.fitted(train, config, run)
        done = runs.train(train, dev, config, run)
        task, first = done.tasks[0], done.records[0]
        of_data = {"seed": seed, "sentences": len(train), "words": int(task.lengths.sum())}
        training = {**of_data, **asdict(first), "interrupted": done.interrupted}
        members = [one.parameters for one in done.tasks]
        if alone is not None:
            members = [logistic.pooled(parameters, alone[0], done.config) for parameters in members]
        model = cls(done.config, task.networks.lexicon, task.networks.heads, members, training)
        if len(members) > 1:
            model.training["members"] = [asdict(record) for record in done.records[1:]]
        if alone is not None:
            model.training["linear"] = asdict(alone[1])
        if len(members) > 1 or alone is not None:
            model.training["dev_accuracy"] = task.score_of(model)
        if task.dev is not None and task.calibrated:
            try:
                model = model.at(calibration.fit(model, task.dev, task.dev_gold))
            except KeyboardInterrupt:  # the networks are trained and not to be lost
                model.training["interrupted"] = True
        return model

    def at(self, temperatures: Sequence[float]) -> RecurrentModel:
        """The same model with these temperatures of its label columns; none: 1."""
        heads = replace(self.heads, temperatures=tuple(temperatures))
        other = type(self)(self.config, self.lexicon, heads, self.members, self.training)
        other._precision = self._precision
        return other

    @property
    def temperatures(self) -> tuple[float, ...]:
        """What the scores of each label column are divided by before they become probabilities."""
        return tuple(head.temperature for head in self.heads.each)

    @classmethod
    def begin(
        cls,
        train: Labelled,
        dev: Labelled | None,
        config: Config,
        *,
        seed: int,
        tasks: Sequence[str] = (),
        vectors: Vectors | None = None,
    ) -> Tagging:
        """The task of training a new network, whose ``networks`` it is.

        ``tasks`` says what each label column is (``elman.model``), those of words first; none: all are of words.
        ``vectors`` are pretrained ones; the words are not one-hot then. Raises ConfigError: a seed out of range, tags
        that the constraints do not know; DataError: tags that break them.
        """
        from elman import runs

        return runs.begin(train, dev, config, runs.Run(seed, 1, vectors, tasks=tuple(tasks)))

    @property
    def parameters(self) -> Parameters:
        """Those of the only network, or of the first."""
        return self.members[0]

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the training that made this model."""
        return bool(self.training.get("interrupted", False))

    @property
    def dev_accuracy(self) -> float | None:
        """Accuracy on dev, of the epoch that was kept or of all networks together; None without a dev set."""
        if "dev_accuracy" in self.training:
            return cast("float | None", self.training["dev_accuracy"])
        scores = self.training.get("dev_accuracies")
        return scores[self.training["best_epoch"] - 1] if scores else None

    def record(self) -> dict[str, Any]:
        """What training was and found."""
        return dict(self.training)

    def known(self, word: str) -> bool:
        """Whether the word stood in the training data."""
        return word in self.lexicon.vocabulary

    def to_record(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Configuration and tensors for the model file."""
        tags, schemes = [list(tags) for tags in self.tag_sets], list(self.heads.schemes)
        several = len(tags) > 1
        record = {
            "tags": tags if several else tags[0],
            "settings": self.config.to_dict(),
            "training": self.training,
            **self.lexicon.to_record(),
        }
        if set(schemes) != {constraints.NONE}:
            record["constraints"] = schemes if several else schemes[0]
        if self.heads.labels:
            record["tasks"] = list(self.tasks)
        if self.heads.temperatures:
            record["temperature"] = list(self.temperatures) if several else self.temperatures[0]
        tensors: dict[str, NDArray[Any]] = {}
        for prefix, parameters in zip(_prefixes(self.config), self.members, strict=True):
            tensors |= {prefix + name: w for name, w in parameters.items()}
        tensors = storage.stored(tensors, self.config.network.storage)
        if self.heads.grams is not None:
            tensors[GRAMS] = self.heads.grams.hashes
        return record, tensors

    @classmethod
    def from_record(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> RecurrentModel:
        """The inverse of ``to_record``. Raises ModelFileError for records that do not fit together."""
        tags, settings, training = config.get("tags"), config.get("settings"), config.get("training")
        sets: list[Any] = [tags]
        if isinstance(tags, list) and tags and all(isinstance(one, list) for one in tags):
            sets = tags
        for one in sets:
            if not (isinstance(one, list) and one and all(isinstance(tag, str) for tag in one)):
                raise ModelFileError("model: expected a list of tags")
            if len(set(one)) < len(one):
                raise ModelFileError("model: expected distinct tags")
        if not isinstance(settings, dict) or not all(isinstance(section, dict) for section in settings.values()):
            raise ModelFileError("model: expected sections of settings")
        if not isinstance(training, dict):
            raise ModelFileError("model: expected a training record")
        try:
            read = Config.from_dict(settings)
        except ConfigError as error:
            raise ModelFileError(f"model settings: {error}") from None
        if read != automatic.resolve(read, []):
            raise ModelFileError("model settings: expected none that is left open")
        if "linear" not in training:  # in older files it is not among the settings
            read = read.with_settings({"linear_share": 0.0})
        lexicon = Lexicon.from_record(config, read.network)
        none = [constraints.NONE] * len(sets)
        schemes = config.get("constraints", none if sets is tags else none[0])
        tensors = dict(tensors)
        heads = _heads(read, sets, schemes if sets is tags else [schemes])
        heads = replace(heads, tasks=_tasks(config, len(sets)))
        heads = replace(heads, grams=_grams(read, heads, tensors.pop(GRAMS, None)))
        if "temperature" in config:
            found = config["temperature"]
            heads = replace(heads, temperatures=_temperatures(found if sets is tags else [found], len(sets)))
        of_one = network_of(read, lexicon, heads).shapes() | heads.shapes()
        shapes = {prefix + name: shape for prefix in _prefixes(read) for name, shape in of_one.items()}
        found = {name: tensor.shape for name, tensor in tensors.items()}
        for name in sorted(shapes.keys() | found.keys()):
            if shapes.get(name) != found.get(name):
                wanted, got = shapes.get(name, "no such tensor"), found.get(name, "none")
                raise ModelFileError(f"model tensor {name}: expected {wanted}, found {got}")
        parameters = storage.restored(tensors, read.network.storage)
        members = [{name: parameters[prefix + name] for name in of_one} for prefix in _prefixes(read)]
        return cls(read, lexicon, heads, members, training)


class LinearModel(RecurrentModel):
    """Logistic regression on the n-grams of texts: the network without its encoder."""

    kind = "linear"

    @classmethod
    def from_record(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> RecurrentModel:
        model = super().from_record(config, tensors)
        if model.network.encodes:
            raise ModelFileError("model settings: expected pooling=none and labels of texts alone in a linear model")
        return model


def _prefixes(config: Config) -> list[str]:
    """What the names of each network's tensors begin with: nothing where there is one alone."""
    n = config.network.ensemble
    return [f"member{member}." for member in range(1, n + 1)] if n > 1 else [""]


def _heads(config: Config, tags: Sequence[Sequence[str]], schemes: Any) -> Heads:
    """The label columns of a record. Raises ModelFileError for rules that do not fit the tags."""
    if not isinstance(schemes, list) or len(schemes) != len(tags):
        raise ModelFileError(f"model constraints: expected a list of {len(tags)}, found {schemes!r:.40}")
    for scheme in schemes:
        if scheme not in (constraints.NONE, *constraints.SCHEMES):
            raise ModelFileError(f"model constraints: expected bio or bioes, found {scheme!r:.40}")
    heads = Heads(config, tuple(map(tuple, tags)), tuple(schemes))
    try:
        assert heads.each
    except ConfigError as error:
        raise ModelFileError(f"model: {error}") from None
    return heads


def _tasks(config: Mapping[str, Any], columns: int) -> tuple[str, ...]:
    """What each label column of a record is. Raises ModelFileError for others than there are, or out of order."""
    found = config.get("tasks", [TAG] * columns)
    if not isinstance(found, list) or len(found) != columns or not set(found) <= {TAG, CLASSIFY, SEVERAL, ANY}:
        raise ModelFileError(f"model tasks: expected one for each of {columns} label columns, found {found!r:.40}")
    if [task != TAG for task in found] != sorted(task != TAG for task in found):
        raise ModelFileError("model tasks: expected tags of words before labels of texts")
    return tuple(found)


def _grams(config: Config, heads: Heads, hashes: NDArray[Any] | None) -> Grams | None:
    """The n-grams of a record. Raises ModelFileError for hashes that are none, or where the settings have none."""
    wanted = heads.labels > 0 and config.network.grams != "none"
    if (hashes is not None) != wanted:
        raise ModelFileError(f"model tensor {GRAMS}: expected {'hashes' if wanted else 'none'}")
    if hashes is None:
        return None
    good = hashes.dtype == np.int64 and hashes.ndim == 1 and bool((np.diff(hashes) > 0).all())
    if not good or (len(hashes) and not 0 <= hashes[0] <= hashes[-1] < 1 << BITS):
        raise ModelFileError(f"model tensor {GRAMS}: expected hashes that rise")
    return Grams(config.network.grams, hashes)


def _temperatures(found: Any, columns: int) -> tuple[float, ...]:
    """The temperatures of a record. Raises ModelFileError for others than training writes."""
    from elman import calibration

    numbers = found if isinstance(found, list) else []
    if len(numbers) != columns or not all(
        type(t) is float and calibration.COLDEST <= t <= calibration.HOTTEST for t in numbers
    ):
        expected = f"expected {columns}, from {calibration.COLDEST:g} to {calibration.HOTTEST:g}"
        raise ModelFileError(f"model temperature: {expected}, found {found!r:.40}")
    return tuple(numbers)
