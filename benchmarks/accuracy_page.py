"""Make the pages accuracy and ablations in docs/ from the result files and the prose in pages/."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from cases import sets
from cases.sets import BASELINES, DATA_SETS, TOOLS, Ablation, DataSet
from elman.models.upgrade import RENAMED
from harness import results
from harness.results import DOCS, MISSING, Result, fill, read_json, standard_error, table, verdict, with_spread
from harness.runs import newest_alike

PAGE = DOCS / "accuracy.md"
ABLATIONS = DOCS.parent / "lab-notebook" / "ablations.md"
PRESETS = ("default", "fast", "best")
ABLATION_SETS = ("wiki-en", "en_ewt.upos")
TITLES = {data.name: data.title for data in DATA_SETS}

Table = tuple[list[str], list[list[str]]]  # head, rows


class Group:
    """The results of one setting on one data set: one result a seed, all with equal settings. Scores in per cent."""

    def __init__(self, found: Sequence[Result]) -> None:
        alike = newest_alike(found, lambda r: [r["key"][name] for name in ("data", "settings", "vectors", "threads")])
        self.results = sorted(alike, key=lambda result: int(result["key"]["seed"]))
        self.first = self.results[0]
        self.score = 100 * self.mean("score")
        self.error = 100 * standard_error(self.mean("score"), self.first["n"])
        self.unknown = None if self.first["unknown_accuracy"] is None else 100 * self.mean("unknown_accuracy")
        self.memory = max(float(result["peak_rss_mb"]) for result in self.results)

    @property
    def settings(self) -> dict[str, Any]:
        """All settings by their current names, as resolved for the data if that is known."""
        sections = self.first.get("settings") or self.first["key"]["settings"]
        settings = {name: value for section in sections.values() for name, value in section.items()}
        renamed = ((value, *RENAMED.get(name, (name, {}))) for name, value in settings.items() if name != "replanned")
        return {name: values.get(value, value) for value, name, values in renamed}

    def mean(self, name: str) -> float:
        return float(mean(result[name] for result in self.results))

    def __str__(self) -> str:
        return with_spread([100 * result["score"] for result in self.results])


Groups = dict[tuple[str, str, str], Group]


def read(folder: Path) -> Groups:
    """Read the results in a folder, by (test or dev, data set, setting)."""
    found: dict[tuple[str, str, str], list[Result]] = {}
    for path in sorted(folder.glob("*/*/*.json")):
        result = read_json(path)
        found.setdefault((result["key"]["on"], result["set"], result["setting"]), []).append(result)
    return {key: Group(some) for key, some in found.items()}


def write(folder: Path) -> None:
    """Write the pages from the results in a folder."""
    groups = read(folder)
    results.write_page(PAGE, page(groups))
    results.write_page(ABLATIONS, ablations_page(groups))


def page(groups: Groups) -> str:
    """Return the text of the page accuracy."""
    return fill(
        "accuracy",
        **{preset: table(*_of_preset(groups, preset)) for preset in PRESETS},
        peers=table(*_peers(groups)),
        costs=table(*_costs(groups)),
        limits=table(["target", "found", ""], list(_limits(groups))),
        commands="\n".join(_commands(groups)),
        origin=_origin([result for group in groups.values() for result in group.results]),
    )


def ablations_page(groups: Groups) -> str:
    """Return the text of the page ablations."""
    return fill("ablations", ablations=table(*_ablations(groups)))


def _of_preset(groups: Groups, preset: str) -> Table:
    """Make the main table of a preset: scores, and whether they reach the bars."""
    rows = []
    for data in DATA_SETS:
        group, default = (groups.get(("test", data.name, name)) for name in (preset, "default"))
        bars = {"at least": data.bars.get(preset), "unknown": data.bars.get("unknown") if preset == "default" else None}
        if preset == "fast":  # it is compared with what ``default`` reached
            bars["at least"] = None if default is None else default.score - sets.FAST_LOSS
        aim = data.bars.get("aim") if preset == "best" else None
        asked = ", ".join(
            f"{word}{bar:.2f}" for word, bar in (("", bars["at least"]), ("aim ", aim)) if bar is not None
        )
        cells, of_unknown = [MISSING, "", asked, ""], ["", f"{bars['unknown']:g}" if bars["unknown"] else "", ""]
        if group is not None:
            cells = [str(group), f"{group.error:.2f}", asked, verdict(group.score, group.error, bars["at least"])]
            if data.measure == "accuracy" and group.unknown is not None:
                error = 100 * standard_error(group.unknown / 100, group.first["unknown_tokens"])
                of_unknown[::2] = f"{group.unknown:.2f}", verdict(group.unknown, error, bars["unknown"])
        rows.append([data.title, *cells, *of_unknown, f"{len(group.results)}" if group else ""])
    return [f"`{preset}`", "score", "SE", "at least", "", "unknown words", "at least", "", "seeds"], rows


def _peers(groups: Groups) -> Table:
    def cell(data: DataSet, name: str) -> str:
        group = groups.get(("test", data.name, name))
        if group is None:
            quoted = data.peers.get(name, MISSING)
            return f"{quoted} *" if quoted and name in data.peers else quoted
        unknown = f" ({group.unknown:.1f})" if group.unknown and data.measure == "accuracy" else ""
        return f"{group.score:.2f}{unknown}"

    own = ("default", *BASELINES)
    rows = [[d.title, *(cell(d, name) for name in (*own, *TOOLS))] for d in DATA_SETS]
    return ["", *(f"elman `{name}`" for name in own), *TOOLS], rows


def _costs(groups: Groups) -> Table:
    head = ["", "preset", "training, s", "CPU, s", "tagging, words/s", "model, MB", "peak RSS, MB", "parameters"]
    rows = []
    for data, preset, group in _measured(groups):
        first = group.first
        cells = [f"{group.mean('seconds'):.1f}", f"{group.mean('cpu_seconds'):.1f}"]
        cells += [f"{group.mean('tagged_words_per_second'):,.0f}", f"{first['model_bytes'] / 1e6:.2f}"]
        cells += [f"{group.memory:.0f}", f"{first['parameters']:,}", f"{first['epochs']}", f"{first['key']['threads']}"]
        rows.append([data.title, preset, *cells])
    return [*head, "epochs", "threads"], rows


def _measured(groups: Groups) -> Iterator[tuple[DataSet, str, Group]]:
    """Yield data set, preset and results on test, of what was measured."""
    for data in DATA_SETS:
        for preset in PRESETS:
            if ("test", data.name, preset) in groups:
                yield data, preset, groups["test", data.name, preset]


def _limits(groups: Groups) -> Iterator[list[str]]:
    """Yield the bars of time, size and memory: (bar, what was measured, whether that is enough)."""
    for row in sets.LIMITS:
        group, unit, limit = groups.get(("test", row["set"], row["preset"])), row["unit"], float(row["limit"])
        if group is None:
            yield [row["bar"], MISSING, ""]
            continue
        value = (
            group.memory if row["measure"] == "memory" else group.mean(row["measure"]) / (1e6 if unit == "MB" else 1)
        )
        enough = "reached" if value <= limit else f"missed by {value - limit:.1f} {unit}"
        yield [row["bar"], f"{value:.1f} {unit}", enough]


def _ablations(groups: Groups) -> Table:
    """Make a row for each change of the preset: by how much it moves the score."""
    head, first = ["part", "changed to"], ["preset `default`", ""]
    for name in ABLATION_SETS:
        head += [TITLES[name], "difference", "unknown words", "training, s"]
        group = groups.get(("dev", name, "default"))
        first += [MISSING, "", "", ""] if group is None else _ablation(group, None)
    labels = sorted({label for _, _, label in groups if label.startswith("vectors: ")})
    with_vectors = [Ablation("vectors", label.removeprefix("vectors: "), {}) for label in labels]
    rows = [
        [one.group, one.name, *(cell for name in ABLATION_SETS for cell in _ablation_of_set(groups, one, name))]
        for one in (*sets.ABLATIONS, *with_vectors)
    ]
    return head, [first, *rows]


def _ablation_of_set(groups: Groups, ablation: Ablation, name: str) -> list[str]:
    """Make the cells of an ablation on a data set. Results of another default are left out."""
    default, group = groups.get(("dev", name, "default")), groups.get(("dev", name, ablation.label))
    expected = None if default is None else default.settings | ablation.settings
    if group is None and ablation.group == "vectors":  # vectors are made for one data set
        return ["", "", "", ""]
    if group is None and default is not None and expected == default.settings:
        return ["as in `default`", "", "", ""]
    # settings added to elman since then were not changed either
    if group is None or expected is None or any(expected.get(key) != v for key, v in group.settings.items()):
        return [MISSING, "", "", ""]
    return _ablation(group, default)


def _ablation(group: Group, default: Group | None) -> list[str]:
    difference = "" if default is None else f"{group.score - default.score:+.2f}".replace("-", "−")
    unknown = "" if group.unknown is None else f"{group.unknown:.2f}"
    return [str(group), difference, unknown, f"{group.mean('seconds'):.1f}"]


def _commands(groups: Groups) -> Iterator[str]:
    for data, _, group in _measured(groups):
        target = f" --target {data.target}" if data.target else ""
        evaluate = f"elman evaluate MODEL ../shared/data/{data.test} --format {data.format}{target}"
        yield f"{group.first['command']} && {evaluate}"


def _origin(found: Sequence[Result]) -> str:
    """Name machines, versions and commits of the results."""
    if not found:
        return ""
    machines = {
        f"{r['machine']['processor']}, {r['machine']['cores']} cores, {r['machine']['system']}, Python "
        f"{r['versions']['python']}, NumPy {r['versions']['numpy']}, {r['kernels']['backend']} kernels "
        f"({r['kernels']['isa']})"
        for r in found
    }
    commits = {r["commit"][:12] + (" with changes" if r["uncommitted_changes"] else "") for r in found}
    return f"Measured on: {'; '.join(sorted(machines))}.\n\nCommits: {', '.join(sorted(commits))}.\n"
