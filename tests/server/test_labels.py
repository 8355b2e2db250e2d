"""Models of tags and labels, of several columns, of lemmas: cards, corrections, learning, export."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import elman
from asked import asking
from elman.server.learner import LearnOptions
from elman.server.service import Service

Make = Callable[..., Service]
SMALL = {"hidden": 8, "embedding": 8, "epochs": 10, "ensemble": 1}
PATIENCE = 120.0
ROWS = [
    {"tokens": ["play", f"song{i}", "now"], "tags": ["O", "B-song", "O"], "label": "play" if i % 2 else "stop"}
    for i in range(30)
]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of tags and a label."""
    folder = tmp_path_factory.mktemp("both")
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    path = folder / "both.model"
    quiet: dict[str, Any] = {"on_warning": lambda doubt: None}
    elman.train(str(folder / "train.jsonl"), target="tags,label", settings=SMALL, **quiet).save(path)
    return path


def test_labels_are_corrected_learned_and_exported(serve: Make, both: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.jsonl"
    lines = [json.dumps({"id": i, "tokens": row["tokens"], "label": row["label"]}) + "\n" for i, row in enumerate(ROWS)]
    path.write_text("".join(lines), encoding="utf-8")
    service = serve(path, model=str(both), learn=LearnOptions(), start=True)
    place = next(i for i, item in enumerate(service.documents.items) if not item.set_aside)
    with asking(service) as client:
        status = client.get("/v1/status").json()
        assert status["model"]["labels"] == [
            {"name": "label", "kind": "one", "tags": ["play", "stop"], "separator": "|"}
        ]
        (column,) = status["model"]["columns"]
        assert (column["kind"], column["types"], column["scheme"]) == ("spans", ["song"], "IOB2")
        card = client.get(f"/v1/sentences/{service.documents.items[place].id}").json()
        label = card["labels"]["label"]
        assert (label["value"], label["source"]) == (ROWS[place]["label"], "file")
        assert {name for name, _ in label["alternatives"]} == {"play", "stop"}
        assert card["columns"]["tags"]["source"] == "model"
        other = "stop" if label["value"] == "play" else "play"
        before = {"columns": {"tags": card["columns"]["tags"]["tags"]}, "labels": {"label": label["value"]}}
        after = {"columns": {"tags": ["B-verb", "B-song", None]}, "labels": {"label": other}}
        body = {"id": card["id"], "version": 0, "before": before, "after": after}
        assert client.post("/v1/corrections", json=body).status_code == 201
        end = time.monotonic() + PATIENCE
        while client.get("/v1/status").json()["learning"]["waiting"]:
            assert time.monotonic() < end
            time.sleep(0.05)
        row = service.learning.models[-1]
        report = service.store.report(row.number)
        assert row.adopted and report is not None and report["not_learned"] == [], (row.reason, report)
        card = client.get(f"/v1/sentences/{card['id']}").json()
        assert card["labels"]["label"]["predicted"] == other and card["columns"]["tags"]["predicted"][0] == "B-verb"
        assert (card["labels"]["label"]["value"], card["columns"]["tags"]["tags"][2]) == (other, None)
        (row,) = client.post("/v1/classify", json={"sentences": [card["words"]]}).json()["sentences"]
        assert row["labels"] == {"label": other}
        assert client.get("/v1/why", params={"id": card["id"], "column": "label"}).json()["tag"] == other
        found = client.get("/v1/export").text.splitlines(keepends=True)
        assert client.get("/v1/queue", params={"tag": f"label={other}", "state": "all"}).json()["remaining"] >= 1
    assert [line for i, line in enumerate(found) if i != place] == [line for i, line in enumerate(lines) if i != place]
    changed = json.loads(found[place])
    assert (changed["id"], changed["label"], changed["tags"][:2]) == (place, other, ["B-verb", "B-song"])


def test_columns_that_are_shown(serve: Make, both: Path, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("play song1\n", encoding="utf-8")
    service = serve(tmp_path / "new.txt", model=str(both), columns=["label"])
    with asking(service) as client:
        (card,) = client.get("/v1/queue").json()["cards"]
        assert card["columns"] == {} and list(card["labels"]) == ["label"]
        (row,) = client.post("/v1/tag", json={"text": "play song1"}).json()["sentences"]
        assert row.keys() == {"words", "labels"}
        assert client.post("/v1/tag", json={"text": "a", "columns": ["tags"]}).status_code == 400


def test_lemmas_are_served_and_not_learned(serve: Make, tmp_path: Path) -> None:
    lines = [f"{i}\t{word}\t{word[:-1]}\tNOUN" + "\t_" * 6 for i, word in enumerate(("dogs", "cats"), start=1)]
    (tmp_path / "train.conllu").write_text("\n".join([*lines, "", ""]) * 6, encoding="utf-8")
    train = str(tmp_path / "train.conllu")
    quiet: dict[str, Any] = {"on_warning": lambda doubt: None}
    elman.train(train, task="lemma", settings=SMALL, **quiet).save(tmp_path / "lemma.model")
    service = serve(tmp_path / "train.conllu", model=str(tmp_path / "lemma.model"), learn=LearnOptions())
    with asking(service) as client:
        assert client.get("/v1/status").json()["learning"]["state"] == "off"
        (row,) = client.post("/v1/tag", json={"text": "dogs cats"}).json()["sentences"]
        assert row["columns"] == {"lemma": ["dog", "cat"]}
        (card,) = client.get("/v1/queue", params={"limit": 1}).json()["cards"]
        assert card["columns"]["lemma"]["tags"] == ["dog", "cat"]
        assert card["columns"]["lemma"]["alternatives"] is None
        assert client.get("/v1/why", params={"id": card["id"]}).status_code == 422
        text = client.get("/process", params={"data": "dogs"}).json()["result"]
        assert text == "1\tdogs\tdog\t_\t_\t_\t_\t_\t_\t_\n\n"


def test_words_with_features(serve: Make, tmp_path: Path) -> None:
    rows = "".join(f"x{i}\tverb\tV\ny{i}\tplace\tN\n\n" for i in range(8))
    (tmp_path / "train.tsv").write_text(rows, encoding="utf-8")
    quiet: dict[str, Any] = {"on_warning": lambda doubt: None}
    model = elman.train(str(tmp_path / "train.tsv"), inputs="2", settings=SMALL, **quiet)
    model.save(tmp_path / "own.model")
    service = serve(tmp_path / "train.tsv", model=str(tmp_path / "own.model"), learn=LearnOptions(), start=True)
    place = next(i for i, item in enumerate(service.documents.items) if not item.set_aside)
    with asking(service) as client:
        words = [{"word": "z", "2": "place"}, {"word": "w", "2": "verb"}]
        (row,) = client.post("/v1/tag", json={"sentences": [words]}).json()["sentences"]
        assert row["words"] == ["z", "w"] and row["columns"] == {"3": model.predict([words])[0]}
        assert client.post("/v1/tag", json={"text": "z w"}).status_code == 400
        card = client.get(f"/v1/sentences/{service.documents.items[place].id}").json()
        assert card["columns"]["3"]["predicted"] == ["V", "N"]
        change = {"before": {"columns": {"3": ["V", "N"]}}, "after": {"columns": {"3": ["X", None]}}}
        assert client.post("/v1/corrections", json={"id": card["id"], **change}).status_code == 201
        end = time.monotonic() + PATIENCE
        while client.get("/v1/status").json()["learning"]["waiting"]:
            assert time.monotonic() < end
            time.sleep(0.05)
        card = client.get(f"/v1/sentences/{card['id']}").json()
        assert card["columns"]["3"]["predicted"] == ["X", "N"]
    plain = tmp_path / "plain.txt"
    plain.write_text("z w\n", encoding="utf-8")
    with pytest.raises(elman.DataError, match=r"plain\.txt:1: no column '2'"):
        serve(plain, model=str(tmp_path / "own.model"), database=str(tmp_path / "other.sqlite"))
