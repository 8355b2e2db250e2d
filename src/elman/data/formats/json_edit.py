"""Parse JSON strictly, and edit it in place: unchanged parts stay byte for byte."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from elman.errors import DataError
from elman.utils.display import shown
from elman.utils.limits import DEPTH, LINE, RECORD, SENTENCE

TOO_DEEP = "JSON with too many objects or lists within each other"
TOO_LARGE = f"a JSON record with more than {RECORD:,} brackets and quotes; expected one record for each text"
_SPACE = re.compile(r"[ \t\r\n]*")
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""A string, up to its quote or to the end, or a bracket. No step back: the time must not grow with the square."""


def parse(text: str, path: str, line: int) -> dict[str, Any]:
    """Parse a JSON object.

    Raises DataError with path and line for invalid JSON, a non-object value, a repeated key, NaN or infinity,
    half a surrogate pair, nesting that is too deep, or a record that is too large.
    """
    if len(text) > RECORD and sum(map(text.count, '[{"')) > RECORD:
        raise DataError(TOO_LARGE, path=path, line=line)
    try:
        value = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        hint = "; an object that goes on over lines is read by --format json" if text.strip() in ("{", "[") else ""
        message = f"no JSON: {error.msg} at character {error.pos + 1}{hint}"
        raise DataError(message, path=path, line=line + error.lineno - 1) from None
    except DataError as error:
        raise DataError(str(error), path=path, line=line) from None
    except ValueError:  # more digits than Python converts
        raise DataError("a number of thousands of digits; fix it or write it as text", path=path, line=line) from None
    except RecursionError:
        raise DataError(TOO_DEEP, path=path, line=line) from None
    if not isinstance(value, dict):
        raise DataError(f"expected an object {{…}}, found {shown(text.strip())}", path=path, line=line)
    if "\\u" in text and re.search(r"\\u[dD][89a-fA-F]", text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise DataError("half a surrogate pair (\\ud800 to \\udfff alone)", path=path, line=line) from None
        except RecursionError:
            raise DataError(TOO_DEEP, path=path, line=line) from None
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = next(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
        raise DataError(f"the key {shown(twice)} occurs twice in an object")
    return values


def _refuse_constant(name: str) -> Any:
    raise DataError(f"{name} is no JSON")


def dump(value: object) -> str:
    """Return JSON on one line; non-ASCII characters are not escaped."""
    return json.dumps(value, ensure_ascii=False)


def edit_object(text: str, values: Mapping[str, object]) -> str:
    """Return the text of an object with new values for some keys; new keys are added at its end."""
    decoder = json.JSONDecoder()
    pieces: list[str] = []
    pending = dict(values)
    copied_to = 0
    position = end_of_last = text.index("{") + 1
    empty = True
    while text[position := _after_space(text, position)] != "}":
        if text[position] == ",":
            position = _after_space(text, position + 1)
        key, position = decoder.raw_decode(text, position)
        start = _after_space(text, _after_space(text, position) + 1)  # after the colon
        _, position = decoder.raw_decode(text, start)
        if key in pending:
            pieces += [text[copied_to:start], dump(pending.pop(key))]
            copied_to = position
        end_of_last, empty = position, False
    added = ", ".join(f"{dump(key)}: {dump(value)}" for key, value in pending.items())
    comma = ", " if added and not empty else ""
    return "".join(pieces) + text[copied_to:end_of_last] + comma + added + text[end_of_last:]


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()


def array_elements(lines: Iterable[str], path: str) -> Iterator[tuple[int, str]]:
    """Yield the elements of a JSON array, which may span several lines, each with the number of its first line.

    Memory is bounded by the longest element and the longest line. Raises DataError unless it is a complete array.
    """
    depth = n_elements = first = number = size = 0  # depth: number of open brackets; size: characters in pieces
    pieces: list[str] = []
    gap = ""  # text between elements
    for number, line in enumerate(lines, 1):
        start = 0
        for match in _PIECE.finditer(line):
            mark = match[0]
            if mark in ("[", "{"):
                if depth < 2:
                    _check_gap(gap + line[start : match.start()], "," if n_elements else "", path, number)
                    gap, start, first = "", match.start(), number
                    if depth == 0:
                        _check_gap("" if mark == "[" else mark, "", path, number)
                        start = match.end()
                depth += 1
                if depth > DEPTH:
                    raise DataError(TOO_DEEP, path=path, line=number)
            elif mark in ("]", "}"):
                depth -= 1
                if depth == 1:
                    n_elements += 1
                    yield first, "".join(pieces) + line[start : match.end()]
                    pieces, size, start = [], 0, match.end()
                elif depth <= 0:
                    _check_gap(gap + line[start : match.start()], "", path, number)
                    _check_gap("" if mark == "]" and depth == 0 else mark, "", path, number)
                    gap, start, n_elements = "", match.end(), 1  # so that text after the array is refused
        if depth > 1:
            pieces.append(line[start:])
            size += len(pieces[-1])
        else:
            gap += line[start:]
        if size + len(gap) > LINE or len(pieces) > SENTENCE:
            most = f"{LINE:,} characters or {SENTENCE:,} lines"
            raise DataError(f"more than {most} in an element: is a bracket missing?", path=path, line=number)
    if depth:
        raise DataError("the array does not end, ] is missing; get the file again", path=path, line=number)
    _check_gap(gap, "", path, number)


def _check_gap(found: str, expected: str, path: str, line: int) -> None:
    if found.strip() != expected:
        message = f"expected an array of objects, [{{…}}, {{…}}], found {shown(found.strip() or '{')} around them"
        raise DataError(message, path=path, line=line)
