"""Every setting: its default, its range or choices, one line of help, and what goes with what.

They stand here and not in the dataclasses of ``config``, which take a while to load, so that the settings of a model
file can be checked without those.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

from elman.errors import ConfigError
from elman.utils.display import shown
from elman.utils.limits import LAYERS, NETWORKS, STEPS


class Setting(NamedTuple):
    """A setting with one line of help, and its range (inclusive) or its choices."""

    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    of: tuple[str, ...] = ()


NETWORK: dict[str, Setting] = {
    "cell": Setting("lstm", "the recurrent cell", of=("elman", "gru", "lstm", "sru", "mingru")),
    "direction": Setting("bidirectional", "which way the sentence is read", of=("forward", "bidirectional")),
    "layers": Setting(1, "recurrent layers, one above the other", low=1, high=LAYERS),
    "between": Setting(
        "plain",
        "from the second layer on: its output, plus its input, or a learned mix",
        of=("plain", "residual", "highway"),
    ),
    "hidden": Setting(128, "units of a recurrent layer, in each direction", low=1, high=4096),
    "embedding": Setting(64, "width of a word's vector; 0: one-hot words, as on the slides", low=0, high=4096),
    "features": Setting(
        "auto",
        "what is read off a word's letters: affixes, shape and length, or character n-grams, or both; "
        "auto: affixes, in scripts without upper and lower case both; window: of the characters around one",
        of=("auto", "none", "affixes", "ngrams", "both", "window"),
    ),
    "feature_embedding": Setting(64, "width of the sum of a word's feature vectors", low=1, high=4096),
    "vocabulary": Setting(
        0, "the commonest n words are known, others are read by their features alone; 0: all", low=0, high=10_000_000
    ),
    "characters": Setting(
        0, "units, in each direction, of a recurrent layer over a word's characters; 0: none", low=0, high=4096
    ),
    "character_embedding": Setting(32, "width of a character's vector there", low=1, high=4096),
    "vectors": Setting(
        "frozen", "the pretrained vectors of --vectors: as they are, or trained further", of=("frozen", "tuned")
    ),
    "recurrent_start": Setting(
        0.0, "Elman: start w_rh at this number times the identity; 0: at random", low=0.0, high=2.0
    ),
    "chrono": Setting(
        0,
        "gates of gated cells start set to remember from one step up to n, for long lags (chrono initialization, "
        "Tallec and Ollivier 2018); 0: of an LSTM's forget gates the bias is 1, all others 0",
        low=0,
        high=1_000_000,
    ),
    "pooling": Setting(
        "max",
        "of labels of whole texts: what is made of the states of the words; none: nothing, the n-grams alone count",
        of=("last", "mean", "max", "attention", "none"),
    ),
    "grams": Setting(
        "both",
        "of labels of whole texts: the n-grams whose weights are added to a label's score",
        of=("none", "words", "characters", "both"),
    ),
    "decoder": Setting(
        "auto",
        "tags word by word, or those of the whole sentence together; auto: crf with up to 100 tags",
        of=("auto", "softmax", "crf"),
    ),
    "constraints": Setting(
        "auto",
        "which tag may follow which, for spans: BIO or BIOES; auto: with crf, where the training tags keep to one",
        of=("none", "auto", "bio", "bioes"),
    ),
    "storage": Setting(
        "float16", "the trained weight matrices; float16: rounded to half the file", of=("float32", "float16")
    ),
    "ensemble": Setting(
        0,
        "networks in the model, trained with seeds of their own; they tag by the mean of their scores; "
        "0: two for fewer than 5000 sentences, else one",
        low=0,
        high=NETWORKS,
    ),
}
"""What the network is: shapes and connections, everything that tagging needs to know."""
TRAINING: dict[str, Setting] = {
    "epochs": Setting(
        0, "passes over the training sentences; 0: by their number, from 20 for few to 5 for many", low=0, high=100_000
    ),
    "batch": Setting(16, "sentences in a minibatch; 1: online, an update after every sentence", low=1, high=65_536),
    "optimizer": Setting(
        "adam", "the update rule; momentum is SGD with momentum", of=("sgd", "momentum", "adam", "adamw")
    ),
    "rate": Setting(0.008, "the highest learning rate (λ on the slides)", low=0.0, high=1000.0),
    "warmup": Setting(0.0, "share of the run in which the rate goes up from 0", low=0.0, high=0.9),
    "decay": Setting("linear", "the rate after that: linear and cosine go down to 0", of=("linear", "cosine", "none")),
    "momentum": Setting(0.9, "μ of momentum, β1 of Adam: what a step keeps of those before", low=0.0, high=0.999),
    "beta2": Setting(0.98, "β2 of Adam: what its mean of squared gradients keeps", low=0.0, high=0.99999),
    "weight_decay": Setting(0.01, "adamw alone: a step takes rate times this off every parameter", low=0.0, high=100.0),
    "averaging": Setting(0.0, "share of the run, at its end, whose weights are averaged; 0: none", low=0.0, high=1.0),
    "loss": Setting("mean", "gradient of a minibatch: sum over its words, or mean", of=("sum", "mean")),
    "clip": Setting(5.0, "largest global norm of a gradient; 0: never clipped", low=0.0, high=1e6),
    "bptt": Setting(0, "each output error goes back n steps in each layer; 0: the full gradient", low=0, high=STEPS),
    "chunk": Setting(
        0,
        "read texts n steps at a time and carry the state on, of forward networks: the gradient stops there, and "
        "memory does not grow with the length of a sentence; 0: whole sentences",
        low=0,
        high=1_000_000,
    ),
    "dropout": Setting(0.3, "share of the values dropped in front of the output layer", low=0.0, high=0.95),
    "dropout_kind": Setting(
        "plain", "dropped values: drawn for each word, or once for a sentence", of=("plain", "variational")
    ),
    "word_dropout": Setting(0.3, "share of the values dropped from the word vectors", low=0.0, high=0.95),
    "gram_dropout": Setting(
        0.5,
        "of labels of whole texts: share of the texts in a minibatch whose n-grams are left out, so that the states "
        "learn to do without",
        low=0.0,
        high=0.95,
    ),
    "linear_share": Setting(
        0.5,
        "of labels of whole texts: what the scores of logistic regression on the n-grams, trained first and by itself, "
        "count for in the mean with the network's; 0: not trained",
        low=0.0,
        high=0.95,
    ),
    "unknown": Setting(
        0.25, "a: a training word seen c times is read as unknown with probability a/(a+c)", low=0.0, high=1000.0
    ),
    "smoothing": Setting(
        0.0, "share of the target that softmax spreads evenly over all tags (label smoothing)", low=0.0, high=0.9
    ),
    "balance": Setting(
        -1.0,
        "class weights: a tag counts by its frequency to the power of -n; 1: all tags alike; "
        "below 0: 0.3 where tags mark spans, else 0",
        low=-1.0,
        high=1.0,
    ),
    "vectors_extra": Setting(
        50_000,
        "besides the training words' vectors, keep those of the first n words of --vectors, for words met in tagging",
        low=0,
        high=10_000_000,
    ),
    "distill": Setting(
        0,
        "train n networks as teachers, then one that learns from them and is the model; 0: none",
        low=0,
        high=NETWORKS - 1,
    ),
    "distill_weight": Setting(
        0.5, "what the teachers' probabilities count for beside the gold tags", low=0.0, high=1.0
    ),
    "patience": Setting(0, "stop after this many epochs without a better dev accuracy; 0: never", low=0, high=100_000),
    "shards": Setting(2, "parts a minibatch is cut into, whatever the threads; changes the bits", low=1, high=64),
    "replanned": Setting(
        "", "5:8,7:9: from epoch 5 on 8 epochs in all, from epoch 7 on 9; where --budget had to plan anew"
    ),
}
"""How the network is trained; recorded in the model file, not needed for tagging."""


def checked(name: str, setting: Setting, value: Any) -> Any:
    """The value in its setting's own type. Raises ConfigError: of another type, out of range."""
    value = _coerce(name, setting, value)
    _, _, low, high, of = setting
    if of and value not in of:
        raise ConfigError(f"{name}: expected {' or '.join(of)}, got {shown(value)}")
    # nan is in no range, and none goes up to inf: a model file cannot hold them
    if low is not None and high is not None and not low <= value <= high:
        raise ConfigError(f"{name}: expected a number from {low:g} to {high:.9g}, got {shown(value)}")
    return value


def _coerce(name: str, setting: Setting, value: Any) -> Any:
    kind: type = type(setting.default)
    try:
        if isinstance(value, bool) or (kind is int and isinstance(value, float) and value != int(value)):
            raise ValueError
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        raise _of_another_type(name, setting, value) from None


def _of_another_type(name: str, setting: Setting, value: Any) -> ConfigError:
    word = {int: "a whole number", float: "a number", str: "a word"}[type(setting.default)]
    return ConfigError(f"{name}: expected {word}, got {shown(value)}")


def of_record(sections: Mapping[str, Mapping[str, Any]]) -> tuple[SimpleNamespace, SimpleNamespace]:
    """The settings of the network and of its training, as they stand in a model file; what is missing is the default.

    Raises ConfigError: unknown sections and settings, values out of range or of another type (what has to be turned
    into its setting's own type first, as text from the command line has, elman did not write), and what does not go
    together.
    """
    for section in sections:
        if section not in ("network", "training"):
            raise ConfigError(f"no section {shown(section)}; expected 'network' or 'training'")
    given = {name: value for section in sections.values() for name, value in section.items()}
    for name, value in given.items():
        setting = NETWORK.get(name) or TRAINING.get(name)
        if setting is None:
            raise ConfigError(none_of(name))
        kinds = (int, float) if isinstance(setting.default, float) else (type(setting.default),)
        if type(value) not in kinds:
            raise _of_another_type(name, setting, value)
    network, training = (
        SimpleNamespace(**{name: checked(name, one, given.get(name, one.default)) for name, one in table.items()})
        for table in (NETWORK, TRAINING)
    )
    check_network(network)
    check_training(training)
    check_together(network, training)
    return network, training


def is_open(network: Any, training: Any) -> bool:
    """Whether there is a setting that waits for the data (``elman.training.auto_settings``)."""
    waits = "auto" in (network.features, network.decoder) or 0 in (network.ensemble, training.epochs)
    return waits or training.balance < 0


def none_of(name: str) -> str:
    """What is said of a setting that does not exist."""
    return f"no setting {shown(name)}; elman train --help-settings lists them"


def check_network(c: Any) -> None:
    """Raise ConfigError where settings of a network do not go together."""
    if c.embedding == 0 and (c.features != "none" or c.characters):
        raise ConfigError(
            "embedding: expected 1 or more with features or characters, got 0 (one-hot words); "
            "set features=none with it, and leave characters at 0"
        )


def check_training(c: Any) -> None:
    """Raise ConfigError where settings of a training do not go together."""
    if c.optimizer.startswith("adam") and c.momentum**2 >= c.beta2:
        raise ConfigError(
            f"momentum: expected less than the square root of beta2 ({math.sqrt(c.beta2):.4g}) "
            f"with {c.optimizer}, got {c.momentum}"
        )
    if c.optimizer == "adamw" and c.rate * c.weight_decay >= 1:
        raise ConfigError(f"weight_decay: expected less than 1/rate ({1 / c.rate:g}), got {c.weight_decay}")
    before, total = 1, c.epochs
    for epoch, epochs in replannings(c.replanned):
        if not before < epoch <= min(total, epochs):
            raise ConfigError(f"replanned: epoch {epoch} is no epoch of both plans, or not after the one before")
        before, total = epoch, epochs


def check_together(network: Any, training: Any) -> None:
    """Raise ConfigError where a training does not go with its network."""
    if training.distill and (network.decoder == "crf" or network.ensemble > 1):
        found = "decoder=crf" if network.decoder == "crf" else f"ensemble={network.ensemble}"
        raise ConfigError(
            f"distill: expected 0 with {found}, got {training.distill}; a student is one network with softmax"
        )
    if training.chunk and network.direction != "forward":
        raise ConfigError(f"chunk: expected direction=forward with it, got {network.direction}")
    if training.chunk and network.decoder == "crf":
        raise ConfigError("chunk: expected decoder=softmax with it, got crf, which learns whole sentences")
    if training.bptt and network.cell != "elman":
        raise ConfigError(
            f"bptt: expected cell=elman with it, got {network.cell}; chunk=n limits the memory of any cell"
        )
    if network.decoder == "crf" and training.smoothing:
        raise ConfigError(f"smoothing: expected 0 with decoder=crf, got {training.smoothing:g}; only softmax has it")


def replannings(text: str) -> list[tuple[int, int]]:
    """The setting ``replanned`` as (from this epoch on, epochs in all). Raises ConfigError for another text."""
    if text and not re.fullmatch(r"([0-9]{1,6}:[0-9]{1,6}(,[0-9]{1,6}:[0-9]{1,6})*)?", text):
        raise ConfigError(f"replanned: expected EPOCH:EPOCHS,EPOCH:EPOCHS …, got {shown(text)}")
    return [(int(epoch), int(epochs)) for epoch, epochs in (item.split(":") for item in text.split(",") if item)]
