"""Scores of predicted tags against gold tags: the public names of ``elman.evaluation.tagging``."""

from elman.evaluation.tagging import Confusion, Evaluation, TagScore, Tally, evaluate, marks_spans

__all__ = ["Confusion", "Evaluation", "TagScore", "Tally", "evaluate", "marks_spans"]
