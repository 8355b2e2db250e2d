"""Which sentence comes next: the model's doubts, probable slips, chance, or the order of the files.

Doubts are computed in the background, again after each change of the model, the most doubtful sentences first; a queue
never waits for them. Of sentences that are set aside every tenth card is one, in random order: were they chosen by
doubt, the score on them would be too low.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import exp
from typing import cast

import numpy as np

from elman.data.checks.findings import DataSplit
from elman.data.checks.variation import outliers
from elman.errors import ConfigError
from elman.server.cards import confidences
from elman.server.documents import Documents, Item, share
from elman.server.events import CORRECTION, SKIP, State
from elman.server.tagging import Serving, predict
from elman.utils.display import shown

ORDERS = ("uncertain", "random", "slips", "file")
STATES = ("open", "corrected", "skipped", "all")
CHUNK = 64
"""Sentences that are scored at a time."""
LEASE = 300.0
"""Seconds for which a card is kept from other annotators."""
ONE_ASIDE = 10
"""Every tenth card is one of those set aside."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a queue is asked for."""

    annotator: str
    order: str = "uncertain"
    search: str = ""
    tag: str = ""
    state: str = "open"
    limit: int = 5
    exclude: frozenset[str] = frozenset()

    def check(self) -> None:
        """Raise ConfigError for an order or state that does not exist."""
        for name, value, expected in (("order", self.order, ORDERS), ("state", self.state, STATES)):
            if value not in expected:
                raise ConfigError(f"{name}: expected {', '.join(expected)}, got {shown(value)}")


class Queue:
    """The sentences of the files in the order in which they are asked for. ``state`` is what annotators did."""

    def __init__(self, documents: Documents, state: State, serving: Callable[[], Serving], seed: int) -> None:
        self.documents, self.state = documents, state
        self._serving = serving
        n = len(documents.items)
        self.doubts = np.ones(n)
        self.slips = np.zeros(n)
        self.present: list[tuple[str, ...]] = [()] * n  # COLUMN=TAG of what the model gives
        self._from_check = np.zeros(n)
        self._random = sorted(range(n), key=lambda i: share(seed, "order", documents.items[i].id))
        self._leases: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._score_all, name="elman-scores", daemon=True)

    def start(self) -> None:
        """Begin to score sentences in the background."""
        self._thread.start()
        self.refresh()

    def refresh(self) -> None:
        """Score all sentences again: the model has changed."""
        self._wake.set()

    def close(self) -> None:
        """End the background thread."""
        self._ended = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def next(self, wish: Wish) -> tuple[list[Item], int]:
        """Return the next sentences, which are kept from other annotators for a while, and how many there are."""
        wish.check()
        items = self.documents.items
        with self._lock:
            now = time.monotonic()
            self._leases = {id: lease for id, lease in self._leases.items() if lease[1] > now}
            shut = self._shut(wish)
            fits = self._fits(wish, shut)
            chosen = [items[i] for i in islice(filter(fits, self._order(wish)), wish.limit)]
            plain = wish.state == "open" and wish.order != "slips" and not (wish.search or wish.tag)
            remaining = len(items) - len(shut) if plain else sum(map(fits, range(len(items))))
            if wish.state == "open":
                self._leases |= {item.id: (wish.annotator, now + LEASE) for item in chosen}
        return chosen, remaining

    def _shut(self, wish: Wish) -> set[str]:
        """Return the sentences that are not open to this annotator, and those that the page has."""
        name, place, items = wish.annotator, self.documents.place, self.documents.items
        shut = {id for id in wish.exclude if id in place}
        if wish.state != "open":
            return shut
        shut |= {id for id in self.state.done_by(name) if id in place}
        shut |= {id for id in self.state.corrected() if id in place and not items[place[id]].shared}
        return shut | {id for id, lease in self._leases.items() if lease[0] != name and not items[place[id]].shared}

    def score(self, item: Item, order: str) -> float:
        """Return what a sentence is sorted by in an order."""
        place = self.documents.place[item.id]
        return float(self.slips[place] if order == "slips" else self.doubts[place])

    def _order(self, wish: Wish) -> Iterator[int]:
        """Yield the indices of all sentences in the order of a wish."""
        if wish.order == "file":
            yield from range(len(self.documents.items))
            return
        if wish.order == "random":
            yield from self._random
            return
        key = self.slips if wish.order == "slips" else self.doubts
        items = self.documents.items
        order = np.argsort(-key, kind="stable").tolist()
        if wish.order == "slips" or wish.state != "open":
            yield from order
            return
        certain_last = (i for i in order if not items[i].set_aside)
        aside = (i for i in self._random if items[i].set_aside)
        number = self.state.last
        while True:
            number += 1
            first, second = (aside, certain_last) if number % ONE_ASIDE == 0 else (certain_last, aside)
            place = next(first, None)
            if place is None:
                place = next(second, None)
            if place is None:
                return
            yield place

    def _fits(self, wish: Wish, shut: set[str]) -> Callable[[int], bool]:
        """Return whether the sentence of an index is one of those wished for."""
        items, search = self.documents.items, wish.search.casefold()
        kind = {"corrected": CORRECTION, "skipped": SKIP}.get(wish.state)

        def fits(place: int) -> bool:
            item = items[place]
            if item.id in shut or (wish.order == "slips" and not self.slips[place]):
                return False
            if kind is not None:
                given = self.state.of(item.id, wish.annotator)
                if given is None or given.kind != kind:
                    return False
            if search and search not in " ".join(item.words).casefold():
                return False
            return not wish.tag or has_tag(self.tags_of(item, wish.annotator), wish.tag)

        return fits

    def tags_of(self, item: Item, annotator: str | None) -> Collection[str]:
        """Return ``COLUMN=TAG`` of the present tags and labels of a sentence."""
        place = self.documents.place[item.id]
        corrected = self.state.correction(item.id, annotator)
        after = corrected.after if corrected is not None else item.given
        known = {**item.given.columns, **after.columns}
        found = {f"{name}={tag}" for name, tags in known.items() for tag in tags if tag is not None}
        found |= {f"{name}={label}" for name, label in {**item.given.labels, **after.labels}.items()}
        settled = tuple(f"{name}=" for name in (*known, *item.given.labels, *after.labels))
        return found | {one for one in self.present[place] if not settled or not one.startswith(settled)}

    def _score_all(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._ended:
                return
            serving = self._serving()
            order = np.argsort(-self.doubts, kind="stable").tolist()
            for start in range(0, len(order), CHUNK):
                if self._ended or self._wake.is_set():
                    break
                began = time.monotonic()
                self._score(order[start : start + CHUNK], serving)
                time.sleep(min(0.2, time.monotonic() - began))  # half of the time belongs to those who wait

    def _score(self, places: Sequence[int], serving: Serving) -> None:
        items = [self.documents.items[i] for i in places]
        tagger = serving.tagger
        texts = set(tagger.text_targets)
        for place, item, row in zip(
            places, items, predict(tagger, [item.words for item in items], tagger.targets, True), strict=True
        ):
            self.doubts[place] = 1.0 - min(confidences(row, tagger), default=0.0)
            tags = {f"{name}={value}" for name, (value, _) in row.items() if name in texts}
            tags |= {f"{name}={tag}" for name, (values, _) in row.items() if name not in texts for tag in values}
            self.present[place] = tuple(tags)
            self.slips[place] = max(self._contradicted(item, row, texts), self._from_check[place])

    def _contradicted(
        self, item: Item, row: dict[str, tuple[Sequence[str], Sequence[float]]], texts: set[str]
    ) -> float:
        """Return the confidence of the surest tag that the file or a correction contradicts."""
        corrected = self.state.correction(item.id)
        given = corrected.after if corrected is not None else item.given
        most = 0.0
        for name, (values, of) in row.items():
            if name in texts:
                label = given.labels.get(name)
                if label is not None and label != values:
                    most = max(most, float(of))  # type: ignore[arg-type]
                continue
            for tag, value, p in zip(given.columns.get(name, ()), values, of, strict=False):
                if tag is not None and tag != value:
                    most = max(most, p)
        return most

    def check_files(self) -> None:
        """Take in what ``elman check`` finds in the tags of the files: words tagged unlike others like them."""
        columns = {name for item in self.documents.items for name in item.given.columns}
        for column in columns:
            labelled = [
                replace(item.sentence, path=item.id, columns={column: cast(tuple[str, ...], tags)}, format="")
                for item in self.documents.items
                if None not in (tags := item.given.columns.get(column, (None,)))
            ]
            for group in outliers([DataSplit("", "", (), labelled)], column):
                for finding in group.findings:
                    place = self.documents.place[finding.place.file]
                    sure = 1 / (1 + exp(-float(finding.details["score"])))
                    self._from_check[place] = max(self._from_check[place], sure)


def has_tag(tags: Collection[str], wanted: str) -> bool:
    """Return whether a tag or type of span, or ``COLUMN=`` and either, is among ``COLUMN=TAG`` of a sentence."""
    for one in tags:
        column, _, value = one.partition("=")
        for name in (one, value, value.partition("-")[2], *value.split("|")):
            if name and wanted in (name, f"{column}={name}"):
                return True
    return False
