"""``elman learn``."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.commands.test_errors import Checker

import elman
from elman.cli.reports import learn as reports
from elman.data.correction import Correction
from elman.learn.changes import Change, ColumnChange, Flip, TagChange
from elman.learn.report import Earlier, Outcome, UpdateReport
from elman.viz import learn_html
from made_up import two_columns

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

SMALL = ["--set", "hidden=12", "--set", "embedding=8", "--set", "feature_embedding=8", "--set", "ensemble=1"]


def word_tag(rows: list[tuple[list[str], list[str], list[str]]]) -> str:
    return "".join(" ".join(f"{w}_{t}" for w, t in zip(words, tags, strict=True)) + "\n" for words, tags, _ in rows)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    folder = tmp_path_factory.mktemp("learn")
    (folder / "train.txt").write_text(word_tag(two_columns(100, seed=3)))
    (folder / "dev.txt").write_text(word_tag(two_columns(40, seed=4)))
    (folder / "corrections.tsv").write_text("the\tD\nglimmer\tX\nsees\t_\n\n")
    (folder / "wrong.txt").write_text(word_tag([(words, ["P"] * len(words), []) for words, _, _ in two_columns(60, 5)]))
    done = run("train", "train.txt", "--dev", "dev.txt", "-o", "my.model", "--keep-replay", "20", *SMALL, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "work")
    return tmp_path / "work"


def test_a_corrected_sentence_is_learned(run: Run, folder: Path) -> None:
    arguments = ["learn", "my.model", "corrections.tsv", "--replay", "train.txt", "--heldout", "dev.txt"]
    done = run(*arguments, "-o", "new.model", "--html", "page.html", cwd=folder)
    assert done.returncode == 0, done.stderr
    out = done.stdout.decode()
    assert "corrections                           0 of 1            1 of 1            1 of 1" in out
    assert "held-out: 40 sentences" in out and "95 % interval" in out and "replayed: " in out
    assert "new words: glimmer\nnew labels of tag: X\n" in out and "new.model  " in out
    new, old = elman.load(folder / "new.model"), (folder / "my.model").read_bytes()
    assert new.history.parent == hashlib.sha256(old).hexdigest()
    assert new.history.corrections == (Correction(("the", "glimmer", "sees"), {"tag": ("D", "X", None)}),)
    assert len(new.history.replay) == 20
    Checker().feed((folder / "page.html").read_text(encoding="utf-8"))
    again = run(*arguments, "-o", "again.model", "--json", "--threads", "2", cwd=folder)
    record = json.loads(again.stdout)
    assert (record["learned"], record["written"], record["retrain"]) == (1, True, None)
    assert (folder / "again.model").read_bytes() == (folder / "new.model").read_bytes()


def test_the_model_on_standard_output(run: Run, refused: Refused, folder: Path) -> None:
    done = run("learn", "my.model", "-", "-o", "-", stdin=(folder / "corrections.tsv").read_bytes(), cwd=folder)
    assert done.returncode == 0 and b"corrections  " in done.stderr
    (folder / "new.model").write_bytes(done.stdout)
    assert len(elman.load(folder / "new.model").history.digests) == 1
    data = folder / "corrections.tsv"
    assert "standard output holds the model" in refused("learn", folder / "my.model", data, "-o", "-", "--json")


def test_inspect_shows_it(run: Run, folder: Path) -> None:
    before = run("inspect", "my.model", cwd=folder).stdout.decode()
    assert "replay       20 training sentences in the file\n" in before and "parent" not in before
    run("learn", "my.model", "corrections.tsv", "-o", "my.model", cwd=folder)
    after = run("inspect", "my.model", cwd=folder).stdout.decode()
    assert "learned      1 correction\n" in after and "\nparent       " in after
    facts = json.loads(run("inspect", "my.model", "--json", cwd=folder).stdout)
    assert (facts["history"]["corrections"], facts["history"]["replay"]) == (1, 20)


def test_the_model_in_place_one_correction_after_the_other(run: Run, folder: Path) -> None:
    assert run("learn", "my.model", "corrections.tsv", "-o", "my.model", cwd=folder).returncode == 0
    (folder / "later.tsv").write_text("the\tD\nglimmer\tY\nsees\t_\n\n")
    done = run("learn", "my.model", "later.tsv", "-o", "my.model", cwd=folder)
    assert b"later.tsv:1: column tag: 'glimmer' is 'Y', earlier 'X'; the later one stands\n" in done.stderr
    done = run("learn", "my.model", "later.tsv", "-o", "my.model", cwd=folder)
    assert b"no new correction: all were learned before" in done.stdout
    assert b"earlier corrections" in done.stdout
    assert len(elman.load(folder / "my.model").history.digests) == 2


def test_only_digests_are_kept_if_asked_for(run: Run, folder: Path) -> None:
    run("learn", "my.model", "corrections.tsv", "-o", "my.model", "--forget-text", cwd=folder)
    history = elman.load(folder / "my.model").history
    assert history.corrections == () and len(history.digests) == 1
    assert b"glimmer" in (folder / "my.model").read_bytes()  # it has a row, as words of training data have
    text = run("inspect", "my.model", cwd=folder).stdout
    assert b"learned      1 correction, 0 of them in the file, the others as digests" in text


def test_a_worse_model_is_not_written_unless_it_must(run: Run, folder: Path) -> None:
    arguments = ["learn", "my.model", "wrong.txt", "--replay", "wrong.txt", "--heldout", "dev.txt", "-o", "new.model"]
    done = run(*arguments, cwd=folder)
    assert done.returncode == 1 and not (folder / "new.model").exists()
    line = b"elman: significantly worse on held-out text, new.model is not written; --force writes it\n"
    assert done.stderr.endswith(line) and b"newly broken" in done.stdout and b"new.model  " not in done.stdout
    done = run(*arguments, "--force", "--json", cwd=folder)
    assert done.returncode == 0 and (folder / "new.model").exists()
    assert json.loads(done.stdout)["worse"] is True


def test_retraining(run: Run, folder: Path) -> None:
    arguments = ["learn", "my.model", "corrections.tsv", "-o", "new.model", "--retrain"]
    done = run(*arguments, "--replay", "train.txt", "--heldout", "dev.txt", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert b"retrained from scratch: kept\n  held-out tag accuracy " in done.stdout
    assert b"elman: retrained on 101 sentences, 1 of them from corrections\n" in done.stderr
    assert elman.load(folder / "new.model").data["sentences"] == 101
    wrong = ["--replay", "wrong.txt", "--heldout", "dev.txt", "--force", "--json"]
    record = json.loads(run(*arguments, *wrong, cwd=folder).stdout)
    assert record["retrain"]["adopted"] is False
    assert record["retrain"]["heldout"]["columns"]["tag"]["worse"] is True


def test_evaluate_and_compare_warn_of_learned_sentences(run: Run, folder: Path) -> None:
    (folder / "gold.txt").write_text("the_D glimmer_X sees_V\nthe_D saw_N sees_V\n")
    run("learn", "my.model", "corrections.tsv", "-o", "new.model", cwd=folder)
    warning = "gold.txt: 1 sentence that {} has learned as corrections; its score on them is no test\n"
    done = run("evaluate", "new.model", "gold.txt", cwd=folder)
    assert warning.format("the model").encode() in done.stderr
    done = run("compare", "gold.txt", "new.model", "my.model", cwd=folder)
    assert done.stderr.decode().count("has learned") == 1 and warning.format("new.model").encode() in done.stderr
    assert b"learned" not in run("evaluate", "my.model", "gold.txt", cwd=folder).stderr


def test_refused(refused: Refused, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "short.jsonl").write_text('{"tokens": ["the", "dog"], "tags": ["D"]}\n')
    (folder / "other.jsonl").write_text('{"tokens": ["the", "dog"], "topic": "x"}\n')
    (folder / "blank.tsv").write_text("the\t_\ndog\t_\n\n")
    (folder / "empty.tsv").write_text("")
    assert "tags: expected a tag for each of 2 tokens, found 1" in refused(*learn("short.jsonl"))
    assert "expected a column of the model, tag, found topic" in refused(*learn("other.jsonl"))
    assert "blank.tsv: no label in it" in refused(*learn("blank.tsv"))
    assert "empty.tsv" in refused(*learn("empty.tsv"))
    assert "--retrain: needs --replay TRAIN" in refused(*learn("corrections.tsv"), "--retrain")
    needs = refused(*learn("corrections.tsv"), "--retrain", "--replay", "train.txt")
    assert "--retrain: needs --heldout FILE" in needs
    assert "look swapped" in refused("learn", "corrections.tsv", "my.model", "-o", "new.model")
    assert "corrections.tsv" in refused("learn", "my.model", "corrections.tsv", "-o", "corrections.tsv")
    assert "both the model and the page" in refused(*learn("corrections.tsv"), "--html", "new.model")
    assert not (folder / "new.model").exists()


def learn(path: str) -> list[str]:
    return ["learn", "my.model", path, "-o", "new.model"]


HOSTILE = "<script>alert('&')</script>\"\u202e\x07"


def hostile() -> UpdateReport:
    """All that is text is hostile."""
    column = ColumnChange("spans", 9, 0.5, 0.25, -0.5, -0.1, 0.01, 1, 2, {HOSTILE: TagChange(3, 1, 2)})
    flips = tuple(
        Flip(HOSTILE, (HOSTILE, "b"), (HOSTILE, None), (HOSTILE, "x"), ("y", HOSTILE), HOSTILE, i) for i in range(7)
    )
    change = Change({HOSTILE: column, "other": column}, flips, 9)
    outcome = Outcome(
        (HOSTILE, "b"),
        {HOSTILE: (HOSTILE, None), "intent": ("p",)},
        HOSTILE,
        3,
        predicted={HOSTILE: ("x", "y"), "intent": ("p", HOSTILE)},
    )
    return UpdateReport(
        [outcome],
        [outcome] * 7,
        Earlier([outcome], [outcome]),
        heldout=change,
        replayed=change,
        new_words=[HOSTILE] * 12,
        new_tags={HOSTILE: [HOSTILE]},
        notes=[HOSTILE],
    )


def test_report_and_page_escape_text() -> None:
    page = learn_html.page(hostile(), HOSTILE, HOSTILE)
    checker = Checker()
    checker.feed(page)
    assert "significantly worse" in page and "those that lost most" in page
    text = reports.report(hostile())
    assert "\x07" not in text and "\u202e" not in text
    assert "and 2 more" in text and "and 4 more" in text
    assert reports.retrained(False, hostile().heldout).startswith("retrained from scratch: significantly worse")
