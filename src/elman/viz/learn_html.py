"""The HTML page of ``elman learn``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from elman.utils.summary import counted, p_value, percent
from elman.viz.html import document, row, text

if TYPE_CHECKING:
    from elman.learn.changes import Change, ColumnChange, Flip
    from elman.learn.report import Outcome, UpdateReport


def page(report: UpdateReport, old: str, new: str) -> str:
    """Return the page; ``old`` and ``new`` are the names of the model's files without folders."""
    n_corrections = len(report.learned) + len(report.not_learned)
    verdict = "It is significantly worse on held-out text." if report.worse else ""
    parts = [
        f"<p>The model <code>{text(old)}</code> has learned {counted(n_corrections, 'correction')}; the result is "
        f"<code>{text(new)}</code>. {verdict}</p>",
        *_facts(report),
        *_scores(report),
        *_tags(report.heldout),
        *_outcomes("Corrections that were not learned", report.not_learned),
        *_outcomes("Earlier corrections that are wrong now", report.earlier.broken),
        *_flips("Held-out sentences that changed", report.heldout),
        *_flips("Replayed sentences that changed", report.replayed),
        *_notes(report),
    ]
    return document(f"What {new} has learned", parts)


def _facts(report: UpdateReport) -> Iterator[str]:
    n_corrections = len(report.learned) + len(report.not_learned)
    facts = [("corrections learned", f"{len(report.learned):,} of {n_corrections:,}")]
    if len(report.earlier):
        facts.append(("earlier ones kept", f"{len(report.earlier.kept):,} of {len(report.earlier):,}"))
    if report.heldout is not None:
        facts.append(("held-out text", f"{_points(report.heldout.difference)} points"))
    yield "<dl>"
    yield from (f"<div><dt>{text(name)}</dt><dd>{value}</dd></div>" for name, value in facts)
    yield "</dl>"


def _scores(report: UpdateReport) -> Iterator[str]:
    rows = list(_score_rows(report))
    if not rows:
        return
    yield "<h2>Scores</h2>"
    yield "<p>The interval is of the difference to the model before (paired bootstrap over sentences).</p>"
    heads = ["text", "column", "before", "after", "difference", "95 % interval", "p", "fixed", "newly broken"]
    yield f'<div class="box"><table>{row(heads, "th")}{"".join(rows)}</table></div>'


def _score_rows(report: UpdateReport) -> Iterator[str]:
    changes = [("held-out", report.heldout), ("replayed", report.replayed)]
    if report.naive is not None:
        suffix = ", naive fine-tuning"
        changes += [(f"held-out{suffix}", report.naive.heldout), (f"replayed{suffix}", report.naive.replayed)]
    for name, change in changes:
        for target, column in change.columns.items() if change is not None else ():
            yield row([name, f"{text(target)}, {column.name}", *_figures(column)])


def _figures(column: ColumnChange) -> list[str]:
    interval = f"{_points(column.low)} to {_points(column.high)}"
    scores = [percent(column.before), percent(column.after), _points(column.difference)]
    return [*scores, interval, p_value(column.p_value), f"{column.fixed:,}", f"{column.broken:,}"]


def _tags(change: Change | None) -> Iterator[str]:
    for target, column in change.columns.items() if change is not None else ():
        if column.tags:
            yield f"<h2>Held-out text by label: {text(target)}</h2>"
            yield f'<div class="box"><table>{row(["gold", "all", "fixed", "newly broken"], "th")}'
            for name, counts in column.tags.items():
                yield row([text(name), f"{counts.gold:,}", f"{counts.fixed:,}", f"{counts.broken:,}"])
            yield "</table></div>"


def _outcomes(title: str, outcomes: Sequence[Outcome]) -> Iterator[str]:
    if not outcomes:
        return
    yield f"<h2>{title}</h2>"
    yield '<p><span class="gold">Green</span> is the correction, <span class="predicted">red</span> the prediction.</p>'
    for outcome in outcomes:
        for name, gold in outcome.labels.items():
            predicted = outcome.predicted[name]
            if len(gold) == len(predicted) == len(outcome.words):
                rows = list(zip(outcome.words, gold, predicted, strict=True))
            else:  # of the document
                rows = [(" ".join(outcome.words), "|".join(map(str, gold)), "|".join(map(str, predicted)))]
            if any(label not in (None, tag) for _, label, tag in rows):
                words = [
                    _mark(word, str(tag), str(label)) if label not in (None, tag) else text(word)
                    for word, label, tag in rows
                ]
                yield from _article(outcome.path, outcome.line, name, words)


def _flips(title: str, change: Change | None) -> Iterator[str]:
    if change is None or not change.flips:
        return
    yield f"<h2>{title}</h2>"
    shown = f"; the {len(change.flips):,} listed are those that lost most" * (change.n_flips > len(change.flips))
    yield f"<p>{counted(change.n_flips, 'sentence')}{shown}. Outlined words are newly wrong; the label before, then"
    yield 'the one after the update: <span class="gold">green</span> if it is right, else'
    yield '<span class="predicted">red</span>.</p>'
    for flip in change.flips:
        yield from _article(flip.path, flip.line, flip.target, list(_flipped(flip)))


def _flipped(flip: Flip) -> Iterator[str]:
    words = flip.words if len(flip.words) == len(flip.gold) else (" ".join(flip.words),)
    for word, gold, before, after in zip(words, flip.gold, flip.before, flip.after, strict=True):
        if before == after:
            yield text(word)
            continue
        tags = " → ".join(
            f'<span class="{"gold" if tag == gold else "predicted"}">{text(tag)}</span>' for tag in (before, after)
        )
        begin = '<mark class="first">' if gold is not None and after != gold == before else "<mark>"
        yield f'{begin}<bdi>{text(word)}</bdi><small dir="ltr">{tags}</small></mark>'


def _article(path: str, line: int, target: str, words: Sequence[str]) -> Iterator[str]:
    where = f"{text(path)}:{line} · " if path else ""
    yield f"<article><header>{where}<code>{text(target)}</code></header>"
    yield f'<div class="words" dir="auto">{" ".join(words)}</div></article>'


def _mark(word: str, predicted: str, gold: str) -> str:
    tags = f'<span class="gold">{text(gold)}</span> → <span class="predicted">{text(predicted)}</span>'
    return f'<mark><bdi>{text(word)}</bdi><small dir="ltr">{tags}</small></mark>'


def _notes(report: UpdateReport) -> Iterator[str]:
    added = [("New words", report.new_words)]
    added += [(f"New labels of {target}", tags) for target, tags in report.new_tags.items()]
    lines = [f"{name}: {', '.join(values)}" for name, values in added if values] + report.notes
    if lines:
        yield "<h2>Notes</h2><ul>"
        yield from (f"<li>{text(line)}</li>" for line in lines)
        yield "</ul>"


def _points(difference: float) -> str:
    return f"{100 * difference:+.2f}"
