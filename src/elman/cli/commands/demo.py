"""``elman demo``."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from elman.cli.options import RunOptions, command, option
from elman.cli.outputs import size
from elman.cli.progress import TrainingProgress, clock
from elman.cli.say import say, tell
from elman.cli.tables import bold, cell
from elman.errors import how_to_install
from elman.utils import signals
from elman.utils.display import visible

if TYPE_CHECKING:
    from elman.cli.commands.demo_data import Treebank
    from elman.evaluation.tagging import TagEvaluation
    from elman.taggers.tagger import Tagger

_NOTHING = "stopped; nothing is written"
_NAMES = {"frequent": "most frequent tag", "hmm": "hidden Markov model", "rnn": "recurrent network"}


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """The options of ``elman demo``."""

    folder: str = option("--folder", default=".", show_default=True, metavar="DIR", help="Folder to put the model in.")


@command(Options)
def demo(options: Options) -> None:
    """Train on real text and show the results.

    It takes less than a minute. The text is a Turkish treebank, which the package turkish-treebanks brings: INSTALL.
    """
    from elman.cli.commands.demo_data import taggers, treebank
    from elman.utils.files import check_target

    data = treebank()
    target = os.path.join(options.folder, "elman-demo.model")
    check_target(target)
    say(_introduction(data))
    notes = options.notes()
    signals.say(_NOTHING)
    with TrainingProgress(quiet=options.quiet, verbose=options.verbose) as progress:
        results = list(taggers(data, progress, notes.add, options.threads))
    tagger = results[-1][0]
    if tagger.interrupted:
        tell(f"elman: {_NOTHING}")
        raise click.exceptions.Exit(signals.status())
    tagger.save(target)
    lines = [*_comparison(results, progress.seconds), "", *_example(tagger, data), "", *_next(target)]
    say("\n".join(lines))
    notes.show()


demo.help = (demo.help or "").replace("INSTALL", how_to_install("demo"))


def _introduction(data: Treebank) -> str:
    text = (
        "Parts of speech of Turkish. The text is the Turkish Web Treebank, annotated by hand (package "
        f"turkish-treebanks {data.version}, Apache-2.0). Its tokens are inflectional groups: a word is cut where a "
        f"suffix makes another part of speech of it. Trained on {len(data.train):,} sentences, "
        f"{sum(map(len, data.train)):,} tokens; held out by rule: {data.rule}."
    )
    return textwrap.fill(text, 80, break_on_hyphens=False) + "\n"


def _comparison(results: list[tuple[Tagger, TagEvaluation]], seconds: float) -> list[str]:
    first = results[0][1]
    lines = [
        f"Accuracy on the held-out sentences, {first.tokens:,} tokens; {first.unknown_tokens:,} are unknown, that is,",
        "not in the sentences trained on:",
        "",
        bold(f"{'':<21}{'all':>9}{'known':>11}{'unknown':>11}"),
    ]
    for tagger, result in results:
        rates = (result.accuracy, result.known_accuracy or 0.0, result.unknown_accuracy or 0.0)
        lines.append(
            f"{_NAMES[tagger.kind]:<21}{100 * rates[0]:>7.2f} %{100 * rates[1]:>9.2f} %{100 * rates[2]:>9.2f} %"
        )
    return [*lines, "", f"The network was trained in {clock(seconds)}."]


def _example(tagger: Tagger, data: Treebank) -> list[str]:
    from elman.cli.commands.demo_data import example

    sentence = example(data.held_out)
    ((tags, confidences),) = tagger.predict([sentence], confidence=True)
    lines = ["A held-out sentence, with the probability that the network gives to each tag:", ""]
    for word, gold, given, p in zip(sentence.words, sentence.columns["upos"], tags, confidences, strict=True):
        remarks = [] if tagger.known(word) else ["unknown"]
        if given != gold:
            remarks.append(f"in the treebank {gold}")
        lines.append(f"  {cell(word, 20)} {given:<6}{100 * p:>7.1f} %   {', '.join(remarks)}".rstrip())
    return lines


def _next(model: str) -> list[str]:
    elman = _command()
    name = quote(os.path.relpath(model))
    return [
        f"The model is {visible(name)} ({size(os.path.getsize(model))}). What to type next:",
        "",
        f"  echo 'Hava çok güzel .' | {elman} tag {visible(name)} --confidence",
        "",
        "With a file of your own (CoNLL-U, columns, or word_TAG word_TAG ...):",
        "",
        f"  {elman} train YOURS.txt --dev 10% -o yours.model",
        f"  {elman} tag yours.model NEW.txt",
    ]


def _command() -> str:
    """Return how to call ``elman`` here: by name, or by a path if its virtual environment is not active."""
    here = Path(sys.argv[0])
    if shutil.which("elman") or here.name != "elman":
        return "elman" if shutil.which("elman") else "python -m elman"
    return quote(os.path.relpath(here))
