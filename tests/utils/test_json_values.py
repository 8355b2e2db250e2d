"""Dataclasses as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass

from elman.utils.json_values import JsonRecord, as_json


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Path(JsonRecord):
    points: dict[str, Point]
    hidden: int

    JSON = "length points"

    @property
    def length(self) -> int:
        return len(self.points)


@dataclass(frozen=True, slots=True)
class All(JsonRecord):
    path: Path
    name: str | None = None


def test_the_names_that_are_listed_in_their_order() -> None:
    path = Path({"a": Point(1, (2, 3))}, 5)
    assert json.dumps(path.to_json()) == '{"length": 1, "points": {"a": {"x": 1, "y": [2, 3]}}}'
    assert All(path).to_json() == {"path": path.to_json(), "name": None}
    assert as_json([Point(1, ())]) == [{"x": 1, "y": []}]
