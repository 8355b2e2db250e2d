"""Raw text is cut by rules: no character is lost, and each choice does what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from elman.data.tokenization.rules import CHOICES, WHOLE_OR_CUT, TokenRules
from elman.data.tokenization.tokenizer import CACHED, Token, Tokenizer

RULES = TokenRules(suffixes=("'s", "n't"))


def known(word: str) -> bool:
    return word in {"自然", "言語", "học sinh", "ไทย"}


def cut(text: str, rules: TokenRules = RULES) -> str:
    """Return the words, sentences apart by a bar."""
    return " | ".join(" ".join(sentence.words) for sentence in Tokenizer(rules, known).sentences(text.split("\n")))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("  \n\t\n", ""),
        ("\u00a0 is\u00a0it\u2003.\u00a0\n\u00a0", "is it ."),
        ("Well, it's (not) his.", "Well , it 's ( not ) his ."),
        ('Don\'t! "Isn’t it?"', 'Do n\'t ! | " Is n’t it ? "'),
        ("the dogs' home; Paris's", "the dogs ' home ; Paris 's"),
        ("At 10:30, 1,000.5 or .5%", "At 10:30 , 1,000.5 or .5 %"),
        (
            "See www.example.org/a_b?c=1, or mail to a.b@c-d.org.",
            "See www.example.org/a_b?c=1 , or mail to a.b@c-d.org .",
        ),
        ("J. Smith of the U.S.", "J. Smith of the U.S."),
        ("Wait... what?! -- no", "Wait ... what ? ! -- no"),
        ("One. Two! three? Four", "One . | Two ! three ? | Four"),
        ('He said: "Go." (She did.) They left.', 'He said : " Go . " | ( She did . ) | They left .'),
        ("自然言語学。自然だ。", "自然 言語 学 。 | 自然 だ 。"),
        ("กา ไทยก", "ก า ไทย ก"),
        ("e\u0301a नमस्ते।", "e\u0301a नमस्ते ।"),
    ],
)
def test_words_and_sentences(text: str, words: str) -> None:
    assert cut(text) == words


@pytest.mark.parametrize("choice", list(WHOLE_OR_CUT))
@pytest.mark.parametrize("yes", [True, False])
def test_the_examples_of_the_choices(choice: str, yes: bool) -> None:
    rules = replace(TokenRules(punctuation=True, smileys=False), **{choice: yes})  # type: ignore[arg-type]
    whole = WHOLE_OR_CUT[choice][0]
    assert cut(f"x {whole} y", rules) == f"x {WHOLE_OR_CUT[choice][not yes]} y"


def test_lists_of_words() -> None:
    rules = replace(RULES, whole=frozenset({"etc.", "No."}), splits={"cannot": ("can", "not"), "zum": ("zu", "dem")})
    assert cut("No. 5 cannot, etc. Is it No.?", rules) == "No. 5 can not , etc. Is it No. ?"
    assert cut("Cannot ZUM Zum", rules) == "Can not ZU DEM Zu dem"
    assert cut("xetc.x", rules) == "xetc.x"


def test_elisions() -> None:
    rules = replace(RULES, suffixes=(), prefixes=("l'", "qu'"))
    assert cut("L'homme qu’il voit aujourd'hui.", rules) == "L' homme qu’ il voit aujourd'hui ."


def test_multiword_tokens_have_their_form() -> None:
    tokenizer = Tokenizer(replace(RULES, multiword=True, splits={"zum": ("zu", "dem")}), known)
    assert tokenizer.tokens("zum don't, ok") == [
        Token("zum", ("zu", "dem"), True),
        Token("don't", ("do", "n't"), False),
        Token(",", (",",), True),
        Token("ok", ("ok",), True),
    ]
    (sentence,) = tokenizer.sentences(["zum don't, ok"])
    assert sentence.text == "zum don't, ok"
    assert sentence.words == ("zu", "dem", "do", "n't", ",", "ok")


def test_the_signs_of_the_penn_treebank() -> None:
    rules = replace(RULES, escapes=True, quotes=True, slashes=True)
    assert cut('"Is (a/b) /" “x”', rules) == "`` Is -LRB- a\\/b -RRB- \\/ '' `` x ''"


def test_words_with_spaces() -> None:
    assert cut("Học sinh là học  sinh", replace(RULES, phrases=True)) == "Học sinh là học sinh"
    (sentence,) = Tokenizer(replace(RULES, phrases=True), known).sentences(["Học sinh là"])
    assert sentence.words == ("Học sinh", "là")


def test_only_spaces() -> None:
    rules = TokenRules(punctuation=False, sentences=False)
    assert cut("123 Main St., Chicago. It is", rules) == "123 Main St., Chicago. It is"


def test_the_cache_is_bounded() -> None:
    tokenizer = Tokenizer(RULES, known)
    tokenizer._cache = dict.fromkeys(map(str, range(CACHED)), ())
    assert tokenizer.cut("a.") == (Token("a", ("a",)), Token(".", (".",)))
    assert len(tokenizer._cache) == 1


_choices = st.fixed_dictionaries({name: st.booleans() for name in CHOICES})
_texts = st.text(st.sampled_from("aB1 .,'’-/&$%#@!?:)_()\"ก็自然\u0301\n\u00a0é…"), max_size=40)


@given(_texts, _choices)
def test_no_character_is_lost(text: str, choices: dict[str, bool]) -> None:
    rules = TokenRules(**choices, suffixes=("'s", "n't"), prefixes=("l'",), whole=frozenset({"B."}))
    found = list(Tokenizer(rules, known).sentences(text.split("\n")))
    assert all(sentence.tokens for sentence in found)
    assert "".join("".join(sentence.text.split()) for sentence in found) == "".join(text.split())
