"""``elman search``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from elman.cli.checkpoints import ending
from elman.cli.cluster import ClusterOptions, opened_map
from elman.cli.options import Choice, command, option, plot_option, whole_number
from elman.cli.outputs import check_not_an_input, check_outputs
from elman.cli.progress import status_line
from elman.cli.reports.training import summary
from elman.cli.say import say, tell
from elman.cli.tables import report_width, wrapped
from elman.cli.training_options import TrainingOptions
from elman.errors import ConfigError, OutputError
from elman.utils import limits, signals
from elman.utils.display import visible

if TYPE_CHECKING:
    from elman.analysis.search.results import Outcome, SearchResult
    from elman.training.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Options(ClusterOptions, TrainingOptions):
    """The options of ``elman search``."""

    dev: str = option(
        "--dev",
        default="10%",
        show_default=True,
        metavar="FILE|10%",
        help="Development data, to choose the settings by: a file, or a share of TRAIN.",
    )
    trials: int = option(
        "--trials", default=40, show_default=True, **whole_number(1, limits.TRIALS), help="Settings to try."
    )
    method: str = option(
        "--method",
        type=Choice(["halving", "random"]),
        default="halving",
        show_default=True,
        help="halving: train all for few epochs, the better ones for more; random: all in full.",
    )
    space: str | None = option(
        "--space", metavar="FILE.toml", help="What to search; by default around the preset (docs/guides/search.md)."
    )
    results: str | None = option(
        "--results",
        metavar="FILE.jsonl",
        help="Keep results here, a line a training; a stopped search goes on from there, also within a training.",
    )
    plot: str | None = plot_option("the score of every trial")
    output: str | None = option(
        "-o", "--output", metavar="MODEL", help="Train with the best settings, and write the model."
    )


@command(Options)
def search(options: Options) -> None:
    """Search for better settings.

    Trains with the preset, then with settings drawn at random from a space, and prints them, best on DEV first. Those
    that look bad after few epochs are dropped (successive halving). The same files, space and seed give the same
    trials and scores, whatever --threads.

    \b
      elman search train.conllu --dev dev.conllu -o my.model
      elman search all.txt --trials 20 --preset fast --results search.jsonl
      elman search train.conllu --dev dev.conllu --space space.toml --plot search.svg
    """
    from elman.analysis.search.search import search as find

    _check(options)
    arguments = options.training()
    notes = options.notes()
    stopped = "stopped; the same command goes on from its results"
    if options.results is None:
        stopped = "stopped; --results FILE.jsonl would have kept the trials"
    signals.say(stopped)
    try:
        with (
            opened_map(options.cluster) as elsewhere,
            status_line(quiet=options.quiet, verbose=options.verbose) as show,
        ):
            found = find(
                list(options.train),
                options.dev,
                trials=options.trials,
                method=options.method,
                space=options.space,
                results=options.results,
                output=options.output,
                on_progress=show,
                on_step=None if options.results is None else ending(_nothing),
                on_warning=notes.warn,
                on_note=notes.add,
                map=elsewhere,
                **arguments,
            )
    except KeyboardInterrupt:
        tell(f"elman: {stopped}")
        raise click.exceptions.Exit(signals.status()) from None
    say(report(found), err=options.output == "-")
    if found.model is not None and options.output is not None:
        say("\n" + summary(found.model, options.output), err=options.output == "-")
    if options.plot is not None:
        from elman.viz import plots, search_plot

        plots.save(search_plot.search(found), options.plot)
    if found.lost:
        raise OutputError(found.lost)
    notes.show()


def _check(options: Options) -> None:
    """Raise OutputError or ConfigError before training rather than after it."""
    from elman.analysis.search.in_progress import ENDING
    from elman.training.checkpoint import generations
    from elman.utils.files import check_target

    inputs = [*options.train, options.dev, options.config, options.vectors, options.space]
    check_outputs([path for path in inputs if path is not None], plot=options.plot)
    outputs = [path for path in (options.output, options.results, options.plot) if path is not None]
    if options.results is not None:
        outputs += generations(options.results + ENDING)
    for path in outputs:
        check_not_an_input(path, [each for each in inputs if each is not None])
    if options.output is not None:
        check_target(options.output, text=False)
    names = [os.path.realpath(path) for path in outputs]
    twice = next((path for path, name in zip(outputs, names, strict=True) if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"{twice}: is named for two outputs; name a file for each")


def _nothing(event: Progress) -> None:
    """Show nothing: trials are shown, not their steps."""


def report(found: SearchResult) -> str:
    """Return the trials as a table, best first: those trained in full, then those of each rung before."""
    ranking = found.ranking
    head = f"{'trial':>5}  {'epochs':>6}  {f'dev {found.metric}':>12}  {'seconds':>7}  "
    lines, rung = [f"{head}settings that differ from trial 1"], ""
    for each in ranking:
        if rung not in ("", each.rung):
            lines.append(f"dropped after {each.rung} of the epochs, with one network:")
        rung = each.rung
        lines += _row(each, found.listed(each), len(head))
    best = found.best
    first = next(each for each in ranking if each.trial == 1)
    start = "the settings to start from"
    others = f", {best.shown}; trial 1, {start}, has {first.shown}" if best.trial > 1 else f", {start}: {best.shown}"
    if ranking[0].trial not in (1, best.trial):
        higher = f"trial {ranking[0].trial} is higher by less than the standard error on dev"
        others += f"; {higher}, {100 * found.error:.2f} points"
    lines += ["", f"best: trial {best.trial}{others}"]
    return "\n".join(map(visible, lines))


def _row(outcome: Outcome, settings: str, indent: int) -> list[str]:
    """Return the lines of a trial."""
    score = "failed" if outcome.score is None else outcome.shown
    begin = f"{outcome.trial:>5}  {outcome.epochs:>6,}  {score:>12}  {outcome.seconds:>7,.1f}  "
    text = settings or "none"
    if outcome.score is None:
        text += f": {outcome.shown}"
    return wrapped(text, begin, " " * indent, report_width())
