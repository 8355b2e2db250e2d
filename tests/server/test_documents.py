"""Sentences have ids that stay, and the same ones are set aside at every start."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.errors import ConfigError, DataError, ElmanError, ModelFileError
from elman.server.documents import SET_ASIDE, digest, is_set_aside, share
from elman.server.learner import LearnOptions
from elman.server.service import Service

Make = Callable[..., Service]


def test_what_a_file_says_is_read(serve: Make, conllu: Path) -> None:
    service = serve(conllu)
    first, second, third = service.documents.items
    assert (first.id, third.id) == (digest(first.words), f"{digest(first.words)}-2")
    assert first.given.columns == {"upos": ("D", "N", "N")}
    assert second.words == ("do", "n't") and second.given.columns == {"upos": ("V", None)}
    assert third.given.columns == {"upos": ("D", "N", "V")}
    assert first.set_aside == third.set_aside == is_set_aside(1, first.id)
    assert service.status("a")["files"] == [
        {"number": 1, "name": "new.conllu", "format": "conllu", "sentences": 3, "labelled": True}
    ]


def test_a_tenth_is_set_aside_and_stays_so() -> None:
    ids = [digest([str(i)]) for i in range(4_000)]
    aside = [id for id in ids if is_set_aside(1, id)]
    assert abs(len(aside) / len(ids) - SET_ASIDE) < 0.02
    assert aside == [id for id in ids if is_set_aside(1, id)] != [id for id in ids if is_set_aside(2, id)]
    assert is_set_aside(1, aside[0] + "-2"), "the same text is on the same side"
    assert share(1, "overlap", ids[0]) != share(1, "set aside", ids[0])


def test_files_stay_in_the_database(serve: Make, conllu: Path, text: Path) -> None:
    serve(conllu).close()
    conllu.unlink()
    service = serve(text)
    assert [name for _, name, _ in service.documents.files] == [str(conllu), str(text)]
    assert len(service.documents.items) == 43
    service.close()
    text.write_text("only this\n", encoding="utf-8")
    service = serve(text)  # in place of the earlier one of its name
    assert [item.words for item in service.documents.items[3:]] == [("only", "this")]


def test_a_file_that_cannot_be_read_is_said_with_its_line(serve: Make, tmp_path: Path, model: Path) -> None:
    bad = tmp_path / "bad.conllu"
    bad.write_text("1\tthe\t_\tD\t_\t_\t_\t_\t_\t_\n2\tdog\n\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        serve(bad)
    assert (caught.value.path, caught.value.line) == (str(bad), 2)
    empty = tmp_path / "empty.txt"
    empty.write_text("\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"empty\.txt"):
        serve(empty)
    with pytest.raises(DataError, match=r"none\.txt: cannot be read: No such file"):
        serve(tmp_path / "none.txt")
    with pytest.raises(ConfigError, match="--text-column"):
        serve(bad, text_column="text")


def test_a_refused_start_stores_nothing(serve: Make, text: Path, conllu: Path, tmp_path: Path) -> None:
    empty, before = tmp_path / "empty.txt", set(tmp_path.iterdir())
    empty.write_text("\n", encoding="utf-8")
    learn = LearnOptions()
    refused: list[tuple[list[Path], dict[str, Any], str]] = [
        ([empty], {}, "empty.txt: no sentence in it"),
        ([text], {"columns": ["upso"]}, "--columns: the model's columns are upos, got 'upso': did you mean upos?"),
        ([text], {"activate": "abc"}, "no model that is kept begins with 'abc'"),
        ([text], {"learn": replace(learn, replay="none.txt")}, "none.txt: cannot be read"),
        (
            [text],
            {"learn": replace(learn, heldout=str(text))},
            "no tags to be seen in the first lines",
        ),
    ]
    for files, options, says in refused:
        with pytest.raises(ElmanError, match=re.escape(says)):
            serve(*files, **options)
        assert set(tmp_path.iterdir()) == before | {empty}
    serve(text).close()
    with pytest.raises(DataError):
        serve(conllu, empty, activate="first")
    again = serve()
    assert [Path(name).name for _, name, _ in again.documents.files] == ["new.txt"]
    adoptions = again.store.submit(lambda connection: connection.execute("SELECT count(*) FROM adoptions").fetchone())
    assert adoptions.result() == (1,)


def test_the_database_belongs_to_a_model_and_a_seed(serve: Make, text: Path, model: Path, tmp_path: Path) -> None:
    serve(text).close()
    with pytest.raises(ConfigError, match="was begun with 1, by which sentences are set aside"):
        serve(learn=LearnOptions(seed=2, off="x"))
    elman.load(model).uncalibrated().about(format="text").save(model)
    with pytest.raises(ModelFileError, match="was begun with a model of SHA-256"):
        serve()
    model.unlink()
    with pytest.raises(ModelFileError, match="no such file"):
        serve()
