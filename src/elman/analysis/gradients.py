"""Gradients through time: how much of the loss at a word reaches earlier states, and attributions of tags to words.

Both are exact, in float64: a sentence is repeated in a batch once per analyzed word, and each copy has the error of one
word. For an ensemble, the first network is analyzed. Shapes: T words of a sentence, P of them analyzed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.analysis.lag_curves import GradientReport, lag_curve
from elman.data.targets import ANY, CLASSIFY, SEVERAL, TAG
from elman.errors import ConfigError, DataError
from elman.models.ensemble import Ensemble
from elman.models.heads import Head
from elman.nn.activations import of_layer
from elman.nn.batch import Batch
from elman.nn.cells import CELLS
from elman.nn.decoders import SquaredError
from elman.nn.encoder import Encoder, Gradients, Parameters
from elman.nn.layers import Array, SparseRows
from elman.nn.state_gradients import by_states
from elman.utils import limits
from elman.utils.display import shown
from elman.utils.summary import Row, Summary, cut

LAGS, POSITIONS = 20, 1_000
MAX_PER_SENTENCE = 100
"""Maximum number of words analyzed per sentence, evenly spaced."""
MAX_BATCH_WORDS = 8_192  # words per pass, unless a single sentence has more
MAX_GATES = 16_000_000
"""Maximum number of gate values of one layer per pass, both directions; the total memory is about ten times that."""
MAX_PARTS = 4_000_000
"""Maximum number of words of a sentence times analyzed words."""

Labelled = tuple[Sequence[str], Sequence[Any]]
"""The words of a sentence, and their tags, target numbers, or the document labels."""


@dataclass(frozen=True, slots=True)
class GradientOptions:
    """What to measure: the layer (from 1), the largest lag, the number of words, and the label column.

    ``tags`` restricts the words to these gold tags; empty means all.
    """

    layer: int = 1
    lags: int = LAGS
    positions: int = POSITIONS
    column: int = 0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Attribution(Summary):
    """Input × gradient attributions of the tag of word ``at`` (from 1) to the words of the sentence.

    ``parts``    (T,) x · ∂margin/∂x of each word
    ``tag``      the predicted tag; ``against`` the second best by score, or "" if there is only one tag
    ``margin``   the difference of their scores, before constraints and transitions; for an optional label its score,
                 for a number the number
    """

    words: tuple[str, ...]
    at: int
    tag: str
    against: str
    margin: float
    parts: tuple[float, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        """Each part divided by the sum of their absolute values, -1 to 1."""
        total = sum(map(abs, self.parts)) or 1.0
        return tuple(part / total for part in self.parts)

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {**asdict(self), "shares": self.shares}

    def _summary(self) -> str:
        most = max(range(len(self.parts)), key=lambda i: abs(self.parts[i]))
        against = f", {self.margin:.2f} above {self.against}" if self.against else ""
        by = f"most by {cut(self.words[most])} ({100 * self.shares[most]:+.0f} %)"
        return f"word {self.at}, {cut(self.words[self.at - 1])}: {self.tag}{against}, {by}"

    def _table(self) -> Iterator[Row]:
        yield "word", "x · gradient", "share"
        for word, part, share in zip(self.words, self.parts, self.shares, strict=True):
            yield word, part, f"{100 * share:+.0f} %"


class _RepeatedSentence:
    """A sentence of T words repeated P times in one batch, with the first network's scores (T·P, K) in float64."""

    def __init__(self, networks: Ensemble, parameters: Parameters, words: Sequence[str], copies: int) -> None:
        self.network, self.parameters = networks.network, dict(parameters)
        self.T, self.P = len(words), copies
        rows = (np.arange(copies) * self.T)[None] + np.arange(self.T)[:, None]  # (T, P)
        self.batch = Batch(np.full(self.T, copies, np.int32), rows.ravel())
        inputs = networks.lexicon.read(words)
        if inputs.numbers is not None:
            inputs = replace(inputs, numbers=inputs.numbers.astype(np.float64))
        self.inputs = inputs.take(self.batch.rows % self.T)
        self.grams = None
        if networks.heads.grams is not None:
            self.grams = networks.heads.grams.bags([words] * copies)
        self.x = self.network.represent(self.parameters, self.inputs)

    def forward(self, x: Array | NDArray[np.int32], first: int) -> tuple[Array, Any]:
        """Return scores from the input of layer ``first``, and backprop to it (None for one-hot words)."""
        h, unroll = self.network.encoder.forward(self.parameters, x, self.batch, first=first)
        scores, unscore = self.network.output(self.parameters, h, self.batch, self.grams)

        def backprop(dscores: Array, gradients: Gradients) -> Array | None:
            dh = unscore(dscores, gradients)
            assert dh is not None
            return unroll(dh, gradients)

        return scores, backprop

    def own_x(self) -> Array | NDArray[np.int32]:
        """Return the input of the first layer; one-hot words get a table row each, to separate their gradients."""
        if self.x.ndim == 2:
            return self.x
        for name in self._tables():
            w = self.parameters[name]
            parts = np.split(w, len(w) // self.network.words)  # of parallel cells as x_t and as x_{t-1}
            self.parameters[name] = np.concatenate([part[self.x] for part in parts])
        return np.arange(len(self.x), dtype=np.int32)

    def by_inputs(self, x: Array | NDArray[np.int32], backprop: Any, dscores: Array) -> Array:
        """Return x · d(scores)/dx of each word in each copy (T, P)."""
        gradients: Gradients = {}
        dx = backprop(dscores, gradients)
        if dx is not None:
            parts = (x * dx).sum(axis=1)
        else:
            parts = np.zeros(len(x))
            for name in self._tables():
                rows = gradients[name]
                assert isinstance(rows, SparseRows)
                own = (rows.values * self.parameters[name][rows.ids]).sum(axis=1)
                parts += np.bincount(rows.ids % len(x), own, len(x))
        return np.asarray(parts.reshape(self.T, self.P))

    def _tables(self) -> list[str]:
        """Return the names of the first layer's tables of one-hot words."""
        return [f"layer0.{direction}.w_rx" for direction in self.network.encoder.directions]


def measure_lags(
    networks: Ensemble, sentences: Iterable[Labelled], which: GradientOptions = GradientOptions()
) -> GradientReport:
    """Measure how much of the loss at a word reaches the states k words earlier, averaged over the first words.

    All words of each sentence are used, at most ``MAX_PER_SENTENCE``, until there are ``which.positions``. The loss is
    that of the model's decoder (for a CRF the word's part, ``elman.nn.decoders``). For document labels it is the loss
    of the document, measured from its last word, or from its first in the backward direction.

    Raises ConfigError if there is no such layer or the network has no states, and DataError if no sentence has known
    tags.
    """
    limits.whole_number("lags", which.lags, 1, limits.LAGS)
    limits.whole_number("positions", which.positions, 1, limits.POSITIONS)
    encoder, head = _checked(networks, which), networks.heads.each[which.column]
    if which.tags and isinstance(head.decoder, SquaredError):
        raise ConfigError(f"tags: the model predicts numbers, which are no tags, got {' '.join(which.tags)}")
    for tag in which.tags:
        if tag not in head.tags:
            raise ConfigError(f"tags: the model's tags are {' '.join(head.tags)}, got {shown(tag)}")
    parameters = _exact(networks)
    found: dict[tuple[str, str], list[Array]] = {}
    positions = counted = unknown = 0
    for words, tags in sentences:
        if positions >= which.positions:
            break
        if not words:
            continue
        gold = _ids(head, tags)
        if gold is None:
            unknown += 1
            continue
        at = np.zeros(1, np.int64)
        if head.task == TAG:
            wanted = [i for i, tag in enumerate(tags) if (not which.tags or tag in which.tags) and gold[i] == gold[i]]
            at = _spread(wanted, which.positions - positions)
        if not len(at):
            continue
        counted += 1
        positions += len(at)
        together = _together(encoder, len(words))
        for start in range(0, len(at), together):
            some = at[start : start + together]
            made = _RepeatedSentence(networks, parameters, words, len(some))
            for key, norms in _of_sentence(made, head, gold, some, which).items():
                found.setdefault(key, []).append(norms)
    if not positions:
        of = f" and one of them {', '.join(which.tags)}" if which.tags else ""
        raise DataError(f"expected a sentence whose tags the model knows{of}, found none")
    curves = tuple(lag_curve(key, norms) for key, norms in found.items())
    config, n = encoder.config, len(networks.members)
    return GradientReport(config.cell, which.layer, config.layers, n, curves, positions, counted, unknown)


def _together(encoder: Encoder, words: int) -> int:
    """Return the number of copies of a sentence per pass. Raises DataError if not even one fits."""
    config = encoder.config
    most = MAX_GATES // (CELLS[config.cell].blocks * config.hidden * len(encoder.directions))
    if words > most:
        raise DataError(
            f"a sentence of {words:,} words, expected up to {most:,} with hidden={config.hidden}: is a blank line or a "
            "line end missing?"
        )
    return max(1, min(MAX_BATCH_WORDS, most) // words)


def _exact(networks: Ensemble) -> Parameters:
    return {name: w.astype(np.float64) for name, w in networks.members[0].items()}


def _checked(networks: Ensemble, which: GradientOptions) -> Encoder:
    if not networks.network.encodes:
        raise ConfigError("gradients: expected a network with hidden states; this one has only n-grams")
    encoder = networks.network.encoder
    if not 1 <= which.layer <= encoder.config.layers:
        raise ConfigError(f"layer: expected a number from 1 to {encoder.config.layers}, got {which.layer}")
    if networks.heads.each[which.column].task not in (TAG, CLASSIFY, SEVERAL, ANY):
        raise ConfigError("gradients: expected a network that gives tags or labels")
    return encoder


def _ids(head: Head, tags: Sequence[str]) -> NDArray[Any] | None:
    """Return the ids of a sentence's tags, or (1, K) flags if a document can have several labels; None if unknown.

    Numbers are returned as they are, NaN if missing.
    """
    if isinstance(head.decoder, SquaredError):
        return np.array(tags, np.float64)
    ids = {tag: i for i, tag in enumerate(head.tags)}
    if not all(tag in ids for tag in tags):
        return None
    places = [ids[tag] for tag in tags]
    if head.task in (TAG, CLASSIFY):
        return np.array(places, np.int32)
    held = np.zeros((1, len(ids)), bool)
    held[0, places] = True
    return held


def _spread(words: Sequence[int], most: int) -> NDArray[np.int64]:
    """Select at most ``most`` of these words, evenly spaced and including the last."""
    many = min(len(words), most, MAX_PER_SENTENCE)
    places = np.round(np.linspace(len(words) - 1, 0, many)[::-1]).astype(np.int64)
    return np.asarray(words, np.int64)[places]


def _of_sentence(
    made: _RepeatedSentence, head: Head, gold: NDArray[Any], at: NDArray[np.int64], which: GradientOptions
) -> dict[tuple[str, str], Array]:
    """Return norms (P, lags + 1) by direction and state of the layer; NaN before the beginning of the sentence.

    There are no more lags than the sentence has words before the last.
    """
    layer, encoder, parameters, batch = which.layer - 1, made.network.encoder, made.parameters, made.batch
    below: Any = made.x
    if layer:
        below, _ = encoder.up_to(layer - 1).forward(parameters, below, batch)
    z, _ = encoder.up_to(layer).forward(parameters, below, batch, first=layer)
    scores, backprop = made.forward(z, layer + 1)
    own = head.of(scores, batch)
    dscores = np.zeros_like(scores)
    rows = slice(None) if head.task == TAG else slice(made.P)
    times = made.T if head.task == TAG else 1
    gold_rows = np.nan_to_num(np.repeat(gold, made.P, axis=0))  # step after step, the same in each copy
    error = np.zeros((times, made.P)) if gold.ndim == 1 else np.ones((1, made.P))
    error[at if times > 1 else 0, np.arange(made.P)] = 1
    loss = head.decoder.loss(parameters, own, gold_rows, batch)
    dscores[rows, head.begin : head.begin + len(head.tags)] = loss.backprop(error.ravel())[0]
    dz = backprop(dscores, {})
    assert dz is not None
    if layer and encoder.config.residual == "highway":
        mix = kernels.linear_forward(below, parameters[f"layer{layer}.mix.w"], parameters[f"layer{layer}.mix.b"])
        dz = dz * (0.5 + 0.5 * np.tanh(0.5 * mix))
    found = {}
    for j, one in enumerate(of_layer(encoder, parameters, layer, below, batch)):
        own_dz = np.ascontiguousarray(dz[:, j * one.h.shape[1] : (j + 1) * one.h.shape[1]])
        back = one.direction == "backward"
        start = at if head.task == TAG else np.full(made.P, 0 if back else made.T - 1)
        for state, d in by_states(one, parameters.get(f"{one.name}.w_rh"), own_dz, made.T).items():
            most = min(which.lags, made.T - 1)
            found[one.direction, state] = _behind(np.linalg.norm(d, axis=2), start, most, 1 if back else -1)
    return found


def _behind(norms: Array, at: NDArray[np.int64], most: int, way: int) -> Array:
    """norms (T, P) of each copy's states -> (P, most + 1) from the word it is about on; NaN beyond the sentence."""
    places = at[:, None] + way * np.arange(most + 1)[None]
    inside = (places >= 0) & (places < len(norms))
    found = norms[np.where(inside, places, 0), np.arange(len(at))[:, None]]
    return np.where(inside, found, np.nan)


def attributions(
    networks: Ensemble, words: Sequence[str], at: Sequence[int] = (), column: int = 0
) -> list[Attribution]:
    """Return the attributions of the tags of these words (from 1; default all): input times gradient of the margin.

    The margin is the score of the predicted tag minus that of the second best (Yin & Neubig 2022), so that evidence for
    both cancels. The input is everything the network reads of a word: vectors, features, spelling. A document label has
    one attribution, at word 1. Raises ConfigError if there is no such word or the network has no states.
    """
    _checked(networks, GradientOptions(column=column))
    head = networks.heads.each[column]
    if not words:
        raise DataError("expected a sentence with a word in it, found an empty one")
    if not all(1 <= one <= len(words) for one in at):
        raise ConfigError(f"expected a word from 1 to {len(words)}, got {', '.join(map(str, at))}")
    chosen = [one - 1 for one in at or range(1, len(words) + 1)] if head.task == TAG else [0]
    if len(words) * len(chosen) > MAX_PARTS:
        raise ConfigError(
            f"at: {len(chosen):,} words of a sentence of {len(words):,} are too many at once; expected "
            f"{MAX_PARTS // len(words):,} or fewer: --token N names one"
        )
    together, parameters = _together(networks.network.encoder, len(words)), _exact(networks)
    found: list[Attribution] = []
    for start in range(0, len(chosen), together):
        some = chosen[start : start + together]
        found += _attributions(_RepeatedSentence(networks, parameters, words, len(some)), words, head, some)
    return found


def _attributions(made: _RepeatedSentence, words: Sequence[str], head: Head, at: Sequence[int]) -> list[Attribution]:
    copies = np.arange(made.P)
    x = made.own_x()
    scores, backprop = made.forward(x, 0)
    rows = np.array(at) * made.P + copies  # of the word that is asked about, in its copy; a text's are the first
    own = scores[rows, head.begin : head.begin + len(head.tags)]  # (P, K)
    best = head.best(made.parameters, scores, made.batch)[rows]
    if isinstance(head.decoder, SquaredError):
        best = np.zeros(made.P, np.int32)  # the only one
    given = best if best.ndim == 1 else np.asarray((own * np.where(best.any(axis=1, keepdims=True), best, 1)).argmax(1))
    others = own.copy()
    others[copies, given] = -np.inf
    second = others.argmax(axis=1)
    paired = len(head.tags) > 1 and head.task in (TAG, CLASSIFY)
    dscores = np.zeros_like(scores)
    dscores[rows, head.begin + given] = 1
    margins = own[copies, given]
    if paired:
        dscores[rows, head.begin + second] = -1
        margins = margins - own[copies, second]
    parts = made.by_inputs(x, backprop, dscores)  # (T, P)
    return [
        Attribution(
            tuple(words),
            at[p] + 1,
            head.tags[given[p]],
            head.tags[second[p]] if paired else "",
            float(margins[p]),
            tuple(parts[:, p].tolist()),
        )
        for p in range(made.P)
    ]
