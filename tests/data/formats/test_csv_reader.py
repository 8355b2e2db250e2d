"""csv and tsv: tables with names of columns."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from elman.data.formats import open_writer, read_sentences, write_sentence
from elman.data.formats.csv_rows import quote_field, read_rows, split_fields
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

WORDS = 'word,pos,ner\nNew,NNP,B-LOC\nYork,NNP,I-LOC\n\nis,VBZ,O\n,,\n"a ""b""",X,"O"\n'
BY_NUMBER = "Sentence #,Word,Tag\nSentence: 1,New,B\n,York,I\nSentence: 2,is,O\n3,so,O\n3,what,O\n"
TEXTS = 'id,review,stars\n1,"good, I  say\nreally",5\n2,bad,\n\n'


def words(sentences):
    return [s.words for s in sentences if s.words]


def rewritten(sentences, format, columns=(), labels=(), tag=None):
    writer = open_writer(format, columns, labels)
    return "".join(writer.add(s, {c: (tag,) * len(s) for c in columns}) for s in sentences) + writer.finish()


def test_a_word_a_row(read):
    reading = read(WORDS)
    assert reading.format == "csv"
    assert reading.why == "usual names of columns in the first line (3 columns separated by commas; words in word)"
    assert reading.target() == reading.target("NER") == "ner"
    sentences = list(reading)
    assert words(sentences) == [("New", "York"), ("is",), ('a "b"',)]
    assert sentences[0].columns == {"pos": ("NNP", "NNP"), "ner": ("B-LOC", "I-LOC")}
    assert [s.line for s in sentences] == [1, 5, 7] and sentences[0].rows == (1, 2)
    assert "".join("".join(s.lines) for s in sentences) == WORDS


def test_sentences_by_a_column(read):
    reading = read(BY_NUMBER)
    assert "words in Word, sentences by Sentence #" in reading.why
    assert words(reading) == [("New", "York"), ("is",), ("so", "what")]
    assert words(read("Nr;Wort;Tag\n1;a;X\n2;b;Y\n", format="csv:word=Wort,sentence=nr")) == [("a",), ("b",)]


def test_a_text_a_row(read):
    reading = read(TEXTS)
    assert "3 columns separated by commas; texts in review" in reading.why
    assert reading.label_names() == ("stars", "id")
    first, second, gap = reading
    assert first.words == ("good,", "I", "say", "really") and first.labels == {"id": "1", "stars": "5"}
    assert second.words == ("bad",) and second.labels == {"id": "2"} and second.line == 4
    assert gap.words == ()
    assert read(TEXTS, format="csv:text=review,label=id").label_names() == ("id", "stars")
    assert read("kind,text\nx,a b\n").label_names() == ("kind",)


def test_tabs(read):
    reading = read('token\ttag\n"\tO\nNew York\tB\n\n')
    assert (reading.format, words(reading)) == ("tsv", [('"', "New York")])
    assert read("a b\tX\nc d\tX\n", format="tsv:header=no,text=1,label=2").label_names() == ("2",)
    assert words(read("a\tX\n\nb\tY\n", format="tsv:header=no,word=1")) == [("a",), ("b",)]


def test_nothing_but_the_names(read):
    assert words(read("text,label\n", format="csv")) == words(read("word,tag\n", format="csv")) == []
    assert rewritten(read("text,label\n"), "csv", (), ("label",)) == "text,label\n"


@pytest.mark.parametrize(
    ("text", "format", "message"),
    [
        ("", "csv", "file: is empty; expected a first line with the names of columns"),
        (
            "a,b\n",
            "csv",
            "file:1: which column has the words? --format csv:word=NAME, or csv:text=NAME",
        ),
        ("word,word\n", "csv", "file:1: expected a name for each column, found one twice: word, word"),
        ("word,tag\na\n", "csv", "file:2: expected 2 columns, as in the first line, found 1: 'a"),
        ("word,tag\n,X\n", "csv", "file:2: the word (column word) is empty"),
        ("text,label\n ,X\n", "csv", "file:2: the text (column text) is empty"),
        ('word,tag\nb,X\n"a,X\n', "csv", "file:3: expected CSV, found that a quote is not closed; write a quote"),
        ('word,tag\n"a"b,X\n', "csv", "file:2: expected CSV, found that ',' expected after '\"'"),
    ],
)
def test_broken(read, text, format, message):
    with pytest.raises(DataError) as caught:
        list(read(text, format=format))
    assert str(caught.value).split("/")[-1].startswith(message)


SPANS = [{"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}]  # as Label Studio has them


@pytest.mark.parametrize(
    ("names", "row", "column"),
    [
        ("tokens,tags", ["['Ann', 'left']", "['B-PER', 'O']"], "tokens"),  # pandas
        ("tokens,ner_tags", ['["Ann", "left"]', "[1, 0]"], "tokens"),
        ("tokens,tags", ["['Ann' 'left'\n 'on']", "['B-PER' 'O'\n 'O']"], "tokens"),  # arrays of NumPy
        ("tokens,tags", ["['Ann \\d']", "['O']"], "tokens"),
        ("sentence,tags", ["Ann left", "['B-PER', 'O']"], "tags"),
        ("sentence,tags", ["Ann left", "[1 0]"], "tags"),
        ("text,label", ["['Ann', 'left']", "pos"], "text"),
        ("text,id,label", ["Ann left", "7", json.dumps(SPANS)], "label"),
        ("text,label", ["Ann left", str({"start": 0})], "label"),
        ("tokens,tags", ["Ann left", "B-PER O"], "tags"),
        ("text,tags", ["Ann left", "B-PER O"], "tags"),
    ],
)
def test_lists_in_fields(read, names, row, column):
    for format, separator in (("csv", ","), ("tsv", "\t")):
        lines = [[*names.split(",")], row]
        if separator == "\t" and "\n" in "".join(row):
            continue
        text = "".join(separator.join(quote_field(field, separator) for field in line) + "\n" for line in lines)
        for labelled in (True, False):
            with pytest.raises(DataError, match=rf"file:2: column {column}: a list in one field, .*; in pandas make"):
                list(read(text, labelled=labelled))
        assert read(text).format == format


@pytest.mark.parametrize(
    "row",
    [
        ("[1]", "[", "X"),
        ("['", '"]', "['X']"),
        ("[laughs] yes [pause]", '{"level": "info"}', "[X]"),
        ("[[[[" * 20_000 + "]", "['" + "a" * 100, "X"),
        ("a b", "B-PER I-PER O", "B-PER"),
        ("O O", "x", "y z"),
    ],
)
def test_brackets_that_are_no_lists(read, row):
    text = "word,pos,tag\n" + ",".join(quote_field(field, ",") for field in row) + "\n"
    assert words(read(text)) == [(row[0],)]
    text = "text,tag,pos\n" + ",".join(quote_field(field, ",") for field in (row[0], row[2], row[1])) + "\n"
    if row[2] != "['X']":
        assert words(read(text)) == [tuple(row[0].split())]


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ("csv:wort=a", "csv has no option 'wort'; expected word, text, sentence, label, header"),
        ("csv:header=maybe", "expected header=yes or header=no, got 'maybe'"),
        ("csv:word=a,text=b", "csv has a word a row or a text a row; say word= or text=, not both"),
        ("csv:word", "expected csv:key=value,key=value, each key once, got 'csv:word'"),
        ("csv:word=a,word=b", "each key once"),
        ("csv:word=x", r"no column 'x' \(word=\); it has word, pos, ner"),
    ],
)
def test_bad_options(read, format, message):
    with pytest.raises(ConfigError, match=message):
        read(WORDS, format=format)


def test_no_such_column(read):
    with pytest.raises(ConfigError, match="no column 'x' of tags; it has pos, ner"):
        read(WORDS).target("x")
    with pytest.raises(ConfigError, match="no column of tags; it has word"):
        read("word\na\n", format="csv").target()
    with pytest.raises(ConfigError, match="csv with a text a row has document labels, no tags of words"):
        read(TEXTS).target()
    assert read("word\na\n", format="csv", labelled=False).target() == "tag"
    assert read(WORDS, labelled=False).target("x") == "x"
    assert read(TEXTS, labelled=False).target() == "tag"


@pytest.mark.parametrize("text", [WORDS, BY_NUMBER, TEXTS, "\ufeff" + WORDS, "token\ttag\r\na\tX\r\n\r\nb\tY"])
def test_all_stays(read, text):
    format = "tsv" if "\t" in text else "csv"
    assert rewritten(read(text, format=format), format) == text


def test_tags_change_in_place(read):
    changed = rewritten(read(WORDS), "csv", ("ner",), tag='a,"b"')
    assert changed == 'word,pos,ner\nNew,NNP,"a,""b"""\nYork,NNP,"a,""b"""\n\nis,VBZ,"a,""b"""\n,,\n' + (
        '"a ""b""",X,"a,""b"""\n'
    )
    semicolons = "Wort;Tag\na;X\n"
    assert rewritten(read(semicolons, format="csv:word=Wort"), "csv", ("Tag",), tag="b;c") == 'Wort;Tag\na;"b;c"\n'


def test_a_new_column(read):
    assert rewritten(read(WORDS), "csv", ("new",), tag="T") == (
        'word,pos,ner,new\nNew,NNP,B-LOC,T\nYork,NNP,I-LOC,T\n\nis,VBZ,O,T\n,,\n"a ""b""",X,"O",T\n'
    )
    assert rewritten(read("a\tX\n", format="tsv:header=no,word=1"), "tsv", ("3",), tag="T") == "a\tX\tT\n"
    assert rewritten(read("a\tX\n", format="tsv:header=no,word=1"), "tsv", ("2",), tag="T") == "a\tT\n"


def test_labels_change_in_place(read):
    changed = [replace(s, labels={"stars": "1", "kind": "x"}) if s.words else s for s in read(TEXTS)]
    assert rewritten(changed, "csv", (), ("stars", "kind")) == (
        'id,review,stars,kind\n1,"good, I  say\nreally",1,x\n2,bad,1,x\n\n'
    )


def test_a_text_a_row_holds_no_tags(read):
    first, *_ = read(TEXTS)
    with pytest.raises(
        DataError, match="file:2: csv with a text a row cannot hold tags of words; try --as columns, or"
    ):
        rewritten([first], "csv", ("tag",), tag="X")


def test_two_files_have_one_header(read):
    assert rewritten([*read(WORDS), *read(WORDS)], "csv") == WORDS + WORDS.split("\n", 1)[1]
    with pytest.raises(ConfigError, match="its columns are id, review, stars, after a file with word, pos, ner"):
        rewritten([*read(WORDS), *read(TEXTS)], "csv")


def test_written_from_another_format(read):
    tagged = Sentence(("New York", 'a"b', "a,b"), {"x": ("A", "B", "C")})
    assert write_sentence(tagged, tagged.columns, format="csv") == 'word,x\nNew York,A\n"a""b",B\n"a,b",C\n\n'
    assert write_sentence(tagged, tagged.columns, format="tsv") == 'word\tx\nNew York\tA\na"b\tB\na,b\tC\n\n'
    labelled = Sentence(("a", "b"), labels={"kind": "x, y"})
    assert write_sentence(labelled, {}, format="csv") == 'text,kind\na b,"x, y"\n'
    (gap,) = read("# only a comment\n\n", format="columns")
    writer = open_writer("csv", ("x",))
    assert writer.add(gap, {}) == "" and writer.finish() == "word,x\n"
    first, *_ = list(read(WORDS))[1:]
    assert open_writer("csv", ("x",)).add(first, {"x": ("T",)}) == "word,x\nis,T\n\n"  # its file has not been seen


@pytest.mark.parametrize(
    ("sentence", "format", "message"),
    [
        (Sentence(("a\tb",), {"x": ("X",)}, "f", 3), "tsv", "the word 'a.tb' holds a tab, which tsv cannot"),
        (Sentence(("a",), {"x": ("X\n",)}, "f", 3), "tsv", "the tag 'X.n' holds a line end, which tsv cannot"),
        (
            Sentence(("a b",), {}, "f", 3, labels={"y": "Y"}),
            "csv",
            "the word 'a b' holds a space, which csv with",
        ),
        (Sentence(("a",), {}, "f", 3, labels={"y": "Y\t"}), "tsv", "'Y.t' holds a tab, a line end or a NUL, which tsv"),
        (Sentence(("a",), {}, "f", 3, labels={"y": "\0"}), "csv", ".* holds a NUL, which csv cannot; try --as jsonl"),
    ],
)
def test_what_cannot_be_held(sentence, format, message):
    with pytest.raises(DataError, match=f"^f:3: {message}"):
        write_sentence(sentence, sentence.columns, format=format)


def test_what_no_table_holds():
    with pytest.raises(ConfigError, match="csv holds tags of words or document labels, not both; columns, conllu and"):
        open_writer("csv", ("tag",), ("label",))
    with pytest.raises(ConfigError, match="csv: no header can be made of the names word, word"):
        open_writer("csv", ("word",)).finish()
    with pytest.raises(ConfigError, match=r"tsv: no header can be made of the names word, a\\tb"):
        open_writer("tsv", ("a\tb",)).finish()


@given(st.lists(st.lists(st.text('a",;\n \t'), min_size=2, max_size=2), min_size=1))
def test_fields_as_they_stand(rows):
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    lines = io.StringIO(out.getvalue(), newline="\n")
    for row in read_rows(lines, ",", "f"):
        text = "".join(row.lines).removesuffix("\n")
        fields = split_fields(text, ",")
        assert ",".join(fields) == text and len(fields) == len(row.fields)


def test_titles_as_csv(tmp_path, shared_data):
    source = read_sentences(str(shared_data / "tutorial/data/titles-en-test.labeled"))
    writer = open_writer("csv", (), ("label",))
    sentences = list(source)
    (tmp_path / "t.csv").write_text("".join(writer.add(s, {}) for s in sentences), encoding="utf-8", newline="")
    back = list(read_sentences(str(tmp_path / "t.csv")))
    assert [(s.words, s.labels) for s in back] == [(s.words, s.labels) for s in sentences]


def test_tags_replace_only_a_column_that_is_named_like_tags(tmp_path):
    path = tmp_path / "a.csv"
    for header, column in (("word,tag", "tag"), ("word,customer", "tag"), ("word,POS,id", "POS"), ("word", "tag")):
        path.write_text(f"{header}\n", encoding="utf-8")
        source = read_sentences(str(path), format="csv:word=word", labelled=False)
        assert source.target(None) == column
    path.write_text("word,customer\na,b\n", encoding="utf-8")
    assert read_sentences(str(path), format="csv:word=word").target(None) == "customer"
