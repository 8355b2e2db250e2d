"""Sentences tagged in batches: in their order, by any number of threads, no further than is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.models import inference as reader
from elman.taggers import batches as replies
from elman.taggers.tagger import Tagger
from toy_tagger import toy


@pytest.mark.parametrize("threads", [1, 3])
def test_pipe_keeps_the_order(any_tagger: Tagger, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "BATCH_WORDS", 5)
    monkeypatch.setattr(any_tagger, "threads", threads)
    rng = np.random.default_rng(1)
    words = ["the", "a", "dog", "cat", "barks", "fish"]
    sentences = [[words[i] for i in rng.integers(0, len(words), n)] for n in rng.integers(0, 8, 60)]
    expected = [any_tagger.tag(sentence) for sentence in sentences]
    assert list(any_tagger.pipe(sentences)) == expected
    assert list(any_tagger.pipe(Sentence(tuple(sentence)) for sentence in sentences)) == expected
    with_confidence = list(any_tagger.pipe(sentences, confidence=True))
    assert [tags for tags, _ in with_confidence] == expected
    for sentence, (tags, confidences) in zip(sentences, with_confidence, strict=True):
        p = any_tagger.probabilities(sentence)
        np.testing.assert_allclose(
            confidences, [p[t, any_tagger.tags.index(tag)] for t, tag in enumerate(tags)], rtol=1e-4
        )


def test_confidences_take_one_pass_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    rnn = toy("rnn")
    passes = []
    each = reader.InferenceCache.each

    def counted(*given: Any, **named: Any) -> Any:
        passes.append(1)
        return each(*given, **named)

    monkeypatch.setattr(reader.InferenceCache, "each", counted)
    assert len(list(rnn.pipe([["the", "dog"], [], ["a"]], confidence=True))) == 3
    assert len(passes) == 1


@pytest.mark.parametrize("threads", [1, 2])
def test_pipe_reads_no_further_than_it_must(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "BATCH_WORDS", 10)
    read = 0

    def endless() -> Iterator[list[str]]:
        nonlocal read
        while True:
            read += 1
            yield ["the", "dog"]

    found = toy(threads=threads).pipe(endless())
    for _ in range(20):
        assert next(found) == ["D", "N"]
    assert read <= 20 + 5 * (threads + 1)


def test_batches_of_blank_lines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "BATCH_SENTENCES", 3)
    assert [len(batch) for batch in replies.batches([[]] * 7)] == [3, 3, 1]


def test_pipe_of_nothing() -> None:
    assert list(toy().pipe([])) == []


def test_an_error_in_the_text_comes_through() -> None:
    def broken() -> Iterator[list[str]]:
        yield ["the"]
        raise DataError("no")

    with pytest.raises(DataError, match="^no$"):
        list(toy().pipe(broken()))


def test_several_threads_tag_with_one_tagger(any_tagger: Tagger) -> None:
    sentences = [["the", "dog", "barks"], ["a", "cat"], []] * 20
    expected = list(any_tagger.pipe(sentences))
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(any_tagger.tag, sentences)) == expected


def test_an_empty_word_is_refused() -> None:
    with pytest.raises(DataError, match="^expected words, got an empty text as word 2 of 2$"):
        replies.words_of(["a", ""])
