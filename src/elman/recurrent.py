"""The recurrent model: networks, how they are trained, and their record, behind the protocol of every model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from elman import automatic, calibration, constraints, randomness, storage, trainer
from elman.batching import Ids
from elman.budget import Budget
from elman.config import Config
from elman.encoder import Parameters
from elman.errors import ConfigError, ModelFileError
from elman.heads import Heads
from elman.learning import Labelled, Tagging, start
from elman.lexicon import Lexicon
from elman.networks import Networks, Scorer
from elman.reader import Reader, tagging_precision
from elman.trainer import Progress, Record
from elman.vectors import Vectors


@dataclass(frozen=True, slots=True)
class MemberProgress(Progress):
    """The progress of one of several networks that are trained one after the other; the time left is that of all."""

    member: int  # from 1
    members: int


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

    def _scorer(self, words: Sequence[str]) -> Scorer:
        return partial(self.reader.scores, self.reader.words(words))

    @classmethod
    def train(
        cls,
        train: Labelled,
        dev: Labelled | None,
        config: Config,
        *,
        seed: int,
        threads: int,
        vectors: Vectors | None = None,
        budget: Budget | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> RecurrentModel:
        """Trains on labelled sentences; ``dev`` chooses the epoch. Ctrl-C: the best so far (``interrupted``).

        ``budget`` chooses sizes and epochs of a single network. Otherwise as ``begin``.
        """
        task = cls.begin(
            train, dev, automatic.resolve(config, train, single=budget is not None), seed=seed, vectors=vectors
        )
        config = task.networks.config
        if budget is not None:
            if config.network.ensemble > 1 or config.training.distill:
                raise ConfigError("budget: expected ensemble=1 and distill=0 with it; it plans one network's training")
            config = budget.choose(config, lambda config: task.again(config, seed), seed, threads)
            task = task.again(config, seed)
        runs = _Runs(task, seed, threads, on_progress, budget)
        runs.all()
        if budget is not None:
            config = replace(config, training=replace(config.training, replanned=budget.replanned))
        tasks, records = zip(*runs.kept, strict=True)
        config = replace(config, network=replace(config.network, ensemble=len(tasks)))
        model = cls(config, task.networks.lexicon, task.networks.heads, [one.parameters for one in tasks], {})
        model.training = {"seed": seed, "sentences": len(train), "words": int(task.lengths.sum()), **asdict(records[0])}
        model.training["interrupted"] = runs.interrupted
        if len(tasks) > 1:
            model.training["members"] = [asdict(record) for record in records[1:]]
            model.training["dev_accuracy"] = task.score_of(model)
        if task.dev is not None:
            try:
                model = model.at(calibration.fit(model, task.dev, task.dev_gold))
            except KeyboardInterrupt:  # the networks are trained and not to be lost
                model.training["interrupted"] = True
        return model

    def at(self, temperatures: Sequence[float]) -> RecurrentModel:
        """The same model with these temperatures of its label columns; none: 1."""
        heads = replace(self.heads, temperatures=tuple(temperatures))
        other = RecurrentModel(self.config, self.lexicon, heads, self.members, self.training)
        other._precision = self._precision
        return other

    @property
    def temperatures(self) -> tuple[float, ...]:
        """What the scores of each label column are divided by before they become probabilities."""
        return tuple(head.temperature for head in self.heads.each)

    @classmethod
    def begin(
        cls, train: Labelled, dev: Labelled | None, config: Config, *, seed: int, vectors: Vectors | None = None
    ) -> Tagging:
        """The task of training a new network, whose ``networks`` it is.

        ``vectors`` are pretrained ones; the words are not one-hot then. Raises ConfigError: a seed out of range, tags
        that the constraints do not know; DataError: tags that break them.
        """
        if not 0 <= seed < 2**63:
            raise ConfigError(f"seed: expected a whole number from 0 to 2^63 - 1, got {seed}")
        config = automatic.resolve(config, train)
        lexicon = Lexicon.of(config.network, (words for words, *_ in train), vectors.index if vectors else None)
        columns = [[sentence[i] for sentence in train] for i in range(1, len(train[0]))]
        heads = Heads.of(config, columns)
        return Tagging(Networks(config, lexicon, heads, [start(config, lexicon, heads, seed, vectors)]), train, dev)

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
        if self.heads.temperatures:
            record["temperature"] = list(self.temperatures) if several else self.temperatures[0]
        tensors: dict[str, NDArray[Any]] = {}
        for prefix, parameters in zip(_prefixes(self.config), self.members, strict=True):
            tensors |= {prefix + name: w for name, w in parameters.items()}
        return record, storage.stored(tensors, self.config.network.storage)

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
        lexicon = Lexicon.from_record(config, read.network)
        none = [constraints.NONE] * len(sets)
        schemes = config.get("constraints", none if sets is tags else none[0])
        heads = _heads(read, sets, schemes if sets is tags else [schemes])
        if "temperature" in config:
            found = config["temperature"]
            heads = replace(heads, temperatures=_temperatures(found if sets is tags else [found], len(sets)))
        of_one = lexicon.network(read.network, heads.width).shapes() | heads.shapes()
        shapes = {prefix + name: shape for prefix in _prefixes(read) for name, shape in of_one.items()}
        found = {name: tensor.shape for name, tensor in tensors.items()}
        for name in sorted(shapes.keys() | found.keys()):
            if shapes.get(name) != found.get(name):
                wanted, got = shapes.get(name, "no such tensor"), found.get(name, "none")
                raise ModelFileError(f"model tensor {name}: expected {wanted}, found {got}")
        parameters = storage.restored(tensors, read.network.storage)
        members = [{name: parameters[prefix + name] for name in of_one} for prefix in _prefixes(read)]
        return cls(read, lexicon, heads, members, training)


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


def _temperatures(found: Any, columns: int) -> tuple[float, ...]:
    """The temperatures of a record. Raises ModelFileError for others than training writes."""
    numbers = found if isinstance(found, list) else []
    if len(numbers) != columns or not all(
        type(t) is float and calibration.COLDEST <= t <= calibration.HOTTEST for t in numbers
    ):
        expected = f"expected {columns}, from {calibration.COLDEST:g} to {calibration.HOTTEST:g}"
        raise ModelFileError(f"model temperature: {expected}, found {found!r:.40}")
    return tuple(numbers)


class _Runs:
    """The trainings of one model, one after the other, each with a seed of its own.

    An ensemble's networks; or teachers, and then a student of theirs.
    """

    def __init__(
        self,
        task: Tagging,
        seed: int,
        threads: int,
        on_progress: Callable[[Progress], None] | None,
        budget: Budget | None,
    ) -> None:
        self.task, self.seed, self.threads, self.on_progress = task, seed, threads, on_progress
        self.replan = budget.replan if budget is not None else None
        config = task.networks.config
        self.teachers = config.training.distill
        self.total = self.teachers + 1 if self.teachers else config.network.ensemble
        self.done: list[tuple[Tagging, Record]] = []
        self.interrupted = False
        self.seconds = 0.0  # of the trainings before

    @property
    def kept(self) -> list[tuple[Tagging, Record]]:
        """What makes the model: the networks of an ensemble, the student, or else (after Ctrl-C) the first teacher."""
        return self.done[self.teachers :] or self.done[:1]

    def all(self) -> None:
        """Trains them all. Ctrl-C: those that have learned for an epoch or more, or the first."""
        try:
            while len(self.done) < self.total and not self.interrupted:
                self._one(len(self.done) + 1)
        except KeyboardInterrupt:
            if not self.done:
                raise
            self.interrupted = True

    def _one(self, member: int) -> None:
        config, seed = self.task.networks.config, randomness.member_seed(self.seed, member)
        task = self.task if member == 1 else self.task.again(config, seed)
        if self.teachers and member == self.total:
            seeds = [randomness.member_seed(self.seed, teacher) for teacher in range(1, member)]
            task.learn_from([teacher.taught(own) for (teacher, _), own in zip(self.done, seeds, strict=True)])
        record = trainer.fit(
            task,
            config.training,
            seed=seed,
            threads=self.threads,
            on_progress=self._progress(member),
            replan=self.replan,
        )
        if config.network.storage == storage.HALF:
            task.round()
            if record.dev_accuracies:  # that of the network there is now
                record.dev_accuracies[record.best_epoch - 1] = task.score() or 0.0
        if record.epochs or not self.done:
            self.done.append((task, record))
        self.interrupted = record.interrupted

    def _progress(self, member: int) -> Callable[[Progress], None] | None:
        """Tells which of several networks it is, and the time of them all."""
        tell = self.on_progress
        if tell is None or self.total == 1:
            return tell
        before = self.seconds

        def report(event: Progress) -> None:
            own = event.seconds + event.seconds_left
            self.seconds = before + event.seconds
            facts = {name: getattr(event, name) for name in Progress.__slots__}
            facts |= {"seconds": self.seconds, "seconds_left": event.seconds_left + (self.total - member) * own}
            tell(MemberProgress(**facts, member=member, members=self.total))

        return report
