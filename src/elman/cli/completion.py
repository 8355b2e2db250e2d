"""Completion in bash, zsh and fish: settings and their values, tasks, formats, columns, files.

Click asks for the values of one option or argument at a time; a shell calls elman with ``_ELMAN_COMPLETE`` set.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    add_completion_class,
    get_completion_class,
    shell_complete,
    split_arg_string,
)

from elman.errors import ElmanError

VARIABLE = "_ELMAN_COMPLETE"
SHELLS = ("bash", "zsh", "fish")
_ENDS_OPEN = ("=", ":")
"""Ends of values that go on."""
_SPECIAL = re.compile(r"[^\w@%+=:,./-]")
"""Characters that may mean something to a shell."""

Values = Callable[[click.Context, str], Iterable[str | CompletionItem]]


class _Bash(BashComplete):
    """Bash splits words at ``=`` and ``:``, too, and wants only what comes after the last of these."""

    source_template = (
        BashComplete.source_template.replace(
            'env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD',
            'env COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORDBREAKS="$COMP_WORDBREAKS"',
        )
        .replace("COMPREPLY+=($value)", 'COMPREPLY+=("$value"); [[ $value == *[=:] ]] && compopt -o nospace')
    )  # fmt: skip

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ.get("COMP_LINE")
        if line is None:  # called by click's own script
            return super().get_completion_args()
        words = split_arg_string(line)
        return (words[1:], "") if line[-1:].isspace() else (words[1:-1], "".join(words[-1:]))

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        found = super().get_completions(args, incomplete)
        breaks = os.environ.get("COMP_WORDBREAKS", "=:")
        typed = incomplete.partition("=")[2] if incomplete.startswith("--") else incomplete
        begun = 1 + max((typed.rfind(mark) for mark in _ENDS_OPEN if mark in breaks), default=-1)
        for item in found:
            if item.type == "plain" and item.value.startswith(typed[:begun]):
                item.value = item.value[begun:]
            if item.type == "plain" and _SPECIAL.search(item.value):  # a column's name may hold $(…); zsh, fish quote
                item.value = shlex.quote(item.value)
        return found


class _Fish(FishComplete):
    """A value can hold a comma."""

    source_template = FishComplete.source_template.replace('string split ","', 'string split -m 1 ","')


def run(group: click.Group, instruction: str) -> int:
    """Answer a shell, which asks for the script (``bash_source``) or for values (``bash_complete``)."""
    _register()
    return shell_complete(group, {}, "elman", VARIABLE, instruction)


def script(group: click.Group, shell: str) -> str:
    """Return the script that makes a shell complete the commands and options of ``elman``."""
    _register()
    kind = get_completion_class(shell)
    assert kind is not None
    return kind(group, {}, "elman", VARIABLE).source()


def _register() -> None:
    add_completion_class(_Bash, "bash")
    add_completion_class(_Fish, "fish")


def values_of(what: str, context: click.Context, incomplete: str) -> list[CompletionItem]:
    """Return the values of one kind, a key of ``VALUES``, that begin with what is typed."""
    found = []
    with suppress(ElmanError, OSError):  # an error message would end up in the command line
        for value in VALUES[what](context, incomplete):
            item = value if isinstance(value, CompletionItem) else CompletionItem(value)
            # a name with a control character could act on the terminal
            if item.type != "plain" or (item.value.startswith(incomplete) and item.value.isprintable()):
                found.append(item)
    return found


def _files(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    yield CompletionItem(incomplete, type="file")


def _settings(context: click.Context, incomplete: str) -> Iterator[str | CompletionItem]:
    from elman.settings import NETWORK, TRAINING

    known = NETWORK | TRAINING
    key, mark, _ = incomplete.partition("=")
    if not mark:
        yield from (CompletionItem(f"{name}=", help=setting.help) for name, setting in known.items())
    elif key in known:
        setting = known[key]
        bounds = (value for value in (setting.default, setting.low, setting.high) if value is not None)
        yield from (f"{key}={value}" for value in dict.fromkeys(setting.of or bounds))


def _tasks(context: click.Context, incomplete: str) -> Iterator[str]:
    from elman.taggers.registry import TASKS

    name, mark, _ = incomplete.partition(":")
    if not mark:
        yield from TASKS
    elif name in TASKS:
        for option, values in TASKS[name].options.items():
            yield from (f"{name}:{option}={value}" for value in values)


def _input_formats(context: click.Context, incomplete: str) -> Iterable[str]:
    from elman.data.formats import INPUT_FORMATS

    return INPUT_FORMATS


def _predicted_formats(context: click.Context, incomplete: str) -> Iterator[str]:
    yield from _input_formats(context, incomplete)
    yield "tags"


def _output_formats(context: click.Context, incomplete: str) -> Iterable[str]:
    from elman.data.formats import OUTPUT_FORMATS

    return (*OUTPUT_FORMATS, "fields") if context.info_name == "tag" else OUTPUT_FORMATS


def _schemes(context: click.Context, incomplete: str) -> Iterable[str]:
    from elman.data.schemes import SCHEMES

    return SCHEMES


def _kinds(context: click.Context, incomplete: str) -> Iterator[str]:
    from elman.data.convert import DROPPABLE

    return _listed((*DROPPABLE, "all"), incomplete)


def _encodings(context: click.Context, incomplete: str) -> Iterable[str]:
    return ("utf-8", "utf-16", "latin-1", "cp1252", "iso-8859-15", "gb18030", "shift_jis", "euc-kr", "koi8-r")


def _columns(context: click.Context, incomplete: str) -> Iterator[str]:
    """Yield the columns of the first model or file on the command line that can be read."""
    for path in _paths({**context.params, "not parsed": tuple(context.args)}):
        names = _columns_of(path, context.params)
        if names:
            return _listed(names, incomplete)
    return iter(())


def _paths(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the files among the values of options and arguments, arguments first."""
    for value in values.values():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, str) and os.path.isfile(each):
                yield each


def _columns_of(path: str, values: Mapping[str, Any]) -> list[str]:
    from elman.cli.loading import is_model

    if is_model(path):
        from elman.models import file

        target = file.read(path)[0].get("target")
        return [target] if isinstance(target, str) else list(target or ())
    from elman.data.formats import read_sentences

    reading = read_sentences(path, format=values.get("format"), encoding=values.get("encoding") or "utf-8")
    names = {name: None for sentence in reading.first() for name in (*sentence.columns, *sentence.labels)}
    return list(names)


def _listed(names: Iterable[str], incomplete: str) -> Iterator[str]:
    """Yield names for the end of a list with commas, without those that are in it."""
    before, mark, _ = incomplete.rpartition(",")
    return (before + mark + name for name in names if name not in before.split(","))


VALUES: dict[str, Values] = {
    "files": _files,
    "settings": _settings,
    "tasks": _tasks,
    "input formats": _input_formats,
    "predicted formats": _predicted_formats,
    "output formats": _output_formats,
    "schemes": _schemes,
    "kinds": _kinds,
    "encodings": _encodings,
    "columns": _columns,
}
"""What can be completed, by the kind of value."""
OF_OPTIONS = {
    "--set": "settings",
    "--task": "tasks",
    "--format": "input formats",
    "--from": "input formats",
    "--predicted-format": "predicted formats",
    "--to": "output formats",
    "--as": "output formats",
    "--scheme": "schemes",
    "--drop": "kinds",
    "--encoding": "encodings",
    "--target": "columns",
    "--label": "columns",
    "--replay": "files",
}
"""The kind of value of each option; a name means the same on every command."""
