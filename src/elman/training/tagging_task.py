"""Training a tagger or text classifier, as a task for the trainer, and distillation from teachers to a student."""

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
from elman.models import dtype
from elman.models.base import CHUNK
from elman.models.ensemble import Ensemble, network_of
from elman.models.heads import Head, Heads
from elman.nn import decoders
from elman.nn.activations import Units, units
from elman.nn.batch import Batch, Ids, by_length, packed, packed_at, texts_of
from elman.nn.encoder import Carried, Gradients, Parameters
from elman.nn.initialization import initialize, initialize_graph
from elman.nn.layers import Array, DropoutNoise
from elman.nn.network import Inputs
from elman.training import fused_steps, naive_bayes, temperature
from elman.training.base_start import BaseStart
from elman.training.disk_corpus import DiskSplit
from elman.training.graph_gold import GraphGold, GraphLoss
from elman.training.task import Items, LossTotals, StepKey
from elman.training.tbptt import Segments, Streams, stream_scores
from elman.utils import seeding

OBSERVED = 500  # words on which the units are observed after an epoch

Start = Vectors | BaseStart
"""What a network begins with: pretrained vectors, or the weights of a base model."""
Labelled = Sequence[tuple[Sequence[str], ...]]
"""For each sentence its words and, for each label column, its tags; of document labels, those that it has."""


def initial_parameters(
    config: Config, lexicon: Lexicon, heads: Heads, seed: int, start: Start | None = None
) -> Parameters:
    """Return the initial parameters of a network and its decoders; ``start`` fills in those that it has."""
    network = network_of(config, lexicon, heads)
    parameters = initialize(network, seeding.stream(seed, seeding.START)) | heads.start()
    sizes = heads.graph_sizes
    if sizes is not None:
        parameters |= initialize_graph(config.network, sizes, seeding.stream(seed, seeding.START, part=1))
    if start is not None:
        start.begin(parameters, config.network)
    if "text.scale" in parameters and heads.grams is not None and heads.grams.scale is not None:
        parameters["text.scale"][...] = heads.grams.scale
    return parameters


class TaggingTask(Items):
    """Tagging and text classification as a task for the trainer, which trains the only member of ``networks``."""

    calibrated = True  # temperatures are fitted on dev

    def __init__(
        self,
        networks: Ensemble,
        train: Labelled | DiskSplit,
        dev: Labelled | DiskSplit | None,
        start: Start | None = None,
    ) -> None:
        """``start`` is what the networks begin with."""
        self.networks, self.parameters, self.start = networks, networks.members[0], start
        columns = list(enumerate(networks.heads.each, start=1))
        self.gold: list[Any]  # by column: (N,) of words, (S,) of texts
        if isinstance(train, DiskSplit):
            self.lengths, self.inputs = train.lengths, train.inputs(networks.lexicon)
            self.grams, self.gold = None, [train.gold(networks.tags)]
        else:
            self.lengths = np.array([len(words) for words, *_ in train], np.int64)
            self.inputs = networks.lexicon.read([word for words, *_ in train for word in words])
            grams, texts = networks.heads.grams, [words for words, *_ in train]
            self.grams = None if grams is None else grams.bags(texts)
            self.gold = [_gold(train, column, head) for column, head in columns]
        self.held_out = dev if isinstance(dev, DiskSplit) else None  # on disk; `dev` is its beginning
        known = dev.first(temperature.MOST_WORDS) if isinstance(dev, DiskSplit) else dev
        self.dev = None if known is None else [words for words, *_ in known]
        self.dev_gold = [_gold(known or (), column, head) for column, head in columns]
        sizes, graph = networks.heads.graph_sizes, networks.heads.graph
        self.graph = self.dev_graph = None  # gold trees
        if sizes is not None and graph is not None and not isinstance(train, DiskSplit):
            i = graph.column
            self.graph = GraphGold(sizes, [sentence[i + 1] for sentence in train], self.gold[i])
            self.dev_graph = GraphGold(sizes, [sentence[i + 1] for sentence in known or ()], self.dev_gold[i])
        training = networks.config.training
        a, counts = training.unk_dropout, networks.lexicon.vocabulary.counts
        self.unknown_share: NDArray[np.float64] = a / np.maximum(a + counts, 1e-9)  # by word
        self.weights: list[NDArray[np.float32] | None] = [  # by column: (K,)
            decoders.tag_weights(gold, len(head.tags), training.class_weight_power)
            if training.class_weight_power and gold.ndim == 1
            else None
            for gold, head in zip(self.gold, networks.heads.each, strict=True)
        ]
        self.soft_targets: NDArray[np.float16] | None = None  # (N, K1 + K2 + …), in place of the gold tags
        self.streams: Streams | None = None  # that read sentences in segments
        if training.chunk and self.graph is not None:
            raise ConfigError(
                "chunk: expected 0 with heads=graph, which scores the arcs of whole sentences; heads=relative takes it"
            )
        if training.chunk and len(self.lengths) and self.lengths.max() > training.chunk:
            if networks.heads.labels:
                raise ConfigError("chunk: expected 0 for text classification, which reads whole texts")
            segments = Segments(self.lengths, training.chunk, training.batch)
            self.streams = Streams(segments, networks.network.encoder.memory())

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """(S,) end of each sentence."""
        return np.cumsum(self.lengths)

    def begin_with_naive_bayes(self) -> TaggingTask:
        """Set the n-grams' weights to those of naive Bayes if there is nothing else; return the task itself."""
        training, w = self.networks.config.training, self.parameters.get("text.grams")
        if training.naive_bayes and w is not None and self.grams is not None and not self.networks.network.encodes:
            for gold, head in zip(self.gold, self.networks.heads.each, strict=True):
                found = naive_bayes.weights(self.parameters["text.scale"], self.grams, gold, len(head.tags))
                w[:, head.begin : head.begin + len(head.tags)] = np.float32(training.naive_bayes) * found
        return self

    def again(self, config: Config, seed: int) -> TaggingTask:
        """Return the same task for a new network with other settings or another seed, but the same lexicon."""
        lexicon, heads = self.networks.lexicon, replace(self.networks.heads, config=config)
        parameters = initial_parameters(config, lexicon, heads, seed, self.start)
        task = copy(self)
        task.networks, task.parameters = Ensemble(config, lexicon, heads, [parameters]), parameters
        if self.streams is not None:
            task.streams = Streams(self.streams.segments, task.networks.network.encoder.memory())
        return task.begin_with_naive_bayes()

    def batches(self, size: int, generator: np.random.Generator, epoch: int) -> Sequence[NDArray[np.int64]]:
        """Return minibatches of sentences, or of segments, whose streams start from a state of 0."""
        return super().batches(size, generator, epoch) if self.streams is None else self.streams.plan(generator)

    def carried(self) -> dict[str, Array]:
        return {} if self.streams is None else self.streams.states

    def words(self, items: NDArray[np.int64]) -> int:
        return super().words(items) if self.streams is None else int(self.streams.segments.places(items)[1].sum())

    def _packed(
        self, items: NDArray[np.int64]
    ) -> tuple[Batch, NDArray[np.int64], Carried | None, NDArray[np.int64] | None]:
        """Return items as a batch and its rows in the text; for segments also the carried states and their streams."""
        if self.streams is None:
            return *packed(self.lengths, self.ends, items), None, None
        return self.streams.read(items)

    def gradients(self, items: NDArray[np.int64], words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        training, heads = self.networks.config.training, self.networks.heads.each
        batch, rows, carried, streams = self._packed(items)
        inputs, noise = self._noisy(rows, place)
        texts = texts_of(self.ends, rows, batch) if self.networks.heads.labels else rows[:0]
        grams = None if self.grams is None else self.grams.take(texts)
        beside = None
        if self.graph is not None:
            weight = 1 / words if training.loss == "mean" else 1.0
            beside = GraphLoss(self.graph, self.parameters, batch, rows, noise, weight)
        scores, backprop = self.networks.network.forward(
            self.parameters, inputs, batch, grams, bptt=training.bptt, noise=noise, carried=carried, beside=beside
        )
        if self.streams is not None and carried is not None and streams is not None:
            self.streams.keep(carried, streams)
        # mean over the words of the minibatch; document labels: over the texts of a full one, for equal weights
        whole = {True: words, False: min(training.batch, len(self.lengths))}
        words_a_text = len(self.inputs.words) / max(len(self.lengths), 1)
        parts: list[Array] = []  # gradients with respect to the scores, by column
        gradients: Gradients = {}
        loss, right = 0.0, 0.0
        for i, head in enumerate(heads):
            of_words = head.task == TAG
            own, gold, of_tags = head.of(scores, batch), self.gold[i][rows if of_words else texts], self.weights[i]
            soft = None if self.soft_targets is None else head.of(self.soft_targets[rows], batch).astype(np.float32)
            losses, best, undecode = head.decoder.loss(self.parameters, own, gold, batch, soft)
            weights = np.ones(len(gold), np.float32) if of_tags is None else of_tags[gold]
            scale = np.float32(1 / whole[of_words] if training.loss == "mean" else 1)
            dscores, of_decoder = undecode(weights * scale)
            parts.append(dscores if of_words else _in_rows(dscores, len(rows)))
            gradients |= of_decoder
            # the trainer counts words: a text counts as the mean number of words in a text
            times = 1 if of_words else words_a_text
            loss += times * float((losses * weights).sum(dtype=np.float64))
            right += times * int(_alike(best, gold).sum())
        if beside is not None:
            loss += beside.loss
            right += beside.correct
        dscores = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        columns = len(heads) + (beside is not None)
        correct = round(right / columns) if self.networks.heads.labels == 0 else right / columns
        return LossTotals(loss, len(rows), correct), backprop(dscores) | gradients

    def online(
        self, batches: Sequence[NDArray[np.int64]], rates: NDArray[np.float64], place: StepKey
    ) -> LossTotals | None:
        regression = fused_steps.regression(self, batches, rates)
        return fused_steps.tutorial_network(self, batches, rates, place) if regression is None else regression

    def score(self) -> float | None:
        return self.score_of(self.networks)

    def score_of(self, networks: Ensemble) -> float | None:
        """Return the accuracy on dev, averaged over the columns; None without a dev set.

        A graph parser has LAS in place of the accuracy of its relations, and that alone beside no more than tags.
        """
        if self.dev is None:
            return None
        if self.held_out is not None:
            head, parameters = networks.heads.each[0], networks.decoder_parameters()
            pairs = (
                (head.best(parameters, scores, batch), gold)
                for scores, gold, batch in stream_scores(networks, self.held_out)
            )
            return sum(int(_alike(best, gold).sum()) for best, gold in pairs) / int(self.held_out.lengths.sum())
        if not self.dev:
            return 0.0
        graph = None if self.dev_graph is None else networks.heads.graph
        if self.dev_graph is not None and len(self.dev_gold) <= 2:
            return float(self.dev_graph.las(networks, self.dev))
        predicted = [np.concatenate(ids) for ids in networks.best_columns(self.dev)]
        correct = [_alike(best, gold) for best, gold in zip(predicted, self.dev_gold, strict=True)]
        shares = [Fraction(int(each.sum()), max(len(each), 1)) for each in correct]
        if self.dev_graph is not None and graph is not None:
            shares[graph.column] = self.dev_graph.las(networks, self.dev)
        return float(sum(shares) / len(shares))

    def units(self) -> Units | None:
        """Return saturation of the network's units on the first 500 words; None if it has no recurrent layer."""
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
        """Round the weights as the model file will."""
        for w in self.parameters.values():
            w[...] = dtype.rounded(w)

    def distillation_targets(self, seed: int) -> NDArray[np.float16]:
        """Return the network's probabilities (N, K1 + K2 + …) for the training words, column by column.

        It reads them as in training, with dropout and unknown words: otherwise it would be certain of text that it has
        memorized, and teach no more than the gold tags.
        """
        heads = self.networks.heads
        p = np.empty((len(self.inputs.words), heads.width + heads.labels), np.float16)
        for step, items in enumerate(by_length(self.lengths, CHUNK)):
            batch, rows = packed(self.lengths, self.ends, items)
            inputs, noise = self._noisy(rows, StepKey(seed, 0, step))  # epoch 0: not drawn in training
            grams = None if self.grams is None else self.grams.take(texts_of(self.ends, rows, batch))
            scores, _ = self.networks.network.forward(self.parameters, inputs, batch, grams, noise=noise)
            p[rows] = np.concatenate([head.marginals(self.parameters, scores, batch) for head in heads.each], axis=1)
        return p

    def learn_from(self, teachers: Sequence[NDArray[np.float16]]) -> None:
        """Mix the mean of the teachers' probabilities with the gold tags (``distill_weight``) as soft targets."""
        weight = self.networks.config.training.distill_weight
        targets = np.zeros_like(teachers[0])
        for p in teachers:
            targets += p * np.float16(weight / len(teachers))
        for head, gold in zip(self.networks.heads.each, self.gold, strict=True):
            rows = np.arange(len(gold)) if head.task == TAG else self.ends - self.lengths  # texts: their first words
            one_hot = np.eye(len(head.tags), dtype=np.float16)[gold] if gold.ndim == 1 else gold.astype(np.float16)
            targets[rows, head.begin : head.begin + len(head.tags)] += one_hot * np.float16(1 - weight)
        self.soft_targets = targets

    def _noisy(self, rows: NDArray[np.int64], place: StepKey) -> tuple[Inputs, DropoutNoise]:
        """Return the words of these rows as training reads them, and their dropout."""
        training = self.networks.config.training
        variational, every_layer = training.dropout_kind != "plain", training.dropout_kind == "layers"
        shares = training.dropout, training.word_dropout, variational, training.ngram_dropout, every_layer
        noise = DropoutNoise(place.draws(seeding.DROPOUT), *shares)
        return replace(self.inputs.take(rows), words=self.noisy_words(rows, place)), noise

    def noisy_words(self, rows: NDArray[np.int64], place: StepKey) -> Ids:
        """Return the word ids of these rows, each replaced by the unknown word with its own probability."""
        ids = self.inputs.words[rows]
        if self.networks.config.training.unk_dropout:
            key = place.draws(seeding.UNKNOWN).key
            ids = kernels.unknown_words(ids, self.unknown_share, key, Vocabulary.UNKNOWN)
        return ids


def _gold(sentences: Labelled, column: int, head: Head) -> NDArray[Any]:
    """Return the tag ids of a column, sentence after sentence; -1 for an unknown tag.

    If a text can have several labels: which of the K labels each of the S texts has, (S, K) of bools.
    """
    tag_ids = {tag: i for i, tag in enumerate(head.tags)}
    if head.task in (TAG, CLASSIFY):
        return np.array([tag_ids.get(tag, -1) for sentence in sentences for tag in sentence[column]], np.int32)
    held = np.zeros((len(sentences), len(head.tags)), bool)
    for i, sentence in enumerate(sentences):
        held[i, [tag_ids[tag] for tag in sentence[column] if tag in tag_ids]] = True
    return held


def _alike(best: NDArray[Any], gold: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which words or texts have the gold tag, or exactly the gold labels."""
    same = best == gold
    return np.asarray(same if same.ndim == 1 else same.all(axis=1))


def _in_rows(dscores: Array, rows: int) -> Array:
    """Place the gradients by the B texts' scores in the rows of their first words."""
    placed = np.zeros((rows, dscores.shape[1]), dscores.dtype)
    placed[: len(dscores)] = dscores
    return placed
