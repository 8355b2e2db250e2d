"""Model files of every format version, one of each kind, load and answer as they did when they were written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.errors import ModelFileError
from elman.models import file as model_file
from elman.models.file import FORMAT_VERSION
from elman.models.kinds import KINDS
from elman.settings import NETWORK
from elman.taggers.registry import TASKS
from in_process import run
from model_versions import COMMANDS, IN_PYTHON, VERSIONS, alike, answer

FILES = sorted(VERSIONS.glob("*/*.elman"))
CURRENT = VERSIONS / str(FORMAT_VERSION)
EXPECTED: dict[str, dict[str, str]] = {
    folder.name: json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    for folder in VERSIONS.iterdir()
    if (folder / "expected.json").exists()
}


def document(path: Path) -> dict[str, Any]:
    """The configuration, the version and the checksum in a file, as they are written."""
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return json.loads(header["__metadata__"]["elman"])  # type: ignore[no-any-return]


every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")


def test_every_format_version_has_a_folder() -> None:
    versions = {str(version) for version in range(1, FORMAT_VERSION + 1)}
    advice = "run tests/helpers/model_versions.py once, before anything is released that writes the new version"
    assert EXPECTED.keys() == versions, (
        f"FORMAT_VERSION is {FORMAT_VERSION}, but {VERSIONS} has other folders: {advice}"
    )
    for version in versions:
        assert {path.stem for path in (VERSIONS / version).glob("*.elman")} == EXPECTED[version].keys()


@every_file
def test_the_answer_is_that_of_the_version_that_wrote_the_file(path: Path) -> None:
    expected = EXPECTED[path.parent.name][path.stem]
    found = answer(path)
    assert alike(path.stem, found, expected), found


@every_file
def test_inspect_describes_it(path: Path) -> None:
    for options in ([], ["--json"]):
        done = run(["inspect", str(path), *options], b"")
        assert (done.returncode, done.stderr) == (0, b"")
    assert isinstance(json.loads(done.stdout), dict)


@every_file
def test_a_saved_model_is_of_the_current_version(path: Path, tmp_path: Path) -> None:
    """A file of the current version is the same bytes again; what an older one becomes stays as it is."""
    once, twice = tmp_path / "once", tmp_path / "twice"
    elman.load(path, base=True).save(once)
    elman.load(once, base=True).save(twice)
    assert once.read_bytes() == twice.read_bytes()
    before, saved = document(path), document(once)
    assert saved["format_version"] == FORMAT_VERSION
    if before["format_version"] < FORMAT_VERSION:
        return
    if drop_new_settings(saved["configuration"], before["configuration"]):
        assert saved["configuration"] == before["configuration"]
        assert tensors(once) == tensors(path)
    else:
        assert once.read_bytes() == path.read_bytes()


def drop_new_settings(saved: dict[str, Any], before: dict[str, Any]) -> int:
    """Remove the settings that elman has got since a file was written, and return how many they are."""
    dropped = 0
    for section, values in saved.get("model", {}).get("settings", {}).items():
        for name in values.keys() - before["model"]["settings"][section].keys():
            del values[name]
            dropped += 1
    for part in {"segment", "words"} & saved.get("task", {}).keys():
        dropped += drop_new_settings(saved["task"][part], before["task"][part])
    return dropped


def test_only_new_settings_are_dropped() -> None:
    settings = {"network": {"hidden": 4, "new": 1}, "training": {"batch": 2}}
    old = {"model": {"settings": {"network": {"hidden": 4}, "training": {"batch": 2}}}}
    saved = {"task": {"name": "pipeline", "words": {"model": {"settings": settings}}}}
    assert drop_new_settings(saved, {"task": {"name": "pipeline", "words": old}}) == 1
    assert saved == {"task": {"name": "pipeline", "words": old}}


def tensors(path: Path) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    return {name: (dtype, shape, bytes(data)) for name, (dtype, shape, data) in model_file.read(path)[1].items()}


@pytest.mark.parametrize("base", sorted(VERSIONS.glob("*/base.elman")), ids=lambda path: path.parent.name)
def test_training_begins_with_a_base(base: Path, tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("the_DET cat_NOUN ran_VERB\nthe_DET dog_NOUN ran_VERB\n", encoding="utf-8")
    options = ["--set", "epochs=1", "--set", "ensemble=1", "--quiet"]
    done = run(["train", "train.txt", "--from", str(base), "-o", "my.model", *options], b"", tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert isinstance(elman.load(tmp_path / "my.model"), elman.Tagger)


@pytest.mark.parametrize("replay", sorted(VERSIONS.glob("*/replay.elman")), ids=lambda path: path.parent.name)
def test_a_model_that_keeps_sentences_learns(replay: Path, tmp_path: Path) -> None:
    (tmp_path / "right.txt").write_text("Lee_PROPN ran_VERB ._PUNCT\n", encoding="utf-8")
    done = run(["learn", str(replay), "right.txt", "-o", "my.model", "--quiet"], b"", tmp_path)
    assert done.returncode == 0, done.stderr.decode()


def test_a_file_of_the_next_version_is_refused_in_one_line(tmp_path: Path) -> None:
    now, then = (f'\\"format_version\\":{version}'.encode() for version in (FORMAT_VERSION, FORMAT_VERSION + 1))
    data = (CURRENT / "frequent.elman").read_bytes()
    assert data.count(now) == 1
    path = tmp_path / "new.elman"
    path.write_bytes(data.replace(now, then))
    expected = f"{path}: expected model format 1 to {FORMAT_VERSION}, found '{FORMAT_VERSION + 1}'; use the elman that"
    with pytest.raises(ModelFileError) as caught:
        elman.load(path)
    assert str(caught.value).startswith(expected)
    for command in (["tag", str(path)], ["inspect", str(path)], ["evaluate", str(path), str(path)]):
        done = run(command, b"a b\n")
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.decode().startswith(f"elman: {expected}") and done.stderr.count(b"\n") == 1


# The kinds that the folder of the current version has to have


def records() -> Iterator[dict[str, Any]]:
    """Yield the records in the current files, and those of the parts of pipelines."""
    for path in CURRENT.glob("*.elman"):
        record = model_file.read(path)[0]
        yield record
        yield from (part for part in record.get("task", {}).values() if isinstance(part, dict) and "model" in part)


def encodings(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the encoding in the task of a record, and its parts."""
    if "encoding" in record.get("task", {}):
        encoding = record["task"]["encoding"]
        yield encoding
        yield from encoding.get("parts", ())


def schemes(record: dict[str, Any]) -> list[str]:
    """The constraints of each label column of a record."""
    found = record.get("model", {}).get("constraints", [])
    return [found] if isinstance(found, str) else list(found)


def test_every_command_and_function_has_made_a_file() -> None:
    assert {path.stem for path in CURRENT.glob("*.elman")} == COMMANDS.keys() | IN_PYTHON.keys(), "see model_versions"


def test_every_task_and_kind_is_there() -> None:
    tasks = {record["task"]["name"] for record in records() if "task" in record}
    assert tasks == {name for name, task in TASKS.items() if task.predictor}
    assert {record["kind"] for record in records() if "kind" in record} == {*KINDS, "ngram"}
    assert {type(elman.load(path, base=True)).__name__ for path in CURRENT.glob("*.elman")} >= {
        *("Tagger", "TextClassifier", "TaggerClassifier", "EncodedTagger", "Segmenter", "Pipeline"),
        *("LanguageModel", "Regressor", "BaseModel"),
    }
    found = [encoding for record in records() for encoding in encodings(record)]
    assert {encoding["name"] for encoding in found} == {
        *("together", "plain", "lemmas", "features", "trees", "graph", "constituents")
    }
    assert {encoding["heads"] for encoding in found if "heads" in encoding} == {"relative", "brackets"}
    assert {record["task"]["unit"] for record in records() if "unit" in record.get("task", {})} == {
        "words",
        "characters",
    }


def test_every_choice_of_network_settings_is_there() -> None:
    networks = [record["model"]["settings"]["network"] for record in records() if "settings" in record.get("model", {})]
    for name, setting in NETWORK.items():
        if name == "constraints":  # those that training has chosen are beside the settings
            found = {scheme for record in records() for scheme in schemes(record)}
        else:
            found = {network[name] for network in networks}
        assert found >= set(setting.of) - {"auto"}, name
        assert setting.of or len(found) > 1 or name in ("recurrent_start", "chrono"), name


@pytest.mark.parametrize("key", ["inputs", "history", "tokenization"])
def test_every_optional_key_of_a_record_is_there(key: str) -> None:
    assert any(key in record or key in record.get("data", {}) for record in records())


@pytest.mark.parametrize(
    "key", ["characters", "vectors", "token_features", "dictionary", "constraints", "temperature", "graph", "tasks"]
)
def test_every_optional_key_of_a_model_is_there(key: str) -> None:
    assert any(key in record.get("model", {}) for record in records())


def test_every_optional_tensor_is_there() -> None:
    names = {name for path in CURRENT.glob("*.elman") for name in model_file.read(path)[1]}
    assert names >= {"rare", "vectors", "token_features", "token_numbers", "dictionary.words", "dictionary.sets"}
    assert names >= {"member1.output.begin", "output.begin", "output2.begin", "graph.relations.w"}
    histories = [record["history"] for record in records() if "history" in record]
    assert any(history["corrections"] for history in histories) and any(history["replay"] for history in histories)
    assert any(history["parent"] is None for history in histories)
