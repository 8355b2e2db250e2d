"""Write a man page for each command, from the same help as reference/commands.md: ``python docs/man.py [FOLDER]``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click
from commands import INTRODUCTION, contexts

from elman import __version__
from elman.cli import group

FOLDER = Path(__file__).parents[1] / "build" / "man"
LITERAL = "\b"  # click's mark of a paragraph that is kept as it is
STATUS = re.compile(r"^\| ([\d, ]+) \| (.*) \|$", re.MULTILINE)


def roff(text: str) -> str:
    """Return text as roff shows it: no character of it is a request or an escape."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("'", "\\(aq")
    return re.sub(r"^(?=\.)", r"\\&", escaped, flags=re.MULTILINE)


def paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a command's help as roff; those after a mark keep their lines."""
    for paragraph in re.split(r"\n\s*\n", cleandoc(text)):
        first, _, rest = paragraph.partition("\n")
        if first.strip() == LITERAL:
            yield f".PP\n.nf\n{roff(rest)}\n.fi"
        else:
            yield f".PP\n{roff(' '.join(paragraph.split()))}"


def name_of(context: click.Context) -> str:
    """Return the name of a command's page: ``elman-train``."""
    return context.command_path.replace(" ", "-")


def page(context: click.Context) -> str:
    """Return the man page of a command."""
    command, name = context.command, name_of(context)
    help = command.help or ""
    summary = cleandoc(help).partition("\n")[0].rstrip(".")
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [
        f'.TH "{name.upper()}" 1 "" "elman {__version__}" "elman"',
        ".SH NAME",
        f"{roff(name)} \\- {roff(summary)}",
    ]
    lines += [".SH SYNOPSIS", roff(usage), ".SH DESCRIPTION", *paragraphs(help)]
    if isinstance(command, click.Group):
        below = [(each, command.get_command(context, each)) for each in command.list_commands(context)]
        lines += [".SH COMMANDS", *(entry(each, found.get_short_help_str(200)) for each, found in below if found)]
    shown = (each.get_help_record(context) for each in command.get_params(context))
    records = [record for record in shown if record and record[1]]
    lines += [".SH OPTIONS", *(entry(*record) for record in records)]
    lines += [".SH EXIT STATUS", *(entry(*row) for row in STATUS.findall(INTRODUCTION))]
    return "\n".join([*lines, ".SH SEE ALSO", roff(see_also(context))]) + "\n"


def entry(term: str, text: str) -> str:
    """Return an entry of a list of options or commands."""
    return f".TP\n.B {roff(term)}\n{roff(' '.join(text.replace('`', '').split()))}"


def see_also(context: click.Context) -> str:
    """Return the page above and the pages below."""
    command = context.command
    above = [name_of(context.parent)] if context.parent else []
    below = command.list_commands(context) if isinstance(command, click.Group) else []
    pages = above + [f"{name_of(context)}-{each}" for each in below]
    return ", ".join(f"{each}(1)" for each in pages)


def main(folder: Path) -> None:
    """Write all pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for context in contexts(group, "elman"):
        (folder / f"{name_of(context)}.1").write_text(page(context), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
