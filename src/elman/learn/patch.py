"""Train a model for a few steps on corrections, with replay of training sentences and distillation to the old model.

A step reads new corrections, earlier ones, and replayed sentences. Labels that somebody has looked at are learned as
they are; where nobody has looked, and on replayed sentences, the old model's probabilities are the targets too
(Hinton, Vinyals & Dean 2015; Li & Hoiem 2018). So what the corrections do not speak about stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.config import Config
from elman.data.correction import Correction
from elman.data.targets import CLASSIFY, TAG
from elman.errors import DataError
from elman.learn.growth import imprint
from elman.models.base import CHUNK
from elman.models.ensemble import Ensemble
from elman.models.heads import Head
from elman.models.rnn import RecurrentModel
from elman.nn import pooling, shapes
from elman.nn.batch import by_length, packed, texts_of
from elman.nn.encoder import Gradients, Parameters
from elman.nn.layers import Array
from elman.training.tagging_task import TaggingTask
from elman.training.task import LossTotals, StepKey
from elman.training.trainer import Updates
from elman.utils import seeding
from elman.utils.display import shown

NEW, EARLIER, REPLAYED = range(3)
FORCED = np.float32(1e4)
"""Added to the score of a given tag, so that the best path has it."""
LONGEST = 200
"""Words that a correction counts as at most: one of thousands would leave the others of its step no weight."""

Examples = tuple[Sequence[Correction], Sequence[Correction], Sequence[Correction]]
"""New corrections, earlier ones, and sentences to draw replayed ones from."""


@dataclass(frozen=True)
class PatchOptions:
    """How a patch is trained.

    ``steps``     least number of updates; ``passes`` over the corrections, if that is more
    ``batch``     new corrections in an update; ``earlier`` and ``replay``: earlier ones and replayed sentences in it
    ``rate``      learning rate of Adam
    ``distill``   share of the old model's probabilities in the targets of replayed words; the rest is the gold label
    ``weight``    weight of replayed words, and of those nobody has looked at, beside corrected ones
    ``rounds``    rounds at most, each at twice the rate of the one before; the first that learns all is the last
    ``alphas``    shares of the new parameters to try, in this order, beside the old ones
    """

    steps: int = 16
    passes: int = 6
    batch: int = 16
    earlier: int = 8
    replay: int = 16
    rate: float = 1e-3
    distill: float = 0.5
    weight: float = 1.0
    rounds: int = 4
    alphas: tuple[float, ...] = (1.0, 0.75, 0.5, 0.25)

    @classmethod
    def of(cls, corrections: int) -> PatchOptions:
        """Return the options for a number of corrections.

        A few are learned to the letter. Many are text to learn from as in training: one round of at least 100 steps
        (after 20 steps, 20 corrections were half learned), with more replay of more weight, so that a high rate does no
        harm. A tenth of the old parameters costs a little of what is learned and saves more of what was known.
        """
        if corrections <= cls.batch:
            return cls()
        return cls(steps=100, passes=16, replay=48, rate=4e-3, weight=8.0, rounds=1, alphas=(0.9,))

    def number(self, corrections: int) -> int:
        """Return the number of updates for some corrections."""
        return max(self.steps, -(-self.passes * corrections // min(corrections, self.batch)))


def patched(
    model: RecurrentModel,
    targets: Sequence[str],
    examples: Examples,
    options: PatchOptions,
    *,
    known: Sequence[int],
    seed: int,
    threads: int,
    start: Sequence[Parameters] | None = None,
) -> tuple[list[Parameters], list[Correction]]:
    """Return the parameters of each network of a grown model after the patch, and the replayed sentences.

    ``examples``  the new corrections, the earlier ones and the sentences to draw replayed ones from
    ``known``     for each column how many of its tags are not new
    ``start``     parameters to go on from, those of an earlier round; None: the model's own
    """
    plan = Plan.of(examples, options, seed)
    given = [_given(head, name, plan.examples) for head, name in zip(model.heads.each, targets, strict=True)]
    results = []
    for number, parameters in enumerate(model.members, start=1):
        own = {name: w.copy() for name, w in (start[number - 1] if start else parameters).items()}
        of_member = seeding.member_seed(seed, number)
        if plan.steps:
            task = PatchTask(model, (parameters, own), plan, given, options)
            if start is None:
                task.imprint(known)
            with Updates(task, task.networks.config.training, of_member, threads) as update:
                for step, items in enumerate(plan.steps):
                    update([items], [options.rate * plan.warmth(step)], 1, step)
                update.optimizer.flush(task.parameters)
        results.append(own)
    return results, [example for example, kind in zip(plan.examples, plan.kinds, strict=True) if kind == REPLAYED]


@dataclass(frozen=True)
class Plan:
    """The examples of a patch, their kinds, and the indices of those that each step reads."""

    examples: list[Correction]
    kinds: NDArray[np.int64]  # (S,)
    steps: list[NDArray[np.int64]]

    @classmethod
    def of(
        cls,
        examples: Examples,
        options: PatchOptions,
        seed: int,
    ) -> Plan:
        """Draw the examples of each step; the draw depends on the seed and their number alone."""
        new = examples[NEW]
        if not new:
            return cls([], np.zeros(0, np.int64), [])
        size, n = min(len(new), options.batch), options.number(len(new))
        sizes = size, options.earlier, options.replay
        draws = [_draws(len(examples[kind]), sizes[kind], n, seed, kind) for kind in (NEW, EARLIER, REPLAYED)]
        chosen: list[Correction] = []
        kinds: list[int] = []
        places: dict[tuple[int, int], int] = {}
        steps = []
        for of_step in zip(*draws, strict=True):
            items = []
            for kind, indices in enumerate(of_step):
                for i in indices.tolist():
                    if (kind, i) not in places:
                        places[kind, i] = len(chosen)
                        chosen.append(examples[kind][i])
                        kinds.append(kind)
                    items.append(places[kind, i])
            steps.append(np.array(items, np.int64))
        return cls(chosen, np.array(kinds, np.int64), steps)

    def warmth(self, step: int) -> float:
        """Return the share of the learning rate at a step: it rises in the first three and falls to 0 at the end."""
        n = len(self.steps)
        return min(1.0, (step + 1) / 3) * min(1.0, 2 * (n - step) / n)


def _draws(n: int, size: int, steps: int, seed: int, kind: int) -> list[NDArray[np.int64]]:
    """Return for each step ``size`` of n items, all of them before one comes again."""
    size = min(n, size)
    if not size:
        return [np.zeros(0, np.int64)] * steps
    generator = seeding.stream(seed, seeding.ORDER, epoch=1, part=kind)
    rounds = -(-size * steps // n)
    if rounds == 1:
        drawn = generator.choice(n, size * steps, replace=False)
    else:
        drawn = np.concatenate([generator.permutation(n) for _ in range(rounds)])
    return list(drawn[: size * steps].reshape(steps, size))


class PatchTask(TaggingTask):
    """The examples of a patch as a task for the trainer's updates."""

    def __init__(
        self,
        model: RecurrentModel,
        parameters: tuple[Parameters, Parameters],
        plan: Plan,
        given: Sequence[NDArray[np.int64]],
        options: PatchOptions,
    ) -> None:
        """``parameters`` are the old ones and those to train; ``given`` the ids of labels by column (``_given``)."""
        self.plan, self.options = plan, options
        config, (old, own) = _config(model.config), parameters
        networks = Ensemble(config, model.lexicon, replace(model.heads, config=config), [own])
        heads = networks.heads.each
        self.looked = [np.asarray((ids >= 0).reshape(len(ids), -1).all(axis=1), bool) for ids in given]  # by column
        super().__init__(networks, [(example.words, *((),) * len(heads)) for example in plan.examples], None)
        frozen = Ensemble(config, model.lexicon, networks.heads, [old])
        self.gold, p = self._predicted(frozen, given)
        self.soft = [self._soft(i, head, p[i]) for i, head in enumerate(heads)]

    def _predicted(
        self, networks: Ensemble, given: Sequence[NDArray[np.int64]]
    ) -> tuple[list[NDArray[Any]], list[Array]]:
        """Return for each column the best labels that agree with the given ones, and the probabilities without them.

        Ids (N,) and probabilities (N, K) of words; (S,) and (S, K) of texts, or bools (S, K) for several labels. Of
        earlier corrections without a gap no probability is used, and their labels were checked: these stay 0.
        Raises DataError if given tags break the rules of spans.
        """
        ends, heads, parameters = self.ends, networks.heads.each, networks.decoder_parameters()
        best = [ids.astype(bool if ids.ndim > 1 else np.int32) for ids in given]
        p = [np.zeros((len(ids), len(head.tags)), np.float32) for ids, head in zip(given, heads, strict=True)]
        some = np.flatnonzero(self._open(heads))
        for items in by_length(self.lengths[some], CHUNK):
            batch, rows = packed(self.lengths, ends, some[items])
            texts = texts_of(ends, rows, batch)
            grams = None if self.grams is None else self.grams.take(texts)
            scores = networks.scores(self.inputs.take(rows), batch, grams)
            for column, head in enumerate(heads):
                at = rows if head.task == TAG else texts
                own, known = head.of(scores, batch), given[column][at]
                p[column][at] = head.decoder.marginals(parameters, own, batch)
                if known.ndim > 1:
                    found = head.decoder.best(parameters, own, batch)
                    best[column][at] = np.where(known < 0, found, known > 0)
                    continue
                forced = np.flatnonzero(known >= 0)
                own[forced, known[forced]] += FORCED
                best[column][at] = head.decoder.best(parameters, own, batch)
                wrong = forced[best[column][at][forced] != known[forced]]
                if len(wrong):
                    example = self.plan.examples[int(np.searchsorted(ends, at[wrong[0]], side="right"))]
                    tag, words = shown(head.tags[known[wrong[0]]]), shown(" ".join(example.words))
                    problem = f"the tag {tag} breaks the model's rules of spans in {words}"
                    raise DataError(problem, path=example.path or None, line=example.line or None)
        return best, p

    def _open(self, heads: Sequence[Head]) -> NDArray[np.bool_]:
        """Return which examples (S,) the old model has to predict: all but earlier ones whose labels are all given."""
        gaps = self.plan.kinds != EARLIER
        for head, looked in zip(heads, self.looked, strict=True):
            gaps |= ~(np.logical_and.reduceat(looked, self.ends - self.lengths) if head.task == TAG else looked)
        return np.asarray(gaps, np.bool_)

    def _soft(self, column: int, head: Head, p: Array) -> Array:
        """Return the target probabilities of a column: (N, K) of words, (S, K) of texts."""
        gold, looked = self.gold[column], self.looked[column]
        one_hot = np.eye(len(head.tags), dtype=np.float32)[gold] if gold.ndim == 1 else gold.astype(np.float32)
        of_item = self.plan.kinds if head.task != TAG else np.repeat(self.plan.kinds, self.lengths)
        share = np.where(of_item == REPLAYED, np.float32(self.options.distill), np.float32(0))
        share = np.where(looked, share, np.float32(1)).astype(np.float32)[:, None]
        return np.asarray((1 - share) * one_hot + share * p, np.float32)

    def imprint(self, known: Sequence[int]) -> None:
        """Give the outputs of new tags their first weights."""
        heads, network = self.networks.heads, self.networks.network
        if not network.encodes or all(n == len(tags) for n, tags in zip(known, heads.tags, strict=True)):
            return
        batch, rows = packed(self.lengths, self.ends, np.arange(len(self.lengths)))
        x = network.represent(self.parameters, self.inputs.take(rows))
        h, _ = network.encoder.forward(self.parameters, x, batch)
        for column, (head, n) in enumerate(zip(heads.each, known, strict=True)):
            if n == len(head.tags):
                continue
            if head.task == TAG:
                w, b, begin, gold, states = "output.w_oh", "output.b_o", head.begin, self.gold[column][rows], h
            elif network.config.pooling != "none":
                c = network.config
                own = {name: self.parameters[f"pooling.{name}"] for name in shapes.pooling(c.pooling, h.shape[1])}
                w, b, begin = "text.w_oh", "text.b_o", head.begin - heads.width
                states, _ = pooling.pool(c.pooling, h, batch, own, c.hidden)
                gold = self.gold[column][texts_of(self.ends, rows, batch)]
            else:
                continue
            imprint(self.parameters[w], self.parameters[b], begin, n, states, gold.astype(np.int64))

    def gradients(self, items: NDArray[np.int64], words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        heads = self.networks.heads
        batch, rows = packed(self.lengths, self.ends, items)
        inputs, noise = self._noisy(rows, place)
        texts = texts_of(self.ends, rows, batch) if heads.labels else rows[:0]
        grams = None if self.grams is None else self.grams.take(texts)
        scores, backprop = self.networks.network.forward(
            self.parameters, inputs, batch, grams, bptt=self.networks.config.training.bptt, noise=noise
        )
        of_rows = np.searchsorted(self.ends, rows, side="right")
        dscores = np.zeros_like(scores)
        gradients: Gradients = {}
        loss = 0.0
        for column, head in enumerate(heads.each):
            some = rows if head.task == TAG else texts
            gold, soft = self.gold[column][some], self.soft[column][some]
            pairs = self._weights(column, head, place.step)[of_rows if head.task == TAG else texts]
            weights = np.asarray(np.where(self.looked[column][some], pairs[:, 0], pairs[:, 1]), np.float32)
            own = head.of(scores, batch)
            losses, _, undecode = head.decoder.loss(self.parameters, own, gold, batch, None)
            full, of_decoder = undecode(np.ones(len(gold), scores.dtype))
            one_hot = np.eye(len(head.tags), dtype=np.float32)[gold] if gold.ndim == 1 else gold.astype(np.float32)
            part = (full + one_hot - soft) * weights[:, None]
            dscores[: len(part), head.begin : head.begin + len(head.tags)] += part
            mean = np.float32(weights.mean()) if len(weights) else np.float32(0)
            gradients |= {name: mean * np.asarray(d) for name, d in of_decoder.items()}
            loss += float((losses * weights).sum(dtype=np.float64))
        return LossTotals(loss, len(rows), 0), backprop(dscores) | gradients

    def _weights(self, column: int, head: Head, step: int) -> Array:
        """Return the weights (S, 2) of an example's labels in a step: looked at, and not looked at.

        The corrected labels of a step have a sum of 1, all others one of ``weight``. Each corrected label counts the
        same, but those of a correction of more than ``LONGEST`` words count as that many together.
        """
        items = self.plan.steps[step]
        lengths = self.lengths if head.task == TAG else np.ones_like(self.lengths)
        ends = np.cumsum(lengths)
        looked = np.add.reduceat(self.looked[column], ends - lengths) if len(lengths) else lengths
        some = items[self.plan.kinds[items] != REPLAYED]
        rest = int(lengths[items].sum()) - int(looked[some].sum())
        shares = LONGEST / np.maximum(looked, LONGEST)
        n = float((shares * looked)[some].sum())
        weights = np.full((len(lengths), 2), self.options.weight / max(rest, 1), np.float32)
        corrected = self.plan.kinds != REPLAYED
        weights[corrected, 0] = shares[corrected] / max(n, 1)
        return weights


def _config(config: Config) -> Config:
    """Return the settings of a patch's updates: Adam, and a loss without class weights, smoothing or segments."""
    training = replace(
        config.training, optimizer="adam", class_weight_power=0.0, smoothing=0.0, chunk=0, loss="mean", batch=16
    )
    return replace(config, training=training)


def _given(head: Head, name: str, examples: Sequence[Correction]) -> NDArray[np.int64]:
    """Return the ids of the labels that somebody has given, -1 elsewhere: (N,) of words, (S,) of texts.

    If a text can have several labels: which it has, (S, K), -1 where nobody has looked.
    """
    ids: dict[str | None, int] = {tag: i for i, tag in enumerate(head.tags)}
    if head.task == TAG:
        columns = ((example.labels.get(name) or (None,) * len(example.words)) for example in examples)
        return np.array([ids.get(label, -1) for labels in columns for label in labels], np.int64)
    if head.task == CLASSIFY:
        texts = (example.labels.get(name) or ("",) for example in examples)
        return np.array([ids.get(labels[0], -1) for labels in texts], np.int64)
    held = np.full((len(examples), len(head.tags)), -1, np.int64)
    for i, example in enumerate(examples):
        labels = example.labels.get(name)
        if labels is not None and all(label in ids for label in labels):
            held[i] = 0
            held[i, [ids[label] for label in labels]] = 1
    return held
