"""Messages for the pages that listen: each has a number, and the last ones are kept for those that come back."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

KEPT = 1_000
"""Messages that are kept."""
SECONDS = 50.0
"""For how long a listener is answered; the browser asks again."""
BEAT = 15.0
"""Seconds between the comments that keep a connection alive."""


class Hub:
    """Takes messages from any thread, and yields them to listeners of an event loop."""

    def __init__(self) -> None:
        self.last = 0
        self._kept: deque[tuple[int, str, str]] = deque(maxlen=KEPT)
        self._listeners: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self.closed = False

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the event loop of the listeners."""
        self._loop = loop

    def publish(self, name: str, data: Mapping[str, Any]) -> None:
        """Send a message to all listeners."""
        text = json.dumps(data, ensure_ascii=False)
        with self._lock:
            self.last += 1
            self._kept.append((self.last, name, text))
        self._rouse()

    def close(self) -> None:
        """End all streams."""
        self.closed = True
        self._rouse()

    def _rouse(self) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # it is closed: nobody listens any more
                self._loop.call_soon_threadsafe(self._set_all)

    def _set_all(self) -> None:
        for listener in self._listeners:
            listener.set()

    async def stream(self, after: int | None) -> AsyncIterator[bytes]:
        """Yield server-sent events: those after number ``after`` that are kept, and all that come."""
        seen = self.last if after is None or after > self.last else after
        woken = asyncio.Event()
        self._listeners.add(woken)
        end = time.monotonic() + SECONDS
        try:
            yield b"retry: 1000\n\n"
            while not self.closed and (left := end - time.monotonic()) > 0:
                woken.clear()
                with self._lock:
                    fresh = [message for message in self._kept if message[0] > seen]
                for number, name, text in fresh:
                    seen = number
                    yield f"id: {number}\nevent: {name}\ndata: {text}\n\n".encode("utf-8", "backslashreplace")
                if fresh:
                    continue
                try:
                    await asyncio.wait_for(woken.wait(), min(left, BEAT))
                except TimeoutError:
                    yield b": \n\n"
        finally:
            self._listeners.discard(woken)
