"""A service of made-up answers, for work on the page before there is a real one."""

from __future__ import annotations

import copy
import hashlib
import json
import queue
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PAGE = Path(__file__).parents[2] / "src/elman/serve/page"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8"}
CSP = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"


class Service:
    def __init__(self, columns, labels, sentences):
        self.columns, self.labels = columns, labels
        self.lock = threading.RLock()
        self.cards = {}
        for i, sentence in enumerate(sentences):
            self.add(i, sentence)
        self.events, self.listeners, self.done, self.undone = [], [], [], []
        self.number, self.event, self.model = 1, 0, hashlib.sha256(b"1").hexdigest()
        self.models = [{"sha256": self.model, "number": 1, "parent": None, "time": time.time(), "kind": "first", "corrections": 0, "adopted": True, "available": True, "reason": None, "heldout": None}]
        self.learning = {"state": "idle", "waiting": 0, "error": None, "seconds": None}
        self.retrain = {"state": "idle", "queued": False, "error": None, "seconds": None}
        self.reject = False

    def add(self, i, sentence):
        id = hashlib.sha256("\n".join(sentence["words"]).encode()).hexdigest()[:32]
        columns = {}
        for name, (tags, confidence) in sentence.get("columns", {}).items():
            columns[name] = {"tags": tags, "source": "model", "predicted": list(tags), "confidence": confidence, "alternatives": [[[t, c], ["O", round(1 - c, 4)]] for t, c in zip(tags, confidence)]}
        labels = {n: {"value": v, "source": "model", "predicted": v, "confidence": c, "alternatives": [[v, c]]} for n, (v, c) in sentence.get("labels", {}).items()}
        every = [c for v in columns.values() for c in v["confidence"]] + [v["confidence"] for v in labels.values()]
        self.cards[id] = {"id": id, "file": "new.conllu", "line": 1 + 12 * i, "words": sentence["words"], "space_after": [True] * len(sentence["words"]), "columns": columns, "labels": labels, "version": 0, "set_aside": i % 10 == 9, "skipped": False, "score": 1 - min(every), "model": "9d1e"}

    def status(self):
        corrected = [c for c in self.cards.values() if c["version"]]
        aside = [c for c in self.cards.values() if c["set_aside"]]
        return {
            "version": "0.1.0", "annotator": "anna", "annotators": ["anna"],
            "model": {"sha256": self.model, "number": self.number, "kind": "patch", "task": "tag", "name": "address", "columns": self.columns, "labels": self.labels},
            "files": [{"number": 1, "name": "new.conllu", "format": "conllu", "sentences": len(self.cards), "labelled": True}],
            "counts": {"sentences": len(self.cards), "corrected": len(corrected), "mine": len(corrected), "changed": 9, "skipped": 1, "set_aside": len(aside), "set_aside_corrected": sum(bool(c["version"]) for c in aside)},
            "heldout": {"sentences": 2, "items": 38, "before": 0.931, "after": 0.934, "p": 0.04, "low": 0.0, "high": 0.006} if corrected else None,
            "earlier": {"kept": 211, "broken": 0, "total": 211} if corrected else None,
            "learning": self.learning, "retrain": self.retrain, "can_undo": bool(self.done), "can_redo": bool(self.undone), "event": self.event,
        }

    def tell(self, name, data):
        with self.lock:
            self.event += 1
            for listener in self.listeners:
                listener.put((self.event, name, data))

    def queue(self, query):
        exclude = set(query.get("exclude", "").split(","))
        state = query.get("state") or "open"
        found = [c for c in self.cards.values() if c["id"] not in exclude]
        if state == "open":
            found = [c for c in found if not c["version"] and not c["skipped"]]
        elif state == "corrected":
            found = [c for c in found if c["version"]]
        elif state == "skipped":
            found = [c for c in found if c["skipped"]]
        if query.get("search"):
            found = [c for c in found if query["search"].lower() in " ".join(c["words"]).lower()]
        if query.get("tag"):
            column, _, tag = query["tag"].rpartition("=")
            found = [c for c in found if any(tag in t for v in c["columns"].values() for t in v["tags"]) or any(v["value"] == tag for v in c["labels"].values())]
        if (query.get("order") or "uncertain") == "uncertain":
            found.sort(key=lambda c: -c["score"])
        return {"cards": found[: int(query.get("limit") or 5)], "remaining": len(found)}

    def correct(self, body):
        card = self.cards[body["id"]]
        if body.get("version", card["version"]) != card["version"]:
            return 409, {"error": "the sentence has changed", "card": card}
        self.done.append(("correction", body["id"], copy.deepcopy(card)))
        self.undone.clear()
        for name, tags in body["after"]["columns"].items():
            card["columns"][name].update(tags=tags, source="corrected")
        for name, value in body["after"]["labels"].items():
            card["labels"][name].update(value=value, source="corrected")
        card["version"] = self.event + 1
        threading.Thread(target=self.learn, args=(card,)).start()
        return 201, {"event": self.event + 1, "version": self.event + 1, "id": card["id"], "set_aside": card["set_aside"], "learns": not card["set_aside"]}

    def learn(self, card):
        self.tell("correction", {"id": card["id"], "annotator": "anna", "kind": "correction"})
        if not card["set_aside"]:
            self.learning["state"] = "patching"
            self.tell("status", self.status())
            time.sleep(0.3)
            self.learning["state"] = "idle"
            if self.reject:
                self.learning["error"] = "held-out accuracy fell from 93.1 to 91.0 (p = 0.01)"
                self.tell("rejected", {"ids": [card["id"]], "error": self.learning["error"]})
            else:
                self.number += 1
                self.model = hashlib.sha256(str(self.number).encode()).hexdigest()
                self.models.insert(0, {**self.models[0], "sha256": self.model, "number": self.number, "kind": "patch", "corrections": self.number - 1})
                self.tell("learned", {"model": self.model, "ids": [card["id"]], "seconds": 0.3, "learned": 1, "not_learned": 0})
        self.tell("status", self.status())

    def step(self, source, target):
        if not source:
            return 409, {"error": "nothing to undo"}
        kind, id, card = source.pop()
        target.append((kind, id, self.cards[id]))
        self.cards[id] = {**card, "version": 0 if not card["version"] else self.event + 1}
        self.tell("status", self.status())
        return 200, {"event": self.event, "id": id, "kind": kind, "card": self.cards[id]}

    def answer(self, method, path, query, body):
        if path == "/v1/status":
            return 200, self.status()
        if path == "/v1/queue":
            return 200, self.queue(query)
        if path.startswith("/v1/sentences/"):
            id, _, rest = path[14:].partition("/")
            card = self.cards.get(id)
            if rest:
                tags = card["columns"][query["column"]]["tags"]
                return 200, {"column": query["column"], "sequences": [{"tags": tags, "probability": 0.8}, {"tags": ["O"] * len(tags), "probability": 0.1}], "model": self.model}
            return (200, card) if card else (404, {"error": "no such sentence"})
        if path == "/v1/why":
            n = len(self.cards[query["id"]]["words"])
            return 200, {"id": query["id"], "column": query["column"], "word": query.get("word"), "tag": "B-road", "against": "O", "margin": 2.0, "parts": [1.0] * n, "shares": [(0.7 - 0.3 * i) / n for i in range(n)], "model": self.model}
        if path == "/v1/corrections":
            return self.correct(body)
        if path == "/v1/skip":
            card = self.cards[body["id"]]
            self.done.append(("skip", card["id"], copy.deepcopy(card)))
            card["skipped"] = True
            return 201, {"event": self.event, "id": card["id"]}
        if path == "/v1/undo":
            return self.step(self.done, self.undone)
        if path == "/v1/redo":
            return self.step(self.undone, self.done)
        if path == "/v1/models":
            return 200, {"current": self.model, "models": self.models}
        if path == "/v1/models/activate":
            self.model = body["model"]
            self.tell("model", {"model": self.model, "kind": "patch"})
            return 200, {"model": self.model}
        if path == "/v1/retrain":
            return 202, {"state": "running"}
        if path == "/v1/report":
            return 200, {"model": self.model, "report": {"learned": 3, "not_learned": 0, "seconds": 0.6, "held_out": {"before": 0.931, "after": 0.934}, "flipped": [{"sentence": "12 Mill Lane", "before": "O", "after": "B-road"}]}}
        if path == "/v1/stats":
            return 200, {"sentences": 1, "corrected": 1, "changed": 1, "annotators": [{"name": "anna", "corrected": 3, "skipped": 1, "seconds": 62.0}, {"name": "ben", "corrected": 3, "skipped": 1, "seconds": 620.0}], "agreement": [{"a": "anna", "b": "ben", "sentences": 2, "items": 20, "agreed": 19, "kappa": 0.91}]}
        return 404, {"error": "no such path"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        if parts.path == "/" or parts.path.startswith("/page/"):
            file = PAGE / (parts.path.removeprefix("/page/") if parts.path != "/" else "index.html")
            if not file.is_file():
                return self.send(404, b"{}", "application/json")
            return self.send(200, file.read_bytes(), TYPES[file.suffix])
        if parts.path == "/v1/events":
            return self.stream()
        if parts.path == "/v1/export":
            return self.send(200, b"exported\n", "text/plain")
        self.reply("GET", parts.path, query, None)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.reply("POST", self.path, {}, body)

    def reply(self, method, path, query, body):
        with self.server.service.lock:
            status, value = self.server.service.answer(method, path, query, body)
            data = json.dumps(value).encode()
        self.send(status, data, "application/json")

    def send(self, status, data, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(data)

    def stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        listener = queue.Queue()
        self.server.service.listeners.append(listener)
        try:
            self.wfile.write(b": hello\n\n")
            self.wfile.flush()
            while True:
                try:
                    number, name, data = listener.get(timeout=1)
                    self.wfile.write(f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode())
                except queue.Empty:
                    self.wfile.write(b": still here\n\n")
                self.wfile.flush()
        except OSError:
            self.server.service.listeners.remove(listener)

    def log_message(self, *about):
        pass


def start(service, port=0):
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.service = service
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


ADDRESS = [{"name": "ner", "kind": "spans", "tags": ["B-number", "I-number", "B-road", "I-road", "B-city", "I-city", "O"], "types": ["number", "road", "city", "postcode"], "scheme": "IOB2"}]


def addresses(n=40):
    import random

    draw = random.Random(1)
    result = []
    for i in range(n):
        words, tags = [], []
        for word, tag in [(str(draw.randint(1, 99)), "B-number"), (draw.choice(["Mill", "Bridge", "Station"]), "B-road"), (draw.choice(["Lane", "Road", "Street"]), "I-road"), (",", "O"), (draw.choice(["York", "Ripon", "Leeds"]), "B-city"), (f"D{i}", "B-postcode"), ("1AB", "I-postcode")]:
            words.append(word)
            tags.append(tag)
        result.append({"words": words, "columns": {"ner": (tags, [round(draw.choice([0.62, 0.97, 0.99, 0.99, 0.99]), 2) for _ in words])}})
    return result


if __name__ == "__main__":
    start(Service(ADDRESS, [], addresses()), int(sys.argv[1]))
    time.sleep(1e6)


UPOS = ["ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "VERB", "X"]
XSS = [
    "<script>window.hacked=1</script>", "<img src=x onerror=window.hacked=1>", "\"><svg onload=window.hacked=1>",
    "javascript:window.hacked=1", "{{constructor.constructor('window.hacked=1')()}}", "</textarea><script>window.hacked=1</script>",
    "'-window.hacked=1-'", "<iframe srcdoc='<script>parent.hacked=1</script>'>", "&lt;script&gt;window.hacked=1&lt;/script&gt;", "\u202egnp.exe", "__proto__", "constructor",
]


def kinds(kind):
    if kind == "spans":
        return Service(ADDRESS, [], addresses())
    if kind == "several":
        columns = [{"name": "upos", "kind": "tags", "tags": UPOS}, ADDRESS[0]]
        rows = [(["The", "old", "mill", "in", "York", "sleeps", str(i)], ["DET", "ADJ", "NOUN", "ADP", "PROPN", "VERB", "NUM"], ["O", "O", "O", "O", "B-city", "O", "O"]) for i in range(20)]
        return Service(columns, [], [{"words": w, "columns": {"upos": (t, [0.99, 0.7, 0.98, 0.99, 0.95, 0.99, 0.97]), "ner": (n, [0.99] * 7)}} for w, t, n in rows])
    if kind == "texts":
        labels = [{"name": "topic", "kind": "one", "tags": ["billing", "delivery", "account"]}]
        return Service([], labels, [{"words": f"my parcel number {i} has not come".split(), "labels": {"topic": ("delivery", 0.8)}} for i in range(20)])
    if kind == "rtl":
        columns = [{"name": "upos", "kind": "tags", "tags": UPOS}]
        return Service(columns, [], [{"words": ["הילד", "קרא", "ספר", "טוב", str(i)], "columns": {"upos": (["NOUN", "VERB", "NOUN", "ADJ", "NUM"], [0.99, 0.7, 0.99, 0.8, 0.99])}} for i in range(10)])
    if kind == "odd":
        columns = [{"name": "upos", "kind": "tags", "tags": UPOS + XSS}]
        words = [["a" * 10_000, "b"], ["\u0301e\u0301\u0302\u0303", "नमस्ते", "\u200b", "👩‍👩‍👧‍👦", " "], XSS, ["x"] * 400]
        return Service(columns, [], [{"words": w, "columns": {"upos": ((XSS * 40)[: len(w)] if w is XSS else ["NOUN"] * len(w), [0.7] * len(w))}} for w in words])
