"""Requests and sentences a second of ``elman serve``, asked by Debian's ``hey`` on the same machine (make bench-serve).

Thirty-two connections ask as fast as they are answered, with one sentence a request and with thirty-two; then, with
one, at half of the rate that was reached, for the time of a request under half load. Figures are medians over rounds,
with the lowest and the highest. The result is kept in results/service.json.
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from harness.machine import require_quiet
from harness.results import options
from harness.service import Measurement

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

from elman.data.formats import read_sentences
from served import Served, served

CLIENTS = 32
WORDS = 12
"""Words of the sentence of a small request."""
TOGETHER = 32
"""Sentences of a large request."""
RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
LATENCY = re.compile(r"(\d+)% in ([0-9.]+) secs")
STATUS = re.compile(r"\[(\d+)\]\s+(\d+) responses")


def main() -> None:
    flags: dict[str, Any] = {"rounds": (5, "rounds of each"), "seconds": (10, "of a round")}
    flags |= {"force": (False, "measure on a busy machine too")}
    given = options(__doc__, model=("", "the model that answers"), text=("", "a file of sentences"), **flags)
    if shutil.which("hey") is None:
        sys.exit("hey is not installed; Debian: apt install hey")
    require_quiet(given.force, patience=180)
    measurement = Measurement()
    sentences = [list(one.words) for one in read_sentences(given.text, labelled=False) if one.words]
    words = statistics.fmean(map(len, sentences))
    print(f"{given.model}, {len(sentences):,} sentences of {words:.1f} words")
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = [given.model, "--no-learn", "--quiet", "--db", folder / "load.sqlite"]
        with served(*arguments, log=folder / "log") as service:
            for n in (1, TOGETHER):
                body = folder / f"{n}.json"
                body.write_text(json.dumps({"sentences": typical(sentences, n)}), encoding="utf-8")
                rounds = [ask(service, body, given.seconds) for _ in range(given.rounds + 1)][1:]
                found[str(n)] = about(rounds, n)
                show(f"{n} a request", found[str(n)], n)
            half = found["1"]["requests"]["median"] / 2
            body = folder / "1.json"
            rounds = [ask(service, body, given.seconds, half) for _ in range(given.rounds)]
            found["half"] = about(rounds, 1)
            show("1 a request, half load", found["half"], 1)
    task = {"model": Path(given.model).name, "text": Path(given.text).name, "words": words, "clients": CLIENTS}
    measurement.keep("load", task | {"rounds": given.rounds, "seconds": given.seconds, "found": found})


def typical(sentences: list[list[str]], n: int) -> list[list[str]]:
    """Return one sentence of ``WORDS`` words, or n spread evenly over all lengths."""
    if n == 1:
        return [next(words for words in sentences if len(words) == WORDS)]
    ordered = sorted(sentences, key=len)
    return [ordered[(2 * i + 1) * len(ordered) // (2 * n)] for i in range(n)]


def ask(service: Served, body: Path, seconds: int, rate: float | None = None) -> dict[str, float]:
    """Return what hey says: requests a second, milliseconds of the median and of the 99th percentile."""
    url, _, token = service.url.partition("/?token=")
    command = ["hey", "-z", f"{seconds}s", "-c", str(CLIENTS), "-m", "POST", "-T", "application/json", "-D", str(body)]
    command += ["-H", f"Authorization: Bearer {token}", *(["-q", f"{rate / CLIENTS:.3f}"] if rate else [])]
    said = subprocess.run([*command, f"{url}/v1/tag"], capture_output=True, text=True, check=True).stdout
    statuses = dict(STATUS.findall(said))
    assert statuses.keys() == {"200"} and "Error distribution" not in said, said
    rate_found = RATE.search(said)
    assert rate_found is not None, said
    latency = {f"p{percent}": 1_000 * float(value) for percent, value in LATENCY.findall(said)}
    return {"requests": float(rate_found[1]), "p50": latency["p50"], "p99": latency["p99"]}


def about(rounds: list[dict[str, float]], n: int) -> dict[str, Any]:
    """Return median, lowest and highest of each figure."""
    figures = {name: [each[name] for each in rounds] for name in rounds[0]}
    figures["sentences"] = [n * value for value in figures["requests"]]
    return {
        name: {"median": statistics.median(values), "low": min(values), "high": max(values)}
        for name, values in figures.items()
    }


def show(name: str, found: dict[str, Any], n: int) -> None:
    """Print a line."""
    rate = found["requests" if n == 1 else "sentences"]
    unit = "requests" if n == 1 else "sentences"
    rates = f"{rate['median']:8,.0f} {unit}/s ({rate['low']:,.0f} to {rate['high']:,.0f})"
    print(f"{name:<24}{rates}, median {found['p50']['median']:.1f} ms, p99 {found['p99']['median']:.1f} ms", flush=True)


if __name__ == "__main__":
    main()
