"""``elman check``."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from elman.data.checks import CHECKS

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

CLEAN = "the_D cat_N sleeps_V\na_D dog_N barks_V\nthe_D dog_N sleeps_V\n"
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "check.md"


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A folder with train.txt and test.txt, of which four sentences of test also occur in train, and more."""
    (tmp_path / "train.txt").write_text(
        "".join(f"w{i}_X the_Y\n" for i in range(8)) + "w1_X the_Z\nlong\u00a0word_X\nw\u3000_X\n", encoding="utf-8"
    )
    (tmp_path / "test.txt").write_text("".join(f"w{i}_X the_Y\n" for i in range(6)) + "new_Q\n", encoding="utf-8")
    return tmp_path


def test_nothing_wrong(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(CLEAN, encoding="utf-8")
    result = run("check", tmp_path / "a.txt")
    text = result.stdout.decode()
    assert result.returncode == 0
    assert "\n0 errors, 0 warnings, 8 notes\n" in text
    assert re.search(r"^a\.txt +3 +9 +6$", text, re.MULTILINE)
    assert "\nnote    the longest sentence has 3 words\n" in text
    assert "column tag: 3 tags\n" in text
    assert re.search(r"^D +3 +33.33 %$", text, re.MULTILINE)
    assert result.stderr.decode().startswith(f"elman: {tmp_path}/a.txt read as word_tag, tags in column tag: ")


def test_what_is_wrong(run: Run, bad: Path) -> None:
    result = run("check", "train.txt", "--test", "test.txt", cwd=bad)
    text = result.stdout.decode()
    assert result.returncode == 1
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert re.search(r"^6 errors, \d+ warnings, \d+ notes$", text, re.MULTILINE)
    assert "error   6 of 7 test sentences also occur in train (85.7 %)" in lines
    assert "  test.txt:1: “w0 the” also occurs in train – see train.txt:1" in lines
    assert "  and 1 more (--all shows all)" in lines
    assert "  test.txt:2: “w1 the” also occurs in train – see train.txt:2 and 1 more" in lines
    assert "  train.txt:9: “the” is Z here, Y elsewhere: “w1 the” – see line 2 and 1 more" in lines
    assert "warning 1 tag that train lacks (column tag)" in lines
    assert "  train.txt:11: the word “w\\u3000” holds U+3000 IDEOGRAPHIC SPACE (note)" in lines
    assert text.index("error   ") < text.index("warning ") < text.index("note    ")
    assert lines[-2].startswith("nothing found: ")
    everything = run("check", "train.txt", "--test", "test.txt", "--all", cwd=bad).stdout.decode()
    assert "more (--all" not in everything
    assert everything.count("also occurs in train") == 6
    assert result.stderr.decode().startswith("elman: train, dev and test told apart by the names of the files")


def test_colours_for_a_terminal_only(run: Run, bad: Path) -> None:
    assert b"\x1b" not in run("check", bad).stdout


def test_json(run: Run, bad: Path) -> None:
    result = run("check", bad / "train.txt", "--test", bad / "test.txt", "--json")
    record = json.loads(result.stdout)
    assert result.returncode == 1
    assert record["summary"]["error"] == 6
    assert [finding["line"] for finding in record["findings"] if finding["check"] == "leak"] == [1, 2, 3, 4, 5, 6]
    assert record["splits"]["test"]["files"] == [str(bad / "test.txt")]
    (bad / "train.txt").write_text(CLEAN, encoding="utf-8")
    assert run("check", bad / "train.txt", "--json").returncode == 0


def test_many_files_many_tags(run: Run, tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.txt").write_text(
            "".join(f"{name}{i}_T{i}\n" for i in range(20)) + f"x_B-{name} {name}_N\n", encoding="utf-8"
        )
    text = run("check", tmp_path).stdout.decode()
    assert re.search(r"^tag +all files$", text, re.MULTILINE)
    assert "and 13 rarer (--all shows all)" in text
    assert "   not in a.txt\n" in text
    assert re.search(r"^b\.txt +21 +22 +22 +21 words, 95.45 %$", text, re.MULTILINE)


def test_schemes_are_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a_B-x b_I-x\nc_O\n", encoding="utf-8")
    (tmp_path / "dev.txt").write_text("a_I-x b_I-x c_B-x d_I-x\n", encoding="utf-8")
    text = run("check", tmp_path / "train.txt").stdout.decode()
    assert "column tag: 3 tags, IOB2\n" in text
    text = run("check", tmp_path).stdout.decode()
    assert "column tag: 3 tags, train IOB2; dev IOB1\n" in text


def test_standard_input(run: Run) -> None:
    result = run("check", "-", stdin=b"a_X\n\xc3\xa9_Y b_X\n")
    assert result.returncode == 0
    assert b"2 tags" in result.stdout


def test_refused(refused: Refused, tmp_path: Path) -> None:
    assert "expected a FILE, or --train, --dev, --test; see elman check --help" in refused("check")
    assert "cannot be read" in refused("check", tmp_path / "none.txt")
    (tmp_path / "a.txt").write_bytes(b"a_X\n\xff_X\n")
    assert f"{tmp_path}/a.txt:2: byte 0xFF" in refused("check", tmp_path / "a.txt")
    (tmp_path / "b.txt").write_text("a_X\n", encoding="utf-8")
    (tmp_path / "c.conllu").write_text("1\ta\tb" + "\t_" * 7 + "\n\n1\tit\t" + "\t_" * 7 + "\n\n")
    assert "c.conllu:3: no tag: column lemma is empty" in refused("check", tmp_path / "c.conllu")
    assert "no column 'x'" in refused("check", tmp_path / "b.txt", "--target", "x")
    assert "format: 'odd' does not exist" in refused("check", tmp_path / "b.txt", "--format", "odd")


def test_very_many_findings(run: Run, tmp_path: Path) -> None:
    """Time that grows with the square of their number would be minutes here."""
    n = 100_000
    (tmp_path / "a.txt").write_text("\x85_A\n" * n, encoding="utf-8")
    said = run("check", "a.txt", "--all", cwd=tmp_path).stdout
    assert said.count(b"  a.txt:") >= n


def test_bytes_of_another_encoding(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("é_X\n".encode() + b"caf\xe9_X\n")
    result = run("check", "a.txt", cwd=tmp_path)
    assert result.returncode == 1
    assert "the word “caf\\xe9” holds bytes that are not" in result.stdout.decode()
    findings = json.loads(run("check", tmp_path / "a.txt", "--json").stdout)["findings"]
    assert findings[0]["details"]["word"] == "caf\\xe9"
    assert "caf\udce9" in [finding["details"].get("word") for finding in findings]


def test_the_page_names_every_check() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (error|warning|note)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name, _ in rows] == list(CHECKS)


def test_the_example_of_the_page(run: Run, shared_data: Path) -> None:
    (shown,) = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    result = run("check", "train.tsv", "test.tsv", cwd=shared_data / "other" / "addr_usaddress")
    assert result.stdout.decode() == shown


def test_tags_that_are_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("a\tB-x\nb\tI-x\nc\tO\n\n" * 5 + "a\tO\nb\t_\n", encoding="utf-8")
    report = run("check", tmp_path / "t.tsv", "--json")
    messages = [finding["message"] for finding in json.loads(report.stdout)["findings"]]
    assert any("column 2: 1 of 17 words have the tag _, which is learned and scored" in message for message in messages)
    (tmp_path / "b.tsv").write_text("a\tB-\nb\tI-\nc\tO\n\n" * 5, encoding="utf-8")
    report = run("check", tmp_path / "b.tsv")
    assert report.returncode == 1
    assert "B- at the beginning of a sentence is no IOB2: it has no type" in " ".join(report.stdout.decode().split())


def test_all_columns_and_trees_of_conllu(run: Run, tmp_path: Path) -> None:
    rows = [
        ("Cats", "cat", "NOUN", "NNS", "Number=Plur", "2", "nsubj"),
        ("ran", "run", "VERB", "_", "Tense=Past", "0", "root"),
        ("home", "home", "ADV", "_", "_", "2", "advmod"),
    ]
    text = "".join("\t".join([str(i), *row, "_", "_"]) + "\n" for i, row in enumerate(rows, 1)) + "\n"
    circle = text.replace("\t2\tnsubj", "\t3\tnsubj").replace("\t2\tadvmod", "\t1\tadvmod").replace("Cats", "Dogs")
    (tmp_path / "train.conllu").write_text(text + circle, encoding="utf-8")
    result = run("check", "train.conllu", cwd=tmp_path)
    assert result.returncode == 1
    assert "tags in columns upos, xpos, feats, lemma, head, deprel: " in result.stderr.decode()
    out = result.stdout.decode()
    assert (
        "error   1 sentence of 2 whose heads form no tree\n  train.conllu:5: the heads go in a circle: 1 -> 3 -> 1;"
        in out
    )
    for name, shown in (("upos", True), ("deprel", True), ("feats", True), ("lemma", False), ("head", False)):
        assert (f"\ncolumn {name}: " in out) == shown
    assert run("check", "train.conllu", "--target", "upos", cwd=tmp_path).returncode == 0
    assert "\ncolumn lemma: " in run("check", "train.conllu", "--target", "lemma", cwd=tmp_path).stdout.decode()
    # a second file without lemmas has the columns of the first
    (tmp_path / "dev.conllu").write_text(
        text.replace("\tcat\t", "\t_\t").replace("ran\trun", "ran\t_"), encoding="utf-8"
    )
    found = json.loads(run("check", "train.conllu", "dev.conllu", "--json", cwd=tmp_path).stdout)
    assert list(found["columns"]) == ["upos", "xpos", "feats", "deprel"]
    assert [finding["line"] for finding in found["findings"] if finding["check"] == "tree"] == [5]
