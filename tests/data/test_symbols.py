"""Texts as symbols of a language model."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.data.symbols import read_symbols
from elman.errors import DataError


def test_what_a_text_is_read_as(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfa  b\r\n\nc")
    (tmp_path / "b.conllu").write_text("# text = a b.\n1\ta\t_\t_\t_\t_\t_\t_\t_\t_\n\n", encoding="utf-8")
    raw, parsed = str(tmp_path / "a.txt"), str(tmp_path / "b.conllu")
    assert sum(read_symbols(raw, "words"), []) == ["a", "b", "\n", "\n", "c"]
    assert sum(read_symbols(raw, "characters"), []) == list("a  b\r\n\nc")
    assert list(read_symbols(parsed, "words")) == [["a", "\n"]]
    assert "".join(sum(read_symbols([parsed], "characters"), [])) == "a b.\n"


def test_only_paths_are_read() -> None:
    with pytest.raises(DataError, match="^expected paths of texts$"):
        list(read_symbols([3], "words"))  # type: ignore[list-item]
