"""A few of the kills of ``make test-kill``: what was acknowledged is there."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

import elman

pytest.importorskip("starlette", reason="starlette (extra serve) is not installed")
pytest.importorskip("uvicorn", reason="uvicorn (extra serve) is not installed")


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kill_server", Path(__file__).with_name("kill_server.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(os.name == "nt", reason="there is no kill -9 there")
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    rows = [[("the", "D"), ("dog", "N"), ("barks", "V")], [("a", "D"), ("cat", "N"), ("sees", "V")]] * 4
    settings = {"hidden": 8, "embedding": 8, "epochs": 5, "ensemble": 1}
    elman.train(rows, settings=settings, on_warning=lambda doubt: None).save(tmp_path / "small.model")
    lines = [f"the {noun} {verb} x{i}" for i in range(20) for noun in ("dog", "cat") for verb in ("barks", "sees")]
    (tmp_path / "new.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    n, _ = script().kill_often(str(tmp_path / "small.model"), str(tmp_path / "new.txt"), tmp_path, times=10, seed=3)
    assert n > 50
