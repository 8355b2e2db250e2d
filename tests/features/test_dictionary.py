"""Lexicon files: what each kind of line gives, which words are found, what is kept, what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from elman.errors import DataError
from elman.features.dictionary import read, word_code
from elman.features.subwords import FeatureSet

UNIMORPH = "sing\tsang\tV;PST\nsing\tsings\tV;PRS;3;SG\nNew York\tNew York\tN;PROPN\n"


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


@pytest.mark.parametrize(
    ("text", "word", "features"),
    [
        ("Leeds\nYork\n", "Leeds", ["l"]),
        ("Leeds\n\n  \nYork", "York", ["l"]),
        ("\ufeffLeeds\r\nNew York\r\n", "New", ["l+"]),
        ("the\t0.05\nsang\t3e-6\n", "sang", ["l:-12"]),
        ("the\t5000\nsang\t0\n", "the", ["l:7"]),
        ("the\t5000\nsang\t0\n", "sang", ["l:-24"]),
        ("run\tN;V\nof\tADP\n", "run", ["l:N", "l:N;V", "l:V"]),
        ("run\tN, V\n", "run", ["l:N", "l:N, V", "l:V"]),
        ("of\tADP\nrun\t12\n", "run", ["l:12"]),  # the first line says that they are labels
        (UNIMORPH, "sang", ["l:PST", "l:V", "l:V;PST"]),
        (UNIMORPH, "sing", []),  # a lemma that is no form here
        (UNIMORPH, "York", ["l:N+", "l:N;PROPN+", "l:PROPN+"]),
        ("a\tX\na\tY\n", "a", ["l:X", "l:Y"]),
    ],
)
def test_kinds_of_lines(tmp_path: Path, text: str, word: str, features: list[str]) -> None:
    found = read([written(tmp_path, "l.txt", text)]).features(word)
    assert sorted(found) == [f"d:{name}" for name in features]


def test_a_word_as_it_is_then_in_lower_case_then_with_a_capital(tmp_path: Path) -> None:
    found = read([written(tmp_path, "l.tsv", "the\tx\nThe\ty\nLeeds\tz\n")])
    assert [found.features(word) for word in ("The", "THE", "leeds", "lee")] == [
        ("d:l:y",),
        ("d:l:x",),
        ("d:l:z",),
        (),
    ]


def test_several_files_and_packed_ones(tmp_path: Path) -> None:
    (tmp_path / "names.txt.gz").write_bytes(gzip.compress(b"Leeds\n"))
    found = read([str(tmp_path / "names.txt.gz"), written(tmp_path, "l.tsv", "Leeds\tx\nYork\tx\n")])
    assert found.features("Leeds") == ("d:l:x", "d:names")
    assert len(found.sets) == 2 and found.hashes.tolist() == sorted(map(word_code, ("Leeds", "York")))


def test_features_that_one_training_word_alone_has_are_dropped(tmp_path: Path) -> None:
    lexicon = read([written(tmp_path, "l.tsv", "Leeds\tcity;old\nYork\tcity\nOslo\tcity;new\nnow\tadv\n")])
    features = FeatureSet.of("affixes", ["Leeds", "York", "now"], lexicon)
    assert [name for name in features.names if name.startswith("d:")] == ["d:l:city"]
    kept = features.dictionary
    assert kept is not None and kept.names == ("l:city",) and len(kept.hashes) == 3 and kept.sets == ((0,),)
    assert kept.features("Oslo") == ("d:l:city",) and kept.features("now") == ()
    city = features.names.index("d:l:city")
    assert city in features.ids("Oslo") and city not in features.ids("now")
    bags = features.bags(["Oslo", "now"])
    assert city in bags.ids[: bags.offsets[1]] and np.all(np.diff(bags.ids[: bags.offsets[1]]) > 0)
    none = FeatureSet.of("affixes", ["now", "then"], lexicon).dictionary
    assert none is not None and not len(none.hashes) and none.features("Oslo") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": nothing in it; expected a word a line"),
        ("a\tb\tc\td\n", ":1: expected a word or a word, a tab and a number or labels or a lemma, a form and features"),
        ("a\nb\tc\n", ":2: expected a word, as in the first line, found 2 fields between tabs"),
        ("a\t1\nb\tx\n", ":2: expected a number from 0 on, as in the first line, found 'x'"),
        ("a\t1\nb\t-1\n", ":2: expected a number from 0 on, as in the first line, found '-1'"),
        ("a\t1\nb\tnan\n", ":2: expected a number from 0 on, as in the first line, found 'nan'"),
        ("a\n b\n", ":2: expected a word, found none, or two spaces together"),
        ("a\tX\n\tX\n", ":2: expected a word, found none, or two spaces together"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, "l.txt", text)
    with pytest.raises(DataError) as error:
        read([path])
    assert str(error.value).startswith(path + message)


def test_two_files_of_one_name(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    paths = [written(tmp_path, "l.txt", "a\n"), written(tmp_path / "b", "l.tsv", "a\n")]
    with pytest.raises(DataError, match="expected another name than 'l', that of .*l.txt; rename one"):
        read(paths)
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read([str(tmp_path / "none")])
