"""What is public of elman, a line for each name: ``python tests/helpers/public_names.py`` writes the golden files.

``tests/public-api.txt`` has the modules that docs/reference/api documents: functions, classes, methods, properties and
attributes with their signatures as they are written. ``tests/public-commands.txt`` has commands with their options,
exit statuses, settings, presets, tasks and formats.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import click

import elman
from elman import settings
from elman.config import PRESETS
from elman.data.formats import INPUT_FORMATS, OUTPUT_FORMATS
from elman.taggers.registry import TASKS

ROOT = Path(__file__).resolve().parents[2]
API, COMMANDS = ROOT / "tests" / "public-api.txt", ROOT / "tests" / "public-commands.txt"
CONSTRUCTED = {
    *("Sentence", "ProgressBar", "TagEvaluator", "RunScores", "Correction", "Learner", "ElmanClassifier"),
    *("ElmanTagger", "BatchTagger", "ConversionRequest", "DataSplit", "Net", "Training"),
}
"""The classes that people make objects of; those of all others come from functions, and may get new arguments."""
INSIDE = ("from_record", "to_record")
"""How models are stored: docs/reference/stability.md excepts these, and the methods of ``Ensemble``."""


def script(name: str) -> ModuleType:
    """A script of docs/, as a module."""
    spec = importlib.util.spec_from_file_location(f"public_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def signature(api: ModuleType, function: Any) -> str:
    """Return parameters and result of a function, on one line."""
    found = inspect.signature(function)
    parts: list[str] = []
    for p in found.parameters.values():
        if p.name in ("self", "cls"):
            continue
        if p.kind is p.KEYWORD_ONLY and not any(part.startswith("*") for part in parts):
            parts.append("*")
        parts.append(api.parameter(p))
    result = "" if found.return_annotation is found.empty else f" -> {api.annotation(found.return_annotation)}"
    return f"({', '.join(parts)}){result}"


def class_lines(api: ModuleType, name: str, cls: type, public: set[type]) -> Iterator[str]:
    """Yield the class with its public bases, its constructor, and what it does not inherit from a public base."""
    bases = sorted(base.__name__ for base in cls.__mro__[1:] if base in public)
    yield f"{name}: class" + (f" of {', '.join(bases)}" if bases else "")
    if cls.__name__ in CONSTRUCTED:
        yield f"{name}{signature(api, cls)}".removesuffix(" -> None")
    if cls is elman.Ensemble:
        return
    own = [base for base in cls.__mro__ if base is cls or base not in public]
    if is_dataclass(cls) or hasattr(cls, "_fields"):
        yield from (f"{name}.{field}: {kind}" for field, kind, _ in api.fields(cls))
    for member, value, owner in api.members(cls):
        if owner not in own or member in INSIDE:
            continue
        if isinstance(value, api.PROPERTIES):
            getter = value.fget if isinstance(value, property) else value.func
            yield f"{name}.{member}: property{signature(api, getter).removeprefix('()')}"
        else:
            kind = type(value).__name__ if isinstance(value, (classmethod, staticmethod)) else ""
            function = value.__func__ if kind else value
            yield f"{name}.{member}{signature(api, function)}{f' ({kind})' if kind else ''}"


def api_lines() -> Iterator[str]:
    """Yield the lines of public-api.txt."""
    api = script("api")
    public = {value for value in (getattr(elman, name) for name in elman.__all__) if inspect.isclass(value)}
    for module_name in api.MODULES:
        module = importlib.import_module(module_name)
        yield f"# {module_name}"
        for name in api.public_names(module):
            value, path = getattr(module, name), f"{module_name}.{name}"
            if inspect.isclass(value):
                if value in public and module_name != "elman":
                    yield f"{path}: elman.{value.__name__}"
                else:
                    first, *others = class_lines(api, path, value, public - {value})
                    yield first
                    yield from sorted(others)
            elif callable(value):
                yield f"{path}{signature(api, value)}"
            else:
                yield f"{path}: constant"


def option_line(context: click.Context, option: click.Option) -> str | None:
    """Return an option with its values, range and default; None if it is hidden."""
    record = option.get_help_record(context)
    if record is None:
        return None
    notes = []
    kind = option.type
    if isinstance(kind, (click.IntRange, click.FloatRange)):
        notes.append(f"{kind.name.removesuffix(' range')} from {kind.min} to {kind.max}")
    if option.multiple:
        notes.append("repeated")
    if option.required:
        notes.append("required")
    if option.default is not None and not option.is_flag and "UNSET" not in repr(option.default):
        notes.append(f"default {option.default}")  # click has a mark of its own for options without a default
    names = re.sub(r"\s+", " ", record[0])
    return f"{context.command_path} {names}" + (f" ({', '.join(notes)})" if notes else "")


def command_lines() -> Iterator[str]:
    """Yield the lines of public-commands.txt."""
    commands = script("commands")
    yield "# commands and options"
    for context in commands.contexts(elman_group(), "elman"):
        usage = " ".join(context.command.collect_usage_pieces(context))
        yield f"{context.command_path}: {usage}; help by {', '.join(context.help_option_names)}"
        # a command keeps its help option from the first context that it is asked in
        options = (each for each in context.command.params if isinstance(each, click.Option))
        yield from sorted(line for line in (option_line(context, each) for each in options) if line)
    yield "# exit statuses"
    statuses = re.findall(r"^\| ([\d, ]+) \|", commands.INTRODUCTION, re.MULTILINE)
    yield from sorted((status for row in statuses for status in row.split(", ")), key=int)
    yield "# settings"
    for section, table in (("network", settings.NETWORK), ("training", settings.TRAINING)):
        for name, setting in sorted(table.items()):
            values = "|".join(setting.of) if setting.of else f"{setting.low} to {setting.high}"
            yield f"{section}.{name}: {values}"
    yield "# presets"
    yield from sorted(PRESETS)
    yield "# tasks"
    for name, task in sorted(TASKS.items()):
        yield name
        yield from (f"{name}:{option}={'|'.join(values)}" for option, values in task.options.items())
    yield "# formats"
    yield from (f"{name}: read" for name in sorted(INPUT_FORMATS))
    yield from (f"{name}: written" for name in sorted(OUTPUT_FORMATS))


def elman_group() -> click.Group:
    from elman.cli import group

    return group


def text(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    for path, lines in ((API, api_lines()), (COMMANDS, command_lines())):
        path.write_text(text(lines), encoding="utf-8", newline="\n")
