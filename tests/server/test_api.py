"""What the page asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from asked import TestClient, asking
from elman.server.app import ROUTES, _content
from elman.server.service import Service

Make = Callable[..., Service]


@pytest.fixture
def service(serve: Make, text: Path, conllu: Path) -> Service:
    return serve(text, conllu)


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with asking(service) as client:
        yield client


def correction(card: dict[str, Any], tags: list[Any], **more: Any) -> dict[str, Any]:
    before = {"columns": {"upos": card["columns"]["upos"]["tags"]}, "labels": {}}
    after = {"columns": {"upos": tags}, "labels": {}}
    return {"id": card["id"], "version": card["version"], "before": before, "after": after, **more}


def first(client: TestClient, **query: Any) -> dict[str, Any]:
    cards = client.get("/v1/queue", params=query).json()["cards"]
    assert cards
    card: dict[str, Any] = cards[0]
    return card


def test_status(client: TestClient) -> None:
    found = client.get("/v1/status", params={"annotator": "anna"}).json()
    assert found["annotator"] == "anna" and found["annotators"] == []
    assert found["model"]["columns"] == [
        {"name": "upos", "kind": "tags", "tags": ["D", "N", "V"], "types": [], "scheme": None}
    ]
    assert found["counts"]["sentences"] == 43 and found["counts"]["mine"] == 0
    assert (found["can_undo"], found["can_redo"]) == (False, False)
    assert found["learning"] == {"state": "off", "waiting": 0, "error": "--no-learn", "seconds": None}


def test_a_card(client: TestClient) -> None:
    card = first(client, order="file", search="n't")
    assert card["words"] == ["do", "n't"] and card["file"] == "new.conllu" and card["line"] == 7
    column = card["columns"]["upos"]
    assert column["tags"] == ["V", None] and column["source"] == "file"
    assert len(column["predicted"]) == len(column["confidence"]) == 2
    assert sum(p for _, p in column["alternatives"][0]) == pytest.approx(1, abs=1e-3)
    again = client.get(f"/v1/sentences/{card['id']}").json()
    assert again == card
    assert client.get("/v1/sentences/none").status_code == 404


def test_correct_undo_redo(client: TestClient) -> None:
    card = first(client, order="file")
    n = len(card["words"])
    made = client.post("/v1/corrections", json=correction(card, ["D"] * n, annotator="anna", seconds=2))
    assert made.status_code == 201
    assert made.json() == {"event": 1, "version": 1, "id": card["id"], "set_aside": card["set_aside"], "learns": False}
    corrected = client.get(f"/v1/sentences/{card['id']}", params={"annotator": "anna"}).json()
    assert corrected["version"] == 1 and corrected["columns"]["upos"]["tags"] == ["D"] * n
    assert corrected["columns"]["upos"]["source"] == "corrected" and corrected["corrected"]
    of_other = client.get(f"/v1/sentences/{card['id']}").json()
    assert of_other["version"] == 0 and of_other["columns"]["upos"]["source"] == "model"
    assert client.get("/v1/status", params={"annotator": "anna"}).json()["can_undo"]
    undone = client.post("/v1/undo", json={"annotator": "anna"}).json()
    assert (undone["kind"], undone["id"], undone["card"]["version"]) == ("correction", card["id"], 0)
    assert client.post("/v1/undo", json={"annotator": "anna"}).status_code == 409
    redone = client.post("/v1/redo", json={"annotator": "anna"}).json()
    assert redone["card"]["columns"]["upos"]["tags"] == ["D"] * n
    events = client.get("/v1/corrections").json()
    assert [event["kind"] for event in events["corrections"]] == ["correction", "undo", "redo"]
    assert events["next"] == 3 and events["corrections"][1]["undoes"] == 1
    assert client.get("/v1/corrections", params={"after": 1, "limit": 1}).json()["next"] == 2
    assert client.get("/v1/corrections", params={"annotator": "ben"}).json()["corrections"] == []


def test_a_sentence_that_has_changed_is_a_conflict(client: TestClient) -> None:
    card = first(client)
    body = correction(card, ["N"] * len(card["words"]))
    assert client.post("/v1/corrections", json=body).status_code == 201
    conflict = client.post("/v1/corrections", json=body)
    assert conflict.status_code == 409 and conflict.json()["card"]["version"] == 1
    assert client.post("/v1/corrections", json={**body, "annotator": "ben"}).status_code == 201


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": 3}, "id: expected a text, found '3'"),
        ({"after": {"columns": {"upos": ["D"]}}}, "one for each word, got 1"),
        ({"after": {"columns": {"xpos": ["D"]}}}, "expected columns upos"),
        ({"after": {"columns": {}}}, "the same columns and labels before and after"),
        ({"after": {"columns": {"upos": "D"}}}, "expected a list of tags"),
        ({"after": {"labels": {"l": "x"}}}, "expected labels of none"),
        ({"after": []}, "after: expected an object"),
        ({"version": -1}, "version: expected a whole number from 0"),
        ({"version": True}, "version: expected a whole number"),
        ({"seconds": -1}, "seconds: expected a number from 0"),
        ({"seconds": "1"}, "seconds: expected a number"),
        ({"annotator": "\n"}, "annotator: expected a name"),
        ({"annotator": "x" * 65}, "annotator: expected a name"),
        ({"more": 1}, "'more': no such field; expected after, annotator"),
    ],
)
def test_wrong_corrections(client: TestClient, change: dict[str, Any], says: str) -> None:
    card = first(client)
    answer = client.post("/v1/corrections", json=correction(card, ["D"] * len(card["words"])) | change)
    assert answer.status_code == 400 and says in answer.json()["error"]
    assert client.get("/v1/corrections").json()["corrections"] == []


def test_tags_must_be_possible(client: TestClient) -> None:
    card = first(client)
    for tag in ("", " ", "a\nb", "x" * 1_001):
        answer = client.post("/v1/corrections", json=correction(card, [tag] * len(card["words"])))
        assert answer.status_code == 400 and "printable characters" in answer.json()["error"]
    new = correction(card, ["NEW|TAG"] * len(card["words"]))
    assert client.post("/v1/corrections", json=new).status_code == 201


def test_bodies_that_are_none(client: TestClient) -> None:
    for content, status in ((b"[", 400), (b"[]", 400), (b"\xff", 400), (b"[" * 100_000, 400), (b'{"a": NaN}', 400)):
        answer = client.post("/v1/undo", content=content, headers={"content-type": "application/json"})
        assert answer.status_code == status and answer.json()["error"]
    assert client.post("/v1/undo", content=b"x", headers={"content-type": "text/plain"}).status_code == 415
    assert client.put("/v1/undo").status_code == 405
    assert client.get("/v1/none").json() == {"error": "no such path; GET /openapi.json lists them"}


def test_queries_are_checked(client: TestClient) -> None:
    queues = ("order=x", "limit=0", "limit=x", "state=x", "more=1")
    others = ("status?annotator=%0a", "corrections?after=-1", f"corrections?after={10**30}", "export?as=x", "why?id=x")
    for path in (*(f"queue?{query}" for query in queues), *others):
        status = client.get(f"/v1/{path}").status_code
        assert status in (400, 404), path


def test_the_queue(client: TestClient, service: Service) -> None:
    found = client.get("/v1/queue", params={"order": "file", "limit": 100}).json()
    assert found["remaining"] == 43 and [card["id"] for card in found["cards"]] == [
        item.id for item in service.documents.items
    ]
    shown = found["cards"][0]["id"]
    skipped = client.post("/v1/skip", json={"id": shown})
    assert skipped.status_code == 201
    assert client.get("/v1/queue", params={"order": "file"}).json()["remaining"] == 42
    assert first(client, state="skipped")["skipped"]
    assert client.get("/v1/queue", params={"search": "FISH", "state": "all"}).json()["remaining"] == 10
    excluded = ",".join(card["id"] for card in found["cards"][1:])
    assert client.get("/v1/queue", params={"exclude": excluded}).json()["remaining"] == 0
    order = [card["id"] for card in client.get("/v1/queue", params={"order": "random", "limit": 42}).json()["cards"]]
    assert sorted(order) == sorted(card["id"] for card in found["cards"][1:]) != order


def test_annotators_get_different_cards(serve: Make, text: Path) -> None:
    with asking(serve(text)) as client:
        seen = [
            {card["id"] for card in client.get("/v1/queue", params={"annotator": name, "limit": 20}).json()["cards"]}
            for name in ("anna", "ben", "cleo")
        ]
        assert [len(ids) for ids in seen] == [20, 20, 0] and not seen[0] & seen[1]


def test_the_share_that_all_see(serve: Make, text: Path) -> None:
    with asking(serve(text, overlap=1.0)) as client:
        for name in ("anna", "ben"):
            found = client.get("/v1/queue", params={"annotator": name, "limit": 100}).json()
            assert found["remaining"] == 40
            for card in found["cards"]:
                tags = ["D" if name == "anna" or i else "N" for i in range(len(card["words"]))]
                client.post("/v1/corrections", json=correction(card, tags, annotator=name))
        (pair,) = client.get("/v1/stats").json()["agreement"]
        assert (pair["a"], pair["b"], pair["sentences"], pair["items"]) == ("anna", "ben", 40, 200)
        assert pair["agreed"] == 0.8


def test_reasons_and_n_best(client: TestClient) -> None:
    card = first(client)
    found = client.get("/v1/why", params={"id": card["id"], "word": 1}).json()
    assert found["tag"] == card["columns"]["upos"]["predicted"][1] and found["against"] in ("D", "N", "V")
    assert len(found["shares"]) == len(card["words"]) and sum(map(abs, found["shares"])) == pytest.approx(1, abs=1e-3)
    assert client.get("/v1/why", params={"id": card["id"], "word": 99}).status_code == 400
    assert client.get("/v1/why", params={"id": card["id"], "column": "x"}).status_code == 400
    best = client.get(f"/v1/sentences/{card['id']}/nbest", params={"most": 2}).json()
    assert best["sequences"][0]["tags"] == card["columns"]["upos"]["predicted"]
    assert best["sequences"][0]["probability"] >= best["sequences"][1]["probability"]
    assert client.get(f"/v1/sentences/{card['id']}/nbest", params={"column": "x"}).status_code == 422


def test_models_and_reports(client: TestClient, service: Service) -> None:
    found = client.get("/v1/models").json()
    assert found["current"] == service.shelf.first and [model["kind"] for model in found["models"]] == ["first"]
    assert client.get("/v1/report").json() == {"model": service.shelf.first, "report": None}
    assert client.get("/v1/report", params={"model": "x"}).status_code == 404
    assert client.post("/v1/models/activate", json={"model": "x"}).status_code == 404
    assert client.post("/v1/models/activate", json={"model": service.shelf.first}).status_code == 200
    assert client.post("/v1/retrain", json={}).status_code == 409


def test_export(client: TestClient, conllu: Path) -> None:
    answer = client.get("/v1/export", params={"file": 2})
    assert answer.content == conllu.read_bytes()
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''new.conllu"
    assert client.get("/v1/export", params={"file": 9}).status_code == 404
    assert client.get("/v1/export", params={"as": "jsonl"}).content == b""


def test_a_service_without_files_answers_everything(serve: Make) -> None:
    with asking(serve()) as client:
        for method, path, _ in ROUTES:
            if method == "GET" and path != "/v1/events":
                answer = client.get(path.replace("{id}", "x"))
                assert answer.status_code in (200, 400, 404), (path, answer.text)
        assert client.get("/v1/export").json() == {"error": "no file: the service was started without one"}
        assert client.get("/v1/queue").json() == {"cards": [], "remaining": 0}


def test_a_full_disk_is_507(client: TestClient, service: Service) -> None:
    card = first(client)
    connection = service.store._connection
    (pages,) = service.store.submit(lambda it: it.execute("PRAGMA page_count").fetchone()).result()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    body = correction(card, ["D" + "x" * 900] * len(card["words"]))
    answers = [client.post("/v1/corrections", json={**body, "annotator": f"a{i}"}).status_code for i in range(30)]
    assert answers[-1] == 507
    stored = client.get("/v1/corrections").json()["corrections"]
    assert len(stored) == answers.count(201) == client.get("/v1/status").json()["event"] // 2


def test_the_page_is_small() -> None:
    """All files of the page, as they are sent, with what their headers take; the guide says so, too."""
    each = {file.name: len(file.read_bytes()) for file in (files("elman.server") / "page").iterdir()}
    sent = sum(len(_content(name) or b"") for name in each)
    assert sent + 500 * len(each) <= 60_000
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "annotate.md").read_text(encoding="utf-8")
    weight = re.search(r"weighs (\d+) kB as it is sent \((\d+) kB before compression\)", guide)
    assert weight is not None
    assert abs(int(weight[1]) - sent / 1e3) <= 1 and abs(int(weight[2]) - sum(each.values()) / 1e3) <= 1
