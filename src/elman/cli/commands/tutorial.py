"""``elman tutorial``: the exercise of the tutorial that elman grew from, and the classic problems of long time lags."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

import click

from elman.cli.commands.long_lags import memory
from elman.cli.options import Number, Verbosity, argument, command, option, seed_option, whole_number
from elman.cli.say import tell
from elman.cli.unknown import Group
from elman.utils import limits


@click.group(cls=Group)
def tutorial() -> None:
    """Learn the theory: the exercise, the HMM, long lags.

    The exercise is train-rnn and test-rnn in plain NumPy, and the hidden Markov model to compare with.

    \b
      elman tutorial train train.norm_pos weights.txt ids.txt
      elman tutorial test weights.txt ids.txt test.norm > answer.pos

    It is the slides as a program, for reading along; `elman train` is many times faster and better.
    """


@dataclass(frozen=True, kw_only=True)
class TrainOptions(Verbosity):
    """The options of ``elman tutorial train``."""

    source: str = argument("TRAIN")
    weights: str = argument("WEIGHTS")
    ids: str = argument("IDS")
    hidden: int = option("--hidden", default=64, show_default=True, **whole_number(1, 4096), help="Hidden units.")
    learning_rate: float = option(
        "--learning-rate",
        default=0.4,
        show_default=True,
        type=Number(0, 1000, min_open=True),
        metavar="X",
        help="Learning rate λ at the start; it falls linearly to 0.",
    )
    iterations: int = option(
        "--iterations", default=12, show_default=True, **whole_number(1, 100_000), help="Passes over the sentences."
    )
    bptt: int = option(
        "--bptt",
        default=0,
        show_default=True,
        **whole_number(0, limits.STEPS),
        help="Steps that each output error goes back, its own step the first; 0: the full gradient.",
    )
    seed: int = seed_option()


@command(TrainOptions)
def train(options: TrainOptions) -> None:
    """Train an Elman network as the slides do.

    TRAIN is a sentence a line as word_TAG word_TAG; writes the files WEIGHTS and IDS.
    """
    from elman.tutorial import exercise
    from elman.tutorial.slides import Training

    shows_progress = options.verbose or (sys.stderr.isatty() and not options.quiet)

    def report(iteration: int, log_likelihood: float) -> None:
        if shows_progress:
            tell(f"iteration {iteration} of {options.iterations}: log-likelihood {log_likelihood:.1f}")

    training = Training(
        hidden=options.hidden,
        rate=options.learning_rate,
        iterations=options.iterations,
        bptt=options.bptt,
        seed=options.seed,
    )
    words, tags = exercise.train_rnn(options.source, options.weights, options.ids, training, report)
    if not options.quiet:
        tell(f"{words} words and {tags} tags; weights in {options.weights}, numbers of words and tags in {options.ids}")


@dataclass(frozen=True, kw_only=True)
class TestOptions:
    """The options of ``elman tutorial test``."""

    weights: str = argument("WEIGHTS")
    ids: str = argument("IDS")
    source: str = argument("INPUT")


@command(TestOptions)
def test(options: TestOptions) -> None:
    """Tag with the network of the slides.

    Prints the tags of INPUT, a sentence a line, by the network in WEIGHTS and IDS; unknown words are zero vectors.
    """
    from elman.tutorial import exercise

    _print(exercise.test_rnn(options.weights, options.ids, options.source))


@dataclass(frozen=True, kw_only=True)
class HmmOptions:
    """The options of ``elman tutorial hmm``."""

    source: str = argument("TRAIN")


@command(HmmOptions)
def hmm(options: HmmOptions) -> None:
    """Print the hidden Markov model of TRAIN.

    T for transitions, E for emissions, unsmoothed.
    """
    from elman.tutorial import exercise

    _print(exercise.hmm(options.source))


for subcommand in (train, test, hmm, memory):
    tutorial.add_command(subcommand)


def _print(lines: Iterable[str]) -> None:
    """Print lines as UTF-8 with "\\n", whatever the locale or system, since they are data."""
    from elman.utils.files import OutputFile

    with OutputFile("-") as output:
        for line in lines:
            output.write(line + "\n")
