"""Train a language model: predict the next symbol."""

from __future__ import annotations

import numpy as np

from elman.models.ensemble import Ensemble
from elman.models.streaming import Stream, nats
from elman.training.tagging_task import TaggingTask
from elman.training.tbptt import stream_scores


class LanguageTask(TaggingTask):
    """Predict the next symbol; the dev set is one text, scored by its likelihood."""

    calibrated = False

    def score_of(self, networks: Ensemble) -> float | None:
        """Return 1 / perplexity on dev: the geometric mean of the probabilities of its symbols."""
        if self.dev is None:
            return None
        if self.held_out is not None:
            total = sum(float(nats(scores, gold).sum()) for scores, gold, _ in stream_scores(networks, self.held_out))
            return float(np.exp(-total / int(self.held_out.lengths.sum())))
        losses = Stream(networks, 0, 0).losses(self.dev[0], self.dev_gold[0])
        return float(np.exp(-losses.sum() / max(len(losses), 1)))
