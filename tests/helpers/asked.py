"""A service behind its guard, asked by starlette's test client: importing it skips where starlette is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("starlette", reason="starlette (extra serve) is not installed")
pytest.importorskip("httpx2", reason="httpx2, which starlette's test client needs, is not installed")

from starlette.testclient import TestClient

from elman.serve.app import make_app
from elman.serve.security import Access, Limits
from elman.serve.service import Service

TOKEN = "correct-horse-battery"
BASE = "http://127.0.0.1:8000"


@contextmanager
def asking(service: Service, token: str | None = TOKEN, limits: Limits | None = None) -> Iterator[TestClient]:
    """Yield a client of a service, with the token unless it is None."""
    access = Access(TOKEN, {"localhost"}, "elman_8000", limits or Limits())
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    app: Any = make_app(service, access)
    with TestClient(app, BASE, headers=headers, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client
