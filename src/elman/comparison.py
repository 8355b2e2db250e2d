"""Paired comparison of two taggers: the public names of ``elman.evaluation.compare``."""

from elman.evaluation.compare import (
    Comparison,
    RunsComparison,
    RunScores,
    choose_metric,
    compare,
    compare_conllu,
    compare_runs,
    score,
)

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
