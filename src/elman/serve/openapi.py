"""``DOCUMENT``: the description of the service as OpenAPI 3.1. A test holds it to the routes of ``app``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from elman import __version__
from elman.serve.openapi_schemas import SCHEMAS
from elman.serve.queue import ORDERS, STATES

_ERRORS = {
    400: "A value of the wrong type, or one that does not exist",
    401: "No token, or a wrong one",
    403: "Host or Origin is not this service",
    404: "No such sentence, model or file",
    409: "The sentence has changed, or there is nothing to do",
    413: "The body has more than 4 MB",
    415: "The body is not of this media type",
    422: "The model cannot do that",
    500: "An error of elman; its log says where",
    503: "Too many requests, or one that took too long",
    507: "The disk is full; nothing was stored",
}
_ALWAYS = (400, 401, 403, 413, 500, 503)
_JSON = "application/json"


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(status: int, about: str, schema: Mapping[str, Any] | None, media: str) -> tuple[str, dict[str, Any]]:
    content = {} if schema is None else {"content": {media: {"schema": schema}}}
    return str(status), {"description": about, **content}


def _operation(
    summary: str,
    answer: str | Mapping[str, Any],
    *,
    query: Sequence[Mapping[str, Any]] = (),
    body: str | Mapping[str, Any] | None = None,
    status: int = 200,
    errors: Sequence[int] = (),
    media: str = _JSON,
    id: str,
) -> dict[str, Any]:
    """Return an operation: what it answers with (the name of a schema, or a schema), and with which errors."""
    schema = _ref(answer) if isinstance(answer, str) else answer
    responses = dict([_answer(status, summary, schema, media)])
    for error in sorted({*_ALWAYS, *errors}):
        conflict = error == 409 and body == "Correction"
        responses |= dict([_answer(error, _ERRORS[error], _ref("Conflict" if conflict else "Error"), _JSON)])
    made: dict[str, Any] = {"operationId": id, "summary": summary, "responses": responses}
    if query:
        made["parameters"] = list(query)
    if isinstance(body, str):
        made["requestBody"] = {"required": True, "content": {_JSON: {"schema": _ref(body)}}}
    elif body is not None:
        made["requestBody"] = dict(body)
    return made


def _query(name: str, about: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": about, "schema": schema or {"type": "string"}}


def _number(name: str, about: str, low: int, high: int, default: int | None = None) -> dict[str, Any]:
    kind: dict[str, Any] = {"type": "integer", "minimum": low, "maximum": high}
    return _query(name, about, **kind | ({} if default is None else {"default": default}))


_ANNOTATOR = _query("annotator", "The annotator's name", type="string", maxLength=64, default="annotator")
_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The id of a sentence",
    "schema": {"type": "string"},
}
_WISH = (
    _ANNOTATOR,
    _query("order", "What comes first", type="string", enum=list(ORDERS)),
    _query("search", "Text that a sentence has"),
    _query("tag", "A tag, a type of span, a label, or COLUMN=TAG"),
    _query("state", "Which sentences", type="string", enum=list(STATES)),
    _number("limit", "How many cards", 1, 100, 5),
    _query("exclude", "Ids with commas between them"),
)
_UDPIPE = ("data", "model", "input", "tokenizer", "tagger", "parser", "output")
_FORM = {"type": "object", "required": ["data"], "properties": {name: {"type": "string"} for name in _UDPIPE}}
_FORMS: dict[str, Any] = {
    "required": True,
    "content": {kind: {"schema": _FORM} for kind in ("application/x-www-form-urlencoded", "multipart/form-data")},
}
_PROCESS = tuple(_query(name, f"As UDPipe's {name}") for name in _UDPIPE)

_PAGE: dict[str, Any] = {
    "/v1/status": {"get": _operation("What the service is doing", "Status", query=[_ANNOTATOR], id="status")},
    "/v1/queue": {"get": _operation("The next cards", "Queue", query=_WISH, id="queue")},
    "/v1/sentences/{id}": {
        "get": _operation("A card", "Card", query=[_ID, _ANNOTATOR], errors=[404], id="sentence"),
    },
    "/v1/sentences/{id}/nbest": {
        "get": _operation(
            "The most probable tag sequences",
            "NBest",
            query=[_ID, _query("column", "A column of words"), _number("most", "How many", 1, 100, 5)],
            errors=[404, 422],
            id="nbest",
        ),
    },
    "/v1/why": {
        "get": _operation(
            "Which words decided a tag",
            "Why",
            query=[
                {**_query("id", "The id of a sentence"), "required": True},
                _query("column", "A column or label"),
                _number("word", "The word, from 0", 0, 500_000, 0),
            ],
            errors=[404, 422],
            id="why",
        ),
    },
    "/v1/corrections": {
        "post": _operation(
            "Store a correction",
            "Stored",
            body="Correction",
            status=201,
            errors=[404, 409, 415, 507],
            id="correct",
        ),
        "get": _operation(
            "All events, oldest first",
            "Events",
            query=[
                _number("after", "The event before the first", 0, 2**53, 0),
                _number("limit", "How many", 1, 10_000, 1_000),
                _query("annotator", "Of one annotator"),
            ],
            id="corrections",
        ),
    },
    "/v1/skip": {
        "post": _operation(
            "Pass a sentence over", "Skipped", body="Skip", status=201, errors=[404, 409, 415, 507], id="skip"
        ),
    },
    **{
        f"/v1/{name}": {
            "post": _operation(summary, "Back", body="Annotator", errors=[409, 415, 507], id=name),
        }
        for name, summary in (("undo", "Take the last correction or skip back"), ("redo", "Bring it back"))
    },
    "/v1/events": {
        "get": _operation(
            "Server-sent events",
            {"type": "string"},
            query=[_number("after", "The message before the first", 0, 2**53)],
            media="text/event-stream",
            id="events",
        ),
    },
}  # fmt: skip
_MODELS: dict[str, Any] = {
    "/v1/models": {"get": _operation("All models, newest first", "Models", id="models")},
    "/v1/models/activate": {
        "post": _operation("Let an earlier model answer", "Model", body="Model", errors=[404, 415, 507], id="activate"),
    },
    "/v1/retrain": {
        "post": _operation("Train again", "Retraining", body="Nothing", status=202, errors=[409, 415], id="retrain"),
    },
    "/v1/report": {
        "get": _operation(
            "What learning did to a model",
            "Report",
            query=[_query("model", "SHA-256 of a model")],
            errors=[404],
            id="report",
        ),
    },
    "/v1/stats": {"get": _operation("What annotators did, and how far they agree", "Stats", id="stats")},
    "/v1/export": {
        "get": _operation(
            "The corrected file",
            {"type": "string", "contentMediaType": "application/octet-stream"},
            query=[
                _query("as", "The format", type="string", enum=["own", "conllu", "columns", "jsonl", "label-studio"]),
                _number("file", "The number of the file", 0, 2**31, 0),
                _query("annotator", "Whose corrections; by default the latest"),
            ],
            errors=[404],
            media="application/octet-stream",
            id="export",
        ),
    },
}
_PROGRAMS: dict[str, Any] = {
    **{
        f"/v1/{name}": {
            "post": _operation(summary, "Tagged", body="Texts", errors=[415, 422], id=name),
        }
        for name, summary in (("tag", "Tag words"), ("classify", "Label texts"), ("parse", "Parse sentences"))
    },
    "/healthz": {"get": {**_operation("Whether the service runs", "Health", id="health"), "security": []}},
    "/metrics": {"get": _operation("Counts", {"type": "string"}, media="text/plain", id="metrics")},
    "/openapi.json": {"get": _operation("This document", {"type": "object"}, id="openapi")},
    "/models": {"get": _operation("As UDPipe's models", "UdpipeModels", id="udpipeModels")},
    "/process": {
        "get": _operation("As UDPipe's process", "UdpipeResult", query=_PROCESS, errors=[422], id="udpipeGet"),
        "post": _operation("As UDPipe's process", "UdpipeResult", body=_FORMS, errors=[415, 422], id="udpipePost"),
    },
}  # fmt: skip

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "elman",
        "version": __version__,
        "summary": "Tags text, stores corrections, and learns from them.",
        "license": {"name": "MIT", "identifier": "MIT"},
    },
    "servers": [{"url": "/"}],
    "security": [{"token": []}],
    "paths": {**_PROGRAMS, **_PAGE, **_MODELS},
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "schemas": SCHEMAS,
    },
}
