"""``/process`` and ``/models`` as UDPipe's REST server answers them, for pages and programs made for that one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from elman.data.corpus import split_words
from elman.data.formats import conllu, write_sentence
from elman.data.formats.lines import LINE_END
from elman.data.sentence import Sentence
from elman.errors import ConfigError
from elman.serve.answers import Refused, reply
from elman.serve.api import service_of
from elman.serve.programs import PARSED
from elman.utils.display import shown

INPUTS = ("horizontal", "vertical", "conllu")
OUTPUTS = ("conllu", "horizontal", "vertical")


async def models(request: Request) -> Response:
    """Answer ``GET /models``."""
    service = service_of(request)
    tagger = service.serving.tagger
    name = service.name
    able = ["tokenizer"] * tagger.reads_raw_text + ["tagger"] + ["parser"] * (set(PARSED) <= set(tagger.targets))
    return reply({"models": {name: able}, "default_model": name})


async def process(request: Request) -> Response:
    """Answer ``GET`` or ``POST /process``."""
    service = service_of(request)
    fields = await _fields(request)
    tagger: Any = service.serving.tagger
    text, model = fields.get("data", ""), fields.get("model", "")
    if "data" not in fields:
        raise Refused(400, "data: expected the text, found nothing")
    if model and not service.name.startswith(model):
        raise Refused(400, f"model: expected {service.name}, found {shown(model)}")
    written = fields.get("output") or "conllu"
    if written.partition("=")[0] not in OUTPUTS:
        raise Refused(400, f"output: expected {', '.join(OUTPUTS)}, found {shown(written)}")
    if "tokenizer" in fields and tagger.reads_raw_text:
        lines = [line + "\n" for line in text.split("\n")]
        sentences = await asyncio.to_thread(lambda: list(tagger.sentences(lines)))
    else:
        words = list(_read(text, "horizontal" if "tokenizer" in fields else fields.get("input") or "horizontal"))
        sentences = await _tagged(service, words)
    request.app.state.metrics.sentences += len(sentences)
    result = "".join(_written(sentences, written))
    return reply({"model": service.name, "acknowledgements": [], "result": result})


async def _fields(request: Request) -> Mapping[str, str]:
    """Return the fields of the query and of the form."""
    fields = dict(request.query_params)
    body = await request.body()
    kind = request.headers.get("content-type", "")
    if request.method != "POST" or not body:
        return fields
    try:
        if kind.startswith("multipart/form-data"):
            message = message_from_bytes(b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + body)
            for part in message.get_payload() if message.is_multipart() else ():
                assert isinstance(part, Message)
                name = part.get_param("name", header="content-disposition")
                content = part.get_payload(decode=True)
                fields[str(name)] = content.decode() if isinstance(content, bytes) else ""
        elif kind.startswith("application/x-www-form-urlencoded") or not kind:
            fields.update(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
        else:
            raise Refused(415, "expected a form: application/x-www-form-urlencoded or multipart/form-data")
    except (ValueError, AssertionError):
        raise Refused(400, "expected a form in UTF-8") from None
    return fields


def _read(text: str, format: str) -> Iterable[Sentence]:
    """Yield the sentences of a text. Raises Refused for an unknown format, DataError for lines that are not in it."""
    lines = text.replace("\r\n", "\n").split("\n")
    if format == "conllu":
        whole = [line + "\n" for line in (lines if lines[-1] else lines[:-1])]
        yield from conllu.read(whole, whole, "data")
    elif format == "horizontal":
        yield from (Sentence(words) for line in lines if (words := split_words(line)))
    elif format == "vertical":
        waiting: list[str] = []
        for line in [*lines, ""]:
            if word := line.rstrip(LINE_END).partition("\t")[0]:
                waiting.append(word)
            elif waiting:
                yield Sentence(tuple(waiting))
                waiting = []
    else:
        raise Refused(400, f"input: expected {', '.join(INPUTS)}, found {shown(format)}")


async def _tagged(service: Any, sentences: Sequence[Sentence]) -> list[Sentence]:
    names = tuple(name for name in service.serving.tagger.word_targets if name in service.columns)
    rows, _ = await service.batcher.tag([sentence.words for sentence in sentences], names, False)
    found = []
    for sentence, row in zip(sentences, rows, strict=True):
        columns = {_place(name): tuple(tags) for name, tags in row.items()}
        found.append(replace(sentence, columns=columns))
    return found


def _place(name: str) -> str:
    """Return the column of CoNLL-U for a column of the model: its own, or UPOS."""
    try:
        return conllu.target(name, (), "", False)
    except ConfigError:
        return "upos"


def _written(sentences: Iterable[Sentence], format: str) -> Iterable[str]:
    for sentence in sentences:
        if format.startswith("horizontal"):
            yield " ".join(sentence.words) + "\n" if sentence.words else ""
        elif format.startswith("vertical"):
            yield "".join(word + "\n" for word in sentence.words) + "\n" if sentence.words else ""
        else:
            yield write_sentence(sentence, sentence.columns, format="conllu")
