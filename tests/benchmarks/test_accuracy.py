"""Accuracy benchmarks: sets, planned and kept runs, and the figures on the pages accuracy and accuracy-tasks."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import accuracy
import accuracy_page
import tasks
from accuracy_page import Group
from cases import sets, train_run
from elman.data.sentence import Sentence
from peers import accuracy as peer_accuracy
from peers.taggers import OTHERS

Script = Callable[..., subprocess.CompletedProcess[str]]
Cells = Callable[..., list[str]]

WIKI = sets.DATA_SETS[0]


def result(score: float = 0.9, *, seed: int = 1, date: str = "2020-01-01", **changed: Any) -> dict[str, Any]:
    """Return a result on 1,000 words, of which 100 are unknown; ``changed`` settings differ from the default ones."""
    settings = {"network": {"cell": "lstm", "hidden": 96}, "training": {"epochs": 12}}
    settings["network"] |= changed
    return {
        "set": "wiki-en",
        "setting": "default",
        "command": f"elman train … --seed {seed}",
        "key": {
            "on": "test",
            "model": "rnn",
            "data": "0",
            "settings": settings,
            "vectors": None,
            "threads": 2,
            "seed": seed,
        },
        "score": score,
        "n": 1000,
        "unknown_tokens": 100,
        "unknown_accuracy": score - 0.1,
        "seconds": 10.0,
        "cpu_seconds": 19.0,
        "tagged_words_per_second": 100_000,
        "model_bytes": 2_000_000,
        "peak_rss_mb": 99.0,
        "epochs": 12,
        "parameters": 12_345,
        "date": date,
        "commit": "0123456789ab",
        "uncommitted_changes": False,
        "machine": {"processor": "a processor", "cores": 2, "system": "Linux"},
        "versions": {"python": "3.11", "numpy": "2"},
        "kernels": {"backend": "native", "isa": "avx2"},
    }


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "page"),
    [
        (accuracy_page.PAGE, lambda: accuracy_page.page(accuracy_page.read(accuracy.RESULTS))),
        (accuracy_page.ABLATIONS, lambda: accuracy_page.ablations_page(accuracy_page.read(accuracy.RESULTS))),
        (tasks.PAGE, lambda: tasks.page(sets.TASK_SETS)),
    ],
    ids=["accuracy", "ablations", "tasks"],
)
def test_the_pages_are_made_of_the_results(path: Path, page: Callable[[], str]) -> None:
    assert path.read_text(encoding="utf-8") == page(), f"{path.name} is outdated; write it with --page"


def test_without_results_nothing_is_claimed(cells: Cells) -> None:
    text = accuracy_page.page({})
    assert cells(text, WIKI.title) == ["not measured yet", "", "96.30", "", "", "82", "", ""]


def test_figures_of_a_data_set(cells: Cells) -> None:
    seeds = [result(0.95, seed=1), result(0.96, seed=2)]
    text = accuracy_page.page({("test", "wiki-en", "default"): Group(seeds)})
    score, error, *rest = cells(text, WIKI.title)
    assert (score, error) == ("95.50 ± 0.71", f"{100 * sqrt(0.955 * 0.045 / 1000):.2f}")
    assert rest == ["96.30", "missed by 0.80", "85.50", "82", "reached", "2"]  # 95.50 + 0.66 is below the bar
    assert cells(text, f"{WIKI.title}: `default` trains in at most 15 s") == ["10.0 s", "reached"]
    assert "elman train … --seed 1 && elman evaluate MODEL" in text


def test_results_of_other_settings_than_the_newest_are_not_mixed_in() -> None:
    older = [result(0.5, seed=seed, hidden=64) for seed in (1, 2, 3)]
    group = Group([*older, result(0.9, seed=1, date="2020-01-02")])
    assert len(group.results) == 1
    assert group.score == 90.0


def test_ablations_of_another_default_are_not_shown(cells: Cells) -> None:
    def page(**changed: Any) -> str:
        default, gru = Group([result(0.9)]), Group([result(0.91, cell="gru", **changed)])
        return accuracy_page.ablations_page(
            {("dev", "wiki-en", "default"): default, ("dev", "wiki-en", "cell: gru"): gru}
        )

    assert cells(page(), "cell", "gru")[:4] == ["91.00", "+1.00", "81.00", "10.0"]
    assert cells(page(), "cell", "lstm")[0] == "as in `default`"
    assert cells(page(hidden=64), "cell", "gru")[0] == "not measured yet"


def test_pretrained_vectors_are_an_additional_ablation(cells: Cells) -> None:
    groups = {
        ("dev", "wiki-en", "default"): Group([result(0.9)]),
        ("dev", "wiki-en", "vectors: small.txt"): Group([result(0.89)]),
    }
    assert cells(accuracy_page.ablations_page(groups), "vectors", "small.txt")[:2] == ["89.00", "−1.00"]


def test_figures_of_a_task() -> None:
    lemma = next(one for one in sets.TASK_SETS if one.name == "en_ewt.lemma")
    results = [{"scores": {"accuracy": {"share": s, "of": 100}}, "seconds": s} for s in (0.94, 0.96)]
    assert tasks.row(lemma, "lemma", 97.0, results).split(" | ")[1:] == [
        *("accuracy", "95.00 ± 1.41", "2.18", "97.00", "reached", "", "2", "1 |")
    ]
    assert "not measured yet" in tasks.row(lemma, "lemma", None, [])


# --- sets ---------------------------------------------------------------------------------------------------------


def test_every_data_set_has_a_name_of_its_own_and_a_bar() -> None:
    names = [data.name for data in sets.DATA_SETS]
    assert len(set(names)) == len(names) == 13
    assert all(data.bars["default"] for data in sets.DATA_SETS)
    assert set(accuracy_page.ABLATION_SETS) <= set(names)


def test_every_data_set_can_be_read(shared_data: Path) -> None:
    from elman.data.formats import read_sentences

    for data in sets.DATA_SETS:
        for name in filter(None, (data.train, data.dev, data.test)):
            reading = read_sentences(str(shared_data / name), format=data.format)
            reading.target(data.target)
            assert next(iter(reading)).words


def test_every_task_has_files_and_names_of_its_own(shared_data: Path) -> None:
    files = [file for one in sets.TASK_SETS for file in (one.train, one.test)]
    assert all(file.is_relative_to(sets.DERIVED) or (shared_data / file).is_file() for file in files)
    assert len({one.name for one in sets.TASK_SETS}) == len(sets.TASK_SETS) == 53


def test_tasks_are_trained_by_the_command_of_their_results() -> None:
    for one in sets.TASK_SETS:
        for file in tasks.RESULTS.glob(f"{tasks.file_stem(one)}.[0-9]*.json"):
            seed = int(file.stem.rpartition(".")[2])
            training = [tasks.portable(word) for word in one.training("MODEL", seed)]
            kept = json.loads(file.read_text())
            assert kept["key"]["training"] == training
            assert {one.key(name) for name in one.measures} <= set(kept["scores"])


def test_scores_of_an_evaluation() -> None:
    assert tasks.scores({"metrics": {"LAS": {"f1": 0.8, "gold": 9}, "CLAS": {"f1": None}}}) == {"las": (0.8, 9)}
    spans = {"accuracy": 0.9, "tokens": 10, "spans": {"f1": 0.5, "gold": 4}}
    found = tasks.scores({"accuracy": 0.9, "tokens": 10, "targets": {"2": spans}})
    assert found == {"accuracy": (0.9, 10), "2": (0.9, 10), "2.spans": (0.5, 4)}
    assert tasks.scores({"accuracy": 0.9, "texts": 10, "label": "label"})["label"] == (0.9, 10)


def test_ablations_have_labels_of_their_own() -> None:
    labels = [ablation.label for ablation in sets.ABLATIONS]
    assert len(set(labels)) == len(labels)


# --- runs ---------------------------------------------------------------------------------------------------------


def test_settings_that_elman_does_not_have_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    Setting = accuracy.Setting
    wanted = [Setting("default", "default"), Setting("same", "default"), Setting("hmm", "hmm")]
    wanted += [Setting("fastest", "fastest"), Setting("depth", "default", {"depth": 2})]
    assert [setting.name for setting in accuracy.available(wanted)] == ["default", "hmm"]
    said = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[:2] for line in said] == [["not measured", "fastest"], ["not measured", "depth"]]


def test_all_ablations_exist(capsys: pytest.CaptureFixture[str]) -> None:
    settings = [accuracy.Setting(a.label, "default", a.settings) for a in sets.ABLATIONS]
    accuracy.available(settings)
    assert capsys.readouterr().err == ""


def test_a_set_is_chosen_by_the_first_part_of_its_name() -> None:
    assert accuracy.matches("en_ewt.upos", "en_ewt")
    assert not accuracy.matches("en_ewt.upos", "en")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--vectors", "nowhere.txt"], "--vectors: expected a file, and --ablations, found nowhere.txt"),
        (["--sets", "wiki-de"], "no 'wiki-de'; there are wiki-en"),
    ],
)
def test_mistakes(run: Script, arguments: list[str], message: str) -> None:
    done = run("accuracy.py", *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def small_wiki(folder: Path, text: str) -> list[object]:
    """Write wiki-en's files; return the options that measure on them."""
    for name in (WIKI.train, WIKI.test):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return ["--data", folder, "--results", folder / "results", "--sets", "wiki-en", "--seeds", "2"]


def test_a_run_is_kept_and_not_repeated(run: Script, tmp_path: Path) -> None:
    baselines = [*small_wiki(tmp_path, "the_DT dog_NN barks_VBZ\n" * 20), "--presets", "frequent,hmm"]
    done = run("accuracy.py", *baselines)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("2 runs to do\n[1/2, about ")
    assert "] wiki-en hmm seed 2: 100.00  " in done.stdout
    kept = [json.loads(path.read_text()) for path in (tmp_path / "results").rglob("*.json")]
    assert sorted(result["key"]["model"] for result in kept) == ["frequent", "hmm"]
    assert run("accuracy.py", *baselines, "--any-code").stdout.startswith("0 runs to do, 2 are done already\n")
    small_wiki(tmp_path, "the_DT dog_NN barks_VBZ\nthe_DT\n" * 10)
    assert run("accuracy.py", *baselines, "--any-code").stdout.startswith("2 runs to do\n")


def test_a_network_is_measured_on_a_held_out_tenth(tmp_path: Path) -> None:
    small_wiki(tmp_path, "the_DT dog_NN barks_VBZ\nthe_DT cat_NN sleeps_VBZ\n" * 10)
    setting = accuracy.Setting("small", "default", {"hidden": 4, "epochs": 1})
    key = {"data": "0", "elman": "1", "threads": 1, "on": "dev", "seed": 2}
    planned = accuracy.run_of(WIKI, setting, key, tmp_path, tmp_path)
    assert planned.file == tmp_path / "dev" / "wiki-en" / "small.2.json"
    found = planned.measure()
    assert found["key"]["settings"]["network"]["hidden"] == 4
    assert (found["n"], found["epochs"]) == (6, 1)  # a tenth of 20 sentences of 3 words
    assert found["seconds"] > 0 and found["model_bytes"] > 0 and found["peak_rss_mb"] > 1
    assert found["command"] == "python benchmarks/accuracy.py --ablations --sets wiki-en --seeds 2"


def test_spans_are_scored_by_their_f1() -> None:
    sentences = [SimpleNamespace(columns={"ner": ("B-X", "I-X", "O", "B-Y")})]
    tagger = SimpleNamespace(pipe=lambda sentences: [("B-X", "I-X", "B-Y", "O")])
    found = SimpleNamespace(tokens=4, accuracy=0.5, unknown_tokens=0, unknown_accuracy=None)
    assert train_run.scores(tagger, found, sentences, "ner") == {
        **vars(found), "score": 0.5, "n": 2, "precision": 0.5, "recall": 0.5
    }  # fmt: skip


def test_another_tagger_is_scored_as_elman_is() -> None:
    test = [Sentence(("a", "dog"), {"upos": ("DET", "NOUN")}), Sentence(("dogs",), {"upos": ("NOUN",)})]
    found = peer_accuracy.scores(test, "upos", [["DET", "VERB"], ["NOUN"]], {"a"}, "accuracy")
    assert found == {
        "score": 2 / 3,
        "n": 3,
        "tokens": 3,
        "accuracy": 2 / 3,
        "unknown_tokens": 2,
        "unknown_accuracy": 1 / 2,
    }
    spans = [Sentence(("Ann", "Lee", "left"), {"ner": ("B-PER", "I-PER", "O")})]
    found = peer_accuracy.scores(spans, "ner", [["B-PER", "O", "O"]], {"Ann", "Lee", "left"}, "spans")
    assert (found["score"], found["n"], found["unknown_accuracy"]) == (0.0, 1, None)


def test_the_page_marks_figures_that_were_not_measured_by_this_script(cells: Cells) -> None:
    crfsuite = accuracy_page.TOOLS.index("CRFsuite")
    assert accuracy_page._peers({})[1][0][4:][crfsuite] == "95.66 (80.8) *"
    measured = Group([result(0.95) | {"setting": "CRFsuite"}])
    row = accuracy_page._peers({("test", "wiki-en", "CRFsuite"): measured})[1][0]
    assert row[4:][crfsuite] == "95.00 (85.0)"


def test_another_tagger_that_is_not_installed_is_left_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OTHERS["NLTK"], "library", "no-such-library")
    assert accuracy.available([accuracy.Setting("NLTK", "NLTK")]) == []
    assert "not measured: NLTK: not installed; pip install no-such-library" in capsys.readouterr().err


def test_a_failed_run_is_reported_in_one_line(run: Script, tmp_path: Path) -> None:
    done = run("accuracy.py", *small_wiki(tmp_path, "the_DT dog\n"), "--presets", "hmm")
    assert done.returncode == 1
    failed, last = done.stderr.splitlines()
    assert failed.startswith(f"FAILED wiki-en hmm seed 2: {tmp_path / WIKI.train}:1: ")
    assert last == "accuracy.py: 1 of 1 runs failed"
