"""Scores of predicted tags against gold tags: the public names of ``elman.evaluation.tagging``."""

from elman.evaluation.tagging import Confusion, TagEvaluation, TagEvaluator, TagScore, evaluate, marks_spans

__all__ = ["Confusion", "TagEvaluation", "TagEvaluator", "TagScore", "evaluate", "marks_spans"]
