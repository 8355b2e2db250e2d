"""docs/explanation/learn-results.md and its plot, from the rows of results/learn.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cases.learn_parts import Row
from harness import results
from harness.results import DOCS, MISSING, standard_error, verdict

PAGE = DOCS / "learn-results.md"
HOW = ("patch", "naive", "retrain")


def write(rows: Sequence[Row]) -> None:
    text, cases = {}, dict[tuple[str, ...], list[str]]()
    for part, make in PARTS.items():
        some = [row for row in rows if row["part"] == part]
        text[part] = make(some) if some else f"{MISSING}\n"
        for row in some:
            cases.setdefault((part, row["case"], row["preset"]), []).append(str(row["seed"]))
    runs = results.table(["part", "case", "preset", "seeds"], [[*case, ", ".join(s)] for case, s in cases.items()])
    results.write_page(PAGE, results.fill("learn-results", **text, runs=runs))


def new_part(rows: Sequence[Row]) -> str:
    """Format the gain on the new part, and the change on the old ones."""

    def change(how: str, at: str) -> list[float]:
        flat = ([of | of["parts"] for of in (row["scores"][how], row["scores"]["before"])] for row in rows)
        return [after[at] - before[at] for after, before in flat if at in after]

    old, full = sorted({part for row in rows for part in row["scores"]["patch"]["parts"]}), change("retrain", "new")
    table = [["share of the retrain's gain", *(f"{100 * sum(change(how, 'new')) / sum(full):.0f} %" for how in HOW)]]
    for at, title in (("new", "change on the new text"), ("old", "change on the old text"), *((p, p) for p in old)):
        table += [[title, *(_interval(change(how, at)) for how in HOW)]]
    start = np.mean([row["scores"]["before"]["new"] for row in rows])
    seconds = np.median([row["seconds"]["patch"] for row in rows])
    text = f"The score on the new text was {start:.2f} before. A patch took {seconds:.1f} s (median) on one core."
    return f"{results.table(['', *HOW], table)}\n{text}\n"


def alone(rows: Sequence[Row]) -> str:
    """Format the medians of the seconds that a correction by itself takes."""
    right, of = np.sum([row["right"] for row in rows], axis=0)
    table = [["corrections, networks", ", ".join(f"{row['corrections']}, {row['networks']}" for row in rows)]]
    table += [["wrong words right afterwards", f"{100 * right / max(of, 1):.1f} % of {of:,}"]]
    for name, title in (("seconds", "s, median"), ("cpu_seconds", "s of CPU time, median"), ("slowest", "s, slowest")):
        table += [[title, ", ".join(f"{row[name]:.2f}" for row in rows)]]
    return results.table(["", f"seeds: {len(rows)}"], table)


def one_by_one(rows: Sequence[Row]) -> str:
    """Format what was right afterwards and later, times, memory, and the distance to a retrain."""
    table = [["corrections", ", ".join(f"{row['corrections']:,}" for row in rows)]]
    for name, title in (("right", "right afterwards"), ("later", "still right after 200 later corrections")):
        right, of = np.sum([row[name] for row in rows], axis=0)
        table += [[f"wrong words {title}", f"{100 * right / max(of, 1):.1f} % of {of:,}"]]
    for name, unit in (("seconds", "s"), ("cpu_seconds", "s of CPU time"), ("rss_mb", "MB")):
        tenths = np.mean([row[name] for row in rows], axis=0)
        table += [[f"{unit}, medians of the first and last tenth", f"{tenths[0]:.2f}, {tenths[-1]:.2f}"]]
    turns = [row["turns"] for row in rows if "turns" in row]
    if turns:
        few, many = turns[0]["earlier"]
        growth = ", ".join(f"{of['ratios'][1]:.2f}" for of in turns)
        table += [[f"CPU time after {many:,} corrections, of that after {few:,}, in turns, each seed", growth]]
    scores = [float(np.mean([row["scores"][how] for row in rows])) for how in ("before", "patch", "retrain")]
    table += [["accuracy on test before, patched, retrained", ", ".join(f"{score:.2f}" for score in scores)]]
    return results.table(["", f"seeds: {len(rows)}"], table)


def annotator(rows: Sequence[Row]) -> str:
    """Plot the curves, and compare them with all of train and with random order."""
    names, table = [row["case"].split()[0] for row in rows if row["case"].endswith("random")], []
    for name in (names := list(dict.fromkeys(names))):
        sure = {row["seed"]: row for row in rows if row["case"] == f"{name} random"}
        pairs = [(row, sure[row["seed"]]) for row in rows if row["case"] == f"{name} uncertain" and row["seed"] in sure]
        full = float(np.mean([row["full"] for row, _ in pairs]))
        ends = [float(np.mean([pair[i]["curve"][-1][1] for pair in pairs])) for i in (0, 1)]
        error = 100 * standard_error(full / 100, pairs[0][0]["of"])
        won = sum(np.sum(row["curve"]) > np.sum(other["curve"]) for row, other in pairs)  # at the same sizes
        cells = [name, f"{full:.2f} ± {error:.2f}", *(f"{end:.2f}" for end in ends), verdict(ends[0], error, full)]
        table.append([*cells, f"{100 * np.mean([row['words'] for row, _ in pairs]):.0f} %", f"{won} of {len(pairs)}"])
    if not names:
        return f"{MISSING}\n"
    _plot(rows, names)
    head = "|all of train, ± SE|uncertain first|random|within one SE|its share of words|larger area".split("|")
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


def _interval(values: Sequence[float]) -> str:
    """Format a mean with its 95 % interval, by 10,000 resamples of the runs."""
    low, high = np.quantile(np.random.default_rng(1).choice(values, (10_000, len(values))).mean(axis=1), [0.025, 0.975])
    return f"{np.mean(values):+.2f}" + (f" ({low:+.2f} to {high:+.2f})" if len(values) > 1 else "")


PARTS = {
    "alone": alone,
    "single": one_by_one,
    "snips": new_part,
    "ewt": new_part,
    "stream": one_by_one,
    "annotator": annotator,
}
