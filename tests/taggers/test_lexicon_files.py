"""``--lexicon``: features of words out of files, in training, in the model file, and reported on dev."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.errors import ConfigError, ModelFileError
from elman.models import file as model_file
from elman.taggers.fast_lines import LightTagger

SMALL = {"hidden": 16, "embedding": 8, "feature_embedding": 8, "epochs": 12, "batch": 4, "ensemble": 1, "dropout": 0.1}
DRAW = random.Random(1)
CITIES, VERBS = (["".join(DRAW.choices("abcdefghijklmno", k=6)) for _ in range(60)] for _ in range(2))


def sentences(words: slice, n: int, seed: int) -> list[list[tuple[str, str]]]:
    """Words that nothing but the lexicon tells apart, if they are new."""
    draw = random.Random(seed)
    kinds = [(word, "C") for word in CITIES[words]] + [(word, "V") for word in VERBS[words]]
    return [draw.choices(kinds, k=4) for _ in range(n)]


TRAIN, DEV = sentences(slice(40), 100, 1), sentences(slice(40, 60), 20, 2)


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("lexicon") / "kinds.tsv"
    path.write_text("".join(f"{word}\tcity\n" for word in CITIES) + "".join(f"{word}\tverb\n" for word in VERBS))
    return str(path)


@pytest.fixture(scope="module")
def trained(lexicon: str) -> tuple[Any, list[str]]:
    notes: list[str] = []
    tagger = elman.train(TRAIN, DEV, settings=SMALL, lexicon=lexicon, on_note=notes.append, on_warning=notes.append)
    return tagger, notes


def test_words_that_only_the_lexicon_knows(trained: tuple[Any, list[str]], lexicon: str) -> None:
    tagger, notes = trained
    accuracy = tagger.evaluate(DEV).accuracy
    assert accuracy > 0.9
    assert f"{lexicon}: 120 words, 2 features; 80 of 80 distinct training words are there" in notes
    assert "lexicon: it has 100.00 % of the words of dev, 100.00 % of those unknown in training" in notes
    (given,) = [note for note in notes if note.startswith("lexicon: tag on dev")]
    assert given.startswith(f"lexicon: tag on dev {100 * accuracy:.2f} %, without its features ")
    without = float(given.split("features ")[1].split(" ")[0])
    assert without < 75


def test_the_model_file_has_it(trained: tuple[Any, list[str]], tmp_path: Path) -> None:
    tagger, path = trained[0], tmp_path / "model"
    tagger.save(path)
    again = elman.load(path)
    assert not isinstance(again, LightTagger)
    assert list(again.pipe([[w for w, _ in s] for s in DEV])) == list(tagger.pipe([[w for w, _ in s] for s in DEV]))
    record, tensors = model_file.load(path)
    for name, broken in (("dictionary.sets", tensors["dictionary.sets"] + 5), ("dictionary.words", None)):
        other = {**tensors, name: broken} if broken is not None else {k: v for k, v in tensors.items() if k != name}
        with pytest.raises(ModelFileError, match="dictionary"):
            type(tagger).from_record(record, other)
    for value in (None, {"names": ["a", "a"], "sets": []}, {"names": ["a"], "sets": [[1]]}):
        with pytest.raises(ModelFileError, match="dictionary"):
            type(tagger).from_record({**record, "model": {**record["model"], "dictionary": value}}, tensors)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "hmm"}, "lexicon: the model hmm reads no features of words; the rnn does"),
        ({"settings": {"features": "none"}}, "lexicon: expected features=auto, affixes, ngrams or both, got none"),
        ({"task": "lm"}, "task lm: it reads no lexicon; leave it out"),
        ({"lexicon": 3}, "lexicon: expected a path or a list of paths, got "),
    ],
)
def test_what_cannot_use_it(lexicon: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        elman.train(TRAIN, **{"lexicon": lexicon, "on_warning": lambda text: None, **options})
