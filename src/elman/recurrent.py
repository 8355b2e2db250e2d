"""The recurrent model: lexicon, tag set, network and how it is trained, behind the protocol of every model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman import automatic, constraints, decoders, kernels, layers, randomness, storage, trainer
from elman.batching import Batch, Ids, by_length, pack
from elman.budget import Budget
from elman.config import Config
from elman.encoder import Gradients, Parameters
from elman.errors import ConfigError, DataError, ModelFileError
from elman.layers import Noise
from elman.lexicon import Lexicon
from elman.trainer import Place, Progress, Tally
from elman.vectors import Vectors
from elman.vocabulary import Vocabulary

Labelled = Sequence[tuple[Sequence[str], Sequence[str]]]  # (words, tags) of each sentence
CHUNK = 4096  # words tagged in one pass


class RecurrentModel:
    """A recurrent tagger. See ``elman.model.Model`` for what every model answers."""

    kind = "rnn"

    def __init__(
        self,
        config: Config,
        lexicon: Lexicon,
        tags: Sequence[str],
        parameters: Parameters,
        training: Mapping[str, Any],
        scheme: str = constraints.NONE,
    ) -> None:
        self.config, self.lexicon, self.tags = config, lexicon, tuple(tags)
        self.network = lexicon.network(config.network, len(self.tags))
        self.scheme = scheme  # of the constraints
        self.decoder = decoders.make(config.network, self.tags, scheme, config.training.smoothing)
        self.parameters = parameters
        self.training = dict(training)

    @classmethod
    def train(
        cls,
        train: Labelled,
        dev: Labelled | None,
        config: Config,
        *,
        seed: int,
        threads: int,
        vectors: Vectors | None = None,
        budget: Budget | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> RecurrentModel:
        """Trains on labelled sentences; ``dev`` chooses the epoch. Ctrl-C: the best so far (``interrupted``).

        ``budget`` chooses sizes and epochs. Otherwise as ``begin``.
        """
        task = cls.begin(train, dev, config, seed=seed, vectors=vectors)
        config = task.model.config
        if budget is not None:
            config = budget.choose(config, lambda config: task.sized(config, seed), seed, threads)
            task = task.sized(config, seed)
        replan = budget.replan if budget is not None else None
        record = trainer.fit(task, config.training, seed=seed, threads=threads, on_progress=on_progress, replan=replan)
        model = task.model
        if budget is not None:
            model.config = replace(config, training=replace(config.training, replanned=budget.replanned))
        if config.network.storage == storage.HALF:
            task.round()
            if record.dev_accuracies:  # that of the model there is now
                record.dev_accuracies[record.best_epoch - 1] = task.score() or 0.0
        model.training = {"seed": seed, "sentences": len(train), "words": int(task.lengths.sum()), **asdict(record)}
        return model

    @classmethod
    def begin(
        cls, train: Labelled, dev: Labelled | None, config: Config, *, seed: int, vectors: Vectors | None = None
    ) -> _Tagging:
        """The task of training a new model, which is its ``model``.

        ``vectors`` are pretrained ones; the words are not one-hot then. Raises ConfigError: a seed out of range, tags
        that the constraints do not know; DataError: tags that break them.
        """
        if not 0 <= seed < 2**63:
            raise ConfigError(f"seed: expected a whole number from 0 to 2^63 - 1, got {seed}")
        config = automatic.resolve(config, train)
        lexicon = Lexicon.of(config.network, (words for words, _ in train), vectors.index if vectors else None)
        tags = sorted({tag for _, tags in train for tag in tags})
        scheme, broken = constraints.choose(config.network, [tags for _, tags in train])
        if broken and config.network.constraints != "auto":
            raise DataError(f"sentence {broken.sentence + 1}, {broken}; set constraints=none")
        parameters = lexicon.network(config.network, len(tags)).start(randomness.stream(seed, randomness.START))
        if vectors is not None:
            parameters["vectors"][...] = vectors.scaled()
        return _Tagging(cls(config, lexicon, tags, parameters, {}, scheme), train, dev)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the training that made this model."""
        return bool(self.training.get("interrupted", False))

    @property
    def dev_accuracy(self) -> float | None:
        """Accuracy on dev of the epoch that was kept; None without a dev set."""
        scores = self.training.get("dev_accuracies")
        return scores[self.training["best_epoch"] - 1] if scores else None

    def record(self) -> dict[str, Any]:
        """What training was and found."""
        return dict(self.training)

    def known(self, word: str) -> bool:
        """Whether the word stood in the training data."""
        return word in self.lexicon.vocabulary

    def best(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[np.int32]]:
        """For each sentence the (T,) ids of its best tags."""
        (ids,) = self._each(sentences, self.decoder.best)
        return ids

    def probabilities(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[np.float64]]:
        """For each sentence the (T, K) probabilities."""
        (p,) = self._each(sentences, self.decoder.marginals)
        return p

    def best_and_probabilities(
        self, sentences: Sequence[Sequence[str]]
    ) -> list[tuple[NDArray[np.int32], NDArray[np.float64]]]:
        """Both of these for each sentence, from one pass of the network."""
        return list(zip(*self._each(sentences, self.decoder.best, self.decoder.marginals), strict=True))

    def nbest(self, words: Sequence[str], most: int) -> list[tuple[Ids, float]]:
        """The ``most`` most probable ways to tag a sentence: (T,) ids and their probability, best first."""
        ((scores,),) = self._each([words], lambda parameters, scores, batch: scores)
        return self.decoder.nbest(self.parameters, scores, most)

    def _each(
        self, sentences: Sequence[Sequence[str]], *decode: Callable[[Parameters, layers.Array, Batch], Any]
    ) -> list[list[Any]]:
        """For each ``decode``, and each sentence, its rows of what that makes of the scores of a packed batch."""
        lengths = np.array([len(words) for words in sentences], np.int64)
        inputs = self.lexicon.read([word for words in sentences for word in words])
        ends = np.cumsum(lengths)
        results: list[list[Any]] = [[None] * len(sentences) for _ in decode]
        for some in by_length(lengths, CHUNK):
            batch, rows = _packed(lengths, ends, some)
            scores, _ = self.network.forward(self.parameters, inputs.take(rows), batch)
            cuts = np.cumsum(lengths[some])[:-1]
            for each, found in zip(decode, results, strict=True):
                decoded = each(self.parameters, scores, batch)
                unpacked = np.empty_like(decoded)
                unpacked[batch.rows] = decoded
                for i, rows_of_one in zip(some.tolist(), np.split(unpacked, cuts), strict=True):
                    found[i] = rows_of_one
        return results

    def to_record(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Configuration and tensors for the model file."""
        config = {
            "tags": list(self.tags),
            "settings": self.config.to_dict(),
            "training": self.training,
            **self.lexicon.to_record(),
        }
        if self.scheme != constraints.NONE:
            config["constraints"] = self.scheme
        return config, storage.stored(self.parameters, self.config.network.storage)

    @classmethod
    def from_record(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> RecurrentModel:
        """The inverse of ``to_record``. Raises ModelFileError for records that do not fit together."""
        tags, settings, training = config.get("tags"), config.get("settings"), config.get("training")
        if not (isinstance(tags, list) and tags and all(isinstance(tag, str) for tag in tags)):
            raise ModelFileError("model: expected a list of tags")
        if len(set(tags)) < len(tags):
            raise ModelFileError("model: expected distinct tags")
        if not isinstance(settings, dict) or not all(isinstance(section, dict) for section in settings.values()):
            raise ModelFileError("model: expected sections of settings")
        if not isinstance(training, dict):
            raise ModelFileError("model: expected a training record")
        try:
            read = Config.from_dict(settings)
        except ConfigError as error:
            raise ModelFileError(f"model settings: {error}") from None
        if read != automatic.resolve(read, []):
            raise ModelFileError("model settings: expected none that is left open")
        lexicon = Lexicon.from_record(config, read.network)
        shapes = lexicon.network(read.network, len(tags)).shapes()
        found = {name: tensor.shape for name, tensor in tensors.items()}
        for name in sorted(shapes.keys() | found.keys()):
            if shapes.get(name) != found.get(name):
                wanted, got = shapes.get(name, "no such tensor"), found.get(name, "none")
                raise ModelFileError(f"model tensor {name}: expected {wanted}, found {got}")
        parameters = storage.restored(tensors, read.network.storage)
        scheme = config.get("constraints", constraints.NONE)
        if scheme not in (constraints.NONE, *constraints.SCHEMES):
            raise ModelFileError(f"model constraints: expected bio or bioes, found {scheme!r:.40}")
        try:
            return cls(read, lexicon, tags, parameters, training, scheme)
        except ConfigError as error:
            raise ModelFileError(f"model: {error}") from None


def _packed(
    lengths: NDArray[np.int64], ends: NDArray[np.int64], some: NDArray[np.int64]
) -> tuple[Batch, NDArray[np.int64]]:
    """The packing of some sentences of a corpus laid end to end, and for each packed row its word in the corpus."""
    chosen = lengths[some]
    batch = pack(chosen)
    # where each word of the chosen sentences, laid one after the other, stands in the corpus
    shift = np.repeat(ends[some] - np.cumsum(chosen), chosen)
    places = np.arange(len(shift)) + shift
    return batch, places[batch.rows]


class _Tagging:
    """Tagging as a task for the trainer."""

    def __init__(self, model: RecurrentModel, train: Labelled, dev: Labelled | None) -> None:
        self.model, self.parameters, self.dev = model, model.parameters, dev
        tag_ids = {tag: i for i, tag in enumerate(model.tags)}
        self.lengths = np.array([len(words) for words, _ in train], np.int64)
        self.ends = np.cumsum(self.lengths)
        self.inputs = model.lexicon.read([word for words, _ in train for word in words])
        self.gold: Ids = np.array([tag_ids[tag] for _, tags in train for tag in tags], np.int32)
        a, counts = model.config.training.unknown, model.lexicon.vocabulary.counts[self.inputs.words]
        self.unknown_share = a / (a + counts) if a else np.zeros(len(self.gold))  # of each training word
        balance = model.config.training.balance
        self.weights = decoders.tag_weights(self.gold, len(model.tags), balance) if balance else None  # (K,)

    def sized(self, config: Config, seed: int) -> _Tagging:
        """The same task for a new model of other settings; it reads of words what this one's does."""
        model = self.model
        parameters = model.lexicon.network(config.network, len(model.tags)).start(
            randomness.stream(seed, randomness.START)
        )
        if "vectors" in parameters:
            parameters["vectors"][...] = self.parameters["vectors"]
        other = copy(self)
        other.model = RecurrentModel(config, model.lexicon, model.tags, parameters, {}, model.scheme)
        other.parameters = parameters
        return other

    def round(self) -> None:
        """Rounds the weights as the file will."""
        for w in self.parameters.values():
            w[...] = storage.rounded(w)

    def gradients(self, items: NDArray[np.int64], words: int, place: Place) -> tuple[Tally, Gradients]:
        training = self.model.config.training
        batch, rows = _packed(self.lengths, self.ends, items)
        variational = training.dropout_kind == "variational"
        noise = Noise(place.stream(randomness.DROPOUT), training.dropout, training.word_dropout, variational)
        inputs, gold = replace(self.inputs.take(rows), words=self._words(rows, place)), self.gold[rows]
        scores, backprop = self.model.network.forward(self.parameters, inputs, batch, bptt=training.bptt, noise=noise)
        losses, best, undecode = self.model.decoder.loss(self.parameters, scores, gold, batch)
        weights = np.ones(len(gold), np.float32) if self.weights is None else self.weights[gold]
        dscores, gradients = undecode(weights * np.float32(1 / words if training.loss == "mean" else 1))
        loss, correct = float((losses * weights).sum(dtype=np.float64)), int((best == gold).sum())
        return Tally(loss, len(gold), correct), backprop(dscores) | gradients

    def online(self, items: NDArray[np.int64], rates: NDArray[np.float64], place: Place) -> Tally | None:
        network, training = self.model.config.network, self.model.config.training
        plain = network.cell == "elman" and network.direction == "forward" and network.layers == 1
        plain = plain and network.decoder == "softmax" and not (training.smoothing or training.balance)
        if network.embedding or not plain or training.dropout_kind != "plain":
            return None
        lengths = self.lengths[items]
        rows = np.arange(int(lengths.sum())) + np.repeat(self.ends[items] - np.cumsum(lengths), lengths)
        ids, gold = self._words(rows, place), self.gold[rows]
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
            training.clip,
            training.bptt,
        )
        return Tally(loss, len(ids), correct)

    def _words(self, rows: NDArray[np.int64], place: Place) -> Ids:
        """Word ids at these places, each read as unknown with its own probability."""
        ids = self.inputs.words[rows]
        if self.model.config.training.unknown:
            drawn = place.stream(randomness.UNKNOWN).random(len(rows))
            ids = np.where(drawn < self.unknown_share[rows], np.int32(Vocabulary.UNKNOWN), ids)
        return ids

    def score(self) -> float | None:
        if self.dev is None:
            return None
        best = self.model.best([words for words, _ in self.dev])
        right = total = 0
        for found, (_, tags) in zip(best, self.dev, strict=True):
            right += sum(self.model.tags[i] == tag for i, tag in zip(found.tolist(), tags, strict=True))
            total += len(tags)
        return right / total if total else 0.0
