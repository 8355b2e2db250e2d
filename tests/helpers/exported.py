"""Runs exported ONNX models beside elman's own prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import elman
from elman.integrations.onnx.export import onnx_model


def session(model: Any) -> Any:
    """Check a model, given as elman's or as an onnx.ModelProto, and return a session of onnxruntime for it."""
    import onnx
    import onnxruntime

    proto = model if isinstance(model, onnx.ModelProto) else onnx_model(model)
    onnx.checker.check_model(proto, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(proto.SerializeToString(), options)


def run(session: Any, sentences: Sequence[Any]) -> dict[str, Any]:
    """Return the outputs for sentences, by name."""
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, elman.onnx_inputs(sentences)), strict=True))


def labels(model: Any, outputs: dict[str, Any], name: str) -> list[str]:
    """Return the labels of a column, one after another; several of a document joined as elman joins them."""
    found = outputs[f"{name}.{'tag' if name in model.word_targets else 'label'}"]
    return list(found) if found.ndim == 1 else ["|".join(filter(None, row)) for row in found]


def differences(model: Any, session: Any, sentences: Sequence[Any], batch: int = 128) -> tuple[int, int, float]:
    """Return how many labels there are, how many differ (beyond ties), and the greatest difference of confidences.

    A label whose probability differs by up to 1e-5 from that of elman's is a tie of the two.
    """
    count = wrong = 0
    worst = 0.0
    for start in range(0, len(sentences), batch):
        some = sentences[start : start + batch]
        outputs = run(session, some)
        rows = model.predict(some, confidence=True, columns=list(model.targets))
        for name in model.targets:
            pairs = [row[name] for row in rows]
            if name in model.word_targets:
                own = [label for tags, _ in pairs for label in tags]
                sure = np.array([p for _, ps in pairs for p in ps])
            else:
                own, sure = [label for label, _ in pairs], np.array([p for _, p in pairs])
            apart = np.abs(outputs[f"{name}.confidence"] - sure)
            differ = np.array(labels(model, outputs, name), object) != np.array(own, object)
            count += len(own)
            wrong += int((differ & (apart > 1e-5)).sum())
            worst = max(worst, float(apart.max(initial=0.0)))
    return count, wrong, worst
