"""Runs one measurement in a process of its own: ``worker.py MODULE``, started by the other scripts.

Reads a job as JSON from standard input and writes ``MODULE.measure(job)`` as JSON to standard output.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("worker.py is started by the other benchmarks; see make bench and make accuracy")
    from elman.errors import ElmanError

    job = json.load(sys.stdin)
    out, sys.stdout = sys.stdout, sys.stderr  # what libraries print is not part of the result
    try:
        result = import_module(sys.argv[1]).measure(job)
    except ElmanError as error:
        sys.exit(str(error))
    json.dump(result, out)


if __name__ == "__main__":
    main()
