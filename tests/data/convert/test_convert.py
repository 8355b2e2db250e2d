"""One format to another: losses are said, nothing comes back otherwise, nothing is half-written."""

from __future__ import annotations

import io
import json
import os
import sys

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.data.convert import DROPPABLE, ConversionRequest, ConversionResult, convert, output_format_of
from elman.data.formats import read_sentences
from elman.errors import ConfigError, DataError, OutputError

CONLLU = """\
# sent_id = 1
# text = Don't go
# intent = ask
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tDo\tdo\tAUX\t_\t_\t_\t_\t_\t_
2\tn't\tnot\tPART\t_\t_\t_\t_\t_\t_
2.1\tyou\t_\t_\t_\t_\t_\t_\t_\t_
3\tgo\tgo\tVERB\t_\tA=B|C=D\t_\t_\t_\t_

1\tYes\tyes\tINTJ\t_\t_\t_\t_\t_\t_

"""
BIO = "I\tO\nsaw\tO\nNew\tB-LOC\nYork\tI-LOC\nBo\tB-PER\n\nBo\tB-PER\n\n"
EVERYTHING = frozenset(DROPPABLE)


@pytest.fixture
def run(tmp_path):
    """A function: the text of a file and what is asked for -> the text of the output, and the notes."""

    def command(text: str | bytes, to: str, name: str = "in", **asked: object) -> tuple[str, ConversionResult]:
        (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
        done = convert([str(tmp_path / name)], str(tmp_path / "out"), ConversionRequest(to, **asked))  # type: ignore[arg-type]
        assert sorted(os.listdir(tmp_path)) == sorted([name, "out"])
        return (tmp_path / "out").read_bytes().decode(errors="replace"), done

    return command


@pytest.fixture
def refused(run, tmp_path):
    """The message of what must be refused, with nothing written or left behind."""

    def command(error: type[Exception], *arguments: object, **asked: object) -> str:
        (tmp_path / "out").unlink(missing_ok=True)
        with pytest.raises(error) as caught:
            run(*arguments, **asked)
        assert os.listdir(tmp_path) == ["in"]
        return str(caught.value)

    return command


def test_losses_are_said_before_anything_is_written(refused):
    message = refused(ConfigError, CONLLU, "jsonl")
    assert message == (
        "jsonl cannot hold comments (2), multiword tokens (1), empty nodes (1); "
        "to leave that out, pass --drop comments,multiword,empty-nodes"
    )
    message = refused(ConfigError, CONLLU, "text", drop=frozenset({"comments", "multiword", "empty-nodes"}))
    assert message == (
        "text cannot hold columns (lemma, upos, feats), labels of sentences (intent); "
        "to leave that out, pass --drop columns,labels"
    )
    assert "word_tag holds one tag a word: choose a column with --target: lemma, upos, feats" in refused(
        ConfigError, CONLLU, "word_tag"
    )
    assert "tags cannot hold the words" in refused(ConfigError, BIO, "tags")
    assert "doccano cannot hold where words begin and end" in refused(ConfigError, BIO, "doccano")
    assert "jsonl cannot hold fields (id, n: numbers without names, see --names)" in refused(
        ConfigError, '{"tokens": ["a"], "id": 3, "n": [1]}', "columns"
    ).replace("columns", "jsonl", 1)


def test_and_left_out_by_request(run):
    text, done = run(CONLLU, "jsonl", drop=EVERYTHING)
    assert [json.loads(line) for line in text.splitlines()] == [
        {
            "tokens": ["Do", "n't", "go"],
            "lemma": ["do", "not", "go"],
            "upos": ["AUX", "PART", "VERB"],
            "feats": ["_", "_", "A=B|C=D"],
            "intent": "ask",
        },
        {"tokens": ["Yes"], "lemma": ["yes"], "upos": ["INTJ"], "feats": ["_"]},
    ]
    assert (done.sentences, done.words) == (2, 4)
    assert done.notes[1:] == ["left out: comments (2), multiword tokens (1), empty nodes (1)"]
    text, _ = run(CONLLU, "word_tag", target=("upos",), drop=EVERYTHING)
    assert text == "Do_AUX n't_PART go_VERB\nYes_INTJ\n"
    text, done = run(CONLLU, "columns", target=("upos", "lemma"), drop=EVERYTHING)
    assert text == "# intent = ask\nDo\tAUX\tdo\nn't\tPART\tnot\ngo\tVERB\tgo\n\nYes\tINTJ\tyes\n\n"
    assert done.notes[-1] == "columns: 1 the word, 2 upos, 3 lemma"
    assert run(BIO, "tags", drop=EVERYTHING)[0] == "O O B-LOC I-LOC B-PER\nB-PER\n"


def test_in_its_own_format_everything_stays(run):
    assert run(CONLLU, "conllu")[0] == CONLLU
    assert run("\ufeff" + BIO.replace("\n", "\r\n"), "columns")[0] == "\ufeff" + BIO.replace("\n", "\r\n")
    line = '{"id": 1.50, "tokens": ["a"], "tags": ["B-X"]}\n'
    assert run(line, "jsonl")[0] == line
    assert run(line, "jsonl", scheme="bioes")[0] == line.replace("B-X", "S-X")
    assert run("a_X b_Y\n\n", "word_tag")[0] == "a_X b_Y\n\n"
    assert run("a_X  b_Y", "word_tag")[0] == "a_X  b_Y"


def test_schemes(run, refused):
    bioes = BIO.replace("I-LOC", "E-LOC").replace("B-PER", "S-PER")
    text, _ = run(BIO, "columns", scheme="bioes")
    assert text == bioes
    assert run(bioes, "columns", scheme="BIO")[0] == BIO
    assert run(BIO, "jsonl", scheme="bilou")[0].count("U-PER") == 2
    assert "its tags mark no spans" in refused(ConfigError, "a_NN b_VB\n", "columns", scheme="bioes")
    assert "scheme: 'x' does not exist" in refused(ConfigError, BIO, "columns", scheme="x")
    assert run("a_O b_O\n", "columns", scheme="bioes")[0] == "a\tO\nb\tO\n\n"
    two = "a\tN\tB-X\nb\tV\tI-X\n\n"
    assert run(two, "columns", scheme="ioe2")[0] == "a\tN\tI-X\nb\tV\tE-X\n\n"
    assert "column 2: its tags mark no spans" in refused(ConfigError, two, "columns", scheme="ioe2", target=("2",))


def test_illegal_tags(run, refused):
    illegal = "a\tO\nb\tI-X\n\n" + BIO
    message = refused(DataError, illegal, "columns", scheme="bioes")
    assert message.endswith("in:2: column 2: I-X after O is no IOB2; fix the tags (elman check lists such places)")
    assert run(illegal, "columns", scheme="bioes", lenient=True)[0].startswith("a\tO\nb\tS-X\n\n")
    assert "in:2: " in refused(DataError, illegal, "prodigy")


def test_spans(run, refused):
    text, _ = run(BIO, "doccano", drop=EVERYTHING)
    assert json.loads(text.splitlines()[0]) == {"text": "I saw New York Bo", "label": [[6, 14, "LOC"], [15, 17, "PER"]]}
    assert run(text, "columns", source="jsonl")[0] == BIO
    text, _ = run(BIO, "prodigy")
    assert run(text, "columns", source="jsonl")[0] == BIO
    iob1 = BIO.replace("B-LOC", "I-LOC").replace("B-PER", "I-PER") + "a\tI-X\nb\tB-X\n\n"
    assert '"token_start": 1, "token_end": 1, "label": "X"' in run(iob1, "prodigy")[0]
    assert "mark no spans" in refused(ConfigError, "a_NN\n", "prodigy")
    line = '{"text": "Boston", "label": [[0, 2, "X"]]}'
    assert "in:1: span 0-2 'Bo' (X) does not fall on word borders" in refused(DataError, line, "columns")
    for source in (None, "jsonl", "jsonl:words=simple"):
        text, done = run(line, "columns", source=source, options={"spans": "widen"})
        assert text == "Boston\tB-X\n\n"
        assert done.notes[0].endswith("JSON in the first line" if source is None else "as asked for")


def test_labels(run, refused):
    texts = "A:b\tit rains\nC:d\tit snows\n"
    assert run(texts, "csv", source="label_text")[0] == "text,label,coarse\nit rains,A:b,A\nit snows,C:d,C\n"
    assert "fasttext holds one label a sentence: choose one with --label: label, coarse" in refused(
        ConfigError, texts, "fasttext", source="label_text"
    )
    for asked in ({"label": ("label",)}, {"drop": frozenset({"labels"})}):
        text, _ = run(texts, "fasttext", source="label_text", **asked)
        assert text == "__label__A:b it rains\n__label__C:d it snows\n"
    assert run(texts, "fasttext", source="label_text", label=("coarse",))[0].startswith("__label__A it")
    message = refused(ConfigError, texts, "csv", source="label_text", label=("x",))
    assert message == "--label: no sentence has a label 'x'; there is: label, coarse"
    assert "word_tag needs a tag for each word, and there is none; text and jsonl" in refused(
        ConfigError, texts, "word_tag", source="label_text", drop=EVERYTHING
    )
    both = "# intent = x\na\tN\n\n"
    assert "csv cannot hold labels of sentences (intent)" in refused(ConfigError, both, "csv")
    assert run(both, "csv", drop=frozenset({"labels"}))[0] == "word,2\na,N\n\n"
    assert run(both, "csv", drop=frozenset({"columns"}))[0] == "text,intent\na,x\n"
    line = '{"text":  "a", "label": "x", "kind": "y"}'
    assert json.loads(run(line, "jsonl", label=("kind",))[0]) == {"text": "a", "tokens": ["a"], "kind": "y"}


def test_other_fields_of_records_stay_where_they_can(run, refused):
    given = '{"text": "a, b", "label": "x", "n": 1, "more": {"y": [null, 1.5]}, "kind": "k"}\n'
    kept = {"text": "a, b", "tokens": ["a,", "b"], "n": 1, "more": {"y": [None, 1.5]}, "label": "x"}
    assert json.loads(run(given, "jsonl", label=("label",))[0]) == kept
    spans = '{"text": "a  b", "label": [[0, 1, "X"]], "id": "7"}'
    array, _ = run(given + spans, "json")
    tags = {"text": "a  b", "tokens": ["a", "b"], "tags": ["B-X", "O"], "id": "7"}
    assert json.loads(array) == [{**kept, "kind": "k"}, tags]
    assert [json.loads(line) for line in run(array, "jsonl")[0].splitlines()] == json.loads(array)
    assert run(array, "json")[0] == array
    assert "csv cannot hold fields (n, more); to leave" in refused(ConfigError, given, "csv")


def test_names_in_the_same_format(run):
    given = '{"tokens": ["a", "b"], "ner": [0, 1], "id": 7}\n'
    text, _ = run(given, "jsonl", options={"names": "O B-X"})
    assert text == '{"tokens": ["a", "b"], "ner": ["O", "B-X"], "id": 7}\n'
    assert run(given, "jsonl")[0] == given


def test_trees(run, refused):
    trees = "(S (NP (N it)) (V rains))\n"
    assert "word_tag cannot hold trees with phrases (1)" in refused(ConfigError, trees, "word_tag")
    assert run(trees, "word_tag", drop=frozenset({"phrases"}))[0] == "it_N rains_V\n"
    assert run(trees, "trees")[0] == trees
    assert run("(ROOT (N it))\n", "word_tag")[0] == "it_N\n"


def test_columns_that_have_no_place(refused, run):
    two = '{"tokens": ["a"], "x": ["X"], "upos": ["Y"]}'
    assert "conllu has no columns x; choose one that goes to upos with --target, or --to conllup" in refused(
        ConfigError, two, "conllu"
    )
    assert run(two, "conllu", target=("x",))[0] == "1\ta\t_\tX" + "\t_" * 6 + "\n\n"
    one_each = '{"tokens": ["a"], "x": ["X"]}\n{"tokens": ["b"], "y": ["Y"]}\n'
    assert "in:1: no column y, which other sentences have, and columns needs it in all" in refused(
        DataError, one_each, "columns"
    )
    assert '{"tokens": ["b"], "y": ["Y"]}' in run(one_each, "jsonl", source="jsonl")[0]


def test_sentences_without_words(run):
    text, done = run("a_X\n\nb_Y\n", "columns")
    assert text == "a\tX\n\nb\tY\n\n"
    assert "left out: sentences without words (1)" in done.notes
    assert run("a_X\n\nb_Y\n", "jsonl")[0].splitlines()[1] == '{"tokens": [], "tags": []}'
    assert run("\n\n# end\n", "jsonl", source="conllu", drop=EVERYTHING)[0] == ""


@pytest.mark.parametrize(
    ("words", "to", "message"),
    [
        (["a", "b c"], "word_tag", "the word 'b c' holds a space, which word_tag cannot"),
        (["a", "-DOCSTART-"], "columns", "the word '-DOCSTART-' "),
        (["a", "\t"], "conllu", "the word '\\\\t' holds a tab, which conllu cannot"),
        (["a", "b\0"], "csv", "NUL"),
        (["1", "2"], "columns", "columns cannot hold the word '1': it is read back as 'X'; try jsonl"),
    ],
)
def test_words_that_cannot_be_held(refused, words, to, message):
    columns = {"tags": ["X"] * len(words)} | ({"more": ["Y"] * len(words)} if to == "columns" else {})
    lines = [json.dumps({"tokens": ["a"] * 2, **{k: ["Z"] * 2 for k in columns}})] if words[0] != "1" else []
    lines.append(json.dumps({"tokens": words, **columns}))
    found = refused(DataError, "\n".join(lines), to, target=("tags",) if to == "word_tag" else None)
    assert f"in:{len(lines)}: " in found and message.replace("\\\\", "\\") in found


WORD = st.text(st.sampled_from(list(" \t\n\r_/\\\"',;:#|()[]{}-=B1aé") + ["\u3000", "\u2028", "\x85"]), min_size=1)
TEXT_OF = {"word_tag": "word_tag", "prodigy": "jsonl"}


@settings(
    max_examples=settings.default.max_examples * 3 // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(
    st.lists(st.lists(st.tuples(WORD, st.sampled_from(["O", "B-X", "B-a b"])), min_size=1, max_size=3), min_size=1),
    st.sampled_from(["word_tag", "columns", "conllu", "conllup", "csv", "tsv", "trees", "jsonl", "prodigy", "parquet"]),
)
def test_any_words_come_through_or_are_refused(tmp_path, rows, to):
    if to == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install '.[parquet]'")
    source, out = tmp_path / "in.jsonl", tmp_path / "out"
    out.unlink(missing_ok=True)
    pairs = [list(zip(*row, strict=True)) for row in rows]
    source.write_text("".join(json.dumps({"tokens": w, "tags": t}) + "\n" for w, t in pairs), encoding="utf-8")
    try:
        convert([str(source)], str(out), ConversionRequest(to))
    except DataError as error:
        assert f"{source}:" in str(error) and not out.exists()
        assert to not in ("jsonl", "prodigy", "parquet")
        return
    back = [s for s in read_sentences(str(out), format=TEXT_OF.get(to, to)) if s.words]
    assert [s.words for s in back] == [w for w, _ in pairs]
    assert all(t in s.columns.values() for s, (_, t) in zip(back, pairs, strict=True))


def test_parquet(run, refused):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install '.[parquet]'")
    from elman.data.formats import open_writer

    _, done = run(BIO, "parquet")
    assert done.sentences == 2
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table({"tokens": [["a"]], "ner": [[0]], "extra": [1.5]}), sink)
    assert refused(ConfigError, sink.getvalue(), "columns").startswith(
        "columns cannot hold fields (ner: numbers without names, see --names, extra); to leave"
    )
    assert run(sink.getvalue(), "columns", drop=EVERYTHING, options={"names": "O B"})[0] == "a\tO\n\n"
    assert open_writer("parquet", ["tags"]).finish().startswith(b"PAR1")


def test_several_files(tmp_path):
    (tmp_path / "a").write_text("a\tX\n\nb\tY")
    (tmp_path / "b").write_text("\ufeffc\tZ\n")
    (tmp_path / "c").write_text("1\td\t_\tW" + "\t_" * 6 + "\n")
    (tmp_path / "d").write_text("e_V")
    (tmp_path / "e").write_text("f_U")

    def joined(to, names, **asked):
        done = convert([str(tmp_path / name) for name in names], str(tmp_path / "out"), ConversionRequest(to, **asked))
        return (tmp_path / "out").read_text(), done

    assert joined("columns", "ab")[0] == "a\tX\n\nb\tY\n\nc\tZ\n"
    assert joined("word_tag", "de")[0] == "e_V\nf_U"
    text, done = joined("jsonl", "ac", target=None)
    assert text.splitlines()[-1] == '{"tokens": ["d"], "upos": ["W"]}'
    assert (done.sentences, len(done.notes)) == (3, 2)
    with pytest.raises(DataError, match="a:1: no column upos, which other sentences have"):
        joined("columns", "ac")
    with pytest.raises(ConfigError, match="no column '2'"):
        joined("columns", "ac", target=("2",))


def test_standard_input(tmp_path, monkeypatch):
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    for stream in (io.BytesIO(BIO.encode()), Pipe(BIO.encode())):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        given = sys.stdin
        done = convert(["-"], str(tmp_path / "out"), ConversionRequest("jsonl"))
        assert done.notes[0].startswith("standard input read as columns: ")
        assert len((tmp_path / "out").read_text().splitlines()) == 2
        assert sys.stdin is given


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on Windows")
def test_a_pipe_by_name_is_refused(tmp_path):
    pipe, out = tmp_path / "pipe", tmp_path / "out"
    os.mkfifo(pipe)
    with pytest.raises(DataError, match="can be read once only; pass it as standard input"):
        convert([str(pipe)], str(out), ConversionRequest("jsonl"))
    assert not out.exists()


def test_a_byte_order_mark_is_no_loss(run):
    assert run("\ufeff\nBo\tB-PER\n\n", "jsonl")[0] == '{"tokens": ["Bo"], "tags": ["B-PER"]}\n'


def test_outputs(run, tmp_path):
    (tmp_path / "in").write_text(BIO)
    with pytest.raises(OutputError, match="there is no folder"):
        convert([str(tmp_path / "in")], str(tmp_path / "no" / "out"), ConversionRequest("jsonl"))
    (tmp_path / "out").write_text("before")
    with pytest.raises(DataError):
        convert([str(tmp_path / "nothing")], str(tmp_path / "out"), ConversionRequest("jsonl"))
    assert (tmp_path / "out").read_text() == "before"
    convert([str(tmp_path / "in")], os.devnull, ConversionRequest("jsonl"))
    packed = tmp_path / "out.gz"
    convert([str(tmp_path / "in")], str(packed), ConversionRequest("jsonl"))
    assert packed.read_bytes().startswith(b"\x1f\x8b")
    assert len(list(read_sentences(str(packed)))) == 2


@pytest.mark.parametrize(
    ("name", "format"),
    [("a.conllu", "conllu"), ("a.JSONL.gz", "jsonl"), ("b.c.parquet", "parquet"), ("x.iob2.xz", "columns")],
)
def test_format_by_name(name, format):
    assert output_format_of(name) == format


@pytest.mark.parametrize("name", ["-", "a.txt", "a.gz", "jsonl"])
def test_no_format_by_name(name):
    with pytest.raises(ConfigError, match=f"^{name}: which format\\? pass --to, one of: word_tag, "):
        output_format_of(name)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("a_X\nb_Y\n", "in:2: word_tag cannot hold the word 'c': it is read back not at all; try jsonl"),
        ("a_X d_Y\n", "in:2: word_tag cannot hold the word 'c': it is read back as 'd'; try jsonl"),
        ("a_X c\n", "in:1: word_tag cannot hold this sentence: read back, it is refused: expected word_TAG"),
        ("a_X c_Z\n", "in:1: word_tag cannot hold column 2 of this sentence: it is read back otherwise"),
        ("a_X c\0_Y\n", "in:1: a word, tag or label with a NUL character, which word_tag cannot hold; try jsonl"),
        ("", "in:1: word_tag cannot hold the word 'a': it is read back not at all; try jsonl"),
        ("a_X c_Y\na_X c_Y\n", "what was written as word_tag is read back with more sentences than there are"),
    ],
)
def test_a_writer_that_goes_wrong_is_found_out(refused, monkeypatch, written, message):
    class Wrong:
        def add(self, sentence, tags):
            return written

        def finish(self):
            return ""

    monkeypatch.setattr("elman.data.convert.open_writer", lambda *_: Wrong())
    assert message in refused(DataError, "a\tX\nc\tY\n\n", "word_tag")


def test_a_label_that_comes_back_otherwise(refused, monkeypatch):
    monkeypatch.setattr("elman.data.formats.fasttext.PREFIX", "__label__y")
    monkeypatch.setattr("elman.data.formats.fasttext.write", lambda *_: "__label__yz a\n")
    message = refused(DataError, '{"text": "a", "label": "x"}\n', "fasttext")
    assert "in:1: fasttext cannot hold the label label, 'x': it is read back otherwise" in message
