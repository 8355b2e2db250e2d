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
    sentence = WrongSentence(
        HOSTILE, (*long, TaggedWord(HOSTILE, HOSTILE, "V", 0.999, False, 4), *long), 40, 3, ((HOSTILE, 5), (HOSTILE, 6))
    )
    made = WrongSentence("", (TaggedWord("x" * 50, "N", "V", 0.5, True, None),), 0)
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
    assert f"[{'x' * 19}…{'x' * 18}]" in errors.report(hostile())


def test_nothing_wrong_and_nothing_unknown() -> None:
    clean = ErrorAnalysis("tag", 3, 3, 0, 0, (), (), ())
    assert errors.report(clean) == "column tag: 0 of 3 words wrong, 100.00 % right; no unknown words"
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
    assert re.search(rf" % +1  NOUN +DET\n    \[the\] dog \.\n    {re.escape(str(gold))}:1\n", text)
    assert re.search(rf" % +2  VERB +\S+\n    the \[xyz\] xyz\n    {re.escape(str(gold))}:2, 2\n", text)
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


LONG = ("StreetNamePostDirectional", "StreetNamePreDirectional", "StreetName")


def of_tags(*tags: str, words: tuple[str, ...] = ("a", "b", "c")) -> ErrorAnalysis:
    """Each tag is mistaken for the next, with words to match."""
    pairs = list(zip(words, tags, (*tags[1:], tags[0]), strict=True))
    found = [TaggedWord(word, gold, given, 0.9, False, i) for i, (word, gold, given) in enumerate(pairs, 1)]
    return ErrorAnalysis(
        *("tag", 9, 6, 3, 0),
        sentences=tuple(WrongSentence("f", tuple(found), i) for i in range(len(found))),
        confusions=tuple(FrequentConfusion(gold, given, 1, ((word, 1),)) for word, gold, given in pairs),
        unknown=tuple(UnknownWord(word, 1, 1, gold, given) for word, gold, given in pairs),
    )


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_tags_that_differ_are_never_shown_alike(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = errors.report(of_tags(*LONG))
    shown = {line.split()[4] for line in text.splitlines() if line.lstrip().startswith("90.00 %")}
    assert len(shown) == 3
    assert all(text.count(tag) >= 6 for tag in LONG) or columns < 80
    prefix, suffix = "B-" + "x" * 50, "y" * 50
    text = errors.report(of_tags(f"{prefix}1{suffix}", f"{prefix}2{suffix}", "B-"))
    assert f"{prefix}1{suffix}" in text and f"{prefix}2{suffix}" in text
    cut = errors.report(of_tags(f"1{suffix}", f"2{suffix}", "B-"))
    assert ("…" in cut) == (columns < 200) and f"1{'y' * 5}" in cut and f"2{'y' * 5}" in cut


@pytest.mark.parametrize(
    "words", [("東京都", "กรุงเทพฯ", "x"), ("e\u0301", "हिन्दी", "👍🏽"), ("한국어", "ｗｉｄｅ", "a")]
)
def test_columns_are_aligned_by_display_width(words: tuple[str, str, str]) -> None:
    from elman.utils.text_width import cells

    def ends(lines: list[str], number: str) -> set[int]:
        return {cells(line[: line.index(number)]) for line in lines}

    lines = errors.report(of_tags("東京", "N", "กริยา", words=words)).splitlines()
    confusions = next(i for i, line in enumerate(lines) if "of errors" in line) + 1
    assert len(ends(lines[confusions : confusions + 3], "33.3 %")) == 1
    assert len(ends(lines[-3:], "1 ")) == 1
    for rows in (lines[3:12:3], lines[-3:]):  # all columns before the last are equally wide
        assert len({cells(line) - cells(line.split()[-1]) for line in rows}) == 1


def test_one_row_for_each_kind_of_error(run: Run, model: Path, tmp_path: Path) -> None:
    gold = tmp_path / "gold.txt"
    gold.write_text("the_NOUN dog_NOUN ._PUNCT\n" * 20, encoding="utf-8")
    lines = run("errors", model, gold, "--html", tmp_path / "e.html").stdout.decode().splitlines()
    assert lines[2] == "sure, but wrong  times  gold tag  predicted tag"
    assert re.fullmatch(r" +\d+\.\d\d % +20  NOUN +DET", lines[3])
    assert lines[4:7] == ["    [the] dog .", f"    {gold}:1, 2, 3, 4, 5 and 15 more", ""]
    page = checked((tmp_path / "e.html").read_text(encoding="utf-8"))
    assert f"20 times · {gold}:1, 2, 3, 4, 5 and 15 more · 1 wrong of 3 words" in page.text
    (one,) = json.loads(run("errors", model, gold, "--json").stdout)["sentences"]
    assert (one["count"], one["at"], one["line"], len(one["others"])) == (20, 0, 1, 4)


def test_every_table_scrolls_in_a_box() -> None:
    page = errors_page.page(of_tags(*(tag * 9 for tag in LONG)), "m", "g")
    assert page.count("<table>") == page.count('<div class="box"><table>') == 2
    assert ".box, .wide { overflow-x: auto; }" in page
    assert "overflow-wrap: anywhere; min-width: 11rem" in page  # tags are broken before the table is too wide


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


def test_gold_tags_that_the_model_does_not_have(run: Run, model: Path, tmp_path: Path) -> None:
    gold = tmp_path / "text.txt"
    gold.write_text("the dog\n\na cat\n", encoding="utf-8")  # two lines of text, read as words with tags
    done = run("errors", model, gold)
    assert f"warning: {gold}: column 2: the model has none of its tags, such as 'cat'; --target" in done.stderr.decode()
    gold.write_text("the_NOUN dog_X\n", encoding="utf-8")
    assert b"none of its tags" not in run("errors", model, gold).stderr
