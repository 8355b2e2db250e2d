"""The rules that fit a training text."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.data.formats import read_sentences
from elman.data.sentence import Sentence
from elman.data.tokenization.fit import fit
from elman.data.tokenization.rules import TokenRules
from elman.data.tokenization.tokenizer import Tokenizer


def fitted(*lines: str, times: int = 4) -> TokenRules:
    rules = fit([Sentence(tuple(line.split(" "))) for line in lines * times])
    assert rules is not None
    return rules


def cut(rules: TokenRules, text: str) -> list[str]:
    return [" ".join(sentence.words) for sentence in Tokenizer(rules, set().__contains__).sentences([text])]


def test_without_words_there_are_no_rules() -> None:
    assert fit([]) is None
    assert fit([Sentence(())]) is None


def test_punctuation_apart_or_attached() -> None:
    assert cut(fitted("It rains , he said .", "Who knows ?"), "So, it is. Why?") == ["So , it is .", "Why ?"]
    rules = fitted("123 Main St., Chicago, IL", "5 High St., Oslo,", "12 Low Rd. Suite 3, Rome, IT")
    assert cut(rules, "7 My St., York. Or") == ["7 My St., York. Or"]


def test_hyphens() -> None:
    assert cut(fitted("a well-known man .", "an old-time one ."), "a so-called x.") == ["a so-called x ."]
    assert cut(fitted("a well - known man .", "an old - time one ."), "a so-called x.") == ["a so - called x ."]


def test_contractions() -> None:
    rules = fitted("I do n't know .", "It 's his , is n't it ?", "I can not go .")
    assert rules.suffixes == ("'s", "n't")
    assert cut(rules, "They aren't Tom's, cannot be") == ["They are n't Tom 's , can not be"]
    whole = fitted("I don't know .", "It's his , isn't it ?")
    assert cut(whole, "They aren't Tom's.") == ["They aren't Tom's ."]


def test_other_languages() -> None:
    rules = fitted("l' homme d' ici voit l' eau .", "qu' il dort .", "il n' a qu' un an .")
    assert cut(rules, "L'air qu'il a.") == ["L' air qu' il a ."]


def test_abbreviations_of_the_training_text() -> None:
    rules = fitted("Mr. Fox met Dr. Who .", "They met at St. Paul .")
    assert {"Mr.", "Dr.", "St."} <= rules.whole
    assert cut(rules, "Dr. Fox met Mr. Paul.") == ["Dr. Fox met Mr. Paul ."]


def test_the_penn_treebank() -> None:
    rules = fitted("`` It is '' -LRB- he said -RRB- .", "Yes -LRB- and\\/or no -RRB- .")
    assert cut(rules, '("Go")') == ["-LRB- `` Go '' -RRB-"] or cut(rules, '"Go" (x)') == ["`` Go '' -LRB- x -RRB-"]


def test_sentences_of_lines_that_do_not_end_in_marks() -> None:
    assert not fitted("play some jazz", "add this song to my list").sentences
    assert fitted("It rains .", "Who knows ?").sentences


def test_scripts_without_spaces_and_words_with_spaces() -> None:
    assert fitted("自然 言語", "言語 。").unspaced
    sentences = [Sentence(("học sinh", "là", "x"))] * 4
    rules = fit(sentences)
    assert rules is not None and rules.phrases


ROWS = [("1-2", "Vamonos", ""), ("1", "Vamos", ""), ("2", "nos", ""), ("3", "10", "SpaceAfter=No"), ("4", "pm", ""),
        ("5-6", "don't", "SpaceAfter=No"), ("5", "do", ""), ("6", "n't", ""), ("7", ".", "")]  # fmt: skip


def test_the_text_of_conllu(tmp_path: Path) -> None:
    lines = ["\t".join((id, form, *["_"] * 7, misc or "_")) for id, form, misc in ROWS]
    path = tmp_path / "a.conllu"
    path.write_text(("\n".join(lines) + "\n\n") * 4)
    rules = fit(list(read_sentences(str(path), format="conllu", labelled=False)))
    assert rules is not None
    assert rules.multiword and not rules.units
    assert rules.splits == {"vamonos": ("vamos", "nos")}
    assert cut(rules, "vamonos 7pm isn't.") == ["vamos nos 7 pm is n't ."]


@pytest.mark.parametrize("word", ["\u00a0", "a\u00a0b", "\t", "..", "(", "𝒳"])
def test_odd_words(word: str) -> None:
    assert fit([Sentence((word, "a", word))] * 3) is not None
