"""The spaces between words: from CoNLL-U, or guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.data.formats import read_sentences
from elman.data.sentence import Sentence
from elman.data.tokenization.spacing import SpacingGuess, has_spacing, true_tokens
from elman.data.tokenization.tokenizer import Token


def test_the_spaces_of_conllu(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    rows = ["1-2\tdon't" + "\t_" * 7 + "\tSpaceAfter=No", "1\tdo" + "\t_" * 8, "2\tn't" + "\t_" * 8, "3\t!" + "\t_" * 8]
    path.write_text("\n".join(rows) + "\n\n")
    (sentence, *_) = read_sentences(str(path), format="conllu", labelled=False)
    assert has_spacing([sentence])
    assert true_tokens(sentence) == [Token("don't", ("do", "n't"), False), Token("!", ("!",), True)]
    assert not has_spacing([Sentence(("a",))])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("it is , he said .", "it is, he said."),
        ("do n't say it 's ( so )", "don't say it's (so)"),
        ('he said : " go " .', 'he said: "go".'),
        ("`` go '' -LRB- and\\/or -RRB-", '"go" (and/or)'),
        ("$ 5 , 10 % !", "$5, 10%!"),
        ("a well - known man - he", "a well-known man-he"),
        ("l' homme", "l'homme"),
    ],
)
def test_guessed_spaces(words: str, text: str) -> None:
    tokens = SpacingGuess(words.split(" ")).tokens(words.split(" ")) if "\\/" not in words else None
    tokens = tokens or SpacingGuess(["and\\/or", "a-b"]).tokens(words.split(" "))
    assert "".join(token.form + " " * token.space for token in tokens).rstrip() == text


def test_hyphens_stay_apart_if_words_hold_some() -> None:
    words = ["well-known", "man", "-", "he"]
    assert [token.space for token in SpacingGuess(words).tokens(words)] == [True] * 4
