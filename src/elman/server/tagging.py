"""The model that answers, and requests that are tagged together.

Requests that arrive while others are tagged wait, and are tagged in one go: a batch costs little more than a sentence.
Small batches are tagged at once, in the thread that answers; changing threads would take longer than they do.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elman.taggers.column_predictor import ColumnPredictor

SMALL = 2_400
"""Words of a batch that is tagged in the thread that answers: some milliseconds."""
TOGETHER = 8_192
"""Words that are tagged together; what is left over waits for the next batch."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The model that answers: its SHA-256, its number among the models of the database, and how it was made."""

    tagger: ColumnPredictor
    sha256: str
    number: int = 1
    kind: str = "first"


@dataclass(slots=True)
class _Request:
    sentences: Sequence[Sequence[str]]
    words: int
    names: tuple[str, ...]
    confidence: bool
    future: asyncio.Future[tuple[list[dict[str, Any]], Serving]]


class Batcher:
    """Tags the sentences of requests with the model of ``serving``, which may be replaced at any time."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self._waiting: deque[_Request] = deque()
        self._scheduled = False
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="elman-tag")
        self._at_work: list[int] = []  # words of the batches in the pool

    async def tag(
        self, sentences: Sequence[Sequence[str]], names: tuple[str, ...], confidence: bool
    ) -> tuple[list[dict[str, Any]], Serving]:
        """Return the values of the targets ``names`` of each sentence, and the model that gave them.

        With ``confidence`` a value is a pair with its probabilities. Raises DataError for what is no list of words.
        """
        checked = [self.serving.tagger.inputs_of_words(words) for words in sentences]
        loop = asyncio.get_running_loop()
        request = _Request(checked, sum(map(len, checked)), names, confidence, loop.create_future())
        self._waiting.append(request)
        self._schedule(loop)
        return await request.future

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._waiting and not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._run, loop)  # after all that has arrived by now

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        self._scheduled = False
        # a large batch does not keep what is small waiting, nor a very large one what is large
        free = len(self._at_work) < (2 if any(words > TOGETHER for words in self._at_work) else 1)
        batch = self._taken(TOGETHER if free else SMALL, sys.maxsize if free else SMALL // 4)
        words = sum(request.words for request in batch)
        if words <= SMALL:
            self._settle(batch, self._answers(batch, self.serving))
        else:
            self._at_work.append(words)
            job = loop.run_in_executor(self._pool, self._answers, batch, self.serving)
            job.add_done_callback(lambda done: self._done(batch, words, done, loop))
        if batch:
            self._schedule(loop)

    def _taken(self, together: int, each: int) -> list[_Request]:
        """Take requests of at most ``each`` words out of those that wait: one, or more with ``together`` words."""
        batch: list[_Request] = []
        left: deque[_Request] = deque()
        words = 0
        while self._waiting:
            request = self._waiting.popleft()
            if request.words <= each and (not batch or words + request.words <= together):
                batch.append(request)
                words += request.words
            else:
                left.append(request)
        self._waiting = left
        return batch

    def _done(
        self, batch: list[_Request], words: int, done: asyncio.Future[list[Any]], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._at_work.remove(words)
        self._settle(batch, done.result())
        self._schedule(loop)

    def _settle(self, batch: list[_Request], answers: list[Any]) -> None:
        for request, answer in zip(batch, answers, strict=True):
            if request.future.done():
                continue  # nobody waits for it any more
            if isinstance(answer, BaseException):
                request.future.set_exception(answer)
            else:
                request.future.set_result(answer)

    def _answers(self, batch: list[_Request], serving: Serving) -> list[Any]:
        """Return the answer of each request, or the error that it ends with."""
        groups: dict[tuple[tuple[str, ...], bool], list[int]] = {}
        for i, request in enumerate(batch):
            groups.setdefault((request.names, request.confidence), []).append(i)
        answers: list[Any] = [None] * len(batch)
        for (names, confidence), members in groups.items():
            sentences = [words for i in members for words in batch[i].sentences]
            try:
                rows = predict(serving.tagger, sentences, names, confidence)
            except Exception as error:
                for i in members:  # alone, so that one request does not fail another
                    answers[i] = error if len(members) == 1 else self._answers([batch[i]], serving)[0]
                continue
            start = 0
            for i in members:
                end = start + len(batch[i].sentences)
                answers[i] = rows[start:end], serving
                start = end
        return answers

    def close(self) -> None:
        """Finish what is being tagged."""
        self._pool.shutdown()


def predict(
    tagger: ColumnPredictor, sentences: Sequence[Sequence[str]], names: tuple[str, ...], confidence: bool
) -> list[dict[str, Any]]:
    """Return the values of the targets ``names`` of each sentence; of sentences without words, no tags and no label."""
    full = [words for words in sentences if words]
    found = iter(tagger.pipe(full, confidence=confidence, columns=names)) if names else iter([{}] * len(full))
    texts = set(tagger.text_targets)
    nothing: dict[str, Any] = {name: "" if name in texts else [] for name in names}
    if confidence:
        nothing = {name: (value, 0.0 if name in texts else []) for name, value in nothing.items()}
    return [next(found) if words else dict(nothing) for words in sentences]
