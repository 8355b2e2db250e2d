"""Checks of arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from elman.errors import ConfigError, DataError
from elman.utils.arguments import (
    check_callbacks,
    check_flag,
    check_text,
    described,
    is_path,
    path_text,
    path_texts,
    refuse_table,
    settings_table,
)


def test_paths() -> None:
    assert path_text("file", Path("a") / "b") == str(Path("a", "b"))
    assert path_texts("files", "a") == ["a"]
    assert path_texts("files", (each for each in ("a", Path("b")))) == ["a", "b"]
    assert is_path("a") and is_path(Path("a")) and not is_path(b"a")


@pytest.mark.parametrize("value", [None, 5, b"a", "", "a\0b", "\ud800", ["a"]])
def test_no_path(value: Any) -> None:
    with pytest.raises(ConfigError, match="^file: expected the path of a file, got "):
        path_text("file", value)


@pytest.mark.parametrize("value", [None, 5, b"a", {"a": 1}, [None]])
def test_no_paths(value: Any) -> None:
    with pytest.raises(ConfigError, match="^files: expected "):
        path_texts("files", value)


def test_texts_flags_functions_and_settings() -> None:
    check_text("name", "a")
    check_text("name", None)
    check_flag("flag", False)
    check_callbacks(on_note=None, on_warning=print)
    assert settings_table(None) == {} and settings_table({"a": 1}) == {"a": 1}
    for check, message in (
        (lambda: check_text("name", None, optional=False), "name: expected a text, got None"),
        (lambda: check_text("name", 5), "name: expected a text or None, got 5"),
        (lambda: check_flag("flag", 1), "flag: expected True or False, got 1"),
        (lambda: check_callbacks(on_note="print"), "on_note: expected a function or None, got 'print'"),
        (lambda: settings_table([("a", 1)]), r"settings: expected a dict such as .*, got list: \[\('a', 1\)\]"),
        (lambda: settings_table({1: 2}), "settings: expected a dict"),
    ):
        with pytest.raises(ConfigError, match=message):
            check()


def test_a_table_is_no_list_of_sentences() -> None:
    class DataFrame:
        pass

    refuse_table([["a"]], "sentences")
    with pytest.raises(DataError, match="got a DataFrame, whose items are its columns"):
        refuse_table(DataFrame(), "sentences")
    with pytest.raises(DataError, match="got a dict, whose items are its keys"):
        refuse_table({}, "sentences")


def test_described() -> None:
    assert [described(each) for each in (None, 1.5, "a", ["a"])] == ["None", "1.5", "'a'", "list: ['a']"]
