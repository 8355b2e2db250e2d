"""Exported files: byte for byte but for the corrections, in every format that is read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from elman.data.sentence import Sentence
from elman.errors import ConfigError
from elman.server.documents import Item
from elman.server.events import CORRECTION, NOTHING, SKIP, Event, Values
from elman.server.export import FORMATS, Wanted, exported
from elman.server.records import prodigy
from elman.server.service import Service

Make = Callable[..., Service]


def correct(service: Service, item: Item, tags: Sequence[str | None], annotator: str = "a") -> None:
    before = Values({"upos": item.given.columns.get("upos", (None,) * len(item.words))})
    event = Event(CORRECTION, annotator, item.id, item.words, before, Values({"upos": tuple(tags)}), 2.5, "m")
    service.store.correct(event, None).result()


def export(service: Service, wanted: Wanted | None = None, file: int = 0) -> tuple[str, bytes]:
    files = service.store.files()
    return exported(files, files[file], service.store.state, wanted or Wanted())


def test_nothing_corrected_is_the_same_bytes(serve: Make, conllu: Path) -> None:
    assert export(serve(conllu)) == ("new.conllu", conllu.read_bytes())


def test_only_the_corrected_tag_changes(serve: Make, conllu: Path) -> None:
    service = serve(conllu)
    first, second, third = service.documents.items
    correct(service, first, [None, None, "V"])
    text = conllu.read_text(encoding="utf-8")
    expected = text.replace("3\tsings\t_\tN", "3\tsings\t_\tV")
    assert export(service)[1].decode() == expected
    correct(service, second, ["V", "P"])
    expected = expected.replace("2\tn't\t_\t_\t", "2\tn't\t_\tP\t")
    assert export(service)[1].decode() == expected
    service.store.undo("a").result()
    service.store.undo("a").result()
    assert export(service)[1] == conllu.read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("a.tsv", "the\tD\r\ndog\tN\r\n\r\n\r\n# no comment\r\nsees\tN\r\n", ("sees\tN", "sees\tV")),
        ("b.txt", "\ufeffthe_D dog_N\nsees_N  it_N\n", ("sees_N", "sees_V")),
        ("c.jsonl", '{"id": 1, "tokens": ["the"], "upos": ["D"]}\n{"tokens":["sees"],"upos":["N"], "x": [1]}\n',
         ('["N"]', '["V"]')),
        ("d.csv", "word,upos,note\nthe,D,\"a,b\"\n,,\nsees,N,x\n", ("sees,N", "sees,V")),
        ("e.conll.gz", "the D\n\nsees N\n", ("sees N", "sees V")),
    ],
)  # fmt: skip
def test_formats_come_back_as_they_were(
    serve: Make, tmp_path: Path, name: str, content: str, place: tuple[str, str]
) -> None:
    data = content.encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    service = serve(path)
    assert export(service) == (name.removesuffix(".gz"), data)
    item = next(item for item in service.documents.items if "sees" in item.words)
    correct(service, item, ["V" if word == "sees" else None for word in item.words])
    assert export(service)[1] == content.replace(*place).encode()


def test_plain_text_becomes_columns(serve: Make, text: Path) -> None:
    service = serve(text)
    item = service.documents.items[1]
    correct(service, item, ["D", "N", None, "D", "N"])
    name, data = export(service, Wanted(corrected=True))
    assert (name, data) == ("new.conll", b"the\tD\ncat\tN\nsees\t_\na\tD\nx1\tN\n\n")
    assert export(service)[1].count(b"\n\n") == 40


def test_several_files_are_told_apart(serve: Make, tmp_path: Path) -> None:
    for name in ("a.tsv", "b.tsv"):
        (tmp_path / name).write_text("the\tD\n\nthe\tD\n", encoding="utf-8")
    service = serve(tmp_path / "a.tsv", tmp_path / "b.tsv")
    correct(service, service.documents.items[2], ["X"])
    assert export(service)[1] == b"the\tD\n\nthe\tD\n"
    assert export(service, file=1) == ("b.tsv", b"the\tX\n\nthe\tD\n")


def test_an_annotator_by_name(serve: Make, conllu: Path) -> None:
    service = serve(conllu)
    item = service.documents.items[0]
    correct(service, item, ["D", "A", "V"], "a")
    correct(service, item, ["D", "B", "V"], "b")
    assert b"bird\t_\tB\t" in export(service)[1]
    assert b"bird\t_\tA\t" in export(service, Wanted(annotator="a"))[1]
    assert export(service, Wanted(annotator="c"))[1] == conllu.read_bytes()


def test_other_formats(serve: Make, conllu: Path) -> None:
    service = serve(conllu)
    correct(service, service.documents.items[0], ["D", "N", "V"])
    assert export(service, Wanted("columns", corrected=True)) == ("new.conll", b"the\tD\nbird\tN\nsings\tV\n\n")
    assert export(service, Wanted("conllu"))[1] == export(service)[1]
    for format in FORMATS:
        export(service, Wanted(format))
    with pytest.raises(ConfigError, match="as: expected own, conllu"):
        export(service, Wanted("xml"))


def test_records_of_other_tools(serve: Make, conllu: Path) -> None:
    service = serve(conllu)
    first, second, _ = service.documents.items
    correct(service, first, ["D", "N", None])
    skip = Event(SKIP, "b", second.id, second.words, NOTHING, NOTHING)
    service.store.skip(skip).result()
    accepted, ignored = map(json.loads, export(service, Wanted("jsonl"))[1].decode().splitlines())
    assert accepted["text"] == "the bird sings" and accepted["answer"] == "accept" and ignored["answer"] == "ignore"
    assert accepted["tokens"][1] == {"text": "bird", "start": 4, "end": 8, "id": 1, "ws": True}
    assert accepted["spans"][1] == {"start": 4, "end": 8, "token_start": 1, "token_end": 1, "label": "N"}
    assert len(accepted["spans"]) == 2
    assert {"_input_hash", "_task_hash", "_annotator_id", "_session_id", "_timestamp", "meta"} <= accepted.keys()
    assert accepted["_input_hash"] != ignored["_input_hash"] and -(2**31) <= accepted["_input_hash"] < 2**31
    tasks = json.loads(export(service, Wanted("label-studio"))[1])
    assert [task["data"]["text"] for task in tasks] == ["the bird sings", "do n't"]
    (annotation,) = tasks[0]["annotations"]
    assert annotation["completed_by"] == "a" and annotation["lead_time"] == 2.5 and not annotation["was_cancelled"]
    value = {"start": 0, "end": 3, "text": "the", "labels": ["D"]}
    assert annotation["result"][0] == {
        "id": "1-0", "from_name": "label", "to_name": "text", "type": "labels", "value": value
    }  # fmt: skip
    assert tasks[1]["annotations"][0]["was_cancelled"]
    assert len(export(service, Wanted("jsonl", corrected=True))[1].splitlines()) == 1


def test_prodigy_has_a_line_for_each_column() -> None:
    values = Values({"upos": ("D", "N"), "ner": ("B-x", "I-x")}, {"topic": "p|q"})
    event = Event(CORRECTION, "a", "id", ("the", "bird"), NOTHING, values, seq=1)
    ner, upos = map(json.loads, prodigy("f", [("id", Sentence(("the", "bird")), [event])]).splitlines())
    assert [(span["token_start"], span["token_end"], span["label"]) for span in ner["spans"]] == [(0, 1, "x")]
    assert [span["label"] for span in upos["spans"]] == ["D", "N"]
    assert (ner["accept"], ner["meta"]["column"], upos["meta"]["column"]) == (["p", "q"], "ner", "upos")
    assert "accept" not in upos and ner["_task_hash"] != upos["_task_hash"]
