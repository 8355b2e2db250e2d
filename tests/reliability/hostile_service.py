"""Hostile text through ``elman serve``: the bytes of its answers and pages, its log, and what its database keeps.

``hostile_text`` calls it with a folder full of hostile text; the page in a browser is tested in tests/browser.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

from asked import TOKEN, TestClient
from elman.server.app import make_app
from elman.server.learner import LearnOptions
from elman.server.security import HEADERS, Access
from elman.server.service import Service, ServiceOptions

PAGES = ("", *(f"page/{name}" for name in ("app.js", "card.js", "dom.js", "style.css", "icon.svg")))
METRIC = re.compile(r'(# (HELP|TYPE) [a-z_]+ [ -~]+|[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? [-+.e0-9]+)')
EXPORTS = ("own", "conllu", "columns", "jsonl", "label-studio")

Shown = Callable[[str], None]


class Visit:
    """One service on hostile files, and a client of it. ``check_shown`` raises AssertionError for foreign controls."""

    def __init__(self, service: Service, client: TestClient, scene: Any, check_shown: Shown) -> None:
        self.service, self.client, self.scene, self.check_shown = service, client, scene, check_shown
        self.counts: Counter[str] = Counter()

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """Return the value of an answer of JSON, whose errors are one line that a terminal may be shown."""
        answer = self.client.request(method, path, **more)
        assert answer.status_code < 500, (path, answer.status_code, answer.text)
        self._check_headers(answer)
        assert answer.headers["content-type"] == "application/json", answer.headers
        assert not re.search(rb"[\x00-\x1f]", answer.content), path
        value = answer.json()
        if answer.status_code >= 400:
            self.check_shown(value["error"])
            assert "\n" not in value["error"] and len(value["error"]) < 1_100
        self.counts["refused in one line" if answer.status_code >= 400 else "shown safely"] += 1
        return value

    def _check_headers(self, answer: Any) -> None:
        """No header has a control, and all have what keeps a browser from guessing and from running scripts."""
        for name, value in HEADERS:
            assert answer.headers[name.decode()] == value.decode()
        for name, value in answer.headers.items():
            assert value.isascii() and value.isprintable(), (name, value)

    def tag(self) -> None:
        """Words come back as they were sent."""
        words = [record["tokens"] for record in self.scene.records]
        found = self.ask("POST", "/v1/tag", json={"sentences": words, "confidence": True})
        if "error" not in found:
            assert [sentence["words"] for sentence in found["sentences"]] == words
            tags = {tag for record in self.scene.records for tag in record["tags"]}
            assert {tag for row in found["sentences"] for tag in row["columns"]["tags"]} <= tags
        for hostile in (*self.scene.words, *self.scene.tags):
            self.ask("POST", "/v1/tag", json={"text": hostile})
            self.ask("POST", "/v1/tag", json={hostile: 1})
            self.ask("POST", "/v1/tag", json={"sentences": [["a"]], "columns": [hostile]})
            self.ask("POST", "/process", data={"data": hostile, "output": hostile})
            self.ask("POST", "/process", data={"data": hostile, "input": "vertical"})

    def look(self) -> None:
        """Ask for all that the page shows, with hostile text in paths and queries."""
        for path in ("status", "models", "report", "stats", "corrections"):
            self.ask("GET", f"/v1/{path}")
        for hostile in (*self.scene.words, *self.scene.tags):
            self.ask("GET", f"/v1/sentences/{quote(hostile, safe='')}")
            self.ask("GET", f"/{quote(hostile, safe='')}")
            self.ask("GET", f"/page/{quote(hostile, safe='')}")
            for name in ("search", "tag", "order", "annotator", "limit", "exclude", hostile):
                self.ask("GET", "/v1/queue", params={name: hostile})
            self.ask("GET", "/v1/report", params={"model": hostile})
            if hostile.isascii() and hostile.isprintable():
                for header in ("origin", "host", "cookie", "authorization", "last-event-id"):
                    self.ask("GET", "/v1/status", headers={header: f"http://{hostile}"})
        cards = self.ask("GET", "/v1/queue", params={"state": "all", "order": "file", "limit": 100})["cards"]
        known = {tuple(record["tokens"]) for record in self.scene.records}
        assert cards and all(tuple(card["words"]) in known for card in cards)
        assert {card["file"] for card in cards} == {self.scene.file}
        for card in cards[:2]:
            self.ask("GET", "/v1/why", params={"id": card["id"]})
            self.ask("GET", f"/v1/sentences/{card['id']}/nbest")

    def correct(self) -> None:
        """Correct with hostile tags; what is stored and exported is what was given."""
        (card, *_) = self.ask("GET", "/v1/queue", params={"order": "file", "limit": 1, "state": "open"})["cards"]
        name = next((word for word in self.scene.words if word.isprintable() and word == word.strip()), "anna")[:64]
        tags = [self.scene.draw.choice([*self.scene.tags, *self.scene.words]) for _ in card["words"]]
        before = {"columns": {"tags": card["columns"]["tags"]["tags"]}}
        about = {"id": card["id"], "version": card["version"], "annotator": name, "seconds": 1.0}
        about |= {"before": before, "after": {"columns": {"tags": tags}}}
        stored = self.ask("POST", "/v1/corrections", json=about)
        events = self.ask("GET", "/v1/corrections")["corrections"]
        if "error" not in stored:
            assert events[-1]["after"]["columns"]["tags"] == tags and events[-1]["annotator"] == name
            assert events[-1]["words"] == card["words"]
            self.counts["stored byte for byte"] += 1
        for hostile in self.scene.words:
            skipped = {"id": card["id"], "annotator": hostile, "seconds": 1.0}
            self.ask("POST", "/v1/skip", json=skipped)
            self.ask("POST", "/v1/undo", json={"annotator": hostile})
            self.ask("POST", "/v1/models/activate", json={"model": hostile})
        self.ask("GET", "/v1/stats")
        self._export(None if "error" in stored else (card, tags))

    def _export(self, corrected: tuple[Any, list[str]] | None) -> None:
        for wanted in (*EXPORTS, self.scene.words[0]):
            answer = self.client.get("/v1/export", params={"as": wanted})
            self._check_headers(answer)
            assert answer.status_code < 500, answer.text
            if answer.status_code >= 400:
                self.check_shown(answer.json()["error"])
                self.counts["refused in one line"] += 1
                continue
            assert answer.headers["content-type"] == "application/octet-stream"
            assert re.fullmatch(r"attachment; filename\*=UTF-8''[-\w.~%/]+", answer.headers["content-disposition"])
            if wanted == "own" and corrected is not None:
                card, tags = corrected
                rows = [json.loads(line) for line in answer.text.split("\n") if line]
                assert {"tokens": card["words"], "tags": tags}.items() <= rows[card["line"] - 1].items()
                others = [row["tokens"] for row in rows]
                assert others == [record["tokens"] for record in self.scene.records]
            self.counts["stored byte for byte"] += 1

    def messages(self) -> None:
        """Listeners get whole messages: no text begins a line, or a message, of its own."""

        async def all_kept() -> bytes:
            self.service.hub.publish("status", {"text": [*self.scene.words, *self.scene.tags]})
            stream = self.service.hub.stream(0)
            kept = b"".join([await anext(stream) for _ in range(self.service.hub.last + 1)])
            await stream.aclose()  # type: ignore[attr-defined]
            return kept

        for message in asyncio.run(all_kept()).split(b"\n\n")[1:-1]:
            assert re.fullmatch(rb"id: \d+\nevent: [a-z]+\ndata: [^\r\n]+", message), message
            json.loads(message.partition(b"data: ")[2])
        self.counts["shown safely"] += 1

    def pages(self) -> None:
        """The page's own files have nothing of the data in them; the counts are Prometheus' lines."""
        for name in PAGES:
            answer = self.client.get(f"/{name}")
            self._check_headers(answer)
            assert answer.status_code == 200 and b"EVIL" not in answer.content, name
        lines = self.client.get("/metrics").text.splitlines()
        wrong = [line for line in lines if not METRIC.fullmatch(line)]
        assert not wrong, wrong
        self.counts["shown safely"] += len(PAGES) + 1


def check_service(scene: Any, check_shown: Shown) -> Counter[str]:
    """Return what came out of a service on the files of a scene. Raises AssertionError for what should not be."""
    folder: Path = scene.folder
    options = ServiceOptions(
        model=str(folder / "m"),
        database=str(folder / f"{scene.file}.sqlite"),
        files=[str(folder / scene.file)],
        format="jsonl",
        learn=LearnOptions(off="--no-learn"),
    )
    log = StringIO()
    with redirect_stderr(log):
        service = Service(options)
        try:
            for note in service.notes:
                check_shown(note)
            access = Access(TOKEN, {"localhost"}, "elman_8000", verbose=True)
            app: Any = make_app(service, access)
            given = {"headers": {"authorization": f"Bearer {TOKEN}"}, "raise_server_exceptions": False}
            with TestClient(app, "http://127.0.0.1:8000", **given) as client:
                visit = Visit(service, client, scene, check_shown)
                for part in (visit.tag, visit.look, visit.correct, visit.messages, visit.pages):
                    part()
        finally:
            service.close()
    check_shown(log.getvalue())
    assert "Error at" not in log.getvalue(), log.getvalue()[-1_000:]
    return visit.counts
