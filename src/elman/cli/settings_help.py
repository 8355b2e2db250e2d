"""``elman train --help-settings``: every setting with its kind, range, meaning and value in the presets."""

from __future__ import annotations

import textwrap
from dataclasses import Field
from typing import Any

from elman.config import PRESETS, settings_fields

_SECTIONS = {
    "network": "what the network is",
    "training": "how it is trained",
}


def settings_help() -> str:
    """The whole list, in 80 columns: of the presets the default and those that differ from it."""
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
        lines += textwrap.wrap(f.metadata["help"], 78, initial_indent="      ", subsequent_indent="      ")
    return "\n".join(lines)


def _kind(f: Field[Any]) -> str:
    """What may stand behind the equals sign: ``sgd|adam``, ``1..16`` (whole numbers), ``0.0..1.0``, ``TEXT``."""
    if f.metadata["of"]:
        return "|".join(f.metadata["of"])
    kind: Any = type(f.default)
    if kind is str:
        return "TEXT"
    low, high = f.metadata["low"], f.metadata["high"]
    return f"{kind(low)}..{kind(high)}"


def _shown(value: Any) -> str:
    return '""' if value == "" else str(value)
