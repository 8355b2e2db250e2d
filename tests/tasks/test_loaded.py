"""Labels and records of task models that training never writes: refused when they are loaded, or harmless in use."""

from __future__ import annotations

import copy
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.data.sentence import Sentence
from elman.errors import DataError, ModelFileError
from elman.models import file as model_file
from elman.taggers.load import load
from elman.taggers.tagger import Tagger
from elman.tasks import constituency as constituents, dependency_labels as dependencies, relation_counts as agreement
from elman.tasks.base import MAX_LABEL, Predictions
from elman.tasks.constituency import TreeLabels
from elman.tasks.dependency import DependencyEncoding
from elman.tasks.lemma import LemmaEncoding
from elman.tasks.morphology import MorphologyEncoding
from elman.tasks.mst import HeadLabels
from elman.tasks.relation_counts import RelationCounts
from elman.tasks.segmentation import Segmentation

ROWS = [
    ("Cats", "cat", "NOUN", "Number=Plur", "2", "nsubj"),
    ("ran", "run", "VERB", "Tense=Past", "0", "root"),
    ("mats", "mat", "NOUN", "Number=Plur", "2", "obl"),
]
CONLLU = "".join(
    f"{i}\t{form}\t{lemma}\t{upos}\t_\t{feats}\t{head}\t{deprel}\t_\t_\n"
    for i, (form, lemma, upos, feats, head, deprel) in enumerate(ROWS, 1)
)
TREES = "(S (NP (N Cats)) (VP (V ran) (NP (N mats))))\n"
WORDS = [row[0] for row in ROWS]
TASKS = {
    "lemma": "lemma",
    "each": "morphology:features=each",
    "relative": "parse:heads=relative",
    "brackets": "parse:heads=brackets",
    "graph": "parse",
    "trees": "parse",
    "segment": "segment",
    "pipeline": "pipeline",
    "words": "lm",
    "characters": "lm:unit=characters",
    "regress": "regress",
}
SMALL = {"hidden": 4, "epochs": 1, "ensemble": 1, "embedding": 4, "feature_embedding": 4}

Content = tuple[dict[str, Any], model_file.Tensors]


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Content]:
    """Record and tensors of a small model of each task."""
    folder = tmp_path_factory.mktemp("tasks")
    found = {}
    for name, task in TASKS.items():
        text = TREES if name == "trees" else "1\t2\n2\t4\n" if name == "regress" else CONLLU
        path = folder / f"{name}.{'trees' if name == 'trees' else 'txt' if name == 'regress' else 'conllu'}"
        path.write_text(f"{text}\n" * 6, encoding="utf-8")
        settings = {"hidden": 4, "epochs": 1} if name in ("segment", "words", "characters", "regress") else SMALL
        model = elman.train(str(path), task=task, settings=settings, threads=1, on_warning=lambda text: None)
        found[name] = model.to_record()
    return found


def loaded(content: Content, path: Path) -> Tagger:
    model_file.save(path, *content)
    return load(path, threads=1)


def test_each_loads(contents: dict[str, Content], tmp_path: Path) -> None:
    for content in contents.values():
        again = loaded(content, tmp_path / "a.model").to_record()
        assert again[0] == content[0]


def labels(column: int, old: str, new: str) -> Callable[[dict[str, Any]], None]:
    """Another label in a label column, of several or the only one."""

    def change(record: dict[str, Any]) -> None:
        sets = record["model"]["tags"]
        own = sets[column] if isinstance(sets[0], list) else sets
        own[own.index(old)] = new

    return change


def encoding(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Another value in the record of an encoding."""

    def change(record: dict[str, Any]) -> None:
        *way, last = path.split("/")
        place: Any = record
        for step in way:
            place = place[int(step) if isinstance(place, list) else step]
        place[int(last) if isinstance(place, list) else last] = value

    return change


PART = "task/encoding/parts/1"
INVENTORY = "task/segmentation/inventory"


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("lemma", labels(0, "l:-", "l" + "+x" * MAX_LABEL + ":"), "task: column lemma: expected labels as training"),
        ("lemma", labels(0, "l:-", '"' + "x" * MAX_LABEL), "task: column lemma: expected labels as training"),
        ("lemma", labels(0, "l:-", "z:-"), "task: column lemma: expected labels as training writes them, found 'z:-'"),
        ("each", labels(0, "Plur", "Sing"), "task: column feats.Number: expected labels .*, found 'Sing'"),
        ("each", encoding("task/encoding/known", ["_"]), "task: expected an encoding as training writes it"),
        (
            "each",
            encoding("task/encoding/known", ["_", "Number=Dual", "Number=Plur", "Tense=Past"]),
            "task: column feats.Number: expected the label 'Dual', found none",
        ),
        ("relative", labels(1, "+1,VERB", "+" + "9" * 5000 + ",VERB"), "task: column head: expected labels"),
        ("relative", labels(1, "+1,VERB", "<"), "task: column head: expected labels .*, found '<'"),
        ("relative", labels(1, "+1,VERB", "+1,X"), "task: heads: expected tags and relations .*, found 'X'"),
        ("relative", encoding(f"{PART}/agreement", {"+1\tA\tB": {"nsubj": 1}}), "task: heads: .*, found 'A'"),
        ("relative", encoding(f"{PART}/agreement", {"+0\t\tVERB": {"x": 1}}), "task: heads: .*, found 'x'"),
        (
            "relative",
            encoding(f"{PART}/agreement", {"+0\t\tVERB": {"root": 10**400}}),
            "task: agreement: expected",
        ),
        ("relative", encoding(f"{PART}/tags", "xpos"), "task: heads: expected tags and relations"),
        ("relative", encoding(PART, {"name": "together", "parts": []}), "task: expected an encoding as training"),
        ("brackets", labels(1, ".", ">>"), "task: column head: expected labels .*, found '>>'"),
        ("graph", encoding(f"{PART}/root", "x"), "task: graph: expected a relation of the model for roots, found 'x'"),
        ("graph", encoding(f"{PART}/root", 3), "task: expected an encoding as training writes it"),
        ("graph", encoding("model/graph", None), r"model tensor graph\.arcs\.b: expected no such tensor"),
        ("graph", encoding("model/graph/column", 0), r"model tensor graph\.relations\.w: expected"),
        ("graph", encoding("model/graph/column", 2), "model graph: expected a column of relations and widths, found"),
        ("graph", encoding("model/graph/arcs", 2**40), "model graph: expected a column of relations and widths"),
        ("graph", encoding("model/graph/labels", 7), r"model tensor graph\.mlp\.b: expected"),
        (
            "graph",
            encoding("task/encoding/parts", [{"name": "plain", "target": name} for name in ("upos", "deprel")]),
            "task: expected the graph part of a model where its encoding has one, and only there",
        ),
        ("trees", labels(0, "N", "N)"), r"task: column tree.tag: expected labels .*, found 'N\)'"),
        ("trees", labels(1, "+1(S", "+9999(S"), r"task: column tree.common: .*, found '\+9999\(S'"),
        ("trees", labels(1, "+1(S", "+" + "9" * 5000 + "(S"), "task: column tree.common: expected labels"),
        ("trees", labels(1, "+1(S", "+1(S" * MAX_LABEL), "task: column tree.common: expected labels"),
        ("trees", labels(2, "(NP", "(NP" * MAX_LABEL), "task: column tree.unary: expected labels"),
        ("trees", encoding("task/encoding/root", "(S"), "task: expected an encoding as training writes it"),
        ("segment", labels(0, "S", "Sx"), "segmentation: expected labels among B I M O S T W, found 'Sx'"),
        ("segment", labels(0, "S", "\u00e4"), "segmentation: expected labels among"),
        ("segment", encoding(INVENTORY, {"a": ["x"] * MAX_LABEL}), "segmentation: expected a list of words for each"),
        ("segment", encoding(INVENTORY, {"a": ["x\ty"]}), "segmentation: expected a list of words for each form"),
        ("segment", encoding("kind", "frequent"), "model|expected"),
        ("pipeline", encoding("task/name", "lemma"), "kind: expected a text"),
        ("pipeline", encoding("task/segment/task/name", "pipeline"), "task pipeline: expected a model of the task seg"),
        ("pipeline", encoding("task/words/model/tags/2/0", '"A\nB'), "task pipeline: expected labels that CoNLL-U can"),
        ("words", encoding("kind", "hmm"), "expected"),
        ("words", encoding("model/tasks", ["classify"]), "expected|model"),
        ("words", encoding("data", {}), "data: expected sentences, words, "),
        ("characters", labels(0, "C", "Ca"), "task lm: expected a forward model of one column of characters that"),
        ("regress", encoding("model/scalings/0/0/0", 10**400), "model scaling: expected means and deviations"),
        ("regress", encoding("data", {}), "data: expected sentences, words, "),
    ],
)
def test_what_training_does_not_write(
    contents: dict[str, Content], tmp_path: Path, name: str, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    record, tensors = copy.deepcopy(contents[name][0]), contents[name][1]
    change(record)
    path = tmp_path / "a.model"
    with pytest.raises(ModelFileError, match=f"^{path}: {message}") as caught:
        loaded((record, tensors), path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


def test_a_part_of_a_pipeline_is_no_model_of_its_own(contents: dict[str, Content], tmp_path: Path) -> None:
    record, tensors = contents["pipeline"]
    words = {name.removeprefix("words."): x for name, x in tensors.items() if name.startswith("words.")}
    with pytest.raises(ModelFileError, match="task pipeline: expected a model of the task segment as its part segment"):
        loaded((record["task"]["words"], words), tmp_path / "a.model")
    nested = copy.deepcopy(record)
    for _ in range(300):
        nested = {"task": {"name": "pipeline", "segment": nested, "words": nested["task"]["words"]}}
    with pytest.raises(ModelFileError, match="task pipeline: expected a model of the task segment"):
        loaded((nested, tensors), tmp_path / "a.model")


def test_heads_far_away_take_no_memory(contents: dict[str, Content], tmp_path: Path) -> None:
    record, tensors = copy.deepcopy(contents["relative"][0]), contents["relative"][1]
    labels(1, "+1,VERB", "+100000000,VERB")(record)
    model = loaded((record, tensors), tmp_path / "a.model")
    assert set(model.predict([WORDS], columns=model.targets)[0]["head"]) <= set("0123")
    assert HeadLabels(["+100000000,V", "-999,V", "0,ROOT"])._columns.shape == (2, 2003)


def peak(work: Callable[[], object]) -> float:
    """MB that some work takes at most."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def test_many_tags_and_relations() -> None:
    """Where a table of all would take gigabytes, relations say nothing of arcs; trees are those of the labels."""
    tags, relations = [f"T{i}" for i in range(400)], [f"r{i}" for i in range(200)]
    counted = RelationCounts.of([([2, 0], ["T0", "T1"], ["r0", "r1"])] * 50)
    assert peak(lambda: counted.table(relations, tags)) < 20
    table = counted.table(relations, tags)
    few = RelationCounts().table(relations, ["T0", "T1"])
    scores = np.log(np.array([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]]))
    said = np.random.default_rng(1).normal(size=(2, 200))
    heads = [HeadLabels(["+1,T1", "-1,T0", "0,ROOT"], own).heads(scores, [["T0", "T1"]], said) for own in (table, few)]
    assert heads[0].tolist() == heads[1].tolist() == [2, 0]
    kinds = table.of(["T0", "T1"])
    assert (table.relations(kinds, np.array([1, -1]), said) == said).all()


def test_brackets_without_end() -> None:
    n = 300
    for label in ("/" * 1_000_000, "<" * 1_000_000, "\\" * 1_000_000, "<" + "\\" * 500_000 + "/" * 500_000 + ">"):
        assert peak(lambda label=label: dependencies.decode([label] * n, (), "brackets")) < 10  # type: ignore[misc]


def test_phrases_without_a_label() -> None:
    n = 400
    up_and_down = TreeLabels(("w",) * n, ("T",) * n, ("+999(S", "-999(S") * (n // 2), ("_",) * n)
    assert peak(lambda: constituents.decode(up_and_down)) < 5
    assert str(constituents.decode(up_and_down)).count("(T ") == n


def test_combinations_are_looked_at_some_at_a_time() -> None:
    known = tuple(f"A=a{i}|B=b{i}" for i in range(3000))
    features = MorphologyEncoding(known)
    n = 1500
    p = np.full((n, 3000), 1 / 3000)
    p[np.arange(n), np.arange(n)] = 0.5
    sets = {f"feats.{name}": [f"{name.lower()}{i}" for i in range(3000)] for name in "AB"}
    found = {"feats.A": [["a1"] * n], "feats.B": [["b2"] * n]}

    def decoded() -> list[str]:
        return features.decode(Predictions([["w"] * n], found, sets, lambda name, which: [p]))["feats"][0]

    assert peak(decoded) < 60  # in one piece, 72 MB of numbers alone
    assert decoded() == [f"A=a{i}|B=b{i}" for i in range(n)]


def test_a_lemma_is_looked_for_where_it_is_missing() -> None:
    """Of a sentence with one word without a lemma, the labels of that word alone are ranked."""
    n, labels = 2_000, ["_", *(f'"{i}' for i in range(2_000))]
    p = np.full((n, len(labels)), 1e-4)
    batch = Predictions([["w"] * n], {"lemma": [["_", *['"1'] * (n - 1)]]}, {"lemma": labels}, lambda name, which: [p])
    assert peak(lambda: LemmaEncoding().decode(batch)) < 5
    assert LemmaEncoding().decode(batch)["lemma"][0][:2] == ["0", "1"]


def conllu(**columns: tuple[str, ...]) -> Sentence:
    words = tuple(f"w{i}" for i in range(len(next(iter(columns.values())))))
    rows = tuple(range(len(words)))
    return Sentence(words, columns, "a.conllu", 1, rows=rows, format="conllu")


def test_what_would_not_be_loaded_is_not_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    lemmas = conllu(lemma=("a", "x" * (MAX_LABEL + 1)))
    with pytest.raises(DataError, match="^a.conllu:2: column lemma: too long, or too deep a tree, to be learned: the"):
        elman.train([lemmas], task="lemma", settings=SMALL, threads=1)
    with pytest.raises(DataError, match="^a.conllu:1: features: expected Name=Value|Name=Value, up to 1,000"):
        MorphologyEncoding.of([conllu(feats=("A=" + "x" * MAX_LABEL,))])
    monkeypatch.setattr("elman.tasks.dependency.MAX_TAGS", 1)
    with pytest.raises(DataError, match="^a.conllu: column upos: expected up to 1 parts of speech for parsing, found"):
        DependencyEncoding.of([conllu(upos=("A", "B"), head=("0", "1"), deprel=("root", "x"))], "relative")
    assert agreement.MAX_TAGS == 2_000


def test_a_long_multiword_token_is_not_listed() -> None:
    words = tuple(f"w{i}" for i in range(400))
    blank = "\t_" * 8
    lines = [f"1-400\tform{blank}\n", *(f"{i}\t{word}{blank}\n" for i, word in enumerate(words, 1)), "\n"]
    one = Sentence(words, {"misc": ("_",) * 400}, "", 1, tuple(lines), tuple(range(1, 401)), "conllu")
    assert Segmentation.of([one]).inventory == {}


@pytest.mark.parametrize("task", ["pipeline", "pipeline:heads=relative"])
def test_a_pipeline_of_words_without_parts_of_speech(task: str, tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text((CONLLU.replace("NOUN", "_").replace("VERB", "_") + "\n") * 6, encoding="utf-8")
    settings = {**SMALL, "hidden": 16, "batch": 2, "epochs": 30, "learning_rate": 0.008}
    model = elman.train(path, task=task, settings=settings, threads=1, on_warning=lambda text: None)
    again = loaded(model.to_record(), tmp_path / "a.model")
    assert again.predict([WORDS], columns=again.targets)[0]["head"] == ["2", "0", "2"]
