"""Small models that the light tagger reads, trained when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import elman
from elman.taggers import fast_lines as light, load as loading
from elman.taggers.fast_lines import LightTagger
from elman.taggers.tagger import Tagger

TRAIN = [
    ("the", "DET"), ("old", "ADJ"), ("Zürich-Expreß", "PROPN"), ("barks", "VERB"), (".", "PUNCT"), ("«", "PUNCT"),
    ("NATO", "PROPN"), ("1999", "NUM"), ("日本", "PROPN"), ("eBay", "PROPN"), ("dogs", "NOUN"), ("sleep", "VERB"),
]  # fmt: skip
WORDS = [word for word, _ in TRAIN] + ["unseen", "Übermut", "a-b-c", "x" * 70, "\u00a0", "\U0001f600"]
BASE = {"ensemble": 1, "epochs": 2, "hidden": 20, "embedding": 8, "feature_embedding": 8}
MODELS: dict[str, dict[str, Any]] = {
    "default": {},
    "crf": {"decoder": "crf"},
    "forward": {"direction": "forward", "decoder": "softmax", "hidden": 7},
    "words alone": {"features": "none", "dtype": "float32"},
    "ngrams": {"features": "ngrams", "decoder": "softmax"},
    "both": {"features": "both"},
    "two": {"ensemble": 2, "decoder": "crf"},
}


def sentences(tags: dict[str, str] | None = None) -> list[Any]:
    generator = np.random.default_rng(3)
    rows = []
    for _ in range(40):
        some = [TRAIN[i] for i in generator.integers(0, len(TRAIN), generator.integers(1, 9))]
        rows.append([(word, (tags or {}).get(tag, tag)) for word, tag in some])
    return rows


def models_in(folder: Path) -> Callable[[str], Path]:
    """Return a function from the name of a model to its file in the folder."""

    def path(name: str) -> Path:
        file = folder / name
        if not file.exists():
            data = sentences()
            if name == "spans":
                data = [[(word, "O" if tag != "PROPN" else "B-X") for word, tag in own] for own in data]
                data += [[("Zürich", "B-X"), ("West", "I-X"), (".", "O")]] * 3
            own = MODELS.get(name, {"decoder": "crf", "constraints": "bio"})
            elman.train(data, seed=1, settings={**BASE, **own}).save(file)
        return file

    return path


def both(path: Path, **how: Any) -> tuple[Tagger, LightTagger]:
    found: Any = light.load(path, **how)
    assert isinstance(found, LightTagger)
    return loading.load(path, **how), found
