"""An object of JSON that is changed in place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from elman.data.formats import json_edit
from elman.data.formats.json_edit import array_elements, edit_object, parse
from elman.errors import DataError

VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", '{"a": 1}'),
        ("{ }", '{"a": 1 }'),
        ('{"a":  2.0 }', '{"a":  1 }'),
        ('{"b":"a", "a":{"a":0},"c":[]}', '{"b":"a", "a":1,"c":[]}'),
        ('{"b" : 1.00}', '{"b" : 1.00, "a": 1}'),
    ],
)
def test_only_one_key_changes(text, expected):
    assert edit_object(text, {"a": 1}) == expected


@given(st.dictionaries(st.text(), VALUE), st.dictionaries(st.text(), VALUE), st.sampled_from([None, 1]))
def test_any_object(before, new, indent):
    text = json.dumps(before, indent=indent)
    assert json.loads(edit_object(text, new)) == before | new
    assert edit_object(text, {}) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 200_000, "f:1: JSON with too many objects or lists within each other"),
        ("[\n" * 200_000, "f:100001: JSON with too many"),
        ('[{"a":' + "[" * 200_000, "f:1: JSON with too many"),
        ('["' + '\\"' * 500_000, "f:1: the array does not end"),
        ("[[" + '"' * 500_001, "f:1: the array does not end"),
    ],
)
def test_what_is_deep_or_open_is_refused_at_once(text, message):
    with pytest.raises(DataError) as caught:
        list(array_elements(text.splitlines(keepends=True), "f"))
    assert str(caught.value).startswith(message)


def test_an_element_has_a_limit(monkeypatch):
    monkeypatch.setattr(json_edit, "LINE", 100)
    monkeypatch.setattr(json_edit, "SENTENCE", 20)
    assert len(list(array_elements(["[", *['{"a": 1},\n'] * 90, "{}]"], "f"))) == 91
    for lines in (["[{\n"] + [" " * 50 + "\n"] * 2, ["[\n"] * 50, ["[\n", "{}\n"] + ["\n"] * 100):
        with pytest.raises(DataError, match="more than 100 characters or 20 lines in an element: is a bracket missing"):
            list(array_elements(lines, "f"))


def test_a_record_has_a_limit(monkeypatch):
    monkeypatch.setattr(json_edit, "RECORD", 50)
    assert len(parse('{"a": "' + "x" * 99 + '", "b": [' + "1, " * 99 + "1]}", "f", 1)) == 2
    for text in ('{"a": [' + "{}, " * 99 + "1]}", '{"a": [' + '"x", ' * 30 + "1]}", "{" * 99):
        with pytest.raises(DataError, match="^f:1: a JSON record with more than 8,000,000 brackets and quotes"):
            parse(text, "f", 1)


def test_a_key_that_occurs_twice_among_many():
    keys = [*map(str, range(50_000)), "49999"]
    with pytest.raises(DataError, match="^f:3: the key '49999' occurs twice"):
        parse("{" + ",".join(f'"{key}":0' for key in keys) + "}", "f", 3)
