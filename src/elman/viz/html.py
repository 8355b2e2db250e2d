"""HTML pages without scripts, fonts or images from elsewhere, and heat maps that need no matplotlib."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from elman.utils.display import visible

if TYPE_CHECKING:
    from elman.nn.layers import Array

STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5d6b78; --line: #dde3e8; --paper: #fff; --back: #f4f6f8;
  --bad: #b3261e; --bad-back: #fdecea; --good: #1b6e3c; --bar: #c5d9ee;
  --arc: #6b8cae; --root: #b3541e; --phrase: #1f5f99; --spot: 88%; --edge: 36%; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --soft: #9aa7b3; --line: #34404b; --paper: #1b222a;
  --back: #12171d; --bad: #ff9d94; --bad-back: #45211e; --good: #7fd6a0; --bar: #2c4a68;
  --arc: #6f93b8; --root: #e69a63; --phrase: #86bdf0; --spot: 24%; --edge: 72%; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 70rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .25rem; }
p { margin: .25rem 0 .75rem; color: var(--soft); }
nav a { margin-right: 1rem; color: inherit; }
dl { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; }
dl div, .box, article { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; }
dl div { padding: .5rem 1rem; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; font-size: 1.35rem; font-weight: 600; }
.box, .wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .75rem; border-top: 1px solid var(--line); vertical-align: top; }
tr:first-child th { border-top: 0; }
th { color: var(--soft); font-size: .85rem; font-weight: 600; white-space: nowrap; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.gold, td.predicted { overflow-wrap: anywhere; min-width: 11rem; }
.bar { min-width: 4rem; }
.bar span { display: block; height: .8rem; margin-top: .35rem; border-radius: .2rem; background: var(--bar); }
code { font: .9em ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
.gold { color: var(--good); font-weight: 600; }
.predicted { color: var(--bad); font-weight: 600; }
article { padding: .6rem .9rem; margin: .6rem 0; }
article header { color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
.words { line-height: 2.2; overflow-wrap: anywhere; }
mark { background: var(--bad-back); color: inherit; border-radius: .3rem; padding: .15rem .35rem; margin: 0 .1rem;
  -webkit-box-decoration-break: clone; box-decoration-break: clone; }
mark small { font-size: .75rem; margin-inline-start: .35rem; }
mark.first { outline: 2px solid var(--bad); }
mark.span { background: hsl(var(--hue) 70% var(--spot)); }
mark.span small { color: hsl(var(--hue) 60% var(--edge)); font-weight: 700; }
svg { display: block; margin: 0 auto; }
svg text { text-anchor: middle; fill: var(--ink); font-size: 16px; }
svg .tag { fill: var(--soft); font-size: 12px; }
svg .relation, svg .phrase { font-size: 12px; paint-order: stroke; stroke: var(--paper); stroke-width: 5px; }
svg .phrase { fill: var(--phrase); font-weight: 600; font-size: 13px; }
svg path { fill: none; stroke: var(--arc); stroke-width: 1.3; }
svg .tip { fill: var(--arc); stroke: none; }
svg path.root { stroke: var(--root); }
svg .tip.root, svg text.root { fill: var(--root); }
""".strip()
"""The style sheet of every page."""

BLUE, WHITE, RED = (33, 102, 172), (247, 247, 247), (178, 24, 43)
DARK, LIGHT = (68, 1, 84), (253, 231, 37)
MIDDLE = (33, 145, 140)


END = "</main>\n</body>\n</html>\n"
"""The end of every page."""


def start(heading: str, style: str = "", language: str = "en") -> str:
    """Return the beginning of a page, up to its heading; ``style`` extends the style sheet."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(heading)}</title>\n<style>\n{STYLE}\n{style}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{text(heading)}</h1>\n"
    )


def document(heading: str, parts: Iterable[str], style: str = "") -> str:
    """Return a page; ``parts`` are HTML."""
    return start(heading, style) + "".join(f"{part}\n" for part in parts) + END


def text(value: str) -> str:
    """Return text escaped for HTML, without characters that HTML forbids."""
    return escape(visible(value))


def picture(values: Array, low: float, high: float) -> str:
    """Return a PNG data URL of T by H pixels for values (T, H): blue to red if ``low`` < 0, else dark to light."""
    import numpy as np

    stops = np.array([BLUE, WHITE, RED] if low < 0 else [DARK, MIDDLE, LIGHT], float)
    position = np.clip((values.T.astype(float) - low) / (high - low), 0, 1) * 2  # (H, T)
    colors = [np.interp(position, (0, 1, 2), stops[:, i]) for i in range(3)]
    pixels = np.round(np.stack(colors, axis=2)).astype(np.uint8)  # (H, T, 3)
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    size = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", size), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)
    return "data:image/png;base64," + b64encode(png).decode()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def row(cells: Sequence[str], kind: str = "td") -> str:
    """Return a row of a table; the cells are HTML."""
    return "<tr>" + "".join(f"<{kind}>{cell}</{kind}>" for cell in cells) + "</tr>"
