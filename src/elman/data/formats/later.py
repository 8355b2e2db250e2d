"""Modules that are loaded when something of them is first asked for: there are many formats, and a run needs few."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import Any


class Later:
    """The module ``elman.data.formats.{module}``, or its member ``name``; a module with dots is a full name."""

    def __init__(self, module: str, name: str = "") -> None:
        self._path, self._name = module if "." in module else f"elman.data.formats.{module}", name

    @cached_property
    def _module(self) -> Any:
        return import_module(self._path)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(getattr(self._module, self._name) if self._name else self._module, attribute)
