"""docs/speed.md, from one result file alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from speed_bars import BARS, Bar
from speed_machine import BUSY
from speed_measure import Figure, figures, number, times_as_good

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "speed.md"
MISSING = "not measured yet"
Result = dict[str, Any]
Rows = list[list[str]]


def page(result: Result | None) -> str:
    """The text of the page; without a result what was asked for alone."""
    result = result or {"parts": {}}
    parts = result["parts"]
    return "\n".join(
        [
            INTRODUCTION,
            *([f"Measured at commit {result['commit'][:12]}; to be measured again.\n"] if parts else []),
            _table(["", "asked", "found", ""], [_bar(bar, result) for bar in BARS]),
            "## Training steps\n",
            STEPS,
            _table(*_steps(parts.get("w2", {}))),
            "## Tagging in memory\n",
            TAGGING,
            _table(*_tagging(parts.get("w3", {}))),
            "## `elman tag`, from start to end\n",
            WHOLE,
            _table(*_whole(parts.get("whole", {}))),
            *_start(parts.get("whole", {})),
            "The other tools, on one core, without start-up:\n",
            _table(*_others(parts.get("others", {}))),
            "## Training on one core\n",
            TRAINING,
            _table(*_training(parts)),
            "## A large file\n",
            *_large(parts.get("large")),
            "## Other sizes\n",
            *_sweep(parts.get("sweep")),
            "## AVX2 alone\n",
            NARROW,
            _table(*_steps(parts.get("avx2", {}).get("step", {}))),
            _table(*_tagging(parts.get("avx2", {}).get("tag", {}))),
            "## Where the figures come from\n",
            *_origin(result),
        ]
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rows = rows or [[MISSING, *[""] * (len(head) - 1)]]
    lines = [head, ["---"] * len(head), *rows]
    return "".join("|" + "".join(f" {cell} |" if cell else " |" for cell in line) + "\n" for line in lines)


def spread(figure: Figure) -> str:
    return f"{number(figure['lowest'])}–{number(figure['highest'])}"


def _bar(bar: Bar, result: Result) -> list[str]:
    unit = f" {bar.unit}"
    asked = f"{'at most' if bar.at_most else 'at least'} {bar.bar:,.10g}{unit}"
    value, reached = bar.value(result), bar.reached(result)
    if value is None:
        return [bar.work, asked, MISSING, ""]
    digits = f"{value:.2f}" if bar.unit in ("×", "%", "s") else number(value)
    return [bar.work, asked, digits + unit, "reached" if reached else "**missed**"]


def _steps(cases: Mapping[str, Any]) -> tuple[list[str], Rows]:
    head = ["", "engine", "ms a step", "lowest–highest", "GFLOP/s", "of the peak", "elman is so many times as fast"]
    rows = []
    for case, found in cases.items():
        speeds, title = found["gflops"], case
        peak = speeds.get("NumPy sgemm", {}).get("median")
        for engine in speeds:
            speed, ms = speeds[engine]["median"], found["ms"].get(engine)
            row = [title, engine, *(["", ""] if ms is None else [number(ms["median"]), spread(ms)]), number(speed)]
            row.append(f"{100 * speed / peak:.0f} %" if peak else "")
            times = ms is not None and not engine.startswith("elman")
            rows.append([*row, f"{times_as_good(found['ms']['elman'], ms):.2f}" if times else ""])
            title = ""
    return head, rows


def _tagging(cases: Mapping[str, Any]) -> tuple[list[str], Rows]:
    own = {"elman exact": "exact", "elman int8": "int8"}
    head = ["", "engine", "ms a batch", "lowest–highest", "words/s"]
    head += [f"elman {name} is so many times as fast" for name in own.values()]
    rows = []
    for case, found in cases.items():
        title = case
        for engine, ms in found["ms"].items():
            row = [title, engine, number(ms["median"]), spread(ms), f"{found['rate'][engine]['median']:,.0f}"]
            for name in own:
                times = engine not in own and name in found["ms"]
                row.append(f"{times_as_good(found['ms'][name], ms):.2f}" if times else "")
            rows.append(row)
            title = ""
    return head, rows


def _whole(found: Mapping[str, Any]) -> tuple[list[str], Rows]:
    head = ["preset, precision", "UPOS on test"]
    texts = {name: title for name, title in TEXTS.items() if name in found}
    for title in texts.values():
        head += [f"{title}: words/s with start-up", "lowest–highest", "without start-up"]
    rows = []
    for way in found.get("start", {}):
        row = [way, ""]
        for name, accuracy in found.get("upos", {}).items():
            if way.rpartition(",")[0] == name.rpartition(",")[0]:
                row[1] = f"{100 * accuracy:.2f}"
        for text in texts:
            rate = found[text]["with_start"][way]
            row += [f"{rate['median']:,.0f}", spread(rate), f"{found[text]['without_start'][way]['median']:,.0f}"]
        rows.append(row)
    return head, rows


def _start(found: Mapping[str, Any]) -> Iterator[str]:
    if not found:
        return
    starts = [f"{way} {f['median']:.3f} s" for way, f in found["start"].items()]
    yield f"Start, one sentence, end of the process: {'; '.join(starts)}.\n"
    load, sizes = found["load"], found["model_mb"]
    models = ", ".join(f"`{preset}` {size:.1f} MB" for preset, size in sizes.items())
    yield (
        f"Loading the model of `default`: {load['tag']['median']:.1f} ms ({spread(load['tag'])}) as `elman tag` loads "
        f"it for plain text, {load['first']['median']:.1f} ms ({spread(load['first'])}) by `elman.load`, "
        f"{load['again']['median']:.1f} ms by that again. Model files: {models}.\n"
    )


def _others(found: Mapping[str, Any]) -> tuple[list[str], Rows]:
    texts = {name: title for name, title in TEXTS.items() if all(name in peer for peer in found.values())}
    head = ["", "UPOS on test", *(f"{title}: words/s" for title in texts.values()), "loading, s", "settings"]
    rows = []
    for peer in found.values():
        row = [peer["library"], f"{100 * peer['accuracy']:.2f}"]
        row += [f"{peer[text]['median']:,.0f}" for text in texts]
        settings = ", ".join(f"{key} {value}" for key, value in peer["settings"].items())
        rows.append([*row, f"{peer['load']['median']:.2f}", settings])
    return head, rows if texts else []


def _training(parts: Result) -> tuple[list[str], Rows]:
    rows = []
    train = parts.get("train", {"seconds": {}})
    for preset, seconds in train["seconds"].items():
        upos = ", ".join(f"{100 * u:.2f} {precision}" for precision, u in train["upos"][preset].items())
        rows.append([f"elman `{preset}`, whole process", f"{seconds['median']:.1f}", upos])
    for peer in parts.get("others", {}).values():
        rows.append([peer["library"], f"{peer['seconds']:.1f}", f"{100 * peer['accuracy']:.2f}"])
    return ["", "seconds", "UPOS on test"], rows


def _large(found: Mapping[str, Any] | None) -> Iterator[str]:
    yield LARGE
    if found is None:
        yield f"{MISSING}\n"
        return
    first, last = found["first"]["median"], found["last"]["median"]
    yield (
        f"{found['bytes'] / 1e6:,.0f} MB, {found['words']:,} words: {found['all']['median']:,.0f} words/s with "
        f"start-up; {first:.2f} MB/s over the first {found['end'] / 1e6:.0f} MB and {last:.2f} MB/s over the last; at "
        f"most {found['peak']['median']:.0f} MB of memory.\n"
    )
    course = found["course"]
    some = course[:: max(1, len(course) // 10)]
    rows = [[f"{s['position'] / 1e6:,.0f}", f"{s['seconds']:.0f}", f"{s['rss_mb']:.0f}"] for s in some]
    yield _table(["MB read", "seconds", "memory, MB"], rows)


def _sweep(found: Mapping[str, Any] | None) -> Iterator[str]:
    yield SWEEP
    if found is None:
        yield f"{MISSING}\n"
        return
    yield "![Speed by size](speed.svg)\n"
    behind, count = [], 0
    for kind, of_kind in (("training step", found["step"]), ("tagging", found["tag"])):
        for vary, points in of_kind.items():
            for value, engines in points.items():
                own, other = (
                    max((f["median"], name) for name, f in engines.items() if name.startswith("elman") == mine)
                    for mine in (True, False)
                )
                count += 1
                if own < other:
                    behind.append(f"{kind}, {vary} {value}: {other[1]} is {other[0] / own[0]:.2f} times as fast")
    text = "; ".join(behind) if behind else "nowhere"
    yield f"Of {count} points, an engine is faster than elman's fastest at: {text}.\n"


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
    changed = " with changes" if result["uncommitted_changes"] else ""
    count = sum(1 for _ in figures(result["parts"]))
    yield (
        f"Commit {result['commit'][:12]}{changed}; {count} figures in {result['name']}, taken in "
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


TEXTS = {"test10": "EWT test × 10", "all": "all of EWT once", "test": "EWT test"}
INTRODUCTION = """\
# Speed

<!-- Written by benchmarks/speed_page.py from a file in benchmarks/results/. Do not edit. -->

`make bench` measures all of this in one run of some 20 minutes on two cores, on a machine that has nothing else to do,
and writes this page. Figures are medians of rounds in which all engines take turns, with the lowest and the highest;
"×" is a ratio of medians: so many times as fast as the fastest of the engines named. Before anything is timed, all
engines must compute the same: outputs and gradients within 2e-5 of PyTorch in float64, scores of tagging within 1e-4
of each other in float32, and in 8 bits 95 % equal tags on random weights. What is asked for was set before elman was
written. `make bench-check OLD=… NEW=…` names what slowed by more than 10 % between two results.
"""
STEPS = """\
One step of a BiLSTM of 128 + 128 units on inputs of 128, forward and backward, the gradients by the input and by all
weights among it: 32 sentences of 25 words, or 32 at a time as they come in English EWT. No dropout, no update. elman
cuts a batch into as many parts as there are threads; "2 parts" is what its trainer does on one. PyTorch 2.13's nn.LSTM
is oneDNN's fused layer where all sentences are of one length; what is not can be packed, as its users do, or padded by
hand with the backward direction turned around in each sentence, which is the other row. The peak is NumPy's
product of two 2,048 × 2,048 matrices in the same rounds; PyTorch's own is beside it.
"""
TAGGING = """\
Word ids to tags, for whole sentences of EWT's words: vectors of 128, a BiLSTM of 128 + 128, 17 tags, with the same
weights in all engines. elman keeps what the first layer makes of each word type, so the input product of a known word
is a look-up; the table is full before the clock starts, as it is after a text's first words. `int8` is its recurrent
product in 8-bit whole numbers, which `elman tag` takes by itself where the processor has it; ONNX Runtime's is that of
`quantize_dynamic`. ONNX Runtime is given one thread and two, and the faster counts; what is ragged it gets padded, with
the lengths.
"""
WHOLE = """\
`python -m elman tag MODEL FILE -o OUT` on lines of words, the time of the whole process; "without start-up" is what it
takes beyond the same on one sentence. The models are those of the section on training. 250,940 words are the test text
ten times over; 254,820 the running words of train, dev and test once, since a repeated text flatters caches.
"""
TRAINING = """\
On English EWT train, without dev, settings as the presets have them (chosen on dev); test was read once. The other
tools are trained by the benchmark on the same split; their models are kept in `build/bench` from run to run.
"""
LARGE = """\
EWT's sentences shuffled anew time after time, and one word in three hundred a new one (a sentence's first with a number
behind it), as real text never ends to have new ones; tagged with `default` on two cores, the tags thrown away.
"""
SWEEP = """\
Hidden units, batch, length and tags, one changed at a time from 128 units, 32 sentences of 25 words and 17 tags, on one
core; here a training step goes on to scores and cross-entropy. The work counted is that of a network that multiplies
everything out, so elman's tagging can stand above the roof: the table saves it a product, and 8 bits are cheaper. The
roof is the measured peak of float32 products, and for the recurrent ones also the speed at which the recurrent weights
can be read once a step.
"""
NARROW = """\
`ELMAN_ISA=avx2` against PyTorch with `ONEDNN_MAX_CPU_ISA=AVX2` and `ATEN_CPU_CAPABILITY=avx2`; the peak is NumPy's with
OpenBLAS's kernel for Haswell.
"""
