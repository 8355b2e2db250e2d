"""One round of what a service waits for: ``Tagger.tag`` of a sentence of 12 words, a call each, on one core.

A job is {"part": "prepare"}, or {"threads"}.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

from cases import text
from cases.models import model_of

WORDS = 12
"""Words of a sentence: the first of EWT's test sentences that are as long."""


def measure(job: dict[str, Any]) -> dict[str, float]:
    """Return the median microseconds for sentences that are ``new`` to the process, and for those tagged ``before``."""
    path = model_of("default")[0]
    if job.get("part") == "prepare":
        return {}
    import elman

    sentences = [words[:WORDS] for words, _ in text.sentences("test") if len(words) >= WORDS]
    tagger = elman.load(path, threads=1)
    tagger.tag(sentences[0])
    found = {}
    for name in ("new", "before"):
        times = []
        for words in sentences:
            start = time.perf_counter()
            tagger.tag(words)
            times.append(time.perf_counter() - start)
        found[name] = 1e6 * statistics.median(times)
    return found
