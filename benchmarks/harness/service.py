"""Results of the scripts that test and measure ``elman serve``: results/service.json, and the table in its guide.

Each script replaces its own part. Figures of a part that was measured while other processes used the machine are
marked. ``python benchmarks/serve_page.py`` writes the table from the results that are kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from harness.machine import BUSY, Others, record
from harness.results import MISSING, RESULTS, ROOT, Result, read_json, table, write_json, write_page

RESULT = RESULTS / "service.json"
PAGE, MARKS = ROOT / "docs" / "guides" / "service.md", ("<!-- figures -->\n", "<!-- end of figures -->\n")
SETTINGS = {
    "fuzz": "make test-service",
    "kill": "make test-kill",
    "annotators": "make test-annotators",
    "load": "make bench-serve",
    "page": "make bench-page",
}
"""The parts, and the command of each."""


def _milliseconds(figure: Result) -> str:
    return f"{figure['median']:.0f} ms"


ROWS: list[tuple[str, str, Callable[[Result], str], str, bool]] = [
    ("random requests by schemathesis", "fuzz", lambda it: f"{it['cases']:,}", "20,000", False),
    (
        "– answered with 5xx / undeclared",
        "fuzz",
        lambda it: f"{it['server_errors']} / {it['undeclared']}",
        "0 / 0",
        False,
    ),
    ("`kill -9` under load", "kill", lambda it: f"{it['times']:,} times", "200 times", False),
    ("– acknowledged corrections / lost", "kill", lambda it: f"{it['acknowledged']:,} / {it['lost']}", "– / 0", False),
    (
        "annotators at once, for",
        "annotators",
        lambda it: f"{it['annotators']}, {it['minutes']:g} min",
        "8, 10 min",
        False,
    ),
    ("– errors / lost", "annotators", lambda it: f"{it['errors']} / {it['lost']}", "0 / 0", False),
    ("– a request, 99th percentile", "annotators", lambda it: f"{it['p99']:.0f} ms", "≤ 200 ms", True),
    (
        "requests/s, one sentence each",
        "load",
        lambda it: f"{it['found']['1']['requests']['median']:,.0f}",
        "≥ 1,500",
        True,
    ),
    (
        "– 99th percentile at half that load",
        "load",
        lambda it: _milliseconds(it["found"]["half"]["p99"]),
        "≤ 50 ms",
        True,
    ),
    (
        "sentences/s, 32 a request",
        "load",
        lambda it: f"{it['found']['32']['sentences']['median']:,.0f}",
        "≥ 30,000",
        True,
    ),
    ("page: first paint", "page", lambda it: _milliseconds(it["paint"]), "≤ 200 ms", True),
    ("– Enter to the next card", "page", lambda it: _milliseconds(it["next"]), "≤ 50 ms", True),
    ("– correction to learned tag", "page", lambda it: _milliseconds(it["learned"]), "≤ 1,200 ms", True),
    ("– all its files, as sent", "page", lambda it: f"{it['bytes'] / 1e3:.1f} kB", "≤ 60 kB", False),
]
"""Of each row its name, its part, its figure, what is to be reached, and whether other processes can change it."""


class Measurement:
    """Measures whether the machine is free from when it is made until ``keep``."""

    def __init__(self) -> None:
        self._others, self._start = Others(), time.monotonic()

    def keep(self, part: str, found: Result) -> None:
        """Replace the figures of a part in the results, and the table in the guide."""
        cores = self._others.cores()
        about = record() | {"others": cores, "busy": cores is None or cores > BUSY}
        about["seconds"] = round(time.monotonic() - self._start, 1)
        about["versions"] |= {name: version(name) for name in ("starlette", "uvicorn")}
        result = kept()
        result["parts"][part] = {"command": SETTINGS[part], "about": about, **found}
        result["parts"] = {name: result["parts"][name] for name in SETTINGS if name in result["parts"]}
        write_json(RESULT, result)
        write_block()


def kept() -> Result:
    return read_json(RESULT) if RESULT.exists() else {"benchmark": "service", "parts": {}}


def block(result: Result) -> str:
    """Return the table, and where its figures come from."""
    parts: dict[str, Any] = result["parts"]
    rows = []
    for name, part, value, bar, changeable in ROWS:
        found = parts.get(part)
        star = "\\*" if found and changeable and found["about"]["busy"] else ""
        rows.append([name, f"{value(found)}{star}" if found else MISSING, bar])
    lines = [f"- `{of['command']}`: {_origin(of['about'])}\n" for of in parts.values()]
    note = "\n\\* Other processes used the machine meanwhile.\n" if any("\\*" in row[1] for row in rows) else ""
    return table(["", "found", "wanted"], rows) + "\n" + "".join(lines) + note


def _origin(about: Result) -> str:
    versions, machine = about["versions"], about["machine"]
    software = ", ".join(f"{name.capitalize()} {versions[name]}" for name in ("python", "starlette", "uvicorn"))
    hardware = f"{machine['processor']}, {machine['usable_cores']} cores"
    return f"{about['date'][:10]}, commit {about['commit'][:7]}, {hardware}, {software}"


def write_block() -> None:
    """Write the table into the guide."""
    start, end = MARKS
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(start)
    write_page(PAGE, before + start + block(kept()) + end + rest.partition(end)[2])
