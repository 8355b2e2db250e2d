"""Run the service: bind the port, print the address, answer until a signal, and finish what was begun."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from elman.errors import ConfigError, OutputError, reason, while_reading
from elman.models import file
from elman.server.service import Service, ServiceOptions
from elman.utils.imports import optional_package

if TYPE_CHECKING:
    import uvicorn

    from elman.server.security import App, Limits

GRACE = 30
"""Seconds after a signal in which requests are finished."""
IDLE = 75
"""Seconds for which a connection is kept open without a request."""
SHORTEST = 16
"""Characters of a token that is given."""
SWITCH = 0.0005
"""Seconds after which a thread that computes lets another run; with the usual 5 ms a request waits for several."""


@dataclass(frozen=True, kw_only=True)
class Listen:
    """Where the service listens, and who may ask. ``hosts`` are further names under which it is reached."""

    host: str = "127.0.0.1"
    port: int = 8000
    token_file: str | None = None
    hosts: Sequence[str] = ()
    verbose: bool = False

    def check(self) -> None:
        """Raise ConfigError for a host that others can reach, without a token of one's own."""
        if self.token_file is None and not is_loopback(self.host):
            raise ConfigError(
                f"--host: {self.host} can be reached from other machines; give the token in a file (--token-file)"
            )

    def token(self) -> str:
        """Return the token: that of the file, or one made for this run. Raises ConfigError if it is too short."""
        if self.token_file is None:
            return secrets.token_urlsafe(24)
        with while_reading(self.token_file):
            token = Path(self.token_file).read_text(encoding="utf-8", errors="replace").strip()
        if len(token) < SHORTEST or not token.isascii() or not all(c.isalnum() or c in "-_.~" for c in token):
            expected = f"expected at least {SHORTEST} letters, digits, - _ . ~"
            raise ConfigError(f"{self.token_file}: {expected}; openssl rand -hex 24 makes some")
        return token


def is_loopback(host: str) -> bool:
    """Return whether an address or name is this machine's own, which no other can reach."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises OutputError if the port is taken, or the address is none of ours."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        made = socket.socket(family, kind, protocol)
        try:
            if sys.platform != "win32":  # there it would let two programs share a port
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            made.listen(256)
        except BaseException:
            made.close()
            raise
    except (OSError, UnicodeError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        hint = "; --port 0 takes a free one" if port else ""
        raise OutputError(f"{host}:{port}: cannot listen there: {why}{hint}") from None
    return made


def run(options: ServiceOptions, listen: Listen, on_ready: Callable[[str, Service], None]) -> None:
    """Serve until SIGINT or SIGTERM. ``on_ready`` gets the address with the token when connections are accepted.

    Raises an ElmanError of one line for whatever is not as it should be, before anything is answered.
    """
    with optional_package("starlette", "serve"):
        import starlette  # noqa: F401
    with optional_package("uvicorn", "serve"):
        import uvicorn  # noqa: F401
    from elman.server.app import make_app
    from elman.server.security import Access

    listen.check()
    token = listen.token()
    file.read(options.model)  # what is no model should not take the port
    with bind(listen.host, listen.port) as listening:
        port = listening.getsockname()[1]
        service = Service(options)
        try:
            names = {"localhost", listen.host.lower(), *(name.lower() for name in listen.hosts)}
            access = Access(token, names, f"elman_{port}", verbose=listen.verbose)
            server = make_server(make_app(service, access), access.limits)
            address = f"[{listen.host}]" if ":" in listen.host else listen.host
            url = f"http://{address}:{port}/?token={token}"
            service.start()
            sys.setswitchinterval(SWITCH)
            with asyncio.Runner() as runner:
                runner.run(_serve(server, listening, service, lambda: on_ready(url, service)))
        finally:
            service.close()


def make_server(app: App, limits: Limits) -> uvicorn.Server:
    """Return a server of HTTP, for sockets that listen."""
    import uvicorn

    from elman.server.connection import Connection

    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,  # nothing depends on the address of who asks
        http=cast(Any, partial(Connection, limits=limits)),
        ws="none",
        lifespan="on",
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=GRACE,
    )
    return uvicorn.Server(config)


async def _serve(server: uvicorn.Server, listening: socket.socket, service: Service, ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    service.hub.attach(loop)

    def stop() -> None:
        service.hub.close()  # streams would keep the server waiting
        server.should_exit = True

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            try:
                loop.add_signal_handler(number, stop)
            except NotImplementedError:  # pragma: no cover - Windows
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    gc.collect()
    gc.freeze()  # what is loaded now stays; collections need not look at it
    vars(server)["capture_signals"] = nullcontext  # its own handlers would end the process by the signal
    serving = asyncio.ensure_future(server.serve([listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if server.started:
        ready()
    with suppress(asyncio.CancelledError):
        await serving
