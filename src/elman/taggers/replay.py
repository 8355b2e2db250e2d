"""Choose training sentences that a model file keeps, so that ``elman learn`` can train on them again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from elman.data.correction import Correction
from elman.utils.seeding import SAMPLE, stream

_NONE = ("", "")
"""The label of a sentence without labels."""


def sample(
    sentences: Sequence[tuple[Sequence[str], ...]], targets: Sequence[str], n: int, seed: int
) -> tuple[Correction, ...]:
    """Return ``n`` different sentences, in their order, or all if there are no more.

    Sentences are drawn by label, the rarest first: round by round, each label of each target gets one more sentence
    that has it. ``sentences`` are words and labels in each of ``targets``.
    """
    corrections = (
        Correction(tuple(words), {name: tuple(column) for name, column in zip(targets, columns, strict=True)})
        for words, *columns in sentences
    )
    distinct = list({correction.words_digest: correction for correction in corrections}.values())
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i in stream(seed, SAMPLE).permutation(len(distinct)).tolist():
        labels = {(name, str(label)) for name, column in distinct[i].labels.items() for label in column}
        for label in labels or {_NONE}:
            holders[label].append(i)
    queues = [iter(holders[label]) for label in sorted(holders, key=lambda label: (len(holders[label]), label))]
    chosen: dict[int, None] = {}
    while queues and len(chosen) < n:
        left = []
        for queue in queues:
            i = next((i for i in queue if i not in chosen), None)
            if i is not None and len(chosen) < n:
                chosen[i] = None
                left.append(queue)
        queues = left
    return tuple(distinct[i] for i in sorted(chosen))
