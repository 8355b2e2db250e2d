"""Training the models of all tasks, their records and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import elman
from elman.data.formats import read_sentences
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError, ModelFileError
from elman.evaluation import conll18
from elman.models import file as model_file
from elman.taggers.load import load
from elman.taggers.pipeline import Pipeline
from elman.taggers.segmenter import Segmenter
from elman.taggers.structured import EncodedTagger
from elman.taggers.tagger import Tagger
from elman.taggers.train_encoded import tree_settings
from elman.tasks import encodings

ROWS = [
    ("Cats", "cat", "NOUN", "Number=Plur", "2", "nsubj", "_"),
    ("ran", "run", "VERB", "Tense=Past", "0", "root", "_"),
    ("on", "on", "ADP", "_", "4", "case", "_"),
    ("mats", "mat", "NOUN", "Number=Plur", "2", "obl", "SpaceAfter=No"),
    (".", ".", "PUNCT", "_", "2", "punct", "_"),
]
SETTINGS = {"hidden": 16, "epochs": 20, "batch": 2, "ensemble": 1, "embedding": 16, "feature_embedding": 16}
QUIET: dict[str, Any] = {"threads": 1, "on_warning": lambda text: None}


def conllu(rows: list[tuple[str, ...]] = ROWS, times: int = 12) -> str:
    lines = [
        f"{i}\t{form}\t{lemma}\t{upos}\t_\t{feats}\t{head}\t{deprel}\t_\t{misc}\n"
        for i, (form, lemma, upos, feats, head, deprel, misc) in enumerate(rows, 1)
    ]
    return ("# newpar\n" + "".join(lines) + "\n") * times


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("tasks") / "train.conllu"
    path.write_text(conllu(), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def pipeline(file: str) -> Pipeline:
    model = elman.train(file, task="pipeline", settings=SETTINGS, **QUIET)
    assert isinstance(model, Pipeline)
    return model


def saved(model: Tagger, path: Path) -> Any:
    model.save(path)
    return load(path, threads=1)


def test_a_pipeline_learns_by_heart(pipeline: Pipeline, file: str, tmp_path: Path) -> None:
    gold = list(read_sentences(file))
    metrics = pipeline.evaluate_text(gold)
    assert {name for name, metric in metrics.items() if metric.f1 < 1} <= {"AllTags", "MLAS", "BLEX"}
    assert list(metrics) == [name for name in conll18.METRICS if name not in ("XPOS", "AllTags")]
    again = saved(pipeline, tmp_path / "a.model")
    assert isinstance(again, Pipeline)
    lines = ["Cats ran on mats."]
    (one,), (other,) = pipeline.sentences(lines), again.sentences(lines)
    assert one == other
    assert "".join(one.lines).endswith("5\t.\t.\tPUNCT\t_\t_\t2\tpunct\t_\t_\n\n")
    assert one.columns["lemma"] == ("cat", "run", "on", "mat", ".")
    assert again.describe()["targets"].keys() == {"upos", "feats", "lemma", "deprel"}
    again.save(tmp_path / "b.model")
    assert (tmp_path / "a.model").read_bytes() == (tmp_path / "b.model").read_bytes()


def test_the_confidences_of_a_pipeline_are_of_its_columns(pipeline: Pipeline) -> None:
    lines = ["Cats ran on mats.", "", "Mats ran."]
    found = list(pipeline.sentences(lines, confidence=True))
    words = [one.words for one in found]
    for one, predicted in zip(found, pipeline.pipe(words, confidence=True, columns=pipeline.targets), strict=True):
        of_words = zip(*(zip(*predicted[name], strict=True) for name in pipeline.targets), strict=True)
        for misc, pairs in zip(one.columns["misc"], of_words, strict=True):
            wanted = [f"Confidence[{name}]={p:.4f}" for name, (_, p) in zip(pipeline.targets, pairs, strict=True)]
            assert misc.removeprefix("SpaceAfter=No|").split("|") == wanted
    bare = list(pipeline.sentences(lines))
    for name in ("upos", "feats", "lemma", "head", "deprel"):
        assert [one.columns[name] for one in found] == [one.columns[name] for one in bare]
    borders = [one.columns["misc"] for one in pipeline.segmenter.sentences(lines, confidence=True)]
    assert borders != [one.columns["misc"] for one in found]


def test_settings_of_the_network_are_those_of_the_words(pipeline: Pipeline) -> None:
    facts = pipeline.describe()
    assert facts["segment"]["settings"]["network"]["hidden"] == 64
    assert facts["settings"]["network"]["hidden"] == 16
    assert facts["segment"]["settings"]["training"]["epochs"] == 20


def test_a_segmenter(file: str, tmp_path: Path) -> None:
    model = elman.train(file, "20%", task="segment", settings={"hidden": 8, "epochs": 2}, **QUIET)
    assert isinstance(model, Segmenter) and model.segmentation.sentences
    facts = model.describe()
    assert (facts["task"], facts["data"]["words"], facts["data"]["sentences"]) == ("segment", 60, 12)
    again = saved(model, tmp_path / "a.model")
    assert again.segment("Cats ran.") == model.segment("Cats ran.")


def test_a_list_of_words(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("自然 言語 処理\n\n言語 の 処理\n" * 8, encoding="utf-8")
    model = elman.train([path], task="segment", settings={"epochs": 12}, **QUIET)
    assert isinstance(model, Segmenter) and not model.segmentation.sentences
    assert model.segment("言語の処理\n処理 の言語") == [["言語", "の", "処理"], ["処理", "の", "言語"]]


@pytest.mark.parametrize("model", ["rnn", "hmm"])
def test_lemmas(file: str, tmp_path: Path, model: str) -> None:
    settings = SETTINGS if model == "rnn" else {}
    tagger = elman.train(file, "25%", task="lemma", model=model, settings=settings, **QUIET)
    assert isinstance(tagger, EncodedTagger)
    words, lemmas = [row[0] for row in ROWS], [row[1] for row in ROWS]
    assert tagger.tag(words) == lemmas
    assert tagger.predict([words], columns=tagger.targets)[0] == {"lemma": lemmas}
    ((found, sure),) = tagger.pipe([words], confidence=True)
    assert found == lemmas and all(0 < p <= 1 for p in sure)
    assert tagger.evaluate(file).accuracy == 1.0
    again = saved(tagger, tmp_path / "a.model")
    assert again.tag(words) == lemmas
    assert again.describe()["task"] == "lemma"
    assert "held_out" in again.describe()["data"]


def test_features_one_by_one(file: str, tmp_path: Path) -> None:
    tagger = elman.train(file, task="morphology:features=each", settings=SETTINGS, **QUIET)
    assert isinstance(tagger, EncodedTagger)
    assert (tagger.targets, tagger.columns) == (("feats",), ("feats.Number", "feats.Tense"))
    assert tagger.tag([row[0] for row in ROWS]) == [row[3] for row in ROWS]
    (found,) = tagger.pipe([["Cats"]], confidence=True, columns=tagger.targets)
    p = [tagger.probabilities(["Cats"], name).max() for name in tagger.columns]
    assert found["feats"][1] == [pytest.approx(p[0] * p[1])]
    assert tagger.temperatures.keys() == tagger.tag_sets.keys()
    assert tagger.uncalibrated().tag(["Cats"]) == tagger.tag(["Cats"])
    assert not tagger.tags_lines
    with pytest.raises(ConfigError, match="^target: the model's label columns are feats.Number, feats.Tense, got 'x'$"):
        tagger.probabilities(["Cats"], "x")
    assert isinstance(saved(tagger, tmp_path / "a.model"), EncodedTagger)


def test_features_as_they_are(file: str) -> None:
    tagger = elman.train(file, task="morphology", settings=SETTINGS, **QUIET)
    assert isinstance(tagger, EncodedTagger)
    assert tagger.columns == ("feats",)
    assert list(tagger.pipe([[row[0] for row in ROWS]])) == [[row[3] for row in ROWS]]


@pytest.mark.parametrize("heads", ["relative", "brackets", "graph"])
def test_parses(file: str, heads: str, tmp_path: Path) -> None:
    tagger = elman.train(file, task=f"parse:heads={heads}", settings=SETTINGS, **QUIET)
    assert isinstance(tagger, EncodedTagger)
    found = tagger.predict([[row[0] for row in ROWS]], columns=tagger.targets)[0]
    assert found["head"] == [row[4] for row in ROWS]
    assert found["deprel"] == [row[5] for row in ROWS]
    again = saved(tagger, tmp_path / "a.model")
    assert again.predict([[row[0] for row in ROWS]], columns=tagger.targets)[0] == found


def test_arcs_that_brackets_cannot_hold(tmp_path: Path) -> None:
    crossing = [ROWS[0][:4] + (head, "x", "_") for head in ("3", "4", "0", "3")]
    path = tmp_path / "a.conllu"
    path.write_text(conllu(crossing, 1), encoding="utf-8")
    for heads, expected in (("relative", 0), ("brackets", 1), ("graph", 0)):
        notes: list[str] = []
        settings = SETTINGS | {"epochs": 1}
        tagger = elman.train(path, task=f"parse:heads={heads}", settings=settings, on_note=notes.append, **QUIET)
        assert sum("1 of 1 trees have crossing arcs of one direction" in note for note in notes) == expected
        assert tagger.predict([[]], columns=tagger.targets)[0] == {"upos": [], "head": [], "deprel": []}


def test_settings_of_trees(file: str, tmp_path: Path) -> None:
    """What differs from the default; whatever is set by hand wins."""
    trees = tmp_path / "a.trees"
    trees.write_text("(S (A a) (B b))\n" * 6, encoding="utf-8")
    small = {"hidden": 8, "ensemble": 1, "embedding": 8, "feature_embedding": 8}
    tagger = elman.train(trees, task="parse", settings=small, **QUIET)
    settings = tagger.describe()["settings"]
    assert (settings["network"]["layers"], settings["training"]["epochs"], settings["training"]["batch"]) == (2, 40, 4)
    assert settings["training"]["dropout_kind"] == "plain"
    assert tagger.tag(["a", "b"]) == ["(S(A*)", "(B*))"]
    assert saved(tagger, tmp_path / "a.model").tag(["a", "b"]) == ["(S(A*)", "(B*))"]
    encoding = encodings.parse(list(read_sentences(file)), None, {"heads": "relative"})
    large = {"layers": 2, "epochs": 8, "hidden": 256, "dropout_kind": "variational"}
    assert tree_settings("default", encoding, 12_544, large=True) == large
    assert tree_settings("default", encoding, 12_544, large=False) == {"layers": 2, "epochs": 8}
    assert tree_settings("fast", encoding, 12_544, large=True) == {}
    graph = encodings.parse(list(read_sentences(file)), None, {"heads": "graph"})
    of_graph = {"epochs": 14, "learning_rate": 0.004, "decoder": "softmax"}
    assert tree_settings("default", graph, 12_544, large=True) == large | of_graph
    assert tree_settings("default", graph, 12_544, large=False) == {"layers": 2} | of_graph
    assert tree_settings("best", graph, 12_544, large=True) == {"layers": 2} | of_graph
    few = {"layers": 2, "epochs": 20, "decoder": "softmax", "dropout_kind": "variational"}
    assert tree_settings("default", graph, 100, large=True) == few  # as many epochs as tags get
    assert tree_settings("fast", graph, 12_544, large=True) == {}


@pytest.mark.parametrize("task", ["parse", "pipeline"])
def test_settings_of_a_graph_parser(file: str, task: str) -> None:
    """The default of both tasks; what is set by hand wins, and the preset fast stays small."""
    small = {"hidden": 4, "ensemble": 1, "embedding": 4, "feature_embedding": 4}
    for own, preset, epochs, rate in (
        ({}, "default", 20, 0.008),
        ({"epochs": 1, "learning_rate": 0.01}, "default", 1, 0.01),
        ({"epochs": 1}, "fast", 1, 0.008),
    ):
        tagger = elman.train(file, task=task, preset=preset, settings={**small, **own}, **QUIET)
        words = tagger.words if isinstance(tagger, Pipeline) else tagger
        training = words.describe()["settings"]["training"]
        assert (training["epochs"], training["learning_rate"]) == (epochs, rate)
        assert words.graph_column is not None


@pytest.mark.parametrize("heads", ["graph", "relative"])
def test_a_parser_fills_a_time_budget(file: str, heads: str) -> None:
    """It chooses the epochs and units, which trees would otherwise have of their own."""
    notes: list[str] = []
    elman.train(file, task=f"parse:heads={heads}", budget="2s", on_note=notes.append, **QUIET)
    assert any(note.startswith("budget 2 s: hidden=") for note in notes), notes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "nothing"}, "^task: expected tag, classify, segment, .* or regress, got 'nothing'$"),
        ({"task": "lemma:a=b"}, "^task lemma: its options are none, got 'a=b'$"),
        ({"task": "parse:heads"}, r"^task parse: its options are heads=graph\|relative\|brackets, got 'heads'$"),
        ({"task": "parse:heads=x"}, "^task parse: heads: expected graph or relative or brackets, got 'x'$"),
        ({"task": "parse", "model": "hmm"}, "^task parse: expected the model rnn, got 'hmm'$"),
        ({"task": "pipeline", "budget": "1m"}, "^task pipeline: it takes no budget; set epochs"),
        ({"task": "pipeline"}, "^task pipeline: expected conllu"),
        ({"task": "lemma", "target": "a,b"}, "^target: task lemma: expected one label column, got a, b$"),
        ({"task": "segment", "vectors": "x"}, "^task segment: it reads no pretrained vectors"),
        ({"task": "parse", "target": "a"}, "^target: task parse: expected no label column, since .*, got a$"),
    ],
)
def test_settings_that_will_not_do(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        elman.train([Sentence(("a",))], **options)


def test_columns_are_no_trees() -> None:
    with pytest.raises(ConfigError, match="^: the task parse learns from conllu or trees"):
        elman.train([Sentence(("a",), {"2": ("x",)}, format="columns")], task="parse")


def test_data_that_will_not_do(tmp_path: Path) -> None:
    for data in ([], [Sentence(())]):
        with pytest.raises(DataError, match="^no words in it; expected sentences to learn from$"):
            elman.train(data, task="lemma")
    with pytest.raises(DataError, match="^expected paths, or Sentences$"):
        elman.train([[("a", "b")]], task="lemma")
    nothing = tmp_path / "nothing.conllu"
    nothing.write_text("1\ta" + "\t_" * 8 + "\n\n", encoding="utf-8")
    with pytest.raises(DataError, match=f"^{nothing}: nothing to learn: all columns hold only _$"):
        elman.train(nothing, task="pipeline", settings={"epochs": 1}, **QUIET)
    with pytest.raises(DataError, match=f"^{nothing}: no features: column feats holds only _"):
        elman.train(nothing, task="morphology:features=each", **QUIET)
    line = tmp_path / "line.txt"
    line.write_text("abc\nde\n", encoding="utf-8")
    with pytest.raises(DataError, match=f"^{line}: no spaces within a line, so every line is one word; expected"):
        elman.train(line, task="segment", **QUIET)
    nothing.write_text("\n", encoding="utf-8")
    with pytest.raises(DataError, match=f"^{nothing}: no words in it"):
        elman.train(nothing, task="lemma")


def test_files_that_are_none(pipeline: Pipeline, file: str, tmp_path: Path) -> None:
    path = tmp_path / "a.model"
    record, tensors = pipeline.to_record()
    words = dict(record["task"]["words"])
    swapped = {**words, "task": {"name": "pipeline", "encoding": {"name": "plain", "target": "upos"}}}
    for broken, message in [
        ({"task": {"name": "segment"}}, "segmentation: expected sentences"),
        ({"task": {"name": "nothing"}}, "task: expected segment, lemma"),
        (
            {"task": {**record["task"], "words": record["task"]["segment"]}},
            "task pipeline: expected a model of the task",
        ),
        ({"task": {**record["task"], "words": 1}}, "task pipeline: expected a model of the task pipeline as its part"),
        ({"task": {**record["task"], "words": swapped}}, "task: expected the label columns upos, found upos, feats"),
    ]:
        model_file.save(path, broken, tensors)
        with pytest.raises(ModelFileError, match=f"^{path}: .*{message}"):
            load(path)


def test_a_tagger_is_loaded_as_one(file: str, tmp_path: Path) -> None:
    elman.train(file, model="frequent", on_warning=lambda text: None).save(tmp_path / "a.model")
    notes: list[str] = []
    assert type(load(tmp_path / "a.model", on_note=notes.append)) is Tagger
    assert notes == []


def test_arguments_that_are_settings() -> None:
    train: Any = elman.train
    with pytest.raises(
        TypeError, match=r'^train\(\) has no argument lr; it is a setting: settings={"learning_rate": …}$'
    ):
        train([], lr=1)
    with pytest.raises(TypeError, match=r"^train\(\) has no argument modle: did you mean model\?$"):
        train([], modle="hmm")
    with pytest.raises(elman.ConfigError, match=r"^no setting 'lr': did you mean learning_rate\?$"):
        train([[("a", "X")]], settings={"lr": 1})
