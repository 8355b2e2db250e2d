"""Settings: frozen dataclasses, one per concern; presets; TOML in and out; flat keys for ``--set``.

A key stands in exactly one of the dataclasses, so ``hidden=64`` needs no section; in a TOML file the sections
``[network]`` and ``[training]`` may be written or left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from typing import Any

from elman import settings
from elman.errors import ConfigError
from elman.settings import none_of
from elman.utils.display import shown


def _field(setting: settings.Setting) -> Any:
    """A dataclass field with what is said of a setting."""
    return field(default=setting.default, metadata=setting._asdict())


def _network(name: str) -> Any:
    return _field(settings.NETWORK[name])


def _training(name: str) -> Any:
    return _field(settings.TRAINING[name])


def _check(config: Any, table: Mapping[str, settings.Setting]) -> None:
    """Turns each value into its setting's own type, in place, and checks its range."""
    for name, setting in table.items():
        object.__setattr__(config, name, settings.checked(name, setting, getattr(config, name)))


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """What the network is: shapes and connections, everything that tagging needs to know."""

    cell: str = _network("cell")
    direction: str = _network("direction")
    layers: int = _network("layers")
    between: str = _network("between")
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
    grams: str = _network("grams")
    decoder: str = _network("decoder")
    constraints: str = _network("constraints")
    storage: str = _network("storage")
    ensemble: int = _network("ensemble")

    def __post_init__(self) -> None:
        _check(self, settings.NETWORK)
        settings.check_network(self)


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How the network is trained; recorded in the model file, not needed for tagging."""

    epochs: int = _training("epochs")
    batch: int = _training("batch")
    optimizer: str = _training("optimizer")
    rate: float = _training("rate")
    warmup: float = _training("warmup")
    decay: str = _training("decay")
    momentum: float = _training("momentum")
    beta2: float = _training("beta2")
    weight_decay: float = _training("weight_decay")
    averaging: float = _training("averaging")
    loss: str = _training("loss")
    clip: float = _training("clip")
    bptt: int = _training("bptt")
    chunk: int = _training("chunk")
    dropout: float = _training("dropout")
    dropout_kind: str = _training("dropout_kind")
    word_dropout: float = _training("word_dropout")
    gram_dropout: float = _training("gram_dropout")
    linear_share: float = _training("linear_share")
    unknown: float = _training("unknown")
    smoothing: float = _training("smoothing")
    balance: float = _training("balance")
    vectors_extra: int = _training("vectors_extra")
    distill: int = _training("distill")
    distill_weight: float = _training("distill_weight")
    patience: int = _training("patience")
    shards: int = _training("shards")
    replanned: str = _training("replanned")

    def __post_init__(self) -> None:
        _check(self, settings.TRAINING)
        settings.check_training(self)


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a recurrent tagger."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        settings.check_together(self.network, self.training)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Nested plain values, as they stand in a model file."""
        return {"network": asdict(self.network), "training": asdict(self.training)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Mapping[str, Any]]) -> Config:
        """The inverse of ``to_dict``. Raises ConfigError as ``settings.of_record`` does."""
        network, training = settings.of_record(values)
        return cls(NetworkConfig(**vars(network)), TrainingConfig(**vars(training)))

    @property
    def is_open(self) -> bool:
        """Whether there is a setting that waits for the data (``elman.training.auto_settings``)."""
        return settings.is_open(self.network, self.training)

    def with_settings(self, settings: Mapping[str, Any]) -> Config:
        """A copy with flat keys changed; text (from ``--set``) becomes the key's own type.

        Raises ConfigError: a key that does not exist, a value of another type or out of range.
        """
        sections: dict[str, dict[str, Any]] = {"network": {}, "training": {}}
        known = {f.name: section for section, f in settings_fields()}
        for key, value in settings.items():
            if key not in known:
                raise ConfigError(none_of(key))
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
            storage="float32",
        ),
        TrainingConfig(
            epochs=24,
            batch=1,
            optimizer="sgd",
            rate=0.4,
            loss="sum",
            clip=3.0,
            dropout=0.3,
            word_dropout=0.0,
            unknown=0.2,
            balance=0.0,
            shards=1,
        ),
    ),
}


LINEAR = Config(
    NetworkConfig(features="none", pooling="none", decoder="softmax", constraints="none", ensemble=1),
    TrainingConfig(
        epochs=10,
        optimizer="sgd",
        rate=20.0,
        clip=0.0,
        averaging=0.5,
        dropout=0.0,
        word_dropout=0.0,
        gram_dropout=0.0,
        linear_share=0.0,
        unknown=0.0,
        balance=0.0,
        shards=1,
    ),
)
"""The settings of the model linear: n-grams alone, plain SGD, the mean of the second half's weights."""


def settings_fields() -> Iterator[tuple[str, Field[Any]]]:
    """Every setting as (section, dataclass field); ``metadata["help"]`` says what it does."""
    for section, cls in (("network", NetworkConfig), ("training", TrainingConfig)):
        for f in fields(cls):
            yield section, f


def preset(name: str) -> Config:
    """The settings of a preset. Raises ConfigError for a name that is none."""
    if name not in PRESETS:
        raise ConfigError(f"preset: expected {' or '.join(PRESETS)}, got {shown(name)}")
    return PRESETS[name]


def settings_from_toml(text: str, path: str) -> dict[str, Any]:
    """Flat settings from the text of a TOML file; sections [network] and [training] are optional.

    Raises ConfigError naming ``path``: not TOML, a setting that does not exist, a value that cannot be its.
    """
    import tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    except ValueError:  # more digits than Python reads
        raise ConfigError(f"{path}: a number of thousands of digits; no setting is as large") from None
    except RecursionError:
        raise ConfigError(f"{path}: too many lists or tables within each other; settings are none") from None
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and key not in ("network", "training"):
            raise ConfigError(f"{path}: no section [{key}]; expected [network] or [training]")
        flat.update(value if isinstance(value, dict) else {key: value})
    known = {**settings.NETWORK, **settings.TRAINING}
    for key, value in flat.items():
        if key not in known:
            raise ConfigError(f"{path}: {none_of(key)}")
        try:
            settings.checked(key, known[key], value)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None
    return flat


def to_toml(config: Config) -> str:
    """The settings as a TOML file with a comment a line; ``settings_from_toml`` reads it back."""
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
