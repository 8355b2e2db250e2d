"""Labels of sentences in comments of columns and conllu."""

from __future__ import annotations

from dataclasses import replace

import pytest

from elman.data.formats import read_sentences, write_sentence
from elman.data.formats.comments import label_of
from elman.data.sentence import Sentence
from elman.errors import DataError

ROW = "1\ta" + "\t_" * 8 + "\n"


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("# intent = AddToPlaylist\n", ("intent", "AddToPlaylist")),
        ("#intent = a = b \r\n", ("intent", "a = b ")),
        ("# text = it\n", None),
        ("# text_en = it\n", None),
        ("# sent_id = 1\n", None),
        ("# newdoc id = 1\n", None),
        ("# newpar = 1\n", None),
        ("# global.columns = ID\n", None),
        ("# translit = it\n", None),
        ("# two words = x\n", None),
        ("# a=b\n", None),
        ("# a = \n", None),
        ("# just words\n", None),
    ],
)
def test_what_is_a_label(line, label):
    assert label_of(line) == label


@pytest.mark.parametrize(("format", "row"), [("columns", "a\tO\n"), ("conllu", ROW), ("columns", "a O\n# O\n")])
def test_read_and_changed_in_place(read, format, row):
    text = f"# sent_id = 1\n# intent = x\r\n{row}\n{row}\n# kind = gap\n\n"
    first, second, gap = read(text, format=format)
    assert (first.labels, second.labels, gap.labels) == ({"intent": "x"}, {}, {})
    assert write_sentence(first, {}, format=format) == "".join(first.lines)
    changed = replace(first, labels={"intent": "y", "new": "z"})
    assert write_sentence(changed, {}, format=format) == f"# sent_id = 1\n# intent = y\r\n# new = z\n{row}\n"
    assert write_sentence(replace(second, labels={"new": "z"}), {}, format=format) == f"# new = z\n{row}\n"
    assert write_sentence(replace(first, labels={}), {}, format=format) == "".join(first.lines)


def test_several_of_one_name(read):
    text = "# topic = a\n# topic = b\n" + ROW
    (sentence,) = read(text, format="conllu")
    assert sentence.labels == {"topic": "a|b"}
    assert write_sentence(sentence, {}, format="conllu") == text
    changed = write_sentence(replace(sentence, labels={"topic": "c"}), {}, format="conllu")
    assert changed == "# topic = c\n" + ROW


@pytest.mark.parametrize("format", ["columns", "conllu"])
def test_written_from_another_format(format):
    text = write_sentence(Sentence(("a",), labels={"intent": "x y"}), {"tag": ("X",)}, format=format)
    assert text.startswith("# intent = x y\n")


@pytest.mark.parametrize(
    ("name", "value"), [("text", "x"), ("two words", "x"), ("a", ""), ("a", "x\ty"), ("a", "x\ny")]
)
def test_what_a_comment_cannot_hold(name, value):
    sentence = Sentence(("a",), labels={name: value}, path="f", line=3)
    with pytest.raises(DataError, match="^f:3: the label .* cannot be a comment of conllu; try --as jsonl$"):
        write_sentence(sentence, {"tag": ("X",)}, format="conllu")


def test_snips(shared_data):
    reading = read_sentences(str(shared_data / "other/slots_snips/valid.bio"))
    assert reading.label_names() == ("intent",)
    sentences = [s for s in reading if s.words]
    assert len(sentences) == 700 and len({s.labels["intent"] for s in sentences}) == 7
