"""Connections: who dawdles is cut off, who is late makes room, and what is written together is sent together."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("starlette", reason="starlette (extra serve) is not installed")
pytest.importorskip("uvicorn", reason="uvicorn (extra serve) is not installed")

from elman.server.connection import Joined
from elman.server.metrics import Metrics
from elman.server.run import make_server
from elman.server.security import Access, Guard, Limits, respond

ADDRESS = "127.0.0.1"
HEAD = f"POST / HTTP/1.1\r\nHost: {ADDRESS}\r\nAuthorization: Bearer "


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the size of the body."""
    if scope["type"] == "lifespan":
        for _ in range(2):
            await send({"type": (await receive())["type"] + ".complete"})
        return
    await respond(send, 200, str(len((await receive())["body"])))


@contextmanager
def running(limits: Limits) -> Iterator[int]:
    """Yield the port of a server with the token ``t`` and these limits."""
    listening = socket.create_server((ADDRESS, 0))
    server = make_server(Guard(echo, Access("t", limits=limits), Metrics()), limits)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def until_closed(connection: socket.socket, drip: bytes = b"", every: float = 0.05) -> bytes:
    """Send a byte now and then, and return what was answered until the server closed the connection."""
    connection.settimeout(every)
    answer, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if not (some := connection.recv(65_536)):
                return answer
            answer += some
        except TimeoutError:
            pass
        except ConnectionError:
            return answer
        try:
            connection.sendall(drip)
        except ConnectionError:
            return answer
    raise AssertionError("the connection was not closed")


def ask(connection: socket.socket, token: str = "t", body: bytes = b"hello") -> bytes:
    """Return the answer to a request."""
    connection.settimeout(60)
    connection.sendall(f"{HEAD}{token}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection.recv(65_536)


@pytest.mark.parametrize("begun", ["", "GET / HTTP/1.1\r\nX-Slow: ", f"{HEAD}wrong\r\nContent-Length: 9999\r\n\r\n"])
def test_who_sends_a_byte_at_a_time_is_cut_off(begun: str) -> None:
    with running(Limits(seconds=0.5)) as port, socket.create_connection((ADDRESS, port)) as connection:
        connection.sendall(begun.encode())
        answer = until_closed(connection, drip=b"x" if begun else b"")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 401")


def test_a_body_that_is_late_is_answered_and_then_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elman.server.connection.GRACE", 0.3)
    with running(Limits(seconds=0.5)) as port, socket.create_connection((ADDRESS, port)) as connection:
        connection.sendall(f"{HEAD}t\r\nContent-Length: 9999\r\n\r\n".encode())
        assert until_closed(connection, drip=b"x").startswith(b"HTTP/1.1 503")


def test_connections_without_a_request_make_room() -> None:
    with running(Limits(requests=8)) as port:
        slow = [socket.create_connection((ADDRESS, port)) for _ in range(20)]
        for connection in slow:
            connection.sendall(b"GET / HT")
        with socket.create_connection((ADDRESS, port)) as other:
            for _ in range(3):  # the connection is kept
                assert ask(other).startswith(b"HTTP/1.1 200")
        assert until_closed(slow[0]) == b""
        for connection in slow:
            connection.close()


def test_a_request_in_several_parts_is_answered() -> None:
    with running(Limits(seconds=30)) as port, socket.create_connection((ADDRESS, port)) as connection:
        for part in (HEAD[:20], HEAD[20:], "t\r\nContent-Length: 5\r\n\r\nhe", "llo"):
            connection.sendall(part.encode())
            time.sleep(0.05)
        assert b'{"error": "5"}' in connection.recv(65_536)
        assert b'{"error": "3"}' in ask(connection, body=b"two")
        connection.sendall(f"{HEAD}t\r\nContent-Length: 0\r\n\r\n".encode() * 2)  # one behind the other
        answers = b""
        while answers.count(b'{"error": "0"}') < 2:
            answers += connection.recv(65_536)


class Transport:
    """Remembers what is done with it."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append("closed")


def test_a_turn_is_sent_together() -> None:
    async def write() -> list[Any]:
        transport: Any = Transport()
        joined = Joined(transport, asyncio.get_running_loop())
        joined.write(b"head")
        joined.write(b"")
        joined.write(b"body")
        await asyncio.sleep(0)
        joined.write(b"last")
        joined.close()
        await asyncio.sleep(0)
        return transport.done

    assert asyncio.run(write()) == [b"headbody", b"last", "closed"]
