"""The outputs of one command: what their journals hold, and when these go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from elman.utils.resumption import Resumption


def test_a_command_of_several_outputs(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("in")
    shared = Resumption({"--as": "text"})
    for name in ("a", "b"):
        with shared.open(str(tmp_path / name), [str(tmp_path / "in")]) as out:
            out.write(name)
        journal: Any = json.loads((tmp_path / f"{name}.part.journal").read_bytes())
        assert journal["finished"] and journal["about"][str(tmp_path / "in")].startswith("sha256:")
    shared.end()
    assert {path.name for path in tmp_path.iterdir()} == {"in", "a", "b"}
