"""Adam with lazy updates of embedding rows. Letters as in ``elman.kernels``; U rows are updated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.kernels.reference.basic import check_ids
from elman.kernels.weight_layout import F, Ids


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
    """Update U rows of w (V, E) in place: first the pending steps without a gradient, then one step of Adam.

    Kingma & Ba 2015. m and v (V, E) are the running means of gradients and squared gradients; ids (U,) are distinct;
    g (U, E) are the rows' gradients, or None to apply pending steps only. ``scale`` is the learning rate with both bias
    corrections, ``fade`` the factor of w left by weight decay. late (U, 4) sums up each row's pending steps: the
    distance moved along m/(√v + ε), and the remaining factors of w, m and v; (0, 1, 1, 1) if there are none.

    Raises IndexError if an id is outside 0..V-1, ValueError if shapes do not fit.
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


def sum_of_squares(x: NDArray[F]) -> float:
    """Return the sum of the squares of x (N,), in float64."""
    return float(np.square(x, dtype=np.float64).sum())
