"""The engines of the benchmarks: elman computes the same in every way it is called, and differences are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import online
from cases import step, tag
from harness.measure import figure
from peers import one_sentence
from peers.bilstm import elman_name

# --- batches ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tags", [0, 5])
def test_a_step_with_threads_is_the_same_step(tags: int) -> None:
    shape = {"hidden": 6, "input": 5, "layers": 2, "lengths": [[2, 4, 3], [1]], "tags": tags}
    work = step.step_task(shape)
    assert [some.tolist() for some in work.lengths] == [[4, 3, 2], [1]]
    one, two = (step.ElmanStep(work, threads=n).result(0) for n in (1, 2))
    assert {"y", "dx", "layer1.backward.w_rh"} <= one.keys() and ("output.w_oh" in one) == bool(tags)
    assert one.keys() == two.keys()
    for name, array in one.items():
        assert np.array_equal(array, two[name]), name


def test_the_work_of_a_step() -> None:
    for layers, gflop in ((1, 1.258), (2, 3.146)):
        shape = {"hidden": 128, "input": 128, "layers": layers, "lengths": [[25] * 32]}
        assert step.step_task(shape).flops / 1e9 == pytest.approx(gflop, abs=1e-3)


def test_names_of_weights() -> None:
    assert elman_name("weight_hh_l1_reverse") == "layer1.backward.w_rh"
    assert elman_name("bias_ih_l0") == "layer0.forward.b_r"
    assert elman_name("b_o") == "output.b_o"


def test_tagging_does_not_depend_on_threads(small_text: Path) -> None:
    shape = {"hidden": 16, "input": 8, "tags": 3, "lengths": [[3, 5, 2], [4]]}
    work = tag.tag_task(shape)
    assert (work.n, work.ragged, len(work.words)) == (14, True, 7)
    one_thread, two = (tag.ElmanTagger(work, "exact", threads) for threads in (1, 2))
    for i in range(2):
        found, other = one_thread.scores(i), two.scores(i)
        assert [len(scores) for scores in found] == work.batches[i][1].tolist()
        assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(found, other, strict=True))
        (tags,) = one_thread.step(i)
        assert tags.tolist() == np.concatenate([scores.argmax(1) for scores in found]).tolist()
    checked = tag.check(work, {"elman exact": one_thread, "two": two})["two"]
    assert checked == {"error": pytest.approx(0, abs=1e-6), "same_tags": 1.0}


def test_engines_that_differ_are_not_timed(small_text: Path) -> None:
    work = tag.tag_task({"hidden": 4, "input": 4, "tags": 3, "lengths": [[3]]})
    engine = tag.ElmanTagger(work, "exact", 1)

    class Wrong:
        def scores(self, i: int) -> list[Any]:
            return [scores + 1 for scores in engine.scores(i)]

    with pytest.raises(RuntimeError, match=r"an fp32 one: scores are off by "):
        tag.check(work, {"elman exact": engine, "an fp32 one": Wrong()})


# --- one sentence at a time ---------------------------------------------------------------------------------------


def test_elman_and_numpy_take_the_same_steps(capsys: pytest.CaptureFixture[str]) -> None:
    makers: online.Makers = {
        "elman, a call an epoch": lambda p: one_sentence.Elman(p, call="epoch"),
        "elman, a call a sentence": lambda p: one_sentence.Elman(p, call="sentence"),
        "NumPy, plain": one_sentence.NumPy,
    }
    deviations = online.check(makers, hidden=8)
    assert deviations.keys() == makers.keys()
    assert all(found.keys() == online.TOLERANCE.keys() for found in deviations.values())
    makers["NumPy, wrong"] = lambda p: one_sentence.NumPy(one_sentence.Problem(p.ids, p.gold, p.start, 2 * p.rate))
    with pytest.raises(SystemExit, match="NumPy, wrong: gradient of one sentence is off by 1.0e"):
        online.check(makers, hidden=8)


def test_a_call_a_sentence_is_compared_with_such_calls_only() -> None:
    rates = {"elman, a call an epoch": 60.0, "elman, a call a sentence": 30.0}
    rates |= {"JAX, a call an epoch, unroll 5": 20.0, "JAX, a call a sentence, unroll 5": 10.0, "NumPy, plain": 5.0}
    found = online.ratios({name: figure([rate], "sentences/s") for name, rate in rates.items()})
    assert found == {"a call a sentence": {"JAX": 3.0, "NumPy": 6.0}, "a call an epoch": {"JAX": 3.0, "NumPy": 12.0}}
