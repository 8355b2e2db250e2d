"""Tests of Spark and Ray, which are large: ``make test-engines`` alone collects them, in an environment of its own."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("ELMAN_TEST_ENGINES") else ["test_*.py"]
