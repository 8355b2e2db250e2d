"""Spans of characters to tags of words and back: doccano, Prodigy, Label Studio."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from elman.data.formats import write_sentence
from elman.data.formats.json_records import extra_fields_of
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

TEXT = "Peter lives in New York."
WORDS = ("Peter", "lives", "in", "New", "York", ".")
TAGS = ("B-PER", "O", "O", "B-LOC", "I-LOC", "O")
DOCCANO = {"id": 1, "text": TEXT, "label": [[15, 23, "LOC"], [0, 5, "PER"]], "Comments": []}
PRODIGY = {
    "text": TEXT,
    "tokens": [
        {"text": "Peter", "start": 0, "end": 5, "id": 0, "ws": True},
        {"text": "lives in", "start": 6, "end": 14, "id": 1, "ws": True},
        {"text": "New York", "start": 15, "end": 23, "id": 2, "ws": False},
        {"text": ".", "start": 23, "end": 24, "id": 3, "ws": False},
    ],
    "spans": [{"start": 15, "end": 23, "token_start": 2, "token_end": 2, "label": "LOC"}],
    "_view_id": "ner_manual",
    "answer": "accept",
}


def first(reading):
    return next(iter(reading))


def of(text, spans, **others):
    return json.dumps({"text": text, "label": spans, **others}, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    "record",
    [
        DOCCANO,
        {"text": TEXT, "labels": [[0, 5, "PER"], [15, 23, "LOC"]]},
        {"data": TEXT, "label": [[0, 5, "PER"], [15, 23, "LOC"]]},
        {"text": TEXT, "entities": [[0, 5, "PER"], [15, 23, "LOC"]], "label": []},
        {
            "text": TEXT,
            "entities": [
                {"id": 9, "label": "PER", "start_offset": 0, "end_offset": 5},
                {"id": 8, "label": "LOC", "start_offset": 15, "end_offset": 23},
            ],
            "relations": [],
        },
        {"text": TEXT, "label": [{"start": "0", "end": 5, "text": "Peter", "labels": ["PER"]}, [15, 23, "LOC"]]},
        {"text": TEXT, "tokens": list(WORDS), "spans": [{"start": 0, "end": 5, "label": "PER"}, [15, 23, "LOC"]]},
        {"text": TEXT, "label": [[0.0, 5.0, "PER"], [15.0, 23.0, "LOC"]]},
        {"text": TEXT, "label": [["0", "5", "PER"], ["15.0", "23.", "LOC"]]},
        {
            "text": TEXT,
            "spans": [{"start": 0.0, "end": "5", "label": "PER"}, {"start": 15, "end": 23.0, "label": "LOC"}],
        },
        {  # the rows of a table have all keys of all records
            "text": TEXT,
            "spans": [
                {"start": 0, "end": 5, "start_offset": None, "end_offset": None, "label": None, "labels": ["PER"]},
                {"start": None, "end": None, "start_offset": 15, "end_offset": 23, "label": "LOC", "labels": None},
            ],
        },
        {
            "text": TEXT,
            "tokens": [{"text": word, "start": float(TEXT.index(word)), "end": None} for word in WORDS],
            "spans": [[0, 5, "PER"], [15, 23, "LOC"]],
        },
    ],
)
def test_shapes(read, record):
    reading = read(json.dumps(record))
    assert reading.target() == "tags"
    sentence = first(reading)
    assert (sentence.words, sentence.columns, sentence.labels) == (WORDS, {"tags": TAGS}, {})


def test_tokens_of_the_export(read):
    sentence = first(read(json.dumps(PRODIGY)))
    assert sentence.words == ("Peter", "lives in", "New York", ".")
    assert sentence.columns == {"tags": ("O", "O", "B-LOC", "O")}


def test_numbers_for_labels(read):
    line = json.dumps({"text": "a b", "annotations": [{"label": 1, "start_offset": 0, "end_offset": 1, "user": 1}]})
    assert first(read(line, format="jsonl:names=PER LOC")).columns == {"tags": ("B-LOC", "O")}
    with pytest.raises(DataError, match="file:1: the label of a span is a number without a name"):
        first(read(line))


@pytest.mark.parametrize(
    ("text", "spans", "message"),
    [
        (
            TEXT,
            [[0, 4, "PER"]],
            r"span 0-4 'Pete' \(PER\) does not fall on word borders; the words are 0-5 'Peter': fix",
        ),
        (TEXT, [[0, 6, "PER"]], r"span 0-6 'Peter ' \(PER\) does not fall on word borders; the words are 0-5 'Peter'"),
        (TEXT, [[5, 6, "PER"]], r"span 5-6 ' ' \(PER\) holds no word"),
        (TEXT, [[2, 2, "PER"]], r"span 2-2 '' \(PER\) holds no word"),
        (TEXT, [[0, 11, "A"], [6, 14, "B"]], r"span 6-14 'lives in' \(B\) overlaps span 0-11 'Peter lives' \(A\)"),
        (TEXT, [[0, 5, "A"], [0, 5, "A"]], r"span 0-5 'Peter' \(A\) overlaps span 0-5 'Peter' \(A\)"),
        (TEXT, [[20, 30, "A"]], r"span 20-30 \(A\) lies outside the text of 24 characters$"),
        (TEXT, [[-3, 5, "A"]], r"span -3-5 \(A\) lies outside the text"),
        (TEXT, [[5, 0, "A"]], r"span 5-0 \(A\) lies outside the text"),
        (TEXT, [{"start": 0, "end": 5}], r"expected a span with a start, an end and one label, found"),
        (TEXT, [{"start": 0, "end": 5, "labels": ["A", "B"]}], r"expected a span with a start, an end and one label"),
        (TEXT, [{"start": 0, "end": 5, "label": ""}], r"expected a span with a start, an end and one label"),
        (
            TEXT,
            [{"start": 0, "end": 5, "label": "A", "text": "Paul"}],
            r"span 0-5 'Peter' \(A\) should be 'Paul'; fix",
        ),
        *(
            (TEXT, [[6, 11, "A"], broken], r"expected a span with a start, an end and one label, found")
            for broken in (
                [0.5, 5, "A"],
                [True, 5, "A"],
                [None, 5, "A"],
                ["x", 5, "A"],
                ["9" * 30, 5, "A"],
                ["A", 0, 5],
                [0, 5, None],
                [0, 5, "A", "Peter"],
                "A",
                {"start": "/p[1]/text()[1]", "end": 5, "label": "A"},
            )
        ),
        (TEXT, [[True, 5, "A"]], r"expected a span with a start, an end and one label, found"),
        (
            "🎉🎉 in Rome",
            [[8, 12, "A"]],
            r"lies outside .* if its offsets count UTF-16 units, pass jsonl:offsets=utf-16",
        ),
        ("🎉 a b", [[3, 4, "A"]], r"span 3-4 ' ' \(A\) holds no word; if its offsets count UTF-16 units"),
        (
            "🎉🎉🎉 met Jo in Rome at 9",
            [[17, 21, "A"]],
            r"the words are 14-21 'Rome at'; if its offsets count UTF-16 units, .*, else fix it or pass --spans widen",
        ),
        ("😀 Bo", [[3, 5, "A"]], r"lies outside the text of 4 characters; if its offsets count UTF-16 units, pass"),
        (
            "😀 Bo b",
            [{"start": 3, "end": 5, "label": "A", "text": "Bo"}],
            "should be 'Bo'; if its offsets count UTF-16",
        ),
        ("😀 Bo b", [{"start": 2, "end": 4, "label": "A", "text": "x"}], r"'Bo' \(A\) should be 'x'; fix its offsets"),
    ],
)
def test_refused_with_line_text_and_offsets(read, text, spans, message):
    with pytest.raises(DataError, match="file:2: .*" + message):
        list(read(of("x", []) + of(text, spans)))


def test_offsets_that_are_no_numbers_are_no_fields(read):
    line = json.dumps({"text": TEXT, "label": [[15.0, 23.0, "LOC"]], "id": 3})
    (sentence,) = read(line)
    assert extra_fields_of(sentence) == {"id": 3}


@pytest.mark.parametrize("format", ["jsonl", "json"])
def test_hints_name_the_format_that_is_read(read, format):
    text = of("😀 Bo b", [{"start": 3, "end": 5, "label": "A", "text": "Bo"}], answer="accept")
    text = text if format == "jsonl" else f"[\n{text}]"
    with pytest.raises(DataError, match=f"pass {format}:offsets=utf-16 as the format"):
        list(read(text))
    assert [s.columns["tags"] for s in read(text, format=f"{format}:offsets=utf-16") if s.words] == [("O", "B-A", "O")]
    with pytest.raises(DataError, match=f"pass --spans widen \\(the format: {format}:spans=widen\\)"):
        list(read(text.replace('3, "end": 5', '0, "end": 2').replace(', "text": "Bo"', "")))
    with pytest.raises(DataError, match=f"pass the format as {format}:answers=accept"):
        list(read(text.replace("accept", "reject")))
    with pytest.raises(DataError, match=f"or the format {format}:names=FILE"):
        list(read(text.replace('"A"', "1").replace('3, "end": 5', '0, "end": 1').replace(', "text": "Bo"', "")))


def test_widened(read):
    def tags(spans):
        return first(read(of(TEXT, spans), format="jsonl:spans=widen")).columns["tags"]

    assert tags([[1, 2, "PER"], [14, 24, "X"]]) == ("B-PER", "O", "O", "B-X", "I-X", "I-X")
    with pytest.raises(DataError, match=r"span 2-5 'ter' \(B\) and span 0-2 'Pe' \(A\) share a word when widened"):
        tags([[0, 2, "A"], [2, 5, "B"]])
    with pytest.raises(DataError, match="holds no word"):
        tags([[5, 6, "PER"]])


def test_offsets_of_javascript(read):
    line = of("😀 Bo 😀 x", [[3, 5, "A"], [6, 8, "B"]])
    assert first(read(line, format="jsonl:offsets=utf-16")).columns["tags"] == ("O", "B-A", "B-B", "O")
    with pytest.raises(DataError, match=r"file:1: span 1-2 \(A\) lies outside the text or cuts a character"):
        first(read(of("😀", [[1, 2, "A"]]), format="jsonl:offsets=utf-16"))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"tokens": ["a"], "spans": [[0, 1, "X"]]}, "spans: spans without the text whose characters they count"),
        (
            {"text": "a b", "tokens": ["b", "a"], "spans": []},
            "spans: expected the tokens in the order in which they occur",
        ),
        (
            {"text": "a", "spans": [[0, 1, "X"]], "label": [[0, 1, "Y"]]},
            "spans in spans and in label; expected them in",
        ),
        ({"text": "ab", "tokens": [{"text": "b", "start": 0, "end": 1}]}, "token 'b': the text has 'a' at 0-1"),
    ],
)
def test_records_that_contradict_themselves(read, record, message):
    with pytest.raises(DataError, match=f"file:1: {message}"):
        first(read(json.dumps(record)))


def test_spans_beside_tags_are_a_column_of_their_own(read):
    record = {"text": "a b", "tokens": ["a", "b"], "tags": ["X", "Y"], "label": [[0, 1, "L"]]}
    assert first(read(json.dumps(record))).columns == {"tags": ("X", "Y"), "spans": ("B-L", "O")}


def test_tokens_that_are_missing_are_not_those_of_the_text(read):
    assert first(read('{"text": "a b", "tokens": [], "label": "x"}')).words == ("a", "b")


def test_written_as_prodigy(read):
    sentence = first(read(json.dumps(DOCCANO | {"label_of": "x"})))
    record = json.loads(write_sentence(sentence, {"tags": TAGS}, format="prodigy"))
    assert record["text"] == TEXT
    assert record["tokens"][4:] == [
        {"text": "York", "start": 19, "end": 23, "id": 4, "ws": False},
        {"text": ".", "start": 23, "end": 24, "id": 5, "ws": False},
    ]
    assert record["spans"] == [
        {"start": 0, "end": 5, "token_start": 0, "token_end": 0, "label": "PER"},
        {"start": 15, "end": 23, "token_start": 3, "token_end": 4, "label": "LOC"},
    ]
    assert record["label_of"] == "x"


def test_written_as_doccano(read):
    sentence = first(read(json.dumps(DOCCANO)))
    assert json.loads(write_sentence(sentence, {"tags": TAGS}, format="doccano")) == {
        "text": TEXT,
        "label": [[0, 5, "PER"], [15, 23, "LOC"]],
    }
    with pytest.raises(ConfigError, match="doccano: no label can be called 'label' there; jsonl holds it"):
        write_sentence(Sentence(("a",), labels={"label": "x"}), {"tags": ("O",)}, format="doccano")
    with pytest.raises(
        DataError, match="doccano holds spans, marked by O, B-type, I-type …; found the tag 'NN'; jsonl"
    ):
        write_sentence(Sentence(("a",)), {"tags": ("NN",)}, format="doccano")


@pytest.mark.parametrize("format", ["prodigy", "doccano"])
@pytest.mark.parametrize("tags", [("O", "B-"), ("O", "I-"), ("O", "B"), ("B-X", "S-")])
def test_a_span_without_a_type_is_refused(format, tags):
    sentence = Sentence(("a", "b"), path="f", line=3, lines=("a\n", "b\n"), rows=(0, 1), format="columns")
    message = f"^f:4: {format} holds spans with a type; found the tag '{tags[1]}'; jsonl holds it$"
    with pytest.raises(DataError, match=message):
        write_sentence(sentence, {"tags": tags}, format=format)


def test_new_tags_without_a_type_are_no_spans(read):
    line = '{"text": "a b", "label": [[0, 1, "X"]]}\n'
    sentence = next(iter(read(line)))
    assert json.loads(write_sentence(sentence, {"tags": ("B-", "O")}, format="jsonl")) == {
        **json.loads(line),
        "tokens": ["a", "b"],
        "tags": ["B-", "O"],
    }


def test_the_text_of_conllu_is_kept_where_the_words_stand_in_it(read):
    def lines(text, words):
        rows = "".join(f"{i}\t{word}" + "\t_" * 8 + "\n" for i, word in enumerate(words, 1))
        return f"# text = {text}\n{rows}\n"

    for text, expected in (("Hi,  Bo!", "Hi,  Bo!"), ("Ha, Bo!", "Hi , Bo !"), ("Hi, x Bo!", "Hi , Bo !")):
        sentence = first(read(lines(text, ["Hi", ",", "Bo", "!"])))
        record = json.loads(write_sentence(sentence, {"upos": ("O", "O", "B-P", "O")}, format="prodigy"))
        assert record["text"] == expected
        (span,) = record["spans"]
        assert expected[span["start"] : span["end"]] == "Bo"
    assert json.loads(write_sentence(Sentence(("a", "b")), {}, format="prodigy"))["text"] == "a b"
    assert write_sentence(first(read("# end\n", format="conllu")), {}, format="prodigy") == ""


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ({"label": [[0, 5, "PER"]]}, {"label": [[15, 23, "X"]]}),
        ({"label": []}, {"label": [[15, 23, "X"]]}),
        ({"spans": []}, {"spans": [{"start": 15, "end": 23, "token_start": 3, "token_end": 4, "label": "X"}]}),
        (
            {"entities": [{"id": 1, "label": "PER", "start_offset": 0, "end_offset": 5}]},
            {"entities": [{"start_offset": 15, "end_offset": 23, "label": "X"}]},
        ),
        (
            {"label": [{"start": 0, "end": 5, "labels": ["PER"]}]},
            {"label": [{"start": 15, "end": 23, "label": "X"}]},
        ),
    ],
)
def test_new_spans_take_the_place_of_the_old(read, spans, expected):
    record = {"text": TEXT, **spans, "n": 1}
    sentence = first(read(json.dumps(record) + "\n"))
    text = write_sentence(sentence, {"tags": ("O", "O", "O", "B-X", "I-X", "O")}, format="jsonl")
    assert json.loads(text) == record | expected
    assert write_sentence(sentence, sentence.columns, format="jsonl") == sentence.lines[0]
    text = write_sentence(sentence, {"tags": ("N",) * 6}, format="jsonl")  # tags that mark no spans
    assert json.loads(text) == record | {"tokens": list(WORDS), "tags": ["N"] * 6}
    assert first(read(text)).columns == {"tags": ("N",) * 6, "spans": sentence.columns["tags"]}


WORD = st.text(st.characters(codec="utf-8"), min_size=1)


@given(st.lists(st.tuples(WORD, st.sampled_from(["O", "B-A", "B-b c"])), min_size=1))
def test_prodigy_round_trip(read, pairs):
    words, tags = zip(*pairs, strict=True)
    sentence = first(read(write_sentence(Sentence(words), {"tag": tags}, format="prodigy")))
    assert (sentence.words, sentence.columns) == (words, {"tags": tags})


@given(st.text(st.characters(codec="utf-8")), st.data())
def test_doccano_round_trip(read, text, data):
    """Spans of the words of any text come back as they were."""
    (sentence,) = read(of(text, []))
    if not sentence.words:
        return
    tags = tuple(data.draw(st.sampled_from(["O", "B-A", "B-B"])) for _ in sentence.words)
    line = write_sentence(sentence, {"tags": tags}, format="doccano")
    again = first(read(line))
    assert json.loads(line)["text"] == text
    assert (again.words, again.columns) == (sentence.words, {"tags": tags})
