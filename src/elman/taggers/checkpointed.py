"""``elman.train`` with a checkpoint: begin a run, or go on with one that was stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from elman.data import digest
from elman.data.formats import column_names
from elman.errors import ConfigError, DataError, ModelFileError
from elman.taggers import registry
from elman.taggers.base import Predictor
from elman.taggers.prepare import WITH_SETTINGS
from elman.taggers.request import TrainRequest, data_or_share
from elman.training import run_identity
from elman.training.checkpoint import Checkpoints
from elman.training.run_options import RunOptions
from elman.utils.arguments import path_text

DEFAULTS: dict[str, Any] = {
    "model": None,
    "preset": "default",
    "settings": {},
    "vectors": None,
    "base": None,
    "like": None,
    "lexicon": None,
    "raw": None,
    "budget": None,
    "target": None,
    "inputs": None,
    "task": None,
    "format": None,
    "encoding": "utf-8",
    "text_column": None,
    "keep_replay": 0,
    "seed": 1,
}
"""The arguments of ``elman.train`` that decide the model, besides the data."""
READ = ("vectors", "base", "like")
"""Those that name a file."""
SEVERAL = ("lexicon", "raw")
"""Those that name several."""
COMMAND = "train"
PRETRAIN = "pretrain"
_WHY = "a run with a checkpoint that goes on reads its data again"

OnProblem = Callable[[str], None]


def trained(train: Any, dev: Any, arguments: Mapping[str, Any], run: RunOptions) -> Predictor:
    """Train with the arguments of ``elman.train``, all of ``DEFAULTS``."""
    name, options = registry.parsed(arguments["task"])
    rest = {name: arguments[name] for name in DEFAULTS if name not in ("target", "inputs", "task", "seed", *SEVERAL)}
    rest |= {name: tuple(arguments[name] or ()) for name in SEVERAL}
    request = TrainRequest(
        data=train,
        dev=data_or_share(dev),
        targets=column_names(arguments["target"]),
        inputs=column_names(arguments["inputs"], "inputs") or (),
        task=name,
        options=options,
        run=run,
        **rest,
    )
    return registry.train(request)


@dataclass
class CheckpointedRun:
    """A run of training with its checkpoints.

    ``arguments``  those of ``elman.train``; ``outputs`` are the files that the command line writes
    ``is_new``     whether it begins here; ``is_done``: whether its model is whole
    """

    train_data: Any
    dev: Any
    arguments: dict[str, Any]
    outputs: dict[str, Any]
    checkpoints: Checkpoints
    is_new: bool
    is_done: bool = False

    def output(self, name: str) -> str | None:
        """Return the path of an output, as it is named here."""
        path = self.outputs.get(name)
        return run_identity.local(self.checkpoints, path) if isinstance(path, str) else None

    @property
    def inputs(self) -> list[str]:
        """The files that it reads, as they are named here."""
        return [run_identity.local(self.checkpoints, path) for path in self.checkpoints.about["files"]]

    def train(self, run: RunOptions) -> Predictor:
        """Train, and write a checkpoint at the end if the run was stopped; a mistake in the arguments leaves none.

        The run has the threads and callbacks of ``run``, and the seed of its arguments.
        """
        run = replace(run, seed=self.arguments["seed"], checkpoints=self.checkpoints)
        try:
            model = trained(self.train_data, self.dev, self.arguments, run)
        except KeyboardInterrupt:
            self.checkpoints.write()
            raise
        except (ConfigError, DataError):
            if self.is_new:
                self.checkpoints.remove()
            raise
        self.is_done = not (model.interrupted or self.checkpoints.is_stopped)
        if not self.is_done:
            self.checkpoints.write()
        return model


def begin(
    path: Any,
    every: str | float | None,
    data: tuple[Any, Any],
    arguments: Mapping[str, Any],
    on_problem: OnProblem,
    *,
    overwrite: bool = False,
    outputs: Mapping[str, Any] | None = None,
) -> CheckpointedRun:
    """Begin a run on ``data``, train and dev, by writing its first checkpoint.

    Raises ConfigError if there is a checkpoint already, or for a model that is not trained in steps; DataError for data
    that can be read once only.
    """
    name = path_text("checkpoint", path)
    if arguments["model"] not in (None, *WITH_SETTINGS):
        raise ConfigError(f"checkpoint: the model {arguments['model']} is counted at once, not trained in steps")
    share = data_or_share(data[1])
    train = digest.kept(data[0], _WHY)
    dev = data[1] if share is None or isinstance(share, float) else digest.kept(data[1], _WHY)
    named = _named(arguments)
    for file in named:
        digest.kept(file, _WHY)
    columns = {name: _names(arguments[name]) for name in ("target", "inputs")}
    more = {
        "data": [_described(each, arguments["text_column"]) for each in (train, dev)],
        "outputs": dict(outputs or {}),
    }
    recorded = COMMAND, {**arguments, **columns}, _files(train, dev, named)
    checkpoints = run_identity.begin(name, recorded, every, on_problem, overwrite=overwrite, more=more)
    return CheckpointedRun(train, dev, dict(arguments), dict(outputs or {}), checkpoints, True)


def resume(
    path: Any,
    every: str | float | None,
    data: tuple[Any, Any],
    given: Mapping[str, Any],
    on_problem: OnProblem,
) -> CheckpointedRun:
    """Return a run that was stopped, with the arguments and the data that it was started with.

    ``data`` and ``given`` arguments are needed only for data that were no files; they must be the same again. Raises
    ConfigError if something has changed, ModelFileError if there is no checkpoint that can be used.
    """
    checkpoints = run_identity.reopen(path_text("resume", path), COMMAND, every, on_problem)
    about = checkpoints.about
    own, recorded = about["arguments"], about.get("data")
    valid = isinstance(recorded, list) and len(recorded) == 2 and isinstance(about.get("outputs"), dict)
    if not valid or own.keys() != DEFAULTS.keys():
        raise ModelFileError(f"{checkpoints.path}: not a checkpoint of elman train")
    train, dev = (
        _data(checkpoints, *each, own["text_column"])
        for each in zip(("train", "dev"), data, recorded if isinstance(recorded, list) else (None, None), strict=True)
    )
    if given["task"] == PRETRAIN != own["task"]:
        again = f"elman {COMMAND} --resume {checkpoints.path}"
        raise ConfigError(f"{checkpoints.path}: a run of elman {COMMAND}; {again} goes on with it")
    own |= {name: run_identity.local(checkpoints, str(own[name])) for name in READ if own.get(name) is not None}
    for name in SEVERAL:
        if own.get(name) is not None:
            own[name] = [run_identity.local(checkpoints, str(path)) for path in own[name]]
    run_identity.check_files(checkpoints, _files(train, dev, _named(own)))
    columns = {name: _names(given[name]) for name in ("target", "inputs")}
    files = {name: None if given[name] is None else os.fspath(given[name]) for name in READ}
    arguments = run_identity.agreed(checkpoints, {**given, **columns, **files}, DEFAULTS)
    arguments |= {name: own[name] for name in (*READ, *SEVERAL)}
    return CheckpointedRun(train, dev, arguments, about["outputs"], checkpoints, False)


def _names(names: Any) -> list[str] | None:
    found = column_names(names)
    return None if found is None else list(found)


def _named(arguments: Mapping[str, Any]) -> list[str]:
    """Return the files that arguments name."""
    found = [arguments.get(name) for name in READ]
    several = [path for name in SEVERAL for path in arguments.get(name) or ()]
    return [os.fspath(each) for each in (*found, *several) if each is not None]


def _files(train: Any, dev: Any, named: Sequence[str]) -> list[str]:
    """Return the files that are read: data, and those that arguments name."""
    return [*digest.paths_of(train), *digest.paths_of(dev), *named]


def _described(data: Any, text_column: str | None) -> Any:
    """Return the paths of data, a share of dev as it is, or the digest of data that were no files."""
    if data is None or isinstance(data, str):
        return data
    paths = digest.paths_of(data)
    return {"paths": paths} if paths else {"digest": digest.digest(data, text_column)}


def _data(checkpoints: Checkpoints, name: str, given: Any, recorded: Any, text_column: str | None) -> Any:
    """Return the data of the run: those of its paths, or those given, if they are the same."""
    path, shared = checkpoints.path, isinstance(data_or_share(given), float)
    if isinstance(recorded, dict) and recorded.keys() == {"paths"} and isinstance(recorded["paths"], list):
        own: Any = [run_identity.local(checkpoints, str(each)) for each in recorded["paths"]]
        if given is not None and (shared or digest.paths_of(digest.kept(given, _WHY)) not in (own, recorded["paths"])):
            raise ConfigError(f"{name}: the run of {path} has other files; leave it out")
        return own
    if not isinstance(recorded, dict):
        if given is not None and given != recorded:
            raise ConfigError(f"{name}: the run of {path} has {recorded}; leave it out")
        return recorded
    if given is None:
        raise ConfigError(f"{name}: the run of {path} was started with data in Python, which resuming needs again")
    again = digest.kept(given, _WHY)
    if digest.paths_of(again) or digest.digest(again, text_column) != recorded.get("digest"):
        raise ConfigError(f"{name}: not the data that the run of {path} was started with")
    return again
