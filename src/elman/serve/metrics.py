"""Counts for Prometheus: requests by path and status, their time, sentences, corrections, models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 60.0)
"""Upper ends of the histogram of seconds."""


class Metrics:
    """Counts of one process; for one thread."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._buckets: Counter[float] = Counter()
        self._seconds, self._times = 0.0, 0
        self.sentences = 0

    def count(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests[path, method, status] += 1
        self._seconds += seconds
        self._times += 1
        self._buckets[next((most for most in BUCKETS if seconds <= most), float("inf"))] += 1

    def text(self, gauges: Iterable[tuple[str, str, float]]) -> str:
        """Return all counts in Prometheus' text format, and gauges: name, help, value."""
        lines = _head("elman_requests_total", "counter", "Requests by path, method and status.")
        for (path, method, status), n in sorted(self._requests.items()):
            known = method if method in ("GET", "HEAD", "POST") else "other"
            lines.append(f'elman_requests_total{{path="{path}",method="{known}",status="{status}"}} {n}')
        lines += _head("elman_request_seconds", "histogram", "Time of a request.")
        total = 0
        for most in BUCKETS:
            total += self._buckets[most]
            lines.append(f'elman_request_seconds_bucket{{le="{most}"}} {total}')
        lines.append(f'elman_request_seconds_bucket{{le="+Inf"}} {self._times}')
        lines += [f"elman_request_seconds_sum {self._seconds:.6f}", f"elman_request_seconds_count {self._times}"]
        lines += _head("elman_sentences_total", "counter", "Sentences tagged for programs.")
        lines.append(f"elman_sentences_total {self.sentences}")
        for name, help, value in gauges:
            lines += [*_head(name, "gauge", help), f"{name} {value:g}"]
        return "\n".join(lines) + "\n"


def _head(name: str, kind: str, help: str) -> list[str]:
    return [f"# HELP {name} {help}", f"# TYPE {name} {kind}"]
