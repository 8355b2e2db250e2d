"""The estimators do what scikit-learn asks of estimators, and give what the models they hold give."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

import joblib
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.exceptions import NotFittedError
from sklearn.metrics import classification_report, f1_score, make_scorer
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

import elman
from elman import integrations, sklearn
from elman.errors import ConfigError, how_to_install
from elman.settings import NETWORK, TRAINING
from elman.sklearn import ElmanClassifier, ElmanTagger, InputError

TINY: dict[str, Any] = {
    "hidden": 8,
    "embedding": 8,
    "feature_embedding": 4,
    "epochs": 6,
    "batch": 2,
    "ensemble": 1,
    "threads": 1,
}
X = [["the", "dog", "barks"], ["a", "cat"], ["dogs", "bark"], ["the", "old", "cat"]] * 5
Y = [["D", "N", "V"], ["D", "N"], ["N", "V"], ["D", "A", "N"]] * 5
TEXTS = ["good film", "bad film", "very good", "so bad"] * 5
LABELS = ["pos", "neg", "pos", "neg"] * 5
ANY_LENGTH = "sentences and documents have any number of words, so there are no n_features_in_"
EXPECTED = {"check_n_features_in": ANY_LENGTH, "check_n_features_in_after_fitting": ANY_LENGTH}
OF_CLASSIFIERS = {"check_classifiers_train": f"it demands an error for other numbers of columns at last; {ANY_LENGTH}"}
if find_spec("pandas"):
    OF_CLASSIFIERS["check_classifier_data_not_an_array"] = "of a DataFrame one column is the text, not a row of them"


@pytest.fixture(autouse=True)
def doubts_about_so_little_data() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning)
        yield


@pytest.fixture(scope="module")
def tagger() -> ElmanTagger:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ElmanTagger(**TINY).fit(X, Y)


@pytest.fixture(scope="module")
def classifier() -> ElmanClassifier:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ElmanClassifier(**TINY).fit(TEXTS, LABELS)


@pytest.mark.parametrize(
    ("kind", "expected", "least"),
    [(ElmanTagger, EXPECTED, 39), (ElmanClassifier, EXPECTED | OF_CLASSIFIERS, 47)],
)
def test_the_checks_of_scikit_learn(kind: Any, expected: dict[str, str], least: int) -> None:
    smallest = {**TINY, "hidden": 4, "epochs": 1, "features": "none", "batch": 16}
    results = check_estimator(kind(**smallest), expected_failed_checks=expected, on_skip=None)
    assert {one["check_name"] for one in results if one["status"] == "xfail"} == set(expected)
    assert sum(one["status"] == "passed" for one in results) >= least


@pytest.mark.parametrize("kind", [ElmanTagger, ElmanClassifier])
def test_all_settings_are_parameters(kind: Any) -> None:
    assert set(kind().get_params()) >= {*NETWORK, *TRAINING, "preset", "seed", "threads", "budget"}
    one = kind(hidden=32, preset="fast", seed=3)
    assert repr(one) == f"{kind.__name__}(hidden=32, preset='fast', seed=3)"
    assert (
        clone(one).get_params() == one.get_params() == kind().set_params(hidden=32, preset="fast", seed=3).get_params()
    )
    assert "hidden" in one._repr_html_()
    with pytest.raises(TypeError, match=f"{kind.__name__}: no setting 'hiden': did you mean hidden"):
        kind(hiden=3)
    with pytest.raises(ConfigError, match="hidden: expected a number from 1"):
        kind(hidden=0).fit(X if kind is ElmanTagger else TEXTS, Y if kind is ElmanTagger else LABELS)


def test_parameters_override_the_preset() -> None:
    small = {"embedding": 4, "feature_embedding": 4, "epochs": 1, "threads": 1}
    settings = ElmanTagger(preset="fast", hidden=np.int64(5), **small).fit(X, Y).predictor_.describe()["settings"]
    assert settings["network"]["hidden"] == 5
    assert settings["network"]["decoder"] == "softmax"  # the preset's


def tagged() -> list[list[tuple[str, str]]]:
    return [list(zip(words, tags, strict=True)) for words, tags in zip(X, Y, strict=True)]


def objects(rows: list[Any]) -> Any:
    found = np.empty(len(rows), object)
    found[:] = rows
    return found


def series(rows: list[Any]) -> Any:
    return pytest.importorskip("pandas").Series(rows)


@pytest.mark.parametrize(
    "data",
    [
        lambda: (tagged(), None),
        lambda: (tagged(), Y),
        lambda: (objects(X), objects(Y)),
        lambda: (objects(tagged()), None),
        lambda: ([np.array(words) for words in X], [np.array(tags) for tags in Y]),
        lambda: (tuple(map(tuple, X)), tuple(map(tuple, Y))),
        lambda: ([elman.Sentence(tuple(words)) for words in X], Y),
        lambda: (series(X), series(Y)),
        lambda: (series(tagged()), None),
    ],
    ids=[
        "pairs",
        "pairs, y",
        "objects",
        "objects of pairs",
        "arrays",
        "tuples",
        "Sentence",
        "Series",
        "Series of pairs",
    ],
)
def test_sentences_in_any_form_are_the_same(tagger: ElmanTagger, data: Any) -> None:
    own_X, own_Y = data()
    other = clone(tagger).fit(own_X, own_Y)
    assert other.predict(own_X).tolist() == tagger.predict(X).tolist()
    assert other.score(own_X, own_Y) == tagger.score(X, Y)


def test_it_predicts_what_its_model_predicts(tagger: ElmanTagger) -> None:
    assert tagger.classes_.tolist() == ["A", "D", "N", "V"]
    predicted = tagger.predict(X)
    assert predicted.shape == (len(X),) and predicted.tolist() == tagger.predictor_.predict(X)
    assert tagger.predict_single(X[0]) == tagger.predictor_.tag(X[0]) == predicted[0]
    assert tagger.score(X, Y) == tagger.predictor_.evaluate(tagged()).accuracy >= 0.9
    marginals = tagger.predict_marginals(X)
    assert marginals[0] == tagger.predict_marginals_single(X[0])
    p = tagger.predictor_.probabilities(X[0])
    assert marginals[0][2] == dict(zip(tagger.predictor_.tags, p[2].tolist(), strict=True))
    assert list(marginals[0][2]) == tagger.classes_.tolist()
    assert tagger.predict_proba(X)[0].shape == (3, 4)
    assert tagger.predict([[], ["a"]]).tolist() == [[], tagger.predict_single(["a"])]


def test_arrays_of_one_length_give_arrays() -> None:
    codes = np.array([[3, 1, 2], [1, 2, 3], [2, 3, 1]] * 6)
    tagger = ElmanTagger(**TINY).fit(codes, codes % 2)
    predicted = tagger.predict(codes)
    assert predicted.shape == codes.shape and predicted.dtype == tagger.classes_.dtype == int
    assert predicted.tolist() == tagger.predict(codes.tolist()).tolist()


def test_the_best_epoch_on_dev_is_kept() -> None:
    one = ElmanTagger(**TINY).fit(X, Y, X[:4], Y[:4]).predictor_
    data = list(map(list, tagged()))
    assert one.data["dev_sentences"] == 4
    other = elman.train(data, data[:4], settings={k: v for k, v in TINY.items() if k != "threads"}, threads=1)
    assert other.probabilities(X[0]).tolist() == one.probabilities(X[0]).tolist()
    assert ElmanTagger(**TINY, dev="10%").fit(X, Y).predictor_.data["dev_sentences"] == 2


def test_doubts_about_the_data_are_warnings_but_not_that_there_is_no_dev_set() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ElmanTagger(**TINY).fit([["a", "b"], ["c"]], [["D", "D"], ["D"]])
    assert ["every tag" in str(one.message) for one in caught] == [True]
    assert caught[0].filename == __file__


@pytest.mark.parametrize("model", ["hmm", "frequent"])
def test_the_other_models(model: str) -> None:
    assert ElmanTagger(model=model).fit(X, Y).predict_single(["the", "cat"]) == ["D", "N"]


def test_pickle_and_joblib(tagger: ElmanTagger, classifier: ElmanClassifier, tmp_path: Path) -> None:
    for one, data in ((tagger, X), (classifier, TEXTS)):
        joblib.dump(one, tmp_path / "one.joblib")
        for other in (pickle.loads(pickle.dumps(one)), joblib.load(tmp_path / "one.joblib")):
            assert other.predict(data).tolist() == one.predict(data).tolist()
            assert other.get_params() == one.get_params()
    tagger.predictor_.save(tmp_path / "my.model")
    assert elman.load(tmp_path / "my.model").tag(X[0]) == tagger.predict_single(X[0])  # type: ignore[attr-defined]


def lowered(sentences: Any) -> list[list[str]]:
    return [[word.lower() for word in sentence] for sentence in sentences]


def test_pipeline_search_and_cross_validation(tagger: ElmanTagger) -> None:
    loud = [[word.upper() for word in sentence] for sentence in X]
    pipeline = make_pipeline(FunctionTransformer(lowered), clone(tagger))
    assert pipeline.fit(loud, Y).predict(loud).tolist() == tagger.predict(X).tolist()
    assert pipeline.score(loud, Y) == tagger.score(X, Y)
    search = GridSearchCV(clone(tagger), {"hidden": [4, 8], "epochs": [1, 6]}, n_jobs=2, cv=2).fit(X, Y)
    assert search.best_params_["epochs"] == 6 and search.best_score_ >= 0.9
    assert search.predict(X).shape == (len(X),)
    predicted = cross_val_predict(clone(tagger), X, Y, cv=2)
    assert [len(tags) for tags in predicted] == [len(tags) for tags in Y]
    assert not is_classifier(tagger)  # its y is no column


def test_the_steps_of_a_user_of_sklearn_crfsuite() -> None:
    """Fit, labels without O, scores of flat tags, a search with a scorer of one's own."""
    X_train = [["in", "New", "York", "today"], ["Paris", "sleeps"], ["to", "Paris", "today"]] * 6
    y_train = [["O", "B-LOC", "I-LOC", "O"], ["B-LOC", "O"], ["O", "B-LOC", "O"]] * 6
    crf = ElmanTagger(**TINY)
    crf.fit(X_train, y_train)
    labels = list(crf.classes_)
    labels.remove("O")

    def flat_f1_score(y_true: Any, y_pred: Any) -> float:
        flat = (list(chain.from_iterable(y)) for y in (y_true, y_pred))
        return float(f1_score(*flat, average="weighted", labels=labels))

    y_pred = crf.predict(X_train)
    assert flat_f1_score(y_train, y_pred) == 1
    assert "I-LOC" in classification_report(list(chain(*y_train)), list(chain(*y_pred)), labels=labels, digits=3)
    assert cross_val_score(crf, X_train, y_train, cv=2, scoring=make_scorer(flat_f1_score)).min() >= 0.9
    assert (
        max(crf.predict_marginals_single(["Paris"])[0], key=crf.predict_marginals_single(["Paris"])[0].get) == "B-LOC"
    )


@pytest.mark.parametrize(
    ("data", "labels"),
    [
        ([text.split() for text in TEXTS], LABELS),
        (np.array(TEXTS), np.array(LABELS)),
        (np.array(TEXTS)[:, None], LABELS),
        (np.array([text.split() for text in TEXTS]), LABELS),
    ],
    ids=["words", "array", "column", "array of words"],
)
def test_documents_in_any_form_are_the_same(classifier: ElmanClassifier, data: Any, labels: Any) -> None:
    other = clone(classifier).fit(data, labels)
    assert other.predict_proba(data).tolist() == classifier.predict_proba(TEXTS).tolist()


@pytest.mark.parametrize("dtype", [None, "string", "category"])
def test_documents_of_pandas(classifier: ElmanClassifier, dtype: str | None) -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"text": TEXTS, "label": pandas.Series(LABELS, dtype=dtype)})
    other = clone(classifier).fit(table["text"], table["label"])
    assert other.predict(table["text"]).tolist() == classifier.predict(TEXTS).tolist()
    assert other.fit(table[["text"]], (table["label"] == "pos").astype(bool)).classes_.dtype == bool
    with pytest.raises(InputError, match="X: expected documents, .* pass one of its columns, which are 'text, label'"):
        other.fit(table, LABELS)


def test_it_classifies_as_its_model(classifier: ElmanClassifier) -> None:
    assert classifier.classes_.tolist() == ["neg", "pos"]
    assert classifier.predict(TEXTS).tolist() == [classifier.predictor_.classify(text) for text in TEXTS]
    assert classifier.predict_single("good film") == "pos"
    p = classifier.predict_proba(TEXTS)
    assert np.allclose(p.sum(axis=1), 1) and (classifier.classes_[p.argmax(axis=1)] == classifier.predict(TEXTS)).all()
    assert classifier.score(TEXTS, LABELS) == 1


def test_tools_for_classifiers(classifier: ElmanClassifier) -> None:
    from matplotlib import pyplot

    display = CalibrationDisplay.from_estimator(classifier, TEXTS, LABELS, n_bins=2)
    pyplot.close(display.figure_)
    assert display.prob_true.tolist() == [0, 1]
    p = cross_val_predict(clone(classifier), TEXTS, LABELS, cv=2, method="predict_proba")
    assert p.shape == (20, 2)
    one = CalibratedClassifierCV(clone(classifier), cv=2).fit(TEXTS, LABELS)
    assert one.predict(TEXTS).tolist() == LABELS


@pytest.mark.parametrize(
    ("bad_X", "bad_y", "message"),
    [
        (["the dog"], [["D", "N"]], r"X\[0\]: expected a list of words, got 'the dog'; text.split\(\) makes a list"),
        ("the dog", "D", "X: expected sentences, each a list of words, got 'the dog'"),
        ({"a": 1}, Y, "X: expected sentences, each a list of words, got a dict"),
        (X, ["D"] * 20, r"y\[0\]: expected a list of 3 tags, one for each word, got 'D'; ElmanClassifier"),
        (X, [1] * 20, r"y\[0\]: expected a list of 3 tags, one for each word, got 1; ElmanClassifier"),
        (X, [tags[:1] for tags in Y], r"y\[0\]: expected 3 tags, one for each word, got 1"),
        (X, Y[:-1], r"inconsistent numbers of samples: \[20, 19\]"),
        (X, None, "ElmanTagger requires y to be passed, but the target y is None; X alone will do"),
        ([["a", None]], [["D", "N"]], r"X\[0\]: expected words, got None among them"),
        ([["a", float("nan")]], [["D", "N"]], r"X\[0\]: expected words, got NaN or inf among them"),
        ([["a", {"b": 1}]], [["D", "N"]], r"X\[0\]: expected a dict of features for each word, got 'a'"),
        (
            [["a", "b"]],
            [["D", None]],
            "y: expected labels that are all texts or all numbers of one type, got NoneType, str",
        ),
        ([["a", "b"]], [[1, 1.0]], "y: expected labels that are all texts or all numbers of one type, got float, int"),
        ([["a", "b"]], [[["D"], ["N"]]], "y: expected labels that are all texts or all numbers of one type, got list"),
        ([["a", "b"]], [[1.0, float("inf")]], "y: expected labels, got NaN or inf"),
        ([], [], r"X: expected sentences, each a list of words, got none: 0 sample\(s\)"),
    ],
)
def test_other_data_of_a_tagger_is_refused(bad_X: Any, bad_y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ElmanTagger(**TINY).fit(bad_X, bad_y)


@pytest.mark.parametrize(
    ("bad_X", "bad_y", "message"),
    [
        (TEXTS, ["a|b"] * 20, r"y: expected one label each, not empty and without \|, got 'a\|b'; elman.train"),
        (TEXTS, None, "ElmanClassifier requires y to be passed, but the target y is None"),
        (["a", ""], [0, 1], r"X\[1\]: expected a document with a word in it, got ''"),
        (["a", None], [0, 1], r"X\[1\]: expected a text or a list of words, got None"),
        (X, Y, r"y\[0\]: expected a label, got list: .*; ElmanTagger labels each word"),
        (TEXTS, np.linspace(0, 1, 20), "Unknown label type: continuous"),
        (
            TEXTS,
            ["a", None] * 10,
            "y: expected labels that are all texts or all numbers of one type, got NoneType, str",
        ),
    ],
)
def test_other_data_of_a_classifier_is_refused(bad_X: Any, bad_y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ElmanClassifier(**TINY).fit(bad_X, bad_y)


def test_errors_are_those_of_elman_and_of_scikit_learn(tagger: ElmanTagger) -> None:
    assert issubclass(InputError, elman.DataError) and issubclass(InputError, ValueError)
    with pytest.raises(InputError, match="with words in them"):
        tagger.score([[]], [[]])
    for call in ("predict", "predict_proba", "predict_marginals", "score"):
        with pytest.raises(NotFittedError):
            getattr(ElmanTagger(), call)(tagged())


def test_without_scikit_learn_one_line_says_how_to_install_it() -> None:
    code = """
import sys
sys.modules["sklearn"] = None
import elman
try:
    import elman.sklearn
except elman.MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"this needs the package scikit-learn: {how_to_install('sklearn')}\n"


def test_the_flat_module_has_the_public_names() -> None:
    assert {getattr(sklearn, name).__module__.partition(".sklearn")[0] for name in sklearn.__all__} == {
        integrations.__name__
    }


def test_tags_of_dev_without_its_sentences_are_refused() -> None:
    with pytest.raises(InputError, match=r"^y_dev: expected X_dev with it, got None"):
        ElmanTagger(**TINY).fit(X, Y, y_dev=Y)
    with pytest.raises(InputError, match=r"^y_dev: expected X_dev with it, got None"):
        ElmanClassifier(**TINY).fit(TEXTS, LABELS, y_dev=LABELS)
