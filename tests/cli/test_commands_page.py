"""docs/reference/commands.md and settings.md are what the commands say of themselves."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import click

from elman.cli import group

SCRIPT = Path(__file__).parents[2] / "docs" / "commands.py"
FOLDER = SCRIPT.parent / "reference"


def script() -> object:
    spec = importlib.util.spec_from_file_location("docs_commands", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def every(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from every(found, f"{name} {below}")


def test_page_is_up_to_date() -> None:
    module = script()
    for name, text in (("commands.md", module.page()), ("settings.md", module.settings_page())):  # type: ignore[attr-defined]
        assert (FOLDER / name).read_text(encoding="utf-8") == text, "run: python docs/commands.py"


def test_every_command_and_option_is_on_the_page_and_helps() -> None:
    page = (FOLDER / "commands.md").read_text(encoding="utf-8")
    for name, command in every(group, "elman"):
        assert f"\n## {name}\n" in page
        assert command.help
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"
                assert all(option in section for option in parameter.opts)
