"""Estimators for scikit-learn whose words are dicts, lists or sets of features."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.model_selection import GridSearchCV

from elman.sklearn import ElmanTagger, InputError

TINY: dict[str, Any] = {"hidden": 8, "embedding": 8, "feature_embedding": 4, "epochs": 6, "batch": 2, "ensemble": 1}
TINY["threads"] = 1
X = [["the", "dog", "barks"], ["a", "cat"], ["dogs", "bark"], ["the", "old", "cat"]] * 5
Y = [["D", "N", "V"], ["D", "N"], ["N", "V"], ["D", "A", "N"]] * 5
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # doubts about so little data


def test_words_are_dicts_or_lists_of_features() -> None:
    dicts = [[{"word": word, "bias": 1.0, "first": i == 0} for i, word in enumerate(words)] for words in X]
    lists = [[[f"word={word}", *["first"] * (i == 0), "x"] for i, word in enumerate(words)] for words in X]
    for rows in (dicts, lists, np.array(dicts, dtype=object)):
        tagger = ElmanTagger(**TINY).fit(rows, Y)
        assert tagger.score(rows, Y) > 0.8 and len(tagger.predict_single(rows[0])) == 3
        assert tagger.predict(rows).tolist() == pickle.loads(pickle.dumps(tagger)).predict(rows).tolist()
        assert set(tagger.predict_marginals_single(rows[0])[0]) == set(tagger.classes_)
        with pytest.raises(InputError, match=r"^X\[0\]: expected a dict of features for each word, got 'the'"):
            tagger.predict(X)
    search = GridSearchCV(ElmanTagger(**TINY), {"hidden": [4, 8]}, cv=2).fit(dicts, Y)
    assert search.best_score_ > 0.5
    with pytest.raises(InputError, match=r"^X\[0\]: feature 'a': expected a text, True, False or a number"):
        tagger.fit([[{"a": float("nan")}]], [["D"]])


def test_features_in_other_containers_are_the_same() -> None:
    dicts = [[{"word": word, "first": i == 0} for i, word in enumerate(words)] for words in X]
    expected = ElmanTagger(**TINY).fit(dicts, Y).predict(dicts).tolist()
    pairs = [list(zip(words, tags, strict=True)) for words, tags in zip(dicts, Y, strict=True)]
    sets = [
        [{f"{key}={value}" if key == "word" else key for key, value in d.items() if value} for d in s] for s in dicts
    ]
    for rows, tags in (
        ([[OrderedDict(each) for each in words] for words in dicts], Y),
        (sets, Y),
        (pairs, None),
    ):
        tagger = ElmanTagger(**TINY).fit(rows, tags)
        assert len(tagger.predict(rows)) == len(expected) and tagger.predictor_.reads_features
    assert ElmanTagger(**TINY).fit(pairs).predict(pairs).tolist() == expected
