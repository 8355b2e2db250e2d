"""The options of commands whose training can be resumed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from elman.cli.options import option
from elman.cli.outputs import check_not_an_input
from elman.errors import ConfigError
from elman.utils import signals

if TYPE_CHECKING:
    from elman.cli.notes import Notes
    from elman.training.checkpoint import Checkpoints
    from elman.training.progress import Progress

_FREE = ("checkpoint", "every", "resume", "overwrite", "threads", "quiet", "verbose")
"""Options that are not part of a run."""
_WHY = "a run with a checkpoint that goes on reads it again"


@dataclass(frozen=True, kw_only=True)
class CheckpointOptions:
    """Where the state of a run is kept, and whether to go on from it."""

    checkpoint: str | None = option(
        "--checkpoint",
        metavar="FILE",
        help="Keep the state of training in FILE (and FILE.previous) until the model is written, to go on from it.",
    )
    every: str | None = option(
        "--every", metavar="TIME", help="Time between two states in the checkpoint, as 30s (the default) or 5m."
    )
    resume: str | None = option(
        "--resume", metavar="FILE", help="Go on with the run of this checkpoint; no other argument is needed."
    )
    overwrite: bool = option("--overwrite", is_flag=True, help="Start again although there is a checkpoint.")

    def check_checkpoint(self) -> None:
        """Raise ConfigError for options that contradict each other."""
        if self.resume is not None and (self.checkpoint is not None or self.overwrite):
            raise ConfigError(
                "--resume: the run goes on with its own checkpoint; leave out --checkpoint and --overwrite"
            )
        if self.checkpoint is None and self.resume is None and (self.every is not None or self.overwrite):
            raise ConfigError("--every and --overwrite: expected --checkpoint FILE with them")


def missing(kind: str, hint: str) -> NoReturn:
    """Raise the usage error for an argument or option that only a resumed run may leave out."""
    context = click.get_current_context()
    parameter: Any = None
    raise click.MissingParameter(ctx=context, param=parameter, param_hint=hint, param_type=kind)


def check_run_outputs(
    outputs: Mapping[str, str | None], inputs: Sequence[str], checkpoint: str | None, *, also_read: Sequence[str] = ()
) -> None:
    """Raise OutputError or ConfigError if an output cannot be written, is read, or has the name of another one.

    ``outputs`` are named as a message does; ``checkpoint`` is that of the run, if it has one: both its files count.
    ``also_read`` are files that outputs may replace, but no checkpoint.
    """
    from elman.training.checkpoint import generations
    from elman.utils.files import check_target

    found = [(what, path) for what, path in outputs.items() if path is not None]
    if checkpoint is not None:
        found += [("checkpoint", path) for path in generations(checkpoint)]
    named: dict[str, str] = {}
    for what, path in found:
        check_target(path, text=what in ("log", "page"))
        check_not_an_input(path, [*inputs, *also_read] if what == "checkpoint" else inputs)
        if (other := named.setdefault(os.path.realpath(path), what)) != what:
            raise ConfigError(f"{path}: is both the {other} and the {what}; name two files")


_T = TypeVar("_T", bound=CheckpointOptions)


def begin(options: CheckpointOptions, command: str, files: list[str], notes: Notes) -> Checkpoints | None:
    """Begin the run of a command with these options, which reads ``files``; None if it has no checkpoint."""
    if options.checkpoint is None:
        return None
    from elman.data import digest
    from elman.training import run_identity

    digest.kept(files, _WHY)
    arguments = {name: value for name, value in asdict(options).items() if name not in _FREE}
    run = command, arguments, files
    return run_identity.begin(options.checkpoint, run, options.every, notes.alarm, overwrite=options.overwrite)


def resumed(options: _T, command: str, paths: tuple[str, ...], notes: Notes) -> tuple[_T, Checkpoints]:
    """Return the options of the run of a checkpoint, and the checkpoint; ``paths`` are the options that name files.

    Raises ConfigError if something has changed, ModelFileError if there is no checkpoint that can be used.
    """
    from elman.training import run_identity

    assert options.resume is not None
    found = run_identity.reopen(options.resume, command, options.every, notes.alarm)
    given, source = asdict(options), click.get_current_context().get_parameter_source
    typed = {name for name in given if name not in _FREE and source(name) == click.core.ParameterSource.COMMANDLINE}
    arguments = run_identity.agreed(found, {name: given[name] for name in typed}, dict.fromkeys(typed))
    for name in paths:
        value = arguments[name]
        if value is not None:
            local = [run_identity.local(found, each) for each in ([value] if isinstance(value, str) else value)]
            arguments[name] = local[0] if isinstance(value, str) else tuple(local)
    return type(options)(**{name: arguments.get(name, value) for name, value in given.items()}), found


def ending(progress: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Let a signal end training, not the process: a checkpoint keeps what was done."""

    def see(event: Progress) -> None:
        progress(event)
        signals.keep()
        if signals.requested():
            raise KeyboardInterrupt

    return see
