"""docs/accuracy.md, from the result files alone."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from pathlib import Path
from typing import Any

from accuracy_sets import (
    ABLATIONS,
    BASELINES,
    BEST_TIMES,
    DATA_SETS,
    FAST_LOSS,
    FAST_SHARE,
    MAX_MODEL_MB,
    MAX_RSS_MB,
    MAX_SECONDS,
    SOURCES,
    Ablation,
    DataSet,
)

PAGE = Path(__file__).resolve().parents[1] / "docs" / "accuracy.md"
MISSING = "not measured yet"
PRESETS = ("default", "fast", "best")
ABLATION_SETS = ("wiki-en", "en_ewt.upos")

Result = dict[str, Any]
Groups = dict[tuple[str, str, str], "Group"]


def standard_error(score: float, n: int) -> float:
    """Of a share ``score`` of ``n``, both from 0 to 1."""
    return sqrt(score * (1 - score) / n)


def mean_and_spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and standard deviation; None of a single value."""
    return statistics.mean(values), statistics.stdev(values) if len(values) > 1 else None


class Group:
    """The results of one setting on one data set: a result a seed, all with the same settings. Scores in per cent."""

    def __init__(self, results: Sequence[Result]) -> None:
        newest = max(results, key=lambda result: str(result["date"]))
        same = ("data", "settings", "vectors", "threads")
        alike = [r for r in results if all(r["key"][name] == newest["key"][name] for name in same)]
        self.results = sorted(alike, key=lambda result: int(result["key"]["seed"]))

    @property
    def first(self) -> Result:
        return self.results[0]

    @property
    def settings(self) -> dict[str, Any]:
        """All of them, by their own names: what they became for the data, where that is known."""
        sections = self.first.get("settings") or self.first["key"]["settings"]
        return {name: value for section in sections.values() for name, value in section.items()}

    def mean(self, name: str) -> float:
        return float(statistics.mean(result[name] for result in self.results))

    @property
    def score(self) -> float:
        return 100 * self.mean("score")

    @property
    def error(self) -> float:
        return 100 * standard_error(self.mean("score"), self.first["n"])

    @property
    def unknown(self) -> float | None:
        return None if self.first["unknown_accuracy"] is None else 100 * self.mean("unknown_accuracy")

    @property
    def unknown_error(self) -> float:
        return 100 * standard_error(self.mean("unknown_accuracy"), self.first["unknown_tokens"])

    @property
    def memory(self) -> float:
        return max(float(result["peak_rss_mb"]) for result in self.results)

    def __str__(self) -> str:
        mean, spread = mean_and_spread([100 * result["score"] for result in self.results])
        return f"{mean:.2f}" + ("" if spread is None else f" ± {spread:.2f}")


def read(folder: Path) -> Groups:
    """The results in a folder, by (test or dev, data set, setting)."""
    found: dict[tuple[str, str, str], list[Result]] = {}
    for path in sorted(folder.glob("*/*/*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault((result["key"]["on"], result["set"], result["setting"]), []).append(result)
    return {key: Group(results) for key, results in found.items()}


def write(folder: Path) -> None:
    """Write the page from the results in a folder."""
    PAGE.write_text(page(read(folder)), encoding="utf-8", newline="\n")
    print(f"written to {PAGE.relative_to(PAGE.parents[1])}")


def page(groups: Groups) -> str:
    """The text of the page."""
    parts = [
        INTRODUCTION,
        *(_table(*_of_preset(groups, preset)) for preset in PRESETS),
        "## Against other tools\n",
        PEERS,
        _table(*_peers(groups)),
        "\n".join(f"- {name}: {text}." for name, text in SOURCES.items()) + "\n",
        "## Time and memory\n",
        COSTS,
        _table(*_costs(groups)),
        _table(["bar", "found", ""], list(_limits(groups))),
        "## What each part gives\n",
        ABLATION,
        _table(*_ablations(groups)),
        "## Where the figures come from\n",
        COMMANDS.format(commands="\n".join(_commands(groups))),
        *_origin(groups),
    ]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("|" + "".join(f" {cell} |" if cell else " |" for cell in line) + "\n" for line in lines)


def verdict(found: float, error: float, bar: float | None) -> str:
    """Whether a bar is reached within one standard error."""
    if bar is None:
        return ""
    return "reached" if found + error >= bar else f"missed by {bar - found:.2f}"


def _of_preset(groups: Groups, preset: str) -> tuple[list[str], list[list[str]]]:
    """The main table of a preset: scores, and whether they are what they should be."""
    head = [f"`{preset}`", "score", "SE", "at least", "", "unknown words", "at least", "", "seeds"]
    rows = []
    for data in DATA_SETS:
        bar = {"default": data.bars.default, "fast": _fast_bar(groups, data), "best": data.bars.best}[preset]
        bar_unknown = data.bars.unknown if preset == "default" else None
        aim = data.bars.aim if preset == "best" else None
        words = ["" if bar is None else f"{bar:.2f}", "" if aim is None else f"aim {aim:.2f}"]
        shown = ", ".join(word for word in words if word)
        group = groups.get(("test", data.name, preset))
        if group is None:
            rows.append([data.title, MISSING, "", shown, "", "", f"{bar_unknown or ''}", "", ""])
            continue
        unknown = group.unknown if data.measure == "accuracy" else None
        known = unknown is not None
        rows.append(
            [
                data.title,
                str(group),
                f"{group.error:.2f}",
                shown,
                verdict(group.score, group.error, bar),
                f"{unknown:.2f}" if unknown is not None else "",
                f"{bar_unknown or ''}",
                verdict(unknown or 0.0, group.unknown_error, bar_unknown) if known else "",
                f"{len(group.results)}",
            ]
        )
    return head, rows


def _fast_bar(groups: Groups, data: DataSet) -> float | None:
    """``fast`` is held against what ``default`` was measured to reach."""
    default = groups.get(("test", data.name, "default"))
    return None if default is None else default.score - FAST_LOSS


def _peers(groups: Groups) -> tuple[list[str], list[list[str]]]:
    rows = []
    for data in DATA_SETS:
        row = [data.title]
        for name in ("default", *BASELINES):
            group = groups.get(("test", data.name, name))
            unknown = f" ({group.unknown:.1f})" if group and group.unknown and data.measure == "accuracy" else ""
            row.append(MISSING if group is None else f"{group.score:.2f}{unknown}")
        rows.append(row + [str(data.peers.get(name, "")) for name in SOURCES])
    return ["", *(f"elman `{name}`" for name in ("default", *BASELINES)), *SOURCES], rows


def _costs(groups: Groups) -> tuple[list[str], list[list[str]]]:
    head = ["", "preset", "training, s", "CPU, s", "tagging, words/s", "model, MB", "peak RSS, MB", "parameters"]
    head += ["epochs", "threads"]
    rows = []
    for data in DATA_SETS:
        for preset in PRESETS:
            group = groups.get(("test", data.name, preset))
            if group is None:
                continue
            first = group.first
            cells = [f"{group.mean('seconds'):.1f}", f"{group.mean('cpu_seconds'):.1f}"]
            cells += [f"{group.mean('tagged_words_per_second'):,.0f}", f"{first['model_bytes'] / 1e6:.2f}"]
            cells += [f"{group.memory:.0f}", f"{first['parameters']:,}"]
            rows.append([data.title, preset, *cells, f"{first['epochs']}", f"{first['key']['threads']}"])
    return head, rows or [[MISSING, *[""] * (len(head) - 1)]]


def _limits(groups: Groups) -> Iterator[list[str]]:
    """Bars of time, size and memory: (bar, what was found, whether that is enough)."""
    titles = {data.name: data.title for data in DATA_SETS}
    for (name, preset), limit in MAX_SECONDS.items():
        default = groups.get(("test", name, preset))
        seconds = None if default is None else default.mean("seconds")
        yield _limit(f"{titles[name]}: `{preset}` trains in at most {limit:g} s", "s", seconds, limit)
        for other, times in (("fast", FAST_SHARE), ("best", BEST_TIMES)):
            group = groups.get(("test", name, other))
            text = f"{titles[name]}: `{other}` takes at most {times * limit:g} s of CPU time, so of wall time too"
            yield _limit(text, "s", None if group is None else group.mean("cpu_seconds"), times * limit)
    for name, limit in MAX_MODEL_MB.items():
        default = groups.get(("test", name, "default"))
        size = None if default is None else default.mean("model_bytes") / 1e6
        memory = None if default is None else default.memory
        yield _limit(f"{titles[name]}: the model file of `default` has at most {limit:g} MB", "MB", size, limit)
        text = f"{titles[name]}: training `default` takes at most {MAX_RSS_MB:g} MB of memory"
        yield _limit(text, "MB", memory, MAX_RSS_MB)


def _limit(text: str, unit: str, found: float | None, limit: float | None) -> list[str]:
    if found is None:
        return [text, MISSING, ""]
    word = "" if limit is None else "reached" if found <= limit else f"missed by {found - limit:.1f} {unit}"
    return [text, f"{found:.1f} {unit}", word]


def _ablations(groups: Groups) -> tuple[list[str], list[list[str]]]:
    """Each change of the preset, by how much it moves the score. Results of another default are left out."""
    titles = {data.name: data.title for data in DATA_SETS}
    head = ["part", "changed to"]
    for name in ABLATION_SETS:
        head += [titles[name], "difference", "unknown words", "training, s"]
    rows = [["preset `default`", ""]]
    for name in ABLATION_SETS:
        group = groups.get(("dev", name, "default"))
        rows[0] += [MISSING, "", "", ""] if group is None else _ablation(group, None)
    labels = sorted({label for _, _, label in groups if label.startswith("vectors: ")})
    with_vectors = [Ablation("vectors", label.removeprefix("vectors: "), {}) for label in labels]
    for ablation in (*ABLATIONS, *with_vectors):
        cells = []
        for name in ABLATION_SETS:
            default, group = groups.get(("dev", name, "default")), groups.get(("dev", name, ablation.label))
            expected = None if default is None else default.settings | ablation.settings
            if group is None and ablation.group == "vectors":  # vectors are of one data set
                cells += ["", "", "", ""]
            elif group is None and default is not None and expected == default.settings:
                cells += ["as in `default`", "", "", ""]
            elif group is None or expected is None or not _as_expected(group.settings, expected):
                cells += [MISSING, "", "", ""]
            else:
                cells += _ablation(group, default)
        rows.append([ablation.group, ablation.name, *cells])
    return head, rows


def _as_expected(settings: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether a result has these settings; one that elman did not have when it was measured was not changed either."""
    return all(expected.get(name) == value for name, value in settings.items())


def _ablation(group: Group, default: Group | None) -> list[str]:
    difference = "" if default is None else f"{group.score - default.score:+.2f}".replace("-", "−")
    unknown = "" if group.unknown is None else f"{group.unknown:.2f}"
    return [str(group), difference, unknown, f"{group.mean('seconds'):.1f}"]


def _commands(groups: Groups) -> Iterator[str]:
    for data in DATA_SETS:
        for preset in PRESETS:
            group = groups.get(("test", data.name, preset))
            if group is not None:
                evaluate = f"elman evaluate MODEL ../shared/data/{data.test} --format {data.format}"
                target = f" --target {data.target}" if data.target else ""
                yield f"{group.first['command']} && {evaluate}{target}"


def _origin(groups: Groups) -> list[str]:
    """Machines, versions and commits, as they stand in the results."""
    results = [result for group in groups.values() for result in group.results]
    machines = sorted(
        {
            f"{r['machine']['processor']}, {r['machine']['cores']} cores, {r['machine']['system']}, Python "
            f"{r['versions']['python']}, NumPy {r['versions']['numpy']}, {r['kernels']['backend']} kernels "
            f"({r['kernels']['isa']})"
            for r in results
        }
    )
    commits = sorted({r["commit"] + (" with changes" if r["uncommitted_changes"] else "") for r in results})
    if not results:
        return []
    return [f"Measured on: {'; '.join(machines)}.\n", f"Commits: {', '.join(commits)}.\n"]


INTRODUCTION = """\
# Accuracy

<!-- Written by benchmarks/accuracy_page.py from the files in benchmarks/results/accuracy/. Do not edit. -->

Every figure is a mean over seeds ± their standard deviation, in per cent, on the test part, with its words as they
are. Training saw the train part alone, all of it, and no dev part; settings were chosen on dev, or on a tenth of
train where there is none. SE is the standard error of the test set, √(p(1−p)/n) for a share p of n words, or of n
gold spans; a bar ("at least") is reached when the mean is within one SE of it. `fast` is held against what `default`
reached, less 0.4. Unknown words are those that are not in train. Spans are right as conlleval counts: start, end and
type. `make accuracy`, `make accuracy-best` and `make ablations` measure what is missing and write this page. Texts, raw
text, lemmas and parses have [a page of their own](accuracy-tasks.md). The rows were measured at the commits named at
the end of the page, not all at the same one, and none at the latest; to be measured again.
"""
PEERS = """\
In brackets: unknown words. elman's columns are the runs of this page. The other tools were measured on the same files
when the bars were set, or published where it says so; those figures are quoted, not measured again.
"""
COSTS = """\
Wall and CPU time of training, from reading the files to the trained model; the largest memory of the process until
then. A run is a process of its own, and nothing else is meant to be running.
"""
ABLATION = """\
On dev (wiki-en: the held-out tenth of train), the preset `default` with one thing changed. Of the vectors, those called
glove are the ones that ingredient-parser-nlp brings along (19,850 words of recipes, 35 numbers); the others are
word2vec's, of in-domain text, made by `benchmarks/indomain_vectors.py`.
"""
COMMANDS = """\
Run from the project's root, with the data in `../shared/data`; `--seed` goes from 1 to 5.

```sh
{commands}
```
"""
