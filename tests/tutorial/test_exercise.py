"""The exercise's files: what is written is read back, and what is not right is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from elman.errors import DataError, ElmanError, OutputError
from elman.tutorial import exercise, slides as tutorial
from elman.tutorial.slides import Training

SMALL = Training(hidden=4, iterations=2)
ODD = "\u3000_NN a\u0085b_NN c\u2028d_V_V e\tf_T\tG __U \x0b_\x0c g\rh_R"


def write(folder: Path, name: str, data: str | bytes) -> str:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return str(path)


def trained(folder: Path, text: str = "a_X b_Y a_Z\na_X c_X b_Y\n", training: Training = SMALL) -> tuple[str, str]:
    weights, ids = str(folder / "weights.txt"), str(folder / "ids.txt")
    exercise.train_rnn(write(folder, "train.txt", text), weights, ids, training)
    return weights, ids


def test_files_are_read_back_to_the_last_bit(tmp_path: Path) -> None:
    weights, ids = trained(tmp_path, ODD + "\n")
    read, x_ids, y_ids = exercise.read_net(weights, ids)
    net, x_before, y_before = tutorial.train(exercise.read_labelled(str(tmp_path / "train.txt")), SMALL)
    assert (list(x_ids), list(y_ids)) == (list(x_before), list(y_before))
    assert list(x_ids) == ["\u3000", "a\u0085b", "c\u2028d_V", "e\tf", "_", "\x0b", "g\rh"]
    assert list(y_ids) == ["NN", "V", "T\tG", "U", "\x0c", "R"]
    assert all(np.array_equal(a, b) for a, b in zip(read, net, strict=True))


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \n\0"), min_size=1),
        min_size=1,
        max_size=5,
    )
)
def test_ids_of_any_strings(strings: list[str]) -> None:
    x_ids: dict[str, int] = {}
    tutorial.create_ids(strings, x_ids)
    net = tutorial.create_net(len(x_ids), 2, 1, 0)
    body = exercise._weights_text(net)
    read, x_read, y_read = exercise._parse(body, exercise._ids_text(x_ids, {"T": 0}))
    assert (x_read, y_read) == (x_ids, {"T": 0})
    assert all(np.array_equal(a, b) for a, b in zip(read, net, strict=True))


def test_the_toy_by_files(tmp_path: Path) -> None:
    weights, ids = trained(tmp_path, training=Training())
    lines = list(exercise.test_rnn(weights, ids, write(tmp_path, "in.txt", "a b a\n\na c b")))
    assert lines == ["X Y Z", "", "X X Y"]
    assert list(exercise.test_rnn(weights, ids, write(tmp_path, "in.txt", ""))) == []


def test_line_ends_marks_and_blanks(tmp_path: Path) -> None:
    path = write(tmp_path, "train.txt", "\ufeffa_X  b_Y \r\n\r\n \nc_Z")
    assert exercise.read_labelled(path) == [(["a", "b"], ["X", "Y"]), (["c"], ["Z"])]


def test_hmm_counts_the_ends(tmp_path: Path) -> None:
    assert list(exercise.hmm(write(tmp_path, "train.txt", "a_X b_X\nb_Y\n"))) == [
        "T <s> X 0.500000",
        "T <s> Y 0.500000",
        "T X </s> 0.500000",
        "T X X 0.500000",
        "T Y </s> 1.000000",
        "E X a 0.500000",
        "E X b 0.500000",
        "E Y b 1.000000",
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected lines of word_TAG, found no sentence"),
        (b"\n \n\r\n", "expected lines of word_TAG, found no sentence"),
        (b"a_X\nb c_Y\n", "train.txt:2: expected word_TAG, found 'b'"),
        (b"_X\n", "train.txt:1: expected word_TAG, found '_X'"),
        (b"a_\n", "train.txt:1: expected word_TAG, found 'a_'"),
        (b"a" * 1000, "found 'a{40}…'"),
        (b"a_X b\xff_Y\n", "expected UTF-8, found byte 0xFF at offset 5"),
        (b"a_X\n\xc3\xa4\0_Y\n", "found a NUL byte at offset 6"),
    ],
)
def test_training_text_that_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    source = write(tmp_path, "train.txt", data)
    with pytest.raises(DataError, match=message) as error:
        exercise.train_rnn(source, str(tmp_path / "w"), str(tmp_path / "i"), SMALL)
    assert "\n" not in str(error.value) and source in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["train.txt"]


def test_a_path_that_is_none() -> None:
    with pytest.raises(DataError, match="cannot be read: not a path"):
        exercise.read_labelled("a\0b")


def test_targets_that_are_refused(tmp_path: Path) -> None:
    source, weights, ids = write(tmp_path, "train.txt", "a_X\n"), str(tmp_path / "w"), str(tmp_path / "i")
    for targets in ((weights, weights), (source, ids), (weights, source)):
        with pytest.raises(OutputError, match="expected two different files"):
            exercise.train_rnn(source, *targets, SMALL)
    with pytest.raises(OutputError, match="cannot be written"):
        exercise.train_rnn(source, weights, str(tmp_path / "none" / "i"), SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["train.txt"]


def test_files_that_are_no_net(tmp_path: Path) -> None:
    weights, ids = trained(tmp_path)
    whole = Path(weights).read_text(encoding="utf-8")
    other = tmp_path / "other"
    other.mkdir()
    _, other_ids = trained(other, "a_X b_Y\n")
    cut = write(tmp_path, "cut.txt", whole[:-10])
    for pair, message in (
        ((ids, weights), "ids.txt: not a weight file"),
        ((weights, other_ids), "damaged, or not of the same training as"),
        ((cut, ids), "damaged, or not of the same training as"),
        ((weights, str(tmp_path / "missing")), "missing: cannot be read: No such file"),
    ):
        with pytest.raises(DataError, match=message):
            exercise.read_net(*pair)


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ("w_rx 1 1\n0.5\n", "x\t0\ta\ny\t0\tX\n"),
        ("w_rx one 1\n", "x\t0\ta\ny\t0\tX\n"),
        ("w_rx 1 1\n1\nw_rh 1 1\n1\nb_r 1\n1\nw_oh 1 1\n1\nb_o 1\n1\n", "x\t0\ta\nx\t1\tb\ny\t0\tX\n"),
        ("w_rx 1 1\n1\nw_rh 1 1\n1\nb_r 1\n1\nw_oh 1 1\n1\nb_o 1\n1\n", "x\t0\ta\ny\t1\tX\n"),
        ("", "z\t0\ta\n"),
    ],
)
def test_a_right_digest_over_what_is_no_net(tmp_path: Path, body: str, ids: str) -> None:
    digest = hashlib.sha256((ids + body).encode()).hexdigest()
    weights = write(tmp_path, "w", f"elman tutorial weights 1 {digest}\n{body}")
    with pytest.raises(ElmanError, match="not a net together with"):
        exercise.read_net(weights, write(tmp_path, "i", ids))
