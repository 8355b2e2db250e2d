"""Small changes of bytes, texts and JSON values, chosen by a ``random.Random``."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

INTEGERS = [0, 1, -1, 2, 3, 7, 127, 128, 255, 256, 32_767, 65_535, 65_536, 10**6, 10**8, 10**9]
INTEGERS += [2**31 - 1, 2**31, -(2**31), 2**32, 2**53, 2**62, 2**63 - 1, 2**63, -(2**63), 2**64, 10**30, 10**400]
"""Whole numbers at the edges of types and of usual limits."""
FLOATS = [0.0, -0.0, 0.5, 1.5, -1.5, 1e-45, 5e-324, 3.4e38, 3.5e38, 1e308, -1e308]
TEXTS = [
    "",
    " ",
    "\0",
    "\n",
    "\r\n",
    "\u2028",
    "\ufeff",
    "é",
    "e\u0301",
    "日本",
    "😀",
    "\u202e",
    "\x1b[31m",
    "\x7f",
    "a" * 5_000,
]
TEXTS += [
    "B-X",
    "I-X",
    "I-",
    "-",
    "_",
    "|",
    "=",
    "O",
    "<unk>",
    "1",
    "-1",
    "1e999",
    "NaN",
    "__label__x",
    "# text = ",
    "\t",
]
OTHERS: list[Any] = [None, True, False, [], {}, [[]], {"": None}, [None], ["x", "x"], [0], "", 0, -1, 1.5, "x"]
"""Values of all types."""
INTERESTING = [
    b"\0",
    b"\xff",
    b"\x80",
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"\\",
    b",",
    b":",
    b"\n",
    b"\r",
    b"\t",
    b" ",
    b"-",
    b"9",
]
INTERESTING += [b"1e999", b"null", b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\\ud800"]
"""Bytes and sequences that parsers treat specially."""
DEPTHS = (20, 100, 900, 1_100, 10_000, 60_000)
DEEP = "@deep@"
"""The text of a JSON value that ``deepened`` replaces by one nested deeply."""


def changed_bytes(draw: random.Random, data: bytes, most: int = 4) -> bytes:
    """Return data with up to ``most`` changes: of a bit, a byte, a stretch, or the end."""
    changed = bytearray(data)
    for _ in range(draw.randint(1, most)):
        i = draw.randrange(len(changed) + 1)
        j = min(len(changed), i + int(draw.paretovariate(0.7)))
        kind = draw.randrange(8)
        if kind == 0 and i < len(changed):
            changed[i] ^= 1 << draw.randrange(8)
        elif kind == 1 and i < len(changed):
            changed[i] = draw.randrange(256)
        elif kind == 2:
            changed[i:i] = draw.choice(INTERESTING)
        elif kind == 3:
            del changed[i:j]
        elif kind == 4 and j - i < 50_000:
            changed[i:i] = changed[i:j]
        elif kind == 5:
            k = draw.randrange(len(changed) + 1)
            changed[k:k] = changed[i : min(j, i + 10_000)]
        elif kind == 6 and draw.random() < 0.3:
            del changed[i:]
        else:
            changed[i:j] = draw.choice(INTERESTING) * draw.randint(1, 3)
    return bytes(changed)


def changed_text(draw: random.Random, text: str) -> str:
    """Return a text that differs a little, or is quite another."""
    i = draw.randrange(len(text) + 1)
    j = min(len(text), i + draw.randint(1, 3))
    changes = [
        lambda: text[:i] + draw.choice(TEXTS) + text[i:],
        lambda: text[:i] + text[j:],
        lambda: text[:i] + chr(draw.choice([draw.randrange(128), draw.randrange(0xD800), 0xE000, 0x10FFFF])) + text[j:],
        lambda: text[:i],
        lambda: text * draw.randint(2, 20),
        lambda: text.swapcase(),
        lambda: draw.choice(TEXTS),
    ]
    return draw.choice(changes)()


def steps(draw: random.Random, value: Any) -> Iterator[tuple[Any, Any]]:
    """Go down into a value at random; yield each container on the way, with the key or index that is taken."""
    while isinstance(value, dict | list) and value:
        key: Any = draw.choice(list(value)) if isinstance(value, dict) else draw.randrange(len(value))
        yield value, key
        value = value[key]
        if draw.random() < 0.08:
            return


def changed_json(draw: random.Random, value: Any, most: int = 3) -> Any:
    """Return a JSON value with up to ``most`` changes of values, keys, and parts of lists.

    What is not changed is shared with ``value``, which stays as it was.
    """
    for _ in range(1 if draw.random() < 0.6 else draw.randint(1, most)):
        keys = [key for _, key in steps(draw, value)]
        if keys:
            value = _changed_at(draw, value, keys)
    return value


def _changed_at(draw: random.Random, value: Any, keys: list[Any]) -> Any:
    """Return a copy of a JSON value with a change at the place that the keys lead to, or near it."""
    found = container = copy.copy(value)
    for key in keys[:-1]:
        container[key] = copy.copy(container[key])
        container = container[key]
    if draw.random() < 0.75:
        container[keys[-1]] = changed_value(draw, container[keys[-1]], value)
    else:
        change_container(draw, container, keys[-1])
    return found


def changed_value(draw: random.Random, value: Any, whole: Any) -> Any:
    """Return another value for one of a JSON document ``whole``, often of the same type."""
    kind = draw.random()
    if kind < 0.06:
        return draw.choice(OTHERS)
    if kind < 0.12:
        return list(steps(draw, whole))[-1][0]
    if kind < 0.13:
        return DEEP
    if isinstance(value, bool) or value is None:
        return draw.choice(OTHERS)
    if isinstance(value, int):
        near = [value + 1, value - 1, -value, value * 2, float(value) if abs(value) < 2**53 else 0.5, str(value)[:50]]
        return draw.choice(INTEGERS if draw.random() < 0.6 else near)
    if isinstance(value, float):
        return draw.choice([*FLOATS, -value, value * (1 + 1e-9), draw.choice(INTEGERS)])
    if isinstance(value, str):
        return changed_text(draw, value)
    if isinstance(value, list) and value and draw.random() < 0.5:
        return draw.choice([value[:-1], value[::-1], value * 2, [value[0]] * len(value), [value], [*value, value[0]]])
    return draw.choice(OTHERS)


def change_container(draw: random.Random, container: Any, key: Any) -> None:
    """Change a list or a dictionary in place, near a key, but not what is in it."""
    kind = draw.randrange(4)
    if isinstance(container, dict):
        other = draw.choice(list(container))
        if kind == 0:
            del container[key]
        elif kind == 1:
            container[key], container[other] = container[other], container[key]
        elif kind == 2:
            container[changed_text(draw, key)] = container.pop(key)
        else:
            container[changed_text(draw, key)] = container[key]
    elif kind == 0:
        del container[key]
    elif kind == 1:
        other = draw.randrange(len(container))
        container[key], container[other] = container[other], container[key]
    elif kind == 2:
        container.insert(key, draw.choice(container))
    else:
        container[key:key] = [container[key]] * draw.choice([1, 2, 100])


def deepened(draw: random.Random, text: str) -> str:
    """Return JSON text with lists or objects, nested deeply, in place of ``DEEP``."""
    if DEEP not in text:
        return text
    depth = draw.choice(DEPTHS)
    deep = "[" * depth + "1" + "]" * depth if draw.random() < 0.5 else '{"a":' * depth + "1" + "}" * depth
    return text.replace(f'"{DEEP}"', deep)


def integers(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the places of the whole numbers in a JSON value."""
    if type(value) is int:
        yield here
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from integers(part, (*here, key))
