"""The findings of ``elman check``, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from elman.cli.tables import USUAL, bold, cell, labels, percent, width as width_of, wrapped
from elman.utils.summary import counted

if TYPE_CHECKING:
    from elman.data.checks import CheckReport, ColumnStatistics, Finding, FindingGroup

MOST_FINDINGS = {"error": 5, "warning": 5, "note": 3}
MOST_TAGS = 12
_NAME = 24  # of a split or a tag, at most, unless two look alike
_MOST_SPLITS = 3  # side by side
_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


def lines(report: CheckReport, *, everything: bool) -> Iterator[str]:
    """Yield the splits, the findings with the most severe first, and the tags; ``everything``: no list is cut."""
    yield from _splits(report)
    yield ""
    counts = report.counts
    yield bold(", ".join(f"{n:,} {name}{'s' * (n != 1)}" for name, n in counts.items()))
    for group in report.groups:
        yield ""
        yield from _group(group, everything)
    for name, column in report.columns.items():
        yield ""
        yield from _tags(name, column, report, everything)
    if report.nothing_found:
        yield ""
        yield from wrapped("nothing found: " + "; ".join(report.nothing_found.values()), "", "  ")


def _splits(report: CheckReport) -> Iterator[str]:
    names = labels(map(_short, report.splits), _NAME)
    width = width_of(names.values())
    first = _short(next(iter(report.splits)))
    head = f"{'':<{width}}  {'sentences':>10}{'words':>11}{'distinct':>10}"
    yield bold(head + (f"   not in {cell(first, 14).rstrip()}" if len(names) > 1 else ""))
    for name, census in report.splits.items():
        row = cell(names[_short(name)], width)
        row += f"  {census.sentences:>10,}{census.words:>11,}{census.distinct_words:>10,}"
        if census.unknown_words is not None:
            row += f"{census.unknown_words:>9,} words, {percent(census.unknown_words, census.words)}"
        yield row


def _group(group: FindingGroup, everything: bool) -> Iterator[str]:
    severity = group.severity
    shown = group.findings if everything else group.findings[: MOST_FINDINGS[severity]]
    label = click.style(f"{severity:<8}", fg=_COLOURS[severity], bold=True)
    first, *rest = wrapped(group.title, " " * 8, " " * 8)
    yield label + bold(first[8:])
    yield from map(bold, rest)
    for finding in shown:
        yield from wrapped(_text(finding, severity), "  ", "      ")
    if len(shown) < len(group.findings):
        yield f"  and {len(group.findings) - len(shown):,} more (--all shows all)"


def _text(finding: Finding, severity: str) -> str:
    """Return a finding as text, with its severity if that is not the one of its group."""
    text = f"{finding.place}: {finding.message}"
    if finding.severity != severity:
        text += f" ({finding.severity})"
    if finding.others:
        first, more = finding.others[0], len(finding.others) - 1
        there = f"line {first.line}" if first.file == finding.place.file else str(first)
        text += f" – see {there}" + (f" and {more:,} more" if more else "")
    return text


def _tags(name: str, column: ColumnStatistics, report: CheckReport, everything: bool) -> Iterator[str]:
    splits = list(report.splits)
    tables = [column.tags[split] for split in splits]
    heads = [_short(split) for split in splits]
    if len(splits) > _MOST_SPLITS:
        heads = ["all files"]
        tables = [{tag: sum(table.get(tag, 0) for table in tables) for table in tables for tag in table}]
    whole = {tag: sum(table.get(tag, 0) for table in tables) for table in tables for tag in table}
    tags = sorted(whole, key=lambda tag: (-whole[tag], tag))
    shown = tags if everything else tags[:MOST_TAGS]
    from elman.data.checks import column_title, label_kind

    yield from wrapped(f"{column_title(name)}: {counted(len(tags), label_kind(name))}{_schemes(column)}", "", "  ")
    number = max([7, *(len(f"{n:,}") for table in tables for n in table.values())])
    split = number + len(" 100.00 %")
    names = labels(shown, min(_NAME, USUAL - len(tables) * (2 + split)))
    width = width_of(names.values(), label_kind(name))
    yield bold(f"{label_kind(name):<{width}}" + "".join(f"  {cell(head, split).rstrip():>{split}}" for head in heads))
    for tag in shown:
        counts = ((table.get(tag, 0), sum(table.values())) for table in tables)
        yield cell(names[tag], width) + "".join(f"  {n:>{number},}{percent(n, total):>9}" for n, total in counts)
    if len(shown) < len(tags):
        yield f"and {len(tags) - len(shown):,} rarer (--all shows all)"


def _schemes(column: ColumnStatistics) -> str:
    """Return the span schemes of the splits, in words, if tags mark spans."""
    found = {split: str(scheme) for split, scheme in column.schemes.items() if scheme.scheme != "none"}
    if len(set(found.values())) > 1:
        return ", " + "; ".join(f"{_short(split)} {text}" for split, text in found.items())
    return "".join(f", {text}" for text in set(found.values()))


def _short(name: str) -> str:
    """Return the last part of a path."""
    return name.replace("\\", "/").rpartition("/")[2]
