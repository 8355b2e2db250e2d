"""What programs ask for: tags, labels and parses; the description of the service; UDPipe's paths."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import elman
from asked import TestClient, asking
from elman.errors import DataError
from elman.serve.app import ROUTES
from elman.serve.openapi import DOCUMENT
from elman.serve.service import Service
from elman.serve.tagging import Batcher, Serving

Make = Callable[..., Service]
SMALL = {"hidden": 8, "embedding": 8, "epochs": 2, "ensemble": 1}


@pytest.fixture
def client(serve: Make) -> Iterator[TestClient]:
    with asking(serve()) as client:
        yield client


@pytest.fixture
def both(serve: Make, tmp_path: Path) -> Iterator[TestClient]:
    """A service of a model of tags and intents."""
    rows = [
        elman.Sentence(("play", f"song{i}"), {"tag": ("O", "B-song")}, labels={"intent": "play" if i % 2 else "stop"})
        for i in range(8)
    ]
    path = tmp_path / "both.model"
    elman.train(rows, target="tag,intent", settings=SMALL, on_warning=lambda doubt: None).save(path)
    with asking(serve(model=str(path))) as client:
        yield client


def test_tag(client: TestClient, trained: Path) -> None:
    model: Any = elman.load(trained)
    sentences = [["the", "dog", "barks"], [], ["a", "cat"]]
    found = client.post("/v1/tag", json={"sentences": sentences}).json()
    assert [row["words"] for row in found["sentences"]] == sentences
    assert [row["columns"]["upos"] for row in found["sentences"]] == [model.tag(words) for words in sentences]
    assert client.post("/v1/tag", json={"text": "the dog barks\n\na cat"}).json()["sentences"] == [
        found["sentences"][0],
        found["sentences"][2],
    ]
    sure = client.post("/v1/tag", json={"sentences": sentences, "confidence": True, "columns": ["upos"]}).json()
    (expected,) = model.predict([sentences[0]], confidence=True)
    assert sure["sentences"][0]["confidence"]["upos"] == [round(p, 4) for p in expected[1]]
    assert sure["sentences"][1] == {"words": [], "columns": {"upos": []}, "confidence": {"upos": []}}
    assert "elman_sentences_total 8" in client.get("/metrics").text


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({}, 400, "either text or sentences"),
        ({"text": "a", "sentences": []}, 400, "either text or sentences"),
        ({"text": 1}, 400, "text: expected a text"),
        ({"text": "a\ud800"}, 400, "surrogate"),
        ({"sentences": ["the dog"]}, 400, "expected a list of words, got the text"),
        ({"sentences": [["a", 1]]}, 400, "got one with 1"),
        ({"sentences": [["\ud800"]]}, 400, "surrogate"),
        ({"sentences": [{"a": 1}]}, 400, "expected a list of words"),
        ({"text": "a", "columns": ["x"]}, 400, "columns: expected some of upos"),
        ({"text": "a", "columns": [1]}, 400, "columns: expected a list of names"),
        ({"text": "a", "confidence": 1}, 400, "confidence: expected true or false"),
    ],
)
def test_wrong_requests(client: TestClient, body: dict[str, Any], status: int, says: str) -> None:
    import json

    answer = client.post("/v1/tag", content=json.dumps(body))
    assert answer.status_code == status and says in answer.json()["error"]


def test_what_the_model_cannot_do(client: TestClient) -> None:
    for path, word in (("classify", "classify"), ("parse", "parse")):
        answer = client.post(f"/v1/{path}", json={"text": "a"})
        assert answer.status_code == 422 and answer.json()["error"].startswith(f"{word}: the model predicts upos")


def test_tags_and_labels(both: TestClient) -> None:
    (row,) = both.post("/v1/tag", json={"text": "play song1", "confidence": True}).json()["sentences"]
    assert row.keys() == {"words", "columns", "labels", "confidence"}
    assert row["labels"]["intent"] in ("play", "stop") and 0 < row["confidence"]["intent"] <= 1
    (row,) = both.post("/v1/classify", json={"sentences": [["play", "song1"]]}).json()["sentences"]
    assert row == {"words": ["play", "song1"], "labels": {"intent": row["labels"]["intent"]}}
    (empty,) = both.post("/v1/classify", json={"sentences": [[]]}).json()["sentences"]
    assert empty == {"words": [], "labels": {"intent": ""}}


def test_one_request_does_not_fail_another(trained: Path) -> None:
    model: Any = elman.load(trained)

    async def ask() -> list[Any]:
        batcher = Batcher(Serving(model, "a"))
        words = [["the", "dog"], "the dog", ["a"] * 700, ["a", "\ud800"], ["a", "cat"]]
        jobs = [batcher.tag([one], ("upos",), i % 2 == 1) for i, one in enumerate(words)]
        found = await asyncio.gather(*jobs, return_exceptions=True)
        batcher.close()
        return found

    first, text, long, broken, last = asyncio.run(ask())
    assert first[0] == [{"upos": model.tag(["the", "dog"])}]
    assert isinstance(text, DataError) and isinstance(broken, DataError)
    assert long[0] == [{"upos": model.tag(["a"] * 700)}] and last[0] == [{"upos": model.tag(["a", "cat"])}]


def test_small_requests_overtake_large_ones(trained: Path) -> None:
    model: Any = elman.load(trained)
    order: list[str] = []

    async def ask() -> None:
        batcher = Batcher(Serving(model, "a"))

        async def one(name: str, words: int) -> None:
            await batcher.tag([["dog"] * words], ("upos",), False)
            order.append(name)

        large = [asyncio.ensure_future(one(f"large {i}", 400_000)) for i in range(3)]
        await asyncio.sleep(0)
        await asyncio.gather(*(one("small", 5) for _ in range(5)), *large)
        batcher.close()

    asyncio.run(ask())
    assert order[:5] == ["small"] * 5 and sorted(order[5:]) == ["large 0", "large 1", "large 2"]


def test_udpipe(client: TestClient) -> None:
    assert client.get("/models").json() == {"models": {"small": ["tagger"]}, "default_model": "small"}
    conllu = "1\tthe\t_\tD\t_\t_\t_\t_\t_\t_\n2\tdog\t_\tN\t_\t_\t_\t_\t_\t_\n\n"
    form = {"data": "the dog", "tagger": "", "model": "sm"}
    for answer in (
        client.get("/process", params=form),
        client.post("/process", data=form),
        client.post("/process", files={key: (None, value) for key, value in form.items()}),
        client.post("/process", data={"data": "the\ndog\n\n", "input": "vertical"}),
        client.post("/process", data={"data": conllu.replace("\tN\t", "\tV\t"), "input": "conllu"}),
    ):
        assert answer.json() == {"model": "small", "acknowledgements": [], "result": conllu}
    horizontal = client.get("/process", params={**form, "output": "horizontal"}).json()["result"]
    assert horizontal == "the dog\n"
    for change, says in (({"model": "x"}, "model: "), ({"output": "x"}, "output: "), ({"input": "x"}, "input: ")):
        answer = client.get("/process", params={**form, **change})
        assert answer.status_code == 400 and answer.json()["error"].startswith(says)
    assert client.get("/process").status_code == 400
    broken = client.post("/process", data={"data": "1\tthe\n", "input": "conllu"})
    assert broken.status_code == 400 and broken.json()["error"].startswith("data:1: ")
    assert client.post("/process", content=b"x", headers={"content-type": "text/plain"}).status_code == 415


def test_the_description_has_every_path(client: TestClient) -> None:
    described = {(method.upper(), path) for path, about in DOCUMENT["paths"].items() for method in about}
    assert described == {(method, path) for method, path, _ in ROUTES}
    assert client.get("/openapi.json").json() == DOCUMENT
    names = [about["operationId"] for each in DOCUMENT["paths"].values() for about in each.values()]
    assert len(set(names)) == len(names)

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from ([value["$ref"]] if "$ref" in value else [])
            value = list(value.values())
        for one in value if isinstance(value, list) else ():
            yield from references(one)

    schemas = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert set(references(DOCUMENT)) == schemas
