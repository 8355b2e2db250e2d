"""Words and sentences as labels of characters, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from elman.data.formats import read_sentences
from elman.data.sentence import Sentence
from elman.errors import DataError, ModelFileError
from elman.tasks.segmentation import Cut, Marked, Segmentation

CONLLU = """\
# newdoc id = a
# newpar
# sent_id = 1
# text = Don't go to zum Haus!
1-2	Don't	_	_	_	_	_	_	_	_
1	Do	_	_	_	_	_	_	_	_
2	n't	_	_	_	_	_	_	_	_
3	go	_	_	_	_	_	_	_	_
4-5	zum	_	_	_	_	_	_	_	_
4	zu	_	_	_	_	_	_	_	_
5	dem	_	_	_	_	_	_	_	_
6	Haus	_	_	_	_	_	_	_	SpaceAfter=No
6.1	left	_	_	_	_	_	_	_	_
7	!	_	_	_	_	_	_	_	_

# sent_id = 2
# text = có thể)
1	có thể	_	_	_	_	_	_	_	SpaceAfter=No
2	)	_	_	_	_	_	_	_	SpaceAfter=No

# sent_id = 3
# text = x
1	x	_	_	_	_	_	_	_	_

# newpar id = b
1-2	Zum	_	_	_	_	_	_	_	_
1	Zu	_	_	_	_	_	_	_	_
2	dem	_	_	_	_	_	_	_	_

"""
TEXT = "Don't go zum Haus! có thể)x"
LABELS = "SIWIIOBIOMIIOBIIIBOSIIIIIBS"


@pytest.fixture
def sentences(tmp_path: Path) -> list[Sentence]:
    path = tmp_path / "some.conllu"
    path.write_text(CONLLU.replace("go to zum", "go zum"), encoding="utf-8")
    return list(read_sentences(str(path)))


def test_conllu_as_text_and_labels(sentences: list[Sentence]) -> None:
    found = Segmentation.of(sentences)
    assert found.sentences
    assert found.inventory == {"Zum": ("Zu", "dem"), "zum": ("zu", "dem")}
    assert list(found.marked(sentences)) == [Marked(TEXT, LABELS), Marked("Zum", "TII")]


def test_and_back() -> None:
    cut = Segmentation(True, {"zum": ("zu", "dem")}).cut(TEXT, LABELS)
    assert [[TEXT[start:end] for start, end in one.spans] for one in cut] == [
        ["Don't", "go", "zum", "Haus", "!"],
        ["có thể", ")"],
        ["x"],
    ]
    assert [one.words for one in cut] == [{0: ("Do", "n't"), 2: ("zu", "dem")}, {}, {}]


def test_the_first_of_two_ways_to_take_a_form_apart_is_the_more_frequent_one() -> None:
    lines = "1-2\tab\t_\t_\t_\t_\t_\t_\t_\t_\n1\t{}\t_\t_\t_\t_\t_\t_\t_\t_\n2\tb\t_\t_\t_\t_\t_\t_\t_\t_\n\n"

    def sentence(first: str) -> Sentence:
        text = lines.format(first).splitlines(keepends=True)
        return Sentence((first, "b"), {"misc": ("_", "_")}, lines=tuple(text), rows=(1, 2), format="conllu")

    assert Segmentation.of(map(sentence, ["x", "y", "y"])).inventory == {"ab": ("y", "b")}


def test_case_of_listed_words() -> None:
    segmentation = Segmentation(True, {"zum": ("zu", "dem")})

    def words(form: str) -> tuple[str, ...]:
        return segmentation.cut(form, "T" + "I" * (len(form) - 1))[0].words.get(0, ())

    assert words("Zum") == ("Zu", "dem")
    assert words("ZUM") == ("ZU", "DEM")
    assert words("zuM") == ("zu", "dem")
    assert words("neu") == ()


def test_a_list_of_words_is_joined_without_spaces() -> None:
    lists = [Sentence(("自然", "\u3000", "言語"), format="text"), Sentence((), format="text"), Sentence(("a b", "c"))]
    segmentation = Segmentation.of(lists)
    assert not segmentation.sentences
    marked = list(segmentation.marked(lists))
    assert marked == [Marked("自然\u3000言語", "SIBBI"), Marked("abc", "SIB")]
    assert segmentation.cut(*marked[0]) == [Cut([(0, 2), (2, 3), (3, 5)], {})]


def test_words_begin_where_they_have_to() -> None:
    assert Segmentation(False).cut("abcd", "SIIO", [2]) == [Cut([(0, 2), (2, 4)], {})]


def test_a_list_of_words_knows_one_sentence_a_line() -> None:
    assert Segmentation(False).cut("abc", "SSS") == [Cut([(0, 1), (1, 2), (2, 3)], {})]


@given(st.text("ab \u3000", max_size=20).flatmap(lambda t: st.tuples(st.just(t), st.text("SBTMWIO", min_size=len(t)))))
def test_no_character_is_lost_but_spaces(pair: tuple[str, str]) -> None:
    text, labels = pair[0], pair[1][: len(pair[0])]
    text = " ".join(text.split())
    labels = labels[: len(text)]
    segmentation = Segmentation(True, {"ab": ("a", "b")})
    forms = [text[start:end] for one in segmentation.cut(text, labels) for start, end in one.spans]
    assert "".join(forms).replace(" ", "") == text.replace(" ", "")
    assert all(form and form.strip() == form for form in forms)
    assert all(one.spans for one in segmentation.cut(text, labels))


@given(st.lists(st.lists(st.text("ab", min_size=1, max_size=3), min_size=1), min_size=1))
def test_words_of_lists_come_back(lists: list[list[str]]) -> None:
    segmentation = Segmentation(False)
    found = segmentation.marked(Sentence(tuple(words)) for words in lists)
    back = [[text[start:end] for start, end in segmentation.cut(text, labels)[0].spans] for text, labels in found]
    assert back == lists


def test_a_form_of_spaces_is_refused() -> None:
    sentence = Sentence(("\u00a0",), {"misc": ("_",)}, "x.conllu", 7, ("1\t\u00a0\n",), (0,), "conllu")
    with pytest.raises(DataError, match=r"^x.conllu:7: FORM \(column 2\) is nothing but spaces$"):
        list(Segmentation(True).marked([sentence]))


def test_record() -> None:
    segmentation = Segmentation(True, {"zum": ("zu", "dem")})
    assert Segmentation.from_record(segmentation.to_record()) == segmentation


@pytest.mark.parametrize(
    "record",
    [{}, {"sentences": 1, "inventory": {}}, {"sentences": True, "inventory": []}]
    + [{"sentences": True, "inventory": {"a": words}} for words in ([], [""], "ab", [1])],
)
def test_records_that_are_none(record: dict[str, object]) -> None:
    with pytest.raises(ModelFileError, match="^segmentation: expected"):
        Segmentation.from_record(record)


@pytest.mark.parametrize("treebank", ["en_ewt", "vi_vtb", "th_tud", "cy_ccg", "mr_ufal"])
def test_treebanks_come_back(treebank: str, shared_data: Path) -> None:
    """What labels cannot hold: the inventory has one way for a form, and forms are lists of single spaces."""
    gold = list(read_sentences(str(shared_data / "ud" / treebank / f"{treebank}-ud-dev.conllu")))[:300]
    segmentation = Segmentation.of(gold)
    back: list[str] = []
    for text, labels in segmentation.marked(gold):
        for spans, words_of in segmentation.cut(text, labels):
            for i, (start, end) in enumerate(spans):
                back += words_of.get(i, (text[start:end],))
    words = [word for sentence in gold for word in sentence.words]
    assert len(back) == len(words)
    assert sum(one != other for one, other in zip(back, words, strict=True)) <= 0.001 * len(words)
