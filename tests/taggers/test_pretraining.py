"""Base models: trained on raw text, saved, loaded and begun with; what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.errors import ConfigError, DataError, ModelFileError
from elman.models import file
from elman.scale.cluster import open_cluster
from elman.taggers import pretraining
from elman.taggers.base_model import BaseModel, read_base
from elman.taggers.tagger import Tagger
from elman.training import cloze_task
from elman.training.progress import Progress
from small_language import language
from stopped import QUIET, model_bytes

SMALL: dict[str, Any] = {"hidden": 4, "embedding": 4, "feature_embedding": 4, "batch": 8, "epochs": 2}
TAGGER: dict[str, Any] = {"epochs": 2, "ensemble": 1, "batch": 8}
TEXT = "".join(" ".join(words) + ".\n" for words, _ in language(60, 4))
TRAIN = [list(zip(*pair, strict=True)) for pair in language(30, 1)]


@pytest.fixture
def raw(tmp_path: Path) -> str:
    (tmp_path / "raw.txt").write_text(TEXT, encoding="utf-8")
    return str(tmp_path / "raw.txt")


@pytest.fixture
def base(raw: str, tmp_path: Path) -> str:
    path = tmp_path / "base.model"
    elman.train(raw, task="pretrain", settings=SMALL, threads=1, **QUIET).save(path)
    return str(path)


def test_a_base_is_saved_and_loaded(raw: str, base: str) -> None:
    notes: list[str] = []
    model = elman.train(raw, task="pretrain", settings=SMALL, threads=2, on_note=notes.append, **QUIET)
    assert isinstance(model, BaseModel) and not model.predicts
    assert model_bytes(model) == Path(base).read_bytes()
    loaded = elman.load(base, base=True)
    assert isinstance(loaded, BaseModel) and model_bytes(loaded) == Path(base).read_bytes()
    assert "60 sentences" in notes[0] and "." in loaded.tags
    facts = loaded.describe()
    assert facts["task"] == "pretrain" and facts["data"]["sentences"] == 60 and facts["tokenization"]["punctuation"]
    assert facts["training"]["epochs"] == 2 and facts["settings"]["network"]["ensemble"] == 1
    with pytest.raises(ModelFileError, match="a base model, which predicts nothing; elman train --from"):
        elman.load(base)


def test_workers_make_the_same_base_wherever_they_are(raw: str, base: str, tmp_path: Path) -> None:
    ends: list[tuple[int, int, float]] = []

    def see(event: Progress) -> None:
        ends.append((event.epoch, event.epochs, event.loss))

    one = elman.train(raw, task="pretrain:workers=1", settings=SMALL, **QUIET)
    assert model_bytes(one) == Path(base).read_bytes()
    here = elman.train(raw, task="pretrain:workers=2", settings=SMALL, on_progress=see, **QUIET)
    with open_cluster("local:3") as cluster:
        there = elman.train(raw, task="pretrain:workers=2", settings=SMALL, map=cluster.ordered, **QUIET)
    three = elman.train(raw, task="pretrain:workers=3", settings=SMALL, **QUIET)
    assert model_bytes(there) == model_bytes(here)
    assert len({model_bytes(model) for model in (one, here, three)}) == 3
    facts = here.describe()["training"]
    assert (facts["workers"], facts["epochs"], three.describe()["training"]["workers"]) == (2, 2, 3)
    assert [(epoch, epochs) for epoch, epochs, _ in ends] == [(1, 2), (2, 2)] and ends[1][2] < ends[0][2]
    path = tmp_path / "two.model"
    here.save(path)
    assert model_bytes(elman.load(path, base=True)) == model_bytes(here)


def test_workers_that_are_stopped_leave_the_last_whole_epoch(raw: str) -> None:
    def stop(event: Progress) -> None:
        raise KeyboardInterrupt

    found = elman.train(raw, task="pretrain:workers=2", settings=SMALL | {"epochs": 5}, on_progress=stop, **QUIET)
    assert found.interrupted and found.describe()["training"]["epochs"] == 1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"task": "pretrain:workers=2", "budget": "9s"}, "with workers it takes no budget and no checkpoint"),
        ({"task": "pretrain:workers=2", "checkpoint": "c"}, "with workers it takes no budget and no checkpoint"),
        ({"task": "pretrain:workers=64"}, "workers: expected at most one for each of the 60 sentences, got 64"),
        ({"task": "pretrain:workers=65"}, "task pretrain: workers: expected 1 to 64, got '65'"),
        ({"task": "pretrain:cluster=2"}, "task pretrain: its options are workers=1 to 64, got 'cluster=2'"),
    ],
)
def test_what_workers_cannot_do(
    raw: str, more: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        elman.train(raw, settings=SMALL | ({"epochs": 0} if "budget" in more else {}), **more, **QUIET)


def test_a_tagger_begins_with_a_base(base: str, tmp_path: Path) -> None:
    notes: list[str] = []
    arguments: dict[str, Any] = {"base": base, "settings": TAGGER, **QUIET}
    model = elman.train(TRAIN, TRAIN[:9], threads=1, on_note=notes.append, **arguments)
    assert isinstance(model, Tagger) and model_bytes(
        elman.train(TRAIN, TRAIN[:9], threads=2, **arguments)
    ) == model_bytes(model)
    assert any("begins with this base, which knows" in note for note in notes)
    settings = model.describe()["settings"]["network"]
    assert (settings["hidden"], settings["feature_embedding"], settings["embedding"]) == (4, 4, 64)
    of_base = read_base(base)
    assert model._model.to_record()[0]["features"] == list(of_base.lexicon.features.names)
    model.save(tmp_path / "m")
    words = ["the", "dog", "unheard-of"]
    assert elman.load(tmp_path / "m").tag(words) == model.tag(words)
    np.testing.assert_array_equal(model._model.parameters["vectors"][1:], of_base.parameters["embedding"][1:])
    tuned = elman.train(TRAIN, **arguments | {"settings": TAGGER | {"vectors": "tuned", "layers": 2}})
    assert tuned.describe()["settings"]["network"]["layers"] == 2


def test_vectors_stand_behind_those_of_a_base(base: str, tmp_path: Path) -> None:
    rows = {"the": "1 0 0", "dog": "0 2 0", "unheard-of": "0 0 3"}
    (tmp_path / "v.txt").write_text("".join(f"{word} {numbers}\n" for word, numbers in rows.items()), encoding="utf-8")
    arguments: dict[str, Any] = {"base": base, "vectors": tmp_path / "v.txt", "settings": TAGGER, **QUIET}
    notes: list[str] = []
    model = elman.train(TRAIN, threads=1, on_note=notes.append, **arguments)
    assert any("a vector for " in note for note in notes) and any("words of both kept" in note for note in notes)
    index, table, of_base = model._model.lexicon.vectors, model._model.parameters["vectors"], read_base(base)
    assert index.width == 4 + 3 and table.shape == (len(index.words) + 1, 7)
    embedding = of_base.parameters["embedding"]
    for word in ("the", "dog", "unheard-of", "."):
        row, known = table[int(index.rows([word])[0])], of_base.lexicon.vocabulary.ids([word])[0]
        np.testing.assert_array_equal(row[:4], embedding[known])
        numbers = np.array(rows.get(word, "0 0 0").split(), np.float32)
        np.testing.assert_allclose(row[4:], numbers / np.sqrt(14 / 3), rtol=1e-3)
    model.save(tmp_path / "m")
    assert elman.load(tmp_path / "m").tag(["the", "unheard-of"]) == model.tag(["the", "unheard-of"])


@pytest.mark.parametrize(("task", "part"), [("lemma", None), ("parse", None), ("pipeline", "words")])
def test_encoded_tasks_begin_with_a_base(base: str, tmp_path: Path, task: str, part: str | None) -> None:
    rows = "1\tCats\tcat\tNOUN\t_\tNumber=Plur\t2\tnsubj\t_\t_\n2\tran\trun\tVERB\t_\t_\t0\troot\t_\tSpaceAfter=No\n\n"
    (tmp_path / "t.conllu").write_text(rows * 8, encoding="utf-8")
    model = elman.train(tmp_path / "t.conllu", task=task, base=base, settings=TAGGER, threads=1, **QUIET)
    assert model.describe()["settings"]["network"]["hidden"] == 4


def test_words_are_cut_as_in_labelled_text(tmp_path: Path) -> None:
    (tmp_path / "raw.txt").write_text("It isn't (so). He can't.\n" * 20, encoding="utf-8")
    lines = "It_P is_V n't_R -LRB-_L so_R -RRB-_L ._. He_P ca_V n't_R ._.\n"
    (tmp_path / "t.txt").write_text(lines * 20, encoding="utf-8")
    arguments: dict[str, Any] = {"task": "pretrain", "settings": SMALL, "threads": 1, **QUIET}
    model = elman.train(tmp_path / "raw.txt", like=tmp_path / "t.txt", **arguments)
    assert {"is", "n't", "-LRB-"} <= set(model.tags)
    plain = elman.train(tmp_path / "raw.txt", **arguments)
    assert {"isn't", "(", ")", "."} <= set(plain.tags)
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")
    with pytest.raises(DataError):
        elman.train(tmp_path / "raw.txt", like=tmp_path / "empty.txt", **arguments)


def test_epochs_are_chosen_by_the_length_of_the_text(raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretraining, "EFFORT", 900)
    monkeypatch.setattr(cloze_task, "PART", 100)
    settings = {name: value for name, value in SMALL.items() if name != "epochs"}
    model = elman.train(raw, task="pretrain", settings=settings, threads=1, **QUIET)
    words = model.data["words"]
    assert model.describe()["settings"]["training"]["epochs"] == round(900 / words) * -(-words // 100)


def test_a_budget_chooses_the_epochs_and_not_the_size(raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretraining, "EFFORT", 1)  # so few epochs are the most that it ends early
    notes: list[str] = []
    settings = {name: value for name, value in SMALL.items() if name not in ("epochs", "hidden")}
    arguments: dict[str, Any] = {"settings": settings | {"hidden": 6}, "threads": 1, "on_note": notes.append, **QUIET}
    model = elman.train(raw, task="pretrain", budget="1m", **arguments)
    assert model.describe()["settings"]["network"]["hidden"] == 6
    assert any(": hidden=6 and epochs=" in note for note in notes)
    with pytest.raises(ConfigError, match="leave out either the budget or epochs="):
        elman.train(raw, task="pretrain", budget="1s", settings=SMALL, **QUIET)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"settings": {"layers": 2}}, "expected layers=1 or direction=forward"),
        ({"settings": {"characters": 4}}, "characters=0"),
        ({"preset": "tutorial"}, "embedding=1 or more"),
        ({"settings": {"decoder": "crf"}}, "decoder=softmax"),
        ({"settings": {"ensemble": 2}}, "expected ensemble=1, got 2"),
        ({"dev": "10%"}, "takes no dev set"),
        ({"vectors": "v.txt"}, "reads no pretrained vectors"),
        ({"base": "b.model"}, "begins with no base model"),
        ({"model": "hmm"}, "expected the model rnn"),
        ({"target": "upos"}, "no label column"),
        ({"keep_replay": 3}, "leave keep_replay out"),
    ],
)
def test_what_no_base_can_be_trained_with(raw: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        elman.train(raw, task="pretrain", **arguments)


def test_data_in_python_is_refused() -> None:
    with pytest.raises(DataError, match="expected paths of raw text"):
        elman.train(TRAIN, task="pretrain", settings=SMALL, **QUIET)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"settings": {"hidden": 8}}, "hidden: the base .* has 4, got 8; leave it out"),
        ({"settings": {"cell": "gru"}}, "cell: the base .* has lstm, got gru"),
        ({"settings": {"features": "ngrams"}}, "features: the base .* has affixes, got ngrams"),
        ({"settings": {"embedding": 0, "features": "none"}}, "embedding=1 or more"),
        ({"lexicon": "l.txt"}, "leave out either the base or the lexicon"),
        ({"model": "hmm"}, "no settings and no presets"),
        ({"task": "segment"}, "begins with no base model"),
        ({"like": "t.txt"}, "leave like out"),
    ],
)
def test_what_does_not_fit_the_base_is_refused(base: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        elman.train(TRAIN, base=base, **arguments)


def test_another_model_is_no_base(base: str, tmp_path: Path) -> None:
    elman.train(TRAIN, settings=TAGGER | {"hidden": 4}, threads=1, **QUIET).save(tmp_path / "m")
    with pytest.raises(
        ConfigError, match="expected a base model, which elman pretrain writes, found one of the task tag"
    ):
        elman.train(TRAIN, base=tmp_path / "m")
    with pytest.raises(ModelFileError, match="no such file"):
        elman.train(TRAIN, base=tmp_path / "none")


Change = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda record: record.update(target="tag"), "expected word"),
        (lambda record: record["model"]["settings"]["network"].update(decoder="crf"), "expected"),
        (lambda record: record["model"]["settings"]["network"].update(layers=2), "expected"),
    ],
)
def test_a_record_that_is_no_base_is_refused(base: str, tmp_path: Path, change: Change, message: str) -> None:
    record, tensors = file.load(base)
    change(record)
    file.save(tmp_path / "forged", record, tensors)
    with pytest.raises(ModelFileError, match=message):
        elman.load(tmp_path / "forged", base=True)
