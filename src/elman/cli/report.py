"""An evaluation as a person reads it, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from elman.metrics import Evaluation

MOST_TAGS = 50
_WIDTH = 22  # of a tag, at most: two of them and a number fit in a line


def reports(results: Mapping[str, Evaluation]) -> str:
    """The report of each label column, under its name where there are several."""
    if len(results) == 1:
        return report(next(iter(results.values())))
    return "\n\n".join(f"{bold(f'column {name}')}\n\n{report(result)}" for name, result in results.items())


def report(result: Evaluation) -> str:
    """Accuracy, known and unknown words, sentences; precision, recall and F1 of each tag; the commonest confusions."""
    return "\n".join([*_accuracy(result), "", *_tags(result), *_confusions(result)])


def _accuracy(result: Evaluation) -> Iterator[str]:
    rows = [("accuracy", result.correct, result.tokens, "words")]
    if result.unknown_tokens is not None and result.unknown_correct is not None:
        known = result.tokens - result.unknown_tokens
        rows.append(("  known words", result.correct - result.unknown_correct, known, "words"))
        rows.append(("  unknown words", result.unknown_correct, result.unknown_tokens, "words not seen in training"))
    rows.append(("whole sentences", result.sentences_correct, result.sentences, "sentences"))
    width = len(f"{max(result.tokens, result.sentences):,}")
    for name, correct, total, what in rows:
        yield f"{name:<16}{percent(correct, total):>9}  {correct:>{width},} of {total:>{width},} {what}"


def percent(correct: int, total: int) -> str:
    """``91.20 %``, or a dash where there is nothing to count."""
    return f"{100 * correct / total:.2f} %" if total else "–"


def _tags(result: Evaluation) -> Iterator[str]:
    names = list(result.tags)[:MOST_TAGS]
    width = _width(["tag", *names])
    yield bold(f"{'tag':<{width}}  precision   recall       F1     words")
    for name in names:
        score = result.tags[name]
        rates = "".join(f"{100 * rate:>9.2f}" for rate in (score.precision, score.recall, score.f1))
        yield f"{cell(name, width)}  {rates}{score.support:>10,}"
    if len(result.tags) > len(names):
        yield f"and {len(result.tags) - len(names):,} rarer tags, which --json lists"


def _confusions(result: Evaluation) -> Iterator[str]:
    if not result.confusions:
        return
    gold = _width(["right tag", *(confusion.gold for confusion in result.confusions)])
    given = _width(["tag given", *(confusion.predicted for confusion in result.confusions)])
    yield ""
    yield bold(
        f"{'right tag':<{gold}}  {'tag given':<{given}}  {'words':>9}  of {result.tokens - result.correct:,} errors"
    )
    for confusion in result.confusions:
        yield f"{cell(confusion.gold, gold)}  {cell(confusion.predicted, given)}  {confusion.count:>9,}"


def bold(text: str) -> str:
    """Bold on a terminal; ``click.echo`` takes it off again anywhere else."""
    return click.style(text, bold=True)


def _width(texts: list[str]) -> int:
    from rich.cells import cell_len

    return min(max(map(cell_len, texts)), _WIDTH)


def cell(text: str, width: int) -> str:
    """Text cut or padded to so many columns of the terminal (a CJK character takes two)."""
    from rich.cells import cell_len, set_cell_size

    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    if cell_len(plain) > width:
        plain = set_cell_size(plain, width - 1) + "…"
    return set_cell_size(plain, width)
