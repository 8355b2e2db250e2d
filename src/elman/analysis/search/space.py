"""Spaces of settings: lists of choices and ranges, from TOML or Python, and random draws from them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elman import settings
from elman.config import Config
from elman.errors import ConfigError
from elman.utils import seeding, toml_values
from elman.utils.display import shown
from elman.utils.suggest import did_you_mean

if TYPE_CHECKING:
    import numpy as np

    from elman.taggers.base import Predictor

ATTEMPTS = 200
"""Draws before a space is given up: all of them contradict each other, or have been drawn already."""
SECTIONS = ("base", "space")
_RANGE = ("low", "high", "log")
_KNOWN = {**settings.NETWORK, **settings.TRAINING}


@dataclass(frozen=True, slots=True)
class Choices:
    """A list of values, each as likely as the others."""

    values: tuple[Any, ...]

    def draw(self, generator: np.random.Generator) -> Any:
        """Draw a value."""
        return self.values[int(generator.integers(len(self.values)))]

    def to_json(self) -> Any:
        """Return the list, as in a space file."""
        return list(self.values)


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers from ``low`` to ``high``, both included; ``log``: uniform on a log scale; ``whole``: whole ones."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def draw(self, generator: np.random.Generator) -> float:
        """Draw a number; real ones have three significant digits, so that they are the same wherever they are shown."""
        share = float(generator.random())
        if self.log:
            value = math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + share * (self.high - self.low + self.whole) - 0.5 * self.whole
        value = round(value) if self.whole else float(f"{value:.3g}")
        return min(max(value, self.low), self.high)

    def to_json(self) -> Any:
        """Return the table, as in a space file."""
        return {"low": self.low, "high": self.high} | ({"log": True} if self.log else {})


Space = Mapping[str, Choices | Range]


def parsed(table: Mapping[str, Any], where: Callable[[str], str] = lambda name: "space") -> Space:
    """Return the space of a table of settings. ``where`` says where a setting stands, for messages.

    Raises ConfigError for an unknown setting, a value or a range outside that of the setting, and an empty space.
    """
    space = {}
    for name, value in table.items():
        try:
            space[name] = _one(name, value)
        except ConfigError as error:
            raise ConfigError(f"{where(name)}: {error}") from None
    if not space:
        raise ConfigError(f"{where('')}: no settings to search; expected some, such as hidden = [64, 128]")
    return space


def _one(name: str, value: Any) -> Choices | Range:
    """Return what one setting may be."""
    if name not in _KNOWN:
        raise ConfigError(settings.no_setting(name))
    setting = _KNOWN[name]
    if isinstance(value, Mapping):
        return _range(name, setting, value)
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or not value:
        expected = "a list of choices" + ("" if setting.of else " or {low = …, high = …}")
        raise ConfigError(f"{name}: expected {expected}, got {shown(value)}; a fixed value goes to [base]")
    values = tuple(settings.checked(name, setting, each) for each in value)
    if len(set(values)) < len(values):
        raise ConfigError(f"{name}: expected different choices, got {shown(list(values))}")
    return Choices(values)


def _range(name: str, setting: settings.Setting, table: Mapping[str, Any]) -> Range:
    for key in table:
        if key not in _RANGE:
            raise ConfigError(f"{name}: expected low, high and log, got {shown(key)}{did_you_mean(str(key), _RANGE)}")
    if setting.of:
        raise ConfigError(f"{name}: expected a list of choices from {', '.join(setting.of)}, got a range")
    if "low" not in table or "high" not in table:
        raise ConfigError(f"{name}: expected low and high, got {', '.join(table) or 'neither'}")
    low, high = (settings.checked(name, setting, table[key]) for key in ("low", "high"))
    log = table.get("log", False)
    if not isinstance(log, bool):
        raise ConfigError(f"{name}: log: expected true or false, got {shown(log)}")
    if not low < high:
        raise ConfigError(f"{name}: expected low less than high, got {low:g} and {high:g}")
    if log and low <= 0:
        raise ConfigError(f"{name}: expected low above 0 with log = true, got {low:g}")
    return Range(low, high, log, isinstance(setting.default, int))


def from_toml(text: str, path: str) -> tuple[dict[str, Any], Space]:
    """Return the settings of [base] and the space in the text of a TOML file; [space] itself is optional.

    Raises ConfigError, with the path and the line of the setting, for what is no TOML and for the errors of ``parsed``.
    """
    table = toml_values.parse(text, path)
    base, of_space = (table.pop(name, {}) for name in SECTIONS)
    for name, section in zip(SECTIONS, (base, of_space), strict=True):
        if not isinstance(section, dict):
            raise ConfigError(f"{path}: expected a section [{name}], got {shown(section)}")

    def where(name: str) -> str:
        line = _line(text, name)
        return f"{path}:{line}" if line else path

    for name, value in base.items():
        if name not in _KNOWN:
            raise ConfigError(f"{where(name)}: {settings.no_setting(name)}")
        try:
            settings.checked(name, _KNOWN[name], value)
        except ConfigError as error:
            raise ConfigError(f"{where(name)}: {error}") from None
    return base, parsed({**table, **of_space}, where)


def _line(text: str, name: str) -> int:
    """Return the line on which a setting is defined, 0 if it is not found."""
    key = rf"""["']?{re.escape(name)}["']?"""
    defines = re.compile(rf"\s*({key}\s*[.=]|\[\s*(space\s*\.\s*)?{key}\s*\])")
    return next((number for number, line in enumerate(text.split("\n"), 1) if name and defines.match(line)), 0)


def around(tagger: Predictor, fixed: Mapping[str, Any]) -> Space:
    """Return a space around the settings of a trained model, without those that are ``fixed``.

    It depends on what the model has: no word vectors without words, pooling only for document labels.
    """
    record = tagger.describe()["settings"]
    network, training = record["network"], record["training"]

    def near(name: str) -> Choices:
        """Half the value, the value, and twice the value, within the setting's range."""
        value, setting = {**network, **training}[name], _KNOWN[name]
        assert setting.high is not None
        return Choices(tuple(dict.fromkeys((max(1, value // 2), value, min(2 * value, int(setting.high))))))

    rate = training["learning_rate"]
    space: dict[str, Choices | Range] = {
        "learning_rate": Range(float(f"{rate / 3:.3g}"), float(f"{rate * 2:.3g}"), log=True),
        "hidden": near("hidden"),
        "layers": Choices(tuple(sorted({1, 2, network["layers"]}))),
        "dropout": Range(0.1, 0.6),
    }
    if network["cell"] in ("lstm", "gru"):
        space["cell"] = Choices(("lstm", "gru"))
    if training["batch"] > 1:
        space["batch"] = near("batch")
    if network["embedding"]:
        space["embedding"] = near("embedding")
        space["word_dropout"] = Range(0.0, 0.5)
    if network["features"] != "none":
        space["feature_embedding"] = near("feature_embedding")
    if training["unk_dropout"]:
        space["unk_dropout"] = Range(0.05, 1.0, log=True)
    if tagger.text_targets and network["pooling"] != "none":
        space["pooling"] = Choices(("max", "mean", "attention"))
    if tagger.text_targets and network["text_ngrams"] != "none":
        space["ngram_dropout"] = Range(0.2, 0.8)
    return {name: values for name, values in space.items() if name not in fixed}


class Draws:
    """The trials of a space: trial 1 is the base itself, the others are drawn.

    Trial n depends on the space, the seed and n alone. Settings that contradict each other, and those of a trial
    before, are drawn again.
    """

    def __init__(self, space: Space, base: Config, seed: int) -> None:
        self._space, self._base, self._seed = space, base, seed

    def trials(self, count: int) -> list[dict[str, Any]]:
        """Return up to ``count`` trials, fewer if the space has no more. Raises ConfigError if it has no valid one."""
        trials: list[dict[str, Any]] = [{}]
        seen, problem = [self._base], ""
        while len(trials) < count:
            for attempt in range(ATTEMPTS):
                generator = seeding.stream(self._seed, seeding.SEARCH, epoch=len(trials) + 1, part=attempt)
                drawn = {name: self._space[name].draw(generator) for name in sorted(self._space)}
                try:
                    config = self._base.with_settings(drawn)
                except ConfigError as error:
                    problem = str(error)
                    continue
                if config not in seen:
                    seen.append(config)
                    trials.append(drawn)
                    break
            else:
                if problem and len(trials) == 1:
                    raise ConfigError(f"space: its settings contradict each other or the preset: {problem}")
                break
        return trials
