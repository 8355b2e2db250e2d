"""Spaces of settings: what a file may say, and what is drawn."""

from __future__ import annotations

from typing import Any

import pytest

import elman
from elman.analysis.search.space import Choices, Draws, Range, around, from_toml, parsed
from elman.config import preset
from elman.errors import ConfigError

TRAIN = [[("the", "DET"), ("dog", "NOUN")], [("a", "DET"), ("cat", "NOUN")]] * 4
TINY = {"hidden": 4, "epochs": 1, "ensemble": 1}
SPACE: dict[str, Any] = {
    "hidden": [16, 32],
    "embedding": {"low": 8, "high": 10},
    "learning_rate": {"low": 0.0001, "high": 0.1, "log": True},
    "dropout": {"low": 0.1, "high": 0.4},
    "cell": ["gru", "lstm"],
}


def draws(space: dict[str, Any], count: int, seed: int = 1, **settings: Any) -> list[dict[str, Any]]:
    return Draws(parsed(space), preset("default").with_settings(settings), seed).trials(count)


def test_trial_1_is_the_base_and_the_others_are_in_the_space() -> None:
    first, *others = draws(SPACE, 200)
    assert first == {}
    assert {drawn["hidden"] for drawn in others} == {16, 32}
    assert {drawn["embedding"] for drawn in others} == {8, 9, 10}
    assert {drawn["cell"] for drawn in others} == {"gru", "lstm"}
    assert all(0.1 <= drawn["dropout"] <= 0.4 for drawn in others)
    rates = [drawn["learning_rate"] for drawn in others]
    assert all(0.0001 <= rate <= 0.1 and float(f"{rate:.3g}") == rate for rate in rates)
    assert 0.35 < sum(rate < 0.00316 for rate in rates) / len(rates) < 0.65  # half of a log scale


def test_a_trial_depends_on_seed_and_number_alone() -> None:
    assert draws(SPACE, 30)[:10] == draws(SPACE, 10)
    assert draws(dict(reversed(SPACE.items())), 10) == draws(SPACE, 10)
    assert draws(SPACE, 10, seed=2)[1:] != draws(SPACE, 10)[1:]


def test_no_settings_come_twice() -> None:
    space = {"hidden": [4, 8, 128], "layers": [1, 2]}
    found = draws(space, 100)
    assert len(found) == 6  # one of the six is trial 1 itself, the preset
    assert {"hidden": 128, "layers": 1} not in found


def test_contradictions_are_drawn_again() -> None:
    found = draws({"momentum": [0.0, 0.5, 0.99], "beta2": [0.9, 0.98]}, 20)
    assert len(found) > 3 and all(drawn["momentum"] ** 2 < drawn["beta2"] for drawn in found[1:])
    with pytest.raises(ConfigError, match="space: its settings contradict .*: bptt: expected cell=elman"):
        draws({"bptt": [1, 2]}, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hiden = [1]", "s.toml:1: no setting 'hiden': did you mean hidden?"),
        ("\nhidden = [0, 8]", "s.toml:2: hidden: expected a number from 1 to 4096, got 0"),
        ("[space]\n# hidden\n  hidden = {low = 1, high = 5000}", "s.toml:3: hidden: expected a number from 1 to 4096"),
        ("[space.hidden]\nlow = 9\nhigh = 8", "s.toml:1: hidden: expected low less than high, got 9 and 8"),
        ("space.hidden = 64", "got 64; a fixed value goes to [base]"),
        ('hidden = "64"', "hidden: expected a list of choices or {low = …, high = …}, got '64'"),
        ("hidden = []", "hidden: expected a list of choices"),
        ("hidden = [8, 8]", "hidden: expected different choices"),
        ("hidden = [8, true]", "hidden: expected a whole number, got True"),
        ("hidden = {low = 8}", "hidden: expected low and high, got low"),
        ("hidden = {low = 8, hgih = 9}", "got 'hgih': did you mean high?"),
        ("dropout = {low = 0, high = 0.5, log = true}", "expected low above 0 with log = true, got 0"),
        ("dropout = {low = 0.1, high = 0.5, log = 1}", "dropout: log: expected true or false, got 1"),
        (
            "cell = {low = 1, high = 2}",
            "cell: expected a list of choices from elman, gru, lstm, sru, mingru, got a range",
        ),
        ("cell = ['lstn']", "cell: expected elman or gru or lstm"),
        ("[base]\nhiden = 1", "s.toml:2: no setting 'hiden'"),
        ("[base]\nhidden = 0", "s.toml:2: hidden: expected a number from 1 to 4096, got 0"),
        ("base = 1", "s.toml: expected a section [base], got 1"),
        ("hidden = [", "s.toml: not TOML: "),
        ("", "s.toml: no settings to search; expected some, such as hidden = [64, 128]"),
    ],
)
def test_a_bad_space_is_one_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_toml(text, "s.toml")
    assert message in str(caught.value) and str(caught.value).startswith("s.toml:")


def test_a_file_with_sections() -> None:
    text = "[base]\nhidden = 8\n[space]\nhidden = [8, 16]\n[space.dropout]\nlow = 0.1\nhigh = 0.3\n"
    base, space = from_toml(text, "s.toml")
    assert base == {"hidden": 8}
    assert space == {"hidden": Choices((8, 16)), "dropout": Range(0.1, 0.3)}
    assert parsed({name: values.to_json() for name, values in space.items()}) == space


def test_the_default_space_is_around_the_model_and_leaves_out_what_is_fixed() -> None:
    quiet: dict[str, Any] = {"on_warning": lambda text: None, "threads": 1}
    space = around(elman.train(TRAIN, settings=TINY, **quiet), {"dropout": 0.3})
    assert space["hidden"] == Choices((2, 4, 8)) and space["learning_rate"] == Range(0.00267, 0.016, log=True)
    assert "word_dropout" in space and not {"dropout", "pooling", "ngram_dropout"} & space.keys()
    texts = [("good film", "pos"), ("bad film", "neg")] * 3
    assert {"pooling", "ngram_dropout"} <= around(elman.train(texts, settings=TINY, **quiet), {}).keys()
    rows = [elman.Sentence(tuple("123"), {"y": tuple("246")})] * 4
    numbers = around(elman.train(rows, task="regress", settings=TINY, **quiet), {})
    assert numbers.keys() == {"learning_rate", "hidden", "layers", "dropout", "cell", "batch"}
