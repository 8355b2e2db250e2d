"""What is measured and what it is held against: data sets, bars, other tools' figures, ablations. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

BASELINES = ("hmm", "frequent")
"""Models without settings; they stand among the presets, and one seed says it all."""


@dataclass(frozen=True)
class Figure:
    """A score in per cent, with that of unknown words where it is known, and a remark."""

    score: float
    unknown: float | None = None
    remark: str = ""
    digits: int = 2

    def __str__(self) -> str:
        unknown = "" if self.unknown is None else f" ({self.unknown:.1f})"
        return f"{self.score:.{self.digits}f}" + unknown + (f" {self.remark}" if self.remark else "")


@dataclass(frozen=True)
class Bars:
    """What has to be reached at least, in per cent; ``aim`` is hoped for with the preset ``best``."""

    default: float | None = None
    unknown: float | None = None  # of the preset default
    best: float | None = None
    aim: float | None = None


@dataclass(frozen=True)
class DataSet:
    """A labelled data set. Files are named from the folder of the data; without ``dev``, a tenth of train serves."""

    name: str
    title: str
    train: str
    test: str
    format: str
    dev: str | None = None
    target: str | None = None
    measure: str = "accuracy"  # or "spans": F1 of whole spans, as conlleval counts
    bars: Bars = Bars()
    peers: dict[str, Figure] = field(default_factory=dict)


def _ud(
    treebank: str, title: str, *, target: str = "upos", bars: Bars, peers: dict[str, Figure], several: bool = False
) -> DataSet:
    """A column of a Universal Dependencies treebank."""
    train, dev, test = (f"ud/{treebank}/{treebank}-ud-{part}.conllu" for part in ("train", "dev", "test"))
    name = f"{treebank}.{target}" if several else treebank
    return DataSet(name, title, train, test, "conllu", dev, target, bars=bars, peers=peers)


DATA_SETS = (
    DataSet(
        "wiki-en",
        "tutorial wiki-en, PTB tags",
        "tutorial/data/wiki-en-train.norm_pos",
        "tutorial/data/wiki-en-test.norm_pos",
        "word_tag",
        bars=Bars(default=96.3, unknown=82, best=96.6),
        peers={
            "HMM": Figure(90.82, 37.5),
            "NLTK": Figure(93.34, 73.2),
            "spaCy": Figure(95.07, 74.6),
            "UDPipe 1": Figure(95.16, 75.6),
            "CRFsuite": Figure(95.66, 80.8),
            "prototype": Figure(96.19, 80.1),
        },
    ),
    _ud(
        "en_ewt",
        "English EWT, UPOS",
        several=True,
        bars=Bars(default=95.6, unknown=82, best=95.8, aim=96),
        peers={
            "HMM": Figure(88.72, 32.9),
            "NLTK": Figure(93.83, 75.3),
            "spaCy": Figure(94.66, 75.4),
            "UDPipe 1": Figure(94.4, remark="published", digits=1),
            "CRFsuite": Figure(95.01, 79.8),
            "prototype": Figure(95.38, 80.9),
        },
    ),
    _ud(
        "en_ewt",
        "English EWT, XPOS",
        target="xpos",
        several=True,
        bars=Bars(default=95.1, best=95.4),
        peers={
            "HMM": Figure(88.26),
            "UDPipe 1": Figure(93.9, remark="published", digits=1),
            "CRFsuite": Figure(94.59, 79.0),
            "prototype": Figure(94.86),
        },
    ),
    _ud(
        "en_ewt",
        "English EWT, FEATS",
        target="feats",
        several=True,
        bars=Bars(default=95.9),
        peers={"UDPipe 1": Figure(95.4, remark="published", digits=1), "prototype": Figure(95.55)},
    ),
    _ud(
        "vi_vtb",
        "Vietnamese VTB, UPOS",
        bars=Bars(default=89.2),
        peers={"HMM": Figure(83.40), "CRFsuite": Figure(88.45), "prototype": Figure(87.62)},
    ),
    _ud(
        "th_tud",
        "Thai TUD, UPOS",
        bars=Bars(default=89.5),
        peers={"HMM": Figure(84.39), "CRFsuite": Figure(88.46)},
    ),
    _ud(
        "ko_gsd",
        "Korean GSD, UPOS (114 of 989 test sentences stand in train too)",
        bars=Bars(default=94.8),
        peers={"HMM": Figure(81.65), "CRFsuite": Figure(93.88)},
    ),
    _ud(
        "ug_udt",
        "Uyghur UDT, UPOS",
        bars=Bars(default=90.3),
        peers={"HMM": Figure(85.32), "CRFsuite": Figure(89.29)},
    ),
    _ud(
        "cy_ccg",
        "Welsh CCG, UPOS",
        bars=Bars(default=94.8),
        peers={"HMM": Figure(86.73), "CRFsuite": Figure(93.41), "prototype": Figure(94.46)},
    ),
    _ud(
        "te_mtg",
        "Telugu MTG, UPOS",
        bars=Bars(default=92.8),
        peers={"HMM": Figure(85.71), "CRFsuite": Figure(92.23), "prototype": Figure(92.65)},
    ),
    _ud(
        "mr_ufal",
        "Marathi UFAL, UPOS",
        bars=Bars(default=85.0),
        peers={"HMM": Figure(79.13), "CRFsuite": Figure(83.74)},
    ),
    DataSet(
        "addr_usaddress",
        "US addresses, labels",
        "other/addr_usaddress/train.tsv",
        "other/addr_usaddress/test.tsv",
        "columns",
        bars=Bars(default=99.1),
        peers={"HMM": Figure(89.67), "CRFsuite": Figure(98.90)},
    ),
    DataSet(
        "ner_wnut17",
        "WNUT-17 entities, span F1",
        "other/ner_wnut17/train.conll",
        "other/ner_wnut17/test.conll",
        "columns",
        "other/ner_wnut17/dev.conll",
        measure="spans",
        bars=Bars(default=25, aim=30),
        peers={"HMM": Figure(3.0, digits=1), "CRFsuite": Figure(17.2, remark="POS features, untuned", digits=1)},
    ),
)

SOURCES = {
    "HMM": "a hidden Markov model as on the slides of neubig/nlptutorial",
    "NLTK": "NLTK's averaged perceptron",
    "spaCy": "spaCy's tagger",
    "UDPipe 1": "its tagger; where it says so, as published for that treebank",
    "CRFsuite": "CRFsuite, trained by L-BFGS or as an averaged perceptron, whichever was better",
    "prototype": "a bidirectional LSTM over words and sub-word features that was tried before elman was written; its "
    "spread over seeds was 0.08 on wiki-en and 0.11 on English EWT, UPOS",
}
"""What the peers' columns are. The figures are those of the project's issue on accuracy (table of bars)."""

MAX_SECONDS = {("wiki-en", "default"): 15.0, ("en_ewt.upos", "default"): 60.0}
"""Wall time of training on two cores."""
FAST_SHARE, FAST_LOSS = 0.5, 0.4
"""``fast`` may take this share of the time of ``default``, and lose this many points at most."""
BEST_TIMES = 10.0
MAX_MODEL_MB, MAX_RSS_MB = {"en_ewt.upos": 8.0}, 400.0


@dataclass(frozen=True)
class Ablation:
    """The preset ``default`` with some settings changed; left out where such settings do not exist."""

    group: str
    name: str
    settings: dict[str, Any]

    @property
    def label(self) -> str:
        return f"{self.group}: {self.name}"


ABLATIONS = (
    *(Ablation("cell", cell, {"cell": cell}) for cell in ("elman", "gru", "lstm", "sru", "mingru")),
    Ablation("direction", "forward only", {"direction": "forward"}),
    *(Ablation("features", name, {"features": name}) for name in ("none", "affixes", "ngrams", "both")),
    Ablation("characters", "beside the features", {"characters": 32}),
    Ablation("characters", "instead of the features", {"characters": 32, "features": "none"}),
    Ablation("layers", "2 layers", {"layers": 2}),
    Ablation("layers", "2 layers, residual", {"layers": 2, "residual": "add"}),
    Ablation("layers", "2 layers, highway", {"layers": 2, "residual": "highway"}),
    Ablation("dropout", "none", {"dropout": 0.0, "word_dropout": 0.0}),
    Ablation("dropout", "on word vectors only", {"dropout": 0.0}),
    Ablation("dropout", "before the output only", {"word_dropout": 0.0}),
    *(Ablation("dropout", name, {"dropout_kind": name}) for name in ("plain", "variational")),
    Ablation("unknown words", "training words never read as unknown", {"unk_dropout": 0.0}),
    *(Ablation("decoder", name, {"decoder": name}) for name in ("softmax", "crf")),
    *(
        Ablation("optimizer", f"sgd at rate {rate:g}", {"optimizer": "sgd", "learning_rate": rate})
        for rate in (0.5, 2.0)
    ),
    *(
        Ablation("optimizer", f"momentum, {rate:g}", {"optimizer": "momentum", "learning_rate": rate})
        for rate in (0.1, 0.4)
    ),
    *(Ablation("optimizer", name, {"optimizer": name}) for name in ("adam", "adamw")),
    *(Ablation("decay", name, {"decay": name}) for name in ("none", "linear", "cosine")),
    Ablation("warm-up", "a tenth of the run", {"warmup": 0.1}),
    Ablation("averaging", "of the last quarter's weights", {"averaging": 0.25}),
    Ablation("label smoothing", "0.1", {"smoothing": 0.1, "decoder": "softmax"}),
)
