"""``elman settings``."""

from __future__ import annotations

import textwrap
from dataclasses import Field, dataclass
from typing import Any

from elman.cli.options import command
from elman.cli.say import say
from elman.config import PRESETS, settings_fields

_SECTIONS = {
    "network": "the network",
    "training": "its training",
}


@dataclass(frozen=True, kw_only=True)
class Options:
    """``elman settings`` has none."""


@command(Options)
def settings(options: Options) -> None:
    """List all settings of a training.

    Each with its kind, range, meaning and values in the presets, for --set KEY=VALUE or the file of --config.
    """
    say(settings_help())


def settings_help() -> str:
    """Return the list of settings, in 80 columns, with the default and the presets that differ from it."""
    lines = ["Settings, for --set KEY=VALUE or as KEY = VALUE in the file of --config", ""]
    presets = {name: config.to_dict() for name, config in PRESETS.items()}
    last = ""
    for section, f in settings_fields():
        if section != last:
            lines += ([""] if last else []) + [f"[{section}]  {_SECTIONS[section]}"]
            last = section
        of = {name: _shown(values[section][f.name]) for name, values in presets.items()}
        values = ", ".join(f"{name} {of[name]}" for name in of if name == "default" or of[name] != of["default"])
        lines.append(f"  {f.name + '=' + _kind(f):<32} {values}")
        lines += textwrap.wrap(
            f.metadata["help"], 78, initial_indent="      ", subsequent_indent="      ", break_on_hyphens=False
        )
    return "\n".join(lines)


def _kind(f: Field[Any]) -> str:
    """Return the values of a setting: ``sgd|adam``, ``1..16`` (whole numbers), ``0.0..1.0`` or ``TEXT``."""
    if f.metadata["of"]:
        return "|".join(f.metadata["of"])
    kind: Any = type(f.default)
    if kind is str:
        return "TEXT"
    low, high = f.metadata["low"], f.metadata["high"]
    return f"{kind(low)}..{kind(high)}"


def _shown(value: Any) -> str:
    return '""' if value == "" else str(value)
