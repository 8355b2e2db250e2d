"""Say what was probably meant by a command or an option that does not exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from elman.utils.display import shown
from elman.utils.suggest import did_you_mean, nearest

_OTHER_NAMES = {
    "classify": "tag",
    "describe": "inspect",
    "eval": "evaluate",
    "explain": "gradients",
    "export": "convert",
    "fit": "train",
    "generate": "sample",
    "help": "--help",
    "label": "tag",
    "predict": "tag",
    "score": "evaluate",
    "test": "evaluate",
    "validate": "check",
    "version": "--version",
}
"""What other programs call the commands."""
_LIKE_AN_OPTION = 0.65
_LIKE_A_SETTING = 0.8
"""Similarity of a name to another one; there are so many settings that some are near to any name."""


class Group(click.Group):
    """A group of commands that answers an unknown one with the nearest, and none with its help."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; without any the help is asked for."""
        return super().parse_args(ctx, args if args or ctx.resilient_parsing else ["--help"])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command of the arguments. Fails if it does not exist."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            other = _OTHER_NAMES.get(args[0].lower())
            near = f": did you mean {other}?" if other in (*known, "--help", "--version") else ""
            ctx.fail(f"no command {shown(args[0])}{near or did_you_mean(args[0], known)}")
        return super().resolve_command(ctx, args)


def no_option(error: click.NoSuchOption, arguments: Sequence[str]) -> str:
    """Return the message for an option that does not exist; ``arguments`` are those of the whole command line."""
    command = None if error.ctx is None else error.ctx.command
    params = [] if command is None else command.params
    options = [name for param in params if isinstance(param, click.Option) for name in param.opts]
    given = next((item for item in arguments if item.split("=")[0] == error.option_name), None) or next(
        (item for item in arguments if not item.startswith("--") and item.startswith(error.option_name)),
        error.option_name,  # the first letter of -epochs
    )
    name, _, value = given.partition("=")
    message, bare = f"no option {shown(name)[1:-1]}", name.lstrip("-")
    if len(bare) < 2 or any(bare.lower() == metavar.strip("[].").lower() for metavar in _metavars(params)):
        return message + _arguments(params)
    if setting := _setting(bare, settable="--set" in options):
        after = arguments[arguments.index(given) + 1 :] if given in arguments else ()
        value = value or next(iter(after), "")
        value = "VALUE" if value.startswith("-") or not value else shown(value)[1:-1]
        where = ", pass" if "--set" in options else " of training: elman train"
        return f"{message}: {setting} is a setting{where} --set {setting}={value}"
    names = [option[2:] for option in (*options, "--help") if option.startswith("--")]
    near = nearest(bare, names, similarity=_LIKE_AN_OPTION)
    return message + (f": did you mean --{near}?" if near else "")


def _setting(name: str, *, settable: bool) -> str:
    """Return the setting that is meant by the name of an option, "" if none is."""
    from elman.settings import NETWORK, OTHER_NAMES, TRAINING

    name = name.lower().replace("-", "_")
    name = OTHER_NAMES.get(name, name)
    known = {*NETWORK, *TRAINING}
    if name in known or not settable:
        return name if name in known else ""
    return nearest(name, known, similarity=_LIKE_A_SETTING)


def _arguments(params: Iterable[click.Parameter]) -> str:
    """Return what a command takes without options."""
    names = " ".join(_metavars(params))
    return f"; {names} {'is' if names.isalpha() else 'are'} given without an option" if names else ""


def _metavars(params: Iterable[click.Parameter]) -> list[str]:
    return [str(param.metavar) for param in params if isinstance(param, click.Argument)]
