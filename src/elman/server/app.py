"""The application: which path is answered by which function, and the files of the page."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from elman.server import api, programs, udpipe
from elman.server.answers import Answer, Refused, answering, reply
from elman.server.metrics import Metrics
from elman.server.security import Access, App, Guard, Receive, Scope, Send
from elman.server.service import Service

ROUTES: list[tuple[str, str, Answer]] = [
    ("POST", "/v1/tag", programs.tag),
    ("POST", "/v1/classify", programs.classify),
    ("POST", "/v1/parse", programs.parse),
    ("POST", "/v1/corrections", api.correct),
    ("GET", "/v1/corrections", api.corrections),
    ("GET", "/v1/queue", api.queue),
    ("GET", "/v1/status", api.status),
    ("GET", "/v1/sentences/{id}", api.sentence),
    ("GET", "/v1/sentences/{id}/nbest", api.nbest),
    ("GET", "/v1/why", api.why),
    ("POST", "/v1/skip", api.skip),
    ("POST", "/v1/undo", api.undo),
    ("POST", "/v1/redo", api.redo),
    ("GET", "/v1/events", api.events),
    ("GET", "/v1/models", api.models),
    ("POST", "/v1/models/activate", api.activate),
    ("POST", "/v1/retrain", api.retrain),
    ("GET", "/v1/report", api.report),
    ("GET", "/v1/stats", api.statistics),
    ("GET", "/v1/export", api.download),
    ("GET", "/healthz", programs.health),
    ("GET", "/metrics", programs.metrics),
    ("GET", "/openapi.json", programs.describe),
    ("GET", "/models", udpipe.models),
    ("GET", "/process", udpipe.process),
    ("POST", "/process", udpipe.process),
]
"""Method, path, answer. The first are those that are asked for most."""
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def make_app(service: Service, access: Access) -> App:
    """Return the application behind its guard."""
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        service.hub.attach(asyncio.get_running_loop())
        yield

    routes = [Route(path, answering(answer), methods=[method]) for method, path, answer in ROUTES]
    routes += [Route("/", answering(_index)), Route("/page/{name}", answering(_file))]
    handlers: dict[Any, Any] = {404: _lost, 405: _lost}
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    app.router.redirect_slashes = False
    app.state.service, app.state.metrics = service, metrics
    return Guard(_direct(app, routes), access, metrics)


def _direct(app: Starlette, routes: Sequence[Route]) -> App:
    """Return an application that answers known paths without the layers in between, which take as long as tagging."""
    plain = [route for route in routes if not route.param_convertors]
    known = {(method, route.path): route for route in plain for method in route.methods or ()}

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        route = known.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await app(scope, receive, send)
            return
        scope["app"], scope["route"] = app, route
        response = await route.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)

    return answer


async def _lost(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    message = "no such path; GET /openapi.json lists them" if status == 404 else "not by this method"
    answer = reply({"error": message}, status)
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


async def _index(request: Request) -> Response:
    return page_file("index.html", request)


async def _file(request: Request) -> Response:
    return page_file(request.path_params["name"], request)


def page_file(name: str, request: Request) -> Response:
    """Return a file of the page, compressed if it may be. Raises Refused if there is none of that name."""
    content = _content(name)
    ending = name[name.rfind(".") :]
    if content is None or ending not in _TYPES:
        raise Refused(404, "no such file of the page")
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(content), media_type=_TYPES[ending])
    return Response(content, headers={"Content-Encoding": "gzip"}, media_type=_TYPES[ending])


@cache
def _content(name: str) -> bytes | None:
    """Return a compressed file."""
    folder = files("elman.server") / "page"
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.name == name and file.is_file():  # so a name can leave the folder by no trick
            return gzip.compress(file.read_bytes())
    return None
