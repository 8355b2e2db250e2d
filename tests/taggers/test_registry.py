"""The rows of the registry, and a task that is added by one."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import elman
from elman.errors import ConfigError, ModelFileError
from elman.models.file import Tensors
from elman.taggers import registry, train_tags
from elman.taggers.registry import TASKS, Task, imported, parsed
from elman.taggers.request import TrainRequest
from elman.taggers.structured import EncodedTagger
from elman.taggers.tagger import Tagger
from elman.tasks import dependency_labels
from elman.tasks.graph import GraphEncoding

SENTENCES = [[("the", "D"), ("dog", "N")], [("a", "D"), ("cat", "N")]] * 3


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_every_function_of_a_row_is_there(task: Task) -> None:
    for path in filter(None, (task.train, task.predictor, task.encoding)):
        assert callable(imported(path))


def test_options_are_those_of_the_encodings() -> None:
    assert TASKS["parse"].options["heads"] == (GraphEncoding.name, *dependency_labels.ENCODINGS)
    assert parsed("pipeline:heads=brackets") == ("pipeline", {"features": "whole", "heads": "brackets"})
    assert parsed("pipeline") == ("pipeline", {"features": "whole", "heads": "graph"})
    assert parsed("parse:heads=relative") == ("parse", {"heads": "relative"})
    assert parsed(None) == (None, {})


class Shouting(Tagger):
    """Tags in capitals, as a task of its own."""

    task = "shout"

    def _task_record(self) -> dict[str, Any]:
        return {"name": self.task}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> Shouting:
        tagger = Tagger.from_record(record, tensors, threads=threads)
        facts = tagger.describe()["data"]
        return cls(tagger._model, targets=tagger.targets, format=tagger.format, data=facts, threads=threads)


def train_shouting(request: TrainRequest) -> Shouting:
    """Train on the tags, in capitals or twice as long."""
    suffix = "!" * (1 + (request.options["loud"] == "very"))
    data = [[(word, tag + suffix) for word, tag in sentence] for sentence in request.data]  # type: ignore[union-attr]
    tagger = train_tags.train(replace(request, data=data, task=None))
    return Shouting.from_record(*tagger.to_record())


@pytest.fixture
def shout(monkeypatch: pytest.MonkeyPatch) -> Task:
    """A task of one module and one row."""
    module = ModuleType("shouting")
    module.train, module.Shouting = train_shouting, Shouting  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "shouting", module)
    row = Task(
        "shout", "shouting:train", "shouting:Shouting", options={"loud": ("some", "very")}, models=None, budget=False
    )
    monkeypatch.setitem(TASKS, row.name, row)
    return row


def test_a_task_is_added_by_its_module_and_a_row(shout: Task, tmp_path: Path) -> None:
    model = elman.train(SENTENCES, task="shout:loud=very", model="frequent", on_warning=lambda line: None)
    assert isinstance(model, Tagger) and model.tag(["dog"]) == ["N!!"]
    model.save(tmp_path / "model")
    assert elman.load(tmp_path / "model").tag(["the", "dog"]) == ["D!!", "N!!"]
    with pytest.raises(ConfigError, match=r"^task shout: its options are loud=some\|very, got 'x'$"):
        elman.train(SENTENCES, task="shout:x")
    with pytest.raises(ConfigError, match="^task shout: it takes no budget"):
        elman.train(SENTENCES, task="shout", budget="1s")
    with pytest.raises(ConfigError, match="^target: task shout: expected no label column"):
        elman.train(SENTENCES, task="shout", target="tag")


def test_without_its_row_a_task_is_not_known() -> None:
    with pytest.raises(ConfigError, match="^task: expected tag, .* or regress, got 'shout'$"):
        elman.train(SENTENCES, task="shout")
    for name in ("shout", "tag"):  # models of tags name no task
        with pytest.raises(ModelFileError, match=f"^task: expected segment, .*, found '{name}'$"):
            registry.load({"task": {"name": name}}, {})


def names_of_tasks(node: ast.Compare) -> set[str]:
    """Return the names of tasks that a comparison names; of tags and document labels only if a task is compared."""
    texts = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
    tasks = any(re.search(r"(^|[._])task$", ast.unparse(part)) for part in ast.walk(node) if isinstance(part, ast.expr))
    return texts & (TASKS.keys() if tasks else TASKS.keys() - {"tag", "classify", "lemma"})


def test_no_module_asks_for_the_name_of_another_task() -> None:
    """A task is known to its row and to its own modules; others ask its predictor or its row, not its name."""
    package = Path(elman.__file__).parent
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                assert not names_of_tasks(node), f"{path}:{node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("text", ['model.task == "tag"', 'task in ("tag", "classify")', 'facts["task"] != "lm"'])
def test_a_comparison_with_the_name_of_a_task_is_seen(text: str) -> None:
    (node,) = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Compare))
    assert names_of_tasks(node)


def test_encoded_tasks_know_their_name() -> None:
    sentence = elman.Sentence(("a", "b"), {"lemma": ("a", "b")}, format="conllu")
    model = elman.train([sentence] * 3, task="lemma", model="frequent", on_warning=lambda line: None)
    assert isinstance(model, EncodedTagger) and model.describe()["task"] == "lemma"
