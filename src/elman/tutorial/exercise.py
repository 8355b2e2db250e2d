"""The programs of the tutorial's exercise (slides 32-34): train-rnn, test-rnn and an HMM for comparison.

Training text has one sentence per line, ``word_TAG word_TAG ...``, separated by ASCII spaces; a tag begins after the
last underscore. A trained net is stored in two UTF-8 text files whose lines end in "\\n":

    id file       ``x TAB 0 TAB the`` for every word, in order of its number, then ``y TAB 0 TAB DT`` for the tags
    weight file   ``elman tutorial weights 1 DIGEST``, then w_rx, w_rh, b_r, w_oh and b_o: a line ``w_rx 64 5234`` with
                  the shape, and a line of numbers for each row (one line for a vector), as Python writes floats,
                  so that they are read back to the last bit

DIGEST is the SHA-256 of the id file and of everything after the first line; it detects damaged files and files of
different nets.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from elman.errors import DataError, OutputError, while_reading
from elman.tutorial.slides import Net, Training, predict, train
from elman.utils.display import shown
from elman.utils.files import OutputFile, check_target

_MAGIC = "elman tutorial weights 1 "


def train_rnn(
    source: str,
    weights: str,
    ids: str,
    training: Training,
    report: Callable[[int, float], None] = lambda iteration, log_likelihood: None,
) -> tuple[int, int]:
    """Train on the file ``source``, write ``weights`` and ``ids``; return the numbers of words and tags (slides 32-33).

    Both files are complete before either replaces its target. Raises DataError if the training text is not
    ``word_TAG``, OutputError if a file cannot be written, ConfigError if the learning rate is too large.
    """
    sentences = read_labelled(source)
    if len({Path(path).resolve() for path in (source, weights, ids)}) < 3:
        raise OutputError(f"{weights}, {ids}: expected two different files, neither of them the training text")
    for path in (weights, ids):
        check_target(path)
    net, x_ids, y_ids = train(sentences, training, report)
    id_text = _ids_text(x_ids, y_ids)
    body = _weights_text(net)
    header = _MAGIC + _digest(id_text, body) + "\n"
    with OutputFile(weights) as weight_file, OutputFile(ids) as id_file:
        weight_file.write(header + body)
        id_file.write(id_text)
    return len(x_ids), len(y_ids)


def test_rnn(weights: str, ids: str, source: str, warn: Callable[[str], None] = lambda message: None) -> Iterator[str]:
    """Yield, for each line of space-separated words in ``source``, the line of their best tags (slide 33).

    Unknown words are zero vectors; ``warn`` is called if all are unknown. Raises DataError if a file is not in the
    expected format.
    """
    net, x_ids, y_ids = read_net(weights, ids)
    tags, sentences = list(y_ids), read_words(source)
    if any(sentences) and not any(word in x_ids for words in sentences for word in words):
        warn(f"{source}: none of its words is in {ids}; expected words without tags, separated by spaces")
    for words in sentences:
        yield " ".join(tags[y] for y in predict(net, x_ids, words))


def hmm(source: str) -> Iterator[str]:
    """Yield the unsmoothed HMM for comparison: sorted lines ``T tag tag P`` and ``E tag word P``, six decimals.

    Raises DataError if the training text is not ``word_TAG``.
    """
    sentences = read_labelled(source)
    paths = [["<s>", *tags, "</s>"] for _, tags in sentences]
    transitions = Counter(pair for path in paths for pair in pairwise(path))
    before = Counter(tag for path in paths for tag in path[:-1])
    emissions = Counter((tag, word) for words, tags in sentences for word, tag in zip(words, tags, strict=True))
    emitted = Counter(tag for _, tags in sentences for tag in tags)
    for (tag, following), count in sorted(transitions.items()):
        yield f"T {tag} {following} {count / before[tag]:.6f}"
    for (tag, word), count in sorted(emissions.items()):
        yield f"E {tag} {word} {count / emitted[tag]:.6f}"


def read_labelled(path: str) -> list[tuple[list[str], list[str]]]:
    """Return the sentences of a ``word_TAG`` file as (words, tags); blank lines are skipped. ``-`` is standard input.

    Raises DataError if the file is not UTF-8, has no sentence, or has a token that is not ``word_TAG``.
    """
    sentences = []
    for number, line in enumerate(_lines(read_text(path)), start=1):
        words, tags = [], []
        for token in _tokens(line):
            word, _, tag = token.rpartition("_")
            if not word or not tag:
                raise DataError(f"expected word_TAG, found {shown(token)}", path=path, line=number)
            words.append(word)
            tags.append(tag)
        if words:
            sentences.append((words, tags))
    if not sentences:
        raise DataError("expected lines of word_TAG, found no sentence", path=path)
    return sentences


def read_words(path: str) -> list[list[str]]:
    """Return the words of each line of a text; a blank line has none. ``-`` is standard input."""
    return [_tokens(line) for line in _lines(read_text(path))]


def read_net(weights: str, ids: str) -> tuple[Net, dict[str, int], dict[str, int]]:
    """Read a net, x_ids and y_ids from the files of ``train_rnn``. Raises DataError unless they belong together."""
    header, _, body = read_text(weights).partition("\n")
    if not header.startswith(_MAGIC):
        raise DataError("not a weight file; elman tutorial train writes one (WEIGHTS comes before IDS)", path=weights)
    id_text = read_text(ids)
    if header.removeprefix(_MAGIC) != _digest(id_text, body):
        raise DataError(f"damaged, or not of the same training as {ids}; train again", path=weights)
    try:
        return _parse(body, id_text)
    except (ValueError, KeyError, StopIteration, OverflowError):  # valid digest, but malformed contents
        raise DataError(f"not a net together with {ids}; train again", path=weights) from None


def _parse(body: str, id_text: str) -> tuple[Net, dict[str, int], dict[str, int]]:
    maps: dict[str, dict[str, int]] = {"x": {}, "y": {}}
    for line in id_text.split("\n")[:-1]:
        kind, number, string = line.split("\t", 2)
        if int(number) != len(maps[kind]):
            raise ValueError
        maps[kind][string] = int(number)
    lines = iter(body.split("\n"))
    arrays = []
    for _ in Net._fields:
        shape = tuple(map(int, next(lines).split(" ")[1:]))
        rows = shape[0] if len(shape) == 2 else 1
        arrays.append(np.array([next(lines).split(" ") for _ in range(rows)], dtype=np.float64).reshape(shape))
    net = Net(*arrays)
    v, k, h = len(maps["x"]), len(maps["y"]), len(net.b_r)
    if tuple(w.shape for w in net) != ((h, v), (h, h), (h,), (k, h), (k,)):
        raise ValueError
    return net, maps["x"], maps["y"]


def _weights_text(net: Net) -> str:
    lines: list[str] = []
    for name, w in net._asdict().items():
        lines.append(" ".join([name, *map(str, w.shape)]))
        lines += [" ".join(map(repr, row)) for row in np.atleast_2d(w).tolist()]
    return "\n".join(lines) + "\n"


def _ids_text(x_ids: dict[str, int], y_ids: dict[str, int]) -> str:
    return "".join(
        f"{kind}\t{number}\t{string}\n" for kind, ids in (("x", x_ids), ("y", y_ids)) for string, number in ids.items()
    )


def _digest(id_text: str, body: str) -> str:
    return hashlib.sha256((id_text + body).encode()).hexdigest()


def read_text(path: str) -> str:
    """Return the text of a UTF-8 file, ``-`` of standard input. Raises DataError if it is none."""
    name = "standard input" if path == "-" else path
    try:
        with while_reading(path):
            data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except ValueError:  # a path with a NUL in it
        raise DataError("cannot be read: not a path", path=name) from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"expected UTF-8, found byte 0x{data[error.start]:02X} at offset {error.start}", path=name
        ) from None
    if "\0" in text:
        raise DataError(f"expected text, found a NUL byte at offset {data.index(0)}", path=name)
    return text.removeprefix("\ufeff")


def _lines(text: str) -> list[str]:
    """Split text at "\\n" and "\\r\\n" only; the last line may lack an end."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def _tokens(line: str) -> list[str]:
    return [token for token in line.split(" ") if token]
