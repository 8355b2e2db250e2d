"""Rules for spans: what may follow what, which rules tags look like, where a text breaks them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, strategies as st

from elman.config import NetworkConfig
from elman.data.schemes import SchemeViolation
from elman.data.spans import find_spans
from elman.errors import ConfigError
from elman.models.constraints import allowed, check, choose, detect, first_break, table

BIO = ["O", "B-X", "I-X", "B-Y", "I-Y"]
BIOES = ["O", *(f"{prefix}-{type}" for prefix in "BIES" for type in "XY")]
CRF = NetworkConfig(decoder="crf")


def written(found: list[tuple[int, int, str]], length: int, scheme: str) -> list[str]:
    """The tags that say these spans."""
    tags = ["O"] * length
    for start, end, type in found:
        tags[start:end] = [f"{'B' if i == start else 'I'}-{type}" for i in range(start, end)]
        if scheme == "bioes":
            tags[end - 1] = f"{'S' if end - start == 1 else 'E'}-{type}"
    return tags


@pytest.mark.parametrize(("scheme", "tags", "length"), [("bio", BIO, 5), ("bioes", BIOES, 4)])
def test_legal_is_what_says_its_own_spans(scheme: str, tags: list[str], length: int) -> None:
    for n in range(1, length + 1):
        for some in itertools.product(tags, repeat=n):
            legal = first_break([some], scheme) is None
            assert legal == (written(list(find_spans(some)), n, scheme) == list(some)), some


@pytest.mark.parametrize(
    ("before", "after", "bio", "bioes"),
    [
        ("", "O", True, True),
        ("", "I-X", False, False),
        ("B-X", "I-X", True, True),
        ("B-X", "I-Y", False, False),
        ("O", "I-X", False, False),
        ("B-X", "", True, False),
        ("B-X", "O", True, False),
        ("I-X", "B-X", True, False),
        ("I-X", "", True, False),
    ],
)
def test_what_may_follow_what(before: str, after: str, bio: bool, bioes: bool) -> None:
    assert allowed(before, after, "bio") is bio
    assert allowed(before, after, "bioes") is bioes


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (BIO, "bio"),
        (["B-X", "O"], "bio"),
        (["B", "I"], "bio"),
        (["B-a-b", "I-a-b", "O"], "bio"),
        (BIOES, "bioes"),
        (["O", "S-X"], "bioes"),
        (["B-X", "E-X"], "none"),  # no tag for a sentence of one word
        (["O", "I-X"], "none"),
        (["O"], "none"),
        (["O", "U-X"], "bilou"),
        (["B-X", "I-X", "L-X", "U-X"], "bilou"),
        (["B-X", "M-X", "E-X", "S-X"], "bmes"),
        (["B-X", "I-X", "O", "NOUN"], "none"),
        (["NOUN", "VERB"], "none"),
        (["B-X", "O", ""], "none"),
        (["BI", "B-X"], "none"),
        ([], "none"),
    ],
)
def test_which_rules_tags_look_like(tags: list[str], expected: str) -> None:
    assert detect(tags) == expected


@pytest.mark.parametrize(
    ("tags", "scheme", "message"),
    [
        (BIOES, "bio", "constraints=bio: expected O, B-…, I-…, found the tag 'E-X'; set constraints=none"),
        (["N" * 99], "bioes", f"constraints=bioes: expected O, B-…, I-…, E-…, S-…, found the tag '{'N' * 40}…'; set"),
        (["I-X"], "bio", "constraints=bio: no tag can form a sentence of one word; set constraints=none"),
        (["B-X", "E-X"], "bioes", "constraints=bioes: no tag can form a sentence of one word"),
    ],
)
def test_tags_that_the_rules_do_not_know(tags: list[str], scheme: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        check(tags, scheme)
    check(BIOES, "bioes")


@pytest.mark.parametrize(
    ("tags", "scheme", "expected", "text"),
    [
        (["O", "B-X", "I-Y"], "bio", (1, 2, "B-X", "I-Y"), "word 3: I-Y after B-X is no BIO"),
        (["I-X"], "bio", (1, 0, "", "I-X"), "word 1: I-X at the beginning of a sentence is no BIO"),
        (["O", "B-X"], "bioes", (1, 1, "B-X", ""), "word 2: B-X at the end of a sentence is no BIOES"),
        (["B-X", "O"], "bioes", (1, 1, "B-X", "O"), "word 2: O after B-X is no BIOES"),
    ],
)
def test_where_a_text_breaks_the_rules(tags: list[str], scheme: str, expected: tuple[int, ...], text: str) -> None:
    sentences = [["O", "O"], tags, ["I-X"]]
    broken = first_break(sentences, scheme)
    assert broken == SchemeViolation(*expected, scheme)
    assert str(broken) == text


def test_sentences_without_words_break_nothing() -> None:
    assert first_break([[], []], "bioes") is None


LEGAL, ILLEGAL = [["O", "B-X", "I-X"]], [["O", "O"], ["B-X", "O", "I-X"]]


@pytest.mark.parametrize(
    ("decoder", "constraints", "sentences", "expected"),
    [
        ("crf", "auto", LEGAL, "bio"),
        ("crf", "auto", [["NOUN"]], "none"),
        ("crf", "none", LEGAL, "none"),
        ("softmax", "auto", LEGAL, "none"),
        ("softmax", "bio", LEGAL, "bio"),
        ("crf", "bioes", [["S-X", "O"]], "bioes"),
    ],
)
def test_the_rules_by_settings_and_tags(
    decoder: str, constraints: str, sentences: list[list[str]], expected: str
) -> None:
    assert choose(NetworkConfig(decoder=decoder, constraints=constraints), sentences) == (expected, (), False)


def test_rules_that_the_training_tags_break() -> None:
    broken = SchemeViolation(1, 2, "O", "I-X", "bio")
    assert choose(CRF, ILLEGAL) == ("none", (broken,), False)
    assert choose(NetworkConfig(constraints="bio"), ILLEGAL) == ("bio", (broken,), False)
    with pytest.raises(ConfigError, match="^constraints=bioes: expected .* found the tag 'NOUN'"):
        choose(NetworkConfig(constraints="bioes"), [["NOUN"]])


def test_a_few_breaks_are_mistakes() -> None:
    few, many = [["B-X"]] * 19, [["B-X"]] * 18
    broken = SchemeViolation(19, 0, "", "I-X", "bio")
    for config in (CRF, NetworkConfig(constraints="bio")):
        assert choose(config, [*few, ["I-X", "O", "I-X"]]) == ("bio", (broken,), True)
    assert choose(CRF, [*many, ["O"], ["I-X"]]) == ("none", (broken,), False)


@given(st.lists(st.lists(st.sampled_from(BIO), max_size=6), max_size=5))
def test_the_first_break_is_the_first(sentences: list[list[str]]) -> None:
    broken = first_break(sentences, "bio")
    places = [
        (i, w)
        for i, tags in enumerate(sentences)
        for w in range(len(tags))
        if not allowed(tags[w - 1] if w else "", tags[w], "bio")
    ]
    assert (broken and (broken.sentence, broken.word)) == (places[0] if places else None)


@pytest.mark.parametrize("scheme", ["bio", "bioes"])
@given(st.data())
def test_the_table_says_of_all_tags_what_is_allowed(scheme: str, data: st.DataObject) -> None:
    letters = "BI" if scheme == "bio" else "BIES"
    any_tag = st.builds("{}{}".format, st.sampled_from(letters), st.sampled_from(["", "-", "-X", "-Y", "-X-", "-X-Y"]))
    tags = ["O", *data.draw(st.lists(any_tag, unique=True, max_size=12))]
    between, begin, end = table(tags, scheme)
    assert list(between) == [allowed(a, b, scheme) for a in tags for b in tags]
    assert list(begin) == [allowed("", tag, scheme) for tag in tags]
    assert list(end) == [allowed(tag, "", scheme) for tag in tags]


def test_no_square_of_too_many_tags() -> None:
    many = ["O", *(f"{letter}-{i}" for i in range(2500) for letter in "BI")]
    with pytest.raises(ConfigError, match="^constraints=bio: expected up to 5,000 tags, found 5,001; set constraints="):
        check(many, "bio")
    assert detect(many) == "none" and detect(many[:-1]) == "bio"
    assert len(table(many[:-1], "bio")[0]) == 5_000**2
