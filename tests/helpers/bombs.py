"""Files that are large when they are read: of one piece repeated many times, compressed to little."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from elman.utils.limits import LINE
from inputs import PACKINGS

LONG = LINE - 1_000
"""Characters of the longest lines that are read."""
HALF_A_FILE = 20_000_000
SENTENCES = 200_000
"""Of a file that is read to its end; 4 MB of text are converted in a few seconds."""


def whole() -> dict[str, Callable[[], bytes]]:
    """Return contents by name. What is refused at its beginning fills the longest line."""
    n = HALF_A_FILE
    return {
        "one line": lambda: b"a" * LONG,
        "one line too long": lambda: b"a" * (LINE + 20_000_000),
        "spaces": lambda: b" " * n,
        "lines": lambda: b"a b\n" * (n // 200),
        "empty lines": lambda: b"\n" * SENTENCES,
        "one sentence": lambda: b"a\tX\n" * (n // 50),
        "tabs": lambda: b"a" + b"\t" * n,
        "underscores": lambda: b"a_b " * (4 * SENTENCES) + b"\n",
        "brackets": lambda: b"(S " * (LONG // 3),
        "brackets on lines": lambda: b" (S\n" * (n // 200),
        "leaves": lambda: b"(S " + b"(a b)" * (LONG // 5),
        "leaves without tags": lambda: b"(S " + b"ab " * (LONG // 3),
        "closing brackets": lambda: b"(S a" + b")" * LONG,
        "JSON lists": lambda: b"[" * LONG,
        "JSON lists on lines": lambda: b"[\n" * (n // 200),
        "JSON objects": lambda: b'{"tokens":' * (LONG // 10),
        "JSON lists in a list of objects": lambda: b'[{"tokens":' + b"[" * LONG,
        "JSON list of numbers": lambda: b"[" + b"1," * (n // 10),
        "JSON empty objects": lambda: b"[" + b"{}," * (LONG // 3),
        "JSON quotes": lambda: b'["' + b'\\"' * (LONG // 2),
        "JSON strings": lambda: b'{"tokens": [' + b'"a",' * (n // 4),
        "JSON keys": lambda: b"{" + b",".join(b'"%d":1' % i for i in range(n // 20)) + b"}",
        "JSON number": lambda: b'[{"tokens": ["a"], "tags": [' + b"9" * (n // 10) + b"]}]",
        "CSV quote": lambda: b'text,label\n"' + b"a,\n" * (n // 10),
        "CSV columns": lambda: b"text,label" + b",a" * (n // 10) + b"\nx,y\n",
        "CSV quotes": lambda: b'text,label\n"' + b'""' * (n // 2),
        "zeros": lambda: bytes(LONG),
        "bad bytes": lambda: b"a_X\n" + b"\xff" * LONG,
        "combining marks": lambda: "e\u0301".encode() + "\u0301".encode() * (n // 4),
        "comments": lambda: b"# a = b\n" * SENTENCES,
        "labels": lambda: b"__label__a " * (n // 20) + b"text\n",
    }


class Bombs:
    """Bombs in a folder, each packed once."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._made = folder, whole()

    def __call__(self, draw: random.Random) -> tuple[str, str, bytes]:
        """Return the kind of a bomb, the ending of its name, and its bytes, compressed."""
        kind, ending = draw.choice(list(self._made)), draw.choice(list(PACKINGS))
        kept = self._folder / f"{kind}{ending}"
        if not kept.exists():
            kept.write_bytes(PACKINGS[ending](self._made[kind]()))
        return kind, ending, kept.read_bytes()


PIECES = list("()[]{},:;_/|-=#*.19aS'\t\r\n é日\u0301\x85\u2028") + [
    "\\",
    "\\\\",
    '"',
    '\\"',
    '""',
    "''",
    "1-2",
    "__label__x",
]
PIECES += [
    " ",
    "\n",
    "\r\n",
    "\n\n",
    " (S ",
    "(a b)",
    '{"tokens": ["a"]}',
    '"a", ',
    "# text = a\n",
    "1\ta\tX\n",
    "a,X\n",
]


def swollen(draw: random.Random, data: bytes, size: int = 200_000) -> bytes:
    """Return data with one or a few pieces repeated in the middle, up to ``size`` bytes: time must not be quadratic."""
    unit = "".join(draw.choice(PIECES) for _ in range(draw.choice([1, 1, 2, 3, 5]))).encode()
    if draw.random() < 0.3:
        i = draw.randrange(len(data) + 1)
        unit = data[i : i + draw.randint(1, 40)] or unit
    i = draw.randrange(len(data) + 1)
    return data[:i] + unit * (size // len(unit)) + (data[i:] if draw.random() < 0.7 else b"")
