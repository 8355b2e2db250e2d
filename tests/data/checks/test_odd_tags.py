"""Tags that may be those of another column."""

from __future__ import annotations

import pytest

from elman.data.checks.odd_tags import file_warnings, tag_shape_warnings, unknown_tag_warnings
from elman.data.sentence import Sentence
from elman.training.data_warnings import training_warnings


def sentence(*tags: str, path: str = "", format: str = "", **columns: str) -> Sentence:
    words = tuple(f"w{i}" for i in range(len(tags)))
    return Sentence(words, {**{name: tuple(of) for name, of in columns.items()}, "tag": tags}, path, format=format)


def test_as_many_tags_as_words() -> None:
    (warning,) = tag_shape_warnings([sentence(*(f"t{i}" for i in range(20)))], "tag")
    assert warning.startswith("column tag: 20 distinct tags of 20 words; is it a text with its label")
    assert not list(tag_shape_warnings([sentence(*(f"t{i}" for i in range(19)))], "tag"))
    assert not list(tag_shape_warnings([sentence(*(f"t{i}" for i in range(20)))] * 2, "tag"))


HEADS = [sentence("2", "3", "0", pos="DND", note="xyz"), sentence("2", "0", pos="ND", note="uv")]


def test_whole_numbers() -> None:
    (warning,) = tag_shape_warnings(HEADS, "tag")
    assert warning == (
        "column tag: every tag is a whole number, as heads of a parse and numbers of words are; column pos has tags: "
        "--target pos"
    )
    (warning,) = tag_shape_warnings([sentence("2", "3", "0")], "tag")
    assert warning.endswith("; --target names another")


@pytest.mark.parametrize("tags", [("0", "1", "1"), ("1", "2", "x"), ("1.5", "2", "3"), ("²", "2", "3")])
def test_what_is_no_column_of_numbers(tags: tuple[str, ...]) -> None:
    assert not list(tag_shape_warnings([sentence(*tags)], "tag"))


def test_heads_that_are_asked_for_by_name() -> None:
    assert not list(tag_shape_warnings([sentence("2", "3", "0", format="conllu")], "tag"))


def test_files_of_other_tags() -> None:
    names = [sentence("B", "O", path="a")] * 5
    speech = [sentence("N", "V", path="b")] * 5
    (warning,) = file_warnings(names + speech, "tag")
    assert warning.startswith("b: 10 of 10 words have tags that are not in the files before: 'N', 'V'; is it the same")
    assert not list(file_warnings(names + [sentence("B", "N", path="b")] * 5, "tag"))
    assert not list(file_warnings(names + speech[:4], "tag"))  # too few words to say
    assert not list(
        file_warnings([sentence("a", "b", path="a"), sentence(*"abcdefghijkl", path="b")], "tag")
    )  # as lemmas are


def test_a_dev_set_of_other_tags() -> None:
    train = [sentence("D", "N")] * 3
    dev = [Sentence(("a", "b"), {"tag": ("B", "O")})] * 5
    (warning,) = training_warnings(train, dev, "tag")
    assert warning.startswith("column tag of dev: 10 of 10 words have tags that are not in the training data: 'B', 'O'")


def test_many_are_not_all_named() -> None:
    (warning,) = unknown_tag_warnings(dict.fromkeys("abcdefghijk", 2), (), "it", "train", "texts")
    assert warning == (
        "it: 22 of 22 texts have tags that are not in train: 'a', 'b', 'c' and 8 more; is it the same column? "
        "--target names another"
    )
