"""What the proofs of reliability share: options, cases that are not repeated, counts, and the table of all counts.

A proof is a script of this folder. It makes a ``Campaign``, goes through its cases and counts what came out:

    campaign = Campaign.from_command_line(__doc__, "model-files", title="Model files, mutated", folders=["models"])
    for case in campaign.cases(2_000):      # the numbers of cases that no run with this seed has done yet
        campaign.count("refused", 1_000)    # or campaign.fault("what happened, and how to repeat it")
    sys.exit(campaign.finish())

Each run adds its counts to the result file, under the hash of the source folders that the proof exercises: ``--share
0.1`` does a tenth of the cases, and another run with ``--share 1`` the other nine tenths. Cases are a number, or a
list, which is shuffled by the seed so that a share is a fair sample. ``--minutes`` ends a run early, between two cases.

    python tests/reliability/campaign.py    # write the table of docs/explanation/reliability.md
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "reliability.json"
PAGE = ROOT / "docs" / "explanation" / "reliability.md"
START, END = "<!-- Written by tests/reliability/campaign.py: -->\n", "<!-- end -->\n"
SOURCES = (".py", ".cpp", ".hpp", ".def")
EVERY = 20.0  # seconds between two savings of the counts


def options(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that every proof has."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--share", type=float, default=1.0, help="the part of all cases to do, 0.1 a tenth")
    parser.add_argument("--seed", type=int, default=1, help="chooses the cases")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no further case after so many minutes")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file that the counts are added to")
    return parser


def memory() -> str | None:
    """Return a folder of files that are in memory alone, if the system has one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def hash_of(folders: Sequence[str]) -> str:
    """Return 12 digits of the SHA-256 of the sources in these folders of src/elman ("." is all of it)."""
    total = hashlib.sha256()
    base = ROOT / "src" / "elman"
    for path in sorted({path for folder in folders for path in (base / folder).rglob("*") if path.suffix in SOURCES}):
        data = path.read_bytes()
        total.update(f"{path.relative_to(base).as_posix()} {len(data)}\n".encode() + data)
    return total.hexdigest()[:12]


class Campaign:
    """Counts the outcomes of one proof and adds them to the result file.

    ``given`` are the parsed ``options``. ``title`` says in the table what was tried. Outcomes are words such as
    "refused in one line"; faults are what should never happen.
    """

    def __init__(self, given: argparse.Namespace, name: str, *, title: str, folders: Sequence[str]) -> None:
        self.given, self.name, self.title, self.folders = given, name, title, sorted(folders)
        self.faults: list[str] = []
        self.counts: Counter[str] = Counter()
        self._key = hash_of(folders)
        self._start = self._saved = time.monotonic()
        self._unsaved: Counter[str] = Counter()
        self._saved_faults = 0
        self._cases: tuple[int, int, int] | None = None  # done by earlier runs and this one, to do, all

    @classmethod
    def from_command_line(cls, doc: str | None, name: str, *, title: str, folders: Sequence[str]) -> Campaign:
        """Return a campaign with the options of the command line."""
        return cls(options(doc).parse_args(), name, title=title, folders=folders)

    def count(self, outcome: str, n: int = 1) -> None:
        """Count an outcome that was promised."""
        self.counts[outcome] += n
        self._unsaved[outcome] += n

    def fault(self, message: str) -> None:
        """Note and print what should never happen, with what is needed to repeat it."""
        self.faults.append(message)
        print(f"{self.name}: FAULT: {message}", file=sys.stderr, flush=True)

    def out_of_time(self) -> bool:
        """Return whether the time of ``--minutes`` is over."""
        return time.monotonic() - self._start > 60 * self.given.minutes

    def cases(self, all_cases: int | Sequence[Any]) -> Iterator[Any]:
        """Yield the cases of this share that earlier runs with the same seed and sources have not done."""
        self._start = time.monotonic()  # what was prepared before does not count: each run gets ahead
        n = all_cases if isinstance(all_cases, int) else len(all_cases)
        order: Sequence[int] = range(n)
        if not isinstance(all_cases, int):
            order = random.Random(self.given.seed).sample(order, n)
        last = min(n, math.ceil(n * self.given.share))
        done = int(self._row(self._read()).get("done", {}).get(str(self.given.seed), 0))
        self._cases = (done, last, n)
        for number in order[done:last]:
            if self.out_of_time():
                break
            yield number if isinstance(all_cases, int) else all_cases[number]
            done += 1
            self._cases = (done, last, n)
            if time.monotonic() - self._saved > EVERY:
                self.save()

    def finish(self) -> int:
        """Save, print one line, and return the exit status: 1 if there were faults."""
        self.save()
        said = describe(self.counts)
        far = "" if self._cases is None else f" ({self._cases[0]:,} of {self._cases[1]:,} cases done)"
        print(f"{self.name}: {said or 'nothing left to try'}; {len(self.faults):,} faults{far}", flush=True)
        return 1 if self.faults else 0

    def save(self) -> None:
        """Add what was counted since the last time to the result file."""
        with _locked(self.given.results):
            results = self._read()
            row = self._row(results)
            counts = Counter(row.get("counts", {})) + self._unsaved
            faults = row.get("faults", 0) + len(self.faults) - self._saved_faults
            now = time.monotonic()
            row |= {"counts": dict(sorted(counts.items())), "faults": faults}
            row["seconds"] = round(row.get("seconds", 0) + now - self._saved)
            row["date"] = time.strftime("%Y-%m-%d", time.gmtime())
            if self._cases is not None:
                done = row.get("done", {})
                done[str(self.given.seed)] = max(self._cases[0], done.get(str(self.given.seed), 0))
                row |= {"done": done, "cases": self._cases[2]}
            proof = results.setdefault(self.name, {})
            versions = proof.get("versions", {})
            versions.pop(self._key, None)
            versions[self._key] = row  # the newest is the last
            results[self.name] = {"title": self.title, "folders": self.folders, "versions": versions}
            _replace(self.given.results, json.dumps(dict(sorted(results.items())), indent=1) + "\n")
        self._unsaved.clear()
        self._saved_faults, self._saved = len(self.faults), now

    def _read(self) -> dict[str, Any]:
        return read(self.given.results)

    def _row(self, results: dict[str, Any]) -> dict[str, Any]:
        return dict(results.get(self.name, {}).get("versions", {}).get(self._key, {}))


def read(path: Path) -> dict[str, Any]:
    """Return the result file; empty if there is none yet."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other proofs that run meanwhile from writing the result file."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    number = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.part")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def describe(counts: Mapping[str, int]) -> str:
    """Return "3,200 old file, 12 new file", the most frequent first."""
    return ", ".join(f"{n:,} {outcome}" for outcome, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def table(results: Mapping[str, Any]) -> str:
    """Return the rows of the page: a proof, what it tried with the newest sources and with all, what came out."""
    lines = ["| tried | times | of its cases | with all sources | what came out | faults | sources, date |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    for proof in results.values():
        rows = proof["versions"]
        key, row = list(rows.items())[-1]
        cells = [f"{tried(row):,}", shares(rows), in_all(rows), describe(row["counts"]), f"{row['faults']:,}"]
        lines.append(f"| {proof['title']} | {' | '.join(cells)} | `{key}`, {row['date']} |")
    return "\n".join(lines) + "\n"


def shares(rows: Mapping[str, Any]) -> str:
    """Return the share of a proof's cases that was tried with the newest sources, and with others if that is more."""
    key, row = max(reversed(rows.items()), key=lambda pair: share_done(pair[1]))
    newest = list(rows.values())[-1]
    more = "" if row is newest else f"; {percent(share_done(row))} of `{key}`"
    return percent(share_done(newest)) + more if "cases" in newest else ""


def in_all(rows: Mapping[str, Any]) -> str:
    """Return the number of cases tried with all versions of the sources, and the faults of earlier ones."""
    faults = sum(row["faults"] for row in list(rows.values())[:-1])
    fixed = f"; {faults:,} fault{'s' * (faults != 1)} fixed" if faults else ""
    return f"{sum(map(tried, rows.values())):,}{fixed}"


def share_done(row: Mapping[str, Any]) -> float:
    """Return which share of its cases a proof has tried with one version of the sources, from 0 to 1."""
    return min(1.0, sum(row["done"].values()) / row["cases"]) if row.get("cases") else 0.0


def percent(share: float) -> str:
    """Return a share as "12 %"; 100 % is all of it."""
    return "100 %" if share == 1 else f"{min(99.0, 100 * share):.{0 if share == 0 or share >= 0.01 else 1}f} %"


def tried(row: Mapping[str, Any]) -> int:
    """Return the number of cases that were tried with one version of the sources."""
    return int(sum(row["counts"].values()) + row["faults"])


def page(text: str, results: Mapping[str, Any]) -> str:
    """Return the text of the page with the table of these results."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{table(results)}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), read(RESULTS)), encoding="utf-8")
