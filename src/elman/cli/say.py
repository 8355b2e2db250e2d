"""What commands say to a person, reports on standard output and lines on standard error: they print in no other way.

Whoever makes a report escapes what a file or a model brought into it (``elman.utils.display.visible``), so that a
line end in a tag ends no line. Here the whole is looked at once more, so that a place where that was forgotten is
harmless. Data, such as tagged text, go through ``elman.utils.files.OutputFile``, as they are.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import click

from elman.utils.display import MOST, one_line, visible

_STYLES = re.compile("(\x1b\\[(?:0|1|31|33|36)m)")
"""Our own styles, as ``click.style`` writes them: off, bold, red, yellow, cyan."""


def say(text: str, *, err: bool = False) -> None:
    """Print a report, or to standard error; styles stay."""
    parts = _STYLES.split(text)
    parts[::2] = [visible(part, keep="\n") for part in parts[::2]]
    click.echo("".join(parts), err=err)


def say_text(text: str) -> None:
    """Print a text that is not ours, line ends and tabs as they are."""
    click.echo(visible(text, keep="\n\t"))


def say_json(value: Any, indent: int | None = 2) -> None:
    """Print JSON. Characters that act are escaped in it, as JSON escapes, so that it is read as the same value."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8", "surrogatepass")
    except UnicodeEncodeError:  # what replaces such characters on the stream would be no JSON
        text = json.dumps(value, indent=indent)
    click.echo(visible(text, keep="\n", escape=_json_escape))


def tell(text: str) -> None:
    """Print one line on standard error."""
    click.echo(one_line(text, 2 * MOST), err=True)  # what is in it may be as long as an error is


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1]
