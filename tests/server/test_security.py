"""Who may ask, and how much: the token, Host and Origin, the limits, and what every answer carries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from asked import TOKEN, TestClient, asking
from elman.errors import ConfigError
from elman.server.metrics import Metrics
from elman.server.run import Listen, is_loopback
from elman.server.security import Access, Guard, Limits, Message, Receive, Scope, Send
from elman.server.service import Service

Make = Callable[..., Service]


@pytest.fixture
def stranger(serve: Make, text: Path) -> Iterator[TestClient]:
    with asking(serve(text), token=None) as client:
        yield client


def test_only_health_is_open(stranger: TestClient) -> None:
    assert stranger.get("/healthz").json() == {"status": "ok"}
    for path in ("/", "/v1/status", "/metrics", "/openapi.json", "/page/app.js", "/models", "/none"):
        answer = stranger.get(path)
        assert answer.status_code == 401 and "open the address" in answer.json()["error"], path
    wrong = {"authorization": f"Bearer {TOKEN}x"}
    assert stranger.get("/v1/status", headers=wrong).status_code == 401
    assert stranger.get("/v1/status", headers={"authorization": f"Basic {TOKEN}"}).status_code == 401
    assert stranger.get("/v1/status", headers={"cookie": "elman_8000=; a"}).status_code == 401
    assert stranger.get("/v1/status?token=" + TOKEN).status_code == 401, "the token is taken from / alone"


def test_the_address_sets_a_cookie(stranger: TestClient) -> None:
    assert stranger.get("/?token=no").status_code == 401
    answer = stranger.get("/?token=" + TOKEN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie == f"elman_8000={TOKEN}; Path=/; HttpOnly; SameSite=Strict"
    assert stranger.get("/v1/status").status_code == 200, "the client keeps it"


def test_host_and_origin(stranger: TestClient) -> None:
    own = {"authorization": f"Bearer {TOKEN}"}
    for host in ("127.0.0.1:8000", "localhost:8000", "localhost", "[::1]:8000", "192.168.1.9"):
        assert stranger.get("/v1/status", headers={**own, "host": host}).status_code == 200, host
    for host in ("evil.example", "127.0.0.1.evil.example:8000", "localhost.evil", "", "[", "a:b:c"):
        assert stranger.get("/v1/status", headers={**own, "host": host}).status_code == 403, host
    assert stranger.get("/healthz", headers={"host": "evil.example"}).status_code == 200
    own_page, others = "http://127.0.0.1:8000", ("http://127.0.0.1:9", "null", "http://[")
    for origin, status in ((own_page, 409), *((other, 403) for other in others)):
        answer = stranger.post("/v1/undo", json={}, headers={**own, "origin": origin})
        assert answer.status_code == status, origin


def test_every_answer_is_guarded(stranger: TestClient) -> None:
    for path in ("/healthz", "/", "/none"):
        headers = stranger.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"


def test_large_bodies_are_refused(serve: Make) -> None:
    with asking(serve(), limits=Limits(body=1_000_000)) as client:
        answer = client.post("/v1/tag", content=b'{"text": "' + b"a " * 500_000 + b'"}')
        assert answer.status_code == 413 and answer.json() == {"error": "expected a body of at most 1 MB"}

        def pieces() -> Iterator[bytes]:  # without a length
            for _ in range(11):
                yield b"a" * 100_000

        assert client.post("/v1/tag", content=pieces()).status_code == 413


def ask(guard: Guard, path: str = "/slow", body: list[Message] | None = None) -> list[Message]:
    """Return the messages that a guard answers with."""
    sent: list[Message] = []
    messages = iter(body or [{"type": "http.request", "body": b""}])

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {TOKEN}".encode())]
    scope: dict[str, Any] = {"type": "http", "path": path, "method": "GET", "query_string": b"", "headers": headers}
    asyncio.run(guard(scope, receive, send))
    return sent


async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(10)


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise KeyError("secret sentence")


def test_slow_and_many_requests() -> None:
    guard = Guard(slow, Access(TOKEN, limits=Limits(seconds=0.01)), Metrics())
    assert ask(guard)[0]["status"] == 503
    guard = Guard(slow, Access(TOKEN, limits=Limits(requests=0)), Metrics())
    assert ask(guard)[0]["status"] == 503


def test_the_log_of_an_error_holds_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    sent = ask(Guard(broken, Access(TOKEN, verbose=True), Metrics()), "/secret")
    assert sent[0]["status"] == 500
    log = capsys.readouterr().err
    assert "KeyError at" in log and "secret" not in log and "GET other 500" in log


def test_other_machines_need_a_token_of_ones_own(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "::1", "localhost", "127.9.9.9"):
        assert is_loopback(host)
        Listen(host=host).check()
    for host in ("0.0.0.0", "::", "192.168.1.9", "example.org", ""):
        with pytest.raises(ConfigError, match="can be reached from other machines"):
            Listen(host=host).check()
    token = tmp_path / "token"
    listen = Listen(host="0.0.0.0", token_file=str(token))
    listen.check()
    for content in ("short", "ä" * 20, "with a space in it ..."):
        token.write_text(content, encoding="utf-8")
        with pytest.raises(ConfigError, match="at least 16 letters"):
            listen.token()
    token.write_text(TOKEN + "\n", encoding="utf-8")
    assert listen.token() == TOKEN
    assert len(Listen().token()) == 32 and Listen().token() != Listen().token()
