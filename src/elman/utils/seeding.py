"""Random numbers from counters: a draw depends on its place in the run alone, never on what was drawn before it.

So a run that was stopped goes on exactly where it was, and no thread's pace changes a bit.
"""

from __future__ import annotations

import numpy as np

# What a stream is for; streams of different purposes are independent.
START, ORDER, UNKNOWN, DROPOUT = range(4)

APART = 1_000_000_007  # the seeds of networks that are trained together


def member_seed(seed: int, member: int) -> int:
    """The seed of one of several networks, counted from 1: the first has ``seed`` itself, each other one its own."""
    return (seed + (member - 1) * APART) % 2**63


def stream(seed: int, purpose: int, *, epoch: int = 0, step: int = 0, part: int = 0) -> np.random.Generator:
    """The generator of one place in the run (Philox, a counter-based generator; Salmon et al. 2011)."""
    key = np.array([seed & 0xFFFF_FFFF_FFFF_FFFF, purpose], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=np.array([0, part, step, epoch], np.uint64)))
