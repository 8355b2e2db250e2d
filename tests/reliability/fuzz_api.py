"""Ask ``elman serve`` what its OpenAPI document allows and what it does not, by schemathesis.

    python tests/reliability/fuzz_api.py MODEL FILE --schemathesis .venv-service/bin/schemathesis [--cases 20000]

Every answer must be one that the document declares, with its media type and schema, and none of 5xx. The stream of
events is left out: it lasts 50 s by itself (tests/server/test_run.py reads it). Half of the ids are those of sentences.
The outcome of all cases is kept in benchmarks/results/service.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from harness.service import Measurement
from served import Client, Served, served

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
STREAM = "events"
ALL = 20_000
"""Cases of which the outcome is kept."""


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
    return sum(
        1 for case in suites.iter("testcase") if case.find("failure") is not None or case.find("error") is not None
    )


def fuzz(service: Served, given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run schemathesis with one seed after the other until there are as many cases as are wanted."""
    with service.client() as client:
        document = client.get("/openapi.json")
        ids = [card["id"] for card in client.get("/v1/queue", limit=20, order="file")["cards"]]
        before, _ = requests_answered(client)
    (folder / "openapi.json").write_text(json.dumps(with_ids(document, ids)), encoding="utf-8")
    each = [operation for path in document["paths"].values() for operation in path.values()]
    operations = sum("parameters" in one or "requestBody" in one for one in each) - 1  # others have one case
    seed, cases, undeclared, failed = given.seed, 0, 0, 0
    while cases < given.cases and not undeclared and not failed:
        report = folder / f"{seed}.xml"
        command = [given.schemathesis, "run", str(folder / "openapi.json"), "--url", service.url.split("/?")[0]]
        command += ["--header", f"Authorization: Bearer {client.token}", "--checks", CHECKS]
        command += ["--exclude-operation-id", STREAM, "--report-junit-path", str(report), "--seed", str(seed)]
        command += ["--phases", "examples,coverage,fuzzing" if seed == given.seed else "fuzzing"]
        command += ["--max-examples", str(-(-(given.cases - cases) // operations))]
        command += [
            "--workers",
            str(given.workers),
            "--continue-on-failure",
            "--suppress-health-check",
            "all",
            "--request-timeout",
            "60",
        ]
        status = subprocess.run(command, cwd=folder).returncode
        undeclared = failures(report) or int(status != 0)
        with service.client() as later:  # a connection is closed if it is idle for long
            answered, failed = requests_answered(later)
        if answered - before - 1 <= cases:
            sys.exit("schemathesis has found no further cases")
        cases, seed = answered - before - 1, seed + 1
    return {"cases": cases, "server_errors": failed, "undeclared": undeclared, "seeds": seed - given.seed}


def main() -> None:
    """Run schemathesis against a service of its own; exit with 1 if an answer was not as declared."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("file")
    parser.add_argument("--schemathesis", default="schemathesis")
    parser.add_argument("--cases", type=int, default=ALL)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=4, help="requests at once")
    given = parser.parse_args()
    said = subprocess.run([given.schemathesis, "--version"], capture_output=True, text=True, check=True).stdout
    measurement = Measurement()
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name), Path(name) / "log"
        options = ["--db", folder / "fuzzed.sqlite", "--replay", given.file, "--quiet"]
        with served(given.model, given.file, *options, log=log) as service:
            found = fuzz(service, given, folder)
            with service.client() as client:
                found["events"] = client.get("/v1/status")["counts"]["corrected"]
        print(log.read_text(encoding="utf-8"), end="")
    print(f"{found['cases']:,} requests, {found['server_errors']} answered with 5xx, {found['undeclared']} undeclared")
    if given.cases >= ALL:
        measurement.keep("fuzz", found | {"schemathesis": said.split()[-1], "seed": given.seed})
    sys.exit(bool(found["server_errors"] or found["undeclared"]))


if __name__ == "__main__":
    main()
