"""Sentences of CoNLL-U made of tokens."""

from __future__ import annotations

from pathlib import Path

from elman.data.formats import read_sentences
from elman.data.formats.conllu_builder import SentenceTokens, draft


def test_a_sentence() -> None:
    tokens = SentenceTokens(["Don't", "go", "!"], [True, False, False], {0: ("Do", "n't")})
    sentence = draft(tokens, "Don't go!", ["# sent_id = 1"]).sentence()
    assert sentence.words == ("Do", "n't", "go", "!")
    assert "".join(sentence.lines).split("\n") == [
        "# sent_id = 1",
        "# text = Don't go!",
        "1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_",
        "1\tDo\t_\t_\t_\t_\t_\t_\t_\t_",
        "2\tn't\t_\t_\t_\t_\t_\t_\t_\t_",
        "3\tgo\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No",
        "4\t!\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No",
        "",
        "",
    ]


def test_columns() -> None:
    """Those that are given; the others are ``_``."""
    found = draft(SentenceTokens(["zum"], [True], {0: ("zu", "dem")}), "zum").sentence(
        {"upos": ["ADP", "DET"], "lemma": ["zu", "der"]}
    )
    assert (found.columns["upos"], found.columns["head"]) == (("ADP", "DET"), ("_", "_"))
    assert "".join(found.lines).split("\n")[2:4] == ["1\tzu\tzu\tADP" + "\t_" * 6, "2\tdem\tder\tDET" + "\t_" * 6]
    assert found.rows == (2, 3)


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    tokens = SentenceTokens(["a b", "c", "d"], [True, False, True], {0: ("a", "b")}, [0.5, 1.0, 0.25])
    sentence = draft(tokens, "a b cd").sentence()
    assert sentence.columns["misc"] == ("_", "_", "SpaceAfter=No|Confidence=1.0000", "Confidence=0.2500")
    assert sentence.lines[1] == "1-2\ta b" + "\t_" * 7 + "\tConfidence=0.5000\n"
    path = tmp_path / "one.conllu"
    path.write_text("".join(sentence.lines), encoding="utf-8")
    (back,) = read_sentences(str(path))
    assert (back.words, back.columns, back.lines, back.rows) == (
        sentence.words,
        sentence.columns,
        sentence.lines,
        sentence.rows,
    )
