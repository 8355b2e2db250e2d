"""How weights are stored: float16 makes half the file; the model in memory, the file and what is read back agree.

A matrix is rounded once, when its training ends, and computed with in float32 all the same. Vectors (biases, the ends
of a CRF) are small and stay float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

HALF = "float16"


def rounded(w: NDArray[np.float32]) -> NDArray[np.float32]:
    """A matrix as float16 has it, in float32; a vector, or a matrix with a number too large for float16: as it is."""
    if w.ndim < 2:
        return w
    half = _half(w)
    return half.astype(np.float32) if np.isfinite(half).all() else w


def stored(parameters: Mapping[str, NDArray[np.float32]], storage: str) -> dict[str, NDArray[Any]]:
    """The tensors of the file: under ``float16``, the matrices that float16 holds without loss in that form."""
    tensors: dict[str, NDArray[Any]] = dict(parameters)
    for name, w in parameters.items():
        if storage == HALF and w.ndim > 1 and np.array_equal(half := _half(w), w):
            tensors[name] = half
    return tensors


def restored(tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """The inverse of ``stored``."""
    return {name: tensor.astype(np.float32, copy=False) for name, tensor in tensors.items()}


def forms(tensors: Mapping[str, NDArray[Any]]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Element types and shapes (``network_record.Forms``)."""
    return {name: (tensor.dtype.name, tensor.shape) for name, tensor in tensors.items()}


def _half(w: NDArray[np.float32]) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):
        return w.astype(np.float16)
