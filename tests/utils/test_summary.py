"""One line and a table of every result."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from elman.utils.summary import ROWS, Row, Summary, cut, html_table, number, p_value, percent


class Result(Summary):
    def __init__(self, text: str) -> None:
        self.text = text

    def _summary(self) -> str:
        return self.text

    def _table(self) -> Iterator[Row]:
        yield "tag", "F1"
        yield self.text, percent(0.5)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", 'a" onclick="b', "a\u202eb", "\x1b[31m", "\ud800", "a\nb"]
)
def test_nothing_acts_on_page_or_terminal(text: str) -> None:
    result = Result(text)
    line, page = repr(result), result._repr_html_()
    assert line.isprintable() and "\n" not in line
    assert page.isprintable() and "<script" not in page and 'a" onclick' not in page
    page.encode()


def test_a_table_is_small() -> None:
    page = html_table("many", [("n",), *((i,) for i in range(1000))])
    assert page.count("<tr>") == 1 + ROWS + 1
    assert f"… and {1000 - ROWS} more" in page
    assert len(html_table("long", [("word",), ("x" * 10_000,)])) < 600


def test_figures_are_on_the_right() -> None:
    page = html_table("t", [("a", "b"), ("NOUN", "97.00 %"), ("7", -3), (True, None)])
    assert page.count('right"') == 3 and ">-3<" in page and ">True<" in page
    assert html_table("t", [("a", "b"), (".", "...")]).count('right"') == 0


def test_words_for_numbers() -> None:
    assert (number(1234567), number(0.00012345)) == ("1,234,567", "0.0001234")
    assert (percent(None), percent(0.97421)) == ("–", "97.42 %")
    assert [p_value(p) for p in (0.03125, 0.00012, 1e-9)] == ["p = 0.0312", "p = 0.0001", "p < 0.0001"]
    assert cut("x" * 100, 10) == "xxxxx…xxxxx" and cut("short", 10) == "short"
