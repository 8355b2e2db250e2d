"""A connection: what a turn of the event loop writes to it is sent at once, and it may not dawdle over a request.

uvicorn has timeouts for connections without a request only. Somebody who sends a request a byte at a time, or opens
connections and sends nothing, would keep others away.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from elman.server.security import Limits

GRACE = 5.0
"""Seconds that an answer has when its request did not come in time."""


class Connection(H11Protocol):  # type: ignore[misc]
    """A connection that is closed if a request has not arrived as a whole in the seconds of a request.

    Of more connections than there may be requests at once, the one that has been without for the longest is closed.
    """

    def __init__(self, *, limits: Limits, **given: Any) -> None:
        super().__init__(**given)
        self._limits = limits
        self._late: asyncio.TimerHandle | None = None
        self._since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to wait for a request."""
        super().connection_made(cast(asyncio.Transport, Joined(transport, self.loop)))
        self._since = self.loop.time()
        self._late = self.loop.call_later(self._limits.seconds, self._too_late)
        if len(self.connections) > self._limits.requests:
            waiting = [one for one in self.connections if isinstance(one, Connection) and one is not self and one.waits]
            if waiting:
                min(waiting, key=lambda one: one._since).transport.close()

    @property
    def waits(self) -> bool:
        """Whether no request is being answered, and the connection is open."""
        return (self.cycle is None or self.cycle.response_complete) and not self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        """Take in a part of a request; the time for all of it runs from the first."""
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._in_time()
        elif self._late is None:
            self._late = self.loop.call_later(self._limits.seconds, self._too_late)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._since = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._in_time()
        super().connection_lost(exc)

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._late = None
        if self.waits:
            self.transport.close()
        elif self.conn.their_state is h11.SEND_BODY:  # the application answers that it is late
            self._late = self.loop.call_later(GRACE, self._too_late)


class Joined:
    """A transport that sends what is written in one turn of the event loop with one system call."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop, self._parts = transport, loop, list[bytes]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send bytes at the end of the turn."""
        if data:
            if not self._parts:
                self._loop.call_soon(self._send)
            self._parts.append(data)

    def close(self) -> None:
        """Send what was written, and close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._parts:
            data, self._parts = b"".join(self._parts), []
            self._transport.write(data)
