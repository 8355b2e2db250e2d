"""The data of a search: what changes their digest."""

from __future__ import annotations

from elman.data.digest import digest
from elman.data.sentence import Sentence
from elman.data.tokens import Token


def test_the_digest_is_of_words_columns_labels_and_features() -> None:
    base = Sentence(("a", "b"), {"pos": ("X", "Y")})
    others = [
        Sentence(("a", "c"), {"pos": ("X", "Y")}),
        Sentence(("a", "b"), {"pos": ("X", "X")}),
        Sentence(("a", "b"), {"pos": ("X", "Y")}, labels={"label": "n"}),
        Sentence((Token("a", ["f"]), "b"), {"pos": ("X", "Y")}),
        Sentence((Token("a", ["g"]), "b"), {"pos": ("X", "Y")}),
        Sentence((Token("a", ["g"], [("g", 1.0)]), "b"), {"pos": ("X", "Y")}),
    ]
    assert len({digest([each]) for each in (base, *others)}) == 7
    assert digest([base]) == digest([Sentence(("a", "b"), {"pos": ("X", "Y")}, path="x", line=3)])
