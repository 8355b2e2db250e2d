"""Gradients by central differences, which every backward is held against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
STEP = 1e-5


def slope(f: Callable[[], Any], at: Array, weight: Array | float = 1.0) -> Array:
    """The gradient of the sum of ``f() * weight`` in the float64 array ``at``, which ``f`` reads."""
    result = np.empty_like(at)
    for i in np.ndindex(at.shape):
        kept = at[i]
        at[i] = kept + STEP
        high = f()
        at[i] = kept - STEP
        low = f()
        at[i] = kept
        result[i] = np.sum((high - low) * weight) / (2 * STEP)
    return result
