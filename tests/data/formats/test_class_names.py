"""Names of labels that are stored as numbers."""

from __future__ import annotations

import pytest

from elman.data.formats.class_names import names_beside, names_from_option, names_in
from elman.errors import ConfigError, DataError

NAMES = ["O", "B"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NAMES, {"": NAMES}),
        ({"0": "O", "1": "B"}, {"": NAMES}),
        ({"id2label": {"0": "O", "1": "B"}, "label2id": {"O": 0, "B": 1}}, {"": NAMES}),
        ({"ner": NAMES, "size": 3}, {"ner": NAMES}),
        ({"info": {"features": {"ner": {"feature": {"names": NAMES}}}}}, {"ner": NAMES}),
        ({"features": {"ner": {"names": NAMES, "_type": "ClassLabel"}, "t": {"dtype": "string"}}}, {"ner": NAMES}),
        ({"features": {"ner": [{"names": NAMES}], "t": [{"dtype": "string"}]}}, {"ner": NAMES}),
        ({"features": {"ner": {"sequence": 1, "class_label": {"names": {"0": "O", "1": "B"}}}}}, {"ner": NAMES}),
        ({"1": "O", "2": "B"}, {}),
        ({"0": "O", "9" * 5_000: "B"}, {}),
        ([], {}),
        ([1], {}),
        ("O", {}),
    ],
)
def test_found(value, expected):
    assert names_in(value) == expected


def test_nested_without_end():
    value = ["O"]
    for _ in range(100_000):
        value = {"features": value}
    assert names_in(value) == {}


def test_given(tmp_path):
    assert names_from_option("O,B-X") == names_from_option("O B-X") == {"": ["O", "B-X"]}
    file = tmp_path / "names.json"
    with pytest.raises(ConfigError, match="is no file"):
        names_from_option(str(file))
    with pytest.raises(ConfigError, match="names: 'O' is no file"):
        names_from_option("O")
    file.write_text("{}")
    with pytest.raises(ConfigError, match="holds none; expected a list of names, features or id2label as JSON"):
        names_from_option(str(file))
    file.write_text("{")
    with pytest.raises(DataError, match="names.json: is not JSON"):
        names_from_option(str(file))
    file.write_text('\ufeff["O"]', encoding="utf-8")
    assert names_from_option(str(file)) == {"": ["O"]}


def test_beside(tmp_path):
    assert names_beside(str(tmp_path / "x")) == names_beside("-") == {}
    (tmp_path / "dataset_info.json").write_text('{"features": {"a": {"names": ["O"]}}}')
    assert names_beside(str(tmp_path / "x")) == {"a": ["O"]}
    (tmp_path / "dataset_info.json").write_text("\0")
    with pytest.raises(DataError, match="dataset_info.json: is not JSON"):
        names_beside(str(tmp_path / "x"))
