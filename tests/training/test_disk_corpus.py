"""Text on disk."""

from __future__ import annotations

import numpy as np

from elman.training.disk_corpus import RawTextWriter


def test_a_sample_of_raw_text() -> None:
    writer = RawTextWriter()
    sentences = [[f"w{i % 7}"] * (1 + i % 3) for i in range(60)]
    for words in sentences:
        writer.add(words)
    corpus = writer.corpus(100, 100)
    generator = np.random.default_rng(1)
    found = corpus.sample(50, generator)
    assert 45 <= sum(map(len, found)) <= 50 and all(one in sentences for one in found)
    assert corpus.sample(1_000, generator) == sentences
    assert len(corpus.sample(1, generator)) == 1
