"""Logistic regression beside a network: what the two say together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import elman
from elman.taggers.tagger import Tagger
from elman.training import linear_model
from elman.training.run_options import RunOptions
from texts import requests, several, texts

SMALL = {"hidden": 8, "embedding": 8, "feature_embedding": 8, "epochs": 3, "ensemble": 1, "dtype": "float32"}
CASES: dict[str, tuple[Any, str | None]] = {
    "one label": (texts(60, 1), None),
    "several labels": (several(60, 1), "topic"),
    "a label beside tags": (requests(60, 1), "slot,intent"),
}


def made(data: Any, target: str | None, **options: Any) -> Tagger:
    return elman.train(data, target=target, threads=1, on_warning=lambda text: None, **options)


def logits(tagger: Tagger, data: Any) -> np.ndarray[Any, Any]:
    """The scores of the texts' labels, up to a number for each text."""
    model: Any = tagger._model
    words = [list(one.words) if hasattr(one, "words") else one[0].split() for one in data]
    p = np.concatenate(model.probabilities(words, len(model.tasks) - 1))
    z = np.log(p) if model.tasks[-1] == "classify" else np.log(p / (1 - p))
    return np.asarray(z - z.mean(axis=1, keepdims=True) if model.tasks[-1] == "classify" else z)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("share", [0.5, 0.2])
def test_the_weighed_mean_of_the_scores_of_both(case: str, share: float) -> None:
    data, target = CASES[case]
    network = made(data, target, model="rnn", settings={**SMALL, "linear_share": 0})
    linear = made(
        data, target and target.split(",")[-1], task="classify", model="linear", settings={"dtype": "float32"}
    )
    both = made(data, target, model="rnn", settings={**SMALL, "linear_share": share})
    expected = (1 - share) * logits(network, data) + share * logits(linear, data)
    np.testing.assert_allclose(logits(both, data), expected, atol=2e-4)
    assert both.describe()["training"]["losses"] == network.describe()["training"]["losses"]
    assert both.describe()["training"]["linear"]["losses"] == linear.describe()["training"]["losses"]
    assert "linear" not in network.describe()["training"]


def test_of_each_of_several_networks() -> None:
    data, _ = CASES["one label"]
    found = [
        made(data, None, model="rnn", settings={**SMALL, "ensemble": 2, "linear_share": share}) for share in (0, 0.5)
    ]
    linear: Any = made(data, None, model="linear", settings={"dtype": "float32"})._model
    for alone, both in zip(*(tagger._model.members for tagger in found), strict=True):  # type: ignore[attr-defined]
        for name, w in both.items():
            own = alone[name] / 2 if name in linear_model.SCORES else alone[name]
            if name in ("text.grams", "text.b_o"):
                own = own + linear.parameters[name] / 2
            np.testing.assert_allclose(w, own, atol=1e-6)


@pytest.mark.parametrize(
    "settings",
    [{"linear_share": 0}, {"text_ngrams": "none"}, {"pooling": "none"}],
    ids=lambda settings: next(iter(settings)),
)
def test_where_there_is_none(settings: dict[str, Any]) -> None:
    tagger = made(texts(20, 1), None, model="rnn", settings={**SMALL, **settings})
    assert "linear" not in tagger.describe()["training"]


def test_tags_have_none() -> None:
    config = made(requests(20, 1), "slot", task="tag", settings=SMALL)._model.config  # type: ignore[attr-defined]
    assert linear_model.train_linear([(("a",), ("x",))], config, RunOptions(), ()) is None


def test_what_is_kept_is_what_the_file_holds(tmp_path: Any) -> None:
    tagger = made(texts(40, 1), None, model="rnn", settings={**SMALL, "dtype": "float16"})
    tagger.save(tmp_path / "model")
    model: Any = tagger._model
    again: Any = elman.load(tmp_path / "model")._model
    for name, w in model.parameters.items():
        np.testing.assert_array_equal(again.parameters[name], w)


def test_ctrl_c_in_the_regression_leaves_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Any] = []

    def press(event: Any) -> None:
        events.append(event)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(texts(40, 1), None, model="rnn", settings=SMALL, on_progress=press)
    assert [event.part for event in events] == ["logistic regression"]


def test_progress_of_both() -> None:
    events: list[Any] = []
    made(texts(40, 1), None, model="rnn", settings=SMALL, on_progress=events.append)
    parts = [event.part for event in events if event.is_epoch_end]
    assert parts == ["logistic regression"] * 10 + [""] * 3


def test_the_setting_says_whether_it_is_there() -> None:
    def share(data: Any, **own: Any) -> Any:
        return made(data, None, **own).describe()["settings"]["training"]["linear_share"]

    assert share(texts(20, 1), model="rnn", settings=SMALL) == 0.5
    assert share(texts(20, 1), model="rnn", settings={**SMALL, "text_ngrams": "none"}) == 0.0
    assert share(requests(20, 1), task="tag", settings=SMALL) == 0.0
    assert share(texts(20, 1), model="linear") == 0.0


def test_older_files_have_none(tmp_path: Any) -> None:
    tagger = made(texts(20, 1), None, model="rnn", settings={**SMALL, "linear_share": 0})
    record, tensors = tagger.to_record()
    del record["model"]["settings"]["training"]["linear_share"]
    again = type(tagger).from_record(record, tensors)
    assert again.describe()["settings"]["training"]["linear_share"] == 0.0


def test_gaps_are_read_again_from_a_file(tmp_path: Any) -> None:
    tagger = made(texts(40, 1), None, model="linear", settings={"text_skips": 2})
    without = made(texts(40, 1), None, model="linear")
    tagger.save(tmp_path / "a.model")
    again = elman.load(tmp_path / "a.model")
    new = [text for text, _ in texts(20, 2)]
    np.testing.assert_array_equal(again.probabilities(new[0]), tagger.probabilities(new[0]))
    assert list(again.pipe(new)) == list(tagger.pipe(new))
    known, fewer = (each._model.heads.grams for each in (tagger, without))  # type: ignore[attr-defined]
    assert len(known) > len(fewer) and again._model.heads.grams.skips == 2  # type: ignore[attr-defined]
