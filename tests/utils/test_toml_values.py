"""TOML of unknown origin: values, or one line that names the file."""

from __future__ import annotations

import pytest

from elman.errors import ConfigError
from elman.utils import toml_values


def test_parse() -> None:
    assert toml_values.parse('a = 1\n[b]\nc = "x.y"\n', "s.toml") == {"a": 1, "b": {"c": "x.y"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = [", "^s.toml: not TOML: "),
        ("a = " + "9" * 5_000, "^s.toml: a number of thousands of digits"),
        ("a = " + "[" * 10_000, "^s.toml: too many lists or tables within each other"),
        ("a = 1\nb" + ".b" * 10_000 + " = 1\n", "^s.toml:2: more than 100 dots in a line"),  # 600 MB in tomllib
        ("[b" + ".b" * 10_000 + "]\n", "^s.toml:1: more than 100 dots in a line"),
    ],
)
def test_bad_text_is_one_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        toml_values.parse(text, "s.toml")
    assert "\n" not in str(caught.value)
