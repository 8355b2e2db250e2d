"""Check labelled data for errors and oddities before a model is trained or evaluated on them.

read_splits(files)  ->  DataSplits  ->  examine(splits)  ->  CheckReport of Findings, each with file, line and severity
"""

from __future__ import annotations

from elman.data.checks.dataset import read_splits
from elman.data.checks.findings import (
    CHECKS,
    SEVERITIES,
    DataSplit,
    Finding,
    FindingGroup,
    Location,
    column_title,
    label_kind,
)
from elman.data.checks.report import CheckReport, ColumnStatistics, SplitStatistics, examine

__all__ = [
    "CHECKS",
    "SEVERITIES",
    "SplitStatistics",
    "ColumnStatistics",
    "Finding",
    "FindingGroup",
    "Location",
    "CheckReport",
    "DataSplit",
    "examine",
    "label_kind",
    "read_splits",
    "column_title",
]
