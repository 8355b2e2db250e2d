"""Ask ``elman serve`` what its OpenAPI document allows and what it does not, by schemathesis.

    python tests/reliability/fuzz_api.py MODEL FILE --schemathesis .venv-service/bin/schemathesis [--cases 20000]

Every answer must be one that the document declares, with its media type and schema, and none of 5xx. The stream of
events is left out: it lasts 50 s by itself (tests/server/test_run.py reads it). Half of the ids are those of sentences.
The cases are done in rounds, each with a seed and a service of its own: with ``--progress`` a run that was stopped goes
on behind the last whole round, if the sources are the same. The outcome of all cases is kept in
benchmarks/results/service.json. Requests go one after the other: schemathesis in several threads fails on Python 3.11
(hypothesis parses its own source then).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from campaign import hash_of
from harness.service import Measurement
from served import Client, Served, served

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
STREAM = "events"
ALL = 20_000
"""Cases of which the outcome is kept."""
ROUND = 1_000
"""Cases of a round: some minutes."""


def with_ids(document: dict[str, Any], ids: list[str]) -> dict[str, Any]:
    """Return the document, in which an id is one of these or any text."""
    known = {"anyOf": [{"enum": ids}, {"type": "string"}]}
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "id":
                    parameter["schema"] = known
    for name in ("Correction", "Skip"):
        document["components"]["schemas"][name]["properties"]["id"] = known
    return document


def requests_answered(client: Client) -> tuple[int, int]:
    """Return how many requests the service has answered, and how many of them with 5xx."""
    lines = client.ask("GET", "/metrics")[1].decode().splitlines()
    requests = [line for line in lines if line.startswith("elman_requests_total")]
    counts = [(int(line.rpartition(" ")[2]), 'status="5' in line) for line in requests]
    return sum(n for n, _ in counts), sum(n for n, failed in counts if failed)


def failures(report: Path) -> int:
    """Return the number of operations, in a report of JUnit's form, of which an answer was not as declared."""
    suites = ElementTree.parse(report).getroot()
    return sum(case.find("failure") is not None for case in suites.iter("testcase"))


def fuzz(service: Served, schemathesis: str, seed: int, cases: int, folder: Path) -> dict[str, int]:
    """Run schemathesis once; return what came of it. The first seed has the cases that are the same each time, too."""
    with service.client() as client:
        document = client.get("/openapi.json")
        ids = [card["id"] for card in client.get("/v1/queue", limit=20, order="file")["cards"]]
        before, _ = requests_answered(client)
    (folder / "openapi.json").write_text(json.dumps(with_ids(document, ids)), encoding="utf-8")
    each = [operation for path in document["paths"].values() for operation in path.values()]
    operations = sum("parameters" in one or "requestBody" in one for one in each) - 1  # others have one case
    report = folder / "report.xml"
    command = [schemathesis, "run", str(folder / "openapi.json"), "--url", service.url.split("/?")[0]]
    command += ["--header", f"Authorization: Bearer {client.token}", "--checks", CHECKS]
    command += ["--exclude-operation-id", STREAM, "--report-junit-path", str(report), "--seed", str(seed)]
    command += ["--phases", "examples,coverage,fuzzing" if seed == 1 else "fuzzing"]
    command += ["--max-examples", str(-(-cases // operations)), "--no-color"]
    command += ["--continue-on-failure", "--suppress-health-check", "all", "--request-timeout", "60"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    undeclared = failures(report) if report.exists() else 0
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
    if done.returncode and not undeclared:
        sys.exit(f"schemathesis has ended with status {done.returncode}; the round with seed {seed} is not counted")
    with service.client() as later:  # a connection is closed if it is idle for long
        answered, failed = requests_answered(later)
        events = later.get("/v1/corrections", after=0, limit=10_000)["next"]
    found = {"seed": seed, "cases": answered - before - 1, "server_errors": failed, "undeclared": undeclared}
    if not found["cases"]:
        sys.exit("schemathesis has found no cases")
    return found | {"events": events}


def one_round(given: argparse.Namespace, seed: int) -> dict[str, int]:
    """Run schemathesis with a seed against a service of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name), Path(name) / "log"
        options = ["--db", folder / "fuzzed.sqlite", "--replay", given.file, "--quiet"]
        with served(given.model, given.file, *options, log=log) as service:
            found = fuzz(service, given.schemathesis, seed, min(ROUND, given.cases), folder)
        print(log.read_text(encoding="utf-8"), end="")
    return found


def rounds(given: argparse.Namespace) -> list[dict[str, int]]:
    """Do rounds until there are as many cases as are wanted, or one has failed; return all of them."""
    key = f"{hash_of(['server', 'learn'])} {Path(given.model).name}"
    kept = json.loads(given.progress.read_text()) if given.progress and given.progress.exists() else {}
    done: list[dict[str, int]] = kept["rounds"] if kept.get("key") == key else []
    while (cases := sum(each["cases"] for each in done)) < given.cases:
        begun = time.monotonic()
        found = one_round(given, len(done) + 1)
        if found["server_errors"] or found["undeclared"]:
            return [*done, found]
        done.append(found)
        print(
            f"{cases + found['cases']:,} cases; the last {found['cases']:,} in {time.monotonic() - begun:.0f} s",
            flush=True,
        )
        if given.progress:
            given.progress.write_text(json.dumps({"key": key, "rounds": done}))
    return done


def main() -> None:
    """Run schemathesis against services of its own; exit with 1 if an answer was not as declared."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("file")
    parser.add_argument("--schemathesis", default="schemathesis")
    parser.add_argument("--cases", type=int, default=ALL)
    parser.add_argument("--progress", type=Path, help="file of what is done; a stopped run goes on from it")
    given = parser.parse_args()
    said = subprocess.run([given.schemathesis, "--version"], capture_output=True, text=True, check=True).stdout
    measurement = Measurement()
    done = rounds(given)
    total = {name: sum(each[name] for each in done) for name in ("cases", "server_errors", "undeclared", "events")}
    print(f"{total['cases']:,} requests, {total['server_errors']} answered with 5xx, {total['undeclared']} undeclared")
    if given.cases >= ALL:
        measurement.keep("fuzz", total | {"schemathesis": said.split()[-1], "seeds": len(done)})
    if given.progress:
        given.progress.unlink(missing_ok=True)
    sys.exit(bool(total["server_errors"] or total["undeclared"]))


if __name__ == "__main__":
    main()
