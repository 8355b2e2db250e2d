"""Pieces of tables on the terminal: columns of a fixed width, percentages, bold heads."""

from __future__ import annotations

from collections.abc import Sequence

import click

from elman.utils.display import visible

TAG_WIDTH = 22
"""Columns of a tag at most: two of them and a number fit in a line."""


def percent(correct: int, total: int) -> str:
    """Return ``91.20 %``, or a dash if ``total`` is 0."""
    return f"{100 * correct / total:.2f} %" if total else "–"


def bold(text: str) -> str:
    """Return the text in bold; ``click.echo`` removes the style if the output is no terminal."""
    return click.style(visible(text), bold=True)


def width(texts: Sequence[str], most: int = TAG_WIDTH) -> int:
    """Return the terminal columns of the widest text, at most ``most``."""
    from rich.cells import cell_len

    return min(max(map(cell_len, texts)), most)


def cell(text: str, width: int) -> str:
    """Return the text cut or padded to ``width`` terminal columns (a CJK character takes two)."""
    from rich.cells import cell_len, set_cell_size

    plain = visible(text)
    if cell_len(plain) > width:
        plain = set_cell_size(plain, width - 1) + "…"
    return set_cell_size(plain, width)
