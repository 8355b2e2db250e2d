"""``elman curve``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from elman.cli.cluster import ClusterOptions, opened_map
from elman.cli.options import (
    Choice,
    LabelledOptions,
    RunOptions,
    argument,
    command,
    inputs_option,
    json_option,
    option,
    plot_option,
    preset_option,
    seed_option,
    set_option,
    settings_of,
    whole_number,
)
from elman.cli.outputs import check_outputs
from elman.cli.progress import status_line
from elman.cli.say import say, say_json
from elman.utils import limits

if TYPE_CHECKING:
    from elman.analysis.learning_curve import Curve

TIMES = {2: "twice", 4: "four times"}


@dataclass(frozen=True, kw_only=True)
class Options(LabelledOptions, ClusterOptions, RunOptions):
    """The options of ``elman curve``."""

    train: tuple[str, ...] = argument("TRAIN...", nargs=-1, required=True)
    dev: str = option("--dev", required=True, metavar="FILE|10%", help="Development data: a file, or a share of TRAIN.")
    points: int = option(
        "--points", default=5, show_default=True, **whole_number(3, limits.POINTS), help="Sizes: all, 1/2, 1/4 …"
    )
    seeds: int = option(
        "--seeds", default=3, show_default=True, **whole_number(1, limits.SEEDS), help="Seeds to train each with."
    )
    model: str = option(
        "--model",
        type=Choice(["rnn", "linear", "hmm", "frequent"]),
        default="rnn",
        show_default=True,
        help="Kind of model.",
    )
    inputs: str | None = inputs_option()
    preset: str = preset_option()
    set: tuple[str, ...] = set_option()
    plot: str | None = plot_option("the curve and its forecast")
    json: bool = json_option()
    seed: int = seed_option()


@command(Options)
def curve(options: Options) -> None:
    """Forecast what more labelled sentences would bring.

    Trains on 1/16, 1/8, 1/4, 1/2 and all of TRAIN, with several seeds (the first is --seed), evaluates on DEV, and
    extrapolates the learning curve. This costs as much as about six trainings on all of TRAIN, or more; --preset fast
    is quicker.

    \b
      elman curve train.conllu --dev dev.conllu
      elman curve all.txt --dev 10% --preset fast --plot curve.svg
    """
    from elman.analysis.functions import curve as learning_curve

    check_outputs(options.train, plot=options.plot)
    notes = options.notes()
    with (
        opened_map(options.cluster) as elsewhere,
        status_line(quiet=options.quiet, verbose=options.verbose) as show,
    ):
        found = learning_curve(
            list(options.train),
            options.dev,
            target=options.target,
            inputs=options.inputs,
            format=options.format,
            encoding=options.encoding,
            points=options.points,
            seeds=options.seeds,
            seed=options.seed,
            on_progress=show,
            on_warning=notes.warn,
            model=options.model,
            preset=options.preset,
            settings=settings_of(options.set),
            threads=options.threads,
            map=elsewhere,
        )
    if options.json:
        say_json(found.to_json())
    else:
        say(report(found))
    if options.plot is not None:  # last: a full disk must not cost what took hours
        from elman.viz import plots

        plots.save(plots.learning_curve(found), options.plot)
    notes.show()


def report(found: Curve) -> str:
    """Return the curve as a table, and each forecast in a sentence."""
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
            f"{TIMES[ahead.times]} the labels ({ahead.sentences:,} sentences) would give about {about}"
            + f" (from {low} to {high})" * (seeds > 1)
            + f": {100 * ahead.accuracy:.1f} %"
        )
    if seeds == 1 and found.forecasts:
        lines.append("one seed says nothing of how sure that is; --seeds 3 does")
    return "\n".join(lines)
