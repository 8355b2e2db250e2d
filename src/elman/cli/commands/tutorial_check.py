"""``elman tutorial check`` and ``elman tutorial template``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from elman.cli.options import Number, argument, command, option
from elman.cli.say import say
from elman.errors import ConfigError
from elman.utils.display import shown

if TYPE_CHECKING:
    from elman.tutorial.check import Finding


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """The options of ``elman tutorial check``."""

    source: str = argument("FILE")
    slide: str | None = option("--slide", metavar="N", help="Only the functions of a slide, or of some: 8-12.")
    seconds: float = option(
        "--seconds",
        type=Number(0, 3600, min_open=True),
        default=5.0,
        show_default=True,
        metavar="S",
        help="Time limit for the file and for each function.",
    )


@command(CheckOptions)
def check(options: CheckOptions) -> None:
    """Compare your functions of the slides with elman's.

    FILE is a Python file with functions named as elman tutorial template prints them. It runs as it is: do not check
    what you do not trust. Gradients are compared with central differences. Exit status 1 if a function differs.
    """
    from elman.tutorial.check import check as check_file

    findings = check_file(options.source, _slides(options.slide), options.seconds)
    for finding in findings:
        _report(finding)
    agree = sum(finding.state == "agrees" for finding in findings)
    functions = "function agrees" if len(findings) == 1 else "functions agree"
    say(f"\n{agree} of {len(findings)} {functions}")
    if agree < len(findings):
        raise click.exceptions.Exit(1)


@dataclass(frozen=True, kw_only=True)
class TemplateOptions:
    """The options of ``elman tutorial template``: none."""


@command(TemplateOptions)
def template(options: TemplateOptions) -> None:
    """Print a Python file with the functions to write.

    elman tutorial check compares them with elman's.
    """
    from elman.tutorial.check import template as text
    from elman.utils.files import OutputFile

    with OutputFile("-") as output:
        output.write(text())


def _slides(text: str | None) -> range | None:
    """Return the slides of ``8`` or ``8-12``. Raises ConfigError if it is neither."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", text, re.ASCII)
    if match is None:
        raise ConfigError(f"--slide: expected a number or two, such as 8-12; got {shown(text)}")
    return range(int(match[1]), int(match[2] or match[1]) + 1)


def _report(finding: Finding) -> None:
    first, last = finding.slides[0], finding.slides[-1]
    slides = f"slide {first}" if first == last else f"slides {first}-{last}"
    say(f"{slides:<13}{finding.name:<19}{finding.state}")
    for line in finding.lines:
        say(f"{'':<13}{line}")
