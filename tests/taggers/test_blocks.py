"""Blocks of text tagged natively: each pair of formats against the readers and writers of ``elman.data.formats``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import elman
from elman import kernels
from elman.data.formats import read_sentences, write_sentence
from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.taggers.blocks import BlockRequest, BlockTagger, WrittenColumn
from light_models import BASE, WORDS, both, models_in, sentences

pytestmark = [
    pytest.mark.filterwarnings("ignore:no dev set"),
    pytest.mark.skipif(kernels.native_core() is None, reason="the native kernels are not in use"),
]
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\n\r\t\0 ")
WORD = st.sampled_from([*WORDS, '"', "\\", "\x01\x08\x0c\x1f", "a_b", "#", "# x"]) | st.text(CHARACTERS, min_size=1)
ODD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
END = st.sampled_from(["\n", "\n", "\r\n"])
FIELD = st.sampled_from(["_", "", "x", "A=B|C", "Confidence=0.5|a", "Confidence[x]=1||_", "Confidence[a=b]=1", "0"])


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("models")
    one = models_in(folder)

    def path(name: str) -> Path:
        if name == "columns" and not (folder / name).exists():
            rows = [zip(*sentence, strict=True) for sentence in sentences()]
            data = [Sentence(words, {"upos": tags, "xpos": tuple(tag[0] for tag in tags)}) for words, tags in rows]
            elman.train(data, seed=1, target="upos,xpos", settings={**BASE, "decoder": "crf"}).save(folder / name)
        return one(name)

    return path


def written(folder: Path, text: str, request: BlockRequest, whole: Any) -> tuple[str, int, int] | None:
    """Return the output, sentences and words of the readers and writers of sentences; None for what they refuse."""
    file = folder / "input"
    file.write_bytes(text.encode())
    options = ":word=2" if request.input == "columns" and request.table[1] else ""
    try:
        rows = list(read_sentences(str(file), format=request.input + options, labelled=False))
        parts = []
        predicted = whole.pipe(rows, confidence=request.confidences, columns=whole.targets)
        for sentence, found in zip(rows, predicted, strict=True):
            p = {column.key: found[column.name][1] for column in request.columns} if request.confidences else None
            confidences: Any = next(iter(p.values())) if p and len(p) == 1 else p
            tags = {c.key: found[c.name][0] if request.confidences else found[c.name] for c in request.columns}
            parts.append(write_sentence(sentence, tags, format=request.output, confidences=confidences))
    except DataError:
        return None
    return "".join(parts), len(rows), sum(len(row.words) for row in rows)


def lines_of_text() -> st.SearchStrategy[str]:
    line = st.lists(WORD).map(" ".join) | ODD.map(lambda text: text.replace("\n", " ")) | st.just(" \t ")
    return st.tuples(line, END).map("".join)


@st.composite
def sentence_of_conllu(draw: st.DrawFn) -> str:
    lines = draw(st.lists(st.sampled_from(["# a = b", "#", "# text = x"]), max_size=2))
    for i in range(1, draw(st.integers(0, 5)) + 1):
        lines += draw(st.sampled_from([[], [], [f"{i}-{i + 1}\tx" + "\t_" * 8], [f"{i}.1\tx" + "\t_" * 8], ["# in"]]))
        number = draw(st.sampled_from([str(i)] * 30 + [str(i + 1), "x", f"0{i}", f"{i}-"]))
        lines.append("\t".join([number, draw(WORD), *draw(st.lists(FIELD, min_size=8, max_size=8))]))
    end = draw(END)
    return "".join(line + end for line in lines) + draw(st.sampled_from([end, end, " \t" + end, "\n\n"]))


@st.composite
def sentence_of_columns(draw: st.DrawFn) -> str:
    rows = draw(st.lists(st.tuples(st.just("1"), WORD, FIELD).map("\t".join) | st.just("# comment"), max_size=5))
    rows += draw(st.sampled_from([[], [], [], ["-DOCSTART-\tx\ty"], ["a\tb"]]))
    end = draw(END)
    return "".join(row + end for row in rows) + end


@st.composite
def record(draw: st.DrawFn) -> str:
    values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORD
    keys = st.sampled_from(["id", "x", "_y", "é", "tags", "text", "label", "upos", "words"])
    row: dict[str, Any] = draw(st.dictionaries(keys, values, max_size=2))
    row["tokens"] = draw(st.lists(WORD | ODD, max_size=5))
    row |= draw(st.dictionaries(st.sampled_from(["id", "z"]), values, max_size=1))
    text = json.dumps(row, ensure_ascii=draw(st.booleans()), separators=draw(st.sampled_from([None, (" , ", " :")])))
    return draw(st.sampled_from([f"{text}\n", f"{text}\n", f"  {text} \r\n", "\n", '{"tokens": ["\\ud800"]}\n', "{\n"]))


BLOCKS = {
    "text": lines_of_text(),
    "conllu": sentence_of_conllu(),
    "columns": sentence_of_columns(),
    "jsonl": record(),
}
FIRST = {"columns": "1\tthe\tDET\n1\tdogs\tNOUN\n\n", "jsonl": '{"tokens": ["a"]}\n'}
FIELDS = {"tag": 3, "upos": 3, "xpos": 4}


def requests(confidences: bool, columns: tuple[str, ...]) -> Iterator[BlockRequest]:
    for input, output in kernels.native_core().block_formats():
        if output == "arrow":  # tests/cli/test_arrow_blocks.py
            continue
        if (confidences or len(columns) > 1) and output in ("word_tag", "tags"):
            continue
        if input == "columns":
            new = [WrittenColumn(name, str(i), i - 1) for i, name in enumerate(columns, 3)]
            yield BlockRequest(input, output, tuple(new), confidences, (3, 1))
        elif "conllu" in (input, output) or len(columns) > 1:
            yield BlockRequest(input, output, tuple(WrittenColumn(c, c, FIELDS[c]) for c in columns), confidences)
        else:
            yield BlockRequest(input, output, (WrittenColumn(columns[0], "tags"),), confidences)


def compare(request: BlockRequest, tag: BlockTagger, whole: Any, folder: Path) -> None:
    """Compare random blocks with the readers and writers of sentences."""

    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(BLOCKS[request.input], max_size=8), st.booleans())
    def check(blocks: list[str], ends: bool) -> None:
        text = FIRST.get(request.input, "") + "".join(blocks)
        text = text if ends else text.rstrip("\r\n")
        found = tag(text.encode())
        if found is not None:
            assert (found.text.decode(), found.sentences, found.words) == written(folder, text, request, whole)

    check()


@pytest.mark.parametrize("confidences", [False, True])
@pytest.mark.parametrize(("name", "columns"), [("crf", ("tag",)), ("columns", ("xpos", "upos"))])
def test_blocks_are_the_formats(
    models: Callable[[str], Path], tmp_path: Path, name: str, columns: tuple[str, ...], confidences: bool
) -> None:
    whole, own = both(models(name), threads=1)
    for request in requests(confidences, columns):
        tag = own.block_tagger(request)
        assert tag is not None
        compare(request, tag, whole, tmp_path)


@pytest.mark.parametrize(
    ("input", "text"),
    [
        ("text", "the dogs sleep .\r\n\nlast"),
        ("conllu", "# c\n1\tthe" + "\t_" * 8 + "\r\n1-2\tx" + "\t_" * 8 + "\n2\tdogs" + "\t_" * 8 + "\n\n\n# end"),
        ("jsonl", '{"id": -1.5e3, "tokens": ["\\u00e9\\ud83d\\ude00", "b"], "x": null}\n\n{"tokens": []}\n'),
        ("columns", "the\tDET\n# x\ndogs\tNOUN\n\n"),
    ],
)
def test_what_is_common_is_not_refused(models: Callable[[str], Path], tmp_path: Path, input: str, text: str) -> None:
    whole, own = both(models("crf"))
    for request in requests(False, ("tag",)):
        if request.input == input:
            request = request._replace(table=(2, 0)) if input == "columns" else request
            columns = (WrittenColumn("tag", "2", 1),) if input == "columns" else request.columns
            tag = own.block_tagger(request._replace(columns=columns))
            assert tag is not None
            found = tag(text.encode())
            assert found is not None
            expected = written(tmp_path, text, request._replace(columns=columns), whole)
            assert (found.text.decode(), found.sentences, found.words) == expected


def test_probabilities_have_four_digits_as_in_python(models: Callable[[str], Path]) -> None:
    whole, own = both(models("crf"), threads=1)
    words = [word for word in WORDS if word.strip()] * 50
    request = BlockRequest("text", "columns", (WrittenColumn("tag", "tag"),), confidences=True)
    tag = own.block_tagger(request)
    assert tag is not None
    found = tag(" ".join(words).encode())
    assert found is not None
    own_digits = [line.split("\t")[2] for line in found.text.decode().split("\n") if line]
    ((_, p),) = whole.pipe([words], confidence=True)
    assert own_digits == [f"{each:.4f}" for each in p]


def test_what_is_not_done_by_blocks(models: Callable[[str], Path]) -> None:
    whole, own = both(models("forward"))
    column = (WrittenColumn("tag", "tag", 3),)
    assert own.block_tagger(BlockRequest("conllu", "jsonl", column)) is None
    assert own.block_tagger(BlockRequest("text", "columns", column, confidences=True)) is None  # softmax
    assert whole.block_tagger(BlockRequest("text", "columns", column)) is None
    tag = whole.block_tagger(BlockRequest("text", "word_tag", column))
    assert tag is not None
    (text,) = own.tag_lines([b"the dogs\n\nsleep"])
    assert tag(b"the dogs\n\nsleep") == (text, 3, 3)
