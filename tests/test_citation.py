"""CITATION.cff: one key a line, and what it shares with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINES = (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
KEYS = dict(line.split(": ", 1) for line in LINES if re.match(r"[a-z-]+: ", line))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def items(key: str) -> list[str]:
    """Return the items of a list."""
    after = LINES[LINES.index(f"{key}:") + 1 :]
    return [line.removeprefix("  - ") for line in takewhile(lambda line: line.startswith("  - "), after)]


def test_it_is_plain_yaml() -> None:
    """Keys, items of lists, and one folded text: lines that mean the same to every reader of YAML."""
    assert [line for line in LINES if not re.fullmatch(r" *(- )?[a-z-]+:( \S.*)?|  (- )?[^\s:][^:]*", line)] == []
    values = [line.split(": ", 1)[1] for line in LINES if ": " in line]
    special = [value for value in values if re.search(r": | #|^[\[\]{}*&!|%@`'\"?-]", value)]
    assert special == []


def test_it_has_what_the_format_requires() -> None:
    assert KEYS["cff-version"] == "1.2.0"
    assert KEYS["type"] == "software"
    assert KEYS["message"] and KEYS["title"]


def test_it_agrees_with_the_project() -> None:
    assert (KEYS["version"], KEYS["license"]) == (PROJECT["version"], PROJECT["license"])
    assert items("authors") == [f"name: {author['name']}" for author in PROJECT["authors"]]
    assert items("keywords") == PROJECT["keywords"]


def test_it_names_the_network_the_cell_and_the_course() -> None:
    text = "\n".join(LINES)
    dois = ("10.1207/s15516709cog1402_1", "10.1162/neco.1997.9.8.1735")
    assert [doi for doi in dois if f"doi: {doi}" not in text] == []
    assert "type: generic" in text
