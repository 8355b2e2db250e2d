"""``elman tutorial``: the exercise of the tutorial that elman grew from, and the classic problems of long time lags."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import click

from elman.cli.commands.long_lags import memory
from elman.cli.commands.tutorial_check import check, template
from elman.cli.commands.tutorial_compare import compare
from elman.cli.options import Number, Verbosity, argument, command, option, seed_option, whole_number
from elman.cli.say import tell
from elman.cli.unknown import Group
from elman.utils import limits


@click.group(cls=Group)
def tutorial() -> None:
    """Learn the theory: the exercise, the HMM, long lags.

    The exercise is train-rnn and test-rnn in plain NumPy, and the hidden Markov model to compare with. The functions
    that they are made of are for you to write: template prints them, check compares yours with elman's.

    \b
      elman tutorial train train.norm_pos weights.txt ids.txt
      elman tutorial test weights.txt ids.txt test.norm > answer.pos
      elman tutorial template > my_rnn.py
      elman tutorial check my_rnn.py --slide 8-12

    It is the slides as a program, for reading along; `elman train` is many times faster and better.
    """


@dataclass(frozen=True, kw_only=True)
class TrainOptions(Verbosity):
    """The options of ``elman tutorial train``."""

    source: str = argument("TRAIN")
    weights: str = argument("WEIGHTS")
    ids: str = argument("IDS")
    hidden: int = option("--hidden", default=64, show_default=True, **whole_number(1, 4096), help="Hidden units.")
    learning_rate: float | None = option(
        "--learning-rate",
        type=Number(0, 1000, min_open=True),
        metavar="X",
        help="Learning rate λ at the start, from where it falls linearly to 0.  "
        "[default: 0.4; with --as-printed 0.005]",
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
    as_printed: bool = option(
        "--as-printed",
        is_flag=True,
        help="Train as slide 32 is printed: constant λ, no clipping of gradients, random matrices, zero vectors.",
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

    training = replace(
        Training.as_printed() if options.as_printed else Training(),
        hidden=options.hidden,
        iterations=options.iterations,
        bptt=options.bptt,
        seed=options.seed,
    )
    if options.learning_rate is not None:
        training = replace(training, rate=options.learning_rate)
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

    warn = lambda message: tell(f"elman: warning: {message}")  # noqa: E731
    _print(exercise.test_rnn(options.weights, options.ids, options.source, warn))


@dataclass(frozen=True, kw_only=True)
class HmmOptions:
    """The options of ``elman tutorial hmm``."""

    source: str = argument("TRAIN")
    text: str | None = argument("[INPUT]", required=False)


@command(HmmOptions)
def hmm(options: HmmOptions) -> None:
    """Print or use the hidden Markov model of TRAIN.

    Without INPUT prints the model: T for transitions, E for emissions, unsmoothed. With INPUT, a sentence a line,
    prints its tags; emissions are smoothed for unknown words, as in the exercise on hidden Markov models.
    """
    from elman.tutorial import exercise

    _print(exercise.hmm(options.source) if options.text is None else _hmm_tags(options.source, options.text))


def _hmm_tags(source: str, text: str) -> Iterator[str]:
    from elman.models.baselines import HMM
    from elman.tutorial.exercise import read_labelled, read_words

    model = HMM.train(read_labelled(source))
    for tags in model.best(read_words(text)):
        yield " ".join(model.tags[tag] for tag in tags)


for subcommand in (train, test, hmm, check, template, compare, memory):
    tutorial.add_command(subcommand)


def _print(lines: Iterable[str]) -> None:
    """Print lines as UTF-8 with "\\n", whatever the locale or system, since they are data."""
    from elman.utils.files import OutputFile

    with OutputFile("-") as output:
        for line in lines:
            output.write(line + "\n")
