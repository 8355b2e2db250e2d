"""Adam on some rows of a table. Letters as in ``elman.kernels``; U rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.kernels.packing import F, Ids
from elman.kernels.reference.basic import check_ids


def adam_rows(
    w: NDArray[F],
    m: NDArray[F],
    v: NDArray[F],
    ids: Ids,
    g: NDArray[F] | None,
    late: NDArray[F],
    scale: float,
    fade: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> None:
    """One step of Adam (Kingma & Ba 2015) on U rows of w (V, E), after the steps that they missed; in place.

    m and v (V, E) are the means of gradients and of their squares; ids (U,) are distinct; g (U, E) are the rows'
    gradients, None for no step of their own. ``scale`` is the rate with the correction of both biases, ``fade`` what
    weight decay leaves of w. late (U, 4) says of each row what the steps before come to that had no gradient: how far
    it went, by the direction m/(√v + ε), and what is left of w, m and v; (0, 1, 1, 1) where none was missed.
    """
    check_ids(ids, len(w))
    if not m.shape == v.shape == w.shape or late.shape != (len(ids), 4):
        raise ValueError("shapes do not fit: w, m, v (V, E), ids (U,), late (U, 4)")
    if g is not None and g.shape != (len(ids), w.shape[1]):
        raise ValueError("shapes do not fit: g (U, E)")
    wr, mr, vr = w[ids], m[ids], v[ids]
    reach, left, kept_m, kept_v = late.T[:, :, None]  # each (U, 1)
    real = w.dtype.type
    wr = left * wr - reach * (mr / (np.sqrt(vr) + real(epsilon)))
    mr, vr = kept_m * mr, kept_v * vr
    if g is not None:
        mr = real(beta1) * mr + (1 - real(beta1)) * g
        vr = real(beta2) * vr + (1 - real(beta2)) * (g * g)
        wr = real(fade) * wr - real(scale) * (mr / (np.sqrt(vr) + real(epsilon)))
    w[ids], m[ids], v[ids] = wr, mr, vr
