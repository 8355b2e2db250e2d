"""The options that training and the search for a learning rate share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elman.cli.options import (
    LabelledOptions,
    RunOptions,
    argument,
    inputs_option,
    option,
    preset_option,
    seed_option,
    set_option,
    settings_of,
)
from elman.errors import ConfigError, while_reading


@dataclass(frozen=True, kw_only=True)
class SettingsOptions(RunOptions):
    """The settings of a training, and its seed."""

    preset: str = preset_option()
    config: str | None = option("--config", metavar="FILE.toml", help="File of settings that differ from the preset.")
    set: tuple[str, ...] = set_option()
    seed: int = seed_option()

    def settings(self) -> dict[str, Any]:
        """Return the settings of --config and --set; the later ones win."""
        settings: dict[str, Any] = {}
        if self.config is not None:
            from elman.config import settings_from_toml

            try:
                with while_reading(self.config), open(self.config, encoding="utf-8") as file:
                    settings.update(settings_from_toml(file.read(), self.config))
            except UnicodeDecodeError:
                raise ConfigError(f"{self.config}: not TOML: not UTF-8 text") from None
        return settings | settings_of(self.set)


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(LabelledOptions, SettingsOptions):
    """What is trained on, for which task, with which settings."""

    train: tuple[str, ...] = argument("TRAIN...", nargs=-1, required=True)
    task: str | None = option(
        "--task",
        metavar="TASK",
        help="tag (words), classify (documents); segment (raw text), lemma, morphology, parse, pipeline (raw text to "
        "full CoNLL-U), lm, lm:unit=characters (language model), regress (numbers): docs/reference/tasks/. By default "
        "tag, or classify if TRAIN labels no words.",
    )
    inputs: str | None = inputs_option()
    vectors: str | None = option(
        "--vectors", metavar="FILE", help="Pretrained word vectors: word2vec, GloVe or fastText (text)."
    )

    def training(self) -> dict[str, Any]:
        """Return the keyword arguments of ``elman.train`` and ``elman.find_rate`` that these options are."""
        names = ("preset", "vectors", "target", "inputs", "task", "format", "encoding", "seed", "threads")
        return {"settings": self.settings(), **{name: getattr(self, name) for name in names}}
