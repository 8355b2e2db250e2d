"""Settings as frozen dataclasses, one per concern; presets; reading and writing TOML.

Each setting belongs to exactly one dataclass, so ``hidden=64`` needs no section; in a TOML file the sections
``[network]`` and ``[training]`` are optional.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from typing import Any

from elman import settings
from elman.errors import ConfigError
from elman.settings import no_setting
from elman.utils import toml_values
from elman.utils.arguments import check_text
from elman.utils.display import shown
from elman.utils.suggest import did_you_mean


def _field(setting: settings.Setting) -> Any:
    """Make a dataclass field with a setting's default and description."""
    return field(default=setting.default, metadata=setting._asdict())


def _network(name: str) -> Any:
    return _field(settings.NETWORK[name])


def _training(name: str) -> Any:
    return _field(settings.TRAINING[name])


def _check(config: Any, table: Mapping[str, settings.Setting]) -> None:
    """Convert each value to its setting's own type, in place, and check its range."""
    for name, setting in table.items():
        object.__setattr__(config, name, settings.checked(name, setting, getattr(config, name)))


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Settings of the network: its shapes and connections, all that tagging needs to know."""

    cell: str = _network("cell")
    direction: str = _network("direction")
    layers: int = _network("layers")
    residual: str = _network("residual")
    hidden: int = _network("hidden")
    embedding: int = _network("embedding")
    features: str = _network("features")
    feature_embedding: int = _network("feature_embedding")
    vocabulary: int = _network("vocabulary")
    characters: int = _network("characters")
    character_embedding: int = _network("character_embedding")
    vectors: str = _network("vectors")
    recurrent_start: float = _network("recurrent_start")
    chrono: int = _network("chrono")
    pooling: str = _network("pooling")
    text_ngrams: str = _network("text_ngrams")
    text_skips: int = _network("text_skips")
    decoder: str = _network("decoder")
    constraints: str = _network("constraints")
    dtype: str = _network("dtype")
    ensemble: int = _network("ensemble")

    def __post_init__(self) -> None:
        _check(self, settings.NETWORK)
        settings.check_network(self)


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Settings of training; recorded in the model file, not needed for tagging."""

    epochs: int = _training("epochs")
    batch: int = _training("batch")
    optimizer: str = _training("optimizer")
    learning_rate: float = _training("learning_rate")
    warmup: float = _training("warmup")
    decay: str = _training("decay")
    momentum: float = _training("momentum")
    beta2: float = _training("beta2")
    weight_decay: float = _training("weight_decay")
    averaging: float = _training("averaging")
    loss: str = _training("loss")
    grad_clip: float = _training("grad_clip")
    bptt: int = _training("bptt")
    chunk: int = _training("chunk")
    dropout: float = _training("dropout")
    dropout_kind: str = _training("dropout_kind")
    word_dropout: float = _training("word_dropout")
    ngram_dropout: float = _training("ngram_dropout")
    linear_share: float = _training("linear_share")
    naive_bayes: float = _training("naive_bayes")
    coarse_weight: float = _training("coarse_weight")
    unk_dropout: float = _training("unk_dropout")
    smoothing: float = _training("smoothing")
    class_weight_power: float = _training("class_weight_power")
    vectors_extra: int = _training("vectors_extra")
    distill_teachers: int = _training("distill_teachers")
    distill_weight: float = _training("distill_weight")
    patience: int = _training("patience")
    shards: int = _training("shards")

    def __post_init__(self) -> None:
        _check(self, settings.TRAINING)
        settings.check_training(self)


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a recurrent model."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        settings.check_together(self.network, self.training)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return nested plain values, as a model file records them."""
        return {"network": asdict(self.network), "training": asdict(self.training)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Mapping[str, Any]]) -> Config:
        """Make a Config from the output of ``to_dict``. Raises ConfigError as ``settings.from_record`` does."""
        network, training = settings.from_record(values)
        return cls(NetworkConfig(**vars(network)), TrainingConfig(**vars(training)))

    @property
    def is_open(self) -> bool:
        """Whether a setting has yet to be chosen from the data (by ``elman.training.auto_settings``)."""
        return settings.is_open(self.network, self.training)

    def with_settings(self, settings: Mapping[str, Any]) -> Config:
        """Return a copy with the named settings changed; text (from ``--set``) is converted to the setting's type.

        Raises ConfigError for a setting that does not exist, and for a value of another type or out of range.
        """
        sections: dict[str, dict[str, Any]] = {"network": {}, "training": {}}
        known = {f.name: section for section, f in settings_fields()}
        for key, value in settings.items():
            if key not in known:
                raise ConfigError(no_setting(key))
            sections[known[key]][key] = value
        return Config(replace(self.network, **sections["network"]), replace(self.training, **sections["training"]))


PRESETS: dict[str, Config] = {
    "default": Config(),
    "fast": Config(NetworkConfig(hidden=64, embedding=48, feature_embedding=48, decoder="softmax", ensemble=1)),
    "best": Config(NetworkConfig(hidden=160, ensemble=5)),
    "tutorial": Config(
        NetworkConfig(
            cell="elman",
            direction="forward",
            hidden=64,
            embedding=0,
            features="none",
            recurrent_start=0.2,
            decoder="softmax",
            ensemble=1,
            dtype="float32",
        ),
        TrainingConfig(
            epochs=24,
            batch=1,
            optimizer="sgd",
            learning_rate=0.4,
            loss="sum",
            grad_clip=3.0,
            dropout=0.3,
            word_dropout=0.0,
            unk_dropout=0.2,
            class_weight_power=0.0,
            shards=1,
        ),
    ),
}


LINEAR = Config(
    NetworkConfig(features="none", pooling="none", decoder="softmax", constraints="none", ensemble=1),
    TrainingConfig(
        epochs=10,
        optimizer="sgd",
        learning_rate=20.0,
        grad_clip=0.0,
        averaging=0.5,
        dropout=0.0,
        word_dropout=0.0,
        ngram_dropout=0.0,
        linear_share=0.0,
        unk_dropout=0.0,
        class_weight_power=0.0,
        shards=1,
    ),
)
"""Settings of the model ``linear``: only n-grams, plain SGD, weights averaged over the second half of the run."""


def settings_fields() -> Iterator[tuple[str, Field[Any]]]:
    """Yield every setting as (section, dataclass field); ``metadata["help"]`` describes it."""
    for section, cls in (("network", NetworkConfig), ("training", TrainingConfig)):
        for f in fields(cls):
            yield section, f


def preset(name: str) -> Config:
    """Return the settings of a preset. Raises ConfigError if there is no such preset."""
    check_text("preset", name, optional=False)
    if name not in PRESETS:
        raise ConfigError(f"preset: expected {' or '.join(PRESETS)}, got {shown(name)}{did_you_mean(name, PRESETS)}")
    return PRESETS[name]


def settings_from_toml(text: str, path: str) -> dict[str, Any]:
    """Return the settings in the text of a TOML file, without sections; [network] and [training] are optional there.

    Raises ConfigError, with ``path`` in the message, for text that is not TOML, for a setting that does not exist, and
    for a value that a setting cannot have.
    """
    table = toml_values.parse(text, path)
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and key not in ("network", "training"):
            raise ConfigError(f"{path}: no section [{key}]; expected [network] or [training]")
        flat.update(value if isinstance(value, dict) else {key: value})
    known = {**settings.NETWORK, **settings.TRAINING}
    for key, value in flat.items():
        if key not in known:
            raise ConfigError(f"{path}: {no_setting(key)}")
        try:
            settings.checked(key, known[key], value)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None
    return flat


def to_toml(config: Config) -> str:
    """Write the settings as TOML, with a comment on each; ``settings_from_toml`` reads it back."""
    values = config.to_dict()
    lines: list[str] = []
    last = ""
    for section, f in settings_fields():
        if section != last:
            lines += ([""] if lines else []) + [f"[{section}]"]
            last = section
        value = values[section][f.name]
        shown = f'"{value}"' if isinstance(value, str) else repr(value)
        lines.append(f"{f.name} = {shown}  # {f.metadata['help']}")
    return "\n".join(lines) + "\n"
