"""The rounds of ``make test-service``: a stopped run goes on, other sources begin again, a failure ends them."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def fuzz_api(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("starlette", reason="starlette (extra serve) is not installed")
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parent), *sys.path])
    spec = importlib.util.spec_from_file_location("fuzz_api", Path(__file__).with_name("fuzz_api.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_rounds_go_on(fuzz_api: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seeds: list[int] = []

    def one_round(given: argparse.Namespace, seed: int) -> dict[str, int]:
        seeds.append(seed)
        if seed == stop_at:
            raise KeyboardInterrupt
        return {"seed": seed, "cases": 10, "server_errors": 0, "undeclared": int(seed == fails_at), "events": 1}

    monkeypatch.setattr(fuzz_api, "one_round", one_round)
    given = argparse.Namespace(model="a.model", cases=30, progress=tmp_path / "progress.json")
    stop_at, fails_at = 3, 0
    with pytest.raises(KeyboardInterrupt):
        fuzz_api.rounds(given)
    stop_at = 0
    assert sum(each["cases"] for each in fuzz_api.rounds(given)) == 30
    assert seeds == [1, 2, 3, 3]
    kept = json.loads(given.progress.read_text())
    given.progress.write_text(json.dumps(kept | {"key": "of other sources"}))
    fails_at = 2
    assert [each["undeclared"] for each in fuzz_api.rounds(given)] == [0, 1]
    assert seeds == [1, 2, 3, 3, 1, 2]
