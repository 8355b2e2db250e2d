"""What ``elman corrections stats`` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from elman.cli.tables import bold, cell, labels, width
from elman.utils.display import visible


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the report."""
    changed = f", {found['changed']:,} of them changed"
    yield f"{'corrected':<12}{found['corrected']:,} of {found['sentences']:,} sentences{changed}"
    models = Counter((model["kind"], model["adopted"]) for model in found["models"])
    learned, again = models["patch", True], models["retrain", True]
    refused = sum(count for (_, adopted), count in models.items() if not adopted)
    yield f"{'models':<12}{learned:,} patched, {again:,} retrained, {refused:,} not adopted"
    if not found["annotators"]:
        return
    names = labels((one["name"] for one in found["annotators"]), 24)
    wide = width(names.values(), "annotator") + 2
    yield ""
    yield bold(f"{'annotator':<{wide}}{'corrected':>9}  {'skipped':>7}  {'minutes':>7}  {'a sentence':>10}")
    for one in found["annotators"]:
        n, seconds = one["corrected"] + one["skipped"], one["seconds"]
        mean = f"{seconds / n:.1f} s" if n else "–"
        counts = f"{one['corrected']:>9,}  {one['skipped']:>7,}  {seconds / 60:>7.1f}  {mean:>10}"
        yield f"{cell(names[one['name']], wide)}{counts}"
    if found["agreement"]:
        yield ""
        yield bold(f"{'both':<{2 * wide}}{'sentences':>9}  {'items':>7}  {'agreed':>8}  {'kappa':>6}")
    for pair in found["agreement"]:
        both = cell(visible(names[pair["a"]]), wide) + cell(visible(names[pair["b"]]), wide)
        agreed = "–" if pair["agreed"] is None else f"{100 * pair['agreed']:.2f} %"
        kappa = "–" if pair["kappa"] is None else f"{pair['kappa']:.3f}"
        yield f"{both}{pair['sentences']:>9,}  {pair['items']:>7,}  {agreed:>8}  {kappa:>6}"
