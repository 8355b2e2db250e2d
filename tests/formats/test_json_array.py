"""json: records in one array, as Label Studio exports them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from elman.errors import ConfigError, DataError
from elman.formats import default_output, write_sentence

TASKS = [
    {
        "id": 1,
        "annotations": [
            {"was_cancelled": True, "result": [{"value": {"start": 0, "end": 1, "labels": ["X"]}}]},
            {
                "result": [
                    {
                        "from_name": "label",
                        "type": "labels",
                        "value": {"start": 0, "end": 5, "text": "Peter", "labels": ["PER"]},
                    },
                    {"from_name": "intent", "type": "choices", "value": {"choices": ["greet", "ask"]}},
                    {"type": "relation", "from_id": "a", "to_id": "b"},
                ]
            },
        ],
        "data": {"text": "Peter lives", "source": "mail"},
    },
    {"id": 2, "annotations": [], "data": {"text": '[ " ] {'}},
    {"id": 3, "annotations": [{"result": []}], "data": {"review": "nothing here"}},
]
EXPECTED = [
    (("Peter", "lives"), {"tags": ("B-PER", "O")}, {"source": "mail", "intent": "greet|ask"}),
    (("[", '"', "]", "{"), {}, {}),
    (("nothing", "here"), {"tags": ("O", "O")}, {}),
]


def parts(reading):
    return [(s.words, s.columns, s.labels) for s in reading if s.words]


@pytest.mark.parametrize("indent", [None, 1, "\t"])
def test_label_studio(read, indent):
    reading = read(json.dumps(TASKS, indent=indent), labelled=False)
    assert (reading.format, reading.target()) == ("json", "tags")
    sentences = list(reading)
    assert parts(sentences) == EXPECTED
    lines = [s.line for s in sentences]
    assert lines == [1, 1, 1] if indent is None else lines[0] == 2 and lines == sorted(lines)


def test_label_studio_a_task_a_line(read):
    assert parts(read("".join(json.dumps(task) + "\n" for task in TASKS))) == EXPECTED


def test_tagged_it_becomes_jsonl(read):
    assert default_output("json") == "jsonl"
    sentence = next(iter(read("\ufeff[" + json.dumps(TASKS[0]) + "]")))
    text = write_sentence(sentence, {"tags": ("X", "Y")}, format="jsonl")
    assert json.loads(text)["tags"] == ["X", "Y"]
    text = write_sentence(sentence, {"tags": ("B-X", "O")}, format="doccano")
    assert json.loads(text)["text"] == "Peter lives"


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ({"annotations": [{"result": []}] * 2, "data": {"text": "a"}}, "2 annotations of one text; expected one: keep"),
        ({"annotations": [], "data": {"a": "x", "b": "y"}}, "data: expected one text, or one called text, found a, b"),
        ({"annotations": [], "data": {}}, "data: expected one text, or one called text, found none"),
        (
            {"annotations": [{"result": [{"value": {"start": 0, "end": 1}}]}], "data": {"text": "a"}},
            "expected a span with a start, an end and one label",
        ),
    ],
)
def test_tasks_that_are_refused(read, task, message):
    with pytest.raises(DataError, match=f"file:3: {message}"):
        list(read("[\n\n" + json.dumps(task) + "]"))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('[{"text": "a"}\n{"text": "b"}]', 2, "expected an array of objects, .*found '{' around them"),
        ('[{"text": "a"},\n]', 2, "expected an array of objects, .*found ',' around them"),
        ('{"text": "a"}', 1, "expected an array of objects"),
        ('[\n["a"]]', 2, "expected an object {…}, found"),
        ('["a"]', 1, "expected an array of objects"),
        ('[{"text": "a"}\n', 1, r"the array does not end, \] is missing"),
        ('[{"text": "a"}\n] x', 2, "expected an array of objects, .*found 'x' around them"),
        ('[{"text": "a"}] []', 1, "expected an array of objects"),
        ('[{"text": "a"}}', 1, "expected an array of objects, .*found '}' around them"),
        ('[\n{"text":\n "a" "b"}]', 3, "no JSON: Expecting ',' delimiter"),
    ],
)
def test_no_array(read, text, line, message):
    with pytest.raises(DataError, match=f"file:{line}: {message}"):
        list(read(text, format="json"))


@pytest.mark.parametrize("text", ["\ufeff", "\ufeff[]", "\ufeff \n[\n]\n"])
def test_nothing_but_a_byte_order_mark(read, text):
    assert parts(read(text, format="json")) == []


def test_options(read):
    text = '[{"text": "ab", "label": [[0, 1, "X"]]}]'
    assert parts(read(text, format="json:spans=widen")) == [(("ab",), {"tags": ("B-X",)}, {})]
    with pytest.raises(ConfigError, match="format: json has no option 'x'"):
        read("", format="json:x=1")


TEXT = st.text(st.characters(codec="utf-8", exclude_characters=" \t\r\n"), min_size=1)


@given(st.lists(TEXT), st.sampled_from([None, 2]), st.booleans())
def test_any_text_on_any_lines(read, words, indent, ascii):
    text = json.dumps([{"text": word, "x": [[word], {}]} for word in words], indent=indent, ensure_ascii=ascii)
    assert [s.words for s in read(text, format="json", labelled=False)] == [(word,) for word in words]
