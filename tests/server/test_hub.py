"""Messages reach those who listen, and those who come back."""

from __future__ import annotations

import asyncio

import pytest

from elman.server import hub
from elman.server.hub import Hub


def collected(after: int | None, count: int, publish: list[str]) -> list[bytes]:
    """Return what a listener gets, up to ``count`` messages; meanwhile these are published."""

    async def listen() -> list[bytes]:
        made = Hub()
        made.attach(asyncio.get_running_loop())
        for i in range(3):
            made.publish("old", {"i": i})
        found = []
        stream = made.stream(after)
        assert await anext(stream) == b"retry: 1000\n\n"
        asyncio.get_running_loop().call_later(0.01, lambda: [made.publish(name, {"ä": 1}) for name in publish])
        async for message in stream:
            found.append(message)
            if len(found) == count:
                made.close()
        return found

    return asyncio.run(listen())


def test_only_what_happens_from_now_on() -> None:
    assert collected(None, 1, ["new"]) == ['id: 4\nevent: new\ndata: {"ä": 1}\n\n'.encode()]


def test_what_was_missed_comes_first() -> None:
    found = collected(1, 3, ["new"])
    assert [message.split(b"\n")[0] for message in found] == [b"id: 2", b"id: 3", b"id: 4"]


def test_a_number_of_an_earlier_start_is_now() -> None:
    assert len(collected(1_000, 1, ["new"])) == 1


def test_a_stream_beats_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "SECONDS", 0.1)
    monkeypatch.setattr(hub, "BEAT", 0.02)

    async def listen() -> list[bytes]:
        return [message async for message in Hub().stream(None)]

    found = asyncio.run(listen())
    assert found[0].startswith(b"retry") and set(found[1:]) == {b": \n\n"}


def test_a_message_after_the_loop_has_ended_is_no_error() -> None:
    hub, loop = Hub(), asyncio.new_event_loop()
    hub.attach(loop)
    loop.close()
    hub.publish("status", {})
    hub.close()
    assert hub.last == 1
