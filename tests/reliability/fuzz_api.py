"""Ask ``elman serve`` what its OpenAPI document allows and what it does not, by schemathesis.

    python tests/reliability/fuzz_api.py MODEL FILE --schemathesis .venv-service/bin/schemathesis [--cases 20000]

Every answer must be one that the document declares, with its media type and schema, and none of 5xx. The stream of
events is left out: it lasts 50 s by itself (tests/serve/test_run.py reads it). Half of the ids are those of sentences.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from served import served

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
STREAM = "events"


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


def main() -> None:
    """Run schemathesis against a service of its own; exit with its status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("file")
    parser.add_argument("--schemathesis", default="schemathesis")
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name), Path(name) / "log"
        options = ["--db", folder / "fuzzed.sqlite", "--replay", given.file, "--quiet"]
        with served(given.model, given.file, *options, log=log) as service, service.client() as client:
            document = client.get("/openapi.json")
            ids = [card["id"] for card in client.get("/v1/queue", limit=20, order="file")["cards"]]
            (folder / "openapi.json").write_text(json.dumps(with_ids(document, ids)), encoding="utf-8")
            each = [operation for path in document["paths"].values() for operation in path.values()]
            operations = sum("parameters" in one or "requestBody" in one for one in each) - 1  # others have one case
            command = [given.schemathesis, "run", str(folder / "openapi.json"), "--url", service.url.split("/?")[0]]
            command += ["--header", f"Authorization: Bearer {client.token}", "--checks", CHECKS]
            command += ["--exclude-operation-id", STREAM, "--phases", "examples,coverage,fuzzing"]
            command += ["--max-examples", str(-(-given.cases // operations)), "--seed", str(given.seed)]
            command += ["--continue-on-failure", "--suppress-health-check", "all", "--request-timeout", "60"]
            status = subprocess.run(command, cwd=folder).returncode
            with service.client() as later:  # the first connection was closed meanwhile
                events = later.get("/v1/corrections", limit=1)
                counts = later.ask("GET", "/metrics")[1].decode()
        print(log.read_text(encoding="utf-8"), end="")
    requests = [line for line in counts.splitlines() if line.startswith("elman_requests_total")]
    total = sum(int(line.rpartition(" ")[2]) for line in requests)
    failed = sum(int(line.rpartition(" ")[2]) for line in requests if 'status="5' in line)
    print(
        f"{total:,} requests answered, {failed:,} of them with 5xx; events were stored: {bool(events['corrections'])}"
    )
    sys.exit(status or failed > 0)


if __name__ == "__main__":
    main()
