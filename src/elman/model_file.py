"""The model file: one safetensors file, the configuration as canonical JSON under one metadata key, a SHA-256 over all.

The written specification is docs/model-file.md. There is no code in a model file, and no clock, path or machine:
the same content is the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError
from elman.files import write_bytes_atomically

FORMAT_VERSION = 1
KEY = "elman"
SUM = "sha256"
DTYPES = {
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
_AGAIN = "fetch a whole copy or train again"

Tensors = dict[str, NDArray[Any]]


def save(path: str | os.PathLike[str], config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> None:
    """Write a model file, all of it or nothing.

    ``config`` holds JSON values, keys are text; ``tensors`` are float16, float32, float64, int32 or int64
    arrays of any shape.
    Raises OutputError where the target cannot be written, ModelFileError for content that a model file cannot hold.
    """
    import safetensors.numpy

    try:
        plain = {
            name: np.asarray(tensor, order="C").astype(_little(tensor), copy=False) for name, tensor in tensors.items()
        }
        bare = _bare(config)
        text = _with_sum(bare, _sum(bare, plain))
        data = safetensors.numpy.save(plain, metadata={KEY: text})
    except (TypeError, ValueError, RecursionError) as error:  # UnicodeEncodeError is a ValueError
        raise ModelFileError(f"{os.fspath(path)}: this model cannot be stored: {_one_line(error)}") from None
    write_bytes_atomically(os.fspath(path), data)


def load(path: str | os.PathLike[str]) -> tuple[dict[str, Any], Tensors]:
    """Read a model file: (configuration, tensors), as they were given to ``save``.

    Raises ModelFileError for anything that is not a whole, unchanged model file of this version.
    """
    shown = os.fspath(path)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ModelFileError(f"{shown}: expected a model file, found a directory or a device")
        metadata, tensors = _read(shown)
    except FileNotFoundError:
        raise ModelFileError(f"{shown}: no such file; elman train -o MODEL writes one") from None
    except OSError as error:
        raise ModelFileError(f"{shown}: cannot be read: {error.strerror or _one_line(error)}") from None
    except ValueError as error:  # a path with a NUL in it
        raise ModelFileError(f"{shown!r}: cannot be read: {_one_line(error)}") from None
    if set(metadata) != {KEY}:
        raise ModelFileError(
            f"{shown}: not an elman model: expected one metadata key {KEY!r}, found {len(metadata)} keys"
        )
    return _checked(shown, metadata[KEY], tensors), tensors


def _read(path: str) -> tuple[dict[str, str], Tensors]:
    import safetensors

    tensors: Tensors = {}
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            for name in file.keys():
                dtype = file.get_slice(name).get_dtype()
                if dtype not in DTYPES:
                    raise ModelFileError(f"{path}: tensor {name!r}: expected {' or '.join(DTYPES)}, found {dtype}")
                tensors[name] = file.get_tensor(name)
            return file.metadata() or {}, tensors
    except safetensors.SafetensorError as error:
        raise ModelFileError(f"{path}: not a model file, or cut short ({_one_line(error)}); {_AGAIN}") from None


def _checked(path: str, text: str, tensors: Tensors) -> dict[str, Any]:
    """The configuration in ``text``, once its form, version and checksum are right."""
    try:
        document = json.loads(text)
        version, found = document["format_version"], document.pop(SUM, None)
        bare = _canonical(document)
        canonical = _with_sum(bare, found) == text  # one content has one text, without repeated keys
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise ModelFileError(f"{path}: the configuration is not what elman writes; {_AGAIN}") from None
    if type(version) is not int or version != FORMAT_VERSION:
        other = f"expected model format {FORMAT_VERSION}, found {str(version)[:20]!r}"
        raise ModelFileError(f"{path}: {other}; use the elman that wrote it or train again")
    config = document.get("configuration")
    if not canonical or not isinstance(config, dict) or len(document) != 2 or found != _sum(bare, tensors):
        raise ModelFileError(f"{path}: damaged, or changed since it was written (the SHA-256 differs); {_AGAIN}")
    return config


def _bare(config: Mapping[str, Any]) -> str:
    """What stands under the metadata key, but for the checksum."""
    return _canonical({"configuration": config, "format_version": FORMAT_VERSION})


def _with_sum(bare: str, checksum: str) -> str:
    """And with it; its key is the last of all, in the order of the alphabet."""
    return f'{bare[:-1]},"{SUM}":{json.dumps(checksum)}}}'


def _sum(bare: str, tensors: Mapping[str, NDArray[Any]]) -> str:
    """The checksum over configuration, version and tensors."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(_canonical([name, _NAMES[tensor.dtype], list(tensor.shape)]).encode() + b"\n")
        digest.update(tensor.data if tensor.size else b"")
    digest.update(bare.encode())
    return digest.hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _little(tensor: NDArray[Any]) -> np.dtype[Any]:
    dtype = np.asarray(tensor).dtype.newbyteorder("<")
    if dtype not in _NAMES:
        raise TypeError(f"a tensor of {dtype}")
    return dtype


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
