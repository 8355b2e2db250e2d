"""Train the networks of a recurrent model: a single network, an ensemble, or teachers and their student."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from elman.config import Config
from elman.errors import ConfigError
from elman.features.dictionary import Dictionary
from elman.features.lexicon import Lexicon
from elman.models import constraints, dtype
from elman.models.ensemble import Ensemble
from elman.models.heads import Heads
from elman.nn.encoder import Parameters
from elman.training import auto_settings, trainer
from elman.training.checkpoint import Section
from elman.training.disk_corpus import DiskCorpus, DiskIds
from elman.training.language_task import LanguageTask
from elman.training.progress import Progress
from elman.training.run_options import Map, OnProgress, RunOptions
from elman.training.run_state import Record
from elman.training.tagging_task import Labelled, Start, TaggingTask, initial_parameters
from elman.training.time_budget import Budget
from elman.utils import seeding
from elman.utils.limits import SEED, whole_number
from elman.utils.parallel import HEARS, Job

USUAL = 20  # words of a typical sentence


@dataclass(frozen=True)
class Trained:
    """The result of training: the resolved settings, and the task and the training record of each network."""

    config: Config
    tasks: tuple[TaggingTask, ...]
    records: tuple[Record, ...]
    interrupted: bool


def train(task: TaggingTask, run: RunOptions, budget: Budget | None = None) -> Trained:
    """Train the networks of a model, the first of which ``begin`` returned; see ``train_rnn``."""
    config, seed = task.networks.config, run.seed
    if budget is not None:
        if config.network.ensemble > 1 or config.training.distill_teachers:
            raise ConfigError(
                "budget: expected ensemble=1 and distill_teachers=0 with it; it plans one network's training"
            )
        config = budget.plan(config, lambda config: task.again(config, seed), seed, run.threads, run.section("budget"))
        task = task.again(config, seed)
    members = _Members(task, run, None if budget is None else budget.replan)
    if run.map is not None and members.total == 1:
        run.note("map (--cluster): this is one network, trained in this process; it would train those of an ensemble")
    members.train()
    trained, records = zip(*members.kept, strict=True)
    config = replace(config, network=replace(config.network, ensemble=len(trained)))
    return Trained(config, trained, records, members.interrupted)


def begin(
    train: Labelled | DiskCorpus,
    dev: Labelled | None,
    config: Config,
    *,
    seed: int,
    tasks: Sequence[str] = (),
    vectors: Start | None = None,
    single: bool = False,
    dictionary: Dictionary | None = None,
) -> TaggingTask:
    """Return the training task of a newly initialized network, held in its ``networks``.

    ``tasks`` is the kind of each label column (``elman.models.base``), word labels first; empty: all label words.
    ``vectors`` are pretrained embeddings, which replace one-hot words; ``single``: it is the model's only network;
    ``dictionary`` has further features of words.
    Raises ConfigError if the seed is out of range or the constraints do not know a tag, DataError if tags violate the
    constraints.
    """
    whole_number("seed", seed, 0, SEED)
    if isinstance(train, DiskCorpus):
        return _of_disk_corpus(train, dev, config, seed)
    config = auto_settings.resolve(config, train, tasks, single=single)
    train = constraints.mended(config.network, train, tasks)
    lexicon = Lexicon.of(config.network, (words for words, *_ in train), vectors.index if vectors else None, dictionary)
    if vectors is not None and vectors.features is not None:
        lexicon = replace(lexicon, features=vectors.features)
    columns = [[sentence[i] for sentence in train] for i in range(1, len(train[0]))]
    heads = Heads.of(config, columns, tasks, [words for words, *_ in train])
    networks = Ensemble(config, lexicon, heads, [initial_parameters(config, lexicon, heads, seed, vectors)])
    return TaggingTask(networks, train, dev, vectors).begin_with_naive_bayes()


def _of_disk_corpus(corpus: DiskCorpus, dev: Labelled | None, config: Config, seed: int) -> TaggingTask:
    """Return the task for a text on disk; without ``dev``, its held-out part chooses the epoch."""
    config = settled(config, corpus)
    lexicon = Lexicon.of_vocabulary(config.network, corpus.vocabulary)
    heads = Heads.of(config, [[corpus.tags]])
    networks = Ensemble(config, lexicon, heads, [initial_parameters(config, lexicon, heads, seed)])
    return (LanguageTask if corpus.predicts_next else TaggingTask)(
        networks, corpus, corpus.held_out if dev is None else dev
    )


def settled(config: Config, corpus: DiskCorpus) -> Config:
    """Return the fully resolved settings for a text on disk, assuming sentences of typical length.

    Raises ConfigError if a setting needs the whole text in memory.
    """
    training, network = config.training, config.network
    if training.distill_teachers or training.class_weight_power > 0:
        found = "distill_teachers" if training.distill_teachers else "class_weight_power"
        raise ConfigError(f"{found}: expected 0 with text that is read from disk; it needs the whole text in memory")
    fewest, most = auto_settings.EPOCHS
    usual = max(1.0, int(corpus.lengths.sum()) / USUAL)
    training = replace(
        training,
        epochs=training.epochs or min(most, max(fewest, round(auto_settings.EFFORT / usual**0.5))),
        class_weight_power=0.0,
        word_dropout=auto_settings.WORD_DROPOUT if training.word_dropout < 0 else training.word_dropout,
    )
    network = replace(network, ensemble=network.ensemble or 1, constraints="none", decoder="softmax")
    stand_in = [(corpus.vocabulary.words or ("",), corpus.tags)]
    return auto_settings.resolve(Config(network, training), stand_in)


class _Members:
    """The training runs of one model, each with its own seed: an ensemble's networks, or teachers and their student."""

    def __init__(self, task: TaggingTask, run: RunOptions, replan: Callable[[int, int], int] | None) -> None:
        self.task, self.run, self.replan = task, run, replan
        config = task.networks.config
        self.teachers = config.training.distill_teachers
        self.total = self.teachers + 1 if self.teachers else config.network.ensemble
        self.done: list[tuple[TaggingTask, Record]] = []
        self.interrupted = False
        self.seconds = 0.0  # of the finished runs
        self.telling = threading.Lock()

    @property
    def kept(self) -> list[tuple[TaggingTask, Record]]:
        """The networks of the model: an ensemble's, the student, or the first teacher if Ctrl-C came before."""
        return self.done[self.teachers :] or self.done[:1]

    def train(self) -> None:
        """Train all networks; after Ctrl-C, keep those trained for at least one epoch, or the first."""
        try:
            while len(self.done) < self.total and not self.interrupted:
                self._next()
        except KeyboardInterrupt:
            if not self.done:
                raise
            self.interrupted = True

    def _next(self) -> None:
        """Train the next network, or several in parallel threads; the results are the same bit for bit."""
        first, threads = len(self.done) + 1, self.run.threads
        alike = self.teachers if first <= self.teachers else self.total  # a student waits for its teachers
        if self.run.map is not None and first < alike:
            self._elsewhere(range(first, alike + 1), self.run.map)
            return
        some = range(first, min(first + threads - 1, alike) + 1)
        tasks = [self._task(member) for member in some]
        stop = threading.Event()
        each = max(1, threads // len(some))
        running = [
            Job(
                partial(
                    _fit,
                    task,
                    seeding.member_seed(self.run.seed, member),
                    threads=each,
                    on_progress=self._progress(some, member),
                    replan=self.replan,
                    stop=stop,
                    section=self.run.section(f"network {member}"),
                )
            )
            for member, task in zip(some, tasks, strict=True)
        ]
        try:
            for one in running:
                one.start()
            for one in running:
                while not one.wait(HEARS):
                    one.run()  # if no thread could begin it
                if one.result().interrupted:
                    stop.set()
        except BaseException as error:
            stop.set()
            begun = [one for one in running if not one.cancel()]
            for one in begun:
                while not one.wait(HEARS):
                    pass
            if not isinstance(error, KeyboardInterrupt) or len(begun) < len(some):
                raise
        for task, one in zip(tasks, running, strict=True):
            if one.result().epochs or not self.done:
                self.done.append((task, one.result()))
        self.interrupted = stop.is_set()

    def _elsewhere(self, members: range, map: Map) -> None:
        """Train networks by a function like ``map``; their progress is told when they are done."""
        if isinstance(self.task.inputs.words, DiskIds):
            raise ConfigError("map (--cluster): text that is read from disk is trained in one process; leave it out")
        trained = map(partial(_train_member, self.task, self.run.seed), members)
        for member, (parameters, record, events) in zip(members, trained, strict=True):
            task = self._task(member)
            for name, w in parameters.items():
                task.parameters[name][...] = w
            self.done.append((task, record))
            tell = self._progress(members, member)
            if tell is not None:
                for event in events:
                    tell(event)

    def _task(self, member: int) -> TaggingTask:
        seed = seeding.member_seed(self.run.seed, member)
        task = self.task if member == 1 else self.task.again(self.task.networks.config, seed)
        if self.teachers and member == self.total:
            seeds = [seeding.member_seed(self.run.seed, teacher) for teacher in range(1, member)]
            task.learn_from(
                [teacher.distillation_targets(own) for (teacher, _), own in zip(self.done, seeds, strict=True)]
            )
        return task

    def _progress(self, some: range, member: int) -> OnProgress | None:
        """Return a callback that adds the network's number and the total time to its progress.

        Of networks trained in parallel, the first reports everything, the others only the ends of their epochs.
        """
        tell = self.run.on_progress
        if tell is None or self.total == 1:
            return tell
        before, later = self.seconds, -(-(self.total - some[-1]) // len(some))  # groups of networks still to come

        def report(event: Progress) -> None:
            if member > some[0] and not event.is_epoch_end:
                return
            seconds = before + event.seconds
            left = event.seconds_left + later * (event.seconds + event.seconds_left)
            with self.telling:
                self.seconds = max(self.seconds, seconds)
                tell(replace(event, seconds=seconds, seconds_left=left, member=member, members=self.total))

        return report


def _fit(
    task: TaggingTask,
    seed: int,
    *,
    threads: int,
    on_progress: OnProgress | None,
    replan: Callable[[int, int], int] | None = None,
    stop: threading.Event | None = None,
    section: Section | None = None,
) -> Record:
    """Train one network; see ``trainer.fit``."""
    config = task.networks.config
    record = trainer.fit(
        task,
        config.training,
        seed=seed,
        threads=threads,
        on_progress=on_progress,
        replan=replan,
        stop=stop,
        section=section,
    )
    if config.network.dtype == dtype.HALF:
        task.round()
        if record.dev_accuracies:  # the accuracy of the rounded network
            record.dev_accuracies[record.best_epoch - 1] = task.score() or 0.0
    return record


def _train_member(first: TaggingTask, seed: int, member: int) -> tuple[Parameters, Record, list[Progress]]:
    """Train a network, perhaps in another process; return its parameters, its record and the ends of its epochs.

    ``first`` is the task of the first network, ``seed`` the model's.
    """
    seed, events = seeding.member_seed(seed, member), list[Progress]()
    task = first if member == 1 else first.again(first.networks.config, seed)
    record = _fit(task, seed, threads=1, on_progress=lambda event: events.append(event) if event.is_epoch_end else None)
    return task.parameters, record, events
