"""Counter-based random numbers: a draw depends only on its position in the run, never on earlier draws.

So an interrupted run resumes exactly where it stopped, and results do not depend on thread timing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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


class Draws:
    """The random numbers of ``stream`` for kernels, which compute them themselves from their place in the stream.

    ``key``    (12,) int32 halves of the generator's key and counter
    ``drawn``  how many 32-bit numbers were drawn
    """

    def __init__(self, seed: int, purpose: int, *, epoch: int = 0, step: int = 0, part: int = 0) -> None:
        numbers = [seed & 0xFFFF_FFFF_FFFF_FFFF, purpose, 0, part, step, epoch]
        self.key: NDArray[np.int32] = np.array(numbers, np.uint64).view(np.int32)
        self.drawn = 0

    def take(self, n: int) -> int:
        """Draw ``n`` 32-bit numbers; return the place of the first."""
        first = self.drawn
        self.drawn += n
        return first

    def random(self, n: int) -> NDArray[np.float64]:
        """Return ``n`` random numbers from 0 to 1."""
        self.drawn += self.drawn % 2
        block, skipped = divmod(self.take(2 * n) // 2, 4)  # four 64-bit numbers belong to a value of the counter
        key = self.key.view(np.uint64)
        counter = key[2:] + np.array([block, 0, 0, 0], np.uint64)
        return np.random.Generator(np.random.Philox(key=key[:2], counter=counter)).random(skipped + n)[skipped:]
