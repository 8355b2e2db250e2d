"""Kill ``elman serve`` under load at random moments: no acknowledged correction may be lost.

    python tests/reliability/kill_server.py MODEL FILE [--times 200] [--seed 1] [--folder DIR]

Annotators correct, skip and undo as fast as the service answers, and it learns meanwhile. After each kill -9 the
database must pass ``integrity_check`` and have every event that was acknowledged, in order, and the model adopted last
must be whole.
"""

from __future__ import annotations

import argparse
import http.client
import random
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from elman.server import schema
from elman.server.shelf import sha256_of
from elman.server.store import read_events, read_models, read_state
from harness.service import Measurement
from served import Served

ANNOTATORS = 4
ALL = 200
"""Kills of which the outcome is kept."""
LATEST = 2.0
"""Seconds after the start up to which it is killed."""


class Annotator(threading.Thread):
    """Corrects until the service is gone; ``acknowledged`` are the numbers of the events that it was told of."""

    def __init__(self, service: Served, name: str, seed: int) -> None:
        super().__init__(daemon=True)
        self._service, self._annotator, self._random = service, name, random.Random(seed)
        self.acknowledged: list[tuple[int, str, str]] = []  # number, kind, sentence
        self.others: list[object] = []

    def run(self) -> None:
        """Ask until the connection breaks."""
        try:
            with self._service.client() as client:
                while True:
                    self._step(client)
        except (OSError, http.client.HTTPException, ValueError):
            pass

    def _step(self, client: object) -> None:
        from served import Client

        assert isinstance(client, Client)
        draw = self._random.random()
        if draw < 0.15:
            kind = "undo" if draw < 0.1 else "redo"
            status, value = client.ask("POST", f"/v1/{kind}", {"annotator": self._annotator})
            self._note(status, value, kind, (200, 409))
            return
        cards = client.get("/v1/queue", annotator=self._annotator, limit=30, order="random", state="all")["cards"]
        for card in self._random.sample(cards, min(3, len(cards))):
            column, values = next(iter(card["columns"].items()))
            tags = [self._random.choice([tag, *(pair[0] for pair in best)]) for tag, best in
                    zip(values["predicted"], values["alternatives"], strict=True)]  # fmt: skip
            status, value = client.correct(card, self._annotator, tags, column)
            self._note(status, value, "correction", (201, 409))

    def _note(self, status: int, value: dict[str, object], kind: str, expected: tuple[int, int]) -> None:
        if status == expected[0]:
            self.acknowledged.append((int(str(value["event"])), kind, str(value["id"])))
        elif status != expected[1]:
            self.others.append((kind, status, value))


def check(database: str, model: str, acknowledged: set[tuple[int, str, str]]) -> tuple[int, int]:
    """Return the numbers of events and models. Raises AssertionError for what is lost or broken."""
    with closing(schema.open_to_read(database)) as connection:
        (whole,) = connection.execute("PRAGMA integrity_check").fetchone()
        assert whole == "ok", whole
        events = {(event.seq, event.kind, event.sentence) for event in read_events(connection)}
        lost = acknowledged - events
        assert not lost, f"lost: {sorted(lost)[:5]}"
        read_state(connection)
        models = [row for row in read_models(connection) if row.adopted]
        adopted = connection.execute("SELECT sha256 FROM adoptions ORDER BY number DESC LIMIT 1").fetchone()
    if adopted is not None and adopted[0] != models[0].sha256:
        path = Path(database).with_suffix(".models") / f"{adopted[0]}.model"
        assert sha256_of(str(path)) == adopted[0], f"{path} is not whole"
    assert not models or sha256_of(model) == models[0].sha256
    return len(events), len(models)


def kill_often(model: str, file: str, folder: Path, times: int, seed: int) -> tuple[int, int]:
    """Start and kill a service; return the numbers of acknowledged events and of adopted models."""
    draw = random.Random(seed)
    database = str(folder / "killed.sqlite")
    acknowledged: set[tuple[int, str, str]] = set()
    n_models = 0
    for number in range(times):
        service = Served([model, file, "--db", database, "--quiet", "--keep", "3"], folder / "log")
        early = draw.random() < 0.1  # while it starts
        if early:
            time.sleep(draw.uniform(0, 1.5))
            annotators = []
        else:
            assert service.ready(), (folder / "log").read_text(encoding="utf-8")
            annotators = [Annotator(service, f"a{i}", seed * 1_000 + number * 10 + i) for i in range(ANNOTATORS)]
            for annotator in annotators:
                annotator.start()
            time.sleep(draw.uniform(0, LATEST))
        service.end()
        for annotator in annotators:
            annotator.join()
            assert not annotator.others, annotator.others[0]
            acknowledged.update(annotator.acknowledged)
        if Path(database).exists():
            n_events, n_models = check(database, model, acknowledged) if not early or number else (0, 0)
            if times > 20 and number % 10 == 9:
                print(f"{number + 1} times killed, {len(acknowledged):,} acknowledged, {n_events:,} events", flush=True)
    log = (folder / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log, log[-3_000:]
    return len(acknowledged), n_models


def main() -> None:
    """Kill it as often as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("file")
    parser.add_argument("--times", type=int, default=ALL)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    measurement = Measurement()
    with tempfile.TemporaryDirectory() as folder:
        n, models = kill_often(given.model, given.file, Path(folder), given.times, given.seed)
    print(f"killed {given.times} times: {n:,} acknowledged events, none lost; {models:,} models adopted, all whole")
    if given.times >= ALL:
        measurement.keep(
            "kill", {"times": given.times, "seed": given.seed, "acknowledged": n, "lost": 0, "adopted": models}
        )


if __name__ == "__main__":
    main()
