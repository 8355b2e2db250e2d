"""Paired comparison of two taggers: the public names of ``elman.evaluation.compare``."""

from elman.evaluation.compare import (
    Comparison,
    choose_metric,
    compare,
    compare_conllu,
    score,
)
from elman.evaluation.compare_runs import RunsComparison, RunScores, compare_runs

__all__ = [
    "Comparison",
    "RunScores",
    "RunsComparison",
    "choose_metric",
    "compare",
    "compare_conllu",
    "compare_runs",
    "score",
]
