"""A small model, and services on it that end with the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.server.learner import LearnOptions
from elman.server.service import Service, ServiceOptions

SENTENCES = [
    [("the", "D"), ("dog", "N"), ("barks", "V")],
    [("a", "D"), ("cat", "N"), ("sleeps", "V")],
    [("dogs", "N"), ("bark", "V")],
    [("the", "D"), ("cat", "N"), ("sees", "V"), ("a", "D"), ("dog", "N")],
] * 3
NEW = """\
# sent_id = 1
# text = the bird sings
1\tthe\t_\tD\t_\t_\t_\t_\t_\t_
2\tbird\t_\tN\t_\t_\t_\t_\t_\tNote=kept
3\tsings\t_\tN\t_\t_\t_\t_\t_\t_

# sent_id = 2
1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tdo\t_\tV\t_\t_\t_\t_\t_\t_
2\tn't\t_\t_\t_\t_\t_\t_\t_\t_

# sent_id = 3
# text = the bird sings
1\tthe\t_\tD\t_\t_\t_\t_\t_\t_
2\tbird\t_\tN\t_\t_\t_\t_\t_\t_
3\tsings\t_\tV\t_\t_\t_\t_\t_\t_

"""
"""Two sentences that are the same but for their tags, and a word that nobody has tagged."""


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of one column, upos."""
    path = tmp_path_factory.mktemp("serve") / "small.model"
    rows = [
        elman.Sentence(tuple(word for word, _ in pairs), {"upos": tuple(tag for _, tag in pairs)}, format="conllu")
        for pairs in SENTENCES
    ]
    settings = {"hidden": 8, "embedding": 8, "epochs": 20, "ensemble": 1}
    elman.train(rows, target="upos", settings=settings, on_warning=lambda doubt: None).save(path)
    return path


@pytest.fixture
def model(trained: Path, tmp_path: Path) -> Path:
    """A copy of the network in the test's own folder."""
    return Path(shutil.copy(trained, tmp_path / "small.model"))


@pytest.fixture
def conllu(tmp_path: Path) -> Path:
    """A file of three sentences with tags."""
    path = tmp_path / "new.conllu"
    path.write_text(NEW, encoding="utf-8", newline="")
    return path


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A file of 40 sentences, without tags."""
    path = tmp_path / "new.txt"
    nouns = ["dog", "cat", "bird", "fish"]
    lines = [
        f"the {noun} sees {'a' if i % 2 else 'the'} {other}{i}" for i, noun in enumerate(nouns * 10) for other in "x"
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


Make = Callable[..., Service]


@pytest.fixture
def serve(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Opens services, by default without learning, and closes them."""
    monkeypatch.setattr("elman.server.learning.RETRAINING", 0)  # a busy machine would leave it no time at all
    made: list[Service] = []

    def make(*files: Path, learn: LearnOptions | None = None, start: bool = False, **options: Any) -> Service:
        given: dict[str, Any] = {"model": str(model), "database": str(tmp_path / "small.sqlite")}
        learn = learn or LearnOptions(off="--no-learn")
        service = Service(ServiceOptions(**given | options, files=[str(file) for file in files], learn=learn))
        made.append(service)
        if start:
            service.start()
        return service

    yield make
    for service in made:
        service.close()
