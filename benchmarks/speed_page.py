"""Makes docs/explanation/speed.md, and the picture of its sweep, from a result file and the prose in pages/speed.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cases.speed_bars import BARS, Bar
from cases.sweep import BASE, INPUT
from harness.machine import BUSY
from harness.measure import figures, number, spread, times_as_good
from harness.results import DOCS, MISSING, Result, fill, table

PAGE = DOCS / "speed.md"
Table = tuple[list[str], list[list[str]]]  # head, rows
STYLE = {  # colour, line, mark
    "elman": ("#c1272d", "-", "o"),
    "elman exact": ("#c1272d", "-", "o"),
    "elman int8": ("#f28e2b", "-", "o"),
    "ONNX Runtime fp32, 1 thread": ("#1f77b4", "-", "s"),
    "ONNX Runtime int8, 1 thread": ("#76b7e8", "-", "s"),
    "PyTorch nn.LSTM": ("#4d4d4d", "-", "^"),
    "PyTorch fp32": ("#4d4d4d", "-", "^"),
}
TITLES = {"step": "training step", "tag": "tagging"}
LEGENDS = {"step": "outside right upper", "tag": "outside right lower"}
AXES = {"hidden": "hidden units", "batch": "sentences in a batch", "length": "words in a sentence", "tags": "tags"}
TEXTS = {"test10": "EWT test × 10", "all": "all of EWT once", "test": "EWT test"}


def page(result: Result | None) -> str:
    """Return the text of the page; without a result, only what was asked for."""
    result = result or {"parts": {}}
    parts = result["parts"]
    whole, narrow = parts.get("whole", {}), parts.get("avx2", {})
    return fill(
        "speed",
        measured=f"Measured at commit {result['commit'][:12]}." if parts else "",
        bars=table(["", "asked", "found", ""], [_bar(bar, result) for bar in BARS]),
        steps=table(*_steps(parts.get("w2", {}))),
        tagging=table(*_tagging(parts.get("w3", {}))),
        whole=table(*_whole(whole)),
        start=_start(whole) if whole else "",
        others=table(*_others(parts.get("others", {}))),
        training=table(["", "seconds", "UPOS on test"], list(_training(parts))),
        large=_large(parts["large"]) if "large" in parts else MISSING,
        sweep=_sweep(parts["sweep"]) if "sweep" in parts else MISSING,
        avx2_steps=table(*_steps(narrow.get("step", {}))),
        avx2_tagging=table(*_tagging(narrow.get("tag", {}))),
        origin="\n".join(_origin(result)),
    )


def _bar(bar: Bar, result: Result) -> list[str]:
    asked, value = f"{'at most' if bar.at_most else 'at least'} {bar.bar:,.10g} {bar.unit}", bar.value(result)
    if value is None:
        return [bar.work, asked, MISSING, ""]
    digits = f"{value:.2f}" if bar.unit in ("×", "%", "s") else number(value)
    return [bar.work, asked, f"{digits} {bar.unit}", "reached" if bar.reached(result) else "**missed**"]


def _steps(cases: Mapping[str, Any]) -> Table:
    rows = []
    for case, found in cases.items():
        speeds, peak = found["gflops"], found["gflops"].get("NumPy sgemm", {}).get("median")
        for i, engine in enumerate(speeds):
            speed, ms = speeds[engine]["median"], found["ms"].get(engine)
            row = ["" if i else case, engine, *(["", ""] if ms is None else [number(ms["median"]), spread(ms)])]
            row += [number(speed), f"{100 * speed / peak:.0f} %" if peak else ""]
            compared = ms is not None and not engine.startswith("elman")
            rows.append([*row, f"{times_as_good(found['ms']['elman'], ms):.2f}" if compared else ""])
    head = ["", "engine", "ms a step", "lowest–highest", "GFLOP/s", "of the peak", "elman is so many times as fast"]
    return head, rows


def _tagging(cases: Mapping[str, Any]) -> Table:
    own = {"elman exact": "exact", "elman int8": "int8"}
    rows = []
    for case, found in cases.items():
        for i, (engine, ms) in enumerate(found["ms"].items()):
            row = ["" if i else case, engine, number(ms["median"]), spread(ms)]
            row.append(f"{found['rate'][engine]['median']:,.0f}")
            compared = [engine not in own and name in found["ms"] for name in own]
            times = (
                f"{times_as_good(found['ms'][name], ms):.2f}" if c else ""
                for name, c in zip(own, compared, strict=True)
            )
            rows.append([*row, *times])
    head = ["", "engine", "ms a batch", "lowest–highest", "words/s"]
    return [*head, *(f"elman {name} is so many times as fast" for name in own.values())], rows


def _whole(found: Mapping[str, Any]) -> Table:
    head, texts = ["preset, precision", "UPOS on test"], {name: title for name, title in TEXTS.items() if name in found}
    for title in texts.values():
        head += [f"{title}: words/s with start-up", "lowest–highest", "without start-up"]
    upos = {name.rpartition(",")[0]: f"{100 * accuracy:.2f}" for name, accuracy in found.get("upos", {}).items()}
    rows = []
    for way in found.get("start", {}):
        row = [way, upos.get(way.rpartition(",")[0], "")]
        for text in texts:
            rate, rest = (found[text][measure][way] for measure in ("with_start", "without_start"))
            row += [f"{rate['median']:,.0f}", spread(rate), f"{rest['median']:,.0f}"]
        rows.append(row)
    return head, rows


def _start(found: Mapping[str, Any]) -> str:
    starts = [f"{way} {f['median']:.3f} s" for way, f in found["start"].items()]
    load = {name: f"{f['median']:.1f} ms" for name, f in found["load"].items()}
    models = ", ".join(f"`{preset}` {size:.1f} MB" for preset, size in found["model_mb"].items())
    return (
        f"Start, one sentence, end of the process: {'; '.join(starts)}.\n\n"
        f"Loading the model of `default`: {load['tag']} ({spread(found['load']['tag'])}) as `elman tag` loads "
        f"it for plain text, {load['first']} ({spread(found['load']['first'])}) by `elman.load`, {load['again']} by "
        f"that again. Model files: {models}.\n"
    )


def _others(found: Mapping[str, Any]) -> Table:
    texts = {name: title for name, title in TEXTS.items() if all(name in peer for peer in found.values())}
    rows = []
    for peer in found.values():
        settings = ", ".join(f"{key} {value}" for key, value in peer["settings"].items())
        rates = [f"{peer[text]['median']:,.0f}" for text in texts]
        rows.append(
            [peer["library"], f"{100 * peer['accuracy']:.2f}", *rates, f"{peer['load']['median']:.2f}", settings]
        )
    head = ["", "UPOS on test", *(f"{title}: words/s" for title in texts.values()), "loading, s", "settings"]
    return head, rows if texts else []


def _training(parts: Result) -> Iterator[list[str]]:
    train = parts.get("train", {"seconds": {}})
    for preset, seconds in train["seconds"].items():
        upos = ", ".join(f"{100 * u:.2f} {precision}" for precision, u in train["upos"][preset].items())
        yield [f"elman `{preset}`, whole process", f"{seconds['median']:.1f}", upos]
    for peer in parts.get("others", {}).values():
        yield [peer["library"], f"{peer['seconds']:.1f}", f"{100 * peer['accuracy']:.2f}"]


def _large(found: Mapping[str, Any]) -> str:
    course = found["course"]
    some = course[:: max(1, len(course) // 10)]
    rows = [[f"{s['position'] / 1e6:,.0f}", f"{s['seconds']:.0f}", f"{s['rss_mb']:.0f}"] for s in some]
    return (
        f"{found['bytes'] / 1e6:,.0f} MB, {found['words']:,} words: {found['all']['median']:,.0f} words/s with "
        f"start-up; {found['first']['median']:.2f} MB/s over the first {found['end'] / 1e6:.0f} MB and "
        f"{found['last']['median']:.2f} MB/s over the last; at most {found['peak']['median']:.0f} MB of memory.\n\n"
    ) + table(["MB read", "seconds", "memory, MB"], rows)


def _sweep(found: Mapping[str, Any]) -> str:
    behind, count = [], 0
    for kind, title in TITLES.items():
        for vary, points in found[kind].items():
            for value, engines in points.items():
                ranked = [
                    max((f["median"], name) for name, f in engines.items() if name.startswith("elman") == mine)
                    for mine in (True, False)
                ]
                (own, _), (other, name) = ranked
                count += 1
                if own < other:
                    behind.append(f"{title}, {vary} {value}: {name} is {other / own:.2f} times as fast")
    text = "; ".join(behind) if behind else "nowhere"
    return f"![Speed by size](speed.svg)\n\nOf {count} points, an engine is faster than elman's fastest at: {text}.\n"


def _origin(result: Result) -> Iterator[str]:
    if not result["parts"]:
        yield f"{MISSING}. `make bench` measures and writes this page.\n"
        return
    machine, kernels = result["machine"], result["kernels"]
    blas = " and ".join(f"{b['internal_api']} {b['version']} ({b['architecture']})" for b in result["blas"])
    yield (
        f"Measured on: {machine['processor']}, {machine['cores']} cores, {machine['memory_mb'] / 1e3:.0f} GB, "
        f"{machine['system']}; {kernels['backend']} kernels ({kernels['isa']}, int8: {kernels['int8']}); NumPy's BLAS: "
        f"{blas}. Versions: {', '.join(f'{name} {version}' for name, version in result['versions'].items())}.\n"
    )
    yield (
        f"Commit {result['commit'][:12]}{' with changes' if result['uncommitted_changes'] else ''}; "
        f"{sum(1 for _ in figures(result['parts']))} figures in {result['name']}, taken in "
        f"{sum(result['seconds'].values()) / 60:.0f} minutes.\n"
    )
    if result.get("quick"):
        yield "A quick run, for development: its figures mean little.\n"
    if result.get("forced"):
        yield "Forced: the machine was not asked whether it was busy, or was.\n"
    noise = {name: busy for name, busy in result["others"].items() if busy is None or busy > BUSY}
    if noise:
        said = ", ".join(f"{name} {'unknown' if busy is None else format(busy, '.2f')}" for name, busy in noise.items())
        yield f"Cores that other processes kept busy meanwhile, where more than {BUSY}: {said}.\n"


def roof(kind: str, vary: str, value: int, peak: float, bandwidth: dict[str, float]) -> float:
    """GFLOP/s that nothing in float32 which multiplies everything out can pass.

    The recurrent products go step by step, and each step reads the recurrent weights once for the whole batch: 2 FLOP
    for 4 bytes and a sentence, so batch / 2 for a byte. All the rest is one large product and goes at the peak. In
    training one of the recurrent products' three is large too, the weights' gradient.
    """
    size = BASE | {vary: value}
    H = size["hidden"]
    stepwise = min(peak, size["batch"] / 2 * bandwidth[str(H)])
    rest = INPUT + size["tags"] / 4  # 2H · tags beside 2 · 4H · input
    if kind == "step":
        return 3 * (rest + H) / ((3 * rest + H) / peak + 2 * H / stepwise)
    return (rest + H) / (rest / peak + H / stepwise)


def draw(sweep: dict[str, Any], folder: Path = DOCS) -> None:
    """Write the picture in both formats; the same figures give the same bytes of SVG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with matplotlib.rc_context({"svg.hashsalt": "elman", "font.size": 9, "axes.spines.top": False}):
        picture, rows = pyplot.subplots(2, len(AXES), figsize=(13, 6.4), sharey="row", layout="constrained")
        for kind, row in zip(TITLES, rows, strict=True):
            for vary, axis in zip(AXES, row, strict=True):
                _panel(axis, kind, vary, sweep)
            row[0].set_ylabel(f"{TITLES[kind]}, GFLOP/s")
            picture.legend(*row[0].get_legend_handles_labels(), loc=LEGENDS[kind], frameon=False)
        for end, how in (("svg", {"metadata": {"Date": None}}), ("png", {"dpi": 110, "metadata": {"Software": None}})):
            picture.savefig(folder / f"speed.{end}", **how)
        pyplot.close(picture)


def _panel(axis: Any, kind: str, vary: str, sweep: dict[str, Any]) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

    points, peak = sweep[kind][vary], max(figure["median"] for figure in sweep["peak"].values())
    values = [int(value) for value in points]
    for engine in next(iter(points.values())):
        colour, line, mark = STYLE[engine]
        speeds = [points[str(value)][engine]["median"] for value in values]
        axis.plot(values, speeds, color=colour, linestyle=line, marker=mark, markersize=4, label=engine)
    roofs = [roof(kind, vary, value, peak, sweep["bandwidth"]) for value in values]
    axis.plot(values, roofs, color="black", linestyle="--", linewidth=1, label="roof of float32")
    axis.set(xscale="log", yscale="log", xlabel=AXES[vary])
    axis.set_xticks(values, [str(value) for value in values])
    axis.grid(True, alpha=0.3)
    axis.xaxis.set_major_formatter(ScalarFormatter())
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.yaxis.set_major_formatter(ScalarFormatter())
    axis.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    axis.yaxis.set_minor_formatter(ScalarFormatter())
