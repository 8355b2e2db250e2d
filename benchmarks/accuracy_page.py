"""Make the pages accuracy and ablations in docs/ from the result files and the prose in pages/."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from cases import sets
from cases.sets import BASELINES, DATA_SETS, Ablation, DataSet
from elman.models.upgrade import RENAMED
from harness.results import (
    DOCS,
    MISSING,
    Result,
    fill,
    read_json,
    standard_error,
    table,
    verdict,
    with_spread,
    write_page,
)
from harness.runs import newest_alike

PAGE = DOCS / "accuracy.md"
ABLATIONS = DOCS.parent / "lab-notebook" / "ablations.md"
PRESETS = ("default", "fast", "best")
ABLATION_SETS = ("wiki-en", "en_ewt.upos")
TITLES = {data.name: data.title for data in DATA_SETS}

Rows = list[list[str]]


class Group:
    """The results of one setting on one data set: one result a seed, all with equal settings. Scores in per cent."""

    def __init__(self, results: Sequence[Result]) -> None:
        alike = newest_alike(results, lambda r: [r["key"][name] for name in ("data", "settings", "vectors", "threads")])
        self.results = sorted(alike, key=lambda result: int(result["key"]["seed"]))
        self.first = self.results[0]

    @property
    def settings(self) -> dict[str, Any]:
        """All settings by their current names, as resolved for the data if that is known."""
        sections = self.first.get("settings") or self.first["key"]["settings"]
        settings = {name: value for section in sections.values() for name, value in section.items()}
        renamed = ((value, *RENAMED.get(name, (name, {}))) for name, value in settings.items() if name != "replanned")
        return {name: values.get(value, value) for value, name, values in renamed}

    def mean(self, name: str) -> float:
        return float(mean(result[name] for result in self.results))

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
        return with_spread([100 * result["score"] for result in self.results])


Groups = dict[tuple[str, str, str], Group]


def read(folder: Path) -> Groups:
    """Read the results in a folder, by (test or dev, data set, setting)."""
    found: dict[tuple[str, str, str], list[Result]] = {}
    for path in sorted(folder.glob("*/*/*.json")):
        result = read_json(path)
        found.setdefault((result["key"]["on"], result["set"], result["setting"]), []).append(result)
    return {key: Group(results) for key, results in found.items()}


def write(folder: Path) -> None:
    """Write the pages from the results in a folder."""
    groups = read(folder)
    write_page(PAGE, page(groups))
    write_page(ABLATIONS, ablations_page(groups))


def page(groups: Groups) -> str:
    """Return the text of the page accuracy."""
    return fill(
        "accuracy",
        **{preset: table(*_of_preset(groups, preset)) for preset in PRESETS},
        peers=table(*_peers(groups)),
        sources="\n".join(f"- {name}: {text}." for name, text in sets.SOURCES.items()),
        costs=table(*_costs(groups)),
        limits=table(["target", "found", ""], list(_limits(groups))),
        commands="\n".join(_commands(groups)),
        origin=_origin([result for group in groups.values() for result in group.results]),
    )


def ablations_page(groups: Groups) -> str:
    """Return the text of the page ablations."""
    return fill("ablations", ablations=table(*_ablations(groups)))


def _of_preset(groups: Groups, preset: str) -> tuple[list[str], Rows]:
    """Make the main table of a preset: scores, and whether they reach the bars."""
    head = [f"`{preset}`", "score", "SE", "at least", "", "unknown words", "at least", "", "seeds"]
    rows = []
    for data in DATA_SETS:
        bar = _fast_bar(groups, data) if preset == "fast" else data.bars.get(preset)
        unknown_bar = data.bars.get("unknown") if preset == "default" else None
        aim = data.bars.get("aim") if preset == "best" else None
        asked = ", ".join(f"{word}{value:.2f}" for word, value in (("", bar), ("aim ", aim)) if value is not None)
        group, unknown_asked = (
            groups.get(("test", data.name, preset)),
            "" if unknown_bar is None else f"{unknown_bar:g}",
        )
        if group is None:
            rows.append([data.title, MISSING, "", asked, "", "", unknown_asked, "", ""])
            continue
        cells = [data.title, str(group), f"{group.error:.2f}", asked, verdict(group.score, group.error, bar)]
        unknown = group.unknown if data.measure == "accuracy" else None
        of_unknown = ["", unknown_asked, ""]
        if unknown is not None:
            of_unknown = [f"{unknown:.2f}", unknown_asked, verdict(unknown, group.unknown_error, unknown_bar)]
        rows.append([*cells, *of_unknown, f"{len(group.results)}"])
    return head, rows


def _fast_bar(groups: Groups, data: DataSet) -> float | None:
    """``fast`` is compared with what ``default`` reached."""
    default = groups.get(("test", data.name, "default"))
    return None if default is None else default.score - sets.FAST_LOSS


def _peers(groups: Groups) -> tuple[list[str], Rows]:
    rows = []
    for data in DATA_SETS:
        row = [data.title]
        for name in ("default", *BASELINES):
            group = groups.get(("test", data.name, name))
            unknown = f" ({group.unknown:.1f})" if group and group.unknown and data.measure == "accuracy" else ""
            row.append(MISSING if group is None else f"{group.score:.2f}{unknown}")
        rows.append(row + [data.peers[name] for name in sets.SOURCES])
    return ["", *(f"elman `{name}`" for name in ("default", *BASELINES)), *sets.SOURCES], rows


def _costs(groups: Groups) -> tuple[list[str], Rows]:
    head = ["", "preset", "training, s", "CPU, s", "tagging, words/s", "model, MB", "peak RSS, MB", "parameters"]
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
    return [*head, "epochs", "threads"], rows


def _limits(groups: Groups) -> Iterator[list[str]]:
    """Yield the bars of time, size and memory: (bar, what was measured, whether that is enough)."""

    def row(text: str, unit: str, name: str, preset: str, measure: str, limit: float, scale: float = 1) -> list[str]:
        group = groups.get(("test", name, preset))
        if group is None:
            return [text, MISSING, ""]
        value = scale * (group.memory if measure == "memory" else group.mean(measure))
        return [text, f"{value:.1f} {unit}", "reached" if value <= limit else f"missed by {value - limit:.1f} {unit}"]

    for (name, preset), limit in sets.MAX_SECONDS.items():
        text = f"{TITLES[name]}: `{preset}` trains in at most {limit:g} s"
        yield row(text, "s", name, preset, "seconds", limit)
        for other, times in (("fast", sets.FAST_SHARE), ("best", sets.BEST_TIMES)):
            text = f"{TITLES[name]}: `{other}` takes at most {times * limit:g} s of CPU time, so of wall time too"
            yield row(text, "s", name, other, "cpu_seconds", times * limit)
    for name, limit in sets.MAX_MODEL_MB.items():
        text = f"{TITLES[name]}: the model file of `default` has at most {limit:g} MB"
        yield row(text, "MB", name, "default", "model_bytes", limit, 1e-6)
        text = f"{TITLES[name]}: training `default` takes at most {sets.MAX_RSS_MB:g} MB of memory"
        yield row(text, "MB", name, "default", "memory", sets.MAX_RSS_MB)


def _ablations(groups: Groups) -> tuple[list[str], Rows]:
    """Make a row for each change of the preset: by how much it moves the score."""
    head = ["part", "changed to"]
    first = ["preset `default`", ""]
    for name in ABLATION_SETS:
        head += [TITLES[name], "difference", "unknown words", "training, s"]
        group = groups.get(("dev", name, "default"))
        first += [MISSING, "", "", ""] if group is None else _ablation(group, None)
    labels = sorted({label for _, _, label in groups if label.startswith("vectors: ")})
    with_vectors = [Ablation("vectors", label.removeprefix("vectors: "), {}) for label in labels]
    rows = [first]
    for ablation in (*sets.ABLATIONS, *with_vectors):
        cells = [cell for name in ABLATION_SETS for cell in _ablation_of_set(groups, ablation, name)]
        rows.append([ablation.group, ablation.name, *cells])
    return head, rows


def _ablation_of_set(groups: Groups, ablation: Ablation, name: str) -> list[str]:
    """Make the cells of an ablation on a data set. Results of another default are left out."""
    default, group = groups.get(("dev", name, "default")), groups.get(("dev", name, ablation.label))
    expected = None if default is None else default.settings | ablation.settings
    if group is None and ablation.group == "vectors":  # vectors are made for one data set
        return ["", "", "", ""]
    if group is None and default is not None and expected == default.settings:
        return ["as in `default`", "", "", ""]
    if group is None or expected is None or not _as_expected(group.settings, expected):
        return [MISSING, "", "", ""]
    return _ablation(group, default)


def _as_expected(settings: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Say whether a result has these settings; those added to elman since then were not changed either."""
    return all(expected.get(name) == value for name, value in settings.items())


def _ablation(group: Group, default: Group | None) -> list[str]:
    difference = "" if default is None else f"{group.score - default.score:+.2f}".replace("-", "−")
    unknown = "" if group.unknown is None else f"{group.unknown:.2f}"
    return [str(group), difference, unknown, f"{group.mean('seconds'):.1f}"]


def _commands(groups: Groups) -> Iterator[str]:
    for data in DATA_SETS:
        target = f" --target {data.target}" if data.target else ""
        for preset in PRESETS:
            group = groups.get(("test", data.name, preset))
            if group is not None:
                evaluate = f"elman evaluate MODEL ../shared/data/{data.test} --format {data.format}{target}"
                yield f"{group.first['command']} && {evaluate}"


def _origin(results: Sequence[Result]) -> str:
    """Name machines, versions and commits of the results."""
    if not results:
        return ""
    machines = {
        f"{r['machine']['processor']}, {r['machine']['cores']} cores, {r['machine']['system']}, Python "
        f"{r['versions']['python']}, NumPy {r['versions']['numpy']}, {r['kernels']['backend']} kernels "
        f"({r['kernels']['isa']})"
        for r in results
    }
    commits = {r["commit"][:12] + (" with changes" if r["uncommitted_changes"] else "") for r in results}
    return f"Measured on: {'; '.join(sorted(machines))}.\n\nCommits: {', '.join(sorted(commits))}.\n"
