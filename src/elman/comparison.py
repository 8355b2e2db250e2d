"""Paired comparison of two taggers: the public names of ``elman.evaluation.compare``."""

from elman.evaluation.compare import Comparison, Runs, RunsComparison, chosen_metric, compare, compare_runs, score

__all__ = ["Comparison", "Runs", "RunsComparison", "chosen_metric", "compare", "compare_runs", "score"]
