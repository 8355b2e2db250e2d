"""Reports of evaluations, as wide as the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from elman.cli.tables import bold, cell, labels, percent, report_width, width as width_of
from elman.utils.display import visible

if TYPE_CHECKING:
    from elman.evaluation.classification import ClassEvaluation
    from elman.evaluation.scores import TagScore
    from elman.evaluation.tagging import TagEvaluation

MOST_TAGS = 50
MOST_CONFUSIONS = 10


def reports(results: Mapping[str, TagEvaluation | ClassEvaluation]) -> str:
    """Return the report of each label column, under its name if there are several."""
    if len(results) == 1:
        return "".join(report(result, name) for name, result in results.items())
    return "\n\n".join(f"{bold(f'column {name}')}\n\n{report(result, name)}" for name, result in results.items())


def report(result: TagEvaluation | ClassEvaluation, name: str = "") -> str:
    """Return the report of one label column; of heads, which are numbers of words, without a table of tags."""
    from elman.evaluation.classification import ClassEvaluation

    if isinstance(result, ClassEvaluation):
        return of_labels(result)
    return "\n".join(list(_accuracy(result))[:-1]) if name == "head" else of_tags(result)


def of_labels(found: ClassEvaluation) -> str:
    """Return the accuracy of document labels; precision, recall and F1 of each; confusions."""
    from elman.evaluation.scores import macro

    mean = macro(found.classes.values()).f1
    lines = [f"{'accuracy':<16}{percent(found.correct, found.texts):>9}  {found.correct:,} of {found.texts:,} texts"]
    if found.several is not None:
        lines[0] += " with all their labels and no other"
        lines.append(f"{'micro F1':<16}{100 * found.several.f1:>7.2f} %  over {found.several.support:,} labels in gold")
    lines.append(f"{'macro F1':<16}{100 * mean:>7.2f} %  mean over {len(found.classes):,} labels")
    if found.roc_auc is not None:
        lines.append(f"{'ROC-AUC':<16}{found.roc_auc:>9.4f}  of the label {visible(str(found.positive))}")
    wrong = [(-count, *pair) for pair, count in found.confusion.items() if pair[0] != pair[1]]
    pairs = [(gold, given, -count) for count, gold, given in sorted(wrong)[:MOST_CONFUSIONS]]
    table = confusions(pairs, found.texts - found.correct, found.classes, "label", "texts")
    return "\n".join([*lines, "", *classes(found.classes, "label", "texts"), *table])


def of_tags(result: TagEvaluation) -> str:
    """Return the accuracy of words, known and unknown, and of sentences; F1 of spans and of each tag; confusions."""
    return "\n".join([*_accuracy(result), "", *_spans(result), *classes(result.tags), *_confusions(result)])


def _accuracy(result: TagEvaluation) -> Iterator[str]:
    from elman.evaluation.scores import macro

    rows = [("accuracy", result.correct, result.tokens, "words")]
    if result.unknown_tokens is not None and result.unknown_correct is not None:
        known = result.tokens - result.unknown_tokens
        rows.append(("  known words", result.correct - result.unknown_correct, known, "words"))
        rows.append(("  unknown words", result.unknown_correct, result.unknown_tokens, "words not seen in training"))
    rows.append(("whole sentences", result.sentences_correct, result.sentences, "sentences"))
    width = len(f"{max(result.tokens, result.sentences):,}")
    for name, correct, total, what in rows:
        yield f"{name:<16}{percent(correct, total):>9}  {correct:>{width},} of {total:>{width},} {what}"
    yield f"{'macro F1':<16}{100 * macro(result.tags.values()).f1:>7.2f} %  mean over {len(result.tags):,} tags"


def _spans(result: TagEvaluation) -> Iterator[str]:
    found = result.spans
    if found is None:
        return
    yield f"{'span F1':<16}{100 * found.f1:>7.2f} %"
    for name, of, what in (("precision", found.predicted, "spans found"), ("recall", found.gold, "spans in gold")):
        yield f"{f'  {name}':<16}{percent(found.correct, of):>9}  {found.correct:,} of {of:,} {what}"
    yield ""
    yield from classes(found.types, "type", "spans")
    yield ""


def classes(scores: Mapping[str, TagScore], head: str = "tag", unit: str = "words") -> Iterator[str]:
    """Yield a table of precision, recall and F1 of each class; ``unit`` is what the last column counts."""
    names = list(scores)[:MOST_TAGS]
    short = labels(scores, report_width() - 39)
    width = width_of((short[name] for name in names), head)
    yield bold(f"{head:<{width}}  precision   recall       F1{unit:>10}")
    for name in names:
        score = scores[name]
        rates = "".join(f"{100 * rate:>9.2f}" for rate in (score.precision, score.recall, score.f1))
        yield f"{cell(short[name], width)}  {rates}{score.support:>10,}"
    if len(scores) > len(names):
        yield f"and {len(scores) - len(names):,} rarer {head}s, which --json lists"


def _confusions(result: TagEvaluation) -> Iterator[str]:
    pairs = [(confusion.gold, confusion.predicted, confusion.count) for confusion in result.confusions]
    return confusions(pairs, result.tokens - result.correct, result.tags)


def confusions(
    pairs: Sequence[tuple[str, str, int]], errors: int, known: Iterable[str], name: str = "tag", unit: str = "words"
) -> Iterator[str]:
    """Yield a blank line and a table of confusions; nothing if there are none. ``known`` are all tags."""
    if not pairs:
        return
    shown = [label for right, predicted, _ in pairs for label in (right, predicted)]
    short = labels([*shown, *known], (report_width() - 34) // 2)
    gold = width_of((short[right] for right, _, _ in pairs), f"gold {name}")
    given = width_of((short[predicted] for _, predicted, _ in pairs), f"predicted {name}")
    yield ""
    yield bold(f"{f'gold {name}':<{gold}}  {f'predicted {name}':<{given}}  {unit:>9}  of {errors:,} errors")
    for right, predicted, count in pairs:
        yield f"{cell(short[right], gold)}  {cell(short[predicted], given)}  {count:>9,}"
