"""docs/explanation/learn-results.md and its plot, from the rows of results/learn.json."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cases.learn_parts import Row
from harness import results
from harness.results import DOCS, MISSING, standard_error, verdict

PAGE = DOCS / "learn-results.md"
HOW = ("patch", "naive", "retrain")


def write(rows: Sequence[Row]) -> None:
    parts = {part: [row for row in rows if row["part"] == part] for part in PARTS}
    text = {part: make(parts[part]) if parts[part] else f"{MISSING}\n" for part, make in PARTS.items()}
    cases: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        cases.setdefault((row["part"], row["case"], row["preset"]), []).append(str(row["seed"]))
    text["runs"] = results.table(
        ["part", "case", "preset", "seeds"], [[*case, ", ".join(s)] for case, s in cases.items()]
    )
    results.write_page(PAGE, results.fill("learn-results", **text))


def new_part(rows: Sequence[Row]) -> str:
    """Format the gain on the new part, and the change on the old ones."""

    def change(how: str, at: str, some: Sequence[Row] = rows) -> list[float]:
        return [_of(row, how, at) - _of(row, "before", at) for row in some if _of(row, how, at) is not None]

    old = sorted({part for row in rows for part in row["scores"]["patch"]["parts"]})
    table = [
        ["new, before → after", *(f"{_mean(rows, 'before', 'new'):.2f} → {_mean(rows, how, 'new'):.2f}" for how in HOW)]
    ]
    table += [["gain on the new text", *(_interval(change(how, "new")) for how in HOW)]]
    full = float(np.mean(change("retrain", "new")))
    table += [["share of the retrain's gain", *(f"{100 * np.mean(change(how, 'new')) / full:.0f} %" for how in HOW)]]
    table += [["change on the old text", *(_interval(change(how, "old")) for how in HOW)]]
    table += [[f"of it {part}", *(f"{np.mean(change(how, part)):+.2f}" for how in HOW)] for part in old]
    seconds = np.median([row["seconds"]["patch"] for row in rows])
    return (
        results.table(["", *HOW], table) + f"\nA patch took {seconds:.1f} s (median) on one core of a shared machine.\n"
    )


def one_by_one(rows: Sequence[Row]) -> str:
    """Format what was right afterwards and later, times, memory, and the distance to a retrain."""
    done = [row["corrections"] for row in rows]
    every = [one for corrections in done for one in corrections]
    table = [["corrections", ", ".join(f"{len(corrections):,}" for corrections in done), ""]]
    for name, bar, title in (("right", 95, "right afterwards"), ("right_later", 90, "still right 200 later")):
        some = [one for one in every if name in one]
        share = 100 * sum(one[name] for one in some) / max(sum(one["words"] for one in some), 1)
        table += [[f"corrected words {title}", f"{share:.1f} %", _verdict(share, bar, "%")]]
    for name, unit in (("seconds", "s"), ("rss_mb", "MB")):
        first, last = (
            np.median([one[name] for corrections in done for one in corrections[part]])
            for part in (slice(len(done[0]) // 10), slice(-len(done[0]) // 10, None))
        )
        table += [[f"first and last tenth, medians, {unit}", f"{first:.2f}, {last:.2f}", ""]]
    before, patched, retrained = (
        np.mean([row["scores"][how] for row in rows]) for how in ("before", "patch", "retrain")
    )
    table += [["test: before, patched, retrained", f"{before:.2f}, {patched:.2f}, {retrained:.2f}", ""]]
    return results.table(["", "", "bar"], [*table, ["behind the retrain", f"{retrained - patched:.2f}", "0.2"]])


def annotator(rows: Sequence[Row]) -> str:
    """Plot the curves, and compare them with all of train and with random order."""
    names, table = list(dict.fromkeys(row["case"].split()[0] for row in rows)), []
    for name in names:
        sure = {row["seed"]: row for row in rows if row["case"] == f"{name} random"}
        pairs = [(row, sure[row["seed"]]) for row in rows if row["case"] == f"{name} uncertain" and row["seed"] in sure]
        full = float(np.mean([row["full"] for row, _ in pairs]))
        ends = [float(np.mean([pair[i]["curve"][-1][1] for pair in pairs])) for i in (0, 1)]
        error = 100 * standard_error(full / 100, pairs[0][0]["of"])
        won = sum(_area(row) > _area(other) for row, other in pairs)
        cells = [name, f"{full:.2f} ± {error:.2f}", *(f"{end:.2f}" for end in ends), verdict(ends[0], error, full)]
        table.append([*cells, f"{100 * np.mean([row['words'] for row, _ in pairs]):.0f} %", f"{won} of {len(pairs)}"])
    _plot(rows, names)
    head = [
        "",
        "all of train, ± SE",
        "40 %, uncertain first",
        "40 %, random",
        "within one SE",
        "words read",
        "larger area",
    ]
    return results.table(head, table) + "\n![Score by the number of sentences labelled](learn-results.svg)\n"


def _plot(rows: Sequence[Row], names: Sequence[str]) -> None:
    from matplotlib.figure import Figure

    from elman.viz import plots

    @plots.styled
    def draw() -> Any:
        figure = Figure(figsize=(plots.WIDTH, 3.2))
        for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
            for order, colour in (("uncertain", plots.BLUE), ("random", plots.ORANGE)):
                some = [row for row in rows if row["case"] == f"{name} {order}"]
                for row in some:
                    axes.plot(*zip(*row["curve"], strict=True), color=colour, alpha=0.3, linewidth=0.8)
                axes.plot(*np.mean([row["curve"] for row in some], axis=0).T, color=colour, label=order)
                axes.axhline(some[0]["full"], color=plots.GREY, linestyle=":")
            axes.set(title=name, xlabel="sentences labelled")
            axes.legend(loc="lower right")
        return figure

    plots.save(draw(), str(PAGE.with_suffix(".svg")))


def _of(row: Row, how: str, at: str) -> Any:
    scores = row["scores"][how]
    return scores.get(at, scores["parts"].get(at))


def _mean(rows: Sequence[Row], how: str, at: str) -> float:
    return float(np.mean([_of(row, how, at) for row in rows]))


def _area(row: Row) -> float:
    return float(np.mean([score for _, score in row["curve"]]))


def _interval(values: Sequence[float]) -> str:
    """Format a mean with its 95 % interval, by 10,000 resamples of the runs."""
    low, high = np.quantile(np.random.default_rng(1).choice(values, (10_000, len(values))).mean(axis=1), [0.025, 0.975])
    return f"{np.mean(values):+.2f} ({low:+.2f} to {high:+.2f})"


def _verdict(value: float, bar: float, unit: str) -> str:
    return f"{'reached' if value >= bar else 'missed'} (at least {bar} {unit})"


PARTS: dict[str, Callable[[Sequence[Row]], str]] = {
    "single": one_by_one,
    "snips": new_part,
    "ewt": new_part,
    "stream": one_by_one,
    "annotator": annotator,
}
