"""How far annotators agree on the sentences that both have corrected: observed agreement and Cohen's kappa (1960)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from elman.serve.events import CORRECTION, SKIP, Event, State, Values


def stats(state: State, sentences: int) -> dict[str, Any]:
    """Return what annotators did, and the agreement of each pair who have corrected the same sentences."""
    given = list(state.by_annotator())
    corrected = [{name: event for name, event in by_name.items() if event.kind == CORRECTION} for _, by_name in given]
    pairs = []
    for a, b in combinations(sorted(state.annotators), 2):
        both = [(events[a].after, events[b].after) for events in corrected if a in events and b in events]
        if both:
            pairs.append({"a": a, "b": b, "sentences": len(both), **agreement(both)})
    return {
        "sentences": sentences,
        "corrected": sum(map(bool, corrected)),
        "changed": sum(any(map(is_change, events.values())) for events in corrected),
        "annotators": [_of_annotator(name, [by_name[name] for _, by_name in given if name in by_name])
                       for name in sorted(state.annotators)],
        "agreement": pairs,
    }  # fmt: skip


def is_change(event: Event) -> bool:
    """Return whether a correction changed something that was there before."""
    return event.after != event.before


def _of_annotator(name: str, events: Sequence[Event]) -> dict[str, Any]:
    kinds = Counter(event.kind for event in events)
    seconds = sum(event.seconds or 0.0 for event in events)
    return {"name": name, "corrected": kinds[CORRECTION], "skipped": kinds[SKIP], "seconds": round(seconds, 1)}


def agreement(pairs: Sequence[tuple[Values, Values]]) -> dict[str, Any]:
    """Return observed agreement and kappa over tags of words and labels of texts that both annotators gave.

    Each column is a scale of its own: agreement by chance is that of the same column. Kappa is None if chance alone
    would agree everywhere, as when there is only one tag.
    """
    items: list[tuple[str, str, str]] = []
    for a, b in pairs:
        for name, tags in a.columns.items():
            both = zip(tags, b.columns.get(name, ()), strict=False)
            items += [(name, x, y) for x, y in both if x is not None and y is not None]
        for name, label in a.labels.items():
            other = b.labels.get(name)
            if label is not None and other is not None:
                items.append((name, label, other))
    if not items:
        return {"items": 0, "agreed": None, "kappa": None}
    agreed = sum(x == y for _, x, y in items)
    first, second = (Counter((item[0], item[side]) for item in items) for side in (1, 2))
    sizes = Counter(name for name, _, _ in items)
    by_chance = sum(count * second[key] / sizes[key[0]] for key, count in first.items())
    n = len(items)
    kappa = None if n - by_chance < 1e-9 else (agreed - by_chance) / (n - by_chance)
    return {"items": n, "agreed": agreed / n, "kappa": kappa}
