"""Classification: what is measured and what it is held against. Data only.

``train`` and ``test`` are named from the folder of the data, or where ``derived`` from ``build/tasks``, which
``classify_data.py`` fills. Figures are in per cent: ``bar`` is that of the default, ``peers`` are other programs. A set
of labels alone is measured with ``--model linear`` too: the network is not to be below it by more than a standard
error.
"""

from __future__ import annotations

from typing import Any

UNTUNED = "logistic regression, untuned"


def _set(name: str, title: str, train: str, test: str, **rest: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "format": "label_text",
        "target": None,
        "task": "classify",
        "encoding": "utf-8",
        "bar": None,
        "peers": {},
        "settings": {},
        "derived": False,
    }
    return {"name": name, "title": title, "train": train, "test": test, **usual, **rest}


SNIPS = {"train": "other/slots_snips/train.bio", "test": "other/slots_snips/valid.bio", "format": "columns"}

CLASSIFY: tuple[dict[str, Any], ...] = (
    _set(
        "titles-en",
        "tutorial titles, English: is it a person?",
        "tutorial/data/titles-en-train.labeled",
        "tutorial/data/titles-en-test.labeled",
        bar=95.5,
        peers={"best student run": 94.9, UNTUNED: 95.0},
    ),
    _set(
        "titles-ja",
        "tutorial titles, Japanese: is it a person?",
        "tutorial/data/titles-ja-train.labeled",
        "tutorial/data/titles-ja-test.labeled",
    ),
    _set(
        "subjectivity",
        "subjective or objective sentence",
        "subjectivity-train.txt",
        "subjectivity-test.txt",
        bar=91.5,
        derived=True,
    ),
    _set("snips-intents", "snips, 7 intents", **SNIPS, target="intent", bar=98.5, peers={UNTUNED: 98.4}),
    _set(
        "trec-coarse",
        "TREC questions, 6 types",
        "trec-train.txt",
        "trec-test.txt",
        bar=90.0,
        peers={UNTUNED: 89.6},
        derived=True,
    ),
    _set(
        "trec-fine",
        "TREC questions, 50 types",
        "other/cls_trec_qc/train.txt",
        "other/cls_trec_qc/test.txt",
        encoding="latin-1",
    ),
    *(
        _set(
            f"language-{length}",
            f"language of {length} characters, 8 languages",
            "language-train.txt",
            f"language-test-{length}.txt",
            bar=99.5 if length == 60 else None,
            derived=True,
        )
        for length in (10, 20, 40, 60)
    ),
    _set(
        "snips-joint",
        "snips, slots and intents in one model",
        **SNIPS,
        target="tag,intent",
        task=None,
        measures={"2.spans": None, "intent": None},
    ),
    _set("snips-slots", "snips, slots alone", **SNIPS, target="tag", task="tag", measures={"accuracy.spans": None}),
)
