"""Files cut into shards: everything once, at borders of sentences, whoever cuts."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from elman.data.formats import read_sentences
from elman.errors import DataError
from elman.scale.plan import BORDERS, Border, ChangedError, InputFile, Shard, cut

LINES = st.lists(st.sampled_from(["", " ", "\t", "a b", "the dog barks .", "ü" * 30, "x\r"]), max_size=40)
WORDS = st.lists(
    st.lists(st.sampled_from(["dog\tN", "barks\tV", "ü\tX"]), min_size=1, max_size=5), min_size=1, max_size=20
)


def shards(path: Path, size: int, border: Border | None, encoding: str = "utf-8") -> tuple[Shard, ...]:
    return cut([str(path)], size, encoding, lambda _: border).shards


def content(path: Path, shard: Shard) -> bytes:
    return path.read_bytes()[shard.begin : shard.end]


def words(path: Path, **options: Any) -> list[tuple[str, ...]]:
    return [sentence.words for sentence in read_sentences(str(path), labelled=False, **options) if sentence.words]


@given(LINES, st.integers(1, 60), st.sampled_from(["line", "blank line"]), st.booleans())
def test_the_parts_are_the_file(tmp_path_factory: Any, lines: list[str], size: int, border: Border, end: bool) -> None:
    path = tmp_path_factory.mktemp("plan") / "text"
    path.write_bytes(("\n".join(lines) + "\n" * end).encode())
    parts = shards(path, size, border)
    assert b"".join(content(path, shard) for shard in parts) == path.read_bytes()
    assert [shard.number for shard in parts] == list(range(len(parts)))
    for shard in parts[1:]:
        before = path.read_bytes()[: shard.begin]
        assert before.endswith(b"\n")
        if border == "blank line":
            assert not before.rsplit(b"\n", 2)[1].strip(b" \t\r")
    assert all(shard.end - shard.begin >= size for shard in parts[:-1])


@given(WORDS, st.integers(1, 60))
def test_the_sentences_of_the_parts_are_those_of_the_file(
    tmp_path_factory: Any, text: list[list[str]], size: int
) -> None:
    path = tmp_path_factory.mktemp("plan") / "columns"
    path.write_text("\n".join("".join(f"{word}\n" for word in sentence) for sentence in text), encoding="utf-8")
    found = [words(path, format="columns", span=shard.span) for shard in shards(path, size, "blank line")]
    assert [sentence for part in found for sentence in part] == words(path, format="columns")


def test_a_part_of_a_file_is_read_in_the_format_of_the_file(tmp_path: Path) -> None:
    """The first lines say what it is, here that the second column has the words."""
    path = tmp_path / "text.conllu"
    sentence = "# text = {0}\n1\t{0}\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
    path.write_text("\ufeff" + "".join(map(sentence.format, "abcdefgh")), encoding="utf-8")
    first, *others = shards(path, 70, "blank line")
    assert len(others) == 2 and first.begin == 0
    reading = read_sentences(str(path), labelled=False, span=others[0].span)
    assert reading.format == "conllu" and reading.head[0] == "# text = a\n"
    assert [sentence.words for sentence in reading] == [("d",), ("e",), ("f",)]
    with_mark = next(iter(read_sentences(str(path), labelled=False, span=first.span)))
    assert with_mark.lines[0] == "\ufeff# text = a\n"


def test_lines_of_blanks_belong_to_the_part_before(tmp_path: Path) -> None:
    path = tmp_path / "columns"
    path.write_text("a\tN\n" * 3 + " \n\n\t\n" + "b\tN\n" * 6, encoding="utf-8")
    assert [content(path, shard) for shard in shards(path, 8, "blank line")] == [
        b"a\tN\n" * 3 + b" \n\n\t\n",
        b"b\tN\n" * 6,
    ]


def test_what_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "text"
    text = "a b c\n" * 100
    path.write_text(text, encoding="utf-8")
    assert len(shards(path, 100, "line")) == 5  # the last may be nearly twice as large
    assert [shard.span for shard in shards(path, 301, "line")] == [None]  # less than two of them
    assert [shard.span for shard in shards(path, 100, None)] == [None]
    assert [shard.span for shard in shards(path, 100, "blank line")] == [None]  # it is one sentence
    path.write_text(text, encoding="utf-16")
    assert [shard.span for shard in shards(path, 100, "line", "utf-16")] == [None]
    path.write_bytes(gzip.compress(text.encode() + os.urandom(500)))
    assert [shard.span for shard in shards(path, 100, "line")] == [None]
    path.write_bytes(b"")
    assert [(shard.begin, shard.end) for shard in shards(path, 100, "line")] == [(0, 0)]


def test_row_groups_are_kept_whole(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "rows.parquet"
    table = pa.table({"tokens": [[f"w{i}", "x"] for i in range(100)]})
    pq.write_table(table, path, row_group_size=10)
    parts = shards(path, 300, "row group")
    assert len(parts) > 1 and parts[0].begin == 0
    groups = [shard.groups for shard in parts]
    assert groups[0] is not None and groups[0][0] == 0 and groups[-1] is not None and groups[-1][1] == 10
    assert all(one and other and one[1] == other[0] for one, other in zip(groups, groups[1:], strict=False))
    found = [
        sentence.words for shard in parts for sentence in read_sentences(str(path), labelled=False, span=shard.span)
    ]
    assert found == [(f"w{i}", "x") for i in range(100)]
    # a message counts rows from the begin of the file
    bad = [["w"]] * 15 + [[None]] + [["w"]] * 14
    pq.write_table(pa.table({"tokens": bad}), path, row_group_size=10)
    with pytest.raises(DataError, match=":16: "):
        list(read_sentences(str(path), labelled=False, span=(1, 2)))


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("a\n", encoding="utf-8")
    file = InputFile.of(0, str(path))
    file.check(str(path))
    path.write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(ChangedError, match="expected 2 bytes, found 4"):
        file.check(str(path))
    path.write_text("b\n", encoding="utf-8")
    os.utime(path, ns=(0, file.changed + 1_000_000))
    with pytest.raises(ChangedError, match="expected 2 bytes, found another time of change"):
        file.check(str(path))
    path.unlink()
    with pytest.raises(DataError, match="No such file"):
        file.check(str(path))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """One of several is a shard that will fail; if there is no other, nothing is begun."""
    (tmp_path / "text").write_text("a\n", encoding="utf-8")
    paths = [str(tmp_path / name) for name in ("nowhere", "text")]
    plan = cut(paths, 1, "utf-8", lambda path: "line")
    assert [(shard.name, shard.end) for shard in plan.shards] == [("part-00000-00000", 0), ("part-00001-00000", 2)]
    with pytest.raises(DataError, match="nowhere: cannot be read: No such file"):
        cut(paths[:1], 1, "utf-8", lambda path: "line")


def test_pipes_are_refused(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="can be read only once"):
        InputFile.of(0, str(tmp_path / "pipe"))


def test_what_cannot_be_decoded_does_not_matter_for_the_format(tmp_path: Path) -> None:
    """The shards without it are read, and only that with it is refused."""
    path = tmp_path / "text"
    path.write_bytes(b"a b c\n" * 20 + b"\xff\0\n" + b"d e f\n" * 20)
    parts = shards(path, 50, "line")
    good = [shard for shard in parts if not has_nul(path, shard)]
    assert sum(len(words(path, span=shard.span)) for shard in good) > 30 and len(good) == len(parts) - 1
    (bad,) = [shard for shard in parts if has_nul(path, shard)]
    with pytest.raises(DataError, match="byte 0xFF at offset 120 is not utf-8"):
        words(path, span=bad.span)


def has_nul(path: Path, shard: Shard) -> bool:
    return b"\0" in content(path, shard)


def test_every_format_that_is_cut_exists() -> None:
    from elman.data.formats.registry import INPUT_FORMATS

    assert set(BORDERS) <= set(INPUT_FORMATS)
