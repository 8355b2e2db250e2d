"""The model file: one safetensors file, the configuration as canonical JSON under one metadata key, a SHA-256 over all.

The written specification is docs/model-file.md. There is no code in a model file, and no clock, path or machine:
the same content is the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.display import shown
from elman.errors import ModelFileError
from elman.files import check_target, write_bytes_atomically

if TYPE_CHECKING:  # a model is read without NumPy where nothing is computed with it
    import numpy as np
    from numpy.typing import NDArray

FORMAT_VERSION = 1
KEY = "elman"
SUM = "sha256"
DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8"}
"""Element types, and what NumPy calls them."""
NAMES = {"F16": "float16", "F32": "float32", "F64": "float64", "I32": "int32", "I64": "int64"}
_AGAIN = "fetch a whole copy or train again"

Tensors = dict[str, "NDArray[Any]"]


class Stored(NamedTuple):
    """A tensor as it stands in the file: element type, shape, and the bytes of its numbers."""

    dtype: str
    shape: tuple[int, ...]
    data: bytearray | memoryview | bytes


def save(path: str | os.PathLike[str], config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> None:
    """Write a model file, all of it or nothing.

    ``config`` holds JSON values, keys are text; ``tensors`` are float16, float32, float64, int32 or int64
    arrays of any shape.
    Raises OutputError where the target cannot be written, ModelFileError for content that a model file cannot hold.
    """
    import numpy as np
    import safetensors.numpy

    target = _path(path)
    names = {np.dtype(dtype): name for name, dtype in DTYPES.items()}

    def little(tensor: NDArray[Any]) -> np.dtype[Any]:
        dtype = np.asarray(tensor).dtype.newbyteorder("<")
        if dtype not in names:
            raise TypeError(f"a tensor of {dtype}")
        return dtype

    try:
        plain = {
            name: np.asarray(tensor, order="C").astype(little(tensor), copy=False) for name, tensor in tensors.items()
        }
        bare = _bare(config)
        kept = {
            name: Stored(names[tensor.dtype], tensor.shape, tensor.data if tensor.size else b"")
            for name, tensor in plain.items()
        }
        text = _with_sum(bare, _sum(bare, kept))
        data = safetensors.numpy.save(plain, metadata={KEY: text})
    except (TypeError, ValueError, RecursionError) as error:  # UnicodeEncodeError is a ValueError
        raise ModelFileError(f"{target}: this model cannot be stored: {_one_line(error)}") from None
    check_target(target, text=False)
    write_bytes_atomically(target, data)


def forms(stored: Mapping[str, Stored]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Element types, as NumPy calls them, and shapes of tensors."""
    return {name: (NAMES[one.dtype], one.shape) for name, one in stored.items()}


def load(path: str | os.PathLike[str]) -> tuple[dict[str, Any], Tensors]:
    """Read a model file: (configuration, tensors), as they were given to ``save``.

    Raises ModelFileError for anything that is not a whole, unchanged model file of this version.
    """
    config, stored = read(path)
    return config, arrays(stored)


def arrays(stored: Mapping[str, Stored]) -> Tensors:
    """Tensors as arrays, which share the memory of ``stored``."""
    import numpy as np

    return {name: np.frombuffer(one.data, DTYPES[one.dtype]).reshape(one.shape) for name, one in stored.items()}


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Stored]]:
    """``load``, with the tensors as they stand in the file; NumPy is not needed. Raises as ``load`` does."""
    name = _path(path)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ModelFileError(f"{name}: expected a model file, found a directory or a device")
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise ModelFileError(f"{name}: no such file; elman train -o MODEL writes one") from None
    except OSError as error:
        raise ModelFileError(f"{name}: cannot be read: {error.strerror or _one_line(error)}") from None
    except ValueError as error:  # a path with a NUL in it
        raise ModelFileError(f"{shown(name)}: cannot be read: {_one_line(error)}") from None
    metadata, tensors = _content(name, data)
    if set(metadata) != {KEY}:
        raise ModelFileError(
            f"{name}: not an elman model: expected one metadata key {KEY!r}, found {len(metadata)} keys"
        )
    return _checked(name, metadata[KEY], tensors), tensors


def _content(path: str, data: bytes) -> tuple[dict[str, str], dict[str, Stored]]:
    """The metadata and the tensors of a safetensors file."""
    from safetensors import SafetensorError, deserialize

    try:
        entries = deserialize(data)  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise ModelFileError(f"{path}: not a model file, or cut short ({_one_line(error)}); {_AGAIN}") from None
    tensors: dict[str, Stored] = {}
    for name, entry in entries:
        if entry["dtype"] not in DTYPES:
            found = entry["dtype"]
            raise ModelFileError(f"{path}: tensor {name!r}: expected {' or '.join(DTYPES)}, found {found}")
        tensors[name] = Stored(entry["dtype"], tuple(entry["shape"]), entry["data"])
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])  # which the library has read, too
    return header.get("__metadata__") or {}, tensors


def _checked(path: str, text: str, tensors: Mapping[str, Stored]) -> dict[str, Any]:
    """The configuration in ``text``, once its form, version and checksum are right.

    The checksum is the text's last entry, and over all the rest of it, as it stands there.
    """
    try:
        document = json.loads(text, parse_constant=_finite, parse_float=_finite)
        version, found = document["format_version"], document.pop(SUM, None)
        bare = text.removesuffix(_end(found)) + "}"
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise ModelFileError(f"{path}: the configuration is not what elman writes; {_AGAIN}") from None
    if type(version) is not int or version != FORMAT_VERSION:
        other = f"expected model format {FORMAT_VERSION}, found {str(version)[:20]!r}"
        raise ModelFileError(f"{path}: {other}; use the elman that wrote it or train again")
    config = document.get("configuration")
    whole = text.endswith(_end(found)) and isinstance(config, dict) and len(document) == 2
    if not whole or _escapes_text(text) or found != _sum(bare, tensors):
        raise ModelFileError(f"{path}: damaged, or changed since it was written (the SHA-256 differs); {_AGAIN}")
    return document["configuration"]  # type: ignore[no-any-return]


def _finite(text: str) -> float:
    """A number of JSON. Raises ValueError for what is none, or is too large."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _escapes_text(text: str) -> bool:
    """Whether JSON escapes more by numbers than control characters, half a character perhaps: elman does not."""
    at = text.find("\\u")
    while at >= 0:
        before = text[:at]
        if (len(before) - len(before.rstrip("\\"))) % 2 == 0 and text[at + 2 : at + 5] not in ("000", "001"):
            return True
        at = text.find("\\u", at + 2)
    return False


def _bare(config: Mapping[str, Any]) -> str:
    """What stands under the metadata key, but for the checksum."""
    return _canonical({"configuration": config, "format_version": FORMAT_VERSION})


def _with_sum(bare: str, checksum: str) -> str:
    """And with it; its key is the last of all, in the order of the alphabet."""
    return bare[:-1] + _end(checksum)


def _end(checksum: str) -> str:
    return f',"{SUM}":{json.dumps(checksum)}}}'


def _sum(bare: str, tensors: Mapping[str, Stored]) -> str:
    """The checksum over configuration, version and tensors."""
    digest = hashlib.sha256()
    for name, (dtype, shape, data) in sorted(tensors.items()):
        digest.update(_canonical([name, dtype, list(shape)]).encode() + b"\n")
        digest.update(data)
    digest.update(bare.encode())
    return digest.hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _path(path: object) -> str:
    """A path as text. Raises ModelFileError for what is none, such as the bytes of a model."""
    text = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(text, str):
        raise ModelFileError(f"expected the path of a model file, got {type(path).__name__}: {shown(path)}")
    return text


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
