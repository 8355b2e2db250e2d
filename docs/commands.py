"""Write reference/commands.md and reference/settings.md from the commands' own help: ``python docs/commands.py``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from elman.cli import group
from elman.cli.commands.settings import settings_help

FOLDER = Path(__file__).parent / "reference"
INTRODUCTION = """\
# Commands

<!-- Written by docs/commands.py from the commands' own help. Do not edit: `make docs`. -->

`-` stands for standard input or output. Results go to standard output; notes, warnings and errors go to standard
error, and so does progress, which is shown on a terminal only. Files are written whole or not at all. The name of an
option means the same on every command: `--format` is what is read, `--as` what is written; `--quiet` leaves warnings
and errors only, `--verbose` tells what is being done.

What a file, a model or an option brings into a report, a note or an error cannot act on the terminal: control
characters, marks of direction and other characters that cannot be seen are shown escaped, as `\\x1b` or `\\u202e`, but
for joiners that have something to join. Data (tagged text, converted files) are written as they are; those that are no
text (Parquet, a model) not to a terminal.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | a check failed |
| 2 | a mistake in what was asked for or in a file, or what cannot be written: one line says where and why |
| 129, 130, 143 | SIGHUP (the terminal is closed), Ctrl-C, SIGTERM; `elman train` keeps the best model so far |
| 141 | whoever read the output has gone |

A signal ends a command at once, with one line. A file that was being written is the old one still, and no temporary
file is left. `elman train` stops training when its first epoch is done, writes the best model so far and says where; a
second signal, half a second later or more, ends it at once, without the model. A signal that is ignored when elman
starts, as SIGHUP is under `nohup`, stays ignored.

Results are not lost because something beside them cannot be written. If that is the file of `--log`, `--plot`, `--html`
or `--results` (a full disk), the model is written and results are shown all the same; then one line names the file, and
the status is 2. If it is standard error, nothing is said there, and that is all.

For completion of commands and options, put `eval "$(_ELMAN_COMPLETE=bash_source elman)"` into `~/.bashrc`
(`zsh_source` and `fish_source` for other shells).
"""

SETTINGS = """\
# Settings

<!-- Written by docs/commands.py from `elman settings`. Do not edit: `make docs`. -->

Set them with `--set KEY=VALUE`, in a TOML file with `--config`, or in Python with `settings={"KEY": VALUE}`. A setting
that is not set has the value of the preset.
"""


def helps(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[tuple[str, str]]:
    """(name, help) of a command and of all below it."""
    # 80 columns, whatever terminal this runs in
    context = command.context_class(
        command, info_name=name, parent=parent, terminal_width=80, **command.context_settings
    )
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from helps(found, below, context)


def page() -> str:
    """The text of commands.md."""
    parts = [INTRODUCTION]
    parts += [f"## {name}\n\n```text\n{text}\n```\n" for name, text in helps(group, "elman")]
    parts.append("Next: [settings](settings.md), [formats](formats.md), [guides](../guides/ner.md)\n")
    return "\n".join(parts)


def settings_page() -> str:
    """The text of settings.md."""
    links = "Next: [commands](commands.md), [the model file](model-file.md)"
    return f"{SETTINGS}\n```text\n{settings_help()}\n```\n\n{links}\n"


if __name__ == "__main__":
    for name, text in (("commands.md", page()), ("settings.md", settings_page())):
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
