"""The kernels in NumPy: the readable statement of the maths, the oracle of the tests, the fallback.

Letters as in ``elman.kernels``. Every function is a plain one over arrays; the gradient of ``name`` is ``dname``;
gradients are those of a loss (they point uphill, an update subtracts them; the slides' δ point the other way).
"""

from __future__ import annotations

from elman.kernels.reference.adam import adam_rows as adam_rows
from elman.kernels.reference.basic import (
    bag_backward as bag_backward,
    bag_forward as bag_forward,
    embedding_backward as embedding_backward,
    embedding_forward as embedding_forward,
    linear_backward as linear_backward,
    linear_forward as linear_forward,
    softmax_cross_entropy_backward as softmax_cross_entropy_backward,
    softmax_cross_entropy_forward as softmax_cross_entropy_forward,
)
from elman.kernels.reference.cells import elman_backward as elman_backward, elman_forward as elman_forward
from elman.kernels.reference.crf import (
    crf_backward as crf_backward,
    crf_best as crf_best,
    crf_forward as crf_forward,
    crf_marginals as crf_marginals,
)
from elman.kernels.reference.gated import (
    gru_backward as gru_backward,
    gru_forward as gru_forward,
    lstm_backward as lstm_backward,
    lstm_forward as lstm_forward,
)
from elman.kernels.reference.layer import (
    lstm_layer_backward as lstm_layer_backward,
    lstm_layer_forward as lstm_layer_forward,
)
from elman.kernels.reference.online import online_steps as online_steps
from elman.kernels.reference.parallel import (
    mingru_backward as mingru_backward,
    mingru_forward as mingru_forward,
    sru_backward as sru_backward,
    sru_forward as sru_forward,
)
from elman.kernels.reference.states import (
    halves as halves,
    linear_best_int8 as linear_best_int8,
    lstm_states as lstm_states,
    lstm_states_int8 as lstm_states_int8,
)
from elman.kernels.reference.text import (
    AffixIndex as AffixIndex,
    NumberIndex as NumberIndex,
    Words as Words,
    tag_lines as tag_lines,
)
from elman.kernels.reference.trees import best_tree as best_tree, best_trees as best_trees
