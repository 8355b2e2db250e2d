"""Sentences of CoNLL-U made of tokens."""

from __future__ import annotations

from pathlib import Path

from elman.formats import read_sentences
from elman.tasks.written import Written, sentence_of


def test_a_sentence() -> None:
    tokens = [Written("Don't", ("Do", "n't"), confidence=0.5), Written("go", space=False), Written("!", space=False)]
    sentence = sentence_of(tokens, ["# sent_id = 1"])
    assert sentence.words == ("Do", "n't", "go", "!")
    assert "".join(sentence.lines).split("\n") == [
        "# sent_id = 1",
        "# text = Don't go!",
        "1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\tConfidence=0.5000",
        "1\tDo\t_\t_\t_\t_\t_\t_\t_\t_",
        "2\tn't\t_\t_\t_\t_\t_\t_\t_\t_",
        "3\tgo\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No",
        "4\t!\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No",
        "",
        "",
    ]


def test_the_last_of_a_paragraph_lacks_no_space() -> None:
    assert sentence_of([Written("a", space=False)], last=True).columns["misc"] == ("_",)


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    sentence = sentence_of([Written("a b", ("a", "b")), Written("c", space=False, confidence=1.0)])
    path = tmp_path / "one.conllu"
    path.write_text("".join(sentence.lines), encoding="utf-8")
    (back,) = read_sentences(str(path))
    assert (back.words, back.columns, back.lines, back.rows) == (
        sentence.words,
        sentence.columns,
        sentence.lines,
        sentence.rows,
    )
