"""What is trained, saved and loaded are the same bits, in half the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import elman
from elman.models.dtype import HALF, restored, rounded, stored

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(w=arrays(np.float32, array_shapes(max_dims=3, max_side=4), elements=FLOATS))
def test_what_is_rounded_comes_back_bit_for_bit(w: Any) -> None:
    near = rounded(w)
    assert (near.dtype, near.shape) == (np.float32, w.shape)
    tensors = stored({"w": near}, HALF)
    assert tensors["w"].dtype == (np.float16 if w.ndim > 1 and np.abs(w).max(initial=0) < 65520 else np.float32)
    assert restored(tensors)["w"].tobytes() == near.tobytes()
    assert restored(stored({"w": w}, HALF))["w"].tobytes() == w.tobytes()  # not rounded: not made small
    assert stored({"w": w}, "float32")["w"] is w


def test_vectors_stay_as_they_are() -> None:
    b = np.array([0.1, 1e9], np.float32)
    assert rounded(b) is b
    assert stored({"b": b}, HALF)["b"] is b


def test_a_number_too_large_for_float16() -> None:
    w = np.array([[0.1, 1e6]], np.float32)
    assert rounded(w) is w
    assert stored({"w": w}, HALF)["w"] is w


TRAIN = [[("the", "D"), ("dog", "N"), ("barks", "V")], [("dogs", "N"), ("bark", "V")]] * 4
WORDS = ["the", "dogs", "bark", "loud"]


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_in_memory_saved_and_loaded_are_one(tmp_path: Path, decoder: str) -> None:
    settings = {"hidden": 64, "epochs": 2, "decoder": decoder}
    sizes, probabilities = {}, {}
    for storage in ("float32", "float16"):
        tagger = elman.train(TRAIN, TRAIN[:2], settings={**settings, "dtype": storage}, on_warning=lambda text: None)
        path, copy = tmp_path / storage, tmp_path / "copy"
        tagger.save(path)
        again = elman.load(path)
        again.save(copy)
        assert copy.read_bytes() == path.read_bytes()
        probabilities[storage] = tagger.probabilities(WORDS)
        np.testing.assert_array_equal(again.probabilities(WORDS), probabilities[storage])
        record = tagger.describe()["training"]
        assert record["dev_accuracies"][record["best_epoch"] - 1] == again.evaluate(TRAIN[:2]).accuracy
        sizes[storage] = path.stat().st_size
    assert sizes["float16"] < 0.7 * sizes["float32"]
    assert (probabilities["float16"] != probabilities["float32"]).any()
    np.testing.assert_allclose(probabilities["float16"], probabilities["float32"], atol=0.01)


def test_the_tutorial_s_network_keeps_float32() -> None:
    tagger = elman.train(TRAIN, preset="tutorial", settings={"epochs": 1}, on_warning=lambda text: None)
    assert tagger.describe()["settings"]["network"]["dtype"] == "float32"
