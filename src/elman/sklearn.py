"""Estimators for scikit-learn: the public names of ``elman.integrations.sklearn``."""

from elman.integrations.sklearn import ElmanClassifier, ElmanTagger, InputError

__all__ = ["ElmanClassifier", "ElmanTagger", "InputError"]
