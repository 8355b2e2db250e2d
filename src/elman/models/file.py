"""The model file: a safetensors file with the configuration as canonical JSON in its metadata, and a SHA-256 of both.

The specification is docs/reference/model-file.md. A model file contains no code, time, path or machine: the same
content is the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, NamedTuple

from elman import kernels
from elman.errors import ModelFileError
from elman.models.upgrade import upgrade
from elman.utils.arguments import described
from elman.utils.display import shown

if TYPE_CHECKING:  # NumPy is imported only when tensors become arrays
    from io import BufferedReader

    import numpy as np
    from numpy.typing import NDArray

FORMAT_VERSION = 2
KEY = "elman"
SUM = "sha256"
DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8"}
"""safetensors element types and their NumPy type codes."""
NAMES = {"F16": "float16", "F32": "float32", "F64": "float64", "I32": "int32", "I64": "int64"}
"""safetensors element types and their NumPy names."""
MOST_HEADER = 100_000_000
"""Largest header in bytes."""
MOST_AXES = 8
_AGAIN = "fetch a whole copy or train again"
_ESCAPE = re.compile(r"\\(?:u00[01]|.)", re.DOTALL)
"""A JSON escape sequence; the escape of a control character is matched as a whole."""

Tensors = dict[str, "NDArray[Any]"]


class Stored(NamedTuple):
    """A tensor as stored in the file: element type, shape, and the bytes of its values."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview | bytes


def save(path: str | os.PathLike[str], config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> None:
    """Write a model file atomically; the arguments are those of ``to_bytes``.

    Raises OutputError if the target cannot be written, ModelFileError for content that a model file cannot hold.
    """
    from elman.utils.files import check_target, write_bytes_atomically

    target = _path(path)
    data = to_bytes(config, tensors, target)
    check_target(target, text=False)
    write_bytes_atomically(target, data)


def to_bytes(config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], name: str = "pickle") -> bytes:
    """Return the content of a model file; ``name`` is its name in messages.

    ``config`` holds JSON values, keys are text; ``tensors`` are float16, float32, float64, int32 or int64
    arrays of any shape. Raises ModelFileError for content that a model file cannot hold.
    """
    import numpy as np
    import safetensors.numpy

    names = {np.dtype(dtype): name for name, dtype in DTYPES.items()}

    def little_endian(tensor: NDArray[Any]) -> np.dtype[Any]:
        dtype = np.asarray(tensor).dtype.newbyteorder("<")
        if dtype not in names:
            raise TypeError(f"a tensor of {dtype}")
        return dtype

    try:
        plain = {
            name: np.asarray(tensor, order="C").astype(little_endian(tensor), copy=False)
            for name, tensor in tensors.items()
        }
        bare = _bare(config)
        for key, tensor in plain.items():
            if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
                raise ValueError(f"tensor {key} holds numbers that are not finite")
        kept = {
            key: Stored(names[tensor.dtype], tensor.shape, tensor.data if tensor.size else b"")
            for key, tensor in plain.items()
        }
        text = _with_sum(bare, _sum(bare, kept))
        data: bytes = safetensors.numpy.save(plain, metadata={KEY: text})
    except (TypeError, ValueError, RecursionError) as error:  # UnicodeEncodeError is a ValueError
        raise ModelFileError(f"{name}: this model cannot be stored: {_one_line(error)}") from None
    return data


def forms(stored: Mapping[str, Stored]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return the element type (NumPy name) and shape of each tensor."""
    return {name: (NAMES[tensor.dtype], tensor.shape) for name, tensor in stored.items()}


def load(path: str | os.PathLike[str]) -> tuple[dict[str, Any], Tensors]:
    """Read a model file; return configuration and tensors as given to ``save``.

    A configuration of an older format version is upgraded to the current one (``elman.models.upgrade``).
    Raises ModelFileError for anything that is not a complete, unchanged model file of a known version.
    """
    config, stored = read(path)
    return config, arrays(stored)


def arrays(stored: Mapping[str, Stored]) -> Tensors:
    """Return tensors as arrays that share the memory of ``stored``."""
    import numpy as np

    return {
        name: np.frombuffer(tensor.data, DTYPES[tensor.dtype]).reshape(tensor.shape) for name, tensor in stored.items()
    }


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Stored]]:
    """Read a model file like ``load``, but without NumPy: return tensors as stored. Raises as ``load`` does."""
    name = _path(path)
    with _opened(name) as file:
        header, data = _parts(file, os.fstat(file.fileno()).st_size)
    return _content(name, header, data)


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of the bytes of a model file, in hexadecimal. Raises ModelFileError if it cannot be read."""
    with _opened(_path(path)) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _opened(name: str) -> Iterator[BufferedReader]:
    """Open a model file. Raises ModelFileError if that fails, or reading it in the block does."""
    try:
        if not stat.S_ISREG(os.stat(name).st_mode):
            raise ModelFileError(f"{name}: expected a model file, found a directory or a device")
        with open(name, "rb") as file:
            yield file
    except FileNotFoundError:
        raise ModelFileError(f"{name}: no such file; elman train -o MODEL writes one") from None
    except OSError as error:
        raise ModelFileError(f"{name}: cannot be read: {error.strerror or _one_line(error)}") from None


def from_bytes(data: bytes, name: str = "pickle") -> tuple[dict[str, Any], dict[str, Stored]]:
    """Return what ``read`` returns for a file of this content; ``name`` is the name of the data in messages."""
    return _content(name, *_parts(BytesIO(data), len(data)))


def _content(name: str, header: bytes, data: memoryview) -> tuple[dict[str, Any], dict[str, Stored]]:
    """Return the checked content of a model file."""
    try:
        metadata, entries = _tables(header)
        if set(metadata) != {KEY}:
            expected = f"expected one metadata key {KEY!r}, found {len(metadata)} keys"
            raise ModelFileError(f"{name}: not an elman model: {expected}")
        tensors = _tensors(entries, data)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{name}: not a model file, or cut short ({_one_line(error)}); {_AGAIN}") from None
    config = _checked(name, metadata[KEY], tensors)
    core = kernels.native_core()
    infinite = next((key for key, tensor in tensors.items() if not _is_finite(tensor, core)), None)
    if infinite is not None:
        raise ModelFileError(f"{name}: tensor {shown(infinite)}: expected finite numbers, found others; {_AGAIN}")
    return config, tensors


def _parts(file: BufferedReader | BytesIO, size: int) -> tuple[bytes, memoryview]:
    """Return header and data of a file of ``size`` bytes; b"" if it does not contain a whole header."""
    start = int.from_bytes(file.read(8), "little") + 8
    if start > min(size, MOST_HEADER) or start % 8:  # tensors are aligned to 8 bytes
        return b"", memoryview(b"")
    header, data = file.read(start - 8), bytearray(size - start)
    return header, memoryview(data)[: file.readinto(data)]


def _tables(header: bytes) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the metadata and the tensor entries of a safetensors header. Raises ValueError if it is malformed."""
    if header[:1] != b"{":
        raise ValueError("no header")
    entries = json.loads(header.decode(), object_pairs_hook=_once)
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError("metadata that are no texts")
    for text in (*entries, *metadata.values()):
        text.encode()  # raises UnicodeEncodeError for lone surrogates
    return metadata, entries


def _tensors(entries: Mapping[str, Any], data: memoryview) -> dict[str, Stored]:
    """Return the tensors that fill ``data`` without gaps. Raises ValueError if they do not.

    The safetensors library checks the same, but it copies all tensors, and panics if memory runs out.
    """
    placed: list[tuple[int, int]] = []
    tensors: dict[str, Stored] = {}
    for name, entry in entries.items():
        whole = isinstance(entry, dict) and entry.keys() == {"dtype", "shape", "data_offsets"}
        shape, offsets = (entry["shape"], entry["data_offsets"]) if whole else (None, None)
        if not isinstance(shape, list) or not isinstance(offsets, list) or len(offsets) != 2:
            raise ValueError(f"tensor {shown(name)}: expected a type, a shape and offsets")
        if not isinstance(entry["dtype"], str) or entry["dtype"] not in NAMES:
            raise ValueError(f"tensor {shown(name)}: expected {' or '.join(NAMES)}, found {str(entry['dtype'])[:20]}")
        begin, end = offsets
        each = _size(entry["dtype"])
        if not all(type(number) is int and number >= 0 for number in (*shape, *offsets)) or begin % each:
            raise ValueError(f"tensor {shown(name)}: expected whole numbers, and an offset divisible by {each}")
        # in a shape with a 0 the other sizes are arbitrary; limit them so that no product overflows
        possible = len(shape) <= MOST_AXES and math.prod(n or 1 for n in shape) < 2**60
        if not possible or end - begin != each * math.prod(shape):
            raise ValueError(f"tensor {shown(name)}: expected as many bytes as its shape says")
        placed.append((begin, end))
        tensors[name] = Stored(entry["dtype"], tuple(shape), data[begin:end])
    ends = [0, *(end for _, end in sorted(placed))]
    if [begin for begin, _ in sorted(placed)] != ends[:-1] or ends[-1] != len(data):
        raise ValueError("tensors that do not fill the file without gaps")
    return tensors


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object as a dictionary. Raises ValueError if a key occurs twice."""
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a key that occurs twice")
    return document


def _size(dtype: str) -> int:
    """Return the number of bytes of an element."""
    return int(dtype[1:]) // 8


def _is_finite(tensor: Stored, core: Any) -> bool:
    """Return whether all values of a tensor are finite; takes about a millisecond for ten million bytes."""
    if tensor.dtype[0] != "F":
        return True
    if core is not None:
        return bool(core.all_finite(tensor.data, _size(tensor.dtype)))
    import numpy as np

    return bool(np.isfinite(np.frombuffer(tensor.data, DTYPES[tensor.dtype])).all())


def _checked(path: str, text: str, tensors: Mapping[str, Stored]) -> dict[str, Any]:
    """Return the configuration in ``text`` after checking its form, version and checksum.

    The checksum is the last entry of the text and covers the rest of it byte for byte.
    """
    try:
        document = json.loads(text, parse_constant=_finite, parse_float=_finite)
        version, checksum = document["format_version"], document.pop(SUM, None)
        bare = text.removesuffix(_end(checksum)) + "}"
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise ModelFileError(f"{path}: the configuration is not what elman writes; {_AGAIN}") from None
    if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
        mismatch = f"expected model format 1 to {FORMAT_VERSION}, found {str(version)[:20]!r}"
        raise ModelFileError(f"{path}: {mismatch}; use the elman that wrote it or train again")
    config = document.get("configuration")
    whole = text.endswith(_end(checksum)) and isinstance(config, dict) and len(document) == 2
    if not whole or checksum != _sum(bare, tensors) or _escapes_text(text):
        raise ModelFileError(f"{path}: damaged, or changed since it was written (the SHA-256 differs); {_AGAIN}")
    try:
        return upgrade(document["configuration"], version)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None


def _escapes_text(text: str) -> bool:
    """Return whether JSON escapes characters other than control characters by their code; elman never does."""
    return any(match[0] == "\\u" for match in _ESCAPE.finditer(text))


def _finite(text: str) -> float:
    """Parse a JSON number. Raises ValueError if it is not finite."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _bare(config: Mapping[str, Any]) -> str:
    """Return the metadata text without the checksum."""
    return _canonical({"configuration": config, "format_version": FORMAT_VERSION})


def _with_sum(bare: str, checksum: str) -> str:
    """Return the metadata text with the checksum appended; its key is the last in alphabetical order."""
    return bare[:-1] + _end(checksum)


def _end(checksum: str) -> str:
    return f',"{SUM}":{json.dumps(checksum)}}}'


def _sum(bare: str, tensors: Mapping[str, Stored]) -> str:
    """Return the checksum of configuration, version and tensors."""
    digest = hashlib.sha256()
    for name, (dtype, shape, data) in sorted(tensors.items()):
        sizes = ",".join(map(str, shape))
        digest.update(f'[{encode_basestring(name)},"{dtype}",[{sizes}]]\n'.encode())  # as _canonical, ten times faster
        digest.update(data)
    digest.update(bare.encode())
    return digest.hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _path(path: object) -> str:
    """Return a path as text. Raises ModelFileError for other values, such as the bytes of a model."""
    text = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(text, str):
        raise ModelFileError(f"expected the path of a model file, got {described(path)}")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        text = "\0"
    if "\0" in text or not text:
        raise ModelFileError(f"expected the path of a model file, got {shown(path)}, which no file can have")
    return text


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
