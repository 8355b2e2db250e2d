"""Tasks of words and of raw text: what they are measured on and held against. Data only; ``tasks.py`` runs them.

``how``  ``raw``: the raw text of the gold file is rebuilt and cut, or parsed, anew; metrics of the CoNLL 2018 task
         ``columns``: accuracy of columns on the gold words
``measures``  name -> what has to be reached at least, in per cent; None: reported
"""

from __future__ import annotations

from typing import Any


def _ud(treebank: str) -> dict[str, str]:
    """Files, from the folder of the data, and format of a treebank."""
    parts = {part: f"ud/{treebank}/{treebank}-ud-{part}.conllu" for part in ("train", "dev", "test")}
    return {**parts, "format": "conllu"}


def _set(name: str, title: str, task: str, how: str, measures: dict[str, float | None], **about: Any) -> dict[str, Any]:
    of_set = {"name": name, "title": title, "task": task, "how": how, "measures": measures}
    return {"target": None, "settings": {}, "dev": None, **about, **of_set}


_RAW = {"tokens": None, "sentences": None, "words": None}
_JA, _ZH = "tutorial/data/wiki-ja-{}.word", "other/ner_uner_zh_gsdsimp/zh_gsdsimp-ud-{}.iob2"
_PIPELINE = {"upos": 93.5, "ufeats": 94.0, "lemmas": 95.5, "las": 73.0, "xpos": None, "uas": None}

WORDS: tuple[dict[str, Any], ...] = (
    _set(
        "wiki_ja.segment",
        "Japanese wiki, words",
        "segment",
        "raw",
        {"words": 92.0},
        train=_JA.format("train"),
        test=_JA.format("test"),
        format="text",
    ),
    _set(
        "zh_gsdsimp.segment",
        "Chinese GSDSimp, words",
        "segment",
        "raw",
        {"words": None},
        **{part: _ZH.format(part) for part in ("train", "dev", "test")},
        format="columns",
    ),
    _set(
        "en_ewt.segment",
        "English EWT, raw text",
        "segment",
        "raw",
        {**_RAW, "tokens": 98.5, "sentences": 78.0},
        **_ud("en_ewt"),
    ),
    _set("vi_vtb.segment", "Vietnamese VTB, raw text", "segment", "raw", _RAW, **_ud("vi_vtb")),
    _set("th_tud.segment", "Thai TUD, raw text", "segment", "raw", _RAW, **_ud("th_tud")),
    _set("en_ewt.lemma", "English EWT, lemmas", "lemma", "columns", {"lemma": 97.0}, **_ud("en_ewt")),
    _set("cy_ccg.lemma", "Welsh CCG, lemmas", "lemma", "columns", {"lemma": None}, **_ud("cy_ccg")),
    _set("mr_ufal.lemma", "Marathi UFAL, lemmas", "lemma", "columns", {"lemma": None}, **_ud("mr_ufal")),
    _set("ug_udt.lemma", "Uyghur UDT, lemmas", "lemma", "columns", {"lemma": None}, **_ud("ug_udt")),
    _set("en_ewt.morphology", "English EWT, FEATS", "morphology", "columns", {"feats": 95.92}, **_ud("en_ewt")),
    _set(
        "cy_ccg.morphology",
        "Welsh CCG, FEATS",
        "morphology",
        "columns",
        {"feats": None},
        peers={"CRFsuite": 87.27},
        **_ud("cy_ccg"),
    ),
    _set(
        "mr_ufal.morphology",
        "Marathi UFAL, FEATS",
        "morphology",
        "columns",
        {"feats": None},
        peers={"CRFsuite": 74.03},
        **_ud("mr_ufal"),
    ),
    _set(
        "ug_udt.morphology",
        "Uyghur UDT, FEATS",
        "morphology",
        "columns",
        {"feats": None},
        peers={"CRFsuite": 83.74},
        **_ud("ug_udt"),
    ),
    _set("en_ewt.pipeline", "English EWT, raw text to CoNLL-U", "pipeline", "raw", _PIPELINE, **_ud("en_ewt")),
)
