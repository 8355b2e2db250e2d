"""How many sentences were corrected, changed and skipped: after an event only its sentence is counted again."""

from __future__ import annotations

import threading
from collections import Counter

from elman.server.agreement import is_change
from elman.server.documents import Documents
from elman.server.events import CORRECTION, State

NAMES = ("corrected", "changed", "skipped", "set_aside_corrected")


class Counts:
    """The counts of the sentences of the files; any thread may ask for them."""

    def __init__(self, documents: Documents, state: State) -> None:
        self._documents, self._state = documents, state
        self._fixed = {
            "sentences": len(documents.items),
            "set_aside": sum(item.set_aside for item in documents.items),
        }
        self._of: dict[str, frozenset[str]] = {}  # sentence -> the names under which it counts
        self._sums = Counter(dict.fromkeys(NAMES, 0))
        self._seen = 0
        self._lock = threading.Lock()

    def now(self) -> dict[str, int]:
        """Return how many sentences there are, and what was done with them."""
        with self._lock:
            end = len(self._state.sentences)
            for id in {*self._state.sentences[self._seen : end]}:
                before, now = self._of.get(id, frozenset()), self._names(id)
                self._sums.update(now - before)
                self._sums.subtract(before - now)
                self._of[id] = now
            self._seen = end
            return {**self._fixed, **self._sums}

    def _names(self, id: str) -> frozenset[str]:
        item, given = self._documents.get(id), self._state.given(id)
        if item is None or not given:
            return frozenset()
        corrected = [event for event in given.values() if event.kind == CORRECTION]
        if not corrected:
            return frozenset({"skipped"})
        changed = any(map(is_change, corrected))
        return frozenset({"corrected", *["changed"] * changed, *["set_aside_corrected"] * item.set_aside})
