"""How large a number may be, how long a sentence, how many the tags."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from elman import cli
from elman.config import NetworkConfig
from elman.errors import ConfigError, DataError
from elman.models.baselines import Frequent
from elman.models.heads import decoder_for
from elman.utils import limits


@pytest.mark.parametrize("value", [-1, 11, 2**70, 1.0, "3", True, None, math.nan])
def test_whole_numbers(value: Any) -> None:
    with pytest.raises(ConfigError, match="n: expected a whole number from 0 to 10, got "):
        limits.whole_number("n", value, 0, 10)
    assert [limits.whole_number("n", number, 0, 10) for number in (0, 10)] == [0, 10]


@pytest.mark.parametrize("value", [-0.1, 1.01, math.nan, math.inf, "0.5", True, None])
def test_real_numbers(value: Any) -> None:
    with pytest.raises(ConfigError, match="p: expected a number from 0 to 1, got "):
        limits.real_number("p", value, 0, 1)
    assert [limits.real_number("p", number, 0, 1) for number in (0, 0.5, 1)] == [0, 0.5, 1]


def test_lengths_of_sentences() -> None:
    limits.check_length(limits.LONGEST)
    with pytest.raises(DataError, match=r"^f:3: a sentence of 500,001 words, expected up to 500,000"):
        limits.check_length(limits.LONGEST + 1, "f", 3)
    line = b" ".join([b"a"] * limits.LONGEST)
    limits.check_lines(line + b"\n" + line)
    with pytest.raises(DataError, match="a sentence of 500,001 words"):
        limits.check_lines(b"a\n" + line + b" a\n")


def test_words_times_tags() -> None:
    limits.check_scores(50_000, 1_000)
    with pytest.raises(DataError, match="a sentence of 50,001 words, expected up to 50,000 with 1,000 tags"):
        limits.check_scores(50_001, 1_000)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("frequent", []),
        ("frequent", ["--confidence"]),
        ("rnn", []),
        ("rnn", ["--confidence"]),
        ("rnn", ["--nbest", "2"]),
    ],
)
def test_tag_refuses_a_sentence_without_end(
    kind: str, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "train").write_text("a_A b_B\n" * 3)
    (tmp_path / "long").write_text("a " * limits.LONGEST + "a\n")
    model, out = str(tmp_path / "m"), tmp_path / "out"
    small = ["--set", "hidden=4", "--set", "epochs=1"] if kind == "rnn" else []
    assert cli.run(["train", str(tmp_path / "train"), "-o", model, "--model", kind, *small]) == 0
    capsys.readouterr()
    assert cli.run(["tag", model, str(tmp_path / "long"), "-o", str(out), *options]) == 2
    err = capsys.readouterr().err
    assert "a sentence of 500,001 words, expected up to 500,000" in err and err.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(("decoder", "scheme"), [("crf", "none"), ("softmax", "bio")])
def test_tags_that_are_looked_at_in_pairs(decoder: str, scheme: str) -> None:
    tags = [str(i) for i in range(limits.TAGS + 1)]
    with pytest.raises(ConfigError, match="5,001 distinct tags; it takes 5,000 at most"):
        decoder_for(NetworkConfig(decoder=decoder), tags, scheme)


def test_very_many_tags_take_no_dense_table() -> None:
    """60,000 words of 100,000 tags would be 24 GB of probabilities."""
    import tracemalloc

    words = [str(i) for i in range(100_000)]
    model = Frequent.train([(words, [f"t{word}" for word in words])])
    tracemalloc.start()
    (tags, confidences), *_ = model.best_and_confidences([words[:60_000]])
    assert tracemalloc.get_traced_memory()[1] < 200 << 20
    tracemalloc.stop()
    assert len(tags) == len(confidences) == 60_000
