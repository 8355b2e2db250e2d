"""tags: the tags alone."""

from __future__ import annotations

import pytest

from elman.data.formats import write_sentence
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError


def test_one_line_a_sentence(read, rewrite):
    assert rewrite(read("a  b\r\n\n c", labelled=False), "tag", "tags") == "T T\r\n\nT"
    assert rewrite(read("a_X b_Y\n"), "tag", "tags", tag=None) == "X Y\n"
    assert rewrite(read("\ufeff", labelled=False), "tag", "tags") == ""


def test_what_stands_between_sentences_of_columns_is_nothing(read, rewrite):
    assert rewrite(read("-DOCSTART-\tO\n\na\tX\nb\tY\n\n\n# end\n"), "2", "tags", tag=None) == "X Y\n"


def test_refusals():
    with pytest.raises(DataError, match="the tag 'a b' holds a space"):
        write_sentence(Sentence(("w",)), {"tag": ("a b",)}, format="tags")
    with pytest.raises(ConfigError, match="tags cannot hold confidences"):
        write_sentence(Sentence(("w",)), {"tag": ("a",)}, format="tags", confidences=[0.5])
    with pytest.raises(ConfigError, match="tags holds one tag a word, got 0 columns"):
        write_sentence(Sentence(("w",)), {}, format="tags")
