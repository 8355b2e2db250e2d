"""A module and a row are enough for a format: a toy one is read, written, converted and offered."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

import elman
from elman.data import formats
from elman.data.formats import registry
from elman.data.formats.holds import Holds, only_column
from elman.data.sentence import Sentence
from elman.errors import ConfigError


@pytest.fixture
def toy_format(monkeypatch: pytest.MonkeyPatch) -> str:
    """One sentence a line: ``tag>word tag>word``."""
    module = ModuleType("elman.data.formats.arrow_text")

    def read(lines, head, path):
        for number, line in enumerate(lines, 1):
            tags, _, words = zip(*[token.partition(">") for token in line.split()], strict=True)
            yield Sentence(words, {"tag": tags}, path=path, line=number, lines=(line,), format="arrow_text")

    def write(sentence, tags, confidences):
        column = only_column(tags, "arrow_text")
        return " ".join(f"{tag}>{word}" for word, tag in zip(sentence.words, column, strict=True)) + "\n"

    module.read, module.write = read, write  # type: ignore[attr-defined]
    module.target = lambda name, head, path, labelled: "tag"  # type: ignore[attr-defined]
    module.HOLDS = Holds(columns=1)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    row = registry.LazyModule("arrow_text")
    monkeypatch.setitem(registry.INPUTS, "arrow_text", row)
    monkeypatch.setitem(registry.OUTPUTS, "arrow_text", row)
    for owner in (registry, formats):
        monkeypatch.setattr(owner, "INPUT_FORMATS", (*registry.INPUTS, *registry.BINARY))
        monkeypatch.setattr(owner, "OUTPUT_FORMATS", (*registry.OUTPUTS, *registry.WRITERS))
    registry.output.cache_clear()
    return "arrow_text"


def test_a_row_and_a_module_add_a_format(toy_format: str, tmp_path: Path) -> None:
    file = tmp_path / "train"
    file.write_text("D>the N>dog\nN>dogs V>bark\n" * 10)
    sentences = list(formats.read_sentences(str(file), format=toy_format))
    assert sentences[1].words == ("dogs", "bark")
    assert formats.write_sentence(sentences[0], {"tag": ("X", "Y")}, format=toy_format) == "X>the Y>dog\n"
    assert formats.write_sentence(sentences[0], sentences[0].columns, format="word_tag") == "the_D dog_N\n"
    tagger = elman.train(str(file), format=toy_format, model="frequent", on_warning=print)
    assert tagger.tag(["dogs", "bark"]) == ["N", "V"]
    with pytest.raises(ConfigError, match="did you mean arrow_text"):
        registry.with_options("arrow_txt")
