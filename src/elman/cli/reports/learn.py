"""The report of ``elman learn``, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from elman.cli.tables import bold, cell, labels, report_width, width as width_of, wrapped
from elman.utils.display import visible
from elman.utils.summary import counted, p_value, percent

if TYPE_CHECKING:
    from elman.learn.changes import Change, Flip
    from elman.learn.report import Outcome, UpdateReport

MOST_SENTENCES = 5
"""Number of sentences of each kind that are shown; ``--json`` and ``--html`` have more."""
MOST_TAGS = 10
_HEAD, _CELL = 26, 18


def report(found: UpdateReport) -> str:
    """Return the report: a table of scores, labels with changes, sentences, and what was added."""
    parts = [
        _table(found),
        _tags(found.heldout),
        _outcomes("not learned", found.not_learned),
        _outcomes("earlier corrections that are wrong now", found.earlier.broken),
        _flips("held-out sentences that changed", found.heldout),
        _added(found),
    ]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part)))


def retrained(adopted: bool, change: Change | None) -> str:
    """Return the result of retraining: whether the new model is kept, and how it compares with the patched one."""
    lines = ["retrained from scratch: " + ("kept" if adopted else "significantly worse, so the patched model is kept")]
    for target, column in change.columns.items() if change is not None else ():
        scores = f"{percent(column.after)}, patched {percent(column.before)}"
        ends = f"{_points(column.difference)}, 95 % interval {_points(column.low)} to {_points(column.high)}"
        lines.append(f"  held-out {visible(target)} {column.name} {scores}: {ends}")
    return "\n".join(lines)


def _table(found: UpdateReport) -> Iterator[str]:
    naive = found.naive
    yield bold(_row("", "before", "after", "naive" if naive else ""))
    n_corrections = len(found.learned) + len(found.not_learned)
    before = sum(outcome.was_right for outcome in (*found.learned, *found.not_learned))
    of_naive = "" if naive is None else _of(naive.learned, n_corrections)
    if n_corrections:
        yield _row("corrections", _of(before, n_corrections), _of(len(found.learned), n_corrections), of_naive)
    else:
        yield "no new correction: all were learned before"
    if n_earlier := len(found.earlier):
        before = sum(outcome.was_right for outcome in (*found.earlier.kept, *found.earlier.broken))
        of_naive = "" if naive is None else _of(n_earlier - naive.earlier_broken, n_earlier)
        yield _row("earlier corrections", _of(before, n_earlier), _of(len(found.earlier.kept), n_earlier), of_naive)
    yield from _scores("held-out", found.heldout, naive.heldout if naive else None)
    yield from _scores("replayed", found.replayed, naive.replayed if naive else None)


def _scores(name: str, change: Change | None, naive: Change | None) -> Iterator[str]:
    """Yield the scores of each column, with their differences to those before."""
    if change is None:
        return
    for target, column in change.columns.items():
        both = [column, naive.columns[target]] if naive is not None else [column]
        yield ""
        of_column = f", column {visible(target)}" if len(change.columns) > 1 else ""
        yield f"{name}: {counted(column.sentences, 'sentence')}{of_column}"
        yield _row(f"  {column.name}", percent(column.before), *(percent(each.after) for each in both))
        yield _row("  difference", "", *(_points(each.difference) for each in both))
        yield _row("  95 % interval", "", *(f"{_points(each.low)} to {_points(each.high)}" for each in both))
        yield _row("  bootstrap", "", *(p_value(each.p_value) for each in both))
        yield _row("  fixed", "", *(f"{each.fixed:,}" for each in both))
        yield _row("  newly broken", "", *(f"{each.broken:,}" for each in both))


def _tags(change: Change | None) -> Iterator[str]:
    if change is None:
        return
    for number, (target, column) in enumerate(change.columns.items()):
        if not column.tags:
            continue
        if number:
            yield ""
        names = list(column.tags)[:MOST_TAGS]
        short = labels(column.tags, report_width() - 36)
        head = f"gold {target if len(change.columns) > 1 else 'label'}"
        width = width_of((short[name] for name in names), head)
        yield bold(f"{cell(head, width)}{'in held-out':>13}{'fixed':>8}{'newly broken':>14}")
        for name in names:
            counts = column.tags[name]
            yield f"{cell(short[name], width)}{counts.gold:>13,}{counts.fixed:>8,}{counts.broken:>14,}"
        if len(column.tags) > len(names):
            yield f"and {len(column.tags) - len(names):,} more, which --json lists"


def _wrong(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Yield the columns in which a prediction is wrong, with the words, their predicted and their correct labels."""
    for name, gold in outcome.labels.items():
        predicted = outcome.predicted[name]
        if len(gold) == len(predicted) == len(outcome.words):
            words = zip(outcome.words, gold, predicted, strict=True)
            wrong = [f"{word}: {tag}, not {label}" for word, label, tag in words if label not in (None, tag)]
        else:  # of the document
            wrong = [f"{'|'.join(map(str, predicted))}, not {'|'.join(map(str, gold))}"] * (gold != predicted)
        if wrong:
            yield name, "; ".join(wrong)


def _outcomes(title: str, outcomes: Sequence[Outcome]) -> Iterator[str]:
    if outcomes:
        yield bold(title)
    for outcome in outcomes[:MOST_SENTENCES]:
        where = f"{outcome.path}:{outcome.line}: " if outcome.path else ""
        yield from wrapped(f"{where}{' '.join(outcome.words)}", "  ", "    ", report_width())
        for name, wrong in _wrong(outcome):
            yield from _of_column(name, wrong, len(outcome.predicted) > 1)
    yield from _more(len(outcomes))


def _flips(title: str, change: Change | None) -> Iterator[str]:
    if change is None or not change.flips:
        return
    yield bold(f"{title}, the worst first")
    for flip in change.flips[:MOST_SENTENCES]:
        where = f"{flip.path}:{flip.line}: " if flip.path else ""
        yield from wrapped(f"{where}{' '.join(flip.words)}", "  ", "    ", report_width())
        yield from _of_column(flip.target, "; ".join(_changes(flip)), len(change.columns) > 1)
    yield from _more(change.n_flips)


def _of_column(name: str, text: str, several: bool) -> list[str]:
    """Return lines about a column; it is named if there are several."""
    return wrapped(f"{name}: {text}" if several else text, "    ", "      ", report_width())


def _changes(flip: Flip) -> Iterator[str]:
    words = flip.words if len(flip.words) == len(flip.gold) else ("",) * len(flip.gold)
    for word, gold, before, after in zip(words, flip.gold, flip.before, flip.after, strict=True):
        if before != after:
            verdict = "right" if after == gold else f"wrong, {gold}" if gold is not None else "nobody looked"
            yield f"{word}{': ' * bool(word)}{before} → {after} ({verdict})"


def _added(found: UpdateReport) -> Iterator[str]:
    if found.new_words:
        yield from wrapped(f"new words: {_some(found.new_words)}", others="  ", width=report_width())
    for target, tags in found.new_tags.items():
        if tags:
            yield from wrapped(f"new labels of {target}: {_some(tags)}", others="  ", width=report_width())


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_TAGS])
    return f"{shown} and {len(names) - MOST_TAGS:,} more" if len(names) > MOST_TAGS else shown


def _more(total: int) -> Iterator[str]:
    if total > MOST_SENTENCES:
        yield f"  and {total - MOST_SENTENCES:,} more"


def _row(head: str, *cells: str) -> str:
    return f"{head:<{_HEAD}}{''.join(f'{text:>{_CELL}}' for text in cells)}".rstrip()


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}"


def _points(difference: float) -> str:
    return f"{100 * difference:+.2f}"
