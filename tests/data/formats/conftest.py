"""Fixtures of the format tests: text to a Reading by way of a real file, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import settings

import elman.viz  # noqa: F401  (registers the formats that draw)
from elman.data.formats import Reading, read_sentences, write_sentence
from elman.data.sentence import Sentence

settings.register_profile("formats", deadline=None, max_examples=60)
settings.load_profile("formats")


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Reading]:
    """A function: text or bytes and options of read_sentences -> Reading; the file is called ``file``."""
    folder = tmp_path_factory.mktemp("read")

    def run(data: str | bytes, **options: object) -> Reading:
        file = folder / "file"
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        return read_sentences(str(file), **options)  # type: ignore[arg-type]

    return run


@pytest.fixture(scope="session")
def rewrite() -> Callable[..., str]:
    """A function: sentences and a column -> the text with every tag ``T`` (or its own, ``tag=None``) in a format."""

    def run(sentences: Iterable[Sentence], column: str, format: str, tag: str | None = "T", **options: object) -> str:
        parts = []
        for sentence in sentences:
            own = sentence.columns.get(column, ()) if sentence.words else ()
            tags = own if tag is None else (tag,) * len(sentence)
            parts.append(write_sentence(sentence, {column: tags}, format=format, **options))  # type: ignore[arg-type]
        return "".join(parts)

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"
