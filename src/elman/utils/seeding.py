"""Counter-based random numbers: a draw depends only on its position in the run, never on earlier draws.

So an interrupted run resumes exactly where it stopped, and results do not depend on thread timing.
"""

from __future__ import annotations

import numpy as np

# Purposes of streams; streams of different purposes are independent.
START, ORDER, UNKNOWN, DROPOUT, SEARCH, SAMPLE, NEGATIVES, SILVER = range(8)

APART = 1_000_000_007  # between the seeds of the networks of an ensemble


def member_seed(seed: int, member: int) -> int:
    """Return the seed of network ``member`` of an ensemble, counted from 1; the first has ``seed`` itself."""
    return (seed + (member - 1) * APART) % 2**63


def stream(seed: int, purpose: int, *, epoch: int = 0, step: int = 0, part: int = 0) -> np.random.Generator:
    """Return the generator for one position in the run (Philox, a counter-based generator; Salmon et al. 2011)."""
    key = np.array([seed & 0xFFFF_FFFF_FFFF_FFFF, purpose], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=np.array([0, part, step, epoch], np.uint64)))
