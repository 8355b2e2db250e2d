"""The man pages: one for each command, from its help, and groff has nothing to complain about."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from elman.cli import group

SCRIPT = Path(__file__).parents[1] / "docs" / "man.py"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("man")
    subprocess.run([sys.executable, str(SCRIPT), str(folder)], check=True)
    return {path.stem: path for path in folder.iterdir()}


def every(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from every(found, f"{name}-{below}")


def test_a_page_for_each_command_with_all_its_options(pages: dict[str, Path]) -> None:
    commands = dict(every(group, "elman"))
    assert pages.keys() == commands.keys()
    for name, command in commands.items():
        text = pages[name].read_text(encoding="utf-8")
        sections = re.findall(r"^\.SH (.*)$", text, re.MULTILINE)
        groups = ["COMMANDS"] if isinstance(command, click.Group) else []
        expected = ["NAME", "SYNOPSIS", "DESCRIPTION", *groups, "OPTIONS", "EXIT STATUS", "SEE ALSO"]
        assert sections == expected, name
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert max(parameter.opts, key=len).replace("-", "\\-") in text, name


def test_nothing_of_the_help_is_lost_or_acts(pages: dict[str, Path]) -> None:
    text = pages["elman-train"].read_text(encoding="utf-8")
    assert "\x08" not in text and "\n.nf\n" in text
    requests = set(re.findall(r"^[.'](\S*)", text, re.MULTILINE))
    assert requests <= {"TH", "SH", "PP", "TP", "B", "nf", "fi"}


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_groff_finds_no_fault(pages: dict[str, Path]) -> None:
    for name, path in pages.items():
        done = subprocess.run(
            ["groff", "-K", "utf8", "-man", "-T", "utf8", "-ww", str(path)], capture_output=True, text=True, check=True
        )
        assert done.stderr == "", name
        shown = re.sub(r"\x1b\[[\d;]*m|.\x08", "", done.stdout)
        assert f"{name} - " in " ".join(shown.replace("\u2010", "-").split()), name
