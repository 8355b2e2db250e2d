"""``elman memory``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from elman.cli.options import Number
from elman.cli.say import say, tell
from elman.errors import ConfigError
from elman.utils import limits
from elman.utils.display import shown

if TYPE_CHECKING:
    from elman.analysis.long_lags.results import Result, ResultsFolder, Trial


@click.command()
@click.argument("problems", nargs=-1, metavar="[PROBLEM]...")
@click.option("--cells", default="lstm,gru", show_default=True, metavar="CELL,…", help="lstm, gru, elman, sru, mingru.")
@click.option(
    "--seeds",
    type=click.IntRange(1, limits.SEEDS),
    default=3,
    show_default=True,
    metavar="N",
    help="Trainings of each.",
)
@click.option("--minutes", type=Number(0, limits.MINUTES), default=0.0, metavar="M", help="Stop each training after M.")
@click.option("--results", metavar="FOLDER", help="Keep results here, and do not do again what is there.")
@click.option("--page", metavar="FILE.md", help="Write all results of the folder as a page.")
@click.option(
    "--jobs",
    type=click.IntRange(1, limits.JOBS),
    default=1,
    show_default=True,
    metavar="N",
    help="Trainings at once.",
)
@click.option("--list", "listed", is_flag=True, help="List the problems and exit.")
def memory(
    problems: tuple[str, ...],
    cells: str,
    seeds: int,
    minutes: float,
    results: str | None,
    page: str | None,
    jobs: int,
    listed: bool,
) -> None:
    """Try what recurrent nets can remember, on the classic problems.

    Makes sequences with long time lags, trains on them until a problem counts as solved, and shows after how many
    sequences, beside those of the paper that introduced LSTM. Without PROBLEM all of them: that takes an hour or more.

    \b
      elman memory adding-100 order-2 --cells lstm,gru,elman
      elman memory --results memory --seeds 10 --jobs 2
    """
    from elman.analysis.long_lags.problems import PROBLEMS
    from elman.analysis.long_lags.results import CELLS, ResultsFolder, Trial, as_text, tables
    from elman.utils.files import check_target

    there = [problem.name for problem in PROBLEMS]
    if listed:
        say("\n".join(f"{problem.name:16} {problem.title}" for problem in PROBLEMS))
        return
    for name in problems:
        if name not in there:
            raise ConfigError(f"expected problems among {', '.join(there)}; got {shown(name)}")
    chosen = cells.split(",")
    for cell in chosen:
        if cell not in CELLS:
            raise ConfigError(f"--cells: expected some of {','.join(CELLS)}; got {shown(cell)}")
    if page is not None:
        if results is None:
            raise ConfigError("--page: it shows what is in the folder of --results; name that too")
        check_target(page)
    trials = [
        Trial(problem, cell, seed, minutes)
        for problem in problems or there
        for cell in chosen
        for seed in range(1, seeds + 1)
    ]
    found, folder = [], ResultsFolder(results)
    for result in _done(trials, folder, jobs):
        found.append(result)
        outcome, trial = result.outcome, result.trial
        end = "solved" if outcome.solved else "stopped" if result.stopped else "ended"
        tell(
            f"{trial.problem} {trial.cell} seed {trial.seed}: {end} after {outcome.sequences:,} sequences, "
            f"{100 * outcome.error:.2f} % wrong, {result.seconds:.0f} s"
        )
    say("\n\n".join(map(as_text, tables(found))))
    if folder.lost is not None:  # what took hours is shown
        raise folder.lost
    if page is not None and results is not None:
        _write(page, results)


def _done(trials: list[Trial], folder: ResultsFolder, jobs: int) -> Iterator[Result]:
    """The results, in order."""
    from elman.analysis.long_lags.results import SubprocessRunner
    from elman.utils.parallel import ordered

    if jobs == 1:
        yield from map(folder.do, trials)
        return
    with SubprocessRunner() as apart:
        yield from ordered(lambda trial: folder.do(trial, apart.train), trials, jobs)


def _write(path: str, folder: str) -> None:
    from elman.analysis.long_lags.results import page, read
    from elman.utils.files import write_bytes_atomically

    write_bytes_atomically(path, page(read(folder)).encode())
    tell(f"written to {path}")
