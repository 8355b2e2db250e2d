"""The answers that programs ask for: tags, labels and parses of text, health, counts, the description of it all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from elman.data.corpus import split_words
from elman.server.answers import Fields, Refused, body_of, reply
from elman.server.api import service_of
from elman.server.openapi import DOCUMENT
from elman.server.service import Service

PARSED = ("head", "deprel")


async def tag(request: Request) -> Response:
    """Answer ``POST /v1/tag``."""
    return await _answer(request, "tag")


async def classify(request: Request) -> Response:
    """Answer ``POST /v1/classify``."""
    return await _answer(request, "classify")


async def parse(request: Request) -> Response:
    """Answer ``POST /v1/parse``."""
    return await _answer(request, "parse")


async def _answer(request: Request, what: str) -> Response:
    service, fields = service_of(request), await body_of(request)
    names = _names(service, fields, what)
    confidence = fields.get("confidence", bool, False)
    sentences = await _sentences(service, fields)
    fields.end()
    rows, serving = await service.batcher.tag(sentences, names, confidence)
    request.app.state.metrics.sentences += len(rows)
    texts = set(serving.tagger.text_targets)
    if serving.tagger.reads_features:  # words are objects
        sentences = [list(map(str, serving.tagger.inputs_of_words(words))) for words in sentences]
    found = [_shown(words, row, texts, confidence) for words, row in zip(sentences, rows, strict=True)]
    return reply({"model": serving.sha256, "sentences": found})


def _shown(words: Sequence[str], row: dict[str, Any], texts: set[str], confidence: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"words": words}
    if confidence:
        of = {name: round(p, 4) if name in texts else [round(one, 4) for one in p] for name, (_, p) in row.items()}
        row = {name: values for name, (values, _) in row.items()}
    columns = {name: values for name, values in row.items() if name not in texts}
    labels = {name: value for name, value in row.items() if name in texts}
    if columns or not labels:
        shown["columns"] = columns
    if labels:
        shown["labels"] = labels
    if confidence:
        shown["confidence"] = of
    return shown


def _names(service: Service, fields: Fields, what: str) -> tuple[str, ...]:
    """Return the targets that are asked for. Raises Refused if the model has none of them."""
    asked = fields.get("columns", list, [])
    if not all(isinstance(name, str) for name in asked):
        raise Refused(400, "columns: expected a list of names")
    targets = _answered(service, what)
    if not targets:
        raise Refused(422, f"{what}: the model predicts {', '.join(service.columns)}, not that")
    if not asked:
        return targets
    for name in asked:
        if name not in targets:
            raise Refused(400, f"columns: expected some of {', '.join(targets)}")
    return tuple(name for name in targets if name in asked)


def _answered(service: Service, path: str) -> tuple[str, ...]:
    """Return the targets that the model predicts of those that a path of the service is about."""
    parsed = PARSED if set(PARSED) <= set(service.columns) else ()
    labels = tuple(name for name in service.columns if name in service.serving.tagger.text_targets)
    return {"parse": parsed, "classify": labels}.get(path, service.columns)


async def _sentences(service: Service, fields: Fields) -> list[Sequence[str]]:
    """Return the sentences of a request, as lists of words."""
    if ("text" in fields) == ("sentences" in fields):
        raise Refused(400, "expected either text or sentences")
    if "sentences" in fields:
        sentences: list[Sequence[str]] = fields.get("sentences", list)
        return sentences
    text: str = fields.get("text", str)
    tagger: Any = service.serving.tagger
    if tagger.reads_raw_text:
        found = await asyncio.to_thread(lambda: list(tagger.sentences([line + "\n" for line in text.split("\n")])))
        return [sentence.words for sentence in found if sentence.words]
    return [words for line in text.split("\n") if (words := split_words(line))]


async def health(request: Request) -> Response:
    """Answer ``GET /healthz``."""
    return reply({"status": "ok"})


async def metrics(request: Request) -> Response:
    """Answer ``GET /metrics``."""
    service = service_of(request)
    learning, counts = service.learning, service.counts.now()
    gauges = [
        ("elman_sentences", "Sentences of the files.", counts["sentences"]),
        ("elman_corrected", "Sentences that are corrected.", counts["corrected"]),
        ("elman_events", "Events in the database.", service.store.state.last),
        ("elman_models", "Models that were adopted.", sum(row.adopted for row in learning.models)),
        ("elman_waiting", "Corrections that wait to be learned.", learning.status()["learning"]["waiting"]),
        ("elman_patch_seconds", "Time of the last patch.", learning.seconds or 0.0),
    ]
    text = request.app.state.metrics.text([(name, help, float(value)) for name, help, value in gauges])
    return Response(text, media_type="text/plain; version=0.0.4")


async def describe(request: Request) -> Response:
    """Answer ``GET /openapi.json``."""
    return reply(DOCUMENT)
