"""What tagging computes once for each word: the same scores as the network's, whatever was read before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from elman import kernels
from elman.config import Config
from elman.errors import ConfigError
from elman.models import inference as reader
from elman.models.inference import InferenceCache, tagging_precision
from elman.models.rnn import RecurrentModel
from elman.training.run_options import RunOptions
from elman.training.train_rnn import train_rnn

TRAIN = [(["the", "dog", "sees", "a", "cat"], ["D", "N", "V", "D", "N"]), (["it", "rains"], ["P", "V"])] * 3
TEXT = [["the", "cat", "rains"], [], ["zebras", "see", "the", "Zebra", "in-house"], ["it"]]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"ensemble": 1, "layers": 2},
    {"ensemble": 1, "layers": 3, "residual": "highway", "direction": "forward"},
    {"cell": "gru"},
    {"cell": "sru"},
    {"cell": "elman", "embedding": 0, "features": "none", "direction": "forward"},
    {"cell": "mingru", "embedding": 0, "features": "none"},
    {"direction": "forward", "hidden": 20, "characters": 5},
]


def model(**settings: Any) -> RecurrentModel:
    return train_rnn(
        TRAIN, None, Config().with_settings({"epochs": 2, "hidden": 12, "ensemble": 2, **settings}), RunOptions()
    )


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_scores_of_the_network(settings: dict[str, Any]) -> None:
    one = model(**settings)
    one.choose_precision("exact")
    mine = one.probabilities(TEXT)
    words = [word for sentence in TEXT for word in sentence]
    inputs = one.lexicon.read(words)
    lengths = np.array([len(sentence) for sentence in TEXT], np.int64)
    head = one.heads.each[0]
    (flat,) = one._flat(
        lengths,
        lambda rows, batch: iter([(slice(None), one.scores(inputs.take(rows), batch))]),
        lambda *scored: [head.marginals(*scored)],
    )
    np.testing.assert_allclose(np.concatenate(mine), flat, atol=1e-5)


@pytest.mark.skipif(not kernels.describe()["int8"], reason="needs a processor with 8-bit dot products")
def test_eight_bits_are_near() -> None:
    one = model(hidden=40)
    one.choose_precision("exact")
    exact = one.probabilities(TEXT)
    one.choose_precision("int8")
    for near, p in zip(one.probabilities(TEXT), exact, strict=True):
        np.testing.assert_allclose(near, p, atol=0.03)


@pytest.mark.parametrize("precision", ["auto", "exact"])
def test_a_full_table_is_begun_anew(monkeypatch: pytest.MonkeyPatch, precision: str) -> None:
    one = model()
    one.choose_precision(precision)
    fresh = [ids.tolist() for ids in one.best(TEXT)]
    monkeypatch.setattr(reader, "SPARE", 1)
    one.choose_precision(precision)
    one.reader.most = 3
    one.reader._start()
    for _ in range(5):
        assert [one.best([sentence])[0].tolist() for sentence in TEXT] == fresh
    lines = "\n".join(" ".join(sentence) for sentence in TEXT).encode()
    assert one.best_of_lines(lines).tolist() == [i for ids in fresh for i in ids]
    assert one.best_of_lines(b"").tolist() == []
    assert one.best_of_lines(b"\n\n").tolist() == []


def test_tables_are_bounded() -> None:
    one = model(hidden=512)
    assert one.reader.most == max(1024, reader.CACHE_BYTES // sum(member.row for member in one.reader.members))
    assert isinstance(one.reader, InferenceCache)


def test_precision() -> None:
    lstm, gru = Config(), Config().with_settings({"cell": "gru"})
    assert tagging_precision("exact", lstm) == "exact"
    assert tagging_precision("auto", gru) == "exact"
    assert tagging_precision("auto", lstm) == ("int8" if kernels.describe()["int8"] else "exact")
    with pytest.raises(ConfigError, match="expected auto or exact or int8, got 'half'"):
        tagging_precision("half", lstm)
    with pytest.raises(ConfigError, match="int8 is not available"):
        tagging_precision("int8", gru)


@pytest.mark.parametrize("settings", SETTINGS)
def test_no_memory_for_a_new_table_leaves_the_old_one(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = model(**settings)
    expected = one.best(TEXT)
    read = one.reader
    read.most = 0  # so that it is begun anew with the next text
    real, calls = type(read.members[-1]).empty, iter(range(100))

    def empty(self: Any, n: int) -> Any:
        if next(calls) == len(read.members) - 1:  # for the others there was some
            raise MemoryError
        return real(self, n)

    monkeypatch.setattr(type(read.members[-1]), "empty", empty)
    tables = read._tables
    with pytest.raises(MemoryError):
        one.best(TEXT)
    assert read._tables is tables and len(read._words) == read._full
    for _ in range(3):
        for ids, right in zip(one.best(TEXT), expected, strict=True):
            np.testing.assert_array_equal(ids, right)


@pytest.mark.parametrize("settings", SETTINGS)
def test_an_error_while_words_are_read_leaves_them_to_be_read(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = model(**settings)
    expected = one.best(TEXT)
    one.choose_precision("auto")
    kind, calls = type(one.reader.members[-1]), iter(range(100))
    real = kind.fill

    def fill(self: Any, *given: Any) -> None:
        if next(calls) == len(one.reader.members) - 1:
            raise KeyboardInterrupt
        real(self, *given)

    monkeypatch.setattr(kind, "fill", fill)
    with pytest.raises(KeyboardInterrupt):
        one.best(TEXT)
    for ids, right in zip(one.best(TEXT), expected, strict=True):
        np.testing.assert_array_equal(ids, right)


def test_no_memory_is_said_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: Any, **named: Any) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("mmap.mmap", fail)
    with pytest.raises(MemoryError):
        reader._fresh((3, 4), np.float32)


COLUMNS = [(words, [word[0] for word in words], [word[-1] for word in words]) for words, _ in TRAIN]
ROWS = [slice(0, 3), slice(3, 3), slice(3, 8), slice(8, 9)]  # of the sentences of TEXT


def columns_model(**settings: Any) -> RecurrentModel:
    config = Config().with_settings({"epochs": 2, "hidden": 12, "ensemble": 1, **settings})
    return train_rnn(COLUMNS, None, config, RunOptions())


@pytest.mark.parametrize("precision", ["exact", "auto"])
@pytest.mark.parametrize("settings", [{}, {"decoder": "crf"}, {"ensemble": 2}, {"cell": "gru", "layers": 2}])
def test_lazy_scores_are_those_of_one_pass(settings: dict[str, Any], precision: str) -> None:
    one = columns_model(**settings).with_temperatures([1.0, 2.0])
    one.choose_precision(precision)
    answers = one.lazy_scores(TEXT)
    best = one.best_columns(TEXT)
    for column in (0, 1):
        p = one.probabilities(TEXT, column)
        ids, mine, scores = answers.best(column), answers.probabilities(column), answers.scores(column)
        assert ids.dtype == np.int32 and scores.dtype == np.float32
        softmax = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        for i, rows in enumerate(ROWS):
            assert ids[rows].tolist() == best[column][i].tolist()
            np.testing.assert_allclose(mine[rows], p[i], atol=1e-5)
            np.testing.assert_allclose(softmax[rows], p[i], atol=1e-5)
        whole = answers.probabilities(column)
        np.testing.assert_array_equal(answers.word_probabilities(column, [3, 0, 3]), whole[[3, 0, 3]])
        some = answers.of([2, 0]).probabilities(column)
        np.testing.assert_allclose(some, np.concatenate([p[2], p[0]]), atol=1e-5)


def test_lazy_scores_of_no_words() -> None:
    answers = columns_model().lazy_scores([[]])
    assert answers.best(0).shape == (0,)
    assert answers.scores(1).shape[0] == 0 == len(model().lazy_scores([]).best(0))
