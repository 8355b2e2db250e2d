"""The file in docs/reference/model-file.md, byte by byte, and the keys that the page has to explain."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.models import file as model_file
from elman.models.file import FORMAT_VERSION
from model_versions import VERSIONS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "model-file.md").read_text(encoding="utf-8")
PLACE = re.compile(r"^\| `([0-9a-f]{3})` to `([0-9a-f]{3})` \| `(\w+)`: \d", re.MULTILINE)
BLOCK = re.compile(r"^```hex\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINE = re.compile(r"([0-9a-f]{3})  ((?:[0-9a-f]{2} {1,2})+) *\|(.*)\|")


@pytest.fixture(scope="module")
def golden() -> bytes:
    (block,) = BLOCK.findall(PAGE)
    data = b""
    for line in block.splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        row = bytes.fromhex(match[2])
        assert int(match[1], 16) == len(data)
        assert match[3] == "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        data += row
    return data


def test_the_version_of_the_specification_is_that_of_the_files() -> None:
    assert f"version {FORMAT_VERSION}, of\nfiles with `format_version` {FORMAT_VERSION}" in PAGE
    assert f"| `format_version` | {FORMAT_VERSION} |" in PAGE


def test_size_and_checksum_are_those_on_the_page(golden: bytes) -> None:
    assert f"The file has {len(golden)} bytes, and their SHA-256 is `{hashlib.sha256(golden).hexdigest()}`" in PAGE


def test_the_file_loads_and_is_saved_as_the_same_bytes(golden: bytes, tmp_path: Path) -> None:
    path = tmp_path / "golden.elman"
    path.write_bytes(golden)
    model = elman.load(path)
    assert isinstance(model, elman.Tagger) and model.kind == "frequent"
    assert model.tag(["a", "cat"]) == ["D", "N"] and model.tag(["cats"]) == ["N"]
    model.save(tmp_path / "again.elman")
    assert (tmp_path / "again.elman").read_bytes() == golden


def test_the_table_names_the_right_bytes(golden: bytes) -> None:
    tables = {name: tensor.data for name, tensor in model_file.from_bytes(golden)[1].items()}
    places = {name: (int(first, 16), int(last, 16) + 1) for first, last, name in PLACE.findall(PAGE)}
    assert places.keys() == tables.keys()
    for name, (first, last) in places.items():
        assert golden[first:last] == tables[name]
    assert int.from_bytes(golden[:8], "little") == 0x268
    assert (golden[0x21:0x24], golden[0x1A3:0x1A6]) == (b'"{\\', b'"}"')


def keys(record: dict[str, Any]) -> Iterator[str]:
    """Yield the keys of a configuration that the page has to explain: of the file, the model, the task, encodings."""
    yield from record
    yield from record.get("data", {})
    yield from record.get("model", {})
    yield from record.get("history", {})
    task = record.get("task", {})
    yield from task
    encoding = task.get("encoding", {})
    for table in (encoding, *encoding.get("parts", ()), task.get("segmentation", {})):
        yield from table
    for part in (task[name] for name in ("segment", "words") if name in task):
        yield from keys(part)


@pytest.mark.parametrize("version", [path.name for path in sorted(VERSIONS.iterdir()) if path.is_dir()])
def test_the_page_explains_every_key_and_kind(version: str) -> None:
    names: set[str] = set()
    for path in (VERSIONS / version).glob("*.elman"):
        record = model_file.read(path)[0]
        names |= {*keys(record), record.get("kind", "rnn"), record.get("task", {}).get("name", "pipeline")}
    assert sorted(name for name in names if f"`{name}`" not in PAGE) == []
