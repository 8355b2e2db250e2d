"""Training with raw text: a base is pretrained on it, within half of the budget, and the network begins with that."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import elman
from elman.data.sentence import Sentence
from elman.errors import ConfigError
from elman.taggers import pretraining, registry
from elman.taggers.request import TrainRequest
from elman.training import self_training
from elman.training.progress import Progress
from small_language import language
from stopped import QUIET, Stopping, model_bytes

SETTINGS: dict[str, Any] = {"hidden": 4, "feature_embedding": 4, "batch": 8, "epochs": 2, "ensemble": 1}
TEXT = "".join(" ".join(words) + ".\n" for words, _ in language(60, 4))
TAGGED = "".join(" ".join(map("_".join, zip(*pair, strict=True))) + "\n" for pair in language(30, 1))
PAIRS = [list(zip(*pair, strict=True)) for pair in language(30, 1)]


@pytest.fixture
def raw(tmp_path: Path) -> str:
    (tmp_path / "raw.txt").write_text(TEXT, encoding="utf-8")
    return str(tmp_path / "raw.txt")


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretraining, "EFFORT", 500)


def trained(data: Any = PAIRS, **arguments: Any) -> Any:
    return elman.train(data, **{"settings": SETTINGS, "threads": 1, **QUIET} | arguments)


def test_it_is_a_base_and_a_training_from_there(raw: str, tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text(TAGGED, encoding="utf-8")
    own = {name: SETTINGS[name] for name in ("hidden", "feature_embedding")}
    base = elman.train(raw, task="pretrain", like=tmp_path / "train.txt", settings=own, threads=1, **QUIET)
    base.save(tmp_path / "base.model")
    rest = {name: value for name, value in SETTINGS.items() if name not in own} | {"layers": 1}
    by_hand = trained(tmp_path / "train.txt", base=tmp_path / "base.model", settings=rest)
    assert model_bytes(trained(tmp_path / "train.txt", raw=raw, settings=SETTINGS | {"layers": 1})) == model_bytes(
        by_hand
    )


def test_a_teacher_tags_raw_text(raw: str) -> None:
    notes: list[str] = []
    model = trained(raw=raw, on_note=notes.append)
    assert sum(note.startswith("a teacher of 2 layers tagged ") for note in notes) == 1
    settings = model.describe()["settings"]
    assert (settings["network"]["layers"], settings["network"]["decoder"]) == (1, "softmax")
    assert model.describe()["training"]["epochs"] == self_training.EPOCHS
    assert model.data["sentences"] == len(PAIRS)


def test_a_base_that_is_there_and_raw_text_for_a_teacher(raw: str, tmp_path: Path) -> None:
    own = {name: SETTINGS[name] for name in ("hidden", "feature_embedding")}
    labelled = [Sentence(words, {"tag": tags}) for words, tags in language(30, 1)]
    (tmp_path / "train.txt").write_text(TAGGED, encoding="utf-8")
    base = elman.train(raw, task="pretrain", like=tmp_path / "train.txt", settings=own, threads=1, **QUIET)
    base.save(tmp_path / "base.model")
    whole, notes = trained(labelled, raw=raw), []
    model = trained(labelled, raw=raw, base=tmp_path / "base.model", on_note=notes.append)
    assert model_bytes(model) == model_bytes(whole)
    assert any("a teacher of 2 layers tagged" in note for note in notes)
    with pytest.raises(ConfigError, match="raw: besides a base it is for a teacher, and there is none"):
        trained(raw=raw, base=tmp_path / "base.model", settings=SETTINGS | {"layers": 1})


@pytest.mark.parametrize("kind", ["spans", "texts", "best", "decoder"])
def test_without_a_teacher(raw: str, kind: str) -> None:
    """There is none for spans, whose rules it would not keep, for texts, and where the settings are others."""
    data: Any = PAIRS
    arguments: dict[str, Any] = {}
    if kind == "spans":
        data = [[(word, "B-X" if i % 2 else "O") for i, (word, _) in enumerate(pairs)] for pairs in PAIRS]
    elif kind == "texts":
        data = [(" ".join(word for word, _ in pairs), "XY"[i % 2]) for i, pairs in enumerate(PAIRS)]
    elif kind == "best":
        arguments["preset"] = "best"
    else:
        arguments["settings"] = SETTINGS | {"decoder": "crf"}
    notes: list[str] = []
    model = trained(data, raw=raw, on_note=notes.append, **arguments)
    assert not any("teacher" in note for note in notes)
    assert model.describe()["settings"]["network"]["layers"] == (2 if kind == "best" else 1)


def test_ctrl_c_in_the_teacher(raw: str) -> None:
    """The teacher is kept: it is a whole model."""

    def stop(event: Progress) -> None:
        if not event.part:
            raise KeyboardInterrupt

    model = trained(raw=raw, on_progress=stop)
    assert model.describe()["settings"]["network"]["layers"] == 2
    assert model.interrupted and model.describe()["training"]["epochs"] == 1


def test_ctrl_c_before_the_tagger_has_an_epoch(raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real, asked = registry.train, []
    stopped = SimpleNamespace(interrupted=True, describe=lambda: {"training": {"epochs": 0}})

    def train(request: TrainRequest) -> Any:
        asked.append(request)
        return real(request) if len(asked) < 3 else stopped  # the whole, the teacher, the tagger

    monkeypatch.setattr(registry, "train", train)
    assert trained(raw=raw).describe()["settings"]["network"]["layers"] == 2 and asked[2].silver is not None


def test_data_in_python_is_read_twice(raw: str) -> None:
    whole = model_bytes(trained(raw=[raw]))
    assert model_bytes(trained(iter(PAIRS), raw=[raw], threads=2)) == whole
    sentences = [Sentence(words, {"tag": tags}) for words, tags in language(30, 1)]
    assert trained(sentences, raw=raw).describe()["settings"]["network"]["hidden"] == 4


def test_notes_and_progress_name_the_raw_text(raw: str) -> None:
    notes: list[str] = []
    events: list[Progress] = []
    trained(raw=raw, on_note=notes.append, on_progress=events.append)
    assert any("cut into words as in the labelled data" in note for note in notes)
    assert any(note.startswith("the base knows ") for note in notes)
    parts = [event.part for event in events]
    assert parts[0] == "raw text" and parts[-1] == "" and set(parts) == {"raw text", ""}


def test_ctrl_c_while_there_is_only_a_base(raw: str) -> None:
    def stop(event: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(raw=raw, on_progress=stop)


def test_each_has_its_share_of_the_budget(raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    own, others = pretraining.train_on_text, registry.train
    monkeypatch.setattr(pretraining, "train_on_text", lambda request: asked.append(request.budget) or own(request))
    monkeypatch.setattr(registry, "train", lambda request: asked.append(request.budget) or others(request))
    settings = {name: value for name, value in SETTINGS.items() if name != "epochs"}
    model = trained(raw=raw, budget="20s", settings=settings)
    assert asked == ["20s", 10.0, 4.0, 6.0] and model.describe()["settings"]["network"]["hidden"] == 4
    asked.clear()
    trained(raw=raw, budget="20s", settings=settings | {"layers": 1})
    assert asked == ["20s", 10.0, 10.0]


@pytest.mark.parametrize("task", ["lemma", "parse", "pipeline"])
def test_other_tasks(raw: str, tmp_path: Path, task: str) -> None:
    rows = "1\tCats\tcat\tNOUN\t_\tNumber=Plur\t2\tnsubj\t_\t_\n2\tran\trun\tVERB\t_\t_\t0\troot\t_\tSpaceAfter=No\n\n"
    (tmp_path / "t.conllu").write_text(rows * 8, encoding="utf-8")
    model = trained(tmp_path / "t.conllu", task=task, raw=raw)
    assert model.describe()["settings"]["network"]["hidden"] == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "hmm", "settings": {}}, "raw: expected the model rnn with raw text, got hmm"),
        ({"task": "segment"}, "task segment: it begins with no base pretrained on raw text"),
        ({"task": "lm"}, "task lm: it begins with no base"),
        ({"preset": "tutorial"}, "embedding=1 or more"),
        ({"raw": ""}, "raw: expected the path of a file"),
        ({"raw": 3}, "raw: expected a path or a list of paths"),
    ],
)
def test_what_takes_no_raw_text(raw: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        trained(**{"raw": raw} | arguments)


def test_a_run_is_stopped_and_goes_on(raw: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the raw text and behind it; the checkpoint names the raw text, which must not change."""
    (tmp_path / "train.txt").write_text(TAGGED, encoding="utf-8")
    stopping = Stopping(monkeypatch, tmp_path)
    arguments: dict[str, Any] = {"raw": [raw], "settings": SETTINGS, "threads": 1}
    whole = stopping.run(str(tmp_path / "train.txt"), **arguments)
    assert whole == model_bytes(trained(str(tmp_path / "train.txt"), raw=raw))
    states = list(stopping.generations)
    n = len(states)
    assert {stopping.resume(states[k]) for k in range(0, n, max(1, n // 6))} == {whole}
    Path(raw).write_text("Other text, other text.\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"raw\.txt: has changed since the run"):
        stopping.resume(states[n // 2])
