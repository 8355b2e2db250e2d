"""Reports on standard output and lines on standard error: commands print to a person in no other way.

A report escapes what a file or a model brought into it (``elman.utils.display.visible``), so that a line end in a tag
ends no line. Here the whole text is escaped once more, in case a report forgot to. Data, such as tagged text, go
through ``elman.utils.files.OutputFile``, unchanged.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import click

from elman.utils.display import MOST, one_line, visible

_STYLES = re.compile("(\x1b\\[(?:0|1|31|33|36)m)")
"""The styles of reports, as ``click.style`` writes them: off, bold, red, yellow, cyan."""


def say(text: str, *, err: bool = False) -> None:
    """Print a report, with its styles, to standard output or standard error."""
    parts = _STYLES.split(text)
    parts[::2] = [visible(part, keep="\n") for part in parts[::2]]
    click.echo("".join(parts), err=err)


def say_text(text: str) -> None:
    """Print a text of a model, with its line ends and tabs."""
    click.echo(visible(text, keep="\n\t"))


def say_json(value: Any, indent: int | None = 2) -> None:
    """Print JSON. Characters that would act on a terminal are escaped as JSON escapes, so the values stay the same."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8", "surrogatepass")
    except UnicodeEncodeError:  # the replacements of the stream would be no JSON
        text = json.dumps(value, indent=indent)
    click.echo(visible(text, keep="\n", escape=_json_escape))


def tell(text: str) -> None:
    """Print one line on standard error."""
    click.echo(one_line(text, 2 * MOST), err=True)


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1]
