"""Code written for sklearn-crfsuite, as in its documentation, runs with import and class name changed."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

pytest.importorskip("sklearn")

from sklearn.metrics import classification_report, f1_score

from elman.sklearn import ElmanClassifier, ElmanTagger

Sentence = list[tuple[str, str, str]]

PLACES = [["Lima"], ["Quito"], ["San", "Juan"], ["Nueva", "York"], ["Cali"], ["Santa", "Cruz"]]
FRAMES = [
    ([("vive", "VMI"), ("en", "SP")], [(".", "Fp")]),
    ([("El", "DA"), ("alcalde", "NC"), ("de", "SP")], []),
    ([], [("crece", "VMI"), ("25", "Z"), (".", "Fp")]),
    ([("De", "SP")], [("a", "SP"), ("casa", "NC")]),
]


def made(place: list[str], before: list[tuple[str, str]], after: list[tuple[str, str]]) -> Sentence:
    name = [(word, "NP", "I-LOC" if i else "B-LOC") for i, word in enumerate(place)]
    return [*((*pair, "O") for pair in before), *name, *((*pair, "O") for pair in after)]


SENTENCES = [made(place, *frame) for place in PLACES for frame in FRAMES]
train_sents, test_sents = SENTENCES[:20], SENTENCES[20:]


def word2features(sent: Sentence, i: int) -> dict[str, Any]:
    """Return the features of the example: of the word, and of its neighbours."""
    word, postag, _ = sent[i]
    features: dict[str, Any] = {
        "bias": 1.0,
        "word.lower()": word.lower(),
        "word[-3:]": word[-3:],
        "word[-2:]": word[-2:],
        "word.isupper()": word.isupper(),
        "word.istitle()": word.istitle(),
        "word.isdigit()": word.isdigit(),
        "postag": postag,
        "postag[:2]": postag[:2],
    }
    for offset, end in ((-1, "BOS"), (1, "EOS")):
        if not 0 <= i + offset < len(sent):
            features[end] = True
            continue
        other, other_tag, _ = sent[i + offset]
        features |= {
            f"{offset:+}:word.lower()": other.lower(),
            f"{offset:+}:word.istitle()": other.istitle(),
            f"{offset:+}:word.isupper()": other.isupper(),
            f"{offset:+}:postag": other_tag,
            f"{offset:+}:postag[:2]": other_tag[:2],
        }
    return features


X_train, X_test = ([[word2features(s, i) for i in range(len(s))] for s in sents] for sents in (train_sents, test_sents))
y_train, y_test = ([[label for _, _, label in s] for s in sents] for sents in (train_sents, test_sents))


def test_the_example_runs() -> None:
    with pytest.warns(
        UserWarning, match="ElmanTagger: algorithm, c1, c2, max_iterations, all_possible_transitions: of"
    ):
        crf = ElmanTagger(algorithm="lbfgs", c1=0.1, c2=0.1, max_iterations=100, all_possible_transitions=True)
    crf.fit(X_train, y_train)
    labels = list(crf.classes_)
    labels.remove("O")
    assert labels == ["B-LOC", "I-LOC"]
    y_pred = crf.predict(X_test)
    flat = list(chain.from_iterable(y_test)), list(chain.from_iterable(y_pred))
    assert f1_score(*flat, average="weighted", labels=labels) > 0.9
    assert "B-LOC" in classification_report(*flat, labels=sorted(labels, key=lambda name: (name[1:], name[0])))
    assert crf.predict_single(X_test[0]) == y_pred[0]
    assert set(crf.predict_marginals_single(X_test[0])[0]) == {"B-LOC", "I-LOC", "O"}
    assert "algorithm" not in crf.get_params()


def test_other_names_are_refused_as_before() -> None:
    with pytest.raises(TypeError, match="ElmanTagger: no setting 'c3'"):
        ElmanTagger(c3=1)
    with pytest.raises(TypeError, match="ElmanClassifier: no setting 'c1'"):
        ElmanClassifier(c1=1)
