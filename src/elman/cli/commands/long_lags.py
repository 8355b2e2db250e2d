"""``elman tutorial memory``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from elman.cli.options import Number, Verbosity, argument, command, option, whole_number
from elman.cli.say import say, tell
from elman.errors import ConfigError
from elman.utils import limits
from elman.utils.display import shown
from elman.utils.suggest import did_you_mean

if TYPE_CHECKING:
    from elman.analysis.long_lags.results import Result, ResultsFolder, Trial


@dataclass(frozen=True, kw_only=True)
class Options(Verbosity):
    """The options of ``elman tutorial memory``."""

    problems: tuple[str, ...] = argument("[PROBLEM]...", nargs=-1)
    cells: str = option(
        "--cells",
        default="lstm,gru",
        show_default=True,
        metavar="CELL,…",
        help="Recurrent cells: lstm, gru, elman, sru, mingru.",
    )
    seeds: int = option(
        "--seeds", default=3, show_default=True, **whole_number(1, limits.SEEDS), help="Seeds to train each with."
    )
    minutes: float = option(
        "--minutes", type=Number(0, limits.MINUTES), default=0.0, metavar="M", help="Stop each training after M."
    )
    results: str | None = option(
        "--results", metavar="FOLDER", help="Keep results here, and do not repeat what is there."
    )
    page: str | None = option("--page", metavar="FILE.md", help="Write all results of the folder as a page.")
    jobs: int = option(
        "--jobs", default=1, show_default=True, **whole_number(1, limits.JOBS), help="Trainings at once."
    )
    list: bool = option("--list", is_flag=True, help="List the problems and exit.")


@command(Options)
def memory(options: Options) -> None:
    """Test what recurrent cells can remember.

    Makes sequences with long time lags, the classic problems, trains on them until a problem counts as solved, and
    shows after how many sequences, beside those of the paper that introduced LSTM. Without PROBLEM all of them: that
    takes an hour or more.

    \b
      elman tutorial memory adding-100 order-2 --cells lstm,gru,elman
      elman tutorial memory --results memory --seeds 10 --jobs 2
    """
    from elman.analysis.long_lags.problems import PROBLEMS
    from elman.analysis.long_lags.results import ResultsFolder, as_text, tables

    if options.list:
        say("\n".join(f"{problem.name:16} {problem.title}" for problem in PROBLEMS))
        return
    trials = _trials(options, [problem.name for problem in PROBLEMS])
    results, folder = [], ResultsFolder(options.results)
    for result in _done(trials, folder, options.jobs):
        results.append(result)
        if not options.quiet:
            _report(result)
    say("\n\n".join(map(as_text, tables(results))))
    if folder.lost is not None:  # raised late: what took hours is shown
        raise folder.lost
    if options.page is not None and options.results is not None:
        _write(options.page, options.results)


def _trials(options: Options, known: Sequence[str]) -> Sequence[Trial]:
    """Return the trainings. Raises ConfigError or OutputError for options that cannot be followed."""
    from elman.analysis.long_lags.results import CELLS, Trial
    from elman.utils.files import check_target

    for name in options.problems:
        if name not in known:
            near = did_you_mean(name, known)
            raise ConfigError(f"expected problems among {', '.join(known)}; got {shown(name)}{near}")
    cells = options.cells.split(",")
    for cell in cells:
        if cell not in CELLS:
            near = did_you_mean(cell, CELLS)
            raise ConfigError(f"--cells: expected some of {','.join(CELLS)}; got {shown(cell)}{near}")
    if options.page is not None:
        if options.results is None:
            raise ConfigError("--page: it shows what is in the folder of --results; name that too")
        check_target(options.page)
    return [
        Trial(problem, cell, seed, options.minutes)
        for problem in options.problems or known
        for cell in cells
        for seed in range(1, options.seeds + 1)
    ]


def _report(result: Result) -> None:
    outcome, trial = result.outcome, result.trial
    end = "solved" if outcome.solved else "stopped" if result.stopped else "ended"
    tell(
        f"{trial.problem} {trial.cell} seed {trial.seed}: {end} after {outcome.sequences:,} sequences, "
        f"{100 * outcome.error:.2f} % wrong, {result.seconds:.0f} s"
    )


def _done(trials: Sequence[Trial], folder: ResultsFolder, jobs: int) -> Iterator[Result]:
    """Yield the results, in order."""
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
