"""The layout of help: lines end between words, never within an option or a file name."""

from __future__ import annotations

from collections.abc import Iterable

import click

_HYPHEN = "\u2011"
"""A hyphen that no line is broken at."""


class _Formatter(click.HelpFormatter):
    def write_text(self, text: str) -> None:
        super().write_text(text.replace("-", _HYPHEN))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:  # type: ignore[override,unused-ignore]
        super().write_dl([(name, text.replace("-", _HYPHEN)) for name, text in rows], col_max, col_spacing)

    def getvalue(self) -> str:
        return super().getvalue().replace(_HYPHEN, "-")


class Context(click.Context):
    """The context of a command, with this layout."""

    formatter_class = _Formatter
