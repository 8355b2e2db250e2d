"""``elman errors``."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from elman.analysis.errors import ErrorAnalysis, FrequentConfusion, TaggedWord, UnknownWord, WrongSentence
from elman.cli.commands import errors
from elman.viz import errors_html as errors_page

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

HOSTILE = "<script>alert('&')</script>\"\u202e\x07"


def hostile(words: int = 1) -> ErrorAnalysis:
    """All that is text is hostile."""
    plain = TaggedWord("fine", "N", "N", 0.9, True, 3)
    long = tuple([plain] * 40)
    sentence = WrongSentence(HOSTILE, (*long, TaggedWord(HOSTILE, HOSTILE, "V", 0.999, False, 4), *long))
    made = WrongSentence("", (TaggedWord("x" * 50, "N", "V", 0.5, True, None),))
    return ErrorAnalysis(
        column=HOSTILE,
        tokens=10,
        correct=8,
        unknown_tokens=1,
        unknown_correct=0,
        sentences=(sentence, made),
        confusions=(FrequentConfusion(HOSTILE, HOSTILE, 2, ((HOSTILE, 2), ("x", 1))),),
        unknown=(UnknownWord(HOSTILE, 3, 2, HOSTILE, HOSTILE),),
    )


class Checker(HTMLParser):
    """Holds that elements are closed in order and that nothing comes from elsewhere."""

    VOID = {"meta"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.ids: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "img", "iframe", "object")
        for name, value in attrs:
            assert not name.startswith("on") and "://" not in (value or "")
            if name == "id":
                self.ids.add(value or "")
            if name == "href":
                assert value and value.startswith("#")
                self.links.add(value[1:])
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def checked(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == [] and checker.links <= checker.ids
    assert page.startswith("<!DOCTYPE html>\n") and "url(" not in page and "@import" not in page
    return checker


def test_the_page_escapes_everything() -> None:
    page = errors_page.page(hostile(), HOSTILE, HOSTILE)
    checker = checked(page)
    assert "<script" not in page and "\u202e" not in page and "\x07" not in page
    assert checker.text.count("<script>alert('&')</script>\"\\u202e\\x07") >= 8
    assert "99.9 % · unknown word" in checker.text and "sentence made in Python" in checker.text


def test_the_table_of_hostile_text_has_one_line_each() -> None:
    lines = errors.report(hostile()).splitlines()
    assert not any("\x07" in line or "\u202e" in line for line in lines)
    (context,) = [line for line in lines if "[<script>" in line]
    assert "… " not in context[:6] and context.strip().startswith("…") and context.endswith("…")
    assert f"[{'x' * 33}…]" in errors.report(hostile())


def test_nothing_wrong_and_nothing_unknown() -> None:
    clean = ErrorAnalysis("tag", 3, 3, 0, 0, (), (), ())
    assert errors.report(clean) == "column tag: 0 of 3 words wrong, 100.00 % right; of 0 unknown words – right"
    checker = checked(errors_page.page(clean, "m", "g"))
    assert "100.00 %" in checker.text and "Sure, but wrong" not in checker.text
    known = ErrorAnalysis("tag", 3, 2, 0, 0, hostile().sentences, hostile().confusions, ())
    assert "unknown" not in checked(errors_page.page(known, "m", "g")).ids


def test_the_command(run: Run, model: Path, tmp_path: Path) -> None:
    gold = tmp_path / "gold.txt"
    gold.write_text("the_NOUN dog_NOUN ._PUNCT\nthe_DET xyz_VERB xyz_VERB\n", encoding="utf-8")
    result = run("errors", model, gold, "--html", tmp_path / "e.html")
    assert result.returncode == 0 and result.stderr.startswith(f"elman: {gold} read as word_tag".encode())
    text = result.stdout.decode()
    assert text.startswith("column tag: 3 of 6 words wrong, 50.00 % right; of 2 unknown words 0.00 % right\n\nsure, ")
    assert re.search(rf" % +NOUN +DET +{re.escape(str(gold))}:1\n    \[the\] dog \.\n", text)
    assert re.search(r"^VERB +\S+ +2 +66\.7 % +xyz \(2\)$", text, re.MULTILINE)
    assert re.search(r"^xyz +2 +2 +VERB +\S+$", text, re.MULTILINE)
    page = checked((tmp_path / "e.html").read_text(encoding="utf-8"))
    assert "Errors of frequent.model on gold.txt" in page.text
    again = run("errors", model, gold, "--html", tmp_path / "f.html", "--json", "--top", 1)
    found = json.loads(again.stdout)
    assert (found["accuracy"], len(found["sentences"]), len(found["confusions"]), len(found["unknown"])) == (
        0.5,
        1,
        1,
        1,
    )
    assert found["sentences"][0]["line"] == 1 and found["confusions"][0]["words"] == [{"word": "xyz", "count": 2}]


def test_a_column_of_several(run: Run, tmp_path: Path, refused: Refused) -> None:
    gold = tmp_path / "gold.conllu"
    gold.write_text("1\tdog\t_\tNOUN\tNN" + "\t_" * 5 + "\n\n", encoding="utf-8")
    settings = [part for key in ("hidden=4", "epochs=1", "ensemble=1") for part in ("--set", key)]
    assert run("train", gold, "-o", tmp_path / "m", "--target", "upos,xpos", *settings).returncode == 0
    assert run("errors", tmp_path / "m", gold).stdout.startswith(b"column upos: 0 of 1 words wrong")
    assert run("errors", tmp_path / "m", gold, "--target", "xpos").stdout.startswith(b"column xpos: ")
    assert "one label column" in refused("errors", tmp_path / "m", gold, "--target", "upos,xpos")
    assert "expected the name of a page, that ends in .html" in refused(
        "errors", tmp_path / "m", gold, "--html", tmp_path / "page.csv"
    )
    same = gold.rename(tmp_path / "gold.html")
    assert "written over" in refused("errors", tmp_path / "m", same, "--html", same)
    assert "no folder" in refused("errors", tmp_path / "m", gold, "--html", tmp_path / "nowhere" / "e.html")


@pytest.mark.parametrize("text", ["", "\n", "the dog\n"])
def test_no_gold_no_accuracy(refused: Refused, model: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "gold").write_text(text, encoding="utf-8")
    assert str(tmp_path / "gold") in refused("errors", model, tmp_path / "gold")
