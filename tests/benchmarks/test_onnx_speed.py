"""The comparison with onnxruntime: made of its result, and marked where the machine was busy."""

from __future__ import annotations

import copy
from collections.abc import Callable

import onnx_speed
from harness.results import numbers, read_json


def test_the_tables_in_the_guide_are_made_of_the_result() -> None:
    block = onnx_speed.block(read_json(onnx_speed.RESULT))
    assert numbers(onnx_speed.PAGE) == block, "write it with onnx_speed.py --page"


def test_figures_and_marks(cells: Callable[..., list[str]]) -> None:
    result = copy.deepcopy(read_json(onnx_speed.RESULT))
    result["same"]["sets"]["th_tud"] = {"labels": 7683, "differ": 2, "largest_difference_of_a_confidence": 5.09e-07}
    for tool, median in (("onnxruntime", 1000.4), ("elman exact", 20000.0), ("elman", 30000.0)):
        result["speed"]["rates"]["1"][tool]["median"] = median
    for busy, star in ((True, "\\*"), (False, "")):
        result["speed"]["about"]["busy"] = busy
        text = onnx_speed.block(result)
        assert cells(text, "Thai (TUD)") == ["7,683", "2", "0.0000005"]
        assert cells(text, "1") == [f"1,000{star}", f"20,000{star}", f"30,000{star}"]
        assert "to 20.0 times as fast" in text and ("Other processes" in text) == busy
