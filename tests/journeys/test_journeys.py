"""The guides work as written: each page's commands and Python run in order on small generated data."""

from __future__ import annotations

from pathlib import Path

import pytest

import pages

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = [page for page in sorted(DOCS.glob("**/*.md")) if pages.examples(page)]


@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem) for page in PAGES])
def test_page(page: Path, tmp_path: Path) -> None:
    if absent := pages.missing(page):
        pytest.skip(f"not installed: {', '.join(absent)}; make test-integrations has them")
    pages.run(page, tmp_path)


def test_the_five_journeys_are_here() -> None:
    assert {page.stem for page in PAGES} >= {
        "addresses",
        "treebank",
        "text-classification",
        "large-corpora",
        "teaching",
    }


def test_an_output_that_differs_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- examples: none -->\n\n```console\n$ echo one\ntwo\n```\n")
    with pytest.raises(AssertionError, match=r"page.md:4: echo one\nexpected:\ntwo"):
        pages.run(page, tmp_path)


def test_a_block_that_names_a_file_is_written_to_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- examples: none -->\n\n```python\n# one.py\nONE = 1\n```\n\n```python\nimport one\n```\n")
    pages.run(page, tmp_path)
    assert (tmp_path / "one.py").read_text() == "# one.py\nONE = 1\n"
