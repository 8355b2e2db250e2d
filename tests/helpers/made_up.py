"""A made-up language with two label columns: parts of speech, and names as BIO spans."""

from __future__ import annotations

import random

Words = list[str]
Tags = list[str]


def two_columns(n: int, seed: int) -> list[tuple[Words, Tags, Tags]]:
    """n sentences. "saw" is a noun behind "the" and a verb elsewhere; a name goes on as long as capitals do."""
    draw = random.Random(seed)
    result = []
    for _ in range(n):
        rows: list[tuple[str, str, str]] = []
        for _ in range(draw.randint(1, 3)):
            if draw.random() < 0.5:
                kind, length = draw.choice([("mr", "PER"), ("in", "LOC")]), draw.randint(1, 2)
                rows.append((kind[0], "P", "O"))
                rows += [
                    (draw.choice(["York", "Paris", "Lee"]), "N", f"{'I' if i else 'B'}-{kind[1]}")
                    for i in range(length)
                ]
            else:
                rows += [("the", "D", "O"), (draw.choice(["dog", "saw"]), "N", "O")]
            rows.append((draw.choice(["saw", "sees"]), "V", "O"))
        words, tags, spans = zip(*rows, strict=True)
        result.append((list(words), list(tags), list(spans)))
    return result
