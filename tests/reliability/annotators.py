"""Eight annotators at once, one correction every two seconds each, while the service learns: times, errors, losses.

    python tests/reliability/annotators.py MODEL FILE… [--minutes 10] [--annotators 8] [--every 2]

Each asks for a card, corrects its least certain word, and at times undoes. At the end all that was acknowledged must
be in the database, and everything but what is set aside must have been learned or refused with a reason.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from elman.server import schema
from elman.server.store import read_events, read_models
from harness.service import Measurement
from served import Client, served

PATIENCE = 120.0
"""Seconds in which all that was corrected must be learned after the end."""
ALL = (8, 10)
"""Annotators and minutes of which the outcome is kept."""


class Annotator(threading.Thread):
    """Works until ``end``; ``times`` are the seconds of its requests, ``errors`` what was not as it should be."""

    def __init__(self, url: str, name: str, every: float, end: float, seed: int) -> None:
        super().__init__(daemon=True)
        self._url, self._annotator, self._every, self._end = url, name, every, end
        self._random = random.Random(seed)
        self.times: list[float] = []
        self.acknowledged: set[int] = set()
        self.errors: list[str] = []

    def run(self) -> None:
        """Correct a sentence, wait, and so on."""
        time.sleep(self._random.uniform(0, self._every))
        with Client(self._url) as client:
            while time.monotonic() < self._end:
                begun = time.monotonic()
                try:
                    self._step(client)
                except Exception as error:
                    self.errors.append(repr(error))
                time.sleep(max(0.0, self._every - (time.monotonic() - begun)))

    def _timed(
        self, client: Client, method: str, path: str, body: object = None, **query: object
    ) -> tuple[int, object]:
        begun = time.monotonic()
        answer = client.ask(method, path, body, **query)
        self.times.append(time.monotonic() - begun)
        return answer

    def _step(self, client: Client) -> None:
        if self._random.random() < 0.05:
            status, value = self._timed(client, "POST", "/v1/undo", {"annotator": self._annotator})
            self._note(status, value, 200)
            return
        status, value = self._timed(client, "GET", "/v1/queue", annotator=self._annotator, limit=1)
        assert isinstance(value, dict)
        if status != 200 or not value["cards"]:
            self.errors.append(f"queue: {status} {value}")
            return
        (card,) = value["cards"]
        column, values = next(iter(card["columns"].items()))
        tags = list(values["predicted"])
        least = min(range(len(tags)), key=values["confidence"].__getitem__)
        tags[least] = values["alternatives"][least][1][0]
        body = {"id": card["id"], "version": card["version"], "annotator": self._annotator, "seconds": self._every}
        change = {"before": {"columns": {column: values["tags"]}}, "after": {"columns": {column: tags}}}
        self._note(*self._timed(client, "POST", "/v1/corrections", {**body, **change}), 201)

    def _note(self, status: int, value: object, expected: int) -> None:
        if status == expected and isinstance(value, dict):
            self.acknowledged.add(value["event"])
        elif status != 409:
            self.errors.append(f"{status} {value}")


def main() -> None:
    """Let them work; exit with 1 if anything was lost or failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--minutes", type=float, default=ALL[1])
    parser.add_argument("--annotators", type=int, default=ALL[0])
    parser.add_argument("--every", type=float, default=2)
    given = parser.parse_args()
    measurement = Measurement()
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name), Path(name) / "log"
        database = str(folder / "annotated.sqlite")
        with served(given.model, *given.files, "--db", database, "--quiet", log=log) as service:
            end = time.monotonic() + 60 * given.minutes
            people = [Annotator(service.url, f"a{i}", given.every, end, i) for i in range(given.annotators)]
            for person in people:
                person.start()
            for person in people:
                person.join()
            with service.client() as client:
                until = time.monotonic() + PATIENCE
                while (learning := client.get("/v1/status")["learning"])["waiting"] and time.monotonic() < until:
                    time.sleep(0.2)
                status = client.get("/v1/status")
        with closing(schema.open_to_read(database)) as connection:
            stored = {event.seq for event in read_events(connection)}
            models = read_models(connection)
        text = log.read_text(encoding="utf-8")
    times = sorted(seconds for person in people for seconds in person.times)
    acknowledged = {seq for person in people for seq in person.acknowledged}
    errors = [error for person in people for error in person.errors] + text.splitlines()
    adopted = sum(row.adopted for row in models) - 1
    found = {"annotators": given.annotators, "minutes": given.minutes, "every": given.every, "requests": len(times)}
    found |= {"acknowledged": len(acknowledged), "lost": len(acknowledged - stored), "errors": len(errors)}
    found |= {"median": 1000 * statistics.median(times), "p99": 1000 * statistics.quantiles(times, n=100)[98]}
    found |= {"adopted": adopted, "rejected": len(models) - 1 - adopted, "waiting": learning["waiting"]}
    print(f"{len(times):,} requests, {found['acknowledged']:,} events acknowledged, {found['lost']} lost")
    print(f"{len(errors)} errors; median {found['median']:.1f} ms, p99 {found['p99']:.1f} ms")
    print(f"{adopted} patches adopted, {found['rejected']} not: {status['learning']}")
    print(f"held-out {status['heldout']}, earlier {status['earlier']}")
    for error in errors[:10]:
        print(error)
    if given.annotators >= ALL[0] and given.minutes >= ALL[1]:
        measurement.keep("annotators", found)
    sys.exit(bool(errors or found["lost"] or learning["waiting"]))


if __name__ == "__main__":
    main()
