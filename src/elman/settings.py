"""Every setting: default, range or choices, one line of help, and which combinations are allowed.

They are defined here rather than in the dataclasses of ``config``, which take a while to load, so that the settings of
a model file can be checked without those.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

from elman.errors import ConfigError
from elman.utils.display import shown
from elman.utils.limits import LAYERS, NETWORKS, STEPS
from elman.utils.suggest import did_you_mean


class Setting(NamedTuple):
    """A setting: its default, one line of help, and its range (inclusive) or its choices."""

    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    of: tuple[str, ...] = ()


NETWORK: dict[str, Setting] = {
    "cell": Setting("lstm", "recurrent cell", of=("elman", "gru", "lstm", "sru", "mingru")),
    "direction": Setting("bidirectional", "reading direction", of=("forward", "bidirectional")),
    "layers": Setting(1, "number of stacked recurrent layers", low=1, high=LAYERS),
    "residual": Setting(
        "none",
        "connection around each layer from the second on: add its input to its output, or mix them by a learned gate",
        of=("none", "add", "highway"),
    ),
    "hidden": Setting(128, "hidden units of a recurrent layer, per direction", low=1, high=4096),
    "embedding": Setting(64, "size of the word embeddings; 0: one-hot words, as on the slides", low=0, high=4096),
    "features": Setting(
        "auto",
        "sub-word features: affixes, shape and length; character n-grams; or both. auto: affixes, or both in scripts "
        "without upper and lower case. window: the characters around a character",
        of=("auto", "none", "affixes", "ngrams", "both", "window"),
    ),
    "feature_embedding": Setting(64, "size of the feature embeddings, which are summed over a word", low=1, high=4096),
    "vocabulary": Setting(
        0, "known words: the n most frequent; others are read by their features only; 0: all", low=0, high=10_000_000
    ),
    "characters": Setting(
        0, "hidden units, per direction, of a recurrent layer over a word's characters; 0: none", low=0, high=4096
    ),
    "character_embedding": Setting(32, "size of the character embeddings for it", low=1, high=4096),
    "vectors": Setting(
        "frozen", "pretrained vectors of --vectors: kept as they are, or fine-tuned", of=("frozen", "tuned")
    ),
    "recurrent_start": Setting(
        0.0, "elman cell: initialize w_rh to this number times the identity; 0: randomly", low=0.0, high=2.0
    ),
    "chrono": Setting(
        0,
        "gated cells: initialize the gates to remember for 1 to n steps, for long lags (chrono initialization, "
        "Tallec and Ollivier 2018); 0: forget gate biases of an LSTM are 1, all other biases 0",
        low=0,
        high=1_000_000,
    ),
    "pooling": Setting(
        "max",
        "text classification: how word states are pooled into a document vector; none: only the n-grams count",
        of=("last", "mean", "max", "attention", "none"),
    ),
    "text_ngrams": Setting(
        "both",
        "text classification: n-grams whose weights are added to the scores of the labels",
        of=("none", "words", "characters", "both"),
    ),
    "text_skips": Setting(
        0,
        "text classification: pairs of words with up to n words between them (skip bigrams) count with the n-grams of "
        "words; 0: none",
        low=0,
        high=20,
    ),
    "decoder": Setting(
        "auto",
        "predict each tag by itself (softmax) or all tags of a sentence jointly (crf); auto: crf with up to 100 tags, "
        "without smoothing, chunk and distill_teachers",
        of=("auto", "softmax", "crf"),
    ),
    "constraints": Setting(
        "auto",
        "tag sequences allowed for spans, by their scheme; auto: with crf, the scheme that the training tags follow",
        of=("none", "auto", "bio", "bioes", "bilou", "bmes"),
    ),
    "dtype": Setting(
        "float16", "type of the stored weight matrices; float16 halves the file", of=("float32", "float16")
    ),
    "ensemble": Setting(
        0,
        "number of networks in the model, trained with different seeds; their scores are averaged. 0: one from 5000 "
        "sentences on or with --budget (texts to classify: from 10,000 texts or 100,000 words on); for fewer four if "
        "they have under 30,000 words, else three for spans and texts, else two",
        low=0,
        high=NETWORKS,
    ),
}
"""Settings of the network: its shapes and connections, all that tagging needs to know."""
TRAINING: dict[str, Setting] = {
    "epochs": Setting(
        0, "passes over the training sentences; 0: from 20 for few sentences down to 5 for many", low=0, high=100_000
    ),
    "batch": Setting(16, "sentences in a minibatch; 1: online, an update after each sentence", low=1, high=65_536),
    "optimizer": Setting("adam", "update rule; momentum is SGD with momentum", of=("sgd", "momentum", "adam", "adamw")),
    "learning_rate": Setting(0.008, "highest learning rate (λ on the slides)", low=0.0, high=1000.0),
    "warmup": Setting(0.0, "fraction of the run in which the learning rate rises from 0", low=0.0, high=0.9),
    "decay": Setting(
        "linear", "learning rate after the warm-up: linear and cosine go down to 0", of=("linear", "cosine", "none")
    ),
    "momentum": Setting(0.9, "μ of momentum, β1 of Adam: decay of the mean of past gradients", low=0.0, high=0.999),
    "beta2": Setting(0.98, "β2 of Adam: decay of the mean of past squared gradients", low=0.0, high=0.99999),
    "weight_decay": Setting(
        0.01, "adamw only: each step shrinks the parameters by learning_rate times this", low=0.0, high=100.0
    ),
    "averaging": Setting(
        0.0, "fraction at the end of the run over which the weights are averaged; 0: none", low=0.0, high=1.0
    ),
    "loss": Setting("mean", "gradient of a minibatch: sum or mean over its words", of=("sum", "mean")),
    "grad_clip": Setting(5.0, "largest norm of the gradient; larger ones are scaled down; 0: never", low=0.0, high=1e6),
    "bptt": Setting(
        0, "truncate backpropagation through time: each error goes back n steps; 0: no limit", low=0, high=STEPS
    ),
    "chunk": Setting(
        0,
        "forward networks: read texts in segments of n steps and carry the hidden state over; the gradient stops "
        "between segments, so memory does not grow with the length of a sentence; 0: whole sentences",
        low=0,
        high=1_000_000,
    ),
    "dropout": Setting(0.3, "dropout rate before the output layer", low=0.0, high=0.95),
    "dropout_kind": Setting(
        "plain",
        "dropout masks: drawn for each word, or once per sentence; layers: once per sentence, and also before each "
        "recurrent layer from the second on",
        of=("plain", "variational", "layers"),
    ),
    "word_dropout": Setting(
        -1.0,
        "dropout rate of the word vectors; below 0: 0.5 for one column of at most 50 tags and 10,000 to 30,000 words, "
        "else 0.3",
        low=-1.0,
        high=0.95,
    ),
    "ngram_dropout": Setting(
        0.5,
        "text classification: fraction of the texts in a minibatch whose n-grams are left out, so that the network "
        "learns to do without them",
        low=0.0,
        high=0.95,
    ),
    "linear_share": Setting(
        -1.0,
        "text classification: weight of logistic regression on the n-grams, trained separately, in the mean of its "
        "scores and the network's; 0: not trained; below 0: 0.6 for two labels, else 0.5",
        low=-1.0,
        high=0.95,
    ),
    "naive_bayes": Setting(
        1.0,
        "text classification with two labels: logistic regression starts from the weights of naive Bayes, times n; "
        "0: from 0",
        low=0.0,
        high=10.0,
    ),
    "coarse_weight": Setting(
        0.0,
        "text classification: weight of the loss of the coarse label, if all labels are of the form coarse:fine "
        "(LOC:city); 0: they are learned as one",
        low=0.0,
        high=100.0,
    ),
    "unk_dropout": Setting(
        0.25, "a: a training word of frequency c is read as unknown with probability a/(a+c)", low=0.0, high=1000.0
    ),
    "smoothing": Setting(
        0.0, "softmax: fraction of the target spread evenly over all tags (label smoothing)", low=0.0, high=0.9
    ),
    "class_weight_power": Setting(
        -1.0,
        "weight each tag by its frequency to the power of -n; 1: all tags count alike; "
        "below 0: 0.3 for tags of spans, else 0",
        low=-1.0,
        high=1.0,
    ),
    "vectors_extra": Setting(
        50_000,
        "number of vectors of --vectors, its first n, kept in addition to those of the training words",
        low=0,
        high=10_000_000,
    ),
    "distill_teachers": Setting(
        0,
        "train n networks as teachers, then one network that learns from them and is the model; 0: none",
        low=0,
        high=NETWORKS - 1,
    ),
    "distill_weight": Setting(
        0.5, "weight of the teachers' probabilities in the targets; the rest are the gold tags", low=0.0, high=1.0
    ),
    "patience": Setting(
        0, "stop after n epochs without a better accuracy on the dev set; 0: never", low=0, high=100_000
    ),
    "shards": Setting(
        1, "parts of a minibatch computed in parallel, for more than two threads; changes the bits", low=1, high=64
    ),
}
"""Settings of training; recorded in the model file, not needed for tagging."""


def checked(name: str, setting: Setting, value: Any) -> Any:
    """Return the value as the setting's own type. Raises ConfigError if it has another type or is out of range."""
    value = _coerce(name, setting, value)
    _, _, low, high, of = setting
    if of and value not in of:
        raise ConfigError(f"{name}: expected {' or '.join(of)}, got {shown(value)}")
    # NaN is in no range, and no range ends at infinity: a model file can hold neither
    if low is not None and high is not None and not low <= value <= high:
        raise ConfigError(f"{name}: expected a number from {low:g} to {high:.9g}, got {shown(value)}")
    return value


def _coerce(name: str, setting: Setting, value: Any) -> Any:
    kind: type = type(setting.default)
    if type(value) is kind:
        return value
    try:
        if isinstance(value, bool) or (kind is int and isinstance(value, float) and value != int(value)):
            raise ValueError
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        raise _wrong_type(name, setting, value) from None


def _wrong_type(name: str, setting: Setting, value: Any) -> ConfigError:
    word = {int: "a whole number", float: "a number", str: "a word"}[type(setting.default)]
    return ConfigError(f"{name}: expected {word}, got {shown(value)}")


def from_record(sections: Mapping[str, Mapping[str, Any]]) -> tuple[SimpleNamespace, SimpleNamespace]:
    """Return the network and training settings recorded in a model file; missing ones have their defaults.

    Raises ConfigError for unknown sections and settings, for values that are out of range or not of their setting's
    own type (text, as on the command line, is not converted), and for settings that contradict each other.
    """
    for section in sections:
        if section not in ("network", "training"):
            raise ConfigError(f"no section {shown(section)}; expected 'network' or 'training'")
    recorded = {name: value for section in sections.values() for name, value in section.items()}
    for name, value in recorded.items():
        setting = NETWORK.get(name) or TRAINING.get(name)
        if setting is None:
            raise ConfigError(no_setting(name))
        kinds = (int, float) if isinstance(setting.default, float) else (type(setting.default),)
        if type(value) not in kinds:
            raise _wrong_type(name, setting, value)
    network, training = (
        SimpleNamespace(
            **{name: checked(name, setting, recorded.get(name, setting.default)) for name, setting in table.items()}
        )
        for table in (NETWORK, TRAINING)
    )
    check_network(network)
    check_training(training)
    check_together(network, training)
    return network, training


def is_open(network: Any, training: Any) -> bool:
    """Whether a setting has yet to be chosen from the data (by ``elman.training.auto_settings``)."""
    waits = "auto" in (network.features, network.decoder) or 0 in (network.ensemble, training.epochs)
    opened = training.class_weight_power, training.linear_share, training.word_dropout
    return waits or min(opened) < 0


OTHER_NAMES = {
    "batch_size": "batch",
    "clip": "grad_clip",
    "early_stopping": "patience",
    "embedding_dim": "embedding",
    "embedding_size": "embedding",
    "hidden_dim": "hidden",
    "hidden_size": "hidden",
    "iterations": "epochs",
    "lr": "learning_rate",
    "max_epochs": "epochs",
    "num_epochs": "epochs",
    "num_layers": "layers",
    "units": "hidden",
}
"""What other programs call the settings."""


def no_setting(name: str) -> str:
    """The message for a setting that does not exist."""
    other = OTHER_NAMES.get(name.lower())
    near = f": did you mean {other}?" if other else did_you_mean(name, (*NETWORK, *TRAINING))
    return f"no setting {shown(name)}{near or '; elman settings lists them'}"


def check_network(c: Any) -> None:
    """Raise ConfigError if settings of a network contradict each other."""
    if c.embedding == 0 and (c.features != "none" or c.characters):
        raise ConfigError(
            "embedding: expected 1 or more with features or characters, got 0 (one-hot words); "
            "set features=none with it, and leave characters at 0"
        )


def check_training(c: Any) -> None:
    """Raise ConfigError if settings of training contradict each other."""
    if c.optimizer.startswith("adam") and c.momentum**2 >= c.beta2:
        raise ConfigError(
            f"momentum: expected less than the square root of beta2 ({math.sqrt(c.beta2):.4g}) "
            f"with {c.optimizer}, got {c.momentum}"
        )
    if c.optimizer == "adamw" and c.learning_rate * c.weight_decay >= 1:
        expected = f"less than 1/learning_rate ({1 / c.learning_rate:g})"
        raise ConfigError(f"weight_decay: expected {expected}, got {c.weight_decay}")


def check_together(network: Any, training: Any) -> None:
    """Raise ConfigError if settings of training contradict those of the network."""
    if training.distill_teachers and (network.decoder == "crf" or network.ensemble > 1):
        found = "decoder=crf" if network.decoder == "crf" else f"ensemble={network.ensemble}"
        raise ConfigError(
            f"distill_teachers: expected 0 with {found}, got {training.distill_teachers}; "
            "a student is one network with softmax"
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
