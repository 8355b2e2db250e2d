"""Several updates in one call of a kernel: of the tutorial's network, and of logistic regression on n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.data.targets import CLASSIFY
from elman.nn import layers
from elman.nn.batch import rows_at
from elman.training.task import LossTotals, StepKey
from elman.utils import seeding

if TYPE_CHECKING:
    from elman.training.tagging_task import TaggingTask


def regression(
    task: TaggingTask, batches: Sequence[NDArray[np.int64]], rates: NDArray[np.float64]
) -> LossTotals | None:
    """Make an update of n-gram weights for each minibatch of texts; return None if there is more to train."""
    network, training, heads = task.networks.network, task.networks.config.training, task.networks.heads.each
    plain = len(heads) == 1 and heads[0].task == CLASSIFY and task.soft_targets is None and task.weights[0] is None
    plain = plain and not (training.smoothing or training.grad_clip or training.ngram_dropout or training.coarse_weight)
    p, grams = task.parameters, task.grams
    if not plain or network.encodes or training.loss != "mean":
        return None
    if grams is None or "text.grams" not in p:  # texts may share no n-gram
        return None
    texts = np.concatenate(batches)
    grams = grams.take(texts)
    loss, correct = kernels.regression_steps(
        p["text.grams"],
        p["text.b_o"],
        p["text.scale"],
        grams.ids,
        grams.offsets,
        task.gold[0][texts],
        np.array([len(items) for items in batches], np.int32),
        rates.astype(np.float32),
        1 / min(training.batch, len(task.lengths)),
    )
    words_a_text = len(task.inputs.words) / max(len(task.lengths), 1)  # as in ``TaggingTask.gradients``
    return LossTotals(words_a_text * loss, task.words(texts), words_a_text * correct)


def tutorial_network(
    task: TaggingTask, batches: Sequence[NDArray[np.int64]], rates: NDArray[np.float64], place: StepKey
) -> LossTotals | None:
    """Make an update for each sentence by online SGD; return None for other networks than the tutorial's."""
    network, training = task.networks.config.network, task.networks.config.training
    plain = network.cell == "elman" and network.direction == "forward" and network.layers == 1
    plain = plain and network.decoder == "softmax" and not (training.smoothing or training.class_weight_power)
    plain = plain and len(task.gold) == 1 and task.soft_targets is None and not task.networks.heads.labels
    plain = plain and training.batch == 1 and training.loss == "sum"
    if network.embedding or not plain or training.dropout_kind != "plain":
        return None
    items = np.concatenate(batches)
    if task.streams is None:
        lengths, fresh, state = task.lengths[items], None, None
        begins = task.ends[items] - lengths
    else:
        begins, lengths, first, _ = task.streams.segments.places(items)
        fresh, state = first.astype(np.int32), task.streams.states["layer0.h"][0]  # a minibatch of 1: one stream
    rows = rows_at(begins, lengths)
    ids, gold = task.noisy_words(rows, place), task.gold[0][rows]
    mask = None
    if training.dropout:
        draws = place.draws(seeding.DROPOUT)
        mask = layers.dropout_mask((len(ids), network.hidden), training.dropout, draws, np.float32)
    p = task.parameters
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
    return LossTotals(loss, len(ids), correct)
