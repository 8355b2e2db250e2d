"""Estimators for scikit-learn: the public names of ``elman.integrations.sklearn``.

The estimators have a parameter for each setting of ``elman settings``; None, the default, is the value of ``preset``.
"""

from elman.integrations.sklearn import ElmanClassifier, ElmanTagger, InputError

__all__ = ["ElmanClassifier", "ElmanTagger", "InputError"]
