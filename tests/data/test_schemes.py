"""Tag schemes: what each allows, finding out which it is, and from one to another."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from elman.data.formats import read_sentences
from elman.data.schemes import (
    SCHEMES,
    WITH_CONSTRAINTS,
    SchemeDetection,
    SchemeDetector,
    SchemeViolation,
    broken_sentences,
    convert_tags,
    describe_strays,
    detect_scheme,
    find_violations,
    mark_spans,
    mended_tags,
    scheme_by_name,
    stray_tags,
    write_tags,
)
from elman.data.sentence import Sentence
from elman.data.spans import Span, find_spans
from elman.errors import ConfigError, DataError

# one sentence in every scheme: two words, one word of the same type, three words, one word
SAID = {
    "io": "I-p I-p I-p I-q I-q I-q O I-p O",
    "iob1": "I-p I-p B-p I-q I-q I-q O I-p O",
    "iob2": "B-p I-p B-p B-q I-q I-q O B-p O",
    "ioe1": "I-p E-p I-p I-q I-q I-q O I-p O",
    "ioe2": "I-p E-p E-p I-q I-q E-q O E-p O",
    "bioes": "B-p E-p S-p B-q I-q E-q O S-p O",
    "bilou": "B-p L-p U-p B-q I-q L-q O U-p O",
    "bmes": "B-p E-p S-p B-q M-q E-q O S-p O",
}
SPANS = [Span(0, 2, "p"), Span(2, 3, "p"), Span(3, 6, "q"), Span(7, 8, "p")]
MERGED = [Span(0, 3, "p"), *SPANS[2:]]


def sentence(tags: Sequence[str]) -> Sentence:
    words = tuple(f"w{i}" for i in range(len(tags)))
    return Sentence(words, {"ner": tuple(tags)}, "f.tsv", 7, rows=tuple(range(2, 2 + len(tags))))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_same_sentence_in_each(scheme: str) -> None:
    tags = SAID[scheme].split()
    assert find_spans(tags) == (MERGED if scheme == "io" else SPANS)
    assert write_tags(SPANS, 9, scheme) == tuple(tags)
    assert list(find_violations([tags], scheme)) == []
    assert detect_scheme([tags]).scheme == scheme


@pytest.mark.parametrize(("source", "target"), list(itertools.permutations([s for s in SCHEMES if s != "io"], 2)))
def test_from_each_to_each(source: str, target: str) -> None:
    tags = SAID[source].split()
    assert convert_tags(sentence(tags), "ner", source, target) == tuple(SAID[target].split())
    with pytest.raises(DataError, match=r"^f.tsv:11: column ner: two spans of type 'p' touch, which IO would make one"):
        convert_tags(sentence(tags), "ner", source, "io")


@st.composite
def many_spans(draw: st.DrawFn) -> tuple[list[Span], int]:
    found, at = [], 0
    for gap, length, type in draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from(["p", "q-r", ""])), max_size=5)
    ):
        found.append(Span(at + gap, at + gap + length, type))
        at += gap + length
    return found, at + draw(st.integers(0, 2))


@given(many_spans(), st.sampled_from(SCHEMES))
def test_what_is_written_is_legal_and_read_back(given_spans: tuple[list[Span], int], scheme: str) -> None:
    found, length = given_spans
    tags = write_tags(found, length, scheme)
    assert list(find_violations([tags], scheme)) == []
    if scheme != "io":
        assert find_spans(tags) == found


LETTERS = {"iob1": "BI", "iob2": "BI", "ioe1": "IE", "ioe2": "IE", "bioes": "BIES", "bilou": "BILU", "io": "I"}
LETTERS["bmes"] = "BMES"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_legal_is_what_says_its_own_spans(scheme: str) -> None:
    tags = ["O", *(f"{letter}-{type}" for letter in LETTERS[scheme] for type in "xy")]
    for n in range(1, 5 if len(tags) < 8 else 4):
        for some in itertools.product(tags, repeat=n):
            legal = not list(find_violations([some], scheme))
            assert legal == (write_tags(find_spans(some), n, scheme) == some), some


@pytest.mark.parametrize(
    ("tags", "expected", "text"),
    [
        ([["O", "B-x", "I-x"]], SchemeDetection("iob2"), "IOB2"),
        ([["B", "I", "I"]], SchemeDetection("iob2"), "IOB2"),
        ([["B-x"], ["O"]], SchemeDetection("iob2"), "IOB2"),
        ([["I-x", "O"]], SchemeDetection("io", ("iob1", "ioe1")), "IO (or IOB1, IOE1: the same spans here)"),
        ([["I-x"], ["I-x", "B-x"]], SchemeDetection("iob1"), "IOB1"),
        ([["I-x", "E-x"]], SchemeDetection("ioe2"), "IOE2"),
        ([["I-x", "E-x", "I-x"]], SchemeDetection("ioe1"), "IOE1"),
        ([["S-x", "O"]], SchemeDetection("bioes"), "BIOES"),
        ([["U-x", "O"]], SchemeDetection("bilou"), "BILOU"),
        ([["B-x", "M-x", "M-x", "E-x", "O", "S-x"]], SchemeDetection("bmes"), "BMES"),
        ([["B", "M", "E", "S", "S"]], SchemeDetection("bmes"), "BMES"),
        ([["B-x", "M-x"], ["B-x", "M-x", "E-x"]], SchemeDetection("bmes", (), 1), "BMES, broken 1 time"),
        ([["B-", "I-", "O"], *[["B-x", "I-x"]] * 9], SchemeDetection("iob2", (), 2), "IOB2, broken 2 times"),
        ([["B-x", "O", "I-x"], ["B-x"], ["B-x", "I-x"]], SchemeDetection("iob2", (), 1), "IOB2, broken 1 time"),
        ([["O", "I-x"], ["B-x"], ["I-x", "B-x"], ["B-x"]], SchemeDetection("iob2", (), 2), "IOB2, broken 2 times"),
        ([["NOUN", "VERB"]], SchemeDetection("none"), "no scheme of spans"),
        ([["O", "O"]], SchemeDetection("none"), "no scheme of spans"),
        ([["S", "E", "V", "B"]], SchemeDetection("none"), "no scheme of spans"),
        ([[], []], SchemeDetection("none"), "no scheme of spans"),
        ([["B-x"]] * 9 + [["PER"]], SchemeDetection("iob2", (), 1), "IOB2, broken 1 time"),
    ],
)
def test_which_it_is(tags: list[list[str]], expected: SchemeDetection, text: str) -> None:
    assert detect_scheme(tags) == expected
    assert str(expected) == text


def test_what_another_scheme_would_say() -> None:
    detector = SchemeDetector()
    detector.add(["B-x", "I-x"])
    assert [detector.breaks(scheme) for scheme in ("iob2", "iob1", "bioes")] == [0, 1, 1]
    assert mark_spans({"O": 5, "B-x": 9, "PER": 1})
    assert not mark_spans({"O": 5, "B-x": 8, "PER": 1})


def test_names() -> None:
    assert [scheme_by_name(name) for name in ("BIO", "IOB", "ioe", "BILOU", "IOBES")] == [
        "iob2",
        "iob1",
        "ioe2",
        "bilou",
        "bioes",
    ]
    with pytest.raises(ConfigError, match="^scheme: 'bmewo' does not exist; expected io, iob1, iob2, ioe1"):
        scheme_by_name("bmewo")


def test_where_the_rules_are_broken() -> None:
    found = list(find_violations([["O"], ["I-x", "O", "B-y", "I-x"], [], ["PER", "B-x"]], "iob2"))
    assert found == [
        SchemeViolation(1, 0, "", "I-x", "iob2"),
        SchemeViolation(1, 3, "B-y", "I-x", "iob2"),
        SchemeViolation(3, 0, "", "PER", "iob2"),
    ]
    assert str(found[1]) == "word 4: I-x after B-y is no IOB2"
    (end,) = find_violations([["O", "B-x"]], "bilou")
    assert str(end) == "word 2: B-x at the end of a sentence is no BILOU"


def test_a_tag_without_a_type_breaks_every_scheme() -> None:
    for scheme in SCHEMES:
        letters = [letter for letter in "BIESLUM" if letter in LETTERS[scheme]]
        found = {b.after for b in find_violations([[f"{letter}-"] for letter in letters], scheme) if b.after}
        assert found == {f"{letter}-" for letter in letters}
    found = list(find_violations([["B-", "I-", "O", "B-x"]], "iob2"))
    assert [str(one) for one in found] == [
        "word 1: B- at the beginning of a sentence is no IOB2: it has no type",
        "word 2: I- after B- is no IOB2: it has no type",
    ]
    assert not list(find_violations([["B-", "I-", "O", "B-x"]], "iob2", typed=False))
    assert not list(find_violations([["B", "I", "O"]], "iob2"))
    with pytest.raises(
        DataError, match="^f.tsv:9: column ner: B- at the beginning of a sentence is no IOB2: it has no"
    ):
        convert_tags(sentence(["B-", "I-"]), "ner", "iob2", "iob2")


@pytest.mark.parametrize(
    ("counts", "found", "text"),
    [
        ({"O": 50, "B-x": 30, "0": 1}, ["0"], "the tag '0' (1 word) marks no span, while the others do"),
        ({"B-x": 30, "_": 300}, ["_"], "the tag '_' (300 words) marks no span, while the others do"),
        (
            {"O": 1, "I-x": 40, "a": 1, "b": 1, "c": 1, "d": 1},
            ["a", "b", "c", "d"],
            "the tags 'a' (1 word), 'b' (1 word), 'c' (1 word) and 1 more mark no span, while the others do",
        ),
        (
            {"B-x": 1, "o": 5, "-": 7},
            ["-", "o"],
            "the tags '-' (7 words), 'o' (5 words) mark no span, while the others do",
        ),
        ({"B-": 3, "I-": 2, "O": 9}, ["B-", "I-"], "the tags 'B-' (3 words), 'I-' (2 words) mark no span, while"),
        ({"O": 50, "B-x": 30}, [], ""),
        ({"NOUN": 50, "VERB": 30, "_": 1, "0": 1}, [], ""),
        ({"NOUN": 50, "B-x": 5}, [], ""),
        ({"_": 50, "B": 5, "U": 7}, [], ""),  # letters alone may be anything
        ({"O": 5, "_": 1}, [], ""),
        ({}, [], ""),
    ],
)
def test_tags_that_mark_no_spans_among_those_that_do(counts: dict[str, int], found: list[str], text: str) -> None:
    assert stray_tags(counts) == found
    if found:
        assert describe_strays(found, counts).startswith(text)


@given(st.lists(st.sampled_from(["O", *(f"{letter}-{type}" for letter in "BIESLUM" for type in "pq")]), max_size=8))
def test_what_is_mended_is_legal_and_has_the_same_spans(tags: list[str]) -> None:
    for scheme in WITH_CONSTRAINTS:
        mended = mended_tags(tags, scheme)
        assert find_spans(mended) == find_spans(tags)
        assert broken_sentences([mended], scheme) == ([], True)


def test_converting_what_is_illegal() -> None:
    with pytest.raises(DataError, match="^f.tsv:10: column ner: I-x after O is no IOB2; fix the tags"):
        convert_tags(sentence(["O", "I-x"]), "ner", "iob2", "bioes")
    assert convert_tags(sentence(["O", "I-x"]), "ner", "iob2", "bioes", lenient=True) == ("O", "S-x")


@pytest.mark.parametrize(
    ("name", "target", "scheme", "n_breaks"),
    [
        ("other/ner_wnut17/train.conll", None, "iob2", 0),
        ("other/ner_uner_da_ddt/da_ddt-ud-train.iob2", "3", "iob2", 6),
        ("other/addr_usaddress/train.tsv", None, "none", 0),
        ("ud/mr_ufal/mr_ufal-ud-train.conllu", None, "none", 0),
    ],
)
def test_real_data(shared_data: Path, name: str, target: str | None, scheme: str, n_breaks: int) -> None:
    reading = read_sentences(str(shared_data / name))
    column = reading.target(target)
    assert detect_scheme(s.columns[column] for s in reading if s.words) == SchemeDetection(scheme, (), n_breaks)
