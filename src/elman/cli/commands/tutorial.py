"""``elman tutorial``: the exercise of the tutorial that elman grew from."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from elman.cli.options import Number, seed_option
from elman.cli.say import tell
from elman.utils import limits


@click.group()
def tutorial() -> None:
    """The tutorial's exercise: train-rnn and test-rnn in plain NumPy, and the HMM to compare with.

    \b
      elman tutorial train train.norm_pos weights.txt ids.txt
      elman tutorial test weights.txt ids.txt test.norm > answer.pos

    It is the slides made to run, for reading along; `elman train` is many times faster and better.
    """


@tutorial.command()
@click.argument("source", metavar="TRAIN")
@click.argument("weights", metavar="WEIGHTS")
@click.argument("ids", metavar="IDS")
@click.option("--hidden", default=64, show_default=True, type=click.IntRange(1, 4096), help="Hidden units.")
@click.option(
    "--rate",
    default=0.4,
    show_default=True,
    type=Number(0, 1000, min_open=True),
    help="Learning rate λ at the start; it goes down to 0 in a straight line.",
)
@click.option(
    "--iterations", default=12, show_default=True, type=click.IntRange(1, 100_000), help="Passes over the sentences."
)
@click.option(
    "--bptt",
    default=0,
    show_default=True,
    type=click.IntRange(0, limits.STEPS),
    help="Steps that each output error goes back, its own step the first; 0: the full gradient.",
)
@seed_option("Of the random start.")
def train(source: str, weights: str, ids: str, hidden: int, rate: float, iterations: int, bptt: int, seed: int) -> None:
    """Train an Elman network on TRAIN, a sentence a line as word_TAG word_TAG; write the files WEIGHTS and IDS."""
    from elman.tutorial import exercise
    from elman.tutorial.slides import Training

    terminal = sys.stderr.isatty()

    def report(iteration: int, log_likelihood: float) -> None:
        if terminal:
            tell(f"iteration {iteration} of {iterations}: log-likelihood {log_likelihood:.1f}")

    training = Training(hidden=hidden, rate=rate, iterations=iterations, bptt=bptt, seed=seed)
    words, tags = exercise.train_rnn(source, weights, ids, training, report)
    tell(f"{words} words and {tags} tags; weights in {weights}, numbers of words and tags in {ids}")


@tutorial.command()
@click.argument("weights", metavar="WEIGHTS")
@click.argument("ids", metavar="IDS")
@click.argument("source", metavar="INPUT")
def test(weights: str, ids: str, source: str) -> None:
    """Print the tags of INPUT, a sentence a line, by the network in WEIGHTS and IDS; words unseen are zero vectors."""
    from elman.tutorial import exercise

    _print(exercise.test_rnn(weights, ids, source))


@tutorial.command()
@click.argument("source", metavar="TRAIN")
def hmm(source: str) -> None:
    """Print the hidden Markov model of TRAIN: T for transitions, E for emissions, unsmoothed."""
    from elman.tutorial import exercise

    _print(exercise.hmm(source))


def _print(lines: Iterable[str]) -> None:
    """UTF-8 and "\\n" whatever the locale or system: what comes out is data, as what went in."""
    from elman.utils.files import OutputFile

    with OutputFile("-") as output:
        for line in lines:
            output.write(line + "\n")
