"""Chunks as conlleval counts and prints them: outputs worked out by hand from its published rules, and those rules."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from elman.errors import DataError
from elman.evaluation.conlleval import ConllevalReport
from elman.evaluation.span_scores import evaluate_spans

TAGS = ["O", "B-x", "I-x", "B-y", "I-y"]
ODD = [*TAGS, "E-x", "S-x", "B", "I", "[-x", "]-y", ".-x", "NOUN", "B-a-b", "B-0", "-LRB-"]


def printed(gold: list[str], predicted: list[str]) -> str:
    tally = ConllevalReport()
    for right, guess in zip(gold, predicted, strict=True):
        tally.add(right.split(), guess.split())
    return tally.text()


def test_the_example_of_the_shared_task() -> None:
    """Ten words of CoNLL-2000; one phrase is found in two parts."""
    gold = ["B-NP B-NP I-NP I-NP O", "B-NP B-VP B-NP I-NP O"]
    predicted = ["B-NP B-NP I-NP B-NP O", "B-NP B-VP B-PP I-NP O"]
    assert printed(gold, predicted) == (
        "processed 10 tokens with 5 phrases; found: 7 phrases; correct: 3.\n"
        "accuracy:  80.00%; precision:  42.86%; recall:  60.00%; FB1:  50.00\n"
        "               NP: precision:  40.00%; recall:  50.00%; FB1:  44.44  5\n"
        "               PP: precision:   0.00%; recall:   0.00%; FB1:   0.00  1\n"
        "               VP: precision: 100.00%; recall: 100.00%; FB1: 100.00  1"
    )


def test_iob1_and_tags_that_break_the_rules() -> None:
    """I begins a chunk after O and after another type; what the other tag is called does not matter for the chunk."""
    assert printed(["I-x I-x B-x O I-y"], ["B-x I-x B-x O B-y"]) == (
        "processed 5 tokens with 3 phrases; found: 3 phrases; correct: 3.\n"
        "accuracy:  60.00%; precision: 100.00%; recall: 100.00%; FB1: 100.00\n"
        "                x: precision: 100.00%; recall: 100.00%; FB1: 100.00  2\n"
        "                y: precision: 100.00%; recall: 100.00%; FB1: 100.00  1"
    )


def test_nothing_found() -> None:
    assert printed(["B-x O"], ["O O"]).splitlines() == [
        "processed 2 tokens with 1 phrases; found: 0 phrases; correct: 0.",
        "accuracy:  50.00%; precision:   0.00%; recall:   0.00%; FB1:   0.00",
        "                x: precision:   0.00%; recall:   0.00%; FB1:   0.00  0",
    ]
    assert printed(["O"], ["O"]).endswith("\naccuracy: 100.00%; precision:   0.00%; recall:   0.00%; FB1:   0.00")


def test_no_rule_for_a_single_word_nor_for_b_after_e() -> None:
    """So the script takes two spans of BIOES that touch for one."""
    assert printed(["S-x S-x", "B-x E-x B-x E-x"], ["S-x S-x", "B-x E-x B-x E-x"]).startswith(
        "processed 6 tokens with 2 phrases; found: 2 phrases; correct: 2."
    )


def test_names_of_types_are_padded_by_bytes_and_one_that_is_empty_is_listed_twice() -> None:
    lines = printed(["B-Straße O B I", "B-averyveryverylongtype"], ["B-Straße O B O", "O"]).splitlines()
    assert lines[2] == lines[3] == "                 : precision:   0.00%; recall:   0.00%; FB1:   0.00  1"
    assert lines[4] == "          Straße: precision: 100.00%; recall: 100.00%; FB1: 100.00  1"
    assert lines[5].startswith("averyveryverylongtype: precision:")


def test_json() -> None:
    tally = ConllevalReport()
    tally.add(["B-x", "O"], ["B-x", "B-y"])
    found = tally.to_json()
    assert (found["tokens"], found["correct"], found["accuracy"]) == (2, 1, 0.5)
    assert found["spans"]["types"]["x"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1}
    assert (found["spans"]["gold"], found["spans"]["predicted"], found["spans"]["correct"]) == (1, 2, 1)
    assert found["spans"]["averages"]["macro"]["precision"] == 0.5


def test_no_accuracy_without_gold() -> None:
    with pytest.raises(DataError, match="nothing to evaluate"):
        ConllevalReport().text()


def by_the_rules(gold: list[list[str]], predicted: list[list[str]]) -> tuple[int, int, int, int]:
    """(phrases, found, correct, right tags) by the script's own sequence of decisions, a line at a time."""

    def parts(tag: str) -> tuple[str, str]:
        letter, _, kind = tag.partition("-")
        return letter, "" if kind == "0" else kind

    def end(a: str, b: str, of: str, to: str) -> bool:
        pairs = [("B", "B"), ("B", "O"), ("I", "B"), ("I", "O"), ("E", "E"), ("E", "I"), ("E", "O")]
        return (a, b) in pairs or (a not in ("O", ".") and of != to) or a in ("]", "[")

    def start(a: str, b: str, of: str, to: str) -> bool:
        pairs = [("B", "B"), ("I", "B"), ("O", "B"), ("O", "I"), ("E", "E"), ("E", "I"), ("O", "E")]
        return (a, b) in pairs or (b not in ("O", ".") and of != to) or b in ("[", "]")

    lines = [pair for g, p in zip(gold, predicted, strict=True) for pair in [*zip(g, p, strict=True), ("O", "O")]]
    last, guess_last, within = ("O", ""), ("O", ""), False
    phrases = found = correct = 0
    for right, guess in ((parts(a), parts(b)) for a, b in lines):
        ended = end(last[0], right[0], last[1], right[1])
        guess_ended = end(guess_last[0], guess[0], guess_last[1], guess[1])
        begun = start(last[0], right[0], last[1], right[1])
        guess_begun = start(guess_last[0], guess[0], guess_last[1], guess[1])
        if within and ended and guess_ended and last[1] == guess_last[1]:
            within = False
            correct += 1
        elif within and (ended != guess_ended or right[1] != guess[1]):
            within = False
        if begun and guess_begun and right[1] == guess[1]:
            within = True
        phrases += begun
        found += guess_begun
        last, guess_last = right, guess
    tags = [(parts(a), parts(b)) for g, p in zip(gold, predicted, strict=True) for a, b in zip(g, p, strict=True)]
    return phrases, found, correct + within, sum(a == b for a, b in tags)


def sentences(tags: list[str]) -> st.SearchStrategy[list[list[tuple[str, str]]]]:
    tag = st.sampled_from(tags)
    return st.lists(st.lists(st.tuples(tag, tag) | tag.map(lambda t: (t, t)), min_size=1), min_size=1, max_size=6)


@given(sentences(ODD))
def test_any_tags_by_the_script_s_rules(pairs: list[list[tuple[str, str]]]) -> None:
    gold, predicted = ([[pair[i] for pair in sentence] for sentence in pairs] for i in (0, 1))
    phrases, found, correct, right = by_the_rules(gold, predicted)
    tally = ConllevalReport()
    for one, other in zip(gold, predicted, strict=True):
        tally.add(one, other)
    head = tally.text().splitlines()
    words = sum(map(len, gold))
    assert head[0] == f"processed {words} tokens with {phrases} phrases; found: {found} phrases; correct: {correct}."
    assert head[1].startswith(f"accuracy: {100 * right / words:6.2f}%; ")


@given(sentences(TAGS))
def test_iob_chunks_are_the_spans(pairs: list[list[tuple[str, str]]]) -> None:
    gold, predicted = ([[pair[i] for pair in sentence] for sentence in pairs] for i in (0, 1))
    tally = ConllevalReport()
    for one, other in zip(gold, predicted, strict=True):
        tally.add(one, other)
    assert tally.to_json()["spans"] == evaluate_spans(gold, predicted).to_json()
