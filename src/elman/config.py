"""Settings: frozen dataclasses, one per concern; presets; TOML in and out; flat keys for ``--set``.

A key stands in exactly one of the dataclasses, so ``hidden=64`` needs no section; in a TOML file the sections
``[network]`` and ``[training]`` may be written or left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from typing import Any

from elman.display import shown
from elman.errors import ConfigError
from elman.limits import LAYERS, NETWORKS, STEPS


def _setting(
    default: Any, text: str, *, low: float | None = None, high: float | None = None, of: tuple[str, ...] = ()
) -> Any:
    """A dataclass field with its range (inclusive) or its choices, and one line of help."""
    return field(default=default, metadata={"help": text, "low": low, "high": high, "of": of})


def _check(config: Any) -> None:
    """Turns each value into its setting's own type, in place, and checks its range."""
    for f in fields(config):
        object.__setattr__(config, f.name, _checked(f, getattr(config, f.name)))


def _checked(f: Field[Any], value: Any) -> Any:
    """The value in its setting's own type. Raises ConfigError: of another type, out of range."""
    value = _coerce(f, value)
    low, high, of = f.metadata["low"], f.metadata["high"], f.metadata["of"]
    if of and value not in of:
        raise ConfigError(f"{f.name}: expected {' or '.join(of)}, got {shown(value)}")
    # nan is in no range, and none goes up to inf: a model file cannot hold them
    if low is not None and not low <= value <= high:
        raise ConfigError(f"{f.name}: expected a number from {low:g} to {high:.9g}, got {shown(value)}")
    return value


def _coerce(f: Field[Any], value: Any) -> Any:
    kind: type = type(f.default)
    try:
        if isinstance(value, bool) or (kind is int and isinstance(value, float) and value != int(value)):
            raise ValueError
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        raise _of_another_type(f, value) from None


def _of_another_type(f: Field[Any], value: Any) -> ConfigError:
    word = {int: "a whole number", float: "a number", str: "a word"}[type(f.default)]
    return ConfigError(f"{f.name}: expected {word}, got {shown(value)}")


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """What the network is: shapes and connections, everything that tagging needs to know."""

    cell: str = _setting("lstm", "the recurrent cell", of=("elman", "gru", "lstm", "sru", "mingru"))
    direction: str = _setting("bidirectional", "which way the sentence is read", of=("forward", "bidirectional"))
    layers: int = _setting(1, "recurrent layers, one above the other", low=1, high=LAYERS)
    between: str = _setting(
        "plain",
        "from the second layer on: its output, plus its input, or a learned mix",
        of=("plain", "residual", "highway"),
    )
    hidden: int = _setting(128, "units of a recurrent layer, in each direction", low=1, high=4096)
    embedding: int = _setting(64, "width of a word's vector; 0: one-hot words, as on the slides", low=0, high=4096)
    features: str = _setting(
        "auto",
        "what is read off a word's letters: affixes, shape and length, or character n-grams, or both; "
        "auto: affixes, in scripts without upper and lower case both; window: of the characters around one",
        of=("auto", "none", "affixes", "ngrams", "both", "window"),
    )
    feature_embedding: int = _setting(64, "width of the sum of a word's feature vectors", low=1, high=4096)
    vocabulary: int = _setting(
        0, "the commonest n words are known, others are read by their features alone; 0: all", low=0, high=10_000_000
    )
    characters: int = _setting(
        0, "units, in each direction, of a recurrent layer over a word's characters; 0: none", low=0, high=4096
    )
    character_embedding: int = _setting(32, "width of a character's vector there", low=1, high=4096)
    vectors: str = _setting(
        "frozen", "the pretrained vectors of --vectors: as they are, or trained further", of=("frozen", "tuned")
    )
    recurrent_start: float = _setting(
        0.0, "Elman: start w_rh at this number times the identity; 0: at random", low=0.0, high=2.0
    )
    chrono: int = _setting(
        0,
        "gates of gated cells start set to remember from one step up to n, for long lags (chrono initialization, "
        "Tallec and Ollivier 2018); 0: of an LSTM's forget gates the bias is 1, all others 0",
        low=0,
        high=1_000_000,
    )
    pooling: str = _setting(
        "max",
        "of labels of whole texts: what is made of the states of the words; none: nothing, the n-grams alone count",
        of=("last", "mean", "max", "attention", "none"),
    )
    grams: str = _setting(
        "both",
        "of labels of whole texts: the n-grams whose weights are added to a label's score",
        of=("none", "words", "characters", "both"),
    )
    decoder: str = _setting(
        "auto",
        "tags word by word, or those of the whole sentence together; auto: crf with up to 100 tags",
        of=("auto", "softmax", "crf"),
    )
    constraints: str = _setting(
        "auto",
        "which tag may follow which, for spans: BIO or BIOES; auto: with crf, where the training tags keep to one",
        of=("none", "auto", "bio", "bioes"),
    )
    storage: str = _setting(
        "float16", "the trained weight matrices; float16: rounded to half the file", of=("float32", "float16")
    )
    ensemble: int = _setting(
        0,
        "networks in the model, trained with seeds of their own; they tag by the mean of their scores; "
        "0: two for fewer than 5000 sentences, else one",
        low=0,
        high=NETWORKS,
    )

    def __post_init__(self) -> None:
        _check(self)
        if self.embedding == 0 and (self.features != "none" or self.characters):
            raise ConfigError(
                "embedding: expected 1 or more with features or characters, got 0 (one-hot words); "
                "set features=none with it, and leave characters at 0"
            )


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How the network is trained; recorded in the model file, not needed for tagging."""

    epochs: int = _setting(
        0, "passes over the training sentences; 0: by their number, from 20 for few to 5 for many", low=0, high=100_000
    )
    batch: int = _setting(16, "sentences in a minibatch; 1: online, an update after every sentence", low=1, high=65_536)
    optimizer: str = _setting(
        "adam", "the update rule; momentum is SGD with momentum", of=("sgd", "momentum", "adam", "adamw")
    )
    rate: float = _setting(0.008, "the highest learning rate (λ on the slides)", low=0.0, high=1000.0)
    warmup: float = _setting(0.0, "share of the run in which the rate goes up from 0", low=0.0, high=0.9)
    decay: str = _setting(
        "linear", "the rate after that: linear and cosine go down to 0", of=("linear", "cosine", "none")
    )
    momentum: float = _setting(0.9, "μ of momentum, β1 of Adam: what a step keeps of those before", low=0.0, high=0.999)
    beta2: float = _setting(0.98, "β2 of Adam: what its mean of squared gradients keeps", low=0.0, high=0.99999)
    weight_decay: float = _setting(
        0.01, "adamw alone: a step takes rate times this off every parameter", low=0.0, high=100.0
    )
    averaging: float = _setting(
        0.0, "share of the run, at its end, whose weights are averaged; 0: none", low=0.0, high=1.0
    )
    loss: str = _setting("mean", "gradient of a minibatch: sum over its words, or mean", of=("sum", "mean"))
    clip: float = _setting(5.0, "largest global norm of a gradient; 0: never clipped", low=0.0, high=1e6)
    bptt: int = _setting(
        0, "each output error goes back n steps in each layer; 0: the full gradient", low=0, high=STEPS
    )
    chunk: int = _setting(
        0,
        "read texts n steps at a time and carry the state on, of forward networks: the gradient stops there, and "
        "memory does not grow with the length of a sentence; 0: whole sentences",
        low=0,
        high=1_000_000,
    )
    dropout: float = _setting(0.3, "share of the values dropped in front of the output layer", low=0.0, high=0.95)
    dropout_kind: str = _setting(
        "plain", "dropped values: drawn for each word, or once for a sentence", of=("plain", "variational")
    )
    word_dropout: float = _setting(0.3, "share of the values dropped from the word vectors", low=0.0, high=0.95)
    gram_dropout: float = _setting(
        0.5,
        "of labels of whole texts: share of the texts in a minibatch whose n-grams are left out, so that the states "
        "learn to do without",
        low=0.0,
        high=0.95,
    )
    linear_share: float = _setting(
        0.5,
        "of labels of whole texts: what the scores of logistic regression on the n-grams, trained first and by itself, "
        "count for in the mean with the network's; 0: not trained",
        low=0.0,
        high=0.95,
    )
    unknown: float = _setting(
        0.25, "a: a training word seen c times is read as unknown with probability a/(a+c)", low=0.0, high=1000.0
    )
    smoothing: float = _setting(
        0.0, "share of the target that softmax spreads evenly over all tags (label smoothing)", low=0.0, high=0.9
    )
    balance: float = _setting(
        -1.0,
        "class weights: a tag counts by its frequency to the power of -n; 1: all tags alike; "
        "below 0: 0.3 where tags mark spans, else 0",
        low=-1.0,
        high=1.0,
    )
    vectors_extra: int = _setting(
        50_000,
        "besides the training words' vectors, keep those of the first n words of --vectors, for words met in tagging",
        low=0,
        high=10_000_000,
    )
    distill: int = _setting(
        0,
        "train n networks as teachers, then one that learns from them and is the model; 0: none",
        low=0,
        high=NETWORKS - 1,
    )
    distill_weight: float = _setting(
        0.5, "what the teachers' probabilities count for beside the gold tags", low=0.0, high=1.0
    )
    patience: int = _setting(
        0, "stop after this many epochs without a better dev accuracy; 0: never", low=0, high=100_000
    )
    shards: int = _setting(2, "parts a minibatch is cut into, whatever the threads; changes the bits", low=1, high=64)
    replanned: str = _setting(
        "", "5:8,7:9: from epoch 5 on 8 epochs in all, from epoch 7 on 9; where --budget had to plan anew"
    )

    def __post_init__(self) -> None:
        _check(self)
        if self.optimizer.startswith("adam") and self.momentum**2 >= self.beta2:
            raise ConfigError(
                f"momentum: expected less than the square root of beta2 ({math.sqrt(self.beta2):.4g}) "
                f"with {self.optimizer}, got {self.momentum}"
            )
        if self.optimizer == "adamw" and self.rate * self.weight_decay >= 1:
            raise ConfigError(f"weight_decay: expected less than 1/rate ({1 / self.rate:g}), got {self.weight_decay}")
        before, total = 1, self.epochs
        for epoch, epochs in replannings(self.replanned):
            if not before < epoch <= min(total, epochs):
                raise ConfigError(f"replanned: epoch {epoch} is no epoch of both plans, or not after the one before")
            before, total = epoch, epochs


def replannings(text: str) -> list[tuple[int, int]]:
    """The setting ``replanned`` as (from this epoch on, epochs in all). Raises ConfigError for another text."""
    if not re.fullmatch(r"([0-9]{1,6}:[0-9]{1,6}(,[0-9]{1,6}:[0-9]{1,6})*)?", text):
        raise ConfigError(f"replanned: expected EPOCH:EPOCHS,EPOCH:EPOCHS …, got {shown(text)}")
    return [(int(epoch), int(epochs)) for epoch, epochs in (item.split(":") for item in text.split(",") if item)]


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a recurrent tagger."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        if self.training.distill and (self.network.decoder == "crf" or self.network.ensemble > 1):
            found = "decoder=crf" if self.network.decoder == "crf" else f"ensemble={self.network.ensemble}"
            raise ConfigError(
                f"distill: expected 0 with {found}, got {self.training.distill}; a student is one network with softmax"
            )
        if self.training.chunk and self.network.direction != "forward":
            raise ConfigError(f"chunk: expected direction=forward with it, got {self.network.direction}")
        if self.training.chunk and self.network.decoder == "crf":
            raise ConfigError("chunk: expected decoder=softmax with it, got crf, which learns whole sentences")
        if self.training.bptt and self.network.cell != "elman":
            raise ConfigError(
                f"bptt: expected cell=elman with it, got {self.network.cell}; chunk=n limits the memory of any cell"
            )
        if self.network.decoder == "crf" and self.training.smoothing:
            raise ConfigError(
                f"smoothing: expected 0 with decoder=crf, got {self.training.smoothing:g}; only softmax has it"
            )

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Nested plain values, as they stand in a model file."""
        return {"network": asdict(self.network), "training": asdict(self.training)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Mapping[str, Any]]) -> Config:
        """The inverse of ``to_dict``. Raises ConfigError: unknown sections and keys, values of another type.

        What has to be turned into a setting's own type first, as text from the command line has, was not written by it.
        """
        for section in values:
            if section not in ("network", "training"):
                raise ConfigError(f"no section {shown(section)}; expected 'network' or 'training'")
        found = {key: value for section in values.values() for key, value in section.items()}
        for _, f in settings_fields():
            kinds = (int, float) if isinstance(f.default, float) else (type(f.default),)
            if f.name in found and type(found[f.name]) not in kinds:
                raise _of_another_type(f, found[f.name])
        return cls().with_settings(found)

    @property
    def is_open(self) -> bool:
        """Whether there is a setting that waits for the data (``elman.automatic``)."""
        network, training = self.network, self.training
        waits = "auto" in (network.features, network.decoder) or 0 in (network.ensemble, training.epochs)
        return waits or training.balance < 0

    def with_settings(self, settings: Mapping[str, Any]) -> Config:
        """A copy with flat keys changed; text (from ``--set``) becomes the key's own type.

        Raises ConfigError: a key that does not exist, a value of another type or out of range.
        """
        sections: dict[str, dict[str, Any]] = {"network": {}, "training": {}}
        known = {f.name: section for section, f in settings_fields()}
        for key, value in settings.items():
            if key not in known:
                raise ConfigError(_no_setting(key))
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
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and key not in ("network", "training"):
            raise ConfigError(f"{path}: no section [{key}]; expected [network] or [training]")
        flat.update(value if isinstance(value, dict) else {key: value})
    known = {f.name: f for _, f in settings_fields()}
    for key, value in flat.items():
        if key not in known:
            raise ConfigError(f"{path}: {_no_setting(key)}")
        try:
            _checked(known[key], value)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None
    return flat


def _no_setting(key: str) -> str:
    return f"no setting {shown(key)}; elman train --help-settings lists them"


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
