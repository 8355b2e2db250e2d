"""Forged model files, with right checksums: whatever they say, they are refused in one line or work, by every path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.cli import run
from elman.cli.commands.inspect import _text
from elman.errors import ConfigError, DataError, ModelFileError
from elman.models import file as model_file
from elman.models.line_tagger import LONGEST
from elman.taggers import fast_lines as light, load as loading
from elman.taggers.fast_lines import LightTagger
from elman.taggers.tagger import Tagger
from forged import Content, Place, Trained, as_stored, changed, places, tensors_changed, trained, use, write

NAMES = [
    *("rnn", "crf", "ensemble", "lexicon", "gru", "sru", "tutorial", "columns", "inputs", "dicts", "learned"),
    *("hmm", "frequent", "classify", "linear", "joint"),
    *("segment", "lemma", "lemma hmm", "morphology", "parse", "brackets", "graph", "constituents", "pipeline"),
    *("lm", "characters", "ngram", "regress"),
]
ALL_SETTINGS = ("rnn", "regress")
"""Of which every setting is changed: the same code reads those of the others."""
EDGES = [0, -1, 2**31, 2**62, 2**64, 10**8, 1.5, "x", None, True, []]
OPTIONAL = ("dev_sentences",)
"""Numbers that may be null."""
OTHERS = [None, 3, "\u00e9", [], {}, ["x", "x"]]
pytestmark = pytest.mark.filterwarnings("ignore:no dev set", "ignore::RuntimeWarning")
each_model = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trained]:
    found = trained(tmp_path_factory.mktemp("models"))
    assert list(found) == NAMES
    return found


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """Two gigabytes more than there are: who asks for more gets a MemoryError."""
    resource = pytest.importorskip("resource")
    pages = Path("/proc/self/statm")
    if not pages.exists():  # of other systems the limit is another one
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    limit = int(pages.read_text().split()[0]) * resource.getpagesize() + (2 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def loaded(content: Content, gold: Any, *, used: bool = True) -> Tagger | None:
    """The model, which works, or None where it is refused; the light path is no more lenient and tags alike."""
    try:
        model = loading.of_content("m", content)
    except ModelFileError as error:
        assert str(error).startswith("m: ") and len(str(error)) < 500
        model = None
    lines = light.line_tagger(content, "auto")
    if model is None:
        assert lines is None
        return None
    if used:
        with suppress(ConfigError, DataError):  # text in which its columns are not to be found
            use(model, gold)
    facts = {**model.describe(), "sha256": "", "bytes": 1}
    assert _text(model, "m", facts) and json.dumps(facts)
    if lines is not None:
        texts = [["the", "cats", "sleep", "Zürich"], ["York"]]
        assert lines.tag_sentences(texts, LONGEST) == [[model.tags[i] for i in ids] for ids in model._model.best(texts)]
        if model.tags_lines:
            text = "".join(" ".join(words) + "\n" for words in texts).encode()
            assert list(model.tag_lines([text])) == [light.tag_text(lines, text)]
    return model


@each_model
def test_what_is_not_changed_loads(models: dict[str, Trained], name: str) -> None:
    assert loaded(models[name].content, models[name].gold) is not None


def integers(name: str, record: dict[str, Any]) -> list[Place]:
    found = places(record, lambda value: type(value) is int)
    return some([place for place in found if name in ALL_SETTINGS or "settings" not in place or "hidden" in place], 40)


def some(found: list[Place], most: int) -> list[Place]:
    """Not many more than so many of them, from all parts."""
    return found[:: 1 + len(found) // most]


@each_model
def test_every_whole_number_at_its_edges(models: dict[str, Trained], name: str) -> None:
    one = models[name]
    refused = 0
    for place in integers(name, one.record):
        for value in EDGES:
            content = changed(one.record, place, value), one.tensors
            model = loaded(content, one.gold, used="settings" not in place)
            refused += model is None
            assert model is None or type(value) is int or place[-1] in OPTIONAL, (place, value)
    assert refused > 10


@each_model
def test_every_value_of_another_type(models: dict[str, Trained], name: str) -> None:
    one = models[name]
    found = [place for place in places(one.record, lambda value: True) if place]
    for place in some([place for place in found if name in ALL_SETTINGS or "settings" not in place[:-1]], 60):
        for value in OTHERS:
            content = changed(one.record, place, value), one.tensors
            loaded(content, one.gold, used="settings" not in place)


@each_model
def test_every_part_away(models: dict[str, Trained], name: str) -> None:
    one = models[name]
    for place in places(one.record, lambda value: isinstance(value, dict)):
        at = one.record
        for key in place:
            at = at[key]
        for key in at:
            less = {other: value for other, value in at.items() if other != key}
            loaded((changed(one.record, place, less), one.tensors), one.gold, used=False)


@each_model
def test_every_tensor(models: dict[str, Trained], name: str, tmp_path: Path) -> None:
    one = models[name]
    for what, tensors in tensors_changed(one.tensors):
        path = write(tmp_path / "m", one.record, tensors)
        try:
            content = model_file.read(path)
        except ModelFileError as error:
            assert str(path) in str(error)
            with pytest.raises(ModelFileError):
                light.load(path)
            continue
        model = loaded(content, one.gold)
        # other counts and hashes may do, and a matrix in the other of two types
        fits = " with " in what or what.endswith((" as f2", " as f4"))
        fits = fits or (
            name == "ngram" and what.endswith((" shorter", " longer", "3 away"))
        )  # fewer n-grams, or orders
        assert model is None or fits, what


def deep(n: int) -> Any:
    value: Any = 1
    for _ in range(n):
        value = [value]
    return value


@pytest.mark.parametrize("name", ["rnn", "hmm", "lemma", "ngram", "regress"])
def test_values_that_are_nested_deeply(models: dict[str, Trained], name: str) -> None:
    one = models[name]
    for place in some(list(places(one.record, lambda value: not isinstance(value, dict))), 12):
        for depth in (100, 900, 5000):
            model = loaded((changed(one.record, place, deep(depth)), one.tensors), one.gold)
            assert model is None or (name == "ngram" and "vocabulary" in place), place  # which is not looked at


def hostile(one: Trained) -> dict[str, Content]:
    """What a file can be made to do harm with."""
    record, tensors = one.record, one.tensors
    network: Place = ("model", "settings", "network")

    def turned(**w: Any) -> Content:
        return record, {**tensors, **{name: as_stored(value) for name, value in w.items()}}

    huge = {"layer0.forward.w_rh": (0, 2**62), "layer0.forward.w_rx": (0, 4), "layer0.forward.b_r": (0,)}
    empty = {name: model_file.Stored(tensors[name].dtype, shape, b"") for name, shape in huge.items()}
    many = [f"B-{i}" for i in range(20_000)]
    rules = changed(changed(record, ("model", "tags"), many), ("model", "constraints"), "bio")
    width = one.record["model"]["settings"]["network"]["hidden"] * 2
    wide = {"output.w_oh": np.zeros((len(many), width), np.float16), "output.b_o": np.zeros(len(many), np.float32)}
    return {
        "products that overflow": (changed(record, (*network, "hidden"), 2**62), {**tensors, **empty}),
        "a hundred million networks": (changed(record, (*network, "ensemble"), 10**8), tensors),
        "half a unit": (changed(record, (*network, "hidden"), 4.0), tensors),
        "units as text": (changed(record, (*network, "hidden"), "4"), tensors),
        "no number": turned(**{"output.b_o": np.full(len(record["model"]["tags"]), np.nan, np.float32)}),
        "words as letters": (changed(record, ("model", "vocabulary", "words"), "abc"), tensors),
        "a table of data that is none": (changed(record, ("data",), 3), tensors),
        "a square of rules": (rules, {**tensors, **{name: as_stored(w) for name, w in wide.items()}}),
    }


HOSTILE = [
    *("products that overflow", "a hundred million networks", "half a unit", "units as text", "no number"),
    *("words as letters", "a table of data that is none", "a square of rules"),
]


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files(
    models: dict[str, Trained], what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = hostile(models["rnn"])
    assert list(found) == HOSTILE
    path = str(write(tmp_path / "m", *found[what]))
    for load in (elman.load, loading.load, light.load):
        with pytest.raises(ModelFileError) as caught:
            load(path)
        assert str(caught.value).startswith(f"{path}: ")
    (tmp_path / "text").write_text("it rains\n")
    (tmp_path / "gold").write_text("it_D rains_N\n")
    commands = [["inspect"], ["tag", "text"], ["tag", "text", "--confidence"], ["tag", "text", "--nbest", "2"]]
    commands += [["evaluate", "gold"], ["gradients", "text"], ["states", "text"], ["errors", "gold"]]
    for command, *rest in commands:
        arguments = [str(tmp_path / value) if value in ("text", "gold") else value for value in rest]
        output = ["-o", str(tmp_path / "out")] if command == "tag" else []
        assert run([command, path, *arguments, *output]) == 2
        said = capsys.readouterr()
        assert said.out == "" and said.err == f"elman: {caught.value}\n"
        assert not (tmp_path / "out").exists()


def test_the_real_command(models: dict[str, Trained], tmp_path: Path) -> None:
    """Nothing but a process of its own shows a crash."""
    import subprocess
    import sys

    source = str(Path(elman.__file__).parents[2])
    path = write(tmp_path / "m", *hostile(models["rnn"])["products that overflow"])
    for command in (["tag", str(path)], ["inspect", str(path)], ["tag", str(path), "--threads", "2"]):
        done = subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r}); import elman.__main__ as m; m.main()"]
            + command,
            input=b"it rains\n",
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 2, done
        assert done.stderr.startswith(b"elman: ") and done.stderr.count(b"\n") == 1 and not done.stdout


@pytest.mark.parametrize("name", ["rnn", "crf", "ensemble"])
def test_these_are_served_by_the_light_tagger(models: dict[str, Trained], name: str, tmp_path: Path) -> None:
    found: Any = light.load(write(tmp_path / "m", *models[name].content))
    assert isinstance(found, LightTagger) or light.kernels.native_core() is None
