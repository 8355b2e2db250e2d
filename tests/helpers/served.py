"""``elman serve`` as a process, and a client that keeps its connection."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit


class Served:
    """A running service. ``url`` is the line that it has printed."""

    def __init__(self, arguments: Sequence[str | os.PathLike[str]], log: Path) -> None:
        command = [sys.executable, "-m", "elman", "serve", *map(os.fspath, arguments), "--port", "0"]
        self._log = open(log, "ab")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log)
        self.log = log
        self.url = ""

    def ready(self) -> bool:
        """Wait until it answers; return whether it does."""
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().decode().strip()
        return bool(self.url)

    def client(self) -> Client:
        """Return a client with the token."""
        return Client(self.url)

    def end(self) -> int:
        """Kill it, if it still runs, and return its exit status."""
        self.process.kill()
        status = self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()
        return status


@contextmanager
def served(*arguments: str | os.PathLike[str], log: Path) -> Iterator[Served]:
    """Yield a service that answers; it is killed at the end."""
    service = Served(arguments, log)
    try:
        assert service.ready(), log.read_text(encoding="utf-8")
        yield service
    finally:
        service.end()


class Client:
    """A client of one connection. Raises OSError or HTTPException if the service is gone."""

    def __init__(self, url: str, timeout: float = 60.0) -> None:
        parts = urlsplit(url)
        self.token = parse_qs(parts.query)["token"][0]
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """Return the status and the value of an answer."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        target = path + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        self._connection.request(method, target, data, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        is_json = answer.headers.get("content-type") == "application/json"
        return answer.status, json.loads(text) if is_json else text

    def get(self, path: str, **query: Any) -> Any:
        """Return the value of an answer of status 200."""
        status, value = self.ask("GET", path, **query)
        assert status == 200, (path, status, value)
        return value

    def correct(self, card: dict[str, Any], annotator: str, tags: Sequence[str | None], column: str) -> tuple[int, Any]:
        """Post a correction of a card."""
        before = {"columns": {column: card["columns"][column]["tags"]}}
        about = {"id": card["id"], "version": card["version"], "annotator": annotator, "seconds": 1.0}
        return self.ask("POST", "/v1/corrections", {**about, "before": before, "after": {"columns": {column: tags}}})
