"""What a run was started with, and whether it can go on: arguments, input, version, instruction set."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from elman import __version__, kernels
from elman.data.digest import file_digests
from elman.errors import ConfigError, ModelFileError
from elman.training import checkpoint
from elman.training.checkpoint import Checkpoints, Facts
from elman.utils.display import shown

_AGAIN = "start again with --overwrite"


def identity(command: str, arguments: Mapping[str, Any], files: Iterable[str], every: float) -> Facts:
    """Return what a checkpoint says about its run. ``command`` made it, ``files`` are read by it."""
    return {
        "command": command,
        "arguments": {name: _plain(value) for name, value in arguments.items()},
        "files": file_digests(files),
        "folder": os.getcwd(),
        "every": every,
        "version": __version__,
        "numpy": np.__version__,
        "kernels": _kernels(),
    }


def begin(
    path: str,
    run: tuple[str, Mapping[str, Any], Iterable[str]],
    every: str | float | None,
    on_problem: Callable[[str], None],
    *,
    overwrite: bool = False,
    more: Facts | None = None,
) -> Checkpoints:
    """Begin the checkpoints of a run, its arguments those of ``identity``; ``more`` is said about it besides.

    Raises the errors of ``checkpoint.begin``, and ConfigError if ``every`` is no time.
    """
    seconds = checkpoint.interval(every)
    about = identity(*run, seconds) | (more or {})
    return checkpoint.begin(path, about, seconds, on_problem, overwrite=overwrite)


def reopen(path: str, command: str, every: str | float | None, on_problem: Callable[[str], None]) -> Checkpoints:
    """Return the checkpoints of a run of this command that was stopped. Raises ModelFileError if there are none.

    Raises ConfigError if it is of another command, version or instruction set: its bits would be others.
    """
    checkpoints = checkpoint.reopen(path, on_problem, every)
    _check(checkpoints, command)
    return checkpoints


def _check(checkpoints: Checkpoints, command: str) -> None:
    path, about = checkpoints.path, checkpoints.about
    valid = all(isinstance(about.get(name), dict) for name in ("arguments", "files", "kernels"))
    valid = valid and all(isinstance(about.get(name), str) for name in ("command", "folder", "version", "numpy"))
    if not valid:
        raise ModelFileError(f"{path}: not a checkpoint of elman")
    if (own := about["command"]) != command:
        again = "the same command" if own == "search" else f"elman {own} --resume {path}"
        raise ConfigError(f"{path}: a run of elman {own}; {again} goes on with it")
    for name, program, here in (("version", "elman", __version__), ("numpy", "NumPy", np.__version__)):
        if about[name] != here:
            raise ConfigError(f"{path}: begun by {program} {shown(about[name])}, this is {here}: other bits; {_AGAIN}")
    if about["kernels"] != (in_use := _kernels()):
        begun, here = (" ".join(map(str, each.values())) for each in (about["kernels"], in_use))
        advice = "ELMAN_KERNELS and ELMAN_ISA choose others"
        raise ConfigError(f"{path}: begun with the kernels {shown(begun)}, here they are {here}: other bits; {advice}")


def check_files(checkpoints: Checkpoints, files: Iterable[str]) -> None:
    """Raise ConfigError if the files that a run reads have changed; they are named as ``local`` does."""
    path = checkpoints.path
    recorded = {local(checkpoints, name): found for name, found in checkpoints.about["files"].items()}
    now = file_digests(files)
    for name in {**recorded, **now}:
        if recorded.get(name) != now.get(name):
            what = "is new" if name not in recorded else "is gone" if name not in now else "has changed"
            raise ConfigError(f"{name}: {what} since the run of {path} began, which needs the same input; {_AGAIN}")


def local(checkpoints: Checkpoints, path: str) -> str:
    """Return the path of an input as it is named here, where the run may go on in another folder."""
    folder = checkpoints.about["folder"]
    return path if path == "-" or folder == os.getcwd() else os.path.join(folder, path)


def agreed(checkpoints: Checkpoints, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the run. Raises ConfigError if another value was given than that it has."""
    recorded = dict(checkpoints.about["arguments"])
    for name, value in given.items():
        value = _plain(value)
        if value == defaults[name]:
            continue
        pairs = {name: (value, recorded.get(name))}
        if isinstance(value, dict):
            of_run = recorded.get(name) or {}
            pairs = {key: (each, of_run.get(key)) for key, each in value.items()}
        for key, (new, old) in pairs.items():
            if str(new) != str(old):
                found = f"the run of {checkpoints.path} has {shown(old)}, got {shown(new)}"
                raise ConfigError(f"{key}: {found}; leave it out, or {_AGAIN}")
    return recorded


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def _kernels() -> dict[str, str]:
    found = kernels.describe()
    return {"backend": str(found["backend"]), "isa": str(found["isa"])}
