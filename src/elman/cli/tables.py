"""Pieces of tables on the terminal: columns of a fixed width, percentages, bold heads.

Widths are terminal columns: a CJK character takes two, a combining mark none.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping

import click

from elman.utils.display import visible
from elman.utils.text_width import cells, cut, padded, shortened

NARROWEST, USUAL = 60, 80
"""Columns of a report on a terminal at least, and where there is no terminal."""


def percent(correct: int, total: int) -> str:
    """Return ``91.20 %``, or a dash if ``total`` is 0."""
    return f"{100 * correct / total:.2f} %" if total else "–"


def bold(text: str) -> str:
    """Return the text in bold; ``click.echo`` removes the style if the output is no terminal."""
    return click.style(visible(text), bold=True)


def report_width() -> int:
    """Return the columns of a report: those of the terminal, 80 without one."""
    return max(shutil.get_terminal_size((USUAL, 24)).columns, NARROWEST)


def labels(texts: Iterable[str], most: int) -> Mapping[str, str]:
    """Return labels as they are shown, each cut in the middle to ``most`` columns; different ones stay different."""
    plain = {text: visible(text) for text in texts}
    short = shortened(plain.values(), most)
    return {text: short[plain[text]] for text in plain}


def width(texts: Iterable[str], least: str = "") -> int:
    """Return the columns of the widest text, or of ``least`` if that is wider."""
    return max(map(cells, (least, *texts)))


def cell(text: str, width: int) -> str:
    """Return the text cut in the middle or padded to ``width`` columns."""
    return padded(cut(visible(text), width), width)


def wrapped(text: str, first: str = "", others: str = "", width: int = USUAL) -> list[str]:
    """Return text in lines of at most ``width`` columns, broken at spaces only, after these indents."""
    lines, line, bare = [], first, True
    for word in visible(text).split(" "):
        if not bare and cells(line) + 1 + cells(word) > width:
            lines.append(line)
            line, bare = others, True
        line += word if bare else f" {word}"
        bare = False
    return [*lines, line]
