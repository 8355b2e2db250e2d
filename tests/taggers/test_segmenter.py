"""Raw text to words and sentences: pieces, paragraphs, lines, and what is compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.features.char_windows import WIDTH, middle, windows
from elman.taggers.segmenter import COLUMN, CONTEXT, FEW, LONGEST, SPAN, TRAINED, Segmenter, pieces, settings_for
from elman.tasks.segmentation import Marked, Segmentation


class Rules:
    """In the place of a tagger, and of its model: labels by rule, from the windows alone."""

    targets, format, threads, tags, data = (COLUMN,), "conllu", 1, "BIOSTMW-", {}

    def __init__(self, label: Callable[[str], str]) -> None:
        self.label = label
        self.longest = 0
        self._model = self

    def best_of_windows(self, texts: Sequence[str], *, sure: bool) -> tuple[Any, Any]:
        some = [text[i : i + WIDTH] for text in texts for i in range(len(text) - WIDTH + 1)]
        self.longest = max(self.longest, *(len(text) - WIDTH + 1 for text in texts))
        labels = [self.label(window) for window in some]
        ids = np.array([self.tags.index(label) for label in labels])
        return ids, np.array([0.25 if label == "B" else 0.5 for label in labels]) if sure else None


def english(window: str) -> str:
    """Words at spaces, sentences behind a full stop and a space, full stops by themselves."""
    two, one, own = window[:3]
    if own == " ":
        return "O"
    if one == " " or one == "\x02":
        return "S" if two in ".\x02" else "B"
    return "B" if own == "." else "I"


def segmenter(label: Callable[[str], str] = english, *, sentences: bool = True) -> Segmenter:
    return Segmenter(Rules(label), Segmentation(sentences))  # type: ignore[arg-type]  # a tagger is too slow here


def test_words_and_sentences() -> None:
    assert segmenter().segment("It rains.  It\npours. \n\n\n No end\n") == [
        ["It", "rains", "."],
        ["It", "pours", "."],
        ["No", "end"],
    ]
    assert segmenter().segment("") == []
    assert segmenter().segment(" \n\t\n") == []


def test_paragraphs_and_numbers() -> None:
    found = list(segmenter().sentences(["A b.\n", "C.\n", "\n", "D\n"], number=7))
    comments = [[line for line in sentence.lines if line[0] == "#"] for sentence in found]
    assert comments == [
        ["# newdoc\n", "# newpar\n", "# sent_id = 8\n", "# text = A b.\n"],
        ["# sent_id = 9\n", "# text = C.\n"],
        ["# newpar\n", "# sent_id = 10\n", "# text = D\n"],
    ]
    assert [sentence.columns["misc"] for sentence in found] == [
        ("_", "SpaceAfter=No", "_"),
        ("SpaceAfter=No", "_"),
        ("_",),
    ]


def test_text_of_any_length_is_read_in_pieces() -> None:
    """Sentences that run through pieces come whole, and no piece is long."""
    words = [f"w{i}" for i in range(500)]
    text = [" ".join(words) + ". " + " ".join(words), "and so on. " * 200]
    model = segmenter()
    found = [list(sentence.words) for sentence in model.sentences(text)]
    assert found == [[*words, "."], [*words, "and", "so", "on", "."], *([["and", "so", "on", "."]] * 199)]
    assert model._model.longest == SPAN + 2 * CONTEXT  # type: ignore[attr-defined]


def test_windows_at_the_ends_of_pieces_show_the_text() -> None:
    """A label that depends on all of a window is the same wherever a piece begins."""
    text = "abcde" * 500
    place = {window: str(i) for i, window in enumerate(windows("abcdeabcde")[2:7])}
    seen: list[str] = []

    def label(window: str) -> str:
        seen.append(place.get(window, "-"))
        return "I"

    assert len(list(segmenter(label).sentences([text]))) == 1
    assert seen.count("-") == 4  # the two first and the two last


def test_a_text_without_an_end_is_ended_between_two_words() -> None:
    found = list(segmenter(lambda window: "O" if middle(window) == " " else "B").sentences(["ab " * LONGEST]))
    assert len(found) > 1
    assert sum(len(sentence.words) for sentence in found) == 2 * LONGEST
    assert found[0].words[0] == "a"


@pytest.mark.parametrize(("word", "n_words"), [("ab ", 2 * LONGEST), ("ab", None)])
def test_so_is_a_text_in_which_no_word_begins(word: str, n_words: int | None) -> None:
    model = segmenter(lambda window: "O" if middle(window) == " " else "I")
    found = list(model.sentences([word * (2 * LONGEST)]))
    assert len(found) > 1
    words = [word for sentence in found for word in sentence.words]
    assert "".join(words) == "ab" * (2 * LONGEST)
    assert n_words is None or words == ["ab"] * n_words


def test_lines_of_a_model_without_sentences() -> None:
    model = segmenter(lambda window: "B" if middle(window) in "ab" else "I", sentences=False)
    found = list(model.sentences(["axbx a\n", "\n", "b\u3000"]))
    assert [sentence.words for sentence in found] == [("ax", "bx", "a"), (), ("b\u3000",)]
    assert found[0].columns["misc"] == ("SpaceAfter=No", "_", "_")
    assert found[1].lines == ("\n",)
    assert model.segment("ab\n\nb") == [["a", "b"], ["b"]]


def test_long_lines_are_cut_up_and_come_whole() -> None:
    model = segmenter(lambda window: "B" if middle(window) == "a" else "I", sentences=False)
    line = "abb" * SPAN + " " + "bb" * SPAN
    (sentence,) = model.sentences([line])
    assert sentence.words == ("abb",) * SPAN + ("bb" * SPAN,)


def test_confidence_is_that_of_the_least_sure_label() -> None:
    (sentence,) = segmenter().sentences(["I am"], confidence=True)
    assert sentence.columns["misc"] == ("Confidence=0.5000", "Confidence=0.2500")


def conllu(*words: str, space: str = "_") -> Sentence:
    lines = [f"{i}\t{word}" + "\t_" * 7 + f"\t{space}\n" for i, word in enumerate(words, 1)]
    columns = {name: ("_",) * len(words) for name in ("lemma", "upos", "xpos", "feats", "head", "deprel")}
    rows = tuple(range(len(words)))
    return Sentence(words, columns | {"misc": (space,) * len(words)}, "g.conllu", 1, (*lines, "\n"), rows, "conllu")


def test_evaluation_of_raw_text() -> None:
    metrics = segmenter().evaluate_text([conllu("It", "is"), conllu("so", "."), Sentence(())])
    assert list(metrics) == ["Tokens", "Sentences", "Words"]
    assert (metrics["Tokens"].correct, metrics["Sentences"].correct, metrics["Sentences"].gold) == (4, 0, 2)


def test_evaluation_of_words_alone() -> None:
    model = segmenter(lambda window: "B" if middle(window) == "a" else "I", sentences=False)
    metrics = model.evaluate_text([Sentence(("ab", "ab")), Sentence(("b", "ab"))])
    assert metrics.keys() == {"Words"}
    words = metrics["Words"]
    assert (words.correct, words.gold, words.predicted, words.aligned) == (4, 4, 4, None)


def test_gold_that_will_not_do() -> None:
    with pytest.raises(ConfigError, match="^g.txt: expected conllu, by which this model was trained; it is text$"):
        segmenter().evaluate_text([Sentence(("a",), path="g.txt", format="text")])
    with pytest.raises(DataError, match="^nothing to evaluate: no words in gold$"):
        segmenter().evaluate_text([Sentence(())])


def test_training_text_is_cut_where_words_begin() -> None:
    text, labels = "abc " * 200, "BIIO" * 200
    found = pieces([Marked(text, labels), Marked("", "")])
    assert all(len(piece) <= TRAINED for piece in found)
    assert "".join(middle(window) for piece in found for window in piece.words) == text
    assert all(piece.columns["segment"][0] == "B" for piece in found)
    assert found[0].words[-1] == text[len(found[0]) - 3 : len(found[0]) + 2]
    one_word = pieces([Marked("a" * 1000, "S" + "I" * 999)])
    assert [len(piece) for piece in one_word] == [300, 300, 300, 100]


def test_settings_of_the_task() -> None:
    few, many = [Sentence(("a",))], [Sentence(("a",) * FEW)]
    of_default = [settings_for("default", text, single=single) for text, single in ((few, False), (few, True))]
    assert [settings["ensemble"] for settings in of_default] == [3, 1]
    assert settings_for("default", many, single=False)["ensemble"] == 1
    assert "ensemble" not in settings_for("best", few, single=False)
    assert settings_for("tutorial", few, single=False) == {}
