"""What is refused, what is warned of, what is held out."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from elman.config import NetworkConfig
from elman.data.corpus import keep_nonempty
from elman.data.sentence import Sentence
from elman.data.split import split_percent
from elman.errors import DataError
from elman.training.data_warnings import span_warnings, training_warnings


def sentence(words: str, tags: str, line: int = 0, path: str = "") -> Sentence:
    return Sentence(tuple(words.split()), {"tag": tuple(tags.split())}, path, line)


TRAIN = [sentence("the dog barks", "D N V"), sentence("a cat sleeps", "D N V")]
DEV = [sentence("a dog sleeps", "D N V")]


def test_good_data_is_not_warned_of() -> None:
    assert training_warnings(TRAIN, DEV, "tag") == []


def test_one_tag_everywhere() -> None:
    (warning,) = training_warnings([sentence("a b", "O O"), sentence("c d", "O O")], DEV, "tag")
    assert warning.startswith("column tag: every tag is 'O'; is it the right column?")


@pytest.mark.parametrize(("n", "warned"), [(1000, False), (1001, True)])
def test_many_tags(n: int, warned: bool) -> None:
    train = [sentence(f"a{i} b", f"t{i} t0") for i in range(n)]
    warnings = training_warnings(train, DEV, "tag")
    assert bool(warnings) == warned
    assert not warned or "1,001 distinct tags" in warnings[0]


@pytest.mark.parametrize(("singles", "warned"), [(89, False), (90, True), (100, True)])
def test_sentences_of_one_word(singles: int, warned: bool) -> None:
    train = [sentence("a", "A")] * singles + [sentence("a b", "A B")] * (100 - singles) + [sentence("b", "B")] * 0
    warnings = [warning for warning in training_warnings(train, DEV, "tag") if "one word only" in warning]
    assert bool(warnings) == warned
    assert not warned or warnings[0].startswith(f"{singles} of 100 sentences")


def test_sentence_in_both() -> None:
    dev = [*DEV, sentence("a cat sleeps", "D N N", 5, "dev.txt"), sentence("the dog barks", "D N V", 9, "dev.txt")]
    (warning,) = training_warnings(TRAIN, dev, "tag")
    assert warning.startswith("2 of 3 dev sentences also occur in the training data")
    assert warning.endswith("the first: dev.txt:5: 'a cat sleeps'")


def test_sentence_in_both_made_in_python_and_long() -> None:
    words = sentence("w " * 100, "t " * 99 + "u")
    (warning,) = training_warnings([words], [words], "tag")
    assert "the first: 'w w" in warning
    assert warning.endswith("…'")


@pytest.mark.parametrize(
    ("column", "tags", "expected"),
    [
        ("tag", "D _ V", "column tag: 1 of 6 words have the tag _, which is learned and scored like any other; if"),
        ("misc.name", "D _ V", "column misc.name: 1 of 6 words have the tag _"),
        ("feats", "D _ V", None),  # says that there are no features
        ("feats.Case", "D _ V", None),
        ("lemma", "D _ V", None),
        ("tag", "D N V", None),
    ],
)
def test_words_without_a_tag(column: str, tags: str, expected: str | None) -> None:
    train = [Sentence(("a", "b", "c"), {column: tuple(own.split())}) for own in (tags, "D N V")]
    dev = [Sentence(("a", "b", "c"), {column: ("D", "N", "V")})]
    warnings = [warning for warning in training_warnings(train, dev, column) if "also occur" not in warning]
    assert len(warnings) == (expected is not None)
    assert expected is None or warnings[0].startswith(expected)


@pytest.mark.parametrize(
    ("tag", "effect"),
    [("0", ", and no rules of spans are kept"), ("o", ", and no rules of spans are kept"), ("B-", "")],
)
def test_one_tag_that_marks_no_span(tag: str, effect: str) -> None:
    train = [sentence("a b c", "B-x I-x O", i, "f") for i in range(1, 15, 3)] + [sentence("a b c", f"B-x {tag} O")]
    (warning,) = training_warnings(train, DEV, "tag")
    found = f"column tag: the tag '{tag}' (1 word) marks no span, while the others do, so there is no span F1{effect}"
    assert warning == found
    (warning,) = training_warnings([*train[:-1], sentence("a b c", f"B-x {tag} O", 40, "f")], DEV, "tag")
    assert warning == f"f:40: {found}"


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ("B-x M-x E-x", ""), ("B-x I-x L-x", ""), ("I-x E-x O", "IOE2"),
        ("B-x I-x E-x", ""), ("B-x I-x O", ""), ("I-x O O", ""), ("D N V", ""),
    ],
)  # fmt: skip
def test_schemes_without_rules_are_named(tags: str, scheme: str) -> None:
    config = NetworkConfig(decoder="crf")
    found = span_warnings([sentence("a b c", tags)] * 3, "tag", config)
    expected = f"column tag: no constraints exist for {scheme} tags; elman convert --scheme bioes gives tags with some"
    assert found == ([expected] if scheme else [])
    assert span_warnings([sentence("a b c", tags)], "tag", NetworkConfig(decoder="softmax")) == []


def test_missing_dev() -> None:
    (warning,) = training_warnings(TRAIN, None, "tag")
    assert warning.startswith("no dev set")
    assert "never done silently" in warning
    assert "--dev 10%" in warning


def test_every_warning_is_one_line() -> None:
    odd = Sentence(("a\nb",), {"tag": ("\n",)})
    for warning in training_warnings([odd], [odd], "tag"):
        assert len(warning.splitlines()) == 1


def test_empty_and_blank_files() -> None:
    with pytest.raises(DataError, match="^t.txt: is empty"):
        list(keep_nonempty([], "t.txt"))
    with pytest.raises(DataError, match="^t.txt: no sentences, only blank lines"):
        list(keep_nonempty([Sentence((), lines=("\n",)), Sentence(())], "t.txt"))
    assert list(keep_nonempty([Sentence(()), *TRAIN], "t.txt")) == TRAIN


def numbered(n: int) -> list[Sentence]:
    return [Sentence((str(i),)) for i in range(1, n + 1)]


def numbers(sentences: list[Sentence]) -> list[int]:
    return [int(sentence.words[0]) for sentence in sentences]


def test_every_tenth() -> None:
    train, dev, which = split_percent(numbered(1301), 10)
    assert numbers(dev) == list(range(10, 1301, 10))
    assert len(train) == 1171
    assert which == "every 10th sentence, from the 10th: 130 of 1,301"


def test_a_share_that_is_no_every_nth() -> None:
    _, dev, which = split_percent(numbered(20), 15)
    assert numbers(dev) == [7, 14, 20]
    assert which == "15 % of the sentences, spread evenly (the 7th, 14th, 20th and so on): 3 of 20"


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, "every 2nd sentence"), (0.1, "every 1,000th"), (33.3, "(the 4th, 7th, 10th")]
)
def test_names_of_shares(percent: float, expected: str) -> None:
    assert expected in split_percent(numbered(3000), percent)[2]


def test_ordinals() -> None:
    assert "the 11th, 12th, 13th" not in split_percent(numbered(30), 99)[2]
    assert "(the 2nd, 3rd, 4th" in split_percent(numbered(30), 99)[2]
    assert "(the 2nd, 4th, 5th" in split_percent(numbered(30), 60)[2]


@given(st.integers(1, 300), st.floats(0.01, 99.9))
def test_parts_are_the_whole(n: int, percent: float) -> None:
    sentences = numbered(n)
    try:
        train, dev, _ = split_percent(sentences, percent)
    except DataError as error:
        assert "leaves none" in str(error)
        return
    assert train and dev
    assert sorted(numbers(train) + numbers(dev)) == list(range(1, n + 1))
    assert abs(len(dev) - n * percent / 100) <= 1


@pytest.mark.parametrize("percent", [0, -1, 100, 1000, float("nan"), float("inf")])
def test_no_such_share(percent: float) -> None:
    with pytest.raises(DataError, match="more than 0 % and less than 100 %"):
        split_percent(numbered(10), percent)


def test_too_few_sentences() -> None:
    with pytest.raises(DataError, match="10 % of 9 sentences leaves none"):
        split_percent(numbered(9), 10)
