"""``elman.search``: random search and successive halving over settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

from elman import __version__, config
from elman.analysis.search import data as of_data
from elman.analysis.search.in_progress import InProgress
from elman.analysis.search.results import FULL, Outcome, ResultsFile, SearchResult, better
from elman.analysis.search.space import Draws, Space, around, from_toml, parsed
from elman.data import digest
from elman.data.corpus import Data, Path
from elman.data.formats import column_names
from elman.errors import ConfigError, DataError, while_reading
from elman.taggers import checkpointed
from elman.taggers.base import Predictor, Target
from elman.taggers.request import data_or_share
from elman.training.run_options import Map, RunOptions
from elman.utils import limits
from elman.utils.arguments import check_callbacks, check_text, described, is_path, path_text, settings_table
from elman.utils.display import shown
from elman.utils.parallel import thread_count

if TYPE_CHECKING:
    from elman.training.progress import Progress

_WHY = "a search reads its data often"
METHODS = ("halving", "random")
RUNGS = (Fraction(1, 9), Fraction(1, 3), Fraction(1))
"""Shares of the epochs of a full training."""
COST = 10
"""The trials of each rung after the first cost a tenth of a full training of all trials."""
ALONE = {"ensemble": 1, "linear_share": 0.0}
"""Settings of a training that is not full: one network, without logistic regression beside it."""


def search(
    train: Data,
    dev: Data = "10%",
    *,
    trials: int = 40,
    method: str = "halving",
    space: Path | Mapping[str, Any] | None = None,
    results: Path | None = None,
    output: Path | None = None,
    preset: str = "default",
    settings: Mapping[str, Any] | None = None,
    vectors: Path | None = None,
    target: Target = None,
    task: str | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
    text_column: str | None = None,
    inputs: Target = None,
    seed: int = 1,
    threads: int | None = None,
    on_progress: Callable[[str], None] | None = None,
    on_step: Callable[[Progress], None] | None = None,
    on_warning: Callable[[str], None] | None = None,
    on_note: Callable[[str], None] | None = None,
    map: Map | None = None,
) -> SearchResult:
    """Search for settings of a network that give a better score on dev, as ``elman search`` does.

    Trial 1 has the settings of ``preset`` and ``settings``; the others are drawn from the space. All are trained with
    the same ``seed``.

    ``dev``      dev data, which choose the best trial; or a share of the training sentences
    ``trials``   the number of trials
    ``method``   ``halving``: all are trained for a ninth of the epochs, the best of them for a third, the best of
                 these in full (successive halving); trial 1 is always trained in full. ``random``: all in full
    ``space``    a TOML file, or a dict such as ``{"hidden": [64, 128], "dropout": {"low": 0.1, "high": 0.5}}``; None: a
                 space around the settings of trial 1, without those in ``settings``
    ``results``  a file that gets a line of JSON for each training; a search that was stopped goes on from it, and from
                 ``RESULTS.checkpoint``, which holds the state of the training that was in progress
    ``output``   a model file to write: that of a training in full with the best settings; it is also in the result
    ``on_progress``  is called with a line before each training, ``on_step`` with each ``Progress`` of all trainings,
                 ``on_warning`` and ``on_note`` as in ``elman.train``
    ``map``      a function like ``map`` that makes all trainings but the first and that of ``output``, as in
                 ``elman.train``: the same trials and scores. What it has not returned yet is in no checkpoint

    The other arguments are those of ``elman.train``. ``elman.train`` with ``preset``, ``model="rnn"`` and the
    ``settings`` of the result makes the same model as ``output``. Raises ConfigError for a space that cannot be used, a
    results file of another search and numbers out of range, OutputError, and the errors of ``elman.train``.
    """
    limits.whole_number("trials", trials, 1, limits.TRIALS)
    check_callbacks(on_progress=on_progress, on_step=on_step, on_warning=on_warning, on_note=on_note, map=map)
    check_text("task", task)
    if method not in METHODS:
        raise ConfigError(f"method: expected {' or '.join(METHODS)}, got {shown(method)}")
    of_space, given = _space(space)
    base = {**of_space, **settings_table(settings)}
    searched = _Search(
        train,
        dev,
        base,
        given,
        results=None if results is None else path_text("results", results),
        tell=on_progress or (lambda line: None),
        of_trial_1=RunOptions(
            limits.whole_number("seed", seed, 0, limits.SEED), thread_count(threads), on_step, on_warning, on_note
        ),
        map=map,
        of_training={
            "preset": preset,
            "vectors": vectors,
            "target": target,
            "task": task,
            "format": format,
            "encoding": encoding,
            "text_column": text_column,
            "inputs": inputs,
        },
    )
    found = searched.run(trials, RUNGS if method == "halving" else RUNGS[-1:])
    return found if output is None else replace(found, model=searched.write_best(found, path_text("output", output)))


def _space(space: Any) -> tuple[dict[str, Any], Space | None]:
    """Return the settings of [base], and the space; None for the default one."""
    if space is None:
        return {}, None
    if is_path(space):
        path = path_text("space", space)
        try:
            with while_reading(path), open(path, encoding="utf-8") as file:
                return from_toml(file.read(), path)
        except UnicodeDecodeError:
            raise ConfigError(f"{path}: not TOML: not UTF-8 text") from None
    if not isinstance(space, Mapping) or not all(isinstance(name, str) for name in space):
        raise ConfigError(f"space: expected the path of a TOML file or a dict of settings, got {described(space)}")
    return {}, parsed(space)


@dataclass(frozen=True)
class _Training:
    """What is trained for a trial: the rung, the epochs planned (0: as chosen), the settings drawn, and all of them."""

    trial: int
    rung: str
    epochs: int
    drawn: dict[str, Any]
    settings: dict[str, Any]

    def outcome(self, tagger: Predictor | None, problem: str, seconds: tuple[float, float]) -> Outcome:
        """Return the outcome. Raises DataError if the model could not be scored."""
        if tagger is None:
            return Outcome(self.trial, self.rung, self.epochs, self.drawn, None, problem, *seconds)
        if tagger.data["dev_accuracy"] is None:
            raise DataError("dev: has nothing to score a model by; expected gold labels")
        planned = self.epochs or int(tagger.describe()["settings"]["training"]["epochs"])
        score = float(tagger.data["dev_accuracy"])
        return Outcome(self.trial, self.rung, planned, self.drawn, score, tagger.dev_score(), *seconds)


class _Search:
    """A search: its data, its settings, and the trainings made so far."""

    def __init__(
        self,
        train: Data,
        dev: Data,
        base: Mapping[str, Any],
        space: Space | None,
        *,
        results: str | None,
        tell: Callable[[str], None],
        of_trial_1: RunOptions,
        map: Map | None,
        of_training: dict[str, Any],
    ) -> None:
        self._base, self._space, self._tell, self._of_trial_1 = dict(base), space, tell, of_trial_1
        self._map = map
        self._config = config.preset(of_training["preset"]).with_settings(base)
        self._seed, self._preset = of_trial_1.seed, of_training["preset"]
        if space is not None:
            Draws(space, self._config, self._seed).trials(2)  # contradictions are found before anything is trained
        share = data_or_share(dev)
        if share is None:
            raise ConfigError("dev: expected a path, sentences, or a share such as '10%', got None")
        self._train = digest.kept(train, _WHY)
        self._dev = dev if isinstance(share, float) else digest.kept(dev, _WHY)
        self._of_training = of_training
        self._results, self._about = results, {} if results is None else self._header()
        self._file = ResultsFile(results, self._about)
        self._read: tuple[Any, Any, dict[str, Any]] | None = None
        self._outcomes: list[Outcome] = []
        self._count, self._epochs = 1, 0

    def _header(self) -> dict[str, Any]:
        """Return what two runs of the same search have in common; the names of files may differ."""
        of_training = self._of_training
        vectors, target, text_column = (of_training[name] for name in ("vectors", "target", "text_column"))
        dev, space = self._dev, self._space
        return {
            "elman": __version__,
            "train": digest.digest(self._train, text_column),
            "dev": dev if isinstance(dev, str) else digest.digest(dev, text_column),
            "vectors": None if vectors is None else digest.digest([vectors]),
            "settings": {"preset": self._preset} | {name: str(value) for name, value in self._base.items()},
            "space": None if space is None else {name: values.to_json() for name, values in space.items()},
            "seed": self._seed,
            "target": target if target is None or isinstance(target, str) else ",".join(target),
            **{name: of_training[name] for name in ("task", "format", "encoding", "text_column")},
            **(
                {}
                if of_training["inputs"] is None
                else {"inputs": list(column_names(of_training["inputs"], "inputs") or ())}
            ),
        }

    def run(self, trials: int, shares: Sequence[Fraction]) -> SearchResult:
        """Make the trainings of a search that are not in the file yet."""
        self._count = trials
        self._epochs = self._do(self._training(1, {}, Fraction(1))).epochs
        space = self._space if self._space is not None else parsed(self._file.of_first["space"])
        drawn = dict(enumerate(Draws(space, self._config, self._seed).trials(trials), start=1))
        del drawn[1]
        rungs = self._rungs(shares)
        for share, following in zip(rungs, [*rungs[1:], None], strict=True):
            trainings = [self._training(trial, drawn[trial], share) for trial in sorted(drawn)]
            outcomes = list(self._do_elsewhere(trainings, self._map)) if self._map else list(map(self._do, trainings))
            if following is not None:
                trained = sorted((each for each in outcomes if each.score is not None), key=better)
                drawn = {each.trial: each.settings for each in trained[: self._left(following)]}
        facts = self._file.of_first
        made = tuple(self._outcomes)
        return SearchResult(
            made, self._preset, self._base, facts["start"], facts["metric"], facts["error"], self._file.lost
        )

    def _rungs(self, shares: Sequence[Fraction]) -> list[Fraction]:
        """Return the shares that differ in epochs, the larger of those that do not."""
        return list({_part(share, self._epochs): share for share in shares}.values())

    def _left(self, share: Fraction) -> int:
        """Return how many drawn trials go on to a rung: together with trial 1 they cost a tenth of all in full."""
        epochs = _part(share, self._epochs)
        return max(1, self._count * self._epochs // (COST * epochs) - 1)

    def _training(self, trial: int, settings: dict[str, Any], share: Fraction) -> _Training:
        """Return what is trained for a trial."""
        epochs, of_share = int(settings.get("epochs") or self._epochs), {}
        if share < 1:
            epochs = _part(share, epochs)
            of_share = {**{name: value for name, value in ALONE.items() if name not in settings}, "epochs": epochs}
        return _Training(trial, str(share), epochs, settings, {**self._base, **settings, **of_share})

    def _do(self, training: _Training) -> Outcome:
        """Return the outcome of a training: from the file, or train."""
        outcome = self._file.known(training.trial, training.rung, training.drawn)
        if outcome is None:
            outcome = self._trained(training)
        self._outcomes.append(outcome)
        return outcome

    def _do_elsewhere(self, trainings: Sequence[_Training], map: Map) -> Iterator[Outcome]:
        """Yield the outcomes of trainings: from the file, or of ``map``, each recorded when its turn comes."""
        known = [self._file.known(each.trial, each.rung, each.drawn) for each in trainings]

        def left() -> Iterator[_Training]:
            for each, outcome in zip(trainings, known, strict=True):
                if outcome is None:
                    self._say(each)
                    yield each

        made = iter(map(partial(_train_trial, self._data(), self._seed), left()))
        for outcome in known:
            if outcome is None:
                outcome = next(made)
                self._file.add(outcome, {})
            self._outcomes.append(outcome)
            yield outcome

    def _trained(self, of_trial: _Training) -> Outcome:
        """Train and record the outcome. Raises KeyboardInterrupt after Ctrl-C."""
        trial = of_trial.trial
        self._say(of_trial)
        training = self._in_progress(trial=trial, rung=of_trial.rung, settings=of_trial.drawn)
        tagger, problem = self._model(trial, of_trial.settings, training)
        outcome = of_trial.outcome(tagger, problem, training.seconds())
        self._file.add(outcome, self._first(tagger) if tagger is not None and trial == 1 else {})
        training.end()
        return outcome

    def _in_progress(self, **training: Any) -> InProgress:
        return InProgress(self._results, {"search": self._about, **training}, self._of_trial_1.warn)

    def write_best(self, found: SearchResult, path: str) -> Predictor:
        """Train with the best settings, write the model to a file and return it. Raises OutputError."""
        self._tell(f"training with the settings of trial {found.best.trial}")
        training = self._in_progress(output=path, settings=found.settings)
        data = self._train, self._dev, self._of_training  # as elman.train has them: how files are read is in the model
        tagger = self._fit(data, found.settings, self._quiet(), training)
        tagger.save(path)
        training.end()
        return tagger

    def _first(self, tagger: Predictor) -> dict[str, Any]:
        """Return what is recorded with trial 1."""
        space = around(tagger, self._base) if self._space is None else self._space
        record = tagger.describe()["settings"]
        start = {**record["network"], **record["training"]}
        metric = "perplexity" if tagger.reads_symbols else tagger.metric
        return {
            "metric": metric,
            "error": _standard_error(tagger.data, bool(tagger.word_targets)) if metric == "accuracy" else 0.0,
            "start": {name: start[name] for name in sorted(space)},
            "space": {name: values.to_json() for name, values in space.items()},
        }

    def _model(self, trial: int, settings: Mapping[str, Any], training: InProgress) -> tuple[Predictor | None, str]:
        """Return the trained model, or the reason why these settings cannot be trained; those of trial 1 have to be."""
        try:
            tagger = self._fit(self._data(), settings, self._of_trial_1 if trial == 1 else self._quiet(), training)
        except ConfigError as error:
            if trial == 1:
                raise
            return None, str(error)
        return tagger, ""

    def _quiet(self) -> RunOptions:
        """Return the options of trainings of which only the progress is reported."""
        return replace(self._of_trial_1, on_warning=_nothing, on_note=_nothing)

    def _data(self) -> tuple[Any, Any, dict[str, Any]]:
        """Return train, dev and the other arguments of all trials, read once."""
        if self._read is None:
            chunked = self._config.training.chunk  # such data may be larger than memory
            plain = (self._train, self._dev, self._of_training)
            self._read = plain if chunked else of_data.read_once(*plain, self._of_trial_1.on_note or _nothing)
        return self._read

    def _fit(
        self,
        data: tuple[Any, Any, dict[str, Any]],
        settings: Mapping[str, Any],
        run: RunOptions,
        training: InProgress,
    ) -> Predictor:
        """Train, or go on with a training that was stopped. Raises KeyboardInterrupt after Ctrl-C."""
        try:
            tagger = _train(data, settings, replace(run, checkpoints=training.checkpoints))
            if tagger.interrupted:
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            training.stop()
            raise
        return tagger

    def _say(self, training: _Training) -> None:
        full = [outcome for outcome in self._outcomes if outcome.is_full and outcome.score is not None]
        best = f", best so far {min(full, key=better).shown}" if full else ""
        part = "in full" if training.rung == FULL else f"{training.epochs} of {self._epochs} epochs"
        self._tell(f"trial {training.trial} of {self._count}, {part}{best}")


def _train(data: tuple[Any, Any, dict[str, Any]], settings: Mapping[str, Any], run: RunOptions) -> Predictor:
    """Train with the arguments of ``elman.train`` and these settings."""
    train, dev, of_training = data
    arguments = {**checkpointed.DEFAULTS, **of_training, "model": "rnn", "settings": settings, "seed": run.seed}
    return checkpointed.trained(train, dev, arguments, run)


def _train_trial(data: tuple[Any, Any, dict[str, Any]], seed: int, training: _Training) -> Outcome:
    """Train for a trial after the first, perhaps in another process, and return the outcome."""
    clock = InProgress(None, {}, _nothing)
    try:
        tagger, problem = _train(data, training.settings, RunOptions(seed, 1, None, _nothing, _nothing)), ""
    except ConfigError as error:
        tagger, problem = None, str(error)
    return training.outcome(tagger, problem, clock.seconds())


def _part(share: Fraction, epochs: int) -> int:
    """Return a share of the epochs, at least one."""
    return max(1, round(share * epochs))


def _standard_error(data: Mapping[str, Any], of_words: bool) -> float:
    """Return the standard error of the accuracy on dev, of as many words to a sentence as in training."""
    items = data["dev_sentences"] * (data["words"] / data["sentences"] if of_words else 1)
    accuracy = float(data["dev_accuracy"])
    return math.sqrt(accuracy * (1 - accuracy) / items)


def _nothing(line: str) -> None:
    pass
