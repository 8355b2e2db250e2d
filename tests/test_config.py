"""Settings: ranges and choices, text from --set, presets, TOML and plain values there and back."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from elman.config import (
    PRESETS,
    Config,
    NetworkConfig,
    TrainingConfig,
    preset,
    settings_fields,
    settings_from_toml,
    to_toml,
)
from elman.errors import ConfigError
from elman.utils.display import shown

FIELDS = [f for _, f in settings_fields()]
NUMBERS = [f for f in FIELDS if not isinstance(f.default, str)]
WORDS = [f for f in FIELDS if f.metadata["of"]]


def values_of(f: Any) -> st.SearchStrategy[Any]:
    """Values that a setting takes."""
    low, high, of = f.metadata["low"], f.metadata["high"], f.metadata["of"]
    if of:
        return st.sampled_from(of)
    if isinstance(f.default, str):
        return st.just(f.default)
    return st.integers(low, high) if isinstance(f.default, int) else st.floats(low, high, allow_infinity=False)


def fitting(settings: dict[str, Any]) -> dict[str, Any]:
    """One-hot words go with no features and no characters; the CRF with no smoothing and no teachers, teachers with
    one student; chunks with a forward network and softmax, bptt with Elman's cell; Adam with a β2 above β1², AdamW with
    a decay that leaves something.
    """
    if settings["momentum"] ** 2 >= settings["beta2"] or settings["learning_rate"] * settings["weight_decay"] >= 1:
        settings = {**settings, "optimizer": "sgd"}
    if settings["decoder"] == "crf":
        settings = {**settings, "smoothing": 0.0, "distill_teachers": 0}
    if settings["distill_teachers"]:
        settings = {**settings, "ensemble": 1}
    if settings["direction"] != "forward" or settings["decoder"] == "crf":
        settings = {**settings, "chunk": 0}
    if settings["cell"] != "elman":
        settings = {**settings, "bptt": 0}
    return settings if settings["embedding"] else {**settings, "features": "none", "characters": 0}


configs = st.fixed_dictionaries({f.name: values_of(f) for f in FIELDS}).map(fitting).map(Config().with_settings)
ANY = Config().with_settings(
    {"features": "none", "cell": "elman", "direction": "forward", "optimizer": "sgd"}
)  # goes with every single setting


# --- ranges ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", NUMBERS, ids=lambda f: f.name)
def test_a_number_just_below_its_range_is_refused(f: Any) -> None:
    low, whole = f.metadata["low"], isinstance(f.default, int)
    below = low - 1 if whole else np.nextafter(low, -2)
    with pytest.raises(ConfigError, match=rf"^{f.name}: expected a number from {low:g} to [\d.]+, got -?[\d.e-]+$"):
        Config().with_settings({f.name: below})
    ANY.with_settings({f.name: low})


@pytest.mark.parametrize("f", NUMBERS, ids=lambda f: f.name)
def test_a_number_just_above_its_range_is_refused(f: Any) -> None:
    high, whole = f.metadata["high"], isinstance(f.default, int)
    above = high + 1 if whole else float(np.nextafter(high, np.inf))
    with pytest.raises(ConfigError) as caught:
        Config().with_settings({f.name: above})
    assert str(caught.value) == f"{f.name}: expected a number from {f.metadata['low']:g} to {high:.9g}, got {above!r}"
    ANY.with_settings({f.name: high})


def test_every_number_has_a_range_and_every_setting_a_line_of_help() -> None:
    # whole numbers reach the native kernels, so none may be without an end
    assert all(None not in (f.metadata["low"], f.metadata["high"]) for f in NUMBERS)
    assert all(f.metadata["help"] and "\n" not in f.metadata["help"] for f in FIELDS)


@pytest.mark.parametrize("f", WORDS, ids=lambda f: f.name)
@pytest.mark.parametrize("value", ["", "ELMAN", 'sgd"', "'", 3])
def test_a_word_that_is_no_choice_is_refused(f: Any, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        Config().with_settings({f.name: value})
    assert str(caught.value) == f"{f.name}: expected {' or '.join(f.metadata['of'])}, got {str(value)!r}"


@pytest.mark.parametrize("f", [f for f in NUMBERS if isinstance(f.default, float)], ids=lambda f: f.name)
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", float("nan"), float("inf"), -float("inf")])
def test_nan_and_inf_are_in_no_range(f: Any, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"^{f.name}: expected a number from (0|-1) .*, got (nan|-?inf)$"):
        Config().with_settings({f.name: value})


@pytest.mark.parametrize("changes", [{"features": "ngrams"}, {"characters": 1}])
def test_what_does_not_go_with_one_hot_words(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="^embedding: expected 1 or more .*, got 0 .*; set features=none with it"):
        ANY.with_settings({"embedding": 0, **changes})
    ANY.with_settings({"embedding": 1, **changes})


def test_the_crf_has_no_label_smoothing() -> None:
    with pytest.raises(ConfigError, match="^smoothing: expected 0 with decoder=crf, got 0.1; only softmax has it$"):
        Config().with_settings({"decoder": "crf", "smoothing": 0.1})
    Config().with_settings({"smoothing": 0.1})


def test_adam_s_means_go_together() -> None:
    """β1 < √β2, or steps without a gradient grow."""
    for optimizer in ("adam", "adamw"):
        with pytest.raises(
            ConfigError, match=rf"^momentum: expected less than .* beta2 \(0.9\) with {optimizer}, got 0.9"
        ):
            TrainingConfig(optimizer=optimizer, momentum=0.9, beta2=0.81)
        TrainingConfig(optimizer=optimizer, momentum=0.9, beta2=0.811)
    TrainingConfig(optimizer="momentum", momentum=0.9, beta2=0.5)


def test_weight_decay_leaves_something() -> None:
    with pytest.raises(ConfigError, match=r"^weight_decay: expected less than 1/learning_rate \(2\), got 2.0$"):
        TrainingConfig(optimizer="adamw", learning_rate=0.5, weight_decay=2)
    TrainingConfig(optimizer="adamw", learning_rate=0.5, weight_decay=1.9)
    TrainingConfig(optimizer="adam", learning_rate=0.5, weight_decay=2)


def test_the_dataclasses_check_by_themselves() -> None:
    with pytest.raises(ConfigError, match="^hidden: expected a number from 1 to 4096, got 0$"):
        NetworkConfig(hidden=0)
    with pytest.raises(ConfigError, match="^bptt: expected a whole number, got 1.5$"):
        TrainingConfig(bptt=1.5)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="^grad_clip: expected a number from 0 to 1000000, got nan$"):
        TrainingConfig(grad_clip=float("nan"))


def test_the_same_number_is_the_same_setting() -> None:
    one = TrainingConfig(grad_clip=3, learning_rate=np.float64(0.5), epochs=7.0)  # type: ignore[arg-type]
    assert one == TrainingConfig(grad_clip=3.0, learning_rate=0.5, epochs=7)
    assert (type(one.grad_clip), type(one.learning_rate), type(one.epochs)) == (float, float, int)


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Config().network.hidden = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"chunk": 5}, "^chunk: expected direction=forward with it, got bidirectional$"),
        ({"chunk": 5, "direction": "forward", "decoder": "crf"}, "^chunk: expected decoder=softmax with it, got crf"),
        ({"bptt": 3, "cell": "gru"}, "^bptt: expected cell=elman with it, got gru; chunk=n limits the memory of any"),
    ],
)
def test_memory_for_n_steps_needs_its_network(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Config().with_settings(settings)


# --- flat keys ------------------------------------------------------------------------------------------------------


def test_text_becomes_the_key_s_own_type() -> None:
    config = Config().with_settings(
        {"hidden": " 64 ", "learning_rate": "1e-3", "direction": "forward", "epochs": 3.0, "grad_clip": 2}
    )
    assert config.network == NetworkConfig(hidden=64, direction="forward")
    assert config.training == TrainingConfig(learning_rate=0.001, epochs=3, grad_clip=2.0)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("hidden", "many", "a whole number"),
        ("hidden", "1.5", "a whole number"),
        ("hidden", 1.5, "a whole number"),
        ("hidden", "", "a whole number"),
        ("hidden", True, "a whole number"),
        ("hidden", None, "a whole number"),
        ("hidden", [1], "a whole number"),
        ("hidden", float("nan"), "a whole number"),
        ("hidden", float("inf"), "a whole number"),
        ("learning_rate", "fast", "a number"),
        ("learning_rate", False, "a number"),
        ("learning_rate", {"a": 1}, "a number"),
        ("cell", True, "a word"),
    ],
)
def test_values_of_another_type(key: str, value: Any, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config().with_settings({key: value})
    assert str(caught.value) == f"{key}: expected {expected}, got {shown(value)}"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("learning_rate", 10**400, f"learning_rate: expected a number, got 1{'0' * 39}…"),
        pytest.param(
            "hidden", 1 << 20_000, "hidden: expected a number from 1 to 4096, got a long value (int)", id="bits"
        ),
        ("hidden", "9" * 5_000, f"hidden: expected a whole number, got '{'9' * 40}…"),
        ("cell", "x" * 5_000, "cell: expected elman or gru or lstm or sru or mingru, got 'xxx"),
    ],
)
def test_numbers_and_words_without_end(key: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config().with_settings({key: value})
    assert str(caught.value).startswith(message) and len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hidden = " + "9" * 5_000, "x.toml: a number of thousands of digits; no setting is as large"),
        ("hidden = 0x" + "f" * 5_000, "x.toml: hidden: expected a number from 1 to 4096, got a long value (int)"),
        (
            "hidden = " + "[" * 5_000 + "]" * 5_000,
            "x.toml: too many lists or tables within each other; settings are none",
        ),
        (".".join("a" * 50) + " = 1", "x.toml: no section [a]; expected [network] or [training]"),
        (".".join("a" * 5_000) + " = 1", "x.toml:1: more than 100 dots in a line; names of settings have none"),
    ],
)
def test_toml_without_end(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_from_toml(text, "x.toml")
    assert str(caught.value) == message


def test_a_key_that_does_not_exist() -> None:
    with pytest.raises(ConfigError, match=r"^no setting 'hiden': did you mean hidden\?$"):
        Config().with_settings({"hiden": 64})


def test_no_settings_change_nothing_and_the_original_stays() -> None:
    config = PRESETS["tutorial"]
    assert config.with_settings({}) == config
    assert config.with_settings({"hidden": 3}) != config
    assert config.network.hidden == 64


# --- presets --------------------------------------------------------------------------------------------------------


def test_presets() -> None:
    assert preset("default") == Config()
    tutorial = preset("tutorial")
    assert (tutorial.network.embedding, tutorial.network.direction) == (0, "forward")
    assert (tutorial.training.batch, tutorial.training.optimizer, tutorial.training.loss) == (1, "sgd", "sum")


def test_a_preset_that_does_not_exist() -> None:
    with pytest.raises(ConfigError, match="^preset: expected default or .*tutorial.*, got 'quick'$"):
        preset("quick")


# --- there and back -------------------------------------------------------------------------------------------------


@given(configs)
def test_plain_values_are_the_settings_again(config: Config) -> None:
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@given(configs)
def test_toml_is_the_settings_again(config: Config) -> None:
    assert Config().with_settings(settings_from_toml(to_toml(config), "settings.toml")) == config


def test_toml_says_what_each_setting_does() -> None:
    lines = to_toml(Config()).splitlines()
    assert lines[0] == "[network]"
    assert lines[2] == 'direction = "bidirectional"  # reading direction'
    assert "[training]" in lines
    for f in FIELDS:
        assert any(line.startswith(f"{f.name} = ") and line.endswith(f"  # {f.metadata['help']}") for line in lines)


def test_from_dict_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ConfigError, match="^no section 'web'; expected 'network' or 'training'$"):
        Config.from_dict({"web": {"hidden": 3}})
    with pytest.raises(ConfigError, match="^no setting 'port'"):
        Config.from_dict({"network": {"port": 80}})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hidden", 7.0),
        ("hidden", "7"),
        ("hidden", True),
        ("hidden", None),
        ("learning_rate", "0.1"),
        ("learning_rate", True),
        ("learning_rate", [0.1]),
        ("cell", 3),
        ("optimizer", 3),
        ("optimizer", None),
    ],
)
def test_from_dict_takes_a_value_of_the_setting_s_own_type_alone(key: str, value: Any) -> None:
    """What is text on the command line is none in a model file."""
    with pytest.raises(ConfigError, match=f"^{key}: expected a (whole number|number|word), got "):
        Config.from_dict({"network" if key in ("hidden", "cell") else "training": {key: value}})
    assert Config.from_dict({"training": {"learning_rate": 1}}).training.learning_rate == 1.0


def test_what_from_dict_is_not_given_is_the_default() -> None:
    assert Config.from_dict({}) == Config()
    assert Config.from_dict({"network": {"hidden": 7}}) == Config(NetworkConfig(hidden=7))


# --- TOML -----------------------------------------------------------------------------------------------------------


def test_sections_may_be_left_out() -> None:
    bare = settings_from_toml('hidden = 64\nlearning_rate = 0.1\ncell = "elman"', "f.toml")
    assert bare == {"hidden": 64, "learning_rate": 0.1, "cell": "elman"}
    assert settings_from_toml("[training]\nlearning_rate = 0.1\n[network]\nhidden = 64", "f.toml") == {
        "learning_rate": 0.1,
        "hidden": 64,
    }
    assert settings_from_toml("", "f.toml") == {}


def test_a_section_that_does_not_exist() -> None:
    with pytest.raises(ConfigError, match=r"^f.toml: no section \[net\]; expected \[network\] or \[training\]$"):
        settings_from_toml("[net]\nhidden = 64", "f.toml")


def test_text_that_is_not_toml() -> None:
    with pytest.raises(ConfigError, match=r"^f.toml: not TOML: .*line 2") as caught:
        settings_from_toml("hidden = 64\nrate = = 3", "f.toml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["network = 3", "hidden = true", "learning_rate = nan", "cell = 1979-05-27", "hidden = [64]"]
)
def test_toml_values_that_are_no_settings(text: str) -> None:
    with pytest.raises(ConfigError, match="^f.toml: (no setting 'network'|hidden: |learning_rate: |cell: )"):
        settings_from_toml(text, "f.toml")
