"""JSON read strictly, and changed in place: what is not changed stays byte for byte."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from elman.errors import DataError
from elman.utils.display import shown

TOO_DEEP = "JSON with too many objects or lists within each other"
_SPACE = re.compile(r"[ \t\r\n]*")
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def parse(text: str, path: str, line: int) -> dict[str, Any]:
    """An object of JSON.

    Raises DataError with path and line: no JSON, no object, a key twice, NaN or infinity, half a surrogate pair,
    objects within objects without end.
    """
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        hint = "; an object that goes on over lines is read by --format json" if text.strip() in ("{", "[") else ""
        message = f"no JSON: {error.msg} at character {error.pos + 1}{hint}"
        raise DataError(message, path=path, line=line + error.lineno - 1) from None
    except DataError as error:
        raise DataError(str(error), path=path, line=line) from None
    except ValueError:  # more digits than Python reads
        raise DataError("a number of thousands of digits; mend it or write it as text", path=path, line=line) from None
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


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DataError(f"the key {shown(twice)} stands twice in an object")
    return found


def _no_constant(name: str) -> Any:
    raise DataError(f"{name} is no JSON")


def dump(value: object) -> str:
    """JSON on one line; text stays as it is, nothing is escaped that need not be."""
    return json.dumps(value, ensure_ascii=False)


def edit_object(text: str, values: Mapping[str, object]) -> str:
    """The text of an object with other values for some keys, new keys at its end. The text is known to be an object."""
    decoder = json.JSONDecoder()
    pieces: list[str] = []
    rest = dict(values)
    done = 0
    at = last = text.index("{") + 1
    empty = True
    while text[at := _after_space(text, at)] != "}":
        if text[at] == ",":
            at = _after_space(text, at + 1)
        key, at = decoder.raw_decode(text, at)
        start = _after_space(text, _after_space(text, at) + 1)  # behind the colon
        _, at = decoder.raw_decode(text, start)
        if key in rest:
            pieces += [text[done:start], dump(rest.pop(key))]
            done = at
        last, empty = at, False
    added = ", ".join(f"{dump(key)}: {dump(value)}" for key, value in rest.items())
    comma = ", " if added and not empty else ""
    return "".join(pieces) + text[done:last] + comma + added + text[last:]


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()


def array_elements(lines: Iterable[str], path: str) -> Iterator[tuple[int, str]]:
    """The elements of a JSON array that may go on over lines, each with the number of its first line.

    Memory is bounded by the longest element and the longest line. Raises DataError: no array, one that does not end.
    """
    depth = n_elements = first = number = 0  # depth: brackets that are open
    kept: list[str] = []
    gap = ""  # what stands between elements
    for number, line in enumerate(lines, 1):
        at = 0
        for match in _PIECE.finditer(line):
            mark = match[0]
            if mark in ("[", "{"):
                if depth < 2:
                    _check_gap(gap + line[at : match.start()], "," if n_elements else "", path, number)
                    gap, at, first = "", match.start(), number
                    if depth == 0:
                        _check_gap("" if mark == "[" else mark, "", path, number)
                        at = match.end()
                depth += 1
            elif mark in ("]", "}"):
                depth -= 1
                if depth == 1:
                    n_elements += 1
                    yield first, "".join(kept) + line[at : match.end()]
                    kept, at = [], match.end()
                elif depth <= 0:
                    _check_gap(gap + line[at : match.start()], "", path, number)
                    _check_gap("" if mark == "]" and depth == 0 else mark, "", path, number)
                    gap, at, n_elements = "", match.end(), 1  # so that what comes behind is refused
        if depth > 1:
            kept.append(line[at:])
        else:
            gap += line[at:]
    if depth:
        raise DataError("the array does not end, ] is missing; get the file again", path=path, line=number)
    _check_gap(gap, "", path, number)


def _check_gap(found: str, expected: str, path: str, line: int) -> None:
    if found.strip() != expected:
        message = f"expected an array of objects, [{{…}}, {{…}}], found {shown(found.strip() or '{')} around them"
        raise DataError(message, path=path, line=line)
