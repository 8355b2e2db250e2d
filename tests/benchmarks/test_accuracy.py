"""The accuracy harness: what is planned, what is kept, and that docs/accuracy.md is made of the results there are."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))  # they are scripts that import each other

import accuracy  # noqa: E402
import accuracy_page  # noqa: E402
import accuracy_plan  # noqa: E402
import accuracy_sets  # noqa: E402

WIKI = accuracy_sets.DATA_SETS[0]


def result(score: float = 0.9, *, seed: int = 1, date: str = "2020-01-01", **changed: Any) -> dict[str, Any]:
    """A result on 1,000 words, of which 100 are unknown; ``changed`` settings differ from the default ones."""
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


def line(text: str, *begins: str) -> list[str]:
    """The cells of a table's first line that begins so."""
    found = next(line for line in text.splitlines() if line.startswith("| " + " | ".join(begins)))
    return [cell.strip() for cell in found.strip("|").split("|")]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "accuracy.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_page_is_made_of_the_results() -> None:
    written = accuracy_page.PAGE.read_text(encoding="utf-8")
    assert written == accuracy_page.page(accuracy_page.read(accuracy_plan.RESULTS)), (
        "docs/accuracy.md is not what the results make; python benchmarks/accuracy.py --page"
    )


def test_without_results_nothing_is_claimed() -> None:
    text = accuracy_page.page({})
    assert line(text, WIKI.title) == [WIKI.title, "not measured yet", "", "96.30", "", "", "82", "", ""]
    assert "reached" not in text.split("## Against other tools")[1]


def test_a_row_of_the_page() -> None:
    seeds = [result(0.95, seed=1), result(0.96, seed=2)]
    text = accuracy_page.page({("test", "wiki-en", "default"): accuracy_page.Group(seeds)})
    error = 100 * sqrt(0.955 * 0.045 / 1000)
    assert line(text, WIKI.title) == [
        WIKI.title,
        "95.50 ± 0.71",
        f"{error:.2f}",
        "96.30",
        "missed by 0.80",  # 95.50 + 0.66 is below it
        "85.50",
        "82",
        "reached",
        "2",
    ]
    assert line(text, f"{WIKI.title}: `default` trains")[1:] == ["10.0 s", "reached"]
    assert "elman train … --seed 1 && elman evaluate MODEL" in text


def test_a_bar_is_reached_within_one_standard_error() -> None:
    assert accuracy_page.standard_error(0.5, 100) == 0.05
    assert accuracy_page.verdict(95.0, 0.5, 95.5) == "reached"
    assert accuracy_page.verdict(95.0, 0.4, 95.5) == "missed by 0.50"
    assert accuracy_page.verdict(95.0, 0.4, None) == ""


def test_results_of_other_settings_than_the_newest_are_not_mixed_in() -> None:
    older = [result(0.5, seed=seed, hidden=64) for seed in (1, 2, 3)]
    group = accuracy_page.Group([*older, result(0.9, seed=1, date="2020-01-02")])
    assert len(group.results) == 1
    assert group.score == 90.0


def test_ablations_of_another_default_are_not_shown() -> None:
    def groups(**changed: Any) -> dict[tuple[str, str, str], accuracy_page.Group]:
        gru = result(0.91, cell="gru", **changed)
        return {
            ("dev", "wiki-en", "default"): accuracy_page.Group([result(0.9)]),
            ("dev", "wiki-en", "cell: gru"): accuracy_page.Group([gru]),
        }

    assert line(accuracy_page.page(groups()), "cell", "gru")[2:6] == ["91.00", "+1.00", "81.00", "10.0"]
    assert line(accuracy_page.page(groups()), "cell", "lstm")[2] == "as in `default`"
    assert line(accuracy_page.page(groups(hidden=64)), "cell", "gru")[2] == "not measured yet"


def test_pretrained_vectors_are_one_more_ablation() -> None:
    groups = {
        ("dev", "wiki-en", "default"): accuracy_page.Group([result(0.9)]),
        ("dev", "wiki-en", "vectors: small.txt"): accuracy_page.Group([result(0.89)]),
    }
    assert line(accuracy_page.page(groups), "vectors", "small.txt")[2:4] == ["89.00", "−1.00"]


def test_every_data_set_has_a_name_of_its_own_and_a_bar() -> None:
    names = [data.name for data in accuracy_sets.DATA_SETS]
    assert len(set(names)) == len(names) == 13
    assert all(data.bars.default and set(data.peers) <= set(accuracy_sets.SOURCES) for data in accuracy_sets.DATA_SETS)
    assert set(accuracy_page.ABLATION_SETS) <= set(names)


def test_every_data_set_can_be_read(shared_data: Path) -> None:
    from elman.data.formats import read_sentences

    for data in accuracy_sets.DATA_SETS:
        for name in filter(None, (data.train, data.dev, data.test)):
            reading = read_sentences(str(shared_data / name), format=data.format)
            reading.target(data.target)
            assert next(iter(reading)).words


def test_ablations_have_labels_of_their_own() -> None:
    labels = [ablation.label for ablation in accuracy_sets.ABLATIONS]
    assert len(set(labels)) == len(labels)


def test_what_this_elman_does_not_have_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    Setting = accuracy_plan.Setting
    wanted = [Setting("default", "default", {}), Setting("same", "default", {}), Setting("hmm", "hmm", {})]
    wanted += [Setting("fastest", "fastest", {}), Setting("depth", "default", {"depth": 2})]
    assert [setting.name for setting in accuracy_plan.available(wanted)] == ["default", "hmm"]
    said = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[:2] for line in said] == [["not measured", "fastest"], ["not measured", "depth"]]


def test_options() -> None:
    assert accuracy.seeds("1-3,7") == [1, 2, 3, 7]
    assert accuracy.pair("hidden=64") == ("hidden", "64")
    with pytest.raises(argparse.ArgumentTypeError, match="expected KEY=VALUE, found 'hidden'"):
        accuracy.pair("hidden")
    assert accuracy.is_called("en_ewt.upos", "en_ewt")
    assert not accuracy.is_called("en_ewt.upos", "en")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "hidden=64"], "settings are chosen on dev"),
        (["--ablations", "--set", "hidden=64"], "settings are chosen on dev"),
        (["--ablations", "--only", "colour"], "--only: expected some of "),
        (["--sets", "wiki-de"], "no 'wiki-de'; there are wiki-en"),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_run_is_kept_and_not_done_again(tmp_path: Path) -> None:
    for name in (WIKI.train, WIKI.test):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("the_DT dog_NN barks_VBZ\nthe_DT cat_NN sleeps_VBZ\n" * 10, encoding="utf-8")
    trial = ["--data", tmp_path, "--results", tmp_path / "results", "--sets", "wiki-en", "--seeds", "2", "--on", "dev"]
    trial += ["--presets", "default,hmm", "--set", "hidden=4", "--set", "epochs=1", "--threads", "1"]
    done = run(*trial)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("2 runs to do\n[1/2, about ")
    assert "wiki-en default hidden=4 epochs=1 on dev: " in done.stdout

    kept = [json.loads(path.read_text()) for path in (tmp_path / "results").rglob("*.json")]
    assert sorted(result["key"]["model"] for result in kept) == ["hmm", "rnn"]
    neural = next(result for result in kept if result["key"]["model"] == "rnn")
    assert neural["key"]["settings"]["network"]["hidden"] == 4
    assert (neural["n"], neural["epochs"]) == (6, 1)  # a tenth of 20 sentences of 3 words
    assert neural["seconds"] > 0 and neural["model_bytes"] > 0 and neural["peak_rss_mb"] > 1
    assert neural["command"].startswith("python benchmarks/accuracy.py --on dev --sets wiki-en --presets default")

    assert run(*trial, "--any-code").stdout.startswith("0 runs to do, 2 are done already\n")
    (tmp_path / WIKI.train).write_text("the_DT dog_NN barks_VBZ\nthe_DT\n" * 10, encoding="utf-8")
    assert run(*trial, "--any-code", "--presets", "hmm").stdout.startswith("1 runs to do\n")


def test_a_run_that_fails_is_said_in_one_line(tmp_path: Path) -> None:
    for name in (WIKI.train, WIKI.test):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("the_DT dog\n", encoding="utf-8")
    done = run("--data", tmp_path, "--results", tmp_path, "--sets", "wiki-en", "--presets", "hmm")
    assert done.returncode == 1
    failed, last = done.stderr.splitlines()
    assert failed.startswith(f"FAILED wiki-en hmm seed 1: {tmp_path / WIKI.train}:1: ")
    assert last == "accuracy.py: 1 of 1 runs failed"
