"""A page in HTML that needs nothing but a browser, and pictures in it that need no matplotlib."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from elman.cli.errors_page import STYLE

if TYPE_CHECKING:
    from elman.layers import Array

BLUE, WHITE, RED = (33, 102, 172), (247, 247, 247), (178, 24, 43)
DARK, LIGHT = (68, 1, 84), (253, 231, 37)
MIDDLE = (33, 145, 140)


def document(heading: str, parts: Iterable[str], style: str = "") -> str:
    """The page; ``parts`` are HTML already."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{text(heading)}</title>",
            f"<style>\n{STYLE}\n{style}</style>",
            "</head>",
            "<body>",
            "<main>",
            f"<h1>{text(heading)}</h1>",
            *parts,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def text(value: str) -> str:
    """Text between tags or in an attribute, without what would turn the writing round."""
    return escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value))


def picture(values: Array, low: float, high: float) -> str:
    """Values (T, H) as the source of a picture of T by H pixels, PNG: blue to red about 0, or dark to light from 0."""
    import numpy as np

    stops = np.array([BLUE, WHITE, RED] if low < 0 else [DARK, MIDDLE, LIGHT], float)
    place = np.clip((values.T.astype(float) - low) / (high - low), 0, 1) * 2  # (H, T)
    colors = [np.interp(place, (0, 1, 2), stops[:, i]) for i in range(3)]
    pixels = np.round(np.stack(colors, axis=2)).astype(np.uint8)  # (H, T, 3)
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    size = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", size), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)
    return "data:image/png;base64," + b64encode(png).decode()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def row(cells: Sequence[str], kind: str = "td") -> str:
    """A row of a table; the cells are HTML already."""
    return "<tr>" + "".join(f"<{kind}>{cell}</{kind}>" for cell in cells) + "</tr>"
