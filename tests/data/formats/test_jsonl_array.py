"""json: records in one array, as Label Studio exports them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from elman.data.formats import default_output, open_writer, write_sentence
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

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


@pytest.fixture
def write():
    def command(sentences, tags):
        writer = open_writer("json", ("tags",))
        return "".join([*(writer.add(s, {"tags": t}) for s, t in zip(sentences, tags, strict=True)), writer.finish()])

    return command


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


def test_tagged_it_stays_what_it_is(read, write):
    assert default_output("json") == "json"
    sentences = list(read("\ufeff[" + json.dumps(TASKS[0]) + ", " + json.dumps(TASKS[1], indent=1) + "]\n"))
    text = write(sentences, [("X", "Y"), ("A", "B", "C", "D")])
    first, second = json.loads(text.removeprefix("\ufeff"))
    words = {"tokens": ["Peter", "lives"], "tags": ["X", "Y"]}
    assert text.startswith("\ufeff[\n") and first == {**TASKS[0], "data": {**TASKS[0]["data"], **words}}
    assert second["id"] == 2 and second["data"]["tags"] == ["A", "B", "C", "D"]
    again = parts(read(text))
    assert again[0] == (("Peter", "lives"), {"tags": ("X", "Y"), "spans": ("B-PER", "O")}, EXPECTED[0][2])
    assert again[1] == (("[", '"', "]", "{"), {"tags": ("A", "B", "C", "D")}, {})


def test_an_element_changes_in_its_tags_alone(read, write):
    text = '[ {"id": 1.50, "text": "a b",\n "more": {"x": [1]}},\n  {"tokens": ["c"], "tags": ["Z"], "n": null} ]'
    sentences = list(read(text, labelled=False))
    assert write(sentences, [("X", "Y"), ("Z",)]) == (
        '[\n{"id": 1.50, "text": "a b",\n "more": {"x": [1]}, "tokens": ["a", "b"], "tags": ["X", "Y"]},\n'
        '{"tokens": ["c"], "tags": ["Z"], "n": null}\n]\n'
    )
    # and as lines
    line = write_sentence(sentences[0], {"tags": ("X", "Y")}, format="jsonl")
    assert line == '{"id": 1.50, "text": "a b",  "more": {"x": [1]}, "tokens": ["a", "b"], "tags": ["X", "Y"]}\n'


def test_a_new_array(write):
    assert write([], []) == "[]\n"
    sentences = [
        Sentence(("a",)),
        Sentence((), lines=("\n",), format="columns"),
        Sentence(("b",), labels={"kind": "k"}),
    ]
    assert write(sentences, [("X",), (), ("Y",)]) == (
        '[\n{"tokens": ["a"], "tags": ["X"]},\n{"tokens": ["b"], "tags": ["Y"], "kind": "k"}\n]\n'
    )


def test_a_label_that_is_annotated(read):
    sentence = next(iter(read(json.dumps([TASKS[0]]))))
    other = replace(sentence, labels={**sentence.labels, "intent": "x"})
    with pytest.raises(DataError, match="file:1: intent is annotated in this task; write another label, --target"):
        write_sentence(other, {}, format="json")
    new = json.loads(write_sentence(replace(sentence, labels={**sentence.labels, "kind": "x"}), {}, format="jsonl"))
    assert new == {**TASKS[0], "data": {**TASKS[0]["data"], "kind": "x"}}


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
