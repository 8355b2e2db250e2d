"""Results of the service: kept part by part, and the table in its guide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import service

MACHINE = {"processor": "a processor", "usable_cores": 2}


def test_the_table_in_the_guide_is_made_of_the_result() -> None:
    start, end = service.MARKS
    between = service.PAGE.read_text(encoding="utf-8").partition(start)[2].partition(end)[0]
    assert between == service.block(service.kept()), "write it with benchmarks/serve_page.py"


def test_a_part_is_kept_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells: Callable[..., list[str]]
) -> None:
    monkeypatch.setattr(service, "RESULT", tmp_path / "service.json")
    monkeypatch.setattr(service, "PAGE", tmp_path / "guide.md")
    monkeypatch.setattr(service, "version", lambda name: "1")
    about = {"date": "2026-01-02T", "commit": "0123456789", "machine": MACHINE, "versions": {"python": "3"}}
    monkeypatch.setattr(service, "record", lambda: about | {"versions": {"python": "3"}})
    monkeypatch.setattr(service.Others, "cores", lambda self: 0.5)
    service.PAGE.write_text("before\n" + "".join(service.MARKS) + "after\n")
    assert cells(service.block(service.kept()), "`kill -9` under load") == ["not measured yet", "200 times"]
    service.Measurement().keep("fuzz", {"cases": 20_100, "server_errors": 1, "undeclared": 2})
    found = {"annotators": 8, "minutes": 10, "errors": 0, "lost": 0, "p99": 12.3}
    service.Measurement().keep("annotators", found)
    page = service.PAGE.read_text()
    assert page.startswith("before\n<!-- figures -->\n|") and page.endswith(
        "meanwhile.\n<!-- end of figures -->\nafter\n"
    )
    assert cells(page, "– answered with 5xx / undeclared") == ["1 / 2", "0 / 0"]
    assert cells(page, "– a request, 99th percentile") == ["12 ms\\*", "≤ 200 ms"]
    assert "`make test-service`: 2026-01-02, commit 0123456, a processor, 2 cores, Python 3, Starlette 1" in page
