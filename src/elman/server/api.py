"""The answers that the page asks for: cards, corrections, undo, reasons, and what the service is doing."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from elman.analysis.gradients import attributions
from elman.errors import ConfigError
from elman.server.agreement import stats
from elman.server.answers import Fields, Refused, body_of, query_of, reply
from elman.server.documents import Item
from elman.server.events import CORRECTION, NOTHING, SKIP
from elman.server.export import Wanted, exported
from elman.server.queue import Wish
from elman.server.service import Service
from elman.server.store import ConflictError, read_events

LONGEST_WHY = 2_000
"""Words of a sentence up to which reasons are computed: each takes a pass over the sentence and back."""
MOST_NBEST = 100


def service_of(request: Request) -> Service:
    """Return the service that a request is about."""
    service: Service = request.app.state.service
    return service


def item_of(service: Service, id: str) -> Item:
    """Return a sentence. Raises Refused if there is none."""
    item = service.documents.get(id)
    if item is None:
        raise Refused(404, "no sentence of this id in the files")
    return item


async def status(request: Request) -> Response:
    """Answer ``GET /v1/status``."""
    query = query_of(request)
    annotator = query.annotator()
    query.end()
    return reply(await asyncio.to_thread(service_of(request).status, annotator))


async def queue(request: Request) -> Response:
    """Answer ``GET /v1/queue``."""
    query = query_of(request)
    wish = Wish(
        query.annotator(),
        query.get("order", str, "") or "uncertain",
        query.get("search", str, ""),
        query.get("tag", str, ""),
        query.get("state", str, "") or "open",
        query.number("limit", 1, 100, 5),
        frozenset(query.get("exclude", str, "").split(",")),
    )
    query.end()
    return reply(await asyncio.to_thread(service_of(request).next_cards, wish))


async def sentence(request: Request) -> Response:
    """Answer ``GET /v1/sentences/ID``."""
    service, query = service_of(request), query_of(request)
    annotator = query.annotator()
    query.end()
    item = item_of(service, request.path_params["id"])
    return reply((await asyncio.to_thread(service.cards, [item], annotator))[0])


async def nbest(request: Request) -> Response:
    """Answer ``GET /v1/sentences/ID/nbest``."""
    service, query = service_of(request), query_of(request)
    serving = service.serving
    tagger: Any = serving.tagger
    item = item_of(service, request.path_params["id"])
    column = query.get("column", str, "") or next(iter(tagger.ranked_targets), "")
    most = query.number("most", 1, MOST_NBEST, 5)
    query.end()
    if column not in tagger.ranked_targets:
        known = ", ".join(tagger.ranked_targets) or "none"
        raise Refused(422, f"n best: expected a column of {known}; others have one answer")
    try:
        found = await asyncio.to_thread(tagger.nbest, item.words, most, column)
    except ConfigError as error:
        raise Refused(422, str(error)) from None
    sequences = [{"tags": tags, "probability": round(p, 6)} for tags, p in found]
    return reply({"column": column, "sequences": sequences, "model": serving.sha256})


async def why(request: Request) -> Response:
    """Answer ``GET /v1/why``."""
    service, query = service_of(request), query_of(request)
    serving = service.serving
    tagger: Any = serving.tagger
    item = item_of(service, query.get("id", str))
    column = query.get("column", str, "") or tagger.target
    word = query.number("word", 0, max(0, len(item.words) - 1), 0)
    query.end()
    if column not in tagger.targets:
        raise Refused(400, f"column: expected {', '.join(tagger.targets)}")
    if not tagger.plain_labels or len(item.words) > LONGEST_WHY:
        raise Refused(422, f"reasons are for labels of words and texts, of up to {LONGEST_WHY:,} words")
    at = () if column in tagger.text_targets else (word + 1,)
    place = tagger.targets.index(column)
    try:
        (found,) = await asyncio.to_thread(lambda: attributions(tagger.ensemble, item.words, at, place))
    except ConfigError as error:
        raise Refused(422, str(error)) from None
    about = {"tag": found.tag, "against": found.against, "margin": found.margin}
    shares = [round(share, 4) for share in found.shares]
    return reply(
        {"id": item.id, "column": column, "word": word, **about, "parts": list(found.parts), "shares": shares}
        | {"model": serving.sha256}
    )


async def correct(request: Request) -> Response:
    """Answer ``POST /v1/corrections``."""
    service, fields = service_of(request), await body_of(request)
    item, annotator = item_of(service, fields.get("id", str)), fields.annotator()
    version = fields.number("version", 0, 2**53, None)
    values = fields.values("before"), fields.values("after")
    seconds = fields.seconds()
    fields.end()
    event = service.event(CORRECTION, item, annotator, seconds, values)
    try:
        stored = await asyncio.wrap_future(service.store.correct(event, version))
    except ConflictError as error:
        card = (await asyncio.to_thread(service.cards, [item], annotator))[0]
        raise Refused(409, str(error), card=card) from None
    await asyncio.to_thread(service.stored, stored)
    learns = not item.set_aside and not service.learning.options.off
    about = {"event": stored.seq, "version": stored.seq, "id": item.id}
    return reply({**about, "set_aside": item.set_aside, "learns": learns}, 201)


async def skip(request: Request) -> Response:
    """Answer ``POST /v1/skip``."""
    service, fields = service_of(request), await body_of(request)
    item, annotator, seconds = item_of(service, fields.get("id", str)), fields.annotator(), fields.seconds()
    fields.end()
    event = service.event(SKIP, item, annotator, seconds, (NOTHING, NOTHING))
    stored = await asyncio.wrap_future(service.store.skip(event))
    await asyncio.to_thread(service.stored, stored)
    return reply({"event": stored.seq, "id": item.id}, 201)


async def undo(request: Request) -> Response:
    """Answer ``POST /v1/undo``."""
    return await _back(request, "undo")


async def redo(request: Request) -> Response:
    """Answer ``POST /v1/redo``."""
    return await _back(request, "redo")


async def _back(request: Request, kind: str) -> Response:
    service, fields = service_of(request), await body_of(request)
    annotator = fields.annotator()
    fields.end()
    store = service.store
    event = await asyncio.wrap_future(store.undo(annotator) if kind == "undo" else store.redo(annotator))
    await asyncio.to_thread(service.stored, event)
    item = service.documents.get(event.sentence)
    card = None if item is None else (await asyncio.to_thread(service.cards, [item], annotator))[0]
    return reply({"event": event.seq, "id": event.sentence, "kind": service.undone_kind(event), "card": card})


async def corrections(request: Request) -> Response:
    """Answer ``GET /v1/corrections``."""
    service, query = service_of(request), query_of(request)
    after, limit = query.number("after", 0, 2**53, 0), query.number("limit", 1, 10_000, 1_000)
    annotator = query.get("annotator", str, "")
    query.end()
    found = await asyncio.wrap_future(
        service.store.submit(lambda connection: list(read_events(connection, after, limit, annotator)))
    )
    last = found[-1].seq if found else after
    return reply({"corrections": [event.to_json() for event in found], "next": last})


async def statistics(request: Request) -> Response:
    """Answer ``GET /v1/stats``."""
    service, query = service_of(request), query_of(request)
    query.end()
    return reply(await asyncio.to_thread(stats, service.store.state, len(service.documents.items)))


async def models(request: Request) -> Response:
    """Answer ``GET /v1/models``."""
    query_of(request).end()
    return reply(await asyncio.to_thread(service_of(request).models))


async def activate(request: Request) -> Response:
    """Answer ``POST /v1/models/activate``."""
    service, fields = service_of(request), await body_of(request)
    sha256 = fields.get("model", str)
    fields.end()
    known = sha256 == service.shelf.first or service.learning.row(sha256) is not None
    if not known or not service.shelf.has(sha256):
        raise Refused(404, "no such model, or its file is no longer kept")
    await asyncio.to_thread(service.learning.activate, sha256)
    return reply({"model": service.serving.sha256})


async def retrain(request: Request) -> Response:
    """Answer ``POST /v1/retrain``."""
    fields = await body_of(request)
    fields.end()
    return reply({"state": service_of(request).learning.retrain()}, 202)


async def report(request: Request) -> Response:
    """Answer ``GET /v1/report``."""
    service, query = service_of(request), query_of(request)
    sha256 = query.get("model", str, "") or service.serving.sha256
    query.end()
    row = service.learning.row(sha256)
    if row is None and sha256 != service.shelf.first:
        raise Refused(404, "no such model")
    found = await asyncio.to_thread(service.store.report, row.number) if row else None
    return reply({"model": sha256, "report": found})


async def events(request: Request) -> Response:
    """Answer ``GET /v1/events``."""
    query = query_of(request)
    number = query.number("after", 0, 2**53, None)
    query.end()
    last = Fields({"id": request.headers.get("last-event-id", "")}).number("id", 0, 2**53, None)
    stream = service_of(request).hub.stream(last if last is not None else number)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def download(request: Request) -> Response:
    """Answer ``GET /v1/export``."""
    service, query = service_of(request), query_of(request)
    wanted = Wanted(query.get("as", str, "") or "own", query.get("annotator", str, "") or None)
    number = query.number("file", 0, 2**31, 0)
    query.end()
    files = await asyncio.to_thread(service.store.files)
    chosen = next((file for file in files if number in (0, file.number)), None)
    if chosen is None:
        raise Refused(404, "no file of this number" if files else "no file: the service was started without one")
    name, data = await asyncio.to_thread(exported, files, chosen, service.store.state, wanted)
    about = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(data, media_type="application/octet-stream", headers=about)
