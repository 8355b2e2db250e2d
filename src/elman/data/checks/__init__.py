"""The data doctor: what is wrong with labelled data, or looks it, before anybody trains on them or believes a figure.

read_splits(files)  ->  Splits  ->  examine(splits)  ->  Report of Findings, each with file, line and severity
"""

from __future__ import annotations

from elman.data.checks.dataset import read_splits
from elman.data.checks.findings import CHECKS, SEVERITIES, Finding, Group, Place, Split, counted, kind, titled
from elman.data.checks.report import Census, Column, Report, examine

__all__ = [
    "CHECKS",
    "SEVERITIES",
    "Census",
    "Column",
    "Finding",
    "Group",
    "Place",
    "Report",
    "Split",
    "counted",
    "examine",
    "kind",
    "read_splits",
    "titled",
]
