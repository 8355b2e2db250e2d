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
from elman import kernels, light, loading, model_file
from elman.errors import ConfigError, ModelFileError
from elman.light import LightTagger
from elman.tagger import Tagger

TRAIN = [
    ("the", "DET"), ("old", "ADJ"), ("Zürich-Expreß", "PROPN"), ("barks", "VERB"), (".", "PUNCT"), ("«", "PUNCT"),
    ("NATO", "PROPN"), ("1999", "NUM"), ("日本", "PROPN"), ("eBay", "PROPN"), ("dogs", "NOUN"), ("sleep", "VERB"),
]  # fmt: skip
WORDS = [word for word, _ in TRAIN] + ["unseen", "Übermut", "a-b-c", "x" * 70, "\u00a0", "\U0001f600"]
BASE = {"ensemble": 1, "epochs": 2, "hidden": 20, "embedding": 8, "feature_embedding": 8}
MODELS: dict[str, dict[str, Any]] = {
    "default": {},
    "crf": {"decoder": "crf"},
    "forward": {"direction": "forward", "decoder": "softmax", "hidden": 7},
    "words alone": {"features": "none", "storage": "float32"},
    "two": {"ensemble": 2, "decoder": "crf"},
}
pytestmark = pytest.mark.filterwarnings("ignore:no dev set")
native = pytest.mark.skipif(kernels.native_core() is None, reason="the native kernels are not in use")


def sentences(tags: dict[str, str] | None = None) -> list[Any]:
    generator = np.random.default_rng(3)
    rows = []
    for _ in range(40):
        some = [TRAIN[i] for i in generator.integers(0, len(TRAIN), generator.integers(1, 9))]
        rows.append([(word, (tags or {}).get(tag, tag)) for word, tag in some])
    return rows


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The file of a model, trained when it is first asked for."""
    folder = tmp_path_factory.mktemp("models")

    def path(name: str) -> Path:
        file = folder / name
        if not file.exists():
            data = sentences()
            if name == "spans":
                data = [[(word, "O" if tag != "PROPN" else "B-X") for word, tag in own] for own in data]
                data += [[("Zürich", "B-X"), ("West", "I-X"), (".", "O")]] * 3
            own = MODELS.get(name, {"decoder": "crf", "constraints": "bio"})
            elman.train(data, seed=1, settings={**BASE, **own}).save(file)
        return file

    return path


def both(path: Path, **how: Any) -> tuple[Tagger, LightTagger]:
    found: Any = light.load(path, **how)
    assert isinstance(found, LightTagger)
    return loading.load(path, **how), found


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
def test_bytes_that_are_no_text(models: Callable[[str], Path]) -> None:
    _, own = both(models("default"), threads=1)
    with pytest.raises(UnicodeDecodeError):
        list(own.tag_lines([b"the \xff\xfe dogs"]))
    assert next(own.tag_lines([b"the dogs"])).startswith(b"the_")


@native
def test_whatever_else_it_is_asked_for_the_whole_tagger_answers(models: Callable[[str], Path]) -> None:
    whole, own = both(models("default"))
    assert own._whole is None
    assert (own.task, own.kind, own.targets, own.target) == (whole.task, whole.kind, whole.targets, whole.target)
    assert (own.word_targets, own.text_targets, own.format) == (whole.word_targets, whole.text_targets, whole.format)
    assert own.tag(["the", "dogs"]) == whole.tag(["the", "dogs"])
    assert own._whole is not None
    assert own.tag_sets == whole.tag_sets
    with pytest.raises(AttributeError):
        own.no_such_thing  # noqa: B018


@pytest.mark.parametrize(
    "own",
    [
        {"cell": "gru"},
        {"layers": 2},
        {"characters": 8},
        {"features": "ngrams"},
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
    columns = [[(word, tag, tag[0]) for word, tag in own] for own in sentences()]
    assert columns
    monkeypatch.setattr(kernels, "native_core", lambda: None)
    assert type(light.load(models("default"))) is Tagger


def test_tags_that_no_line_can_hold(tmp_path: Path) -> None:
    elman.train(sentences({"DET": "A_B"}), seed=1, settings={**BASE, "epochs": 1}).save(tmp_path / "m")
    assert type(light.load(tmp_path / "m")) is Tagger


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
    ],
)
def test_unsound_files_are_refused_as_by_load(
    models: Callable[[str], Path], tmp_path: Path, change: Callable[[Any, Any], Any], message: str
) -> None:
    record, tensors = model_file.load(models("default"))
    change(record, tensors)
    model_file.save(tmp_path / "m", record, tensors)
    with pytest.raises(ModelFileError, match=message):
        light.load(tmp_path / "m")


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
        "assert status == 0 and not {'numpy', 'concurrent.futures', 'rich'} & set(sys.modules)"
    )
    arguments = ["tag", str(models("default")), str(tmp_path / "text"), "-o", str(tmp_path / "out")]
    source = str(Path(elman.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r}); {program}", *arguments],
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "out").read_text(encoding="utf-8").count("_") == 18
