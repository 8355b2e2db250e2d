"""Makes docs/explanation/speed.md from result files and the prose in pages/speed.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cases.speed_bars import BARS, Bar, peak
from cases.step import SAME
from harness.machine import BUSY
from harness.measure import figures, number, spread, times_as_good
from harness.results import DOCS, MISSING, RESULTS, Result, fill, read_json, table
from speed_picture import TITLES
from speed_roofline import growth, roofline, trained

PAGE = DOCS / "speed.md"
Table = tuple[list[str], list[list[str]]]  # head, rows
TEXTS = {"test10": "EWT test × 10", "all": "all of EWT once", "test": "EWT test"}


def kept(folder: Path = RESULTS) -> list[Result]:
    """Return the results of the speed benchmark in a folder, oldest first, and those of ``online.py``."""
    runs = []
    for path in folder.glob("*-*.json"):
        run = read_json(path)
        if run.get("benchmark") == "online":
            run |= {"name": path.name, "parts": {"online": run["hidden"]}}
        if "parts" in run and "date" in run:
            runs.append(run)
    return sorted(runs, key=lambda run: str(run["date"]))


def merged(runs: Sequence[Result]) -> Result:
    """Return the newest result of each part; ``runs`` are sorted, oldest first."""
    return {name: part for run in runs for name, part in run["parts"].items()}


def page(runs: Sequence[Result]) -> str:
    """Return the text of the page; without results, only what was asked for."""
    parts = merged(runs)
    whole, narrow = parts.get("whole", {}), parts.get("avx2", {})
    return fill(
        "speed",
        bars=table(["", "asked", "found", "", "beside it"], [_bar(bar, {"parts": parts}) for bar in BARS]),
        steps=table(*_steps(parts.get("w2", {}))),
        tagging=table(*_tagging(parts.get("w3", {}))),
        whole=table(*_whole(whole)),
        start=_start(whole) if whole else "",
        rates=table(*_rates(parts.get("rates", {}))),
        formats=table(*_formats(parts.get("formats", {}))),
        others=table(*_others(parts.get("others", {}))),
        training=table(["", "seconds", "UPOS on test"], list(_training(parts))),
        jobs=table(*_jobs(parts)),
        raw=table(*_raw(parts.get("raw", {}))),
        large=_large(parts["large"]) if "large" in parts else MISSING,
        growth=table(*growth(parts)),
        sweep=_sweep(parts["sweep"]) if "sweep" in parts else MISSING,
        roofline=table(*roofline(parts)),
        avx2_steps=table(*_steps(narrow.get("step", {}))),
        avx2_tagging=table(*_tagging(narrow.get("tag", {}))),
        origin="\n".join(_origin(runs)),
    )


def _bar(bar: Bar, result: Result) -> list[str]:
    asked, value = f"{'at most' if bar.at_most else 'at least'} {bar.bar:,.10g} {bar.unit}", bar.value(result)
    if value is None:
        return [bar.work, asked, MISSING, "", ""]
    peer = bar.peer(result)
    beside = f"{peer[0]} {_in_unit(peer[1], bar.unit)}" if peer else ""
    return [bar.work, asked, _in_unit(value, bar.unit), "reached" if bar.reached(result) else "**missed**", beside]


def _in_unit(value: float, unit: str) -> str:
    return f"{value:.2f} {unit}" if unit in ("×", "%", "s") else f"{number(value)} {unit}"


def _steps(cases: Mapping[str, Any]) -> Table:
    rows = []
    for case, found in cases.items():
        speeds = found["gflops"]
        most = peak(speeds) if any(name.startswith(SAME) for name in speeds) else None
        for i, engine in enumerate(speeds):
            speed, ms = speeds[engine]["median"], found["ms"].get(engine)
            row = ["" if i else case, engine, *(["", ""] if ms is None else [number(ms["median"]), spread(ms)])]
            row += [number(speed), f"{100 * speed / most:.0f} %" if most else ""]
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


def _rates(found: Mapping[str, Any]) -> Table:
    rows = []
    for name, row in found.items():
        with_start, without = row["with_start"], row["without_start"]
        rates = [f"{with_start['median']:,.0f}", spread(with_start), f"{without['median']:,.0f}"]
        rows.append([name, f"{row['words']:,}", *rates, number(row["memory"]["median"])])
    head = ["", "words", "words/s with start-up", "lowest–highest", "without start-up", "memory, MB"]
    return head, [row for row in rows if " words, " not in row[0]]


def _formats(found: Mapping[str, Any]) -> Table:
    rows, first = [], next(iter(found.values()), {})
    for name, row in found.items():
        cells = []
        for what in ("seconds", "cpu"):
            cells += [number(row[what]["median"]), f"{row[what]['median'] / first[what]['median']:.2f}"]
        rows.append([name, *cells, number(row["memory"]["median"])])
    return ["", "seconds", "times the first row", "CPU seconds", "times the first row", "memory, MB"], rows


def _jobs(parts: Result) -> Table:
    rows = []
    for job in trained(parts):
        seconds = [f"{number(job[what]['median'])}" for what in ("seconds", "cpu")]
        many = str(len(job["seconds"]["rounds"]))
        score = f"{job['measure']} {100 * job['score']:.2f}"
        rows.append([job["title"], *seconds, many, number(job["memory"]["median"]), score])
    return ["", "seconds", "CPU seconds", "rounds", "memory, MB", "on test"], rows


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


def _raw(found: Mapping[str, Any]) -> Table:
    sizes = ("words", "sentences", "characters")
    rows = [
        [name, *(f"{row[what]['median']:,.0f}" for what in sizes), spread(row["words"])] for name, row in found.items()
    ]
    return ["", *(f"{what}/s" for what in sizes), "words/s, lowest–highest"], rows


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


def _origin(runs: Sequence[Result]) -> Iterator[str]:
    """Yield where the figures come from: a line for each run of which a part is shown."""
    if not runs:
        yield f"{MISSING}. `make bench` measures and writes this page.\n"
    newest = {name: i for i, run in enumerate(runs) for name in run["parts"]}
    for i, run in enumerate(runs):
        names = [name for name in run["parts"] if newest[name] == i]
        if names:
            yield "- " + " ".join(_about(run, names))


def _about(run: Result, names: Sequence[str]) -> Iterator[str]:
    machine, kernels = run["machine"], run["kernels"]
    listed = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    blas = " and ".join(f"{b['internal_api']} {b['version']} ({b['architecture']})" for b in run.get("blas", ()))
    yield (
        f"`{run['name']}` ({', '.join(names)}): commit {run['commit'][:12]}"
        f"{' with changes' if run['uncommitted_changes'] else ''}, {run['date'][:10]}; {machine['processor']}, "
        f"{machine['cores']} cores, {machine['memory_mb'] / 1e3:.0f} GB, {machine['system']}; {kernels['backend']} "
        f"kernels ({kernels['isa']}, int8: {kernels['int8']}); {f'NumPy with {blas}; ' if blas else ''}{listed};"
    )
    seconds = run.get("seconds", {})
    minutes = f" in {sum(seconds.values()) / 60:.0f} minutes" if seconds else ""
    yield f"{sum(1 for name in names for _ in figures(run['parts'][name]))} figures{minutes}."
    if run.get("quick"):
        yield "A quick run, for development: its figures mean little."
    if run.get("forced"):
        yield "Forced: the machine was not asked whether it was busy, or was."
    noise = {n: busy for n, busy in run.get("others", {}).items() if n in names and (busy is None or busy > BUSY)}
    if noise:
        said = ", ".join(f"{name} {'unknown' if busy is None else format(busy, '.2f')}" for name, busy in noise.items())
        yield f"Cores that other processes kept busy meanwhile, where more than {BUSY}: {said}."
