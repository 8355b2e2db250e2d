"""The light tagger: the same tags as the whole one, without NumPy; of other models the whole one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import elman
from elman import kernels
from elman.data.sentence import Sentence
from elman.errors import ConfigError, ModelFileError
from elman.models import file as model_file
from elman.taggers import fast_lines as light, load as loading
from elman.taggers.fast_lines import LightTagger
from elman.taggers.tagger import Tagger
from light_models import BASE, MODELS, WORDS, both, models_in, sentences

pytestmark = pytest.mark.filterwarnings("ignore:no dev set")
native = pytest.mark.skipif(kernels.native_core() is None, reason="the native kernels are not in use")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    return models_in(tmp_path_factory.mktemp("models"))


@native
@pytest.mark.parametrize("precision", ["exact", "auto"])
@pytest.mark.parametrize("name", [*MODELS, "spans"])
def test_the_same_bits(models: Callable[[str], Path], name: str, precision: str) -> None:
    whole, own = both(models(name), threads=1, precision=precision)

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(
        st.lists(
            st.lists(
                st.sampled_from(WORDS) | st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0 "), min_size=1)
            )
            .map(" ".join)
            .flatmap(lambda line: st.sampled_from([line, f"  {line}", f"{line}\r", line.replace(" ", "  ")])),
            max_size=30,
        )
    )
    def check(lines: list[str]) -> None:
        text = "\n".join(lines).encode()
        assert list(own.tag_lines([text])) == list(whole.tag_lines([text]))

    check()


@native
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_many_texts_by_several_threads(models: Callable[[str], Path], threads: int) -> None:
    whole, own = both(models("default"), threads=threads)
    generator = np.random.default_rng(1)
    texts = [
        "\n".join(
            " ".join(
                WORDS[i] if i < len(WORDS) else f"w{i}é" for i in generator.integers(0, 3000, generator.integers(0, 40))
            )
            for _ in range(60)
        ).encode()
        for _ in range(12)
    ]
    assert list(own.tag_lines(texts)) == list(whole.tag_lines(texts))
    assert list(own.tag_lines([])) == []


@native
def test_more_words_than_the_table_holds(models: Callable[[str], Path]) -> None:
    whole, own = both(models("forward"), threads=2, precision="exact")
    few = b"the dogs sleep ."
    many = [" ".join(f"{start + i:x}" for i in range(150_000)).encode() for start in (0, 100_000, 250_000)]
    texts = [few, many[0], few, b"a " * 10 + many[1], many[2], few]
    lines = [text.replace(b" ", b"\n", text.count(b" ") // 2) for text in texts]
    assert list(own.tag_lines(lines)) == list(whole.tag_lines(lines))


@native
def test_whatever_else_it_is_asked_for_the_whole_tagger_answers(models: Callable[[str], Path]) -> None:
    whole, own = both(models("default"))
    assert own._full is None
    assert (own.task, own.kind, own.targets, own.target) == (whole.task, whole.kind, whole.targets, whole.target)
    assert (own.word_targets, own.text_targets, own.format) == (whole.word_targets, whole.text_targets, whole.format)
    assert own.tag(["the", "dogs"]) == whole.tag(["the", "dogs"])
    assert own._full is not None
    assert own.tag_sets == whole.tag_sets
    with pytest.raises(AttributeError):
        own.no_such_thing  # noqa: B018


@pytest.mark.parametrize(
    "own",
    [
        {"cell": "gru"},
        {"layers": 2},
        {"characters": 8},
        {"cell": "elman", "embedding": 0, "features": "none"},
    ],
)
def test_other_networks_are_loaded_whole(own: dict[str, Any], tmp_path: Path) -> None:
    elman.train(sentences(), seed=1, settings={**BASE, **own, "epochs": 1}).save(tmp_path / "m")
    assert type(light.load(tmp_path / "m")) is Tagger


def test_other_models_are_loaded_whole(
    models: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elman.train(sentences(), model="hmm").save(tmp_path / "hmm")
    assert type(light.load(tmp_path / "hmm")) is Tagger
    monkeypatch.setattr(kernels, "native_core", lambda: None)
    assert type(light.load(models("default"))) is Tagger


@native
def test_several_columns(tmp_path: Path) -> None:
    columns = []
    for own in sentences():
        words, tags = zip(*own, strict=True)
        columns.append(Sentence(words, {"upos": tags, "first": tuple(tag[0] for tag in tags)}))
    elman.train(columns, seed=1, target="upos,first", settings=BASE).save(tmp_path / "columns")
    whole, own = both(tmp_path / "columns")
    assert (own.targets, own.target, own.tag_sets) == (whole.targets, whole.target, whole.tag_sets)
    assert not own.tags_lines and not whole.tags_lines
    assert own.chosen("first") == ("first",) and own.chosen() == whole.targets and own._full is None
    with pytest.raises(ConfigError, match="columns are upos, first"):
        own.chosen("second")


@native
def test_tags_that_no_line_can_hold(tmp_path: Path) -> None:
    elman.train(sentences({"DET": "A_B"}), seed=1, settings={**BASE, "epochs": 1}).save(tmp_path / "m")
    own = light.load(tmp_path / "m")
    assert isinstance(own, LightTagger) and not own.tags_lines


def network(record: Any) -> dict[str, Any]:
    found: dict[str, Any] = record["model"]["settings"]["network"]
    return found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda record, tensors: tensors.pop("output.b_o"), "output.b_o"),
        (lambda record, tensors: tensors.update({"features": tensors["features"][:, :3]}), "features"),
        (
            lambda record, tensors: tensors.update({"output.b_o": tensors["output.b_o"].astype(np.float64)}),
            "output.b_o",
        ),
        (lambda record, tensors: record["model"]["vocabulary"].pop("words"), "vocabulary"),
        (lambda record, tensors: record["model"].pop("tags"), "tags"),
        (lambda record, tensors: record.pop("target"), "target"),
        (lambda record, tensors: record["model"]["settings"].pop("network"), "settings"),
        (lambda record, tensors: record.update(model=3), "model"),
        (lambda record, tensors: network(record).update(hidden=2**62), "hidden: expected a number from 1 to 4096"),
        (lambda record, tensors: network(record).update(hidden=20.0), "hidden: expected a whole number"),
        (lambda record, tensors: network(record).update(hidden="20"), "hidden: expected a whole number"),
        (lambda record, tensors: network(record).update(hidden=19), "layer0.backward.b_r"),
        (lambda record, tensors: network(record).update(ensemble=10**8), "ensemble: expected a number from 0 to 64"),
        (lambda record, tensors: network(record).update(ensemble=2), "records of 2 networks"),
        (lambda record, tensors: network(record).update(decoder="auto"), "left open"),
        (lambda record, tensors: network(record).update(hiden=3), "no setting 'hiden'"),
        (lambda record, tensors: record["model"].update(temperature=[1.0]), "temperature"),
        (lambda record, tensors: record["model"].update(constraints="bio"), "constraints=bio"),
        (lambda record, tensors: record["model"].update(constraints=["none"]), "constraints"),
        (lambda record, tensors: record["model"].update(tasks=[["tag"]]), "tasks"),
        (lambda record, tensors: record["model"]["tags"].append("DET"), "distinct tags"),
        (lambda record, tensors: record["model"]["tags"].append(3), "list of tags"),
        (lambda record, tensors: record["model"]["features"].append("x:x"), "distinct features"),
        (lambda record, tensors: record["model"]["vocabulary"]["words"].append("one more"), "a count for each"),
        (lambda record, tensors: record["model"]["vocabulary"]["counts"].__setitem__(0, True), "counts"),
        (lambda record, tensors: record["model"]["training"].update(seed=-1), "seed"),
        (lambda record, tensors: record["model"]["training"].update(losses=[]), "training"),
        (lambda record, tensors: record["model"]["training"].update(more=1), "training record"),
        (lambda record, tensors: record["data"].update(words=1.5), "data"),
        (lambda record, tensors: record["data"].update(dev_accuracy=True), "data"),
        (lambda record, tensors: record.update(target=["tag", "tag"]), "distinct columns"),
        (lambda record, tensors: record.update(target=["tag", "more"]), "target: expected 1"),
        (lambda record, tensors: record.update(format=None), "format"),
        (lambda record, tensors: record.update(task=3), "task: expected a table, found 3"),
        (lambda record, tensors: record.update(task=None), "task: expected a table"),
        (lambda record, tensors: record.update(task={"name": "tag"}), "task: expected segment"),
        (lambda record, tensors: tensors.update(more=np.zeros(2, np.float32)), "more: expected no such tensor"),
        (lambda record, tensors: tensors.update(grams=np.zeros(2, np.int64)), "grams: expected none"),
        (
            lambda record, tensors: tensors.update({"output.b_o": tensors["output.b_o"].astype(np.float16)}),
            "output.b_o: expected float32, found float16",
        ),
    ],
)
def test_unsound_files_are_refused_as_by_load(
    models: Callable[[str], Path], tmp_path: Path, change: Callable[[Any, Any], Any], message: str
) -> None:
    record, tensors = model_file.load(models("default"))
    change(record, tensors)
    model_file.save(tmp_path / "m", record, tensors)
    refused = []
    for load in (light.load, loading.load):
        with pytest.raises(ModelFileError, match=message) as caught:
            load(tmp_path / "m")
        refused.append(str(caught.value))
    assert refused[0] == refused[1]
    assert light.line_tagger(model_file.read(tmp_path / "m"), "auto") is None


def test_a_precision_that_is_not_to_be_had(models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELMAN_ISA", "")
    found = kernels.describe()["int8"]
    if not found:
        with pytest.raises(ConfigError, match="int8"):
            light.load(models("default"), precision="int8")
    else:
        assert isinstance(light.load(models("default"), precision="int8"), LightTagger)


@native
def test_numpy_is_not_loaded(models: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "text").write_text("the dogs sleep in Zürich-West .\n" * 3, encoding="utf-8")
    program = (
        "import sys; from elman import cli; "
        "status = cli.run(sys.argv[1:]); "
        "assert status == 0 and not {'numpy', 'concurrent.futures', 'tqdm'} & set(sys.modules)"
    )
    arguments = ["tag", str(models("default")), str(tmp_path / "text"), "-o", str(tmp_path / "out")]
    source = str(Path(elman.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r}); {program}", *arguments],
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "out").read_text(encoding="utf-8").count("_") == 18
