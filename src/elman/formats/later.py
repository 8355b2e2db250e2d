"""Modules that are loaded when something of them is first asked for: there are many formats, and a run needs few."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Later:
    """The module ``elman.formats.{module}``, or what is called ``name`` in it; a name with dots is a module's own."""

    def __init__(self, module: str, name: str = "") -> None:
        self._module, self._name = module if "." in module else f"elman.formats.{module}", name

    def __getattr__(self, attribute: str) -> Any:
        module = import_module(self._module)
        found = getattr(getattr(module, self._name) if self._name else module, attribute)
        setattr(self, attribute, found)  # asked for again and again, of every line
        return found
