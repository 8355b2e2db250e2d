"""A few of the kills of ``kill_tag.py``: the bytes are the same, and nothing is left."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

import elman


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kill_tag", Path(__file__).with_name("kill_tag.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(os.name == "nt", reason="there is no kill -9 there")
@pytest.mark.parametrize("command", ["tag", "convert"])
def test_killed_and_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(elman.__file__).parents[1]))
    folder = tmp_path / "files"
    folder.mkdir()
    kill = script()
    kill.make(folder, 2_000)
    done, _ = kill.kill_often(folder, command, times=3, seed=1)
    assert done >= 1
