"""The updates of a patch: their gradients by central differences, and the examples that a step reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.helpers.made_up import two_columns
from tests.helpers.numerical import slope

import elman
from elman.data.correction import Correction
from elman.learn.patch import EARLIER, LONGEST, NEW, REPLAYED, PatchOptions, PatchTask, Plan, _given
from elman.nn.batch import packed
from elman.nn.layers import SparseRows
from elman.training.task import StepKey

SMALL = {"hidden": 4, "embedding": 3, "feature_embedding": 2, "epochs": 2, "ensemble": 1}
PLAIN = {"dropout": 0.0, "word_dropout": 0.0, "unk_dropout": 0.0}
ROWS = two_columns(12, seed=3)
EXAMPLES = [Correction(tuple(words), {"tag": tuple(tags)}) for words, tags, _ in ROWS]


def model_of(decoder: str) -> Any:
    data = [list(zip(words, tags, strict=True)) for words, tags, _ in ROWS]
    settings = {**SMALL, **PLAIN, "decoder": decoder}
    return elman.train(data, settings=settings, threads=1, on_warning=lambda text: None)._model


def task_of(model: Any, parameters: tuple[Any, Any], plan: Plan, options: PatchOptions) -> PatchTask:
    return PatchTask(model, parameters, plan, [_given(model.heads.each[0], "tag", plan.examples)], options)


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_gradients_by_central_differences(decoder: str) -> None:
    """The loss is the cross-entropy with soft targets; of a CRF, the marginals take the place of the softmax."""
    model = model_of(decoder)
    old = {name: w.astype(np.float64) for name, w in model.members[0].items()}
    generator = np.random.default_rng(2)
    own = {name: w + 0.1 * generator.standard_normal(w.shape) for name, w in old.items()}
    new = Correction(EXAMPLES[0].words, {"tag": (*EXAMPLES[0].labels["tag"][:-1], None)})
    plan = Plan.of(([new], EXAMPLES[1:2], EXAMPLES[2:6]), PatchOptions(replay=2, steps=3), seed=1)
    task = task_of(model, (old, own), plan, PatchOptions(distill=0.25))
    task._weights = lambda *_: np.full((len(plan.examples), 2), 0.5, np.float32)  # type: ignore[method-assign]
    items, head = plan.steps[1], task.networks.heads.each[0]
    batch, rows = packed(task.lengths, task.ends, items)

    def loss() -> float:
        scores, _ = task.networks.network.forward(own, task.inputs.take(rows), batch)
        gold = task.gold[0][rows]
        losses, _, _ = head.decoder.loss(own, scores, gold, batch, None)
        one_hot = np.eye(len(head.tags))[gold]
        return 0.5 * float(losses.sum() + ((one_hot - task.soft[0][rows]) * scores).sum())

    _, gradients = task.gradients(items, len(rows), StepKey(1, 1, 1))
    for name, gradient in gradients.items():
        if isinstance(gradient, SparseRows):
            dense = np.zeros_like(own[name])
            dense[gradient.ids] = gradient.values
            gradient = dense
        np.testing.assert_allclose(gradient, slope(loss, own[name]), rtol=1e-5, atol=1e-6, err_msg=name)


def test_labels_nobody_looked_at_are_those_of_the_old_model() -> None:
    model = model_of("crf")
    words = EXAMPLES[0].words
    given = ("V", *(None for _ in words[1:]))
    plan = Plan.of(([Correction(words, {"tag": given})], [], []), PatchOptions(), seed=1)
    old = dict(model.members[0])
    task = task_of(model, (old, dict(old)), plan, PatchOptions())
    v = model.tags.index("V")
    assert task.gold[0][0] == v and task.looked[0].tolist() == [True, *[False] * (len(words) - 1)]
    assert task.soft[0][0].tolist() == np.eye(len(model.tags))[v].tolist()
    uncalibrated = model.with_temperatures(()).probabilities([words])[0]
    np.testing.assert_allclose(task.soft[0][1:], uncalibrated[1:], rtol=1e-3, atol=1e-4)


def test_of_an_earlier_correction_only_gaps_are_predicted() -> None:
    model = model_of("crf")
    whole, other = EXAMPLES[:2]
    gap = Correction(other.words, {"tag": (None, *other.labels["tag"][1:])})
    plan = Plan.of(([EXAMPLES[2]], [whole, gap], [EXAMPLES[3]]), PatchOptions(), seed=1)
    old = dict(model.members[0])
    task = task_of(model, (old, dict(old)), plan, PatchOptions())
    opened = dict(zip((example.words for example in plan.examples), task._open(model.heads.each), strict=True))
    assert opened == {EXAMPLES[2].words: True, whole.words: False, gap.words: True, EXAMPLES[3].words: True}
    at = [example.words for example in plan.examples].index(whole.words)
    rows = slice(task.ends[at] - task.lengths[at], task.ends[at])
    assert [model.tags[i] for i in task.gold[0][rows]] == list(whole.labels["tag"])
    assert task.soft[0][rows].tolist() == np.eye(len(model.tags))[task.gold[0][rows]].tolist()


def test_a_correction_of_very_many_words_leaves_the_others_their_weight() -> None:
    model, words = model_of("softmax"), EXAMPLES[0].words[:1]
    long = Correction(tuple(words * 5_000), {"tag": ("V",) * 5_000})
    plan = Plan.of(([Correction(words, {"tag": ("N",)}), long], [], []), PatchOptions(), seed=1)
    old = dict(model.members[0])
    weights = task_of(model, (old, dict(old)), plan, PatchOptions())._weights(0, model.heads.each[0], 0)[:, 0]
    sums = {len(example.words): float(w) for example, w in zip(plan.examples, weights, strict=True)}
    assert sums[1] == pytest.approx(1 / (LONGEST + 1)) and sums[5_000] * 5_000 == pytest.approx(1 - sums[1])


@given(st.integers(1, 40), st.integers(0, 20), st.integers(0, 60), st.integers(0, 2**62))
def test_a_plan_reads_all_corrections_equally_often(new: int, earlier: int, replay: int, seed: int) -> None:
    counts = (new, earlier, replay)
    options = PatchOptions(batch=7, earlier=3, replay=5, steps=4, passes=3)
    of_kind = [[Correction((f"{kind} {i}",), {"tag": ("X",)}) for i in range(n)] for kind, n in enumerate(counts)]
    plan = Plan.of((of_kind[NEW], of_kind[EARLIER], of_kind[REPLAYED]), options, seed)
    assert len(plan.steps) == options.number(new) >= options.steps
    read = np.concatenate(plan.steps)
    times = np.bincount(read, minlength=len(plan.examples))
    for kind, n in enumerate(counts):
        of = times[plan.kinds == kind]
        missing = n - len(of)
        assert missing >= 0 and (n == 0 or of.max(initial=0) - (0 if missing else of.min(initial=9**9)) <= 1)
    assert (times[plan.kinds == NEW] >= 1).all() and (plan.kinds == NEW).sum() == new
    again = Plan.of((of_kind[NEW], of_kind[EARLIER], of_kind[REPLAYED]), options, seed)
    assert all(np.array_equal(a, b) for a, b in zip(plan.steps, again.steps, strict=True))


def test_the_learning_rate_of_a_patch_rises_and_falls() -> None:
    plan = Plan([], np.zeros(0, np.int64), [np.zeros(0, np.int64)] * 8)
    rates = [plan.warmth(step) for step in range(8)]
    assert rates[0] == pytest.approx(1 / 3) and max(rates) == 1 and rates[-1] == pytest.approx(1 / 4)


def test_many_corrections_are_learned_in_one_round_with_more_replay() -> None:
    few, many = PatchOptions.of(1), PatchOptions.of(200)
    assert few == PatchOptions.of(few.batch) == PatchOptions()
    assert many.rounds == 1 and many.replay > few.replay and many.weight > few.weight
    assert many.number(200) == 200


def test_few_of_many_corrections_get_as_many_steps_as_a_hundred() -> None:
    assert [PatchOptions.of(n).number(n) for n in (1, 16, 17, 100, 200)] == [16, 16, 100, 100, 200]
