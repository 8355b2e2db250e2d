"""Learning to tag, as a task for the trainer; and what a student learns from teachers."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.config import Config
from elman.data.targets import CLASSIFY, TAG
from elman.errors import ConfigError
from elman.features.lexicon import Lexicon
from elman.features.vectors import Vectors
from elman.features.vocabulary import Vocabulary
from elman.models import dtype as storage
from elman.models.base import CHUNK
from elman.models.ensemble import Ensemble, network_of
from elman.models.heads import Head, Heads
from elman.models.streaming import Stream, nats
from elman.nn import decoders, layers
from elman.nn.activations import Units, units
from elman.nn.batch import Batch, Ids, by_length, packed, packed_at, rows_at, texts_of
from elman.nn.encoder import Carried, Gradients, Parameters
from elman.nn.layers import Array, Noise
from elman.nn.network import Inputs
from elman.training import temperature as calibration
from elman.training.disk_corpus import Part, Tape
from elman.training.lanes import Lanes, scored
from elman.training.tbptt import Chunks
from elman.training.trainer import Items, Place, Tally
from elman.utils import seeding as randomness

OBSERVED = 500  # words at which the units are looked at after an epoch

Labelled = Sequence[tuple[Sequence[str], ...]]
"""Of each sentence its words, and its tags in each label column; of labels of whole texts, those that it has."""


def start(config: Config, lexicon: Lexicon, heads: Heads, seed: int, vectors: Vectors | None = None) -> Parameters:
    """The parameters that a network begins with."""
    network = network_of(config, lexicon, heads)
    parameters = network.start(randomness.stream(seed, randomness.START)) | heads.start()
    if vectors is not None:
        parameters["vectors"][...] = vectors.scaled()
    if "text.scale" in parameters and heads.grams is not None and heads.grams.scale is not None:
        parameters["text.scale"][...] = heads.grams.scale
    return parameters


class Tagging(Items):
    """Tagging as a task for the trainer: ``networks`` is what it trains, of one member."""

    calibrated = True  # whether temperatures are fitted on dev

    def __init__(self, networks: Ensemble, train: Labelled | Tape, dev: Labelled | Part | None) -> None:
        self.networks, self.parameters = networks, networks.members[0]
        columns = list(enumerate(networks.heads.each, start=1))
        self.gold: list[Any]  # of each column (N,), of texts (S,)
        if isinstance(train, Tape):
            self.lengths, self.inputs = train.lengths, train.inputs(networks.lexicon)
            self.grams, self.gold = None, [train.gold(networks.tags)]
        else:
            self.lengths = np.array([len(words) for words, *_ in train], np.int64)
            self.inputs = networks.lexicon.read([word for words, *_ in train for word in words])
            grams, texts = networks.heads.grams, [words for words, *_ in train]
            self.grams = None if grams is None else grams.bags(texts)
            self.gold = [_gold(train, column, head) for column, head in columns]
        self.held_out = dev if isinstance(dev, Part) else None  # on disk; of it `dev` is a part, for temperatures
        known = dev.first(calibration.MOST_WORDS) if isinstance(dev, Part) else dev
        self.dev = None if known is None else [words for words, *_ in known]
        self.dev_gold = [_gold(known or (), column, head) for column, head in columns]
        training = networks.config.training
        a, counts = training.unk_dropout, networks.lexicon.vocabulary.counts
        self.unknown_share = a / (a + counts) if a else np.zeros(len(counts))  # of each word that is known
        self.weights: list[NDArray[np.float32] | None] = [  # of each column (K,)
            decoders.tag_weights(gold, len(head.tags), training.class_weight_power)
            if training.class_weight_power and gold.ndim == 1
            else None
            for gold, head in zip(self.gold, networks.heads.each, strict=True)
        ]
        self.wanted: NDArray[np.float16] | None = None  # (N, K1 + K2 + …), in place of the gold tags
        self.lanes: Lanes | None = None  # that read sentences in chunks
        if training.chunk and len(self.lengths) and self.lengths.max() > training.chunk:
            if networks.heads.labels:
                raise ConfigError("chunk: expected 0 with labels of whole texts, which are learned from whole texts")
            chunks = Chunks(self.lengths, training.chunk, training.batch)
            self.lanes = Lanes(chunks, networks.network.encoder.memory())

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """(S,) where the sentences end; chunks do not ask."""
        return np.cumsum(self.lengths)

    def again(self, config: Config, seed: int) -> Tagging:
        """The same task for a new network, of other settings or another seed; it reads of words what this one does."""
        lexicon, heads = self.networks.lexicon, replace(self.networks.heads, config=config)
        parameters = start(config, lexicon, heads, seed)
        if "vectors" in parameters:
            parameters["vectors"][...] = self.parameters["vectors"]
        other = copy(self)
        other.networks, other.parameters = Ensemble(config, lexicon, heads, [parameters]), parameters
        if self.lanes is not None:
            other.lanes = Lanes(self.lanes.chunks, other.networks.network.encoder.memory())
        return other

    def batches(self, size: int, generator: np.random.Generator) -> Sequence[NDArray[np.int64]]:
        """Minibatches of sentences, or of chunks; the states that those carry begin at 0."""
        return super().batches(size, generator) if self.lanes is None else self.lanes.plan(generator)

    def words(self, items: NDArray[np.int64]) -> int:
        return super().words(items) if self.lanes is None else int(self.lanes.chunks.places(items)[1].sum())

    def _packed(
        self, items: NDArray[np.int64]
    ) -> tuple[Batch, NDArray[np.int64], Carried | None, NDArray[np.int64] | None]:
        """Items as a batch, where its rows stand; of chunks what their lanes carry, and which lanes these are."""
        if self.lanes is None:
            return *packed(self.lengths, self.ends, items), None, None
        return self.lanes.read(items)

    def gradients(self, items: NDArray[np.int64], words: int, place: Place) -> tuple[Tally, Gradients]:
        training, heads = self.networks.config.training, self.networks.heads.each
        batch, rows, carried, lanes = self._packed(items)
        inputs, noise = self._noisy(rows, place)
        texts = texts_of(self.ends, rows, batch) if self.networks.heads.labels else rows[:0]
        grams = None if self.grams is None else self.grams.take(texts)
        scores, backprop = self.networks.network.forward(
            self.parameters, inputs, batch, grams, bptt=training.bptt, noise=noise, carried=carried
        )
        if self.lanes is not None and carried is not None and lanes is not None:
            self.lanes.keep(carried, lanes)
        # the mean over the words of the minibatch; of texts, over those of a whole one, so that each counts alike
        whole = {True: words, False: min(training.batch, len(self.lengths))}
        words_a_text = len(self.inputs.words) / max(len(self.lengths), 1)
        parts: list[Array] = []  # the gradients of each column's scores
        gradients: Gradients = {}
        loss, right = 0.0, 0.0
        for i, head in enumerate(heads):
            of_words = head.task == TAG
            own, gold, of_tags = head.of(scores, batch), self.gold[i][rows if of_words else texts], self.weights[i]
            wanted = None if self.wanted is None else head.of(self.wanted[rows], batch).astype(np.float32)
            losses, best, undecode = head.decoder.loss(self.parameters, own, gold, batch, wanted)
            weights = np.ones(len(gold), np.float32) if of_tags is None else of_tags[gold]
            scale = np.float32(1 / whole[of_words] if training.loss == "mean" else 1)
            dscores, of_decoder = undecode(weights * scale)
            parts.append(dscores if of_words else _in_rows(dscores, len(rows)))
            gradients |= of_decoder
            # the trainer counts words: a text counts as so many as there are in one
            times = 1 if of_words else words_a_text
            loss += times * float((losses * weights).sum(dtype=np.float64))
            right += times * int(_alike(best, gold).sum())
        dscores = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        correct = round(right / len(heads)) if self.networks.heads.labels == 0 else right / len(heads)
        return Tally(loss, len(rows), correct), backprop(dscores) | gradients

    def online(self, items: NDArray[np.int64], rates: NDArray[np.float64], place: Place) -> Tally | None:
        network, training = self.networks.config.network, self.networks.config.training
        plain = network.cell == "elman" and network.direction == "forward" and network.layers == 1
        plain = plain and network.decoder == "softmax" and not (training.smoothing or training.class_weight_power)
        plain = plain and len(self.gold) == 1 and self.wanted is None and not self.networks.heads.labels
        if network.embedding or not plain or training.dropout_kind != "plain":
            return None
        if self.lanes is None:
            lengths, fresh, state = self.lengths[items], None, None
            begins = self.ends[items] - lengths
        else:
            begins, lengths, first, _ = self.lanes.chunks.places(items)
            fresh, state = first.astype(np.int32), self.lanes.states["layer0.h"][0]  # of a minibatch of 1, one lane
        rows = rows_at(begins, lengths)
        ids, gold = self._words(rows, place), self.gold[0][rows]
        mask = None
        if training.dropout:
            generator = place.stream(randomness.DROPOUT)
            mask = layers.dropout_mask((len(ids), network.hidden), training.dropout, generator, np.float32)
        p = self.parameters
        loss, correct = kernels.online_steps(
            p["layer0.forward.w_rx"],
            p["layer0.forward.w_rh"],
            p["layer0.forward.b_r"],
            p["output.w_oh"],
            p["output.b_o"],
            ids,
            gold,
            lengths.astype(np.int32),
            rates.astype(np.float32),
            mask,
            training.grad_clip,
            training.bptt,
            fresh,
            state,
        )
        return Tally(loss, len(ids), correct)

    def score(self) -> float | None:
        return self.score_of(self.networks)

    def score_of(self, networks: Ensemble) -> float | None:
        """The share of right tags on dev, the mean over the columns; None without a dev set."""
        if self.dev is None:
            return None
        if self.held_out is not None:
            head, parameters = networks.heads.each[0], networks.decoder_parameters()
            said = (
                (head.best(parameters, scores, batch), gold) for scores, gold, batch in scored(networks, self.held_out)
            )
            return sum(int(_alike(best, gold).sum()) for best, gold in said) / int(self.held_out.lengths.sum())
        if not self.dev:
            return 0.0
        found = [np.concatenate(ids) for ids in networks.best_columns(self.dev)]
        right = [_alike(mine, gold) for mine, gold in zip(found, self.dev_gold, strict=True)]
        return float(sum(Fraction(int(one.sum()), max(len(one), 1)) for one in right) / len(right))

    def units(self) -> Units | None:
        """How the network's units do on the first 500 words; None for a network that has none."""
        network = self.networks.network
        if not network.encodes:
            return None
        ends = np.cumsum(self.lengths[:OBSERVED])
        begins = ends - self.lengths[:OBSERVED]
        n = max(1, int(np.searchsorted(begins, OBSERVED)))
        batch, rows = packed_at(begins[:n], np.minimum(self.lengths[:n], OBSERVED))
        x = network.represent(self.parameters, self.inputs.take(rows))
        return units(network.encoder, self.parameters, x, batch)

    def round(self) -> None:
        """Rounds the weights as the file will."""
        for w in self.parameters.values():
            w[...] = storage.rounded(w)

    def taught(self, seed: int) -> NDArray[np.float16]:
        """What its network would teach of the training words: probabilities (N, K1 + K2 + …), column by column.

        It reads as in training, with words read as unknown and values dropped: of text that it knows by heart it would
        be sure otherwise, and say no more than the gold tags do.
        """
        heads = self.networks.heads
        p = np.empty((len(self.inputs.words), heads.width + heads.labels), np.float16)
        for step, items in enumerate(by_length(self.lengths, CHUNK)):
            batch, rows = packed(self.lengths, self.ends, items)
            inputs, noise = self._noisy(rows, Place(seed, 0, step))  # epoch 0: no draw of the training's
            grams = None if self.grams is None else self.grams.take(texts_of(self.ends, rows, batch))
            scores, _ = self.networks.network.forward(self.parameters, inputs, batch, grams, noise=noise)
            found = [head.marginals(self.parameters, scores, batch) for head in heads.each]
            p[rows] = np.concatenate(found, axis=1)
        return p

    def learn_from(self, taught: Sequence[NDArray[np.float16]]) -> None:
        """Has the network come near the mean of what teachers taught, mixed with the gold tags (``distill_weight``)."""
        weight = self.networks.config.training.distill_weight
        wanted = np.zeros_like(taught[0])
        for p in taught:
            wanted += p * np.float16(weight / len(taught))
        for head, gold in zip(self.networks.heads.each, self.gold, strict=True):
            rows = np.arange(len(gold)) if head.task == TAG else self.ends - self.lengths  # of texts the first words
            true = np.eye(len(head.tags), dtype=np.float16)[gold] if gold.ndim == 1 else gold.astype(np.float16)
            wanted[rows, head.begin : head.begin + len(head.tags)] += true * np.float16(1 - weight)
        self.wanted = wanted

    def _noisy(self, rows: NDArray[np.int64], place: Place) -> tuple[Inputs, Noise]:
        """The words at these places as training reads them, and the noise on their values."""
        training = self.networks.config.training
        variational = training.dropout_kind == "variational"
        shares = training.dropout, training.word_dropout, variational, training.ngram_dropout
        noise = Noise(place.stream(randomness.DROPOUT), *shares)
        return replace(self.inputs.take(rows), words=self._words(rows, place)), noise

    def _words(self, rows: NDArray[np.int64], place: Place) -> Ids:
        """Word ids at these places, each read as unknown with its own probability."""
        ids = self.inputs.words[rows]
        if self.networks.config.training.unk_dropout:
            drawn = place.stream(randomness.UNKNOWN).random(len(rows))
            ids = np.where(drawn < self.unknown_share[ids], np.int32(Vocabulary.UNKNOWN), ids)
        return ids


class Speaking(Tagging):
    """Learning to say what comes next: dev is one text, and what counts there is the likelihood."""

    calibrated = False

    def score_of(self, networks: Ensemble) -> float | None:
        """1 / perplexity on dev: the geometric mean of the probabilities of its symbols."""
        if self.dev is None:
            return None
        if self.held_out is not None:
            total = sum(float(nats(scores, gold).sum()) for scores, gold, _ in scored(networks, self.held_out))
            return float(np.exp(-total / int(self.held_out.lengths.sum())))
        losses = Stream(networks, 0, 0).losses(self.dev[0], self.dev_gold[0])
        return float(np.exp(-losses.sum() / max(len(losses), 1)))


def _gold(sentences: Labelled, column: int, head: Head) -> NDArray[Any]:
    """The ids of the tags in a column, sentence after sentence; -1 for a tag that is none of these.

    Where a text can have several labels: of each of S texts which of the K labels it has, (S, K) of bools.
    """
    tag_ids = {tag: i for i, tag in enumerate(head.tags)}
    if head.task in (TAG, CLASSIFY):
        return np.array([tag_ids.get(tag, -1) for sentence in sentences for tag in sentence[column]], np.int32)
    held = np.zeros((len(sentences), len(head.tags)), bool)
    for i, sentence in enumerate(sentences):
        held[i, [tag_ids[tag] for tag in sentence[column] if tag in tag_ids]] = True
    return held


def _alike(best: NDArray[Any], gold: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of some words or texts have the right tag, or all the right labels and no others."""
    same = best == gold
    return np.asarray(same if same.ndim == 1 else same.all(axis=1))


def _in_rows(dscores: Array, rows: int) -> Array:
    """The gradients of the B texts' scores in the rows of their first words."""
    placed = np.zeros((rows, dscores.shape[1]), dscores.dtype)
    placed[: len(dscores)] = dscores
    return placed
