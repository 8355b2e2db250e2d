"""What several commands share: options, and notes that wait until nothing can be refused any more."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from elman.cli.say import tell
from elman.errors import ConfigError
from elman.utils import limits
from elman.utils.display import shown

if TYPE_CHECKING:
    from elman.data.formats import ModelHints
    from elman.taggers.base import Predictor

_F = TypeVar("_F", bound=Callable[..., Any])


def format_option(of: str, by_default: str = "what it looks like") -> Callable[[_F], _F]:
    """``--format`` of a command's input."""
    text = f"Format of {of} (docs/formats.md), as columns, csv:word=NAME; by default {by_default}."
    return click.option("--format", metavar="FORMAT", callback=checked_format, help=text)


def checked_format(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The name of a format, as it is. Raises ConfigError: no such format is read, or not with such options.

    A file of predictions may hold ``tags`` alone.
    """
    if value is not None and (param.name, value) != ("predicted_format", "tags"):
        from elman.data.formats import check_input

        check_input(value)
    return value


def checked_encoding(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """The name of an encoding, as it is. Raises ConfigError: no text can be in it."""
    from elman.utils.encodings import check_encoding

    check_encoding(value)
    return value


text_column_option = click.option(
    "--text-column",
    metavar="NAME",
    help="Column with the texts of a CSV or TSV; a number where its first line has no names.",
)
target_option = click.option(
    "--target",
    metavar="COLUMN,…",
    help="Column of the tags: upos, xpos, feats … of conllu, a number of columns (-1: the last); or several.",
)
encoding_option = click.option(
    "--encoding", default="utf-8", show_default=True, callback=checked_encoding, help="Of the text; never guessed."
)
threads_option = click.option(
    "--threads",
    type=click.IntRange(1, limits.THREADS),
    metavar="N",
    help="Threads to use; one for each core by default.",
)

precision_option = click.option(
    "--precision",
    type=click.Choice(["auto", "exact", "int8"]),
    default="auto",
    show_default=True,
    help="Of a network in tagging: exact float32, or LSTM states in 8-bit whole numbers, where the processor has them.",
)


class Number(click.FloatRange):
    """A number of a range, which nan is not."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number. Fails with one that is not in the range."""
        found = super().convert(value, param, ctx)
        if found != found:
            self.fail(f"{value} is not in the range {self._describe_range()}.", param, ctx)
        return found


layer_option = click.option(
    "--layer", type=click.IntRange(1, limits.LAYERS), default=1, show_default=True, metavar="N", help="Which layer."
)


def seed_option(text: str) -> Callable[[_F], _F]:
    """``--seed``."""
    return click.option(
        "--seed", type=click.IntRange(0, limits.SEED), default=1, show_default=True, metavar="N", help=text
    )


def known(tagger: Predictor) -> ModelHints:
    """What a model says of the files that it is to tag; the labels of an encoding are no tags of such files."""
    from elman.data.formats import ModelHints

    if tagger.task not in ("tag", "classify"):
        return ModelHints(tagger.format if tagger.task not in ("segment", "pipeline") else "text", tagger.targets)
    words = frozenset(tag for name in tagger.word_targets for tag in tagger.tag_sets[name])
    texts = frozenset(label for name in tagger.text_targets for label in tagger.tag_sets[name])
    return ModelHints(tagger.format, tagger.targets, words, texts)


class Notes:
    """Notes and warnings for stderr. An error stands there alone, so they are shown when the work is done."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, text: str) -> None:
        """A note."""
        self._lines.append(f"elman: {text}")

    def warn(self, text: str) -> None:
        """A warning."""
        self._lines.append(f"elman: warning: {text}")

    def show(self) -> None:
        """Print them, once."""
        lines, self._lines = self._lines, []
        for line in lines:
            tell(line)


@contextmanager
def without_gc() -> Iterator[None]:
    """There are no circles in what is read, and looking for them takes a third of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@contextmanager
def switching_often() -> Iterator[None]:
    """Threads that have computed something wait for the interpreter while this one writes: not for long."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.00005)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def check_not_an_input(output: str | None, inputs: Sequence[str]) -> None:
    """Raise ConfigError where an output would replace a file that is read."""
    if output is None or not os.path.isfile(output):
        return
    from elman.utils.files import input_files

    for path in input_files(inputs):
        if os.path.isfile(path) and os.path.samefile(output, path):
            raise ConfigError(f"{output}: is read and would be written over; name another file")


def plot_option(what: str) -> Callable[[_F], _F]:
    """``--plot``, of what the command shows."""
    return click.option("--plot", metavar="FILE", help=f"Draw {what}; FILE ends in .png or .svg.")


def html_option(text: str) -> Callable[[_F], _F]:
    """``--html``, a page of what the command shows."""
    return click.option("--html", metavar="FILE", callback=_named_as_page, help=text)


def _named_as_page(ctx: click.Context, param: click.Parameter, path: str | None) -> str | None:
    """The name of a page. Raises ConfigError for one that ends as other files do."""
    if path is not None:
        from elman.data.formats.endings import FORMATS_BY_EXTENSION, extension

        if extension(path) in (".png", ".svg", ".pdf") or "html" not in FORMATS_BY_EXTENSION.get(
            extension(path), ("html",)
        ):
            raise ConfigError(f"{path}: expected the name of a page, that ends in .html")
    return path


def write_page(path: str, page: str) -> None:
    """Write a page, all of it or nothing, compressed where its name says so."""
    from elman.utils.files import OutputFile

    with OutputFile(path) as out:
        out.write(page)


def settings_of(items: Sequence[str]) -> dict[str, str]:
    """The settings of --set. Raises ConfigError for what is not KEY=VALUE."""
    settings: dict[str, str] = {}
    for item in items:
        key, mark, value = item.partition("=")
        if not (key and mark):
            raise ConfigError(
                f"--set: expected KEY=VALUE, found {shown(item)}; elman train --help-settings lists the keys"
            )
        settings[key.strip()] = value.strip()
    return settings


def size(n_bytes: int) -> str:
    """A file's size as a person reads it."""
    if n_bytes < 1_000_000:
        return f"{n_bytes / 1000:.1f} kB"
    return f"{n_bytes / 1_000_000:.1f} MB"
