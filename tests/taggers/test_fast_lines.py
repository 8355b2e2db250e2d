"""The light tagger: the same tags as the whole one, without NumPy; of other models the whole one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import elman
from elman import kernels
from elman.data.sentence import Sentence
from elman.errors import ConfigError, ModelFileError
from elman.features.affixes import affixes
from elman.models import file as model_file
from elman.taggers import fast_lines as light, load as loading
from elman.taggers.fast_lines import LightTagger
from elman.taggers.tagger import Tagger

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
    "words alone": {"features": "none", "dtype": "float32"},
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
def test_an_error_of_one_thread_is_not_raised_in_another(models: Callable[[str], Path]) -> None:
    """Threads compute the rows of each other's words."""
    _, own = both(models("default"), threads=1)
    errors: list[Exception] = []
    together = threading.Barrier(16)

    def work(number: int) -> None:
        together.wait()
        for i in range(5):
            words = [f"{number}-{i}-{word}" for word in range(600)]
            text = " ".join(words).encode()
            try:
                if number % 2:
                    assert next(own.tag_lines([text])).count(b"_") == len(words)
                else:
                    with pytest.raises(UnicodeDecodeError):
                        next(own.tag_lines([b"%d-\xff " % number + text]))
            except Exception as error:
                errors.append(error)

    started = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    assert not errors


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
    columns = []
    for own in sentences():
        words, tags = zip(*own, strict=True)
        columns.append(Sentence(words, {"upos": tags, "first": tuple(tag[0] for tag in tags)}))
    elman.train(columns, seed=1, target="upos,first", settings=BASE).save(tmp_path / "columns")
    whole = light.load(tmp_path / "columns")
    assert type(whole) is Tagger and whole.targets == ("upos", "first")
    assert not whole.tags_lines and list(whole.predict([["the"]], columns=whole.targets)[0]) == ["upos", "first"]
    monkeypatch.setattr(kernels, "native_core", lambda: None)
    assert type(light.load(models("default"))) is Tagger


def test_tags_that_no_line_can_hold(tmp_path: Path) -> None:
    elman.train(sentences({"DET": "A_B"}), seed=1, settings={**BASE, "epochs": 1}).save(tmp_path / "m")
    assert type(light.load(tmp_path / "m")) is Tagger


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


NON_ASCII = [f"wört{i} w{i}" for i in range(700)]  # of each of two, Python gives the features
FAILURES = [MemoryError, KeyboardInterrupt, ValueError]


class Fails:
    """``affixes``, which raises an error at one of its calls."""

    def __init__(self, call: int, error: type[BaseException]) -> None:
        self.left, self.error = call, error

    def __call__(self, word: str) -> Any:
        self.left -= 1
        if not self.left:
            raise self.error
        return affixes(word)


@native
@pytest.mark.parametrize("error", FAILURES)
@pytest.mark.parametrize("call", [1, 2, 200, 256, 257, 600, 700])
def test_an_error_in_the_midst_of_a_text_leaves_nothing_half_done(
    models: Callable[[str], Path], call: int, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(light, "affixes", Fails(call, error))
    whole, own = both(models("default"), threads=1)
    first, second = ("\n".join(lines).encode() for lines in (NON_ASCII, NON_ASCII[350:] + ["x1 Übermut"]))
    with pytest.raises(error):
        list(own.tag_lines([first]))
    for texts in ([second], [first], [first, second, b"the dogs"]):
        assert list(own.tag_lines(texts)) == list(whole.tag_lines(texts))


@native
@pytest.mark.parametrize("call", [1, 3, 50, 256, 300, 700])
def test_an_error_in_one_text_is_not_that_of_others(
    models: Callable[[str], Path], call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for rows that the failing thread had begun computes them anew, and waits for nothing else."""
    whole = loading.load(models("default"), threads=1)
    texts = ["\n".join(NON_ASCII[i * 100 : i * 100 + 400]).encode() for i in range(4)]
    expected = list(whole.tag_lines(texts))
    for _ in range(5):
        monkeypatch.setattr(light, "affixes", Fails(call, MemoryError))
        lines = light.line_tagger(model_file.read(models("default")), "auto")
        found: list[bytes | None] = [None] * len(texts)

        def tag(i: int, lines: Any = lines, found: list[bytes | None] = found) -> None:
            with suppress(MemoryError):
                found[i] = lines.tag(texts[i])

        threads = [threading.Thread(target=tag, args=(i,)) for i in range(len(texts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        assert found.count(None) == 1
        assert all(one in (None, right) for one, right in zip(found, expected, strict=True))
        assert [lines.tag(text) for text in texts] == expected


LITTLE_MEMORY = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from elman.models import file as model_file
from elman.taggers import fast_lines as light
from elman.utils.parallel import ordered
content = model_file.read(sys.argv[2])
texts = [b"".join(b"w%dz the d%d\\n" % (i % 3000, i) for i in range(j, j + 900)) for j in (0, 500, 4000, 100)]
expected = [light.line_tagger(content, "auto").tag(text) for text in texts]
list(ordered(bytes, texts, 2))  # what is loaded for threads
failed = 0
for extra in range(0, 140 << 20, 3 << 19):
    lines = light.line_tagger(content, "auto")
    size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + extra, -1))
    for threads in (2, 1):
        try:
            assert list(ordered(lines.tag, texts, threads)) == expected, (extra, threads)
        except MemoryError:
            failed += 1
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    assert [lines.tag(text) for text in texts] == expected, extra
print(failed)
"""


@native
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere memory is not limited this way")
@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer takes all addresses there are")
@pytest.mark.parametrize("name", ["default", "two"])
def test_little_memory_gives_the_tags_or_an_error(models: Callable[[str], Path], name: str) -> None:
    """Whatever does not fit: what comes out is right, and so is all that comes later."""
    source = str(Path(elman.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LITTLE_MEMORY, source, str(models(name))],
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert 0 < int(done.stdout) < 180  # with too little in the beginning, and enough in the end


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
    source = str(Path(elman.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r}); {program}", *arguments],
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "out").read_text(encoding="utf-8").count("_") == 18
