"""A dataclass, a function and a row are enough for a command."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import ModuleType

import pytest

from elman import cli
from elman.cli.options import argument, command, option


@dataclass(frozen=True, kw_only=True)
class Options:
    text: str = argument("TEXT")
    times: int = option("--times", metavar="N", default=1, help="How often.")


@command(Options)
def echo(options: Options) -> None:
    """Print a text."""
    print(options.text * options.times)


@pytest.fixture
def toy_command(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("elman.cli.commands.echo")
    module.echo = echo  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(cli._COMMANDS["data"], "echo", ("echo:echo", "Print a text."))
    monkeypatch.setitem(cli._PLACES, "echo", "echo:echo")


def test_a_row_and_a_module_add_a_command(toy_command: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["echo", "ab", "--times", "2"]) == 0
    assert capsys.readouterr().out == "abab\n"
    assert cli.run(["--help"]) == 0
    assert "echo" in capsys.readouterr().out
    assert cli.run(["echo"]) == 2 and cli.run(["ecko", "ab"]) == 2
    refused = capsys.readouterr().err
    assert "TEXT" in refused and "did you mean echo" in refused
