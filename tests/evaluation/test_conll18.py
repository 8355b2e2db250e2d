"""The metrics of the CoNLL 2018 shared task: figures worked out by hand from its definition, and bad files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from elman.data.formats import read_sentences
from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.evaluation.conll18 import METRICS, Conll18Metric, evaluate, format_table, sentence_results

# id form lemma upos xpos feats head deprel
DIGITS = "9" * 5_000
GOLD = """\
# text = Vámonos al mar.
1-2 Vámonos _ _ _ _ _ _
1 Vamos ir VERB V Mood=Imp|Number=Plur 0 root
2 nos nosotros PRON P Case=Acc 1 obj
3-4 al _ _ _ _ _ _
3 a a ADP S _ 5 case
4 el el DET D Definite=Def|Gender=Masc 5 det
5 mar mar NOUN N Gender=Masc 1 obl:arg
5.1 mar mar NOUN N _ _ _
6 . . PUNCT F _ 1 punct

1 Bien bien ADV R _ 0 root

"""


def sentences(path: Path, text: str) -> Iterable[Sentence]:
    lines = [line if line[:1] in ("#", "") else "\t".join([*line.split(" "), "_", "_"]) for line in text.split("\n")]
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_sentences(str(path), format="conllu", labelled=False)


def compare(folder: Path, predicted: str, gold: str = GOLD) -> dict[str, Conll18Metric]:
    return evaluate(sentences(folder / "gold", gold), sentences(folder / "p", predicted))


def counts(found: dict[str, Conll18Metric], name: str) -> tuple[int, int, int, int | None]:
    return found[name].correct, found[name].gold, found[name].predicted, found[name].aligned


def test_gold_itself(tmp_path: Path) -> None:
    found = compare(tmp_path, GOLD)
    assert tuple(found) == METRICS
    assert all(metric.f1 == 1 for metric in found.values())
    assert counts(found, "Tokens") == (5, 5, 5, None)
    assert counts(found, "Words") == (7, 7, 7, None)
    assert counts(found, "Sentences") == (2, 2, 2, None)
    assert counts(found, "LAS") == (7, 7, 7, 7)
    # content words: Vamos nos mar Bien
    assert counts(found, "CLAS") == counts(found, "MLAS") == counts(found, "BLEX") == (4, 4, 4, 4)


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("ir VERB", "IR VERB", {"Lemmas": 1, "BLEX": 1}),
        ("VERB V", "AUX V", {"UPOS": 1, "AllTags": 1, "MLAS": 1}),
        ("VERB V", "VERB W", {"XPOS": 1, "AllTags": 1}),
        ("Mood=Imp|Number=Plur", "Number=Plur|Mood=Imp", {}),  # the order of features does not matter
        ("Mood=Imp|Number=Plur", "Clusivity=In|Mood=Imp|Number=Plur", {}),  # nor do those that are not universal
        ("Mood=Imp", "Mood=Ind", {"UFeats": 1, "AllTags": 1, "MLAS": 1}),
        ("obl:arg", "obl", {}),  # nor subtypes
        ("obl:arg", "nmod", {"LAS": 1, "CLAS": 1, "MLAS": 1, "BLEX": 1}),
        ("obl:arg", "punct", {"LAS": 1, "CLAS": 1, "MLAS": 1, "BLEX": 1}),
        ("_ 5 case", "_ 4 case", {"UAS": 1, "LAS": 1, "MLAS": 1}),  # mar has lost a function word
        ("_ 5 case", "_ 5 mark", {"LAS": 1, "MLAS": 1}),
        ("ADP S", "ADV S", {"UPOS": 1, "AllTags": 1, "MLAS": 1}),  # MLAS: of mar's function word
        ("Definite=Def|", "", {"UFeats": 1, "AllTags": 1, "MLAS": 1}),
        ("_ 1 punct", "_ 5 punct", {"UAS": 1, "LAS": 1}),
        ("5.1 mar mar NOUN N _ _ _\n", "", {}),
    ],
)
def test_one_change(tmp_path: Path, old: str, new: str, wrong: dict[str, int]) -> None:
    assert old in GOLD
    found = compare(tmp_path, GOLD.replace(old, new, 1))
    assert {
        name: metric.gold - metric.correct for name, metric in found.items() if metric.correct < metric.gold
    } == wrong
    assert found["CLAS"].predicted == (3 if new == "punct" else 4)


def test_a_lemma_that_gold_does_not_have_is_right_whatever_it_is(tmp_path: Path) -> None:
    gold = GOLD.replace("mar mar NOUN N G", "mar _ NOUN N G")
    found = compare(tmp_path, GOLD, gold)
    assert found["Lemmas"].f1 == found["BLEX"].f1 == 1
    found = compare(tmp_path, gold, GOLD)
    assert (found["Lemmas"].correct, found["BLEX"].correct) == (6, 3)


def test_words_cut_in_another_way(tmp_path: Path) -> None:
    """No multiword tokens, one token cut in two, a sentence that ends elsewhere."""
    predicted = """\
1 Vámonos ir VERB V _ 0 root
2 al a ADP S _ 3 case
3 mar mar NOUN N Gender=Masc 1 obl
4 . . PUNCT F _ 1 punct
5 Bi bien ADV R _ 1 advmod
6 en en ADP S _ 5 case

"""
    found = compare(tmp_path, predicted)
    assert counts(found, "Tokens") == (4, 5, 6, None)
    assert counts(found, "Sentences") == (0, 2, 1, None)
    assert counts(found, "Words") == (2, 7, 6, None)  # mar and the full stop
    assert counts(found, "UPOS") == (2, 7, 6, 2)
    assert counts(found, "UAS") == (0, 7, 6, 2)  # their heads are not aligned
    assert counts(found, "CLAS") == (0, 4, 3, 1)
    assert found["UPOS"].precision == 2 / 6
    assert found["UPOS"].recall == 2 / 7
    assert found["UPOS"].f1 == 4 / 13
    assert found["UPOS"].aligned_accuracy == 1


def test_words_of_multiword_tokens_are_aligned_by_their_forms(tmp_path: Path) -> None:
    """In Vámonos al, Vamos nos a el and VAMOS al: the longest common subsequence is Vamos."""
    predicted = """\
1-2 Vámonosal _ _ _ _ _ _
1 VAMOS ir VERB V Mood=Imp|Number=Plur 0 root
2 al a ADP S _ 3 case
3 mar mar NOUN N Gender=Masc 1 obl
4 . . PUNCT F _ 1 punct

1 Bien bien ADV R _ 0 root

"""
    found = compare(tmp_path, predicted)
    assert counts(found, "Tokens") == (3, 5, 4, None)
    assert counts(found, "Words") == (4, 7, 5, None)  # Vamos mar . Bien
    assert counts(found, "LAS") == (4, 7, 5, 4)
    assert counts(found, "MLAS") == (2, 4, 3, 3)  # not mar, whose function words are others


def test_spaces_in_forms_do_not_count(tmp_path: Path) -> None:
    gold = "1 a\N{NO-BREAK SPACE}b ab X X _ 0 root\n\n"
    found = compare(tmp_path, "1 ab ab X X _ 0 root\n\n", gold)
    assert found["LAS"].f1 == 1
    found = compare(tmp_path, "1 a a X X _ 0 root\n2 b b X X _ 1 dep\n\n", gold)
    assert counts(found, "Words") == (0, 1, 2, None)
    assert found["UPOS"].aligned_accuracy == 0


def test_a_token_left_over_before_a_multiword_token_of_the_next_sentence(tmp_path: Path) -> None:
    """The task's own program takes all but the first of what is left over into the multiword token's range."""
    one = "1 ab _ X _ _ 0 root\n\n1-2 c _ _ _ _ _ _\n1 b _ X _ _ 0 root\n2 c _ X _ _ 1 dep\n\n"
    other = "1 a _ X _ _ 0 root\n2 b _ X _ _ 1 dep\n\n1 c _ X _ _ 0 root\n\n"
    assert counts(compare(tmp_path, other, one), "Words") == (2, 3, 3, None)
    assert counts(compare(tmp_path, one, other), "Words") == (1, 3, 3, None)  # it skips a gold word first


def test_table(tmp_path: Path) -> None:
    lines = format_table(compare(tmp_path, GOLD.replace("ir VERB", "IR VERB"))).split("\n")
    assert lines[:3] == [
        "Metric     | Precision |    Recall |  F1 Score | AligndAcc",
        "-----------+-----------+-----------+-----------+-----------",
        "Tokens     |    100.00 |    100.00 |    100.00 |",
    ]
    assert lines[9] == "Lemmas     |     85.71 |     85.71 |     85.71 |     85.71"
    assert lines[-1] == "BLEX       |     75.00 |     75.00 |     75.00 |     75.00"


def test_json(tmp_path: Path) -> None:
    assert compare(tmp_path, GOLD)["Tokens"].to_json() == {
        "correct": 5,
        "gold": 5,
        "predicted": 5,
        "aligned": None,
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
        "aligned_accuracy": None,
    }


def test_no_rate_of_nothing() -> None:
    nothing = Conll18Metric(0, 0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1, nothing.aligned_accuracy) == (0, 0, 0, 0)


def test_without_trees(tmp_path: Path) -> None:
    """Who labels words alone has no HEAD; nothing is said of trees then."""
    bare = "1 a a X X _ _ _\n\n1 b b X X _ _ _\n\n"
    full = "1 a a X X _ 0 root\n\n1 b b X X _ 0 root\n\n"
    for gold, predicted in ((bare, bare), (bare, full), (full, bare)):
        assert tuple(compare(tmp_path, predicted, gold)) == METRICS[:8]


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        ("1 a _ X _ _ 2 dep\n2 b _ X _ _ 1 dep\n\n", "p:1: the heads go in a circle: 1 -> 2 -> 1; expected a tree"),
        ("# x\n1 a _ X _ _ 1 dep\n2 b _ X _ _ 0 root\n\n", "p:2: the heads go in a circle: 1 -> 1; expected a tree"),
        ("1 a _ X _ _ 0 root\n2 b _ X _ _ 0 root\n\n", "p:2: a second root (HEAD is 0); the first is on line 1;"),
        ("1 a _ X _ _ 3 dep\n2 b _ X _ _ 0 root\n\n", "p:1: HEAD: expected 0 to 2, a word of the sentence, found '3'"),
        (
            f"1 a _ X _ _ {DIGITS} dep\n2 b _ X _ _ 0 root\n\n",
            "p:1: HEAD: expected 0 to 2, a word of the sentence, found '999",
        ),
        (f"1-{DIGITS} c _ _ _ _ _ _\n1 b _ X _ _ 0 root\n\n", "p:1: the multiword token 1-999"),
        (f"{DIGITS}-2 c _ _ _ _ _ _\n1 b _ X _ _ 0 root\n\n", "p:1: the multiword token 999"),
        ("1 a _ X _ _ 0 root\n2 b _ X _ _ _ dep\n\n", "p:2: HEAD: expected 0 to 2, a word of the sentence, found '_'"),
        ("1 a _ X _ _ _ _\n\n1 b _ X _ _ 0 root\n\n", "p:3: HEAD: expected _, as in the first sentence; give"),
        ("1 a _ X _ _ 0 root\n\n", "gold:1: the predicted text ends where this goes on with 'b'; expected the same"),
        ("1 ab _ X _ _ 0 root\n\n1 c _ X _ _ 0 root\n\n", "p:3: the gold text ends where this goes on with 'c'"),
        ("1 a _ X _ _ 0 root\n2 c _ X _ _ 1 dep\n\n", "p:1: expected the text 'b', as in "),
        ("1 \N{NO-BREAK SPACE} _ X _ _ 0 root\n\n", "p:1: FORM (column 2) is nothing but spaces"),
        ("1-2 \N{NO-BREAK SPACE} _ _ _ _ _ _\n1 a _ X _ _ 0 root\n2 b _ X _ _ 1 dep\n\n", "p:1: FORM (column 2) is n"),
        ("1 a _ X _ _ 0 root\n1-2 ab _ _ _ _ _ _\n2 b _ X _ _ 1 dep\n\n", "p:2: the multiword token 1-2 does not"),
        ("1-3 ab _ _ _ _ _ _\n1 a _ X _ _ 0 root\n2 b _ X _ _ 1 dep\n\n", "p:1: the multiword token 1-3 does not"),
    ],
)
def test_bad_files(tmp_path: Path, predicted: str, expected: str) -> None:
    gold = "1 a _ X _ _ 0 root\n2 b _ X _ _ 1 dep\n\n"
    if "expected _" in expected:
        gold = "1 a _ X _ _ _ _\n\n1 b _ X _ _ _ _\n\n"
    with pytest.raises(DataError) as error:
        compare(tmp_path, predicted, gold)
    assert str(error.value).removeprefix(f"{tmp_path}/").startswith(expected)


def test_a_long_circle_is_cut_short(tmp_path: Path) -> None:
    words = "".join(f"{i} a _ X _ _ {i % 12 + 1} dep\n" for i in range(1, 13)) + "\n"
    with pytest.raises(DataError, match="1 -> 2 -> 3 -> 4 -> 5 -> 6 -> 7 -> … -> 1; expected a tree"):
        compare(tmp_path, words, words)


def test_no_words(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing to evaluate: no words in gold"):
        compare(tmp_path, "# x\n\n", "# x\n\n")


def cut(draw: st.DrawFn, text: str) -> str:
    """Some way to cut a text into sentences, tokens and words, with trees."""
    rows: list[str] = []
    while text:
        size = draw(st.integers(1, 6))
        sentence, text = text[:size], text[size:]
        words: list[tuple[str, str]] = []
        ranges: dict[int, str] = {}
        while sentence:
            size = draw(st.integers(1, 3))
            token, sentence = sentence[:size], sentence[size:]
            parts = draw(st.lists(st.sampled_from("abAB"), max_size=3))
            if parts:
                ranges[len(words)] = f"{len(words) + 1}-{len(words) + len(parts)} {token} _ _ _ _ _ _\n"
            words += [(form, "X") for form in parts or [token]]
        for i, (form, tag) in enumerate(words):
            rows.append(ranges.get(i, "") + f"{i + 1} {form} l {tag} {tag} _ {i} {'dep' if i else 'root'}\n")
        rows.append("\n")
    return "".join(rows)


@st.composite
def two_cuts(draw: st.DrawFn) -> tuple[str, str]:
    text = draw(st.text("ab", min_size=1, max_size=12))
    return cut(draw, text), cut(draw, text)


@settings(max_examples=50, deadline=None)  # it writes files
@given(two_cuts())
def test_precision_and_recall_are_each_other_s_mirror(
    tmp_path_factory: pytest.TempPathFactory, texts: tuple[str, str]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    one, other = texts
    there, back = compare(folder, other, one), compare(folder, one, other)
    for name in ("Tokens", "Sentences"):
        assert there[name].correct == back[name].correct
        assert there[name].precision == back[name].recall
    assert compare(folder, one, one)["MLAS"].f1 == 1
    for metric in there.values():
        assert 0 <= metric.correct <= min(metric.gold, metric.predicted)
    order = [there[name].correct for name in ("BLEX", "CLAS", "LAS", "UAS", "Words")]
    assert order == sorted(order)


@pytest.mark.parametrize("metric", [name for name in METRICS if name != "Sentences"])
def test_results_of_sentences_add_up(tmp_path: Path, metric: str) -> None:
    predicted = GOLD
    for old, new in (
        ("obl:arg", "nmod"),
        ("Mood=Imp|", ""),
        ("3-4 al _ _ _ _ _ _\n3 a a", "3 al al"),
        ("4 el el", "4 m m"),
        ("5 mar mar", "5 ar mar"),
        ("1 punct\n\n1 Bien bien ADV R _ 0 root", "1 punct\n7 Bien bien ADV R _ 1 advmod"),
    ):
        predicted = predicted.replace(old, new)
    whole = compare(tmp_path, predicted)[metric]
    results = list(sentence_results(sentences(tmp_path / "gold", GOLD), sentences(tmp_path / "p", predicted), metric))
    assert len(results) == 2
    assert sum(len(result.correct) for result in results) == whole.gold
    assert sum(sum(result.correct) for result in results) == whole.correct
    assert sum(result.predicted for result in results) == whole.predicted
