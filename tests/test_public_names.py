"""Names, signatures, commands and options stay: docs/reference/stability.md says what a release may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import public_names

ADVICE = """The public names of elman are other than in {file}.
Was something removed or renamed, did a parameter or an option get another default or type, does a choice lack? Then it
has to be deprecated first (docs/reference/stability.md). If not, or if that is done, write the file anew:
    python tests/helpers/public_names.py
and say so in CHANGELOG.md.
{changes}"""


@pytest.mark.parametrize(
    ("file", "lines"),
    [(public_names.API, public_names.api_lines), (public_names.COMMANDS, public_names.command_lines)],
    ids=["api", "commands"],
)
def test_public_names_are_those_of_the_file(file: Path, lines: Callable[[], Iterator[str]]) -> None:
    before, now = file.read_text(encoding="utf-8").splitlines(), list(lines())
    removed = [f"- {line}" for line in before if line not in now]
    added = [f"+ {line}" for line in now if line not in before]
    assert now == before, ADVICE.format(file=file.name, changes="\n".join([*removed, *added]))


def test_no_object_has_an_address_in_its_line() -> None:
    """A default or a type that shows itself as an object would be another text in every run."""
    text = public_names.API.read_text(encoding="utf-8") + public_names.COMMANDS.read_text(encoding="utf-8")
    assert " object at 0x" not in text and "<class" not in text
