"""Gradients through time, measured: how much of the loss at a word reaches the states before it, and which words speak
for the tag of a word.

Both are exact, in float64: a sentence stands in a batch as often as there are words asked for, and each copy has the
error of one word alone. Of an ensemble it is the first network. Letters: T words of a sentence, P of them asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.analysis.lag_curves import Measured, curve
from elman.data.targets import ANY, CLASSIFY, SEVERAL, TAG
from elman.errors import ConfigError, DataError
from elman.models.ensemble import Ensemble
from elman.models.heads import Head
from elman.nn import shapes
from elman.nn.activations import of_layer
from elman.nn.batch import Batch
from elman.nn.decoders import SquaredError
from elman.nn.encoder import Encoder, Gradients, Parameters
from elman.nn.layers import Array, SparseRows
from elman.nn.state_gradients import by_states
from elman.utils import limits
from elman.utils.display import shown

LAGS, POSITIONS = 20, 1_000
EACH = 100
"""Words of one sentence that are taken at most, evenly spaced: a book that is one sentence needs no more."""
TOGETHER = 8_192  # words in one pass, more only where a sentence alone has more
GATES = 16_000_000
"""Numbers in the gates of a layer at the words of one pass, in both directions; all of it takes some ten times more."""
PARTS = 4_000_000
"""Words of a sentence times words whose tags are asked about."""

Labelled = tuple[Sequence[str], Sequence[Any]]
"""The words of a sentence and their tags, or the numbers that it should say; or the labels of the whole text."""


@dataclass(frozen=True, slots=True)
class Which:
    """What is measured: of which layer (from 1), up to which lag, at how many words, of which label column.

    ``tags`` are the gold tags of the words that count; none: all.
    """

    layer: int = 1
    lags: int = LAGS
    positions: int = POSITIONS
    column: int = 0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Influence:
    """Which words speak for the tag of word ``at`` (from 1), and which against it, by input × gradient.

    ``parts``    (T,) of each word x · ∂margin/∂x
    ``tag``      the tag given, ``against`` the second best by its score; "" where there is one tag alone
    ``margin``   the score of the one less that of the other, before rules and transitions; of a label that a text may
                 have or not, its score; of a number, itself
    """

    words: tuple[str, ...]
    at: int
    tag: str
    against: str
    margin: float
    parts: tuple[float, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        """Each part as a share of the sum of their sizes, -1 to 1."""
        total = sum(map(abs, self.parts)) or 1.0
        return tuple(part / total for part in self.parts)

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {**asdict(self), "shares": self.shares}


class _Copies:
    """A sentence of T words, P times in one batch, and the first network's scores of it (T·P, K), in float64."""

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
        """Scores from what layer ``first`` reads; backprop gives, of dscores, what reaches it (None: one-hot words)."""
        h, unroll = self.network.encoder.forward(self.parameters, x, self.batch, first=first)
        scores, unscore = self.network.output(self.parameters, h, self.batch, self.grams)

        def backprop(dscores: Array, gradients: Gradients) -> Array | None:
            dh = unscore(dscores, gradients)
            assert dh is not None
            return unroll(dh, gradients)

        return scores, backprop

    def own_x(self) -> Array | NDArray[np.int32]:
        """What the first layer reads; of one-hot words each stands in a row of its own of the tables, from now on."""
        if self.x.ndim == 2:
            return self.x
        for name in self._tables():
            w = self.parameters[name]
            parts = np.split(w, len(w) // self.network.words)  # of parallel cells as x_t and as x_{t-1}
            self.parameters[name] = np.concatenate([part[self.x] for part in parts])
        return np.arange(len(self.x), dtype=np.int32)

    def by_inputs(self, x: Array | NDArray[np.int32], backprop: Any, dscores: Array) -> Array:
        """x · d(scores)/dx of each word in each copy (T, P)."""
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
        """What the first layer looks one-hot words up in."""
        return [f"layer0.{direction}.w_rx" for direction in self.network.encoder.directions]


def lags(networks: Ensemble, sentences: Iterable[Labelled], which: Which = Which()) -> Measured:
    """How much of the loss of a word reaches the states k words before it, the mean over the first words of a text.

    All words of each sentence are taken, of a sentence of more than 100 that many, until there are
    ``which.positions``. The loss is that of the model's decoder (of a CRF its part for the word,
    ``elman.nn.decoders``), and of a label of the whole text that of the text, measured from its last word, backwards
    from the first. Raises ConfigError: no such layer, a network without states; DataError: no sentence with known
    tags."""
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
            made = _Copies(networks, parameters, words, len(some))
            for key, norms in _of_sentence(made, head, gold, some, which).items():
                found.setdefault(key, []).append(norms)
    if not positions:
        of = f" and one of them {', '.join(which.tags)}" if which.tags else ""
        raise DataError(f"expected a sentence whose tags the model knows{of}, found none")
    curves = tuple(curve(key, norms) for key, norms in found.items())
    config, n = encoder.config, len(networks.members)
    return Measured(config.cell, which.layer, config.layers, n, curves, positions, counted, unknown)


def _together(encoder: Encoder, words: int) -> int:
    """How many copies of a sentence go into one pass. Raises DataError for a sentence that is too long for one."""
    config = encoder.config
    most = GATES // (shapes.GATES[config.cell] * config.hidden * len(encoder.directions))
    if words > most:
        raise DataError(
            f"a sentence of {words:,} words, expected up to {most:,} with hidden={config.hidden}: is a blank line or a "
            "line end missing?"
        )
    return max(1, min(TOGETHER, most) // words)


def _exact(networks: Ensemble) -> Parameters:
    return {name: w.astype(np.float64) for name, w in networks.members[0].items()}


def _checked(networks: Ensemble, which: Which) -> Encoder:
    if not networks.network.encodes:
        raise ConfigError("gradients: expected a network with states; this one counts n-grams alone")
    encoder = networks.network.encoder
    if not 1 <= which.layer <= encoder.config.layers:
        raise ConfigError(f"layer: expected a number from 1 to {encoder.config.layers}, got {which.layer}")
    if networks.heads.each[which.column].task not in (TAG, CLASSIFY, SEVERAL, ANY):
        raise ConfigError("gradients: expected a network that gives tags or labels")
    return encoder


def _ids(head: Head, tags: Sequence[str]) -> NDArray[Any] | None:
    """The ids of a sentence's tags; where a text can have several labels, which it has (1, K). None: unknown ones.

    Of numbers these, NaN where there is none.
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
    """Which of some words of a sentence are taken: all, or evenly spaced ones, the last one in any case."""
    many = min(len(words), most, EACH)
    places = np.round(np.linspace(len(words) - 1, 0, many)[::-1]).astype(np.int64)
    return np.asarray(words, np.int64)[places]


def _of_sentence(
    made: _Copies, head: Head, gold: NDArray[Any], at: NDArray[np.int64], which: Which
) -> dict[tuple[str, str], Array]:
    """Of each direction and state of the layer the norms (P, lags + 1); NaN where there is no state so far back.

    There are no more lags than the sentence has.
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


def influences(networks: Ensemble, words: Sequence[str], at: Sequence[int] = (), column: int = 0) -> list[Influence]:
    """Which words speak for the tags of these words (from 1; none: all): gradient of the margin by x, times x.

    The margin is the score of the tag given less that of the second best (Yin & Neubig 2022), so that what is common
    to both does not count. x is all that the network reads of a word: vectors, features, spelling. Of a label of the
    whole text there is one Influence, of word 1. Raises ConfigError: no such word, a network without states.
    """
    _checked(networks, Which(column=column))
    head = networks.heads.each[column]
    if not words:
        raise DataError("expected a sentence with a word in it, found an empty one")
    if not all(1 <= one <= len(words) for one in at):
        raise ConfigError(f"at: expected a word from 1 to {len(words)}, got {', '.join(map(str, at))}")
    chosen = [one - 1 for one in at or range(1, len(words) + 1)] if head.task == TAG else [0]
    if len(words) * len(chosen) > PARTS:
        raise ConfigError(
            f"at: {len(chosen):,} words of a sentence of {len(words):,} are too many at once; expected "
            f"{PARTS // len(words):,} or fewer: --at N names one"
        )
    together, parameters = _together(networks.network.encoder, len(words)), _exact(networks)
    found: list[Influence] = []
    for start in range(0, len(chosen), together):
        some = chosen[start : start + together]
        found += _influences(_Copies(networks, parameters, words, len(some)), words, head, some)
    return found


def _influences(made: _Copies, words: Sequence[str], head: Head, at: Sequence[int]) -> list[Influence]:
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
        Influence(
            tuple(words),
            at[p] + 1,
            head.tags[given[p]],
            head.tags[second[p]] if paired else "",
            float(margins[p]),
            tuple(parts[:, p].tolist()),
        )
        for p in range(made.P)
    ]
