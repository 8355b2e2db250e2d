"""Events in memory: what each annotator's correction of a sentence is, and what undo and redo do.

An event is never taken back: undo and redo are events too, and the state is what all events together say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CORRECTION, SKIP, UNDO, REDO = "correction", "skip", "undo", "redo"


@dataclass(frozen=True, slots=True)
class Values:
    """Tags by column of words, and document labels by name; a tag of None says nothing about its word."""

    columns: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    labels: Mapping[str, str | None] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for ``json.dumps``."""
        return {"columns": {name: list(tags) for name, tags in self.columns.items()}, "labels": dict(self.labels)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Values:
        """Return the inverse of ``to_json``."""
        return Values({name: tuple(tags) for name, tags in value["columns"].items()}, dict(value["labels"]))


NOTHING = Values()


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the table of events; ``seq`` is 0 until it is stored.

    ``undoes``  of an undo or a redo the event that it takes back or brings back
    """

    kind: str
    annotator: str
    sentence: str
    words: tuple[str, ...] = ()
    before: Values = NOTHING
    after: Values = NOTHING
    seconds: float | None = None
    model: str = ""
    undoes: int | None = None
    time: float = 0.0
    seq: int = 0

    COLUMNS = "time, annotator, kind, sentence, words, before, after, seconds, model, undoes"

    def row(self) -> tuple[Any, ...]:
        """Return the values of ``COLUMNS``."""
        values = (_dump(self.before.to_json()), _dump(self.after.to_json()))
        about = (self.time, self.annotator, self.kind, self.sentence, _dump(list(self.words)))
        return *about, *values, self.seconds, self.model, self.undoes

    @staticmethod
    def of_row(row: tuple[Any, ...]) -> Event:
        """Return the event of a row of ``seq`` and ``COLUMNS``."""
        seq, time, annotator, kind, sentence, words, before, after, seconds, model, undoes = row
        old, new = (Values.from_json(json.loads(text)) for text in (before, after))
        read = tuple(json.loads(words))
        return Event(kind, annotator, sentence, read, old, new, seconds, model, undoes, time, seq)

    def to_json(self) -> dict[str, Any]:
        """Return the event as ``GET /v1/corrections`` shows it."""
        return {
            "event": self.seq,
            "time": self.time,
            "kind": self.kind,
            "annotator": self.annotator,
            "id": self.sentence,
            "words": list(self.words),
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "seconds": self.seconds,
            "model": self.model,
            "undoes": self.undoes,
        }


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _last(events: Sequence[Event]) -> Event | None:
    """Return the last event; the writer's thread may take it away meanwhile."""
    return next(iter(events[-1:]), None)


class State:
    """What all events up to now say. One thread adds events; any may read what they say."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.last = 0
        """The number of the last event."""
        self.sentences: list[str] = []
        """The sentence of each event, in order."""
        self._given: dict[str, dict[str, list[Event]]] = {}  # sentence -> annotator -> corrections and skips in force
        self._done: dict[str, list[Event]] = {}  # annotator -> what undo takes back, the last first
        self._undone: dict[str, list[Event]] = {}
        self._corrections: dict[int, Event] = {}
        self._latest: dict[str, Event] = {}  # sentence -> its latest correction in force
        for event in events:
            self.add(event)

    def add(self, event: Event) -> None:
        """Take in a stored event."""
        self.last = event.seq
        name = event.annotator
        if event.kind == CORRECTION:
            self._corrections[event.seq] = event
        done, undone = self._done.setdefault(name, []), self._undone.setdefault(name, [])
        if event.kind == UNDO:
            undone.append(taken := done.pop())
            self._given[taken.sentence][name].pop()
            self._look_again(taken.sentence)
            return
        if event.kind == REDO:
            event = undone.pop()
        else:
            undone.clear()
        done.append(event)
        self._given.setdefault(event.sentence, {}).setdefault(name, []).append(event)
        self._look_again(event.sentence)

    def _look_again(self, sentence: str) -> None:
        """Find the latest correction of a sentence whose events have changed, and note that they have."""
        latest = self.correction(sentence)
        if latest is not None:
            self._latest[sentence] = latest
        else:
            self._latest.pop(sentence, None)
        self.sentences.append(sentence)

    @property
    def annotators(self) -> list[str]:
        """The names of all annotators, in the order of their first event."""
        return list(self._done)

    def undoable(self, annotator: str) -> Event | None:
        """Return what undo would take back."""
        return _last(self._done.get(annotator, ()))

    def redoable(self, annotator: str) -> Event | None:
        """Return what redo would bring back."""
        return _last(self._undone.get(annotator, ()))

    def of(self, sentence: str, annotator: str) -> Event | None:
        """Return an annotator's correction or skip of a sentence that is in force."""
        return _last(self._given.get(sentence, {}).get(annotator, ()))

    def correction(self, sentence: str, annotator: str | None = None) -> Event | None:
        """Return the correction of a sentence that is in force: an annotator's, or the latest of all."""
        names = list(self._given.get(sentence, ())) if annotator is None else [annotator]
        found = [event for name in names if (event := self._correction_of(sentence, name)) is not None]
        return max(found, key=lambda event: event.seq, default=None)

    def _correction_of(self, sentence: str, annotator: str) -> Event | None:
        events = self._given.get(sentence, {}).get(annotator, ())
        return next((event for event in reversed(events) if event.kind == CORRECTION), None)

    def corrected(self) -> list[str]:
        """Return the sentences with a correction in force."""
        return list(self._latest)

    def done_by(self, annotator: str) -> set[str]:
        """Return the sentences that an annotator has corrected or skipped."""
        return {event.sentence for event in list(self._done.get(annotator, ()))}

    def corrections(self) -> Iterator[Event]:
        """Yield the latest correction in force of each sentence, oldest first."""
        yield from sorted(list(self._latest.values()), key=lambda event: event.seq)

    def known(self, seq: int) -> Event | None:
        """Return the correction of a number, also if it was undone."""
        return self._corrections.get(seq)

    def known_corrections(self) -> list[Event]:
        """Return all corrections, also those that were undone."""
        return list(self._corrections.values())

    def by_annotator(self) -> Iterator[tuple[str, dict[str, Event]]]:
        """Yield sentences with each annotator's correction or skip that is in force."""
        for sentence in list(self._given):
            if given := self.given(sentence):
                yield sentence, given

    def given(self, sentence: str) -> dict[str, Event]:
        """Return each annotator's correction or skip of a sentence that is in force."""
        by_name = list(self._given.get(sentence, {}).items())
        return {name: last for name, events in by_name if (last := _last(events)) is not None}
