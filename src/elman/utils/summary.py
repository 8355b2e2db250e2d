"""What an interactive session shows of a result: one line as ``repr``, a small table in a notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from elman.utils.display import visible

ROWS = 12
"""Largest number of rows of a table in a notebook."""
LONGEST = 60
"""Largest number of characters of a text in ``repr``."""
CELL = 200
"""Largest number of characters of a cell."""

Row = Sequence[object]
_FIGURE = re.compile(r"[-+]?[.,]?\d[\d.,]*( %)?")
_LEFT, _RIGHT = ' style="text-align:left"', ' style="text-align:right"'


class Summary:
    """Base class of results that a person looks at. Subclasses say what is shown of them.

    A dataclass needs ``repr=False``, which else replaces ``__repr__``.
    """

    __slots__ = ()

    def _summary(self) -> str:
        """Return the result in a few words, for ``repr``."""
        raise NotImplementedError

    def _table(self) -> Iterable[Row]:
        """Return the rows for a notebook; the first one holds the headings."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return visible(f"<{type(self).__name__}: {self._summary()}>")

    def _repr_html_(self) -> str:
        """Return a table for a notebook, without scripts and styles from elsewhere; all of it is escaped."""
        return html_table(repr(self)[1:-1], self._table())


def html_table(caption: str, rows: Iterable[Row]) -> str:
    """Return an HTML table of up to ``ROWS`` rows below the headings, the first row; numbers are aligned right."""
    from html import escape

    def cell(value: object, kind: str) -> str:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return f"<{kind}{_RIGHT}>{number(value)}</{kind}>"
        side = _RIGHT if _FIGURE.fullmatch(str(value)) else _LEFT
        return f"<{kind}{side}>{escape(visible(cut(str(value), CELL)))}</{kind}>"

    rest = iter(rows)
    lines = [
        "<tr>" + "".join(cell(value, "td" if i else "th") for value in row) + "</tr>"
        for i, row in enumerate(islice(rest, ROWS + 1))
    ]
    more = sum(1 for _ in rest)
    if more:
        lines.append(f'<tr><td colspan="9"{_LEFT}>… and {more:,} more</td></tr>')
    title = f"<caption{_LEFT}>{escape(visible(caption))}</caption>"
    return f"<table>{title}{''.join(lines)}</table>"


def number(value: float) -> str:
    """Return a number for a table: whole ones with thousands separators, others with four digits."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def percent(share: float | None) -> str:
    """Return a share from 0 to 1 as ``97.42 %``; a dash for None."""
    return "–" if share is None else f"{100 * share:.2f} %"


def p_value(p: float) -> str:
    """Return a p-value with four digits: ``p = 0.0312``, ``p < 0.0001``."""
    return f"p = {p:.4f}" if p >= 0.0001 else "p < 0.0001"


def cut(text: str, most: int = LONGEST) -> str:
    """Return text of at most about ``most`` characters; the middle of a longer one is cut out."""
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-(most // 2) :]}"


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 word``, ``1,200 words``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
