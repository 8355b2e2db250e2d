"""Models of every task: copies and pickles are of the same class, and each class has the calls that suit it."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.errors import ElmanError, ModelFileError
from elman.taggers.base import Predictor
from elman.taggers.language_model import LanguageModel
from elman.taggers.pipeline import Pipeline
from elman.taggers.regression.regressor import Regressor
from elman.taggers.segmenter import Segmenter
from elman.taggers.structured import EncodedTagger
from elman.taggers.tagger import Tagger, TaggerClassifier, TextClassifier
from predictions import said

ROWS = [
    ("Cats", "cat", "NOUN", "Number=Plur", "2", "nsubj", "_"),
    ("ran", "run", "VERB", "Tense=Past", "0", "root", "SpaceAfter=No"),
    (".", ".", "PUNCT", "_", "2", "punct", "_"),
]
LINES = [
    f"{i}\t{form}\t{lemma}\t{upos}\t_\t{feats}\t{head}\t{deprel}\t_\t{misc}\n"
    for i, (form, lemma, upos, feats, head, deprel, misc) in enumerate(ROWS, 1)
]
NUMBERS = "".join("0.1\t0.2\n0.3\t0.4\n\n" for _ in range(4))
SMALL = {"hidden": 8, "epochs": 2, "batch": 2, "ensemble": 1, "embedding": 8}
QUIET: dict[str, Any] = {"threads": 1, "on_warning": lambda text: None}
KINDS: dict[str, dict[str, Any]] = {
    "tag": {"settings": SMALL},
    "tag hmm": {"model": "hmm"},
    "tag frequent": {"model": "frequent"},
    "columns": {"target": "upos,feats", "settings": SMALL},
    "classify": {"settings": SMALL},
    "classify linear": {"model": "linear"},
    "both": {"target": "upos,genre", "settings": SMALL},
    "segment": {"settings": SMALL},
    "lemma": {"settings": SMALL},
    "lemma hmm": {"model": "hmm"},
    "morphology:features=each": {"settings": SMALL},
    "parse": {"settings": SMALL},
    "parse:heads=relative": {"settings": SMALL},
    "parse trees": {"settings": SMALL},
    "pipeline": {"settings": SMALL},
    "pipeline:heads=relative": {"settings": SMALL},
    "lm": {"settings": SMALL},
    "lm ngram": {"model": "ngram"},
    "regress": {"settings": {"hidden": 4, "epochs": 2}},
}
TREES = "(S (NP (D the) (N cat)) (VP (V sees) (NP (N mats))))\n(S (NP (N cats)) (VP (V sleep)))\n"


@pytest.fixture(scope="module", params=KINDS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Predictor]:
    folder = tmp_path_factory.mktemp("every")
    (folder / "t.conllu").write_text(("# newpar\n" + "".join(LINES) + "\n") * 8, encoding="utf-8")
    (folder / "t.tsv").write_text(NUMBERS, encoding="utf-8")
    (folder / "t.txt").write_text("X\tCats ran .\nY\tdogs sat down\n" * 4, encoding="utf-8")
    (folder / "t.trees").write_text(TREES * 4, encoding="utf-8")
    task = request.param.split()[0]
    name = {"regress": "t.tsv", "classify": "t.txt", "lm": "t.txt"}.get(task, "t.conllu")
    own: Any = None if task in ("tag", "columns", "classify", "both") else task
    data: Any = str(folder / ("t.trees" if request.param == "parse trees" else name))
    if task == "both":
        columns = {"upos": ("NOUN", "VERB", "PUNCT")}
        data = [elman.Sentence(("Cats", "ran", "."), columns, labels={"genre": genre}) for genre in "XYXY"]
    yield elman.train(data, task=own, **KINDS[request.param], **QUIET)


@pytest.fixture(scope="module")
def pools() -> Iterator[dict[str, Pool]]:
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads beside fork
        ways = {"spawn", "fork"} & set(multiprocessing.get_all_start_methods())
        yield {way: stack.enter_context(multiprocessing.get_context(way).Pool(1)) for way in sorted(ways)}


def same(one: Predictor, other: Predictor) -> bool:
    (a, tensors), (b, others) = one.to_record(), other.to_record()
    return a == b and all(np.array_equal(tensors[name], others[name]) for name in tensors | others)


@pytest.mark.parametrize("again", [lambda model: pickle.loads(pickle.dumps(model)), copy.copy, copy.deepcopy])
def test_copies_and_pickles_are_the_model(model: Predictor, again: Callable[[Predictor], Predictor]) -> None:
    other = again(model)
    assert type(other) is type(model)
    assert same(model, other)
    assert said(model) == said(other)
    assert other.threads == model.threads


def test_other_processes_predict_the_same(model: Predictor, pools: dict[str, Pool]) -> None:
    for pool in pools.values():
        assert pool.apply(said, (model,)) == said(model)


def test_joblib_dumps_models(model: Predictor, tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    joblib.dump(model, tmp_path / "model.joblib")
    other = joblib.load(tmp_path / "model.joblib")
    assert same(model, other) and said(model) == said(other)


def test_a_pickle_holds_the_bytes_of_the_model_file(model: Predictor, tmp_path: Path) -> None:
    model.save(tmp_path / "a.model")
    data = (tmp_path / "a.model").read_bytes()
    restore, (held, *how) = model.__reduce__()[:2]
    assert held == data and data in pickle.dumps(model)
    with pytest.raises(ModelFileError, match="^pickle: damaged"):
        restore(data[:-1] + bytes([data[-1] ^ 1]), *how)


def test_a_pickle_keeps_temperatures_threads_and_precision() -> None:
    train = [[("the", "D"), ("cat", "N")], [("cats", "N"), ("sleep", "V")]] * 8
    dev = [[("the", "D"), ("dog", "N")], [("cats", "V"), ("bark", "V")]]
    tagger = elman.train(train, dev, settings=SMALL, threads=2, on_warning=lambda text: None)
    assert tagger.temperature("tag") != 1
    tagger.choose_precision("exact")
    other = pickle.loads(pickle.dumps(tagger))
    assert (other.temperatures, other.threads, other.precision) == (tagger.temperatures, 2, "exact")
    raw = pickle.loads(pickle.dumps(tagger.uncalibrated()))
    assert raw.temperatures == {"tag": 1.0}
    assert np.array_equal(raw.probabilities(["the"]), tagger.uncalibrated().probabilities(["the"]))


def test_a_pickle_keeps_how_a_model_tags(model: Predictor) -> None:
    precise = copy.deepcopy(model)
    precise.choose_precision("exact")
    other = pickle.loads(pickle.dumps(precise))
    assert other.precision == precise.precision == "exact"
    if isinstance(other, Pipeline):
        assert other.segmenter.precision == "exact"


def test_other_facts_and_raw_probabilities_make_no_other_kind(model: Predictor) -> None:
    other = model.about(format="columns", sentences=7)
    assert type(other) is type(model)
    assert (other.format, other.describe()["data"]["sentences"]) == ("columns", 7)
    assert model.describe()["data"]["sentences"] != 7
    assert said(other) == said(model)
    assert pickle.loads(pickle.dumps(other)).describe()["data"]["sentences"] == 7  # and so in its file
    raw = model.uncalibrated()
    assert type(raw) is type(model)
    assert said(raw) == said(model)
    assert set(raw.temperatures.values()) <= {1.0}


OF_COLUMNS = {"predict", "pipe", "evaluate", "compare", "known", "gives", "to_arrow"}
CALLS: dict[type, set[str]] = {
    Tagger: OF_COLUMNS | {"tag", "fields", "probabilities", "nbest", "stream", "tag_lines"},
    TextClassifier: OF_COLUMNS | {"classify", "probabilities"},
    EncodedTagger: OF_COLUMNS | {"tag", "nbest", "probabilities"},
    Pipeline: OF_COLUMNS | {"tag", "nbest", "probabilities", "sentences", "evaluate_text"},
    Segmenter: {"segment", "sentences", "evaluate_text"},
    LanguageModel: {"sample", "evaluate"},
    Regressor: {"predict", "pipe", "evaluate"},
}
CALLS[TaggerClassifier] = CALLS[Tagger] | CALLS[TextClassifier]
"""What each class has besides what every ``Predictor`` has."""


def test_calls_that_make_no_sense_do_not_exist(model: Predictor) -> None:
    every = set.union(*CALLS.values())
    assert {name for name in every if hasattr(model, name)} == CALLS[type(model)]


def test_the_classes_are_public(model: Predictor) -> None:
    assert getattr(elman, type(model).__name__) is type(model)
    assert isinstance(model, elman.Predictor)


def test_one_line_says_what_it_is(model: Predictor) -> None:
    text = repr(model)
    assert text.startswith(f"<{type(model).__name__}: {model.kind}, ") and text.endswith((" sentences>", " texts>"))
    assert "\n" not in text and len(text) < 200


def test_a_text_is_no_list_of_words(model: Predictor) -> None:
    for name in {"tag", "probabilities"} & CALLS[type(model)]:
        if not isinstance(model, TextClassifier):
            with pytest.raises(ElmanError):
                getattr(model, name)("Cats ran .")
