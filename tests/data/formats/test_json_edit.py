"""An object of JSON that is changed in place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from elman.data.formats.json_edit import edit_object

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
