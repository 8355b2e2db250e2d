"""Read requests and make answers: JSON values are checked field by field, and every error is one line."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn

from starlette.requests import Request
from starlette.responses import Response

from elman.errors import ElmanError
from elman.serve.events import Values
from elman.serve.store import ConflictError, FullError, checked_annotator
from elman.utils.display import one_line, shown

Answer = Callable[[Request], Awaitable[Response]]
SECONDS = 1e7
"""Most seconds that a sentence may have taken."""
_NAMES = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


class Refused(ElmanError):
    """A request that is answered with an error: its status, and more fields of the answer."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.more = status, more


def reply(value: Any, status: int = 200) -> Response:
    """Return an answer of JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json")


def answering(answer: Answer) -> Answer:
    """Turn the errors of an answer into answers."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except Refused as error:
            return reply({"error": str(error), **error.more}, error.status)
        except ConflictError as error:
            return reply({"error": str(error)}, 409)
        except FullError as error:
            return reply({"error": str(error)}, 507)
        except ElmanError as error:
            return reply({"error": str(error)}, 400)

    return answered


def bad(message: str) -> NoReturn:
    """Refuse a request with status 400."""
    raise Refused(400, one_line(message))


class Fields:
    """The fields of a JSON object or of a query; what nobody asks for is refused by ``end``."""

    def __init__(self, values: Mapping[str, Any], where: str = "") -> None:
        self._values, self._where, self._asked = values, where, set[str]()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str, kind: type, default: Any = ...) -> Any:
        """Return a field of a type. Raises Refused if it is missing without a default, or of another type."""
        self._asked.add(name)
        value = self._values.get(name, default)
        if value is ...:
            bad(f"{self._where}{name}: expected {_NAMES[kind]}, found nothing")
        if name not in self._values:
            return value
        if kind is float and isinstance(value, int) and not isinstance(value, bool) and abs(value) < SECONDS:
            value = float(value)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            bad(f"{self._where}{name}: expected {_NAMES[kind]}, found {shown(json.dumps(value)[:200])}")
        if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
            bad(f"{self._where}{name}: expected a text, found half a surrogate pair in it")
        return value

    def number(self, name: str, low: int, high: int, default: Any = ...) -> Any:
        """Return a whole number in a range, also of a query; ``default`` if it is not given."""
        self._asked.add(name)
        value = self._values.get(name, default)
        if name not in self._values or value == "":
            if default is ...:
                bad(f"{self._where}{name}: expected a whole number, found nothing")
            return default
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            bad(f"{self._where}{name}: expected a whole number from {low} to {high}, found {shown(str(value))}")
        return value

    def annotator(self) -> str:
        """Return the annotator's name."""
        return checked_annotator(self.get("annotator", str, "annotator") or "annotator")

    def seconds(self) -> float | None:
        """Return the seconds that a sentence took; None if nobody says."""
        value = self.get("seconds", float, None)
        if value is not None and not (math.isfinite(value) and 0 <= value <= SECONDS):
            bad(f"seconds: expected a number from 0 to {SECONDS:,.0f}")
        return None if value is None else float(value)

    def values(self, name: str) -> Values:
        """Return tags by column and labels by name."""
        fields = Fields(self.get(name, dict), f"{name}.")
        columns, labels = fields.get("columns", dict, {}), fields.get("labels", dict, {})
        fields.end()
        for column, tags in columns.items():
            if not isinstance(tags, list) or not all(tag is None or isinstance(tag, str) for tag in tags):
                bad(f"{name}.columns: expected a list of tags, each a text or null, in {shown(column)}")
        for label, value in labels.items():
            if value is not None and not isinstance(value, str):
                bad(f"{name}.labels: expected a text or null in {shown(label)}")
        return Values({column: tuple(tags) for column, tags in columns.items()}, labels)

    def end(self) -> None:
        """Raise Refused for a field that nobody has asked for."""
        for name in self._values:
            if name not in self._asked:
                expected = ", ".join(sorted(self._asked)) or "none"
                bad(f"{self._where}{shown(str(name))}: no such field; expected {expected}")


async def body_of(request: Request) -> Fields:
    """Return the JSON object of a request. Raises Refused if it has none."""
    data = await request.body()
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, f"expected a body of application/json, found {shown(kind)}")
    try:
        value = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        bad("expected a body of JSON in UTF-8")
    if not isinstance(value, dict):
        bad("expected a JSON object")
    return Fields(value)


def query_of(request: Request) -> Fields:
    """Return the fields of the query; of one that is given twice, the last."""
    return Fields(dict(request.query_params))
