"""``elman tag`` from and to Parquet by blocks: the same bytes as sentence by sentence, and the same messages."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import elman
from elman import kernels
from elman.data.formats import arrow_rows, parquet
from elman.data.formats.reader import read_sentences
from elman.data.sentence import Sentence
from elman.taggers import fast_lines
from elman.taggers.blocks import BlockRequest, WrittenColumn
from light_models import BASE, WORDS, both, models_in, sentences

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install '.[parquet]'")
pq = pytest.importorskip("pyarrow.parquet")

Run = Callable[..., subprocess.CompletedProcess[bytes]]
pytestmark = [
    pytest.mark.filterwarnings("ignore:no dev set"),
    pytest.mark.skipif(kernels.native_core() is None, reason="the native kernels are not in use"),
]
TOKENS = [["the", "old", "dogs"], ["日本"], [], ["Zürich-Expreß", "sleep", "a b", "\0"]] * 3
TEXTS = [" ".join(words[:3]) for words in TOKENS]
NUMBERS = [list(range(len(words))) for words in TOKENS]
NAMES = {"info": {"features": {"tags": {"feature": {"names": ["A", "B", "C", "D"]}}, "few": {"feature": ["A"]}}}}
METADATA = {b"huggingface": json.dumps(NAMES).encode(), b"other": b"x"}


def table(metadata: dict[bytes, bytes] | None = None, **columns: Any) -> Any:
    return pa.table(columns).replace_schema_metadata(metadata)


def large(values: Any) -> Any:
    return pa.array(values, pa.large_list(pa.large_string()))


def changed(value: Any, at: int = 9) -> list[Any]:
    return [value if i == at else words for i, words in enumerate(TOKENS)]


NATIVE: dict[str, Any] = {
    "tokens": table(tokens=TOKENS),
    "large": table(tokens=large(TOKENS), tags=large(TOKENS)),
    "texts": table(id=range(12), text=TEXTS),
    "others": table(
        id=["x y"] * 12, words=TOKENS, day=[date(2026, 1, 1)] * 12, x=[None, 1.5] * 6, upos=TOKENS, yes=[True] * 12
    ),
    "names": table(METADATA, tokens=TOKENS, tags=NUMBERS),
    "numbers": table(tokens=TOKENS, numbers=NUMBERS),
    "text beside": table(tokens=[words or ["x"] for words in TOKENS], text=TEXTS),
}
OTHERS: dict[str, Any] = {
    "no row": table(tokens=pa.array([], pa.list_(pa.string()))),
    "null": table(tokens=changed(None), text=TEXTS),
    "null word": table(tokens=changed(["a", None])),
    "empty word": table(tokens=changed(["a", ""])),
    "too few tags": table(tokens=TOKENS, upos=changed(["x"], 3)),
    "null among tags": table(tokens=TOKENS, upos=[[None] * len(words) for words in TOKENS]),
    "tags in a text": table(tokens=TOKENS, x=["B-X I-X O"] * 12),
    "number without a name": table(METADATA, tokens=TOKENS, few=NUMBERS),
    "label without a name": table(tokens=TOKENS, label=[1] * 12),
    "spans": table(text=TEXTS, spans=[[{"start": 0, "end": 3, "label": "X"}]] + [None] * 11),
    "answers": table(tokens=TOKENS, answer=["accept", "reject"] * 6),
    "nested": table(tokens=TOKENS, meta=[{"a": [1]}] * 12),
    "dictionary": table(tokens=TOKENS, x=pa.array(TEXTS).dictionary_encode()),
    "text without words": table(tokens=TOKENS, text=["some text"] * 12),
    "lines in texts": table(text=[*TEXTS[:9], "a\tb\nc", "\r", "x"]),
    "floats": table(tokens=TOKENS, tags=[[1.0] * len(words) for words in TOKENS]),
    "confidences": table(tokens=TOKENS, confidences=TOKENS),
    "no words": table(x=[1] * 12),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    rows = [zip(*sentence, strict=True) for sentence in sentences()]
    data = [Sentence(words, {"upos": tags, "xpos": tuple(tag[0] for tag in tags)}) for words, tags in rows]
    elman.train(data, seed=1, target="upos,xpos", settings={**BASE, "decoder": "crf"}).save(folder / "columns")
    return {"one": models_in(folder)("crf"), "columns": folder / "columns"}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Several batches and row groups in few rows."""
    with monkeypatch.context() as patched:
        patched.setattr(parquet, "_BATCH_ROWS", 3)
        patched.setattr(arrow_rows, "_GROUP_WORDS", 20)
        yield


def by_sentences(monkeypatch: pytest.MonkeyPatch, run: Run, *command: object) -> subprocess.CompletedProcess[bytes]:
    with monkeypatch.context() as patched:
        patched.setattr(fast_lines.LightTagger, "block_tagger", lambda self, request: None)
        return run(*command)


def compare(monkeypatch: pytest.MonkeyPatch, run: Run, folder: Path, *command: object) -> int:
    """Run a command in both ways; return its status."""
    ours = run(*command, "-o", folder / "out.parquet")
    written = (folder / "out.parquet").read_bytes() if not ours.returncode else b""
    plain = by_sentences(monkeypatch, run, *command, "-o", folder / "out.parquet")
    assert (ours.returncode, ours.stderr) == (plain.returncode, plain.stderr)
    assert ours.returncode or written == (folder / "out.parquet").read_bytes()
    return ours.returncode


def test_common_rows_are_tagged_by_blocks(
    models: dict[str, Path], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows compares two ways: the common tables need no full tagger."""
    monkeypatch.setattr(fast_lines.LightTagger, "__getattr__", None)
    for rows in NATIVE.values():
        pq.write_table(rows, tmp_path / "in.parquet")
        assert run("tag", models["one"], tmp_path / "in.parquet", "-q").returncode == 0
    assert run("tag", models["one"], "-q", "--as", "parquet", stdin=b"the dogs\n\nsleep").returncode == 0


@pytest.mark.parametrize("model", ["one", "columns"])
@pytest.mark.parametrize("name", [*NATIVE, *OTHERS])
def test_the_bytes_are_those_of_sentences(
    models: dict[str, Path], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, model: str
) -> None:
    file = tmp_path / "in.parquet"
    pq.write_table((NATIVE | OTHERS)[name], file)
    some = [(), ("--confidence", "--threads", "2"), ("--text-column", "text"), ("--target", "upos")]
    for options in some if model == "columns" else some[:3]:
        status = compare(monkeypatch, run, tmp_path, "tag", models[model], file, *options)
        assert status == 0 or name in OTHERS or "--text-column" in options


def test_files_that_are_tagged_in_both_ways(
    models: dict[str, Path], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / f"{i}.parquet" for i in range(3)]
    title = ["y"] * 12
    pq.write_table(table(tokens=TOKENS, x=title), files[0])
    pq.write_table(table(tokens=TOKENS, x=[*title[:7], "B-X O", *title[8:]]), files[1])  # read as sentences from there
    pq.write_table(table(tokens=TOKENS * 2, x=title * 2), files[2])
    for options in ((), ("--confidence",)):
        assert compare(monkeypatch, run, tmp_path, "tag", models["one"], *files, *options) == 0
        pq.write_table(NATIVE["others"], files[0])
        assert compare(monkeypatch, run, tmp_path, "tag", models["one"], *files, *options) == 2
        pq.write_table(table(tokens=TOKENS, x=["y"] * 12), files[0])
    (tmp_path / "a.txt").write_text("the dogs sleep\n\n a  b \r\n \t\nend", encoding="utf-8")
    (tmp_path / "long.txt").write_text("the dogs sleep .\n" * 20_000, encoding="utf-8")
    texts = tmp_path / "a.txt", tmp_path / "long.txt", tmp_path / "a.txt"
    for model in models.values():
        assert compare(monkeypatch, run, tmp_path, "tag", model, *texts) == 0
        assert compare(monkeypatch, run, tmp_path, "tag", model, *texts, "--confidence") == 0
    assert compare(monkeypatch, run, tmp_path, "tag", models["one"], texts[0], files[0]) == 2


WORD = st.sampled_from(WORDS) | st.text(st.characters(codec="utf-8"), max_size=4)
LISTS = st.lists(st.lists(WORD, max_size=4), min_size=1, max_size=9)


@st.composite
def tables(draw: st.DrawFn) -> Any:
    rows = draw(LISTS)
    values: dict[str, Any] = {
        "id": st.none() | st.integers(-5, 5),
        "title": st.none() | WORD | st.just("B-X I-X"),
        "text": WORD | st.just("a  b"),
    }
    names = draw(st.lists(st.sampled_from([*values, "upos", "more"]), unique=True))
    columns: dict[str, Any] = {}
    for name in names:
        if name in values:
            columns[name] = [draw(values[name]) for _ in rows]
        else:
            columns[name] = [words if draw(st.integers(0, 20)) else [*words, "x"] for words in rows]
    if "text" not in columns or draw(st.booleans()):
        columns["tokens"] = rows
    return pa.table({name: columns[name] for name in draw(st.permutations(list(columns)))})


def test_random_tables(models: dict[str, Path], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "in.parquet"

    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    @given(tables(), st.sampled_from(["one", "columns"]), st.booleans())
    def check(rows: Any, model: str, confidence: bool) -> None:
        pq.write_table(rows, file)
        compare(monkeypatch, run, tmp_path, "tag", models[model], file, *(["--confidence"] if confidence else []))

    check()


def test_blocks_that_lie_are_refused(models: dict[str, Path]) -> None:
    _, own = both(models["one"])
    tag = own.block_tagger(BlockRequest("arrow", "arrow", (WrittenColumn("tag", "tags"),)))
    assert tag is not None
    sound = [1, 2, 0, 2, 0, 3, 7]
    assert tag(struct.pack("=7i", *sound) + b"thedogs") is not None
    for i in range(len(sound)):
        for value in (-1, -(1 << 31), (1 << 31) - 1, 1, 8):
            lie = struct.pack("=7i", *sound[:i], value, *sound[i + 1 :]) + b"thedogs"
            assert value == sound[i] or i == 5 or tag(lie) is None
    for size in range(len(struct.pack("=7i", *sound)) + 7):
        assert tag((struct.pack("=7i", *sound) + b"thedogs")[:size]) is None


def test_rows_that_are_not_taken_stay(tmp_path: Path) -> None:
    pq.write_table(NATIVE["tokens"], tmp_path / "a")
    reading = read_sentences(str(tmp_path / "a"), labelled=False)
    blocks = reading.row_blocks()
    assert blocks is not None and blocks.format == "arrow"
    batches = blocks.batches()
    assert [next(batches).num_rows for _ in range(2)] == [3, 3]
    blocks.put_back(batches, 6)
    assert [(sentence.line, sentence.words) for sentence in reading.after(6, 0)][0] == (7, tuple(TOKENS[6]))
    reading = read_sentences(str(tmp_path / "a"), labelled=False)
    reading.first()
    assert reading.row_blocks() is None
    pq.write_table(OTHERS["nested"], tmp_path / "a")
    assert read_sentences(str(tmp_path / "a"), labelled=False).row_blocks() is None
