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

`-` is standard input or output. Results go to standard output; notes, warnings and errors go to standard error, and
so does progress, which is shown on a terminal only. Output files appear as a whole or not at all. An option means the
same in every command: `--format` is the format that is read, `--as` the one that is written; `--quiet` prints
warnings and errors only, `--verbose` more details.

Control characters and marks of direction that come from files, models or options are escaped in reports and messages,
as `\\x1b` or `\\u202e`. Data (tagged text, converted files) are written unchanged. Binary data are not written to a
terminal.

| exit status | meaning |
|---|---|
| 0 | success |
| 1 | a check failed |
| 2 | wrong usage, invalid input, or output that cannot be written; one line says where and why |
| 129, 130, 143 | SIGHUP (the terminal was closed), Ctrl-C, SIGTERM; `elman train` keeps the best model so far |
| 141 | the reader of the output has closed it |

*Signals.* A signal ends a command at once, with one line; files are unchanged, and no temporary file is left. `elman
train` finishes its first epoch, writes the best model so far and says where. A second signal, at least half a second
later, ends it without a model. A signal that is ignored when elman starts, such as SIGHUP under `nohup`, stays
ignored.

*Failures of secondary output.* If the file of `--log`, `--plot`, `--html` or `--results` cannot be written (a full
disk), the model and the results are still written; one line names the file, and the exit status is 2.

*Completion.* For completion of commands, options, files, settings and their values, tasks, formats and columns, put
`source <(elman completion bash)` into `~/.bashrc` (`elman completion zsh`, `elman completion fish` for other shells).
Man pages of all commands come from the same source as this page: `make man` writes them into `build/man`, and
`man -l build/man/elman-train.1` shows one.
"""
SETTINGS = """\
# Settings

<!-- Written by docs/commands.py from `elman settings`. Do not edit: `make docs`. -->

Set them with `--set KEY=VALUE`, in a TOML file with `--config`, or in Python with `settings={"KEY": VALUE}`. A setting
that is not set has the value of the preset.
"""


def contexts(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[click.Context]:
    """The context of a command and of all below it."""
    # 80 columns, whatever terminal this runs in
    context = command.context_class(
        command, info_name=name, parent=parent, terminal_width=80, **command.context_settings
    )
    yield context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from contexts(found, below, context)


def page() -> str:
    """The text of commands.md."""
    parts = [INTRODUCTION]
    for context in contexts(group, "elman"):
        parts.append(f"## {context.command_path}\n\n```text\n{context.get_help()}\n```\n")
    parts.append("Next: [settings](settings.md), [formats](formats.md), [guides](../guides/ner.md)\n")
    return "\n".join(parts)


def settings_page() -> str:
    """The text of settings.md."""
    links = "Next: [commands](commands.md), [the model file](model-file.md)"
    return f"{SETTINGS}\n```text\n{settings_help()}\n```\n\n{links}\n"


if __name__ == "__main__":
    for name, text in (("commands.md", page()), ("settings.md", settings_page())):
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
