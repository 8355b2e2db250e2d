"""What is measured on the sentences that are set aside."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from elman.server import measure
from elman.server.events import Values
from elman.server.measure import Corrected, compare_models

RIGHT: Any = SimpleNamespace(tag="A", targets=("t",), word_targets=("t",), text_targets=())
WRONG: Any = SimpleNamespace(tag="B", targets=("t",), word_targets=("t",), text_targets=())


@pytest.mark.parametrize(("sentences", "p"), [(1, 1.0), (2, 0.5), (3, 0.25), (8, 2**-7)])
def test_few_sentences_show_little(monkeypatch: pytest.MonkeyPatch, sentences: int, p: float) -> None:
    def predict(tagger: Any, words: list[tuple[str, ...]], names: Any, confidence: bool) -> list[dict[str, Any]]:
        return [{"t": [tagger.tag] * len(each)} for each in words]

    monkeypatch.setattr(measure, "predict", predict)
    after = Values({"t": ("A", "A")})
    aside = [Corrected(i, str(i), ("x", "y"), after, after) for i in range(sentences)]
    found = compare_models(RIGHT, WRONG, aside)
    assert found is not None and (found["before"], found["after"], found["p"]) == (1.0, 0.0, p)
    same = compare_models(RIGHT, RIGHT, aside)
    assert same is not None and same["p"] == 1.0
