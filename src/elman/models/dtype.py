"""Store weights as float16, half the size; the trained model, the file and the loaded model have the same values.

Matrices are rounded once, when training ends; computation stays in float32. Vectors (biases, the ends of a CRF) are
small and stay float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

HALF = "float16"


def rounded(w: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a matrix rounded to float16, as float32; vectors, and matrices beyond its range, are unchanged."""
    if w.ndim < 2:
        return w
    half = _half(w)
    return half.astype(np.float32) if np.isfinite(half).all() else w


def stored(parameters: Mapping[str, NDArray[np.float32]], dtype: str) -> dict[str, NDArray[Any]]:
    """Return the tensors of the file; with ``float16``, matrices that it holds without loss have that type."""
    tensors: dict[str, NDArray[Any]] = dict(parameters)
    for name, w in parameters.items():
        if dtype == HALF and w.ndim > 1 and np.array_equal(half := _half(w), w):
            tensors[name] = half
    return tensors


def restored(tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """Return the tensors of a file as float32, the inverse of ``stored``."""
    return {name: tensor.astype(np.float32, copy=False) for name, tensor in tensors.items()}


def forms(tensors: Mapping[str, NDArray[Any]]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return element types and shapes (``network_record.Forms``)."""
    return {name: (_name(tensor.dtype), tensor.shape) for name, tensor in tensors.items()}


@cache
def _name(dtype: np.dtype[Any]) -> str:
    """Return the name of a type; NumPy makes it at each call."""
    return dtype.name


def _half(w: NDArray[np.float32]) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):
        return w.astype(np.float16)
