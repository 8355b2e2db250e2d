"""Text with punctuation attached to words is warned of, if the model has learned from text that has it apart."""

from __future__ import annotations

from pathlib import Path

import pytest

import elman
from elman import cli
from elman.cli.punctuation import attached_punctuation

KNOWN = {"the", "dog", "barks", "Mr.", ",", "."}.__contains__


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["the dog, the cat.\n"], "“dog,” and 1 more"),
        (["the dog , the cat .\n"], None),
        (["Mr. dog barks\n", "Mr. dog\n", "Mr. dog\n"], None),
        (["what? who? why?\n"], None),  # training has no question marks
        (["it barks, sleeps , runs .\n"], None),
        (["dog,\n"], None),
        ([], None),
    ],
)
def test_what_is_warned_of(lines: list[str], found: str | None) -> None:
    warning = attached_punctuation(lines, KNOWN)
    assert warning is None if found is None else found in str(warning)


@pytest.mark.parametrize(
    ("name", "text", "arguments"),
    [("new.txt", "the dog, barks.\n", []), ("new.csv", 'id,text\n1,"the dog, barks."\n', ["--text-column", "text"])],
)
def test_elman_tag_warns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, arguments: list[str]
) -> None:
    sentence = [("the", "DET"), ("dog", "NOUN"), (",", "PUNCT"), ("barks", "VERB"), (".", "PUNCT")]
    elman.train([sentence], model="hmm", on_warning=lambda text: None).save(tmp_path / "my.model")
    (tmp_path / name).write_text(text)
    assert cli.run(["tag", str(tmp_path / "my.model"), str(tmp_path / name), *arguments]) == 0
    assert f"{name}: “dog,” and 1 more words end in punctuation" in capsys.readouterr().err
