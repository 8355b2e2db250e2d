"""Model files of format 1: their settings have the names and values of the current one."""

from __future__ import annotations

import json
from typing import Any

import pytest

import elman
from elman.config import Config
from elman.errors import ModelFileError
from elman.models import file as model_file
from elman.models.upgrade import RENAMED, upgrade
from model_versions import VERSIONS

BEFORE = VERSIONS / "1"


def settings_of(name: str) -> dict[str, Any]:
    return model_file.read(BEFORE / f"{name}.elman")[0]["model"]["settings"]  # type: ignore[no-any-return]


def test_renamed_settings_keep_their_values() -> None:
    gru, columns, vectors = settings_of("gru"), settings_of("columns"), settings_of("vectors")
    assert gru["network"]["residual"] == "add" and settings_of("sru")["network"]["residual"] == "highway"
    assert columns["network"]["residual"] == "none" and columns["network"]["dtype"] == "float16"
    assert (columns["training"]["class_weight_power"], columns["training"]["unk_dropout"]) == (0.5, 0.3)
    assert (vectors["training"]["grad_clip"], vectors["training"]["learning_rate"]) == (1.0, 0.01)
    assert settings_of("distill")["training"]["distill_teachers"] == 2
    assert settings_of("attention")["network"]["text_ngrams"] == "none"
    assert settings_of("attention")["training"]["ngram_dropout"] == 0.5
    for section in gru.values():
        assert not section.keys() & {"replanned", *RENAMED}
    assert elman.load(BEFORE / "gru.elman").describe()["training"]["replanned"] == []


def test_every_renamed_setting_exists() -> None:
    config = Config().to_dict()
    assert {new for new, _ in RENAMED.values()} <= config["network"].keys() | config["training"].keys()
    assert not RENAMED.keys() & (config["network"].keys() | config["training"].keys())


def model_of(settings: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": {"settings": {"network": {}, "training": settings}, **more}}


def test_changes_of_plan_move_to_the_training_record() -> None:
    record = {"members": [{}], "linear": {}}
    upgraded = upgrade(model_of({"replanned": "5:8,7:9"}, training=record), 1)
    assert upgraded["model"]["training"]["replanned"] == [[5, 8], [7, 9]]
    assert upgraded["model"]["training"]["members"] == [{"replanned": []}]
    assert upgraded["model"]["training"]["linear"] == {"replanned": []}
    assert "replanned" not in upgraded["model"]["settings"]["training"]


@pytest.mark.parametrize("replanned", ["5", "5:8;6:9", "a:b", 3, None, ["5:8"]])
def test_changes_of_plan_that_are_none(replanned: Any) -> None:
    with pytest.raises(ModelFileError, match="^replanned: expected EPOCH:EPOCHS"):
        upgrade(model_of({"replanned": replanned}, training={"epochs": 9}), 1)


def test_new_names_are_unknown_to_version_1() -> None:
    with pytest.raises(ModelFileError, match="^no setting 'learning_rate' in model format 1$"):
        upgrade(model_of({"learning_rate": 0.1}), 1)
    upgrade(model_of({"learning_rate": 0.1}), 2)


@pytest.mark.parametrize(
    "config",
    [{}, {"model": 3}, {"model": {"settings": {"network": 3}}}, {"task": {"words": {"model": []}}}, {"task": 3}],
)
def test_other_contents_stay_as_they_are(config: dict[str, Any]) -> None:
    before = json.dumps(config)
    assert json.dumps(upgrade(config, 1)) == before


def test_settings_that_older_files_lack_say_what_was_done() -> None:
    for name, share in (("texts", 0.5), ("linear", 0.0), ("attention", 0.0)):
        training = elman.load(BEFORE / f"{name}.elman").describe()["settings"]["training"]
        assert (training["naive_bayes"], training["linear_share"]) == (0.0, share)
