"""Mutants of model files: of their bytes, header, configuration and tensors, most with the right checksum."""

from __future__ import annotations

import hashlib
import json
import random
import struct
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np

import forged
from elman.models import file as model_file
from elman.models.file import Stored
from forged import Trained
from mutations import INTEGERS, changed_bytes, changed_json, changed_text, deepened, integers

SIZES = {"F16": 2, "F32": 4, "F64": 8, "I32": 4, "I64": 8}


class Original:
    """A model whose file is changed. What most mutants share with it is written once."""

    def __init__(self, name: str, one: Trained) -> None:
        self.name, self.gold = name, one.gold
        self.record, self.tensors = one.content
        self.text = _text(self.record)
        self.entries = entries(self.tensors)
        self.integers = list(integers([self.record, self.entries]))
        self._header, self._data = json.dumps(self.entries), _data(self.tensors)
        self._digest = _digest(self.tensors)

    def file_of(
        self,
        configuration: str,
        tensors: Mapping[str, Stored] | None = None,
        header: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return a model file with this configuration, the right checksum, and perhaps other tensors and header."""
        version = f',"format_version":{model_file.FORMAT_VERSION}}}'
        return self.assembled(f'{{"configuration":{configuration}{version}', tensors, header)

    def assembled(
        self,
        bare: str,
        tensors: Mapping[str, Stored] | None = None,
        header: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return a file with this text of the metadata and the right checksum."""
        digest = self._digest.copy() if tensors is None else _digest(tensors)
        with suppress(UnicodeEncodeError):  # a lone surrogate, which no checksum can be of
            digest.update(bare.encode())
            bare = model_file._with_sum(bare, digest.hexdigest())
        if header is not None or tensors is not None:
            rest = json.dumps(entries(tensors or self.tensors) if header is None else header)
        else:
            rest = self._header
        comma = ", " if len(rest) > 2 else ""
        head = f'{{"__metadata__": {{"{model_file.KEY}": {json.dumps(bare)}}}{comma}{rest[1:]}'.encode()
        head += b" " * (-len(head) % 8)
        return b"".join((struct.pack("<Q", len(head)), head, self._data if tensors is None else _data(tensors)))


class Mutants:
    """Mutants of the model files, by number; ``models`` come from ``forged.trained``."""

    def __init__(self, models: Mapping[str, Trained], seed: int) -> None:
        self._seed = seed
        self.models = [Original(name, one) for name, one in models.items()]

    def __call__(self, number: int) -> tuple[Original, bytes]:
        """Return a model, and the bytes of a mutant of its file."""
        draw = random.Random(f"{self._seed} {number}")
        one = self.models[number // 8 % len(self.models)]
        if number % 8 == 0:
            return one, _edge(one, number // 8 // len(self.models))
        return one, draw.choice(_KINDS)(draw, one)


def _edge(one: Original, turn: int) -> bytes:
    """Return the file with a whole number at an edge."""
    place = one.integers[turn % len(one.integers)]
    value = INTEGERS[turn // len(one.integers) % len(INTEGERS)]
    if place[0] == 0:
        return one.file_of(_text(forged.changed(one.record, place[1:], value)))
    return one.file_of(one.text, header=forged.changed(one.entries, place[1:], value))


def _any_bytes(draw: random.Random, one: Original) -> bytes:
    return changed_bytes(draw, one.file_of(one.text))


def _header(draw: random.Random, one: Original) -> bytes:
    header = changed_json(draw, one.entries)
    data = one.file_of(one.text, header=header if isinstance(header, dict) else {})
    return (
        data if draw.random() < 0.7 else struct.pack("<Q", draw.choice([abs(n) for n in INTEGERS]) % 2**64) + data[8:]
    )


def _of_text(draw: random.Random, one: Original) -> bytes:
    """Return the file with other text as its configuration, which may be no JSON."""
    text = f'{{"configuration":{one.text},"format_version":{model_file.FORMAT_VERSION}}}'
    if draw.random() < 0.5:
        return one.assembled(changed_bytes(draw, text.encode()).decode(errors="surrogateescape"))
    i = draw.randrange(len(text))
    return one.assembled(text[:i] + changed_text(draw, text[i : i + 30]) + text[i + 30 :])


def _values(draw: random.Random, one: Original) -> bytes:
    """Return the file with other values in its configuration."""
    return one.file_of(deepened(draw, _text(changed_json(draw, one.record))))


def _tensors(draw: random.Random, one: Original) -> bytes:
    """Return the file with other tensors, sometimes with other values in its configuration too."""
    tensors = dict(one.tensors)
    for _ in range(draw.choice([1, 1, 2])):
        if tensors:
            _change_tensor(draw, tensors, draw.choice(list(tensors)))
    text = one.text if draw.random() < 0.7 else deepened(draw, _text(changed_json(draw, one.record)))
    return one.file_of(text, tensors)


_KINDS = (_any_bytes, _header, _of_text, _values, _values, _values, _tensors, _tensors)


def _change_tensor(draw: random.Random, tensors: dict[str, Stored], name: str) -> None:
    """Change a tensor in place: its name, type, shape, or numbers."""
    tensor = tensors[name]
    kind = draw.randrange(8)
    other = draw.choice(list(tensors))
    if kind == 0:
        del tensors[name]
    elif kind == 1:
        tensors[name], tensors[other] = tensors[other], tensor
    elif kind == 2:
        tensors[changed_text(draw, name).encode(errors="replace").decode()] = tensor
    elif kind == 3:
        dtype = draw.choice(list(SIZES))
        n = len(tensor.data) // SIZES[dtype]
        tensors[name] = Stored(dtype, (n,), bytes(tensor.data[: n * SIZES[dtype]]))
    elif kind == 4:
        tensors[name] = _other_shape(draw, tensor)
    else:
        tensors[name] = _other_numbers(draw, tensor)


def _other_shape(draw: random.Random, tensor: Stored) -> Stored:
    shape = list(tensor.shape) or [1]
    i = draw.randrange(len(shape))
    shape[i] = draw.choice([0, 1, shape[i] + 1, max(shape[i] - 1, 0), shape[i] * 2, 50])
    shape = draw.choice([shape, [*shape, 1], [1, *shape], shape[::-1]])
    size = int(np.prod(shape)) * SIZES[tensor.dtype]
    data = (bytes(tensor.data) * (size // max(1, len(tensor.data)) + 1))[:size].ljust(size, b"\0")
    return Stored(tensor.dtype, tuple(shape), data)


def _other_numbers(draw: random.Random, tensor: Stored) -> Stored:
    dtype = np.dtype(model_file.DTYPES[tensor.dtype])
    w = np.frombuffer(tensor.data, dtype).copy()
    if not w.size:
        return tensor
    i = draw.randrange(w.size)
    j = draw.choice([i + 1, i + 1, i + 5, w.size])
    w[i:j] = draw.choice(_edges(dtype))
    if draw.random() < 0.1:
        w = np.sort(w)
    return Stored(tensor.dtype, tensor.shape, w.tobytes())


@lru_cache
def _edges(dtype: np.dtype[Any]) -> list[Any]:
    """Return numbers at the edges of a type."""
    if dtype.kind == "f":
        limits = np.finfo(dtype)
        return [np.nan, np.inf, 0.0, -0.0, limits.max, limits.min, limits.tiny, 1e-45, 1e4, -1e4]
    whole = np.iinfo(dtype)
    return [0, -1, 1, whole.max, whole.min, 2**31 - 1]


def entries(tensors: Mapping[str, Stored]) -> dict[str, Any]:
    """Return the tensors' entries of a safetensors header."""
    found, at = {}, 0
    for name, tensor in _ordered(tensors):
        end = at + len(tensor.data)
        found[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [at, end]}
        at = end
    return found


def _ordered(tensors: Mapping[str, Stored]) -> list[tuple[str, Stored]]:
    """Return tensors in the order of the file: those of large elements first, so that all are aligned."""
    return sorted(tensors.items(), key=lambda item: (-SIZES[item[1].dtype], item[0]))


def _data(tensors: Mapping[str, Stored]) -> bytes:
    return b"".join(tensor.data for _, tensor in _ordered(tensors))


def _digest(tensors: Mapping[str, Stored]) -> Any:
    """Return the SHA-256 of the tensors, to which the configuration is added."""
    digest = hashlib.sha256()
    for name, (dtype, shape, data) in sorted(tensors.items()):
        digest.update(_line(name, dtype, shape))
        digest.update(data)
    return digest


@lru_cache(100_000)
def _line(name: str, dtype: str, shape: tuple[int, ...]) -> bytes:
    return model_file._canonical([name, dtype, list(shape)]).encode() + b"\n"


def _text(record: Any) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
