"""The options of commands: each is a field of a dataclass, which the command gets whole.

A command's dataclass derives from the groups of options below that it shares with others, and adds its own fields;
``command`` makes click options of the fields. An option's name means one thing on every command: what several commands
share is defined here, once.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from elman.cli.help import Context
from elman.cli.notes import Notes
from elman.errors import ConfigError
from elman.utils import limits
from elman.utils.display import shown
from elman.utils.suggest import did_you_mean

if TYPE_CHECKING:
    from elman.cli.gold import FileOptions

_T = TypeVar("_T")


class _Command(click.Command):
    context_class = Context


def argument(metavar: str, **attributes: Any) -> Any:
    """Return a dataclass field that is an argument of a command."""
    return field(metadata={"click": ((), {"metavar": metavar, **attributes})})


def option(*names: str, **attributes: Any) -> Any:
    """Return a dataclass field that is an option of a command; names and attributes as of ``click.option``."""
    return field(metadata={"click": (names, attributes)})


def command(options: type[_T], name: str | None = None) -> Callable[[Callable[[_T], None]], click.Command]:
    """Make a command of a function of one argument: the dataclass ``options``, filled from the command line."""

    def decorate(function: Callable[[_T], None]) -> click.Command:
        def run(**values: Any) -> None:
            given = options(**values)
            function(given)
            if getattr(given, "verbose", False):
                _tell_costs()

        params = [_parameter(key, *field.metadata["click"]) for key, field in _fields(options)]
        help = function.__doc__
        return _Command(name or function.__name__, callback=run, params=params, help=help and _dedented(help))

    return decorate


def _parameter(name: str, names: tuple[str, ...], attributes: dict[str, Any]) -> click.Parameter:
    attributes = {**_completed(names, attributes), **attributes}
    if not names:
        return click.Argument([name], **{"required": attributes.get("nargs") != -1, **attributes})
    return click.Option([*names, name], **attributes)


def _completed(names: Sequence[str], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attribute by which a shell completes the values of an option or argument; types have their own."""
    if "type" in attributes or attributes.get("is_flag"):
        return {}

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[Any]:
        from elman.cli.completion import OF_OPTIONS, values_of

        of_files = not names or any(word in attributes.get("metavar", "") for word in ("FILE", "OUT", "MODEL", "DIR"))
        kinds = [OF_OPTIONS[name] for name in names if name in OF_OPTIONS] or ["files"] * of_files
        return values_of(kinds[0], context, incomplete) if kinds else []

    return {"shell_complete": complete}


def _fields(options: type) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a dataclass, its own before those of its bases."""
    own = [name for kind in options.__mro__ for name in kind.__dict__.get("__annotations__", ())]
    fields = getattr(options, "__dataclass_fields__")  # noqa: B009
    return ((name, fields[name]) for name in dict.fromkeys(own))


def _tell_costs() -> None:
    """Say how much time and memory the command took, where the system knows."""
    import time

    from elman.cli.say import tell

    costs = [f"{time.process_time():.1f} s of processor time"]
    try:
        import resource
    except ModuleNotFoundError:  # pragma: no cover - not on Windows
        pass
    else:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        costs.append(f"{most / (1e6 if sys.platform == 'darwin' else 1e3):,.0f} MB of memory")
    tell(f"elman: {', '.join(costs)}")


def _dedented(text: str) -> str:
    import inspect

    return inspect.cleandoc(text)


class Choice(click.Choice):  # type: ignore[type-arg,unused-ignore]
    """One word of several, in any case; a mistyped one is answered with the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the word. Fails if it is none of the choices."""
        if value not in self.choices and str(value).lower() in self.choices:
            return str(value).lower()
        if value not in self.choices:
            words = ", ".join(map(str, self.choices))
            self.fail(f"expected one of {words}, got {value!r}{did_you_mean(str(value), map(str, self.choices))}")
        return value


class Number(click.FloatRange):
    """A number in a range; nan is in none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number. Fails if it is none, or out of the range."""
        try:
            number = super().convert(value, param, ctx)
        except click.BadParameter:
            number = math.nan
        if number != number:
            self.fail(f"expected a number in the range {self._describe_range()}, got {shown(str(value))}", param, ctx)
        return number


class _WholeNumber(click.IntRange):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            range_ = self._describe_range()
            self.fail(f"expected a whole number in the range {range_}, got {shown(str(value))}", param, ctx)


def checked_format(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return the name of an input format. Raises ConfigError if there is no such format, or not with such options.

    A file of predictions may be of the format ``tags``.
    """
    if value is not None and (param.name, value) != ("predicted_format", "tags"):
        from elman.data.formats import check_input

        check_input(value)
    return value


def _checked_encoding(ctx: click.Context, param: click.Parameter, value: str) -> str:
    from elman.utils.charsets import check_encoding

    check_encoding(value)
    return value


def _checked_page(ctx: click.Context, param: click.Parameter, path: str | None) -> str | None:
    from elman.cli.outputs import check_page_name

    if path is not None:
        check_page_name(path)
    return path


def whole_number(low: int, high: int, metavar: str = "N") -> dict[str, Any]:
    """Return click's attributes of an option that is a whole number in a range."""
    return {"type": _WholeNumber(low, high), "metavar": metavar}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Verbosity:
    """How much a command says on standard error."""

    quiet: bool = option("-q", "--quiet", is_flag=True, help="No notes and no progress; warnings and errors stay.")
    verbose: bool = option("-v", "--verbose", is_flag=True, help="Notes at once, progress as lines, time and memory.")

    def notes(self) -> Notes:
        """Return the collector of this command's notes and warnings."""
        return Notes(quiet=self.quiet, verbose=self.verbose)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class RunOptions(Verbosity):
    """Options of every command that computes."""

    threads: int | None = option(
        "--threads", **whole_number(1, limits.THREADS), help="Threads to use; by default one for each core."
    )


def encoding_option() -> Any:
    """Return the field of ``--encoding``."""
    return option(
        "--encoding",
        default="utf-8",
        show_default=True,
        callback=_checked_encoding,
        help="Character encoding of the input; never guessed.",
    )


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class InputOptions:
    """How input files are read."""

    format: str | None = option(
        "--format",
        metavar="FORMAT",
        callback=checked_format,
        help="Format of the input (docs/reference/formats.md), as columns, csv:word=NAME; by default recognized.",
    )
    encoding: str = encoding_option()


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class LabelledOptions(InputOptions):
    """How labelled files are read, and which of their label columns count."""

    target: str | None = option(
        "--target",
        metavar="COLUMN,…",
        help="Label columns: upos, xpos, feats … of conllu, numbers of columns (-1: the last), names of others.",
    )

    @property
    def file_options(self) -> FileOptions:
        """How the labelled file is read."""
        from elman.cli.gold import FileOptions

        return FileOptions(self.format, self.target, self.encoding, getattr(self, "text_column", None))


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PredictedOptions(LabelledOptions):
    """How files of predictions are read, beside GOLD."""

    predicted_format: str | None = option(
        "--predicted-format",
        metavar="FORMAT",
        callback=checked_format,
        help="Format of the predictions; tags: nothing but tags, a sentence a line.",
    )
    predicted_target: str | None = option(
        "--predicted-target", metavar="COLUMN,…", help="Label columns of the predictions; as many as of GOLD."
    )

    @property
    def predicted_options(self) -> FileOptions:
        """How a file of predictions is read."""
        from elman.cli.gold import FileOptions

        return FileOptions(self.predicted_format, self.predicted_target, self.encoding)


def text_column_option() -> Any:
    """Return the field of ``--text-column``."""
    return option(
        "--text-column",
        metavar="NAME",
        help="Column of a table (CSV, TSV, JSON, Parquet) that holds the texts; its number if the first line of a CSV "
        "has no names.",
    )


def seed_option() -> Any:
    """Return the field of ``--seed``."""
    return option(
        "--seed", default=1, show_default=True, **whole_number(0, limits.SEED), help="Seed of all random draws."
    )


def precision_option() -> Any:
    """Return the field of ``--precision``."""
    return option(
        "--precision",
        type=Choice(["auto", "exact", "int8"]),
        default="auto",
        show_default=True,
        help="Arithmetic of a network: exact is float32; int8 holds LSTM states in 8 bits, if the processor can.",
    )


def min_confidence_option() -> Any:
    """Return the field of ``--min-confidence``."""
    return option(
        "--min-confidence",
        type=Number(0, 1),
        metavar="P",
        help="Leave words untagged (_) whose tag has a probability below P; evaluate: show what remains, and how good.",
    )


def layer_option() -> Any:
    """Return the field of ``--layer``."""
    return option(
        "--layer", default=1, show_default=True, **whole_number(1, limits.LAYERS), help="Layer of the network."
    )


def json_option() -> Any:
    """Return the field of ``--json``."""
    return option("--json", is_flag=True, help="Print one JSON object (docs/reference/json-output.md).")


def plot_option(what: str) -> Any:
    """Return the field of ``--plot``; ``what`` is drawn."""
    return option("--plot", metavar="FILE", help=f"Draw {what}; FILE ends in .png or .svg.")


def html_option(what: str) -> Any:
    """Return the field of ``--html``; ``what`` is on the page."""
    return option("--html", metavar="FILE", callback=_checked_page, help=f"Write a page with {what}.")


def preset_option() -> Any:
    """Return the field of ``--preset``."""
    from elman.config import PRESETS

    return option(
        "--preset", type=Choice(list(PRESETS)), default="default", show_default=True, help="Settings to start from."
    )


def inputs_option() -> Any:
    """Return the field of ``--inputs``."""
    return option(
        "--inputs",
        metavar="COLUMN,…",
        help="Further columns, named as for --target, whose values are read with each word; needed at tagging too.",
    )


def set_option() -> Any:
    """Return the field of ``--set``."""
    return option(
        "--set", metavar="KEY=VALUE", multiple=True, help="A setting (elman settings lists them); may be repeated."
    )


def settings_of(items: Sequence[str]) -> dict[str, str]:
    """Return the settings of --set. Raises ConfigError if one is not KEY=VALUE."""
    settings: dict[str, str] = {}
    for item in items:
        key, mark, value = item.partition("=")
        if not (key and mark):
            expected = "expected KEY=VALUE without a space, as epochs=5"
            raise ConfigError(f"--set: {expected}, got {shown(item)}; elman settings lists the keys")
        settings[key.strip()] = value.strip()
    return settings
