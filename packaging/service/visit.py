"""Asks a service on port 8000 of this network namespace; prints what was found as JSON.

visit.py TOKEN tag      health, a refusal without the token, tags of a sentence
visit.py TOKEN learn    corrects a sentence, and waits until the model has learned it
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "helpers"))

from served import Client

ADDRESS = "http://127.0.0.1:8000/?token="
WORDS = ["12", "Mill", "Lane", ",", "York"]
PATIENCE = 60


def tag(client: Client) -> dict[str, Any]:
    """Ask for health and tags."""
    with Client(f"{ADDRESS}wrong") as stranger:
        health, _ = stranger.ask("GET", "/healthz")
        refused, _ = stranger.ask("POST", "/v1/tag", {"sentences": [WORDS]})
    status, answer = client.ask("POST", "/v1/tag", {"sentences": [WORDS]})
    (sentence,) = answer["sentences"] if status == 200 else ({"columns": {}},)
    tags = next(iter(sentence["columns"].values()), [])
    return {"health": health, "without_token": refused, "status": status, "tags": tags}


def learn(client: Client) -> dict[str, Any]:
    """Correct one word, and wait until nothing waits to be learned."""
    cards = client.get("/v1/queue", annotator="anna", limit=20)["cards"]
    card = next(card for card in cards if not card["set_aside"])
    column, values = next(iter(card["columns"].items()))
    tags = list(values["predicted"])
    tags[0] = values["alternatives"][0][1][0]
    status, _ = client.correct(card, "anna", tags, column)
    until = time.monotonic() + PATIENCE
    while client.get("/v1/status")["learning"]["waiting"] and time.monotonic() < until:
        time.sleep(0.1)
    models = client.get("/v1/models")["models"]
    return {"status": status, "models": len(models), "waiting": client.get("/v1/status")["learning"]["waiting"]}


def main() -> None:
    _, token, what = sys.argv
    with Client(ADDRESS + token) as client:
        print(json.dumps({"tag": tag, "learn": learn}[what](client)))


if __name__ == "__main__":
    main()
