"""Dataclasses as values for ``json.dumps``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar


class JsonRecord:
    """Base class of results with a JSON form: the attributes and properties listed in ``JSON``, in that order.

    ``JSON`` holds names separated by spaces; without it the JSON form has all fields of the dataclass.
    """

    __slots__ = ()
    JSON: ClassVar[str] = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain values for ``json.dumps``."""
        names = self.JSON.split() or [field.name for field in fields(self)]  # type: ignore[arg-type]
        return {name: as_json(getattr(self, name)) for name in names}


def as_json(value: Any) -> Any:
    """Return a value for ``json.dumps``: records and dataclasses become objects, tuples become lists."""
    if isinstance(value, JsonRecord):
        return value.to_json()
    if is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return value
