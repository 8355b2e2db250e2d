"""The native tagger of sentences: the tags of the whole way, for whatever a list of words may hold."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import elman
from elman import kernels
from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.models.line_tagger import LONGEST
from elman.taggers.tagger import Tagger
from light_models import BASE, MODELS, WORDS, models_in, sentences

pytestmark = [
    pytest.mark.filterwarnings("ignore:no dev set"),
    pytest.mark.skipif(kernels.native_core() is None, reason="the native kernels are not in use"),
]
words = st.sampled_from(WORDS) | st.text(st.characters(codec="utf-8"), min_size=1)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    return models_in(tmp_path_factory.mktemp("models"))


def load(path: Path, **how: Any) -> Tagger:
    found = elman.load(path, **how)
    assert isinstance(found, Tagger) and found._model.native is not None
    return found


def whole(tagger: Tagger, texts: list[list[str]]) -> list[list[str]]:
    """The tags by ``elman.models.inference``."""
    return [[tagger.tags[i] for i in ids] for ids in tagger._model.best(texts)]


@pytest.mark.parametrize("precision", ["exact", "auto"])
@pytest.mark.parametrize("name", [*MODELS, "spans"])
def test_the_same_tags_to_the_bit(models: Callable[[str], Path], name: str, precision: str) -> None:
    tagger = load(models(name), precision=precision, threads=1)

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(st.lists(st.lists(words), max_size=20))
    def check(texts: list[list[str]]) -> None:
        expected = whole(tagger, texts)
        assert [tagger.tag(text) for text in texts] == expected
        assert tagger.predict(texts) == tagger.predict(map(tuple, texts)) == expected

    check()


def test_what_is_no_list_of_plain_words_goes_the_whole_way(models: Callable[[str], Path]) -> None:
    tagger = load(models("default"))
    native, given = tagger._model.native, ["the", "dogs"]
    own = type("Own", (str,), {})
    for other in (Sentence(("the", "dogs")), (word for word in given), [own("the"), "dogs"]):
        assert native.tag_words(other, LONGEST) is None
    assert native.tag_words(given, 1) is None and native.tag_sentences([given, given[:1]], 1) is None
    assert tagger.tag(Sentence(("the", "dogs"))) == tagger.tag([own("the"), "dogs"]) == tagger.tag(given)  # type: ignore[arg-type]
    assert tagger.tag([]) == [] and tagger.predict([[], given, []]) == [[], tagger.tag(given), []]
    for wrong in ("the dogs", ["the", ""], ["the", 3], ["\ud800"], None):
        with pytest.raises(DataError):
            tagger.tag(wrong)  # type: ignore[arg-type]
    with pytest.raises(DataError):
        tagger.predict([given, ["the", ""]])


@pytest.mark.parametrize("own", [{"cell": "gru"}, {"layers": 2}, {"characters": 8}, {"embedding": 0}])
def test_other_networks_have_none(own: dict[str, Any]) -> None:
    tagger = elman.train(sentences(), seed=1, settings={**BASE, "features": "none", **own, "epochs": 1})
    assert tagger._model.native is None
    assert tagger.tag(["the", "dogs"]) == tagger.predict([["the", "dogs"]])[0]


def test_another_precision_has_another_one(models: Callable[[str], Path]) -> None:
    tagger = load(models("two"))
    before = tagger._model.native
    assert tagger._model.native is before
    tagger.choose_precision("exact")
    assert tagger._model.native is not before
    assert tagger.tag(["dogs", "sleep"]) == whole(tagger, [["dogs", "sleep"]])[0]


def test_several_threads(models: Callable[[str], Path]) -> None:
    tagger = load(models("two"))
    texts = [[f"w{(7 * i) % 40 + j}é" for j in range(i % 9)] for i in range(200)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tagger.tag, texts)) == whole(tagger, texts)


def test_without_native_kernels(models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "describe", lambda: {"backend": "reference", "int8": False})
    found = elman.load(models("default"))
    assert isinstance(found, Tagger) and found._model.native is None


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_the_first_of_several_columns(decoder: str) -> None:
    data = [
        Sentence(own.words, {"upos": own.columns["tag"], "first": tuple(tag[0] for tag in own.columns["tag"])})
        for own in (Sentence(words, {"tag": tags}) for words, tags in (zip(*row, strict=True) for row in sentences()))
    ]
    settings = {**BASE, "decoder": decoder, "epochs": 1}
    for target in ("upos,first", "first,upos"):
        tagger = elman.train(data, seed=1, target=target, settings=settings)
        assert isinstance(tagger, Tagger) and tagger._model.native is not None
        texts = [["the", "dogs", "sleep"], [], ["Zürich"]]
        expected = whole(tagger, texts)
        assert [tagger.tag(text) for text in texts] == tagger.predict(texts) == expected
        both = tagger.predict(texts, columns=("upos", "first"))
        assert [row[target.partition(",")[0]] for row in both] == expected
