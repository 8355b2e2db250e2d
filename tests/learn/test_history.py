"""The history of a model: what is in its file, that it is checked, and that copies keep it."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.data.correction import Correction, words_digest
from elman.errors import ModelFileError
from elman.learn.history import History, updated
from elman.models import file as model_file
from elman.taggers.fast_lines import load as load_light

SETTINGS: dict[str, Any] = {"hidden": 4, "embedding": 4, "feature_embedding": 2, "epochs": 1, "ensemble": 1}
QUIET: dict[str, Any] = {"on_warning": lambda text: None, "threads": 1, "settings": SETTINGS}
TAGGED = [[("the", "D"), ("dog", "N")], [("a", "D"), ("cat", "N")]] * 4
ONE, OTHER = Correction(("the", "dog"), {"tag": ("D", None)}), Correction(("a", "cat"), {"tag": ("X", "N")})
PARENT = "0" * 64


@pytest.fixture(scope="module")
def tagger() -> Any:
    return elman.train(TAGGED, **QUIET)


def test_digests() -> None:
    assert ONE.words_digest == words_digest(("the", "dog")) != OTHER.words_digest
    again = Correction(("the", "dog"), {"tag": ("D", "N")})
    assert again.words_digest == ONE.words_digest and again.digest != ONE.digest
    assert Correction(("the dog",), {}).words_digest != ONE.words_digest
    assert len(ONE.digest) == 32 and Correction.from_json(ONE.to_json()).digest == ONE.digest


def test_repr_is_one_short_line() -> None:
    history = updated(History(), PARENT, [ONE, OTHER], [])
    assert repr(history) == "<History: 2 corrections, 2 with text>"
    kept = History(PARENT, history.digests, (), (ONE,))
    assert repr(kept) == "<History: 2 corrections, 0 with text, 1 replay sentence>"
    assert "<td" in kept._repr_html_() and "corrections" in kept._repr_html_()


def test_updates() -> None:
    first = updated(History(), PARENT, [ONE, OTHER], [])
    assert first.corrections == (ONE, OTHER) and len(first.digests) == 2
    changed = Correction(("the", "dog"), {"tag": ("Y", None)})
    second = updated(first, "1" * 64, [changed, OTHER], [OTHER])
    assert second.corrections == (OTHER, changed) and len(second.digests) == 3
    assert second.standing[ONE.words_digest] == changed.digest
    assert second.words_digests == {ONE.words_digest, OTHER.words_digest}
    third = updated(History(), PARENT, [ONE], [], keep_text=False)
    assert third.corrections == () and third.words_digests == {ONE.words_digest}


def test_a_file_keeps_it_and_one_without_has_no_entry(tagger: Any, tmp_path: Path) -> None:
    assert "history" not in tagger.to_record()[0] and not tagger.history and "history" not in tagger.describe()
    history = updated(History(replay=(OTHER,)), PARENT, [ONE], [])
    model = tagger.with_history(history)
    model.save(tmp_path / "my.model")
    for found in (elman.load(tmp_path / "my.model"), pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert found.history == history
        assert found.about(format="x").uncalibrated().history == history
    assert model.describe()["history"] == {"parent": PARENT, "corrections": 1, "kept": 1, "replay": 1}
    assert load_light(tmp_path / "my.model").history == history
    record, _ = model_file.load(tmp_path / "my.model")
    del record["history"]
    assert record == tagger.to_record()[0]


BROKEN: list[tuple[str, Any]] = [
    ("parent", "x"),
    ("parent", 3),
    ("digests", {}),
    ("digests", [["0" * 32]]),
    ("digests", [["0" * 32, "x" * 32]]),
    ("digests", []),  # of a correction that is there
    ("corrections", None),
    ("corrections", [{"words": ["the"]}]),
    ("corrections", [{"words": [], "labels": {"tag": []}}]),
    ("corrections", [{"words": ["the"], "labels": {}}]),
    ("corrections", [{"words": ["the"], "labels": {"tag": [None]}}]),
    ("corrections", [{"words": ["the"], "labels": {"tag": ["D", "N"]}}]),
    ("corrections", [{"words": ["the"], "labels": {"upos": ["D"]}}]),
    ("corrections", [{"words": [3], "labels": {"tag": ["D"]}}]),
    ("replay", [{"words": ["the"], "labels": {"tag": ["D", 3]}}]),
    ("replay", [{"words": ["the"], "labels": {"tag": ["D"]}, "features": [3]}]),
    ("replay", [{"words": ["the"], "labels": {"tag": ["D"]}, "features": []}]),
    ("replay", [{"words": ["the"], "labels": {"tag": ["D"]}, "features": [[["pos:N"], [["n", 3]]]]}]),
    ("other", []),
]


@pytest.mark.parametrize(("key", "value"), BROKEN)
def test_a_malformed_one_is_refused(key: str, value: Any, tagger: Any, tmp_path: Path) -> None:
    record, tensors = tagger.with_history(updated(History(), PARENT, [ONE], [])).to_record()
    record["history"] = {**record["history"], key: value}
    model_file.save(tmp_path / "my.model", record, tensors)
    for load in (elman.load, load_light):
        with pytest.raises(ModelFileError, match="my.model: history"):
            load(tmp_path / "my.model")
