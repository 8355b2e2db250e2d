"""What the speed benchmark is made of: texts, processes that are measured, products of the same shapes, trainings."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from cases import formats, jobs, models, rates, roofline, sentence, step, text
from harness.machine import Usage, usage


def test_running_text_is_cut() -> None:
    found = list(text.cut("It's a film (of 1999), isn't it?  Wait... well-made\n"))
    assert found == ["It 's a film ( of 1999 ) , isn 't it ?\n", "Wait ...\n", "well-made\n"]


def test_texts_of_so_many_words(small_text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "NEW", 6)
    monkeypatch.setattr(text, "reviews", lambda: ["Good .\n"] * 9)
    monkeypatch.setattr(text, "UNSEEN", 5)
    assert 20 <= text.words_in(text.text_file("words-20")) < 24
    assert text.text_file("unseen").read_text() == "Good .\n" * 3
    assert text.words_in(text.text_file("test40")) == 40 * 6


def test_what_a_process_uses(tmp_path: Path) -> None:
    code = "print(len(bytes(30_000_000)))"
    used = usage([sys.executable, "-c", code], tmp_path, cores=1, out=tmp_path / "out")
    assert used.memory > 30 and used.seconds > 0 < used.cpu
    assert (tmp_path / "out").read_text() == "30000000\n"
    with pytest.raises(RuntimeError, match="sys.exit.3.: status 3"):
        usage([sys.executable, "-c", "import sys; sys.exit(3)"])


def test_rates_leave_out_the_start() -> None:
    found = rates.figures(1000, [Usage(3.0, 2.0, 50.0), Usage(2.0, 2.0, 60.0)], [Usage(1.0, 0.5, 40.0)] * 2)
    assert found["with_start"]["rounds"] == [1000 / 3, 500.0] and found["without_start"]["rounds"] == [500.0, 1000.0]
    assert found["memory"]["median"] == 55.0 and found["words"] == 1000


def test_every_row_has_a_model_and_a_text() -> None:
    assert {model for model, _, _ in rates.ROWS.values()} <= models.MODELS.keys()
    assert {model for model, _, _ in formats.ROWS.values()} <= models.MODELS.keys()


def test_models_are_trained_once(small_text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = small_text / "train.txt"
    train.write_text("The_DET dogs_NOUN bark_VERB\nCats_NOUN sleep_VERB\n" * 6)
    monkeypatch.setattr(models, "MODELS", {"default": (str(train), "--set epochs=1 --set hidden=4 --set ensemble=1")})
    monkeypatch.setattr(text, "digest", lambda: "1")
    path, _ = models.model_of("default", threads=1)
    made = path.stat().st_mtime_ns
    assert models.model_of("default")[0] == path and path.stat().st_mtime_ns == made
    monkeypatch.setattr(text, "digest", lambda: "2")
    assert models.model_of("default", threads=1)[0] != path and not path.exists()

    monkeypatch.setattr(sentence, "WORDS", 2)
    assert sentence.measure({"threads": 1}).keys() == {"new", "before"}
    assert roofline.measure({"threads": 1})["model"] == {"hidden": 4, "tags": 3}
    each = 2 * 4 * 4 * (4 + 128) + 3 * 8  # recurrent weights and inputs of both directions, scores
    assert jobs.products(models.model_of("default")[0]) == {"multiply_adds": each, "words": 30}


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_peaks_of_the_processor(small_text: Path) -> None:
    found = roofline.peaks()
    assert not found or (0.1 < found["ghz"] < 10 and found["copy_gb_s"] > 0.1)


def test_products_have_the_shapes_of_a_step() -> None:
    t = step.step_task({"hidden": 6, "input": 5, "layers": 2, "lengths": [[2, 4, 3], [1]]})
    for parts in (1, 2):
        engine = step.SameShapes(t, parts)
        engine.all()
        flops = 0
        for batch in engine._batches:
            for a, b, out in (product for products in batch for product in products):
                assert out.shape == (a @ b).shape
                flops += 2 * a.shape[0] * a.shape[1] * b.shape[1]
        assert flops == t.flops


def test_jobs_are_those_of_the_accuracy_pages() -> None:
    sets = jobs.job_sets()
    assert list(sets) == list(jobs.JOBS)
    assert sets["en_ewt.upos"].training("M", 1)[-2:] == ["--target", "upos"]
    assert "--target" not in sets["wiki-en"].training("M", 1)
