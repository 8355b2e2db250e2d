"""``elman.search``: rungs, the best trial, going on, other tasks."""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import elman
from elman.errors import ConfigError, DataError
from elman.scale.cluster import open_cluster
from elman.training import progress
from made_up import two_columns

TINY: dict[str, Any] = {"hidden": 4, "epochs": 9, "ensemble": 1, "embedding": 4, "feature_embedding": 4}
SPACE = {"hidden": [2, 4, 8], "learning_rate": {"low": 0.001, "high": 0.1, "log": True}}


def sentences(n: int, seed: int) -> list[elman.Sentence]:
    return [elman.Sentence(tuple(words), {"pos": tuple(tags)}) for words, tags, _ in two_columns(n, seed)]


TRAIN, DEV = sentences(40, 1), sentences(20, 2)


def search(train: Any = TRAIN, dev: Any = DEV, **how: Any) -> elman.SearchResult:
    usual: dict[str, Any] = {"settings": TINY, "space": SPACE, "on_warning": lambda text: None, "threads": 1}
    return elman.search(train, dev, **{**usual, **how})


def without_times(path: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [{name: value for name, value in line.items() if "seconds" not in name} for line in lines]


def test_rungs_of_successive_halving(tmp_path: Path) -> None:
    said: list[str] = []
    found = search(trials=20, on_progress=said.append)
    assert Counter(each.rung for each in found.outcomes) == {"1/9": 19, "1/3": 5, "1": 2}
    assert {each.rung: each.epochs for each in found.outcomes} == {"1/9": 1, "1/3": 3, "1": 9}
    by_rung = {rung: [each for each in found.outcomes if each.rung == rung] for rung in ("1/9", "1/3", "1")}
    assert by_rung["1"][0].trial == 1 and by_rung["1"][0].settings == {}
    for lower, higher in (("1/9", "1/3"), ("1/3", "1")):
        best = sorted(by_rung[lower], key=lambda each: (-(each.score or 0), each.trial))
        went_on = {each.trial for each in by_rung[higher]} - {1}
        assert went_on == {each.trial for each in best[: len(went_on)]}
    assert said[0] == "trial 1 of 20, in full" and said[1].startswith("trial 2 of 20, 1 of 9 epochs, best so far ")
    assert len(said) == len(found.outcomes)


def test_random_search_trains_all_in_full_and_the_best_is_made_again() -> None:
    found = search(trials=4, method="random")
    assert [each.trial for each in found.outcomes] == [1, 2, 3, 4] and all(each.is_full for each in found.outcomes)
    assert found.best.score == max(each.score or 0 for each in found.outcomes)
    assert 0 < found.error < 0.1
    again = elman.train(TRAIN, DEV, model="rnn", settings=found.settings, threads=2, on_warning=lambda text: None)
    assert again.data["dev_accuracy"] == found.best.score


def test_the_same_for_any_threads_and_another_for_another_seed() -> None:
    one, two = (search(trials=5, threads=threads) for threads in (1, 2))
    facts = [[(each.trial, each.rung, each.settings, each.score) for each in found.outcomes] for found in (one, two)]
    assert facts[0] == facts[1]
    other = search(trials=5, seed=2)
    assert [each.settings for each in other.outcomes] != [each.settings for each in one.outcomes]


def test_trials_in_processes_are_the_same(tmp_path: Path) -> None:
    here, there, said, more = tmp_path / "here", tmp_path / "there", list[str](), list[str]()
    options: dict[str, Any] = {"trials": 8}
    expected = search(**options, results=here, on_progress=said.append)
    with open_cluster("local:2") as cluster:
        found = search(**options, results=there, on_progress=more.append, map=cluster.ordered)
        assert without_times(there) == without_times(here) and more[0] == said[0] and len(more) == len(said)
        assert found.settings == expected.settings
        search(**options, results=there, on_progress=more.append, map=cluster.ordered)
        assert len(more) == len(said)  # nothing was trained again
    assert {each.rung for each in found.outcomes} == {"1/9", "1/3", "1"}


def test_more_trials_go_on_from_the_same_results(tmp_path: Path) -> None:
    path, said = tmp_path / "r.jsonl", list[str]()
    search(trials=3, results=path)
    before = without_times(path)
    search(trials=5, results=path, on_progress=said.append)
    after = without_times(path)
    assert after[: len(before)] == before and len(after) == len(before) + len(said)
    said.clear()
    search(trials=5, results=str(path), on_progress=said.append)
    assert said == [] and without_times(path) == after


@pytest.mark.parametrize("k", [1, 42, 93, 100])
def test_stopped_within_a_training_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, k: int) -> None:
    """In the first training, in a drawn one, in the last trial, in that of the model; no step is made twice."""
    monkeypatch.setattr(progress, "time", SimpleNamespace(perf_counter=partial(next, itertools.count(0.0))))
    whole, stopped, steps = tmp_path / "whole.jsonl", tmp_path / "stopped.jsonl", list[progress.Progress]()
    found = search(trials=4, results=whole, output=tmp_path / "a.model", on_step=steps.append)
    assert found.model is not None
    n_steps = len(steps)

    def stop(event: progress.Progress) -> None:
        steps.append(event)
        if len(steps) == k:
            raise KeyboardInterrupt

    steps.clear()
    with pytest.raises(KeyboardInterrupt):
        search(trials=4, results=stopped, output=tmp_path / "b.model", on_step=stop)
    assert sorted(os.listdir(tmp_path)) == ["a.model", "stopped.jsonl", "stopped.jsonl.checkpoint", "whole.jsonl"]
    before = without_times(stopped)
    search(trials=4, results=stopped, output=tmp_path / "b.model", on_step=steps.append, threads=2)
    assert without_times(stopped) == without_times(whole) and without_times(stopped)[: len(before)] == before
    assert (tmp_path / "a.model").read_bytes() == (tmp_path / "b.model").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["a.model", "b.model", "stopped.jsonl", "whole.jsonl"]
    assert len(steps) == n_steps


def test_the_checkpoint_of_another_training_is_not_used(tmp_path: Path) -> None:
    path, steps = tmp_path / "r.jsonl", itertools.count(1)

    def stop(event: progress.Progress) -> None:
        if next(steps) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(trials=2, results=path, on_step=stop)
    path.unlink()
    other = search(trials=2, results=path, seed=2)
    alone = search(trials=2, seed=2)
    assert [each.score for each in other.outcomes] == [each.score for each in alone.outcomes]
    assert os.listdir(tmp_path) == ["r.jsonl"]


def test_what_has_changed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    search(trials=1, results=path)
    for change, names in (
        ({"train": TRAIN[1:]}, "train"),
        ({"dev": DEV[1:], "seed": 3}, "dev, seed"),
        ({"space": {"hidden": [2, 4]}}, "space"),
        ({"settings": {**TINY, "epochs": 8}}, "settings"),
        ({"preset": "fast"}, "settings"),
    ):
        with pytest.raises(ConfigError, match=f"holds a search with other {names}; name another file"):
            search(trials=1, results=path, **change)


@pytest.mark.parametrize("how", [{}, {"map": map}], ids=["here", "elsewhere"])
def test_settings_that_fail_are_kept_as_failed(how: dict[str, Any]) -> None:
    texts = [("good film", "pos"), ("bad film", "neg")] * 5
    found = search(texts, "20%", trials=4, space={"pooling": ["none", "max"], "text_ngrams": ["none", "words"]}, **how)
    failed = [each for each in found.outcomes if each.score is None]
    assert len(failed) == 1 and "a document label needs one of the two" in failed[0].shown
    assert found.ranking[-1] is failed[0] and found.best.score is not None
    with pytest.raises(ConfigError, match="bptt: expected cell=elman"):
        search(trials=2, settings={**TINY, "bptt": 2})


@pytest.mark.parametrize(
    ("task", "data", "metric"),
    [
        (None, [("good film", "pos"), ("bad film", "neg")] * 5, "accuracy"),
        ("regress", [elman.Sentence(tuple("123"), {"y": tuple("246")})] * 9, "R²"),
        ("lm:unit=characters", None, "perplexity"),
        ("pipeline", "conllu", "accuracy"),
        ("lemma", "conllu", "accuracy"),
    ],
)
def test_every_kind_of_task(task: str | None, data: Any, metric: str, tmp_path: Path) -> None:
    if data is None:
        data = tmp_path / "text.txt"
        data.write_text("the dog barks\na cat sleeps\n" * 20, encoding="utf-8")
    elif data == "conllu":
        data = tmp_path / "t.conllu"
        words = "".join(f"{i}\t{w}\t{w}\tX\t_\t_\t{i - 1}\tdep\t_\t_\n" for i, w in enumerate(("a", "dog", "barks"), 1))
        data.write_text(f"# text = a dog barks\n{words}\n" * 20, encoding="utf-8")
    dev, settings = data if task == "pipeline" else "20%", {"hidden": 4, "epochs": 3}
    found = search(data, dev, task=task, trials=3, space=None, settings=settings, results=tmp_path / "r.jsonl")
    assert found.metric == metric and len({each.trial for each in found.outcomes}) == 3
    assert all(each.score is not None for each in found.outcomes)
    how: dict[str, Any] = {"task": task, "threads": 1, "on_warning": lambda text: None}
    again = elman.train(data, dev, model="rnn", settings=found.settings, **how)
    assert again.data["dev_accuracy"] == found.best.score


def test_several_columns_and_files(tmp_path: Path) -> None:
    file, rows = tmp_path / "t.tsv", TRAIN[0]
    file.write_text("".join(f"{w}\t{t}\t{t}x\n" for w, t in zip(rows.words, rows.columns["pos"], strict=True)) + "\n")
    file.write_text(file.read_text() * 10)
    notes: list[str] = []
    found = search(str(file), "20%", trials=2, target="2,3", on_note=notes.append)
    assert len(found.outcomes) == 3 or len(found.outcomes) == 4
    assert notes[0].startswith(f"{file} read as columns") and notes[1].startswith("held out for dev: every 5th")


def test_a_table_is_read_as_elman_train_reads_it() -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table(
        {"tokens": [["a", "dog"], ["the", "cat"]] * 5, "tags": [["D", "N"]] * 10, "other": [["x", "y"]] * 10}
    )
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())  # can be read once
    assert search(reader, "20%", trials=2).outcomes[0].score == search(table, "20%", trials=2).outcomes[0].score


def test_pipes_and_other_arguments_are_refused() -> None:
    with pytest.raises(DataError, match="standard input: a pipe can be read once only"):
        search("-")
    for change, message in (
        ({"method": "grid"}, "method: expected halving or random, got 'grid'"),
        ({"trials": 0}, "trials: expected a whole number from 1 to 10,000"),
        ({"space": {}}, "space: no settings to search"),
        ({"space": 3}, "space: expected the path of a TOML file or a dict"),
        ({"dev": None}, "dev: expected a path"),
        ({"space": {"bptt": [1, 2]}}, "space: its settings contradict"),
    ):
        with pytest.raises(ConfigError, match=message):
            search(**change)
