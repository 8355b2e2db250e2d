"""``elman curve``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from elman.cli.options import (
    Notes,
    encoding_option,
    format_option,
    plot_option,
    seed_option,
    target_option,
    threads_option,
)
from elman.cli.say import say, say_json
from elman.config import PRESETS
from elman.utils import limits
from elman.utils.display import visible

if TYPE_CHECKING:
    from elman.analysis.learning_curve import Curve

TIMES = {2: "twice", 4: "four times"}


@click.command()
@click.argument("train", nargs=-1, required=True, metavar="TRAIN...")
@click.option("--dev", required=True, metavar="FILE|10%", help="Sentences to score on: a file, or a share of TRAIN.")
@click.option(
    "--points",
    type=click.IntRange(3, limits.POINTS),
    default=5,
    show_default=True,
    metavar="N",
    help="Sizes: all, 1/2, 1/4 …",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, limits.SEEDS),
    default=3,
    show_default=True,
    metavar="N",
    help="Trainings of each size.",
)
@click.option(
    "--model",
    type=click.Choice(["rnn", "linear", "hmm", "frequent"]),
    default="rnn",
    show_default=True,
    help="Kind of model.",
)
@click.option(
    "--preset", type=click.Choice(list(PRESETS)), default="default", show_default=True, help="Settings to start from."
)
@click.option("--set", metavar="KEY=VALUE", multiple=True, help="A setting that differs; may be repeated.")
@plot_option("the curve and what it lets expect")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@format_option("TRAIN")
@target_option
@seed_option("The first of the seeds.")
@threads_option
@encoding_option
def curve(**given: Any) -> None:
    """Show what more labelled sentences would give.

    Trains on 1/16, 1/8, 1/4, 1/2 and all of TRAIN, with several seeds, scores on DEV, and carries the curve forward.
    That is as much work as about six trainings on all of it, or more; --preset fast makes it quicker.

    \b
      elman curve train.conllu --dev dev.conllu
      elman curve all.txt --dev 10% --preset fast --plot curve.svg
    """
    from elman.analysis.learning_curve import learning_curve
    from elman.cli.options import settings_of
    from elman.data.corpus import ReadOptions
    from elman.data.formats import column_names

    plot = given["plot"]
    if plot is not None:
        from elman.viz import plots

        plots.check(plot)
    notes = Notes()
    with _told() as tell:
        found = learning_curve(
            list(given["train"]),
            given["dev"],
            ReadOptions(column_names(given["target"]), given["format"], given["encoding"]),
            points=given["points"],
            seeds=given["seeds"],
            seed=given["seed"],
            tell=tell,
            warn=notes.warn,
            model=given["model"],
            preset=given["preset"],
            settings=settings_of(given["set"]),
            threads=given["threads"],
        )
    if given["as_json"]:
        say_json(found.to_json())
    else:
        say(report(found))
    if plot is not None:  # behind what took hours, which a full disk must not cost
        plots.save(plots.learning_curve(found), plot)
    notes.show()


@contextmanager
def _told() -> Iterator[Callable[[str], None]]:
    """Shows at a terminal, and only there, which training it is."""
    if not sys.stderr.isatty():
        yield lambda line: None
        return
    from rich.console import Console
    from rich.text import Text

    from elman.cli.progress import drawn

    with drawn(), Console(stderr=True, highlight=False).status("") as status:
        yield lambda line: status.update(Text(visible(line)))


def report(found: Curve) -> str:
    """The curve as a table, and what is to be expected in a sentence each."""
    seeds = len(found.points[0].accuracies)
    lines = [
        f"{'sentences':>9}  {'words':>9}  {'accuracy':>8}" + (f"  lowest and highest of {seeds} seeds" * (seeds > 1))
    ]
    for point in found.points:
        line = f"{point.sentences:>9,}  {point.words:>9,}  {100 * point.mean:>6.2f} %"
        if seeds > 1:
            line += f"  {100 * min(point.accuracies):.2f} to {100 * max(point.accuracies):.2f}"
        lines.append(line)
    lines.append("")
    for ahead in found.forecasts:
        low, about, high = (f"{100 * gain:+.1f}" for gain in (ahead.low, ahead.gain, ahead.high))
        lines.append(
            f"{TIMES[ahead.times]} the labels ({ahead.sentences:,} sentences) would give about {about} "
            f"(from {low} to {high}): {100 * ahead.accuracy:.1f} %"
        )
    return "\n".join(lines)
