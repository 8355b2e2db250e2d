"""What every request must pass: Host and Origin, the token, the limits; and what every answer carries.

Written as plain ASGI: it works with any application, and reads nothing of a request that it refuses.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from elman.errors import ElmanError
from elman.server.metrics import Metrics

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; object-src 'none'"
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
OPEN = "/healthz"
"""The path that needs no token."""
ENDLESS = "/v1/events"
"""The path that may take longer than others."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of a body, requests at once, seconds of a request."""

    body: int = 4_000_000
    requests: int = 256
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Access:
    """The token, the names under which the service may be reached, and the name of the cookie."""

    token: str
    hosts: Collection[str] = ()
    cookie: str = "elman"
    limits: Limits = field(default_factory=Limits)
    verbose: bool = False

    def known_host(self, host: str) -> bool:
        """Return whether a Host is this service: an address, or a name that was allowed.

        A page elsewhere can point a name of its own at this machine, but not an address.
        """
        name = _name_of(host)
        return name is None or (name != "" and name in self.hosts)

    def is_token(self, given: str) -> bool:
        """Return whether this is the token, in a time that does not depend on where they differ."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())


@lru_cache(64)
def _name_of(host: str) -> str | None:
    """Return the name in a Host, "" if there is none; None if it is an address."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        ipaddress.ip_address(name)
    except ValueError:
        return (host.rpartition(":")[0] or host).lower()
    return None


class Guard:
    """Passes on what may reach an application, and refuses the rest with one line of JSON."""

    def __init__(self, app: App, access: Access, metrics: Metrics) -> None:
        self._app, self._access, self._metrics = app, access, metrics
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        begun, status = time.monotonic(), [0]

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        self._running += 1
        try:
            await self._answer(scope, receive, counted, status)
        finally:
            self._running -= 1
            seconds = time.monotonic() - begun
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.count(route, scope["method"], status[0], seconds)
            if self._access.verbose:
                print(f"elman: {scope['method']} {route} {status[0]} {1000 * seconds:.1f} ms", file=sys.stderr)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, status: list[int]) -> None:
        limits = self._access.limits
        refused = self._refused(scope)
        if refused is not None:
            await respond(send, *refused)
            return
        if self._running > limits.requests:
            await respond(
                send, 503, f"more than {limits.requests} requests at once; try again", [(b"retry-after", b"1")]
            )
            return
        endless = scope["path"] == ENDLESS
        try:
            async with asyncio.timeout(None if endless else limits.seconds):
                body = await self._body(scope, receive)
                if body is None:
                    message = f"expected a body of at most {limits.body // 10**6} MB"
                    await respond(send, 413, message, [(b"connection", b"close")])
                    return
                await self._app(scope, receive if endless else _once(body, receive), send)
        except TimeoutError:
            if not status[0]:
                await respond(send, 503, f"more than {limits.seconds:.0f} s; ask for less at once")
        except Exception as error:
            tell_error(error)
            if not status[0]:
                await respond(send, 500, "an error of elman; its log says where")

    def _refused(self, scope: Scope) -> tuple[int, str] | tuple[int, str, list[tuple[bytes, bytes]]] | None:
        """Return the answer to a request that may not pass."""
        if scope["path"] == OPEN:
            return None
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        if not self._access.known_host(host):
            return 403, "Host is not a name of this service; --allow-host adds one"
        if origin is not None and _netloc(origin) != host:
            return 403, "Origin is not this service"
        if scope["path"] == "/" and b"token=" in scope["query_string"]:
            given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
            if self._access.is_token(given):
                cookie = f"{self._access.cookie}={self._access.token}; Path=/; HttpOnly; SameSite=Strict"
                return 303, "", [(b"location", b"/"), (b"set-cookie", cookie.encode())]
            return 401, "not the token of this service"
        if not any(map(self._access.is_token, _tokens(headers, self._access.cookie))):
            message = "no token, or not that of this service: open the address that elman serve has printed"
            return 401, message, [(b"www-authenticate", b"Bearer")]
        return None

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return the body; None if it is too large."""
        most = self._access.limits.body
        length = next((value for name, value in scope["headers"] if name.lower() == b"content-length"), b"0")
        if scope["path"] == ENDLESS:
            return b""
        if int(length) > most:
            return None
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise TimeoutError
            body += message.get("body", b"")
            if len(body) > most:
                return None
            if not message.get("more_body"):
                return bytes(body)


def _once(body: bytes, receive: Receive) -> Receive:
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _tokens(headers: dict[bytes, str], cookie: str) -> list[str]:
    """Return the tokens that a request shows."""
    found = []
    scheme, _, value = headers.get(b"authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value:
        found.append(value.strip())
    if b"cookie" in headers:
        try:
            cookies = SimpleCookie(headers[b"cookie"])
        except CookieError:
            cookies = SimpleCookie()
        found += [cookies[cookie].value] if cookie in cookies else []
    return found


async def respond(send: Send, status: int, error: str, headers: Collection[tuple[bytes, bytes]] = ()) -> None:
    """Send one line of JSON."""
    body = json.dumps({"error": error}).encode() if error else b""
    about = [(b"content-length", str(len(body)).encode()), *headers]
    if error:
        about.append((b"content-type", b"application/json"))
    await send({"type": "http.response.start", "status": status, "headers": about})
    await send({"type": "http.response.body", "body": body})


def tell_error(error: BaseException) -> None:
    """Write where an error of ours happened to the log, without its message: that may hold text of a sentence."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    where = " < ".join(f"{frame.filename.rpartition('elman/')[2]}:{frame.lineno}" for frame in reversed(frames))
    print(f"elman: {type(error).__name__} at {where}", file=sys.stderr, flush=True)


def error_line(error: Exception) -> str:
    """Return the line that says what failed; where an error of ours happened goes to the log."""
    if isinstance(error, ElmanError):
        return str(error)
    tell_error(error)
    return f"an error of elman, {type(error).__name__}; its log says where"


def _netloc(url: str) -> str | None:
    """Return host and port of a URL; None if it is none."""
    try:
        return urlsplit(url).netloc
    except ValueError:  # such as http://[
        return None
