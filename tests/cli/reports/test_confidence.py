"""``elman evaluate``: calibration, coverage and pictures; ``elman inspect --plot``."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import elman
from elman.analysis.confidence import calibrations, collect_confidences, coverage
from elman.data.corpus import ReadOptions, read_corpus

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

ROWS = [("the", "DET", "_"), ("dog", "NOUN", "A=1"), ("barks", "VERB", "_")]


def conllu(rows: list[tuple[str, str, str]]) -> str:
    return "".join(f"{i}\t{w}\t_\t{u}\t_\t{f}\t_\t_\t_\t_\n" for i, (w, u, f) in enumerate(rows, start=1)) + "\n"


@pytest.fixture(scope="module")
def network(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of two columns, with a dev set; its gold file stands beside it."""
    folder = tmp_path_factory.mktemp("network")
    (folder / "train.conllu").write_text(conllu(ROWS) * 4, encoding="utf-8")
    wrong = [("the", "DET", "_"), ("dogs", "VERB", "A=1"), ("bark", "VERB", "_")]
    (folder / "gold.conllu").write_text(conllu(ROWS) + conllu(wrong), encoding="utf-8")
    settings = [part for key in ("hidden=8", "epochs=4", "ensemble=1") for part in ("--set", key)]
    arguments = ["--dev", folder / "gold.conllu", "-o", folder / "m", "--target", "upos,feats", *settings]
    result = run("train", folder / "train.conllu", *arguments)
    assert result.returncode == 0, result.stderr.decode()
    return folder / "m"


def test_calibration_and_coverage_of_each_column(run: Run, network: Path) -> None:
    gold = network.parent / "gold.conllu"
    tagger = elman.load(network)
    sentences = read_corpus(gold, ReadOptions(("upos", "feats"))).sentences
    judged = collect_confidences(tagger, sentences, ["upos", "feats"])
    wanted = calibrations(tagger, sentences, judged)
    arguments = ("evaluate", network, gold, "--calibration", "--min-confidence", 0.5)
    found = json.loads(run(*arguments, "--json").stdout)
    for name in ("upos", "feats"):
        of_column = found["targets"][name]
        assert of_column["calibration"]["temperature"] == wanted[name].temperature
        assert of_column["calibration"]["shown"]["ece"] == pytest.approx(wanted[name].shown.ece)
        assert of_column["coverage"] == coverage(judged[name], 0.5).to_json()
    assert found["calibration"] == found["targets"]["upos"]["calibration"]
    text = run(*arguments).stdout.decode()
    assert max(map(len, text.splitlines())) <= 80
    for name in ("upos", "feats"):
        _, _, part = text.partition(f"\nconfidence of column {name}\n\n")
        sure = coverage(judged[name], 0.5)
        assert part.startswith("confidence 0.5 up ")
        assert f"{sure.sure_words} of 6 words are tagged" in part.splitlines()[0]
        (raw, shown) = re.search(r"calibration error, ten bins of equal width +([\d.]+) % +([\d.]+) %", part).groups()  # type: ignore[union-attr]
        assert (float(raw), float(shown)) == (
            pytest.approx(100 * wanted[name].raw.ece, abs=0.006),
            pytest.approx(100 * wanted[name].shown.ece, abs=0.006),
        )


def test_one_column_without_a_temperature(run: Run, model: Path, dev_file: Path) -> None:
    text = run("evaluate", model, dev_file, "--calibration").stdout.decode()
    assert "temperature" not in text and "confidence of column" not in text
    assert re.search(r"^calibration error, ten bins of equal mass +[\d.]+ %$", text, re.MULTILINE)
    assert "90 to 100 %" in text and "–" in text
    some = run("evaluate", model, dev_file, "--min-confidence", 1).stdout.decode()
    assert re.search(r"^confidence 1 up +0\.00 % +0 of +8 words are tagged$", some, re.MULTILINE)
    assert re.search(r"^  right there +– ", some, re.MULTILINE)


def test_evaluation_alone_is_as_before(run: Run, model: Path, dev_file: Path) -> None:
    text = run("evaluate", model, dev_file).stdout.decode()
    assert run("evaluate", model, dev_file, "--calibration").stdout.decode().startswith(text)
    plain = json.loads(run("evaluate", model, dev_file, "--json").stdout)
    assert not {"calibration", "coverage"} & plain.keys()


def test_pictures(run: Run, model: Path, network: Path, dev_file: Path, tmp_path: Path) -> None:
    gold = network.parent / "gold.conllu"
    for name, arguments in {
        "confusion.svg": ("evaluate", model, dev_file),
        "of_file.png": ("evaluate", "--predicted", dev_file, dev_file),
        "reliability.png": ("evaluate", network, gold, "--target", "feats", "--calibration"),
        "training.svg": ("inspect", network),
    }.items():
        result = run(*arguments, "--plot", tmp_path / name)
        assert result.returncode == 0, result.stderr.decode()
        assert result.stdout == run(*arguments).stdout
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG" if name.endswith("png") else b"<?xml")


def test_refused(refused: Refused, model: Path, network: Path, dev_file: Path, tmp_path: Path) -> None:
    for option in (["--calibration"], ["--min-confidence", 0.5]):
        assert "have no confidences" in refused("evaluate", "--predicted", dev_file, dev_file, *option)
    assert "expected a number in the range 0<=x<=1" in refused("evaluate", model, dev_file, "--min-confidence", 2)
    assert ".png or .svg" in refused("evaluate", model, dev_file, "--plot", tmp_path / "a.pdf")
    assert ".png or .svg" in refused("inspect", network, "--plot", tmp_path / "a.pdf")
    both = refused("evaluate", network, network.parent / "gold.conllu", "--plot", tmp_path / "a.png")
    assert "choose with --target: upos, feats" in both
    assert "no epochs" in refused("inspect", model, "--plot", tmp_path / "a.png")
    assert not list(tmp_path.glob("a.*"))
