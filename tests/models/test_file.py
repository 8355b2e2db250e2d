"""The model file: the same bytes for the same content, and one clear error for everything else."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from elman import kernels
from elman.errors import ModelFileError, OutputError
from elman.models import file as model_file

CONFIG = {"kind": "toy", "words": ["é", "\u2028", "\U0001f600", '"'], "rate": 0.1, "n": 3, "none": None, "on": True}
TENSORS = {
    "w_rh": np.arange(6, dtype=np.float32).reshape(2, 3),
    "counts": np.array([1, -2], dtype=np.int64),
    "empty": np.zeros((0, 4), dtype=np.int32),
    "one": np.array(0.5),
}
GOLDEN = "91f33038bd4c8ecb65db316e48adc498b0498ebf2a57a8e758d38a72849343c6"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def good(folder: Path) -> bytes:
    model_file.save(folder / "good", CONFIG, TENSORS)
    return (folder / "good").read_bytes()


def same(config: dict[str, Any], tensors: dict[str, Any]) -> bool:
    return (
        config == CONFIG
        and tensors.keys() == TENSORS.keys()
        and all(tensors[k].dtype == v.dtype and np.array_equal(tensors[k], v) for k, v in TENSORS.items())
    )


def refused(path: Path, data: bytes | None = None) -> str:
    """The one line with which a file is refused."""
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ModelFileError) as caught:
        model_file.load(path)
    text = str(caught.value)
    assert str(path) in text
    assert len(text.splitlines()) == 1
    return text


def test_round_trip(folder: Path, good: bytes) -> None:
    assert same(*model_file.load(folder / "good"))
    assert same(*model_file.load(str(folder / "good")))


def test_golden_bytes(good: bytes) -> None:
    assert hashlib.sha256(good).hexdigest() == GOLDEN


def test_the_specification_by_hand(good: bytes) -> None:
    """docs/reference/model-file.md followed step by step, without any of our code."""
    (length,) = struct.unpack("<Q", good[:8])
    header = json.loads(good[8 : 8 + length])
    (text,) = header.pop("__metadata__").values()
    document = json.loads(text)
    digest = hashlib.sha256()
    for name in sorted(header):
        entry = header[name]
        start, end = entry["data_offsets"]
        line = json.dumps([name, entry["dtype"], entry["shape"]], separators=(",", ":"), ensure_ascii=False)
        digest.update(line.encode() + b"\n" + good[8 + length + start : 8 + length + end])
    sha256 = document.pop("sha256")
    digest.update(json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
    assert digest.hexdigest() == sha256


def test_order_layout_and_byte_order_do_not_matter(folder: Path, good: bytes) -> None:
    config = dict(reversed(CONFIG.items()))
    tensors = {name: np.array(value, order="F") for name, value in reversed(TENSORS.items())}
    tensors["counts"] = tensors["counts"].astype(">i8")
    model_file.save(folder / "other", config, tensors)
    assert (folder / "other").read_bytes() == good


def test_loaded_tensors_are_our_own(folder: Path, good: bytes) -> None:
    _, tensors = model_file.load(folder / "good")
    tensors["w_rh"][:] = 7
    assert same(*model_file.load(folder / "good"))


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda name: name != "__metadata__"),
        hnp.arrays(
            st.sampled_from([np.float16, np.float32, np.float64, np.int32, np.int64]),
            hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
        ).filter(lambda tensor: np.isfinite(tensor).all()),
        max_size=4,
    )
)
def test_any_tensors_come_back(folder: Path, tensors: dict[str, Any]) -> None:
    model_file.save(folder / "any", {}, tensors)
    _, again = model_file.load(folder / "any")
    assert again.keys() == tensors.keys()
    for name, value in tensors.items():
        assert again[name].dtype == value.dtype
        assert again[name].shape == value.shape
        assert again[name].tobytes() == value.tobytes()


@pytest.mark.parametrize(
    ("config", "tensors"),
    [
        ({"loss": float("nan")}, {}),
        ({"word": "\ud800"}, {}),
        ({"set": {1}}, {}),
        ({}, {"x": np.zeros(2, dtype=np.complex128)}),
        ({}, {"x": np.array(["a"])}),
        ({}, {"\ud800": np.zeros(2)}),
        ({}, {"x": np.array([1, np.nan])}),
        ({}, {"x": np.array([[np.inf]], np.float16)}),
    ],
)
def test_content_that_cannot_be_stored(folder: Path, config: dict[str, Any], tensors: dict[str, Any]) -> None:
    with pytest.raises(ModelFileError, match="cannot be stored"):
        model_file.save(folder / "never", config, tensors)
    assert not (folder / "never").exists()


def test_a_target_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        model_file.save(tmp_path / "no" / "such" / "folder", CONFIG, TENSORS)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    model_file.save(tmp_path / "m", CONFIG, TENSORS)
    model_file.save(tmp_path / "m", CONFIG, TENSORS)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_every_byte_flipped(folder: Path, good: bytes) -> None:
    """Length, header, metadata, padding and data, one bit or all eight: refused, or the very same content."""
    for i in range(len(good)):
        for mask in (0x01, 0xFF):
            path = folder / "flipped"
            path.write_bytes(good[:i] + bytes([good[i] ^ mask]) + good[i + 1 :])
            try:
                content = model_file.load(path)
            except ModelFileError as error:
                assert len(str(error).splitlines()) == 1
            else:
                assert same(*content), i


def test_truncated_anywhere(folder: Path, good: bytes) -> None:
    for end in range(len(good)):
        refused(folder / "short", good[:end])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_hostile_edits(folder: Path, good: bytes, data: st.DataObject) -> None:
    """A stretch cut out and other bytes put in its place."""
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 64)))
    middle = data.draw(st.binary(max_size=64))
    path = folder / "edited"
    path.write_bytes(good[:start] + middle + good[end:])
    try:
        content = model_file.load(path)
    except ModelFileError:
        return
    assert same(*content)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(folder: Path, data: bytes) -> None:
    refused(folder / "bytes", data)


def test_missing_file(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "m")


def test_directory_device_and_odd_path(tmp_path: Path) -> None:
    assert "directory" in refused(tmp_path)
    assert "device" in refused(Path(os.devnull))
    with pytest.raises(ModelFileError, match="which no file can have"):
        model_file.load("a\0b")


def test_a_path_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"x")
    assert "cannot be read" in refused(tmp_path / "m" / "n")


@pytest.mark.parametrize("header", [2**63, 2**32, 100_000_001, 99_999_999])
def test_a_header_that_claims_to_be_huge(folder: Path, good: bytes, header: int) -> None:
    assert "not a model file" in refused(folder / "huge", struct.pack("<Q", header) + good[8:])


def test_a_tensor_that_claims_to_be_huge(folder: Path) -> None:
    assert "do not fill the file" in by_hand(folder, {"a": ["F32", [1_000_000_000_000], [0, 4_000_000_000_000]]})


def by_hand(folder: Path, tensors: dict[str, list[Any]], size: int = 16, pad: int = 8, more: str = "") -> str:
    """The line with which a file is refused whose header says this of its tensors, of ``size`` bytes together."""
    entries = {name: dict(zip(("dtype", "shape", "data_offsets"), one, strict=False)) for name, one in tensors.items()}
    header = json.dumps({"__metadata__": {"elman": "{}"}, **entries}).encode()
    header = header[:-1] + more.encode() + b"}"
    header += b" " * (-len(header) % pad)
    return refused(folder / "by hand", struct.pack("<Q", len(header)) + header + b"\0" * size)


@pytest.mark.parametrize(
    "tensors",
    [
        {"a": ["F32", [0, 2**62], [0, 0]]},  # NumPy could not make these, though there is nothing in them
        {"a": ["F32", [0, 2**64], [0, 0]]},
        {"a": ["F16", [2**40, 0, 2**40], [0, 0]]},
        {"a": ["F32", [0] * 9, [0, 0]]},
        {"a": ["F32", [4], [0, 16]], "b": ["F32", [4], [0, 16]]},  # one over the other
        {"a": ["F32", [3], [0, 12]], "b": ["F16", [4], [0, 8]]},
        {"a": ["F32", [1], [0, 4]], "b": ["F32", [1], [8, 12]]},  # a gap
        {"a": ["F32", [2], [0, 8]]},  # nothing for the last bytes
        {"a": ["F16", [1], [0, 2]], "b": ["F32", [3], [2, 14]], "c": ["F16", [1], [14, 16]]},  # off its borders
        {"a": ["F32", [-1], [0, 16]]},
        {"a": ["F32", [4], [16, 0]]},
        {"a": ["F32", [4.0], [0, 16]]},
        {"a": ["F32", [True], [0, 16]]},
        {"a": ["F32", ["4"], [0, 16]]},
        {"a": ["F32", [4], [0, 16.0]]},
        {"a": ["F32", [4], [0]]},
        {"a": ["F32", 4, [0, 16]]},
        {"a": ["F32", [4]]},
        {"a": [["F32"], [4], [0, 16]]},
        {"a": ["F32", [2, 3], [0, 16]]},
        {"a": []},
    ],
    ids=str,
)
def test_tensors_that_are_none(folder: Path, tensors: dict[str, list[Any]]) -> None:
    assert "not a model file" in by_hand(folder, tensors)


def test_a_header_that_is_none(folder: Path) -> None:
    assert "occurs twice" in by_hand(folder, {"a": ["F32", [4], [0, 16]]}, more=',"a":{}')
    assert "no header" in by_hand(folder, {"a": ["F32", [4], [0, 16]]}, pad=7)
    assert "not a model file" in by_hand(folder, {"a": ["F32", [4], [0, 16]]}, more=',"\\ud800":{}')
    assert "not a model file" in by_hand(folder, {"a": ["F32", [4], [0, 16]]}, more=',"b":NaN')
    assert "not a model file" in refused(folder / "latin", struct.pack("<Q", 8) + b'{"\xe9":1}')
    text = {"__metadata__": {"elman": 3}}
    header = json.dumps(text).ljust(32).encode()
    assert "metadata that are no texts" in refused(folder / "number", struct.pack("<Q", len(header)) + header)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("native", [True, False])
def test_numbers_that_are_not_finite(
    folder: Path, dtype: Any, number: float, native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not native:
        monkeypatch.setattr(kernels, "native_core", lambda: None)
    largest = np.finfo(dtype).max
    for size in (1, 7, 100):
        sound = {"w": np.full((1, size), largest, dtype), "ids": np.full(4, -1, np.int64)}
        signed(folder / "finite", {}, sound)
        assert model_file.load(folder / "finite")[0] == {}
        for place in {0, size // 2, size - 1}:
            w = sound["w"].copy()
            w[0, place] = number
            signed(folder / "infinite", {}, {**sound, "w": w})
            assert "tensor 'w': expected finite numbers" in refused(folder / "infinite")


def signed(path: Path, config: dict[str, Any], tensors: dict[str, Any]) -> None:
    """A model file with a right checksum, whatever is in it."""
    names = {np.dtype(dtype): name for name, dtype in model_file.DTYPES.items()}
    kept = {name: model_file.Stored(names[w.dtype], w.shape, w.tobytes()) for name, w in tensors.items()}
    bare = model_file._bare(config)
    text = model_file._with_sum(bare, model_file._sum(bare, kept))
    path.write_bytes(safetensors.numpy.save(tensors, {"elman": text}))


def test_escapes_are_looked_for_in_the_time_of_reading(folder: Path) -> None:
    """Quadratic, a million of them would take hours; and only what has the right checksum is looked through."""
    words = ["\u0001" * 300_000, "\\u0041" * 300_000, "\\" * 600_000]
    signed(folder / "escapes", {"words": words}, {})
    assert model_file.load(folder / "escapes")[0] == {"words": words}


@pytest.mark.parametrize("escaped", ["\\u0041", "\\ud800", "\\\\\\u0041", "\\u0020", "\\u0010\\u00e9"])
def test_characters_that_are_escaped_in_vain(folder: Path, escaped: str) -> None:
    bare = '{"configuration":{"word":"' + escaped + '"},"format_version":2}'
    text = model_file._with_sum(bare, model_file._sum(bare, {}))
    assert "SHA-256" in refused(folder / "vain", safetensors.numpy.save({}, {"elman": text}))
    for fine in ("\\u0001", "\\u001f", "\\\\u0041", "\\\\\\\\ud800", "\\\\\\u0007"):
        bare = '{"configuration":{"word":"' + fine + '"},"format_version":2}'
        text = model_file._with_sum(bare, model_file._sum(bare, {}))
        (folder / "fine").write_bytes(safetensors.numpy.save({}, {"elman": text}))
        assert model_file.load(folder / "fine")[0]["word"] == json.loads(f'"{fine}"')


def test_deeply_nested_header(folder: Path) -> None:
    header = b'{"__metadata__":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert "not a model file" in refused(folder / "deep", struct.pack("<Q", len(header)) + header)


def test_a_safetensors_file_of_others(folder: Path) -> None:
    tensors = {"a": np.zeros(2, dtype=np.float32)}
    assert "not an elman model" in refused(folder / "others", safetensors.numpy.save(tensors))
    assert "not an elman model" in refused(folder / "others", safetensors.numpy.save(tensors, {"format": "pt"}))
    both = {"format": "pt", "elman": "{}"}
    assert "found 2 keys" in refused(folder / "others", safetensors.numpy.save(tensors, both))


def test_a_dtype_we_never_write(folder: Path) -> None:
    data = safetensors.numpy.save({"a": np.zeros(2, dtype=np.uint8)}, {"elman": "{}"})
    assert "found U8" in refused(folder / "bytes", data)


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", "null", '"x"', "{}", '{"format_version":NaN}', '{"format_version":1e999}', DEEP, "9" * 5000]
    + ['{"format_version":' + DEEP + "}", '{"format_version":2,"x":"\\ud800"}', '{"format_version":2,"x":NaN}'],
)
def test_metadata_that_is_no_configuration(folder: Path, text: str) -> None:
    data = safetensors.numpy.save({"a": np.zeros(2)}, {"elman": text})
    message = refused(folder / "json", data)
    assert "configuration is not" in message or "SHA-256" in message


@pytest.mark.parametrize("version", [0, 3, "1", None, True, [1], "x" * 1000, "a\nb"])
def test_another_version(folder: Path, good: bytes, version: object) -> None:
    document = json.dumps({"format_version": version})
    message = refused(folder / "version", safetensors.numpy.save({"a": np.zeros(2)}, {"elman": document}))
    assert "expected model format 1" in message
    assert len(message) < 300


@pytest.mark.parametrize("change", ["space", "twice", "sha", "config", "more"])
def test_tampered_configuration(folder: Path, good: bytes, change: str) -> None:
    (length,) = struct.unpack("<Q", good[:8])
    text = json.loads(good[8 : 8 + length])["__metadata__"]["elman"]
    text = {
        "space": text.replace(":", ": "),
        "twice": text.replace("{", '{"format_version":2,', 1),
        "sha": text[:-10] + "0123" + text[-6:],
        "config": text.replace('"n":3', '"n":4'),
        "more": text.replace('"sha256"', '"sga256":0,"sha256"'),
    }[change]
    assert "SHA-256" in refused(folder / "tampered", safetensors.numpy.save(TENSORS, {"elman": text}))


@pytest.mark.parametrize("change", ["value", "dtype", "shape", "name", "gone", "more"])
def test_tampered_tensors(folder: Path, good: bytes, change: str) -> None:
    (length,) = struct.unpack("<Q", good[:8])
    metadata = json.loads(good[8 : 8 + length])["__metadata__"]
    tensors: dict[str, Any] = {name: value.copy() for name, value in TENSORS.items()}
    match change:
        case "value":
            tensors["w_rh"][1, 1] += 1
        case "dtype":
            tensors["w_rh"] = tensors["w_rh"].view(np.int32)
        case "shape":
            tensors["w_rh"] = tensors["w_rh"].reshape(3, 2)
        case "name":
            tensors["w_ri"] = tensors.pop("w_rh")
        case "gone":
            del tensors["empty"]
        case "more":
            tensors["x"] = np.zeros(0)
    assert "SHA-256" in refused(folder / "tampered", safetensors.numpy.save(tensors, metadata))


def test_configuration_must_be_a_table(folder: Path) -> None:
    bare = model_file._bare([1])  # type: ignore[arg-type]
    data = safetensors.numpy.save({}, {"elman": model_file._with_sum(bare, model_file._sum(bare, {}))})
    assert "SHA-256" in refused(folder / "list", data)
