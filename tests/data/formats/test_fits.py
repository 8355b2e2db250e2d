"""Whether a format holds a model's tags, by asking its writer."""

from __future__ import annotations

import pytest

from elman.data.formats import HOLDS, OUTPUT_FORMATS, open_writer
from elman.data.formats.fits import ANYTHING, find_misfit
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

ODD = ["B-a b", "a_b", "a\tb", "a\nb", "a\rb", "a\0b", "a(b", "a|b", "", "B-", 'a"b', "a,b;c", "__label__x", "#"]
OF_WORDS = [name for name in OUTPUT_FORMATS if HOLDS[name].columns and name not in ANYTHING]
OF_TEXTS = [name for name in OUTPUT_FORMATS if HOLDS[name].labels and name not in ANYTHING]


def is_written(format: str, sentence: Sentence, tags: dict[str, list[str]]) -> bool:
    try:
        open_writer(format, tuple(tags), tuple(sentence.labels)).add(sentence, tags)
    except DataError:
        return False
    return True


@pytest.mark.parametrize("format", OF_WORDS)
@pytest.mark.parametrize("tag", ODD)
def test_tags(format: str, tag: str) -> None:
    fits = is_written(format, Sentence(("a",)), {"tag": [tag]})
    assert (find_misfit(format, {"tag": ["B-x", tag, "O"]}, {}) == "") == fits


@pytest.mark.parametrize("format", OF_TEXTS)
@pytest.mark.parametrize("label", [one for one in ODD if one])
def test_labels(format: str, label: str) -> None:
    fits = is_written(format, Sentence(("a",), labels={"kind": label}), {})
    assert (find_misfit(format, {}, {"kind": ["x", label]}) == "") == fits


def test_what_is_said() -> None:
    assert find_misfit("word_tag", {"tag": ["X", "a_b"]}, {}) == (
        "the tag 'a_b' holds an underscore, which word_tag cannot; try --as columns"
    )
    assert find_misfit("conllu", {"upos": ["a\tb"]}, {}).startswith("the tag 'a\\tb' holds a tab, which conllu cannot")
    assert find_misfit("fasttext", {}, {"label": ["a b"]}).startswith("the label 'a b' holds a space, which fasttext")
    assert find_misfit("fasttext", {}, {"label": ["a|"]}) == "an empty label, which fasttext cannot hold"
    assert find_misfit("prodigy", {"tag": ["O", "NN"]}, {}).endswith("found the tag 'NN'; jsonl holds it")
    assert find_misfit("parquet", {"tag": ODD}, {"label": ODD}) == ""


def test_a_text_without_a_label() -> None:
    assert find_misfit("label_text", {}, {"label": ["x", ""]}) == "an empty label, which label_text cannot hold"
    assert find_misfit("jsonl", {}, {"label": ["x", ""]}) == ""  # it has none there


def test_in_a_file_in_which_spaces_separate() -> None:
    assert find_misfit("columns", {"3": ["a b"]}, {}) == ""
    assert "holds a space, which columns cannot" in find_misfit("columns", {"3": ["a b"]}, {}, spaced=True)
    assert find_misfit("label_text", {}, {"label": ["a b"]}) == ""
    assert "holds a space, which label_text cannot" in find_misfit("label_text", {}, {"label": ["a b"]}, spaced=True)


def test_names_that_are_taken() -> None:
    with pytest.raises(ConfigError, match="jsonl: no column or label can be called 'text' there"):
        find_misfit("jsonl", {}, {"text": ["x"]})
