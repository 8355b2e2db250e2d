"""Made-up texts with labels: what they are about is said by one word among others."""

from __future__ import annotations

import random

from elman.data.sentence import Sentence

TOPICS = {"food": ("pasta", "bread", "fish"), "sport": ("ball", "race", "goal"), "music": ("song", "drum", "tune")}
FILL = ("a", "the", "good", "some", "this", "and", "more", "was", "there")


def texts(n: int, seed: int, topics: int = 3) -> list[tuple[str, str]]:
    """n texts of 2 to 6 words, each with its label."""
    draw = random.Random(seed)
    found = []
    for _ in range(n):
        label = draw.choice(sorted(TOPICS)[:topics])
        words = [draw.choice(FILL) for _ in range(draw.randint(1, 5))]
        words.insert(draw.randint(0, len(words)), draw.choice(TOPICS[label]))
        found.append((" ".join(words), label))
    return found


def several(n: int, seed: int, least: int = 1) -> list[Sentence]:
    """n texts with ``least`` to 2 labels each, joined with | where there are two."""
    draw = random.Random(seed)
    found = []
    for _ in range(n):
        labels = sorted(draw.sample(sorted(TOPICS), draw.randint(least, 2)))
        words = [draw.choice(FILL) for _ in range(3)] + [draw.choice(TOPICS[label]) for label in labels]
        draw.shuffle(words)
        found.append(Sentence(tuple(words), labels={"topic": "|".join(labels)} if labels else {}))
    return found


def requests(n: int, seed: int) -> list[Sentence]:
    """n texts with a label, and tags of their words: T for what says the label."""
    found = []
    for text, label in texts(n, seed):
        words = tuple(text.split())
        tags = tuple("T" if word in TOPICS[label] else "O" for word in words)
        found.append(Sentence(words, {"slot": tags}, labels={"intent": label}))
    return found
