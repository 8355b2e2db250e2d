"""The course: its figures and numbers are those that code makes, and each exercise is checked."""

from __future__ import annotations

import importlib.util
import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from elman.cli import group
from elman.tutorial.cases import CASES
from pages import figures_are_comparable

COURSE = Path(__file__).resolve().parents[2] / "docs/course"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(COURSE.glob("*.md"))}
FIGURES = {"sigmoid", "unrolled", "bptt", "vanishing"}


@pytest.fixture
def same_bits() -> None:
    processor = Path("/proc/cpuinfo")  # NumPy's products differ from vendor to vendor
    intel = processor.exists() and "GenuineIntel" in processor.read_text(encoding="utf-8")
    if not intel or not figures_are_comparable():
        pytest.skip("the figures come from AVX-512 on an Intel processor, others round differently")


@pytest.fixture(scope="module")
def figures() -> Any:
    pytest.importorskip("matplotlib")
    spec = importlib.util.spec_from_file_location("figures", COURSE / "figures.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def treebank() -> None:
    try:
        metadata.distribution("turkish-treebanks")
    except metadata.PackageNotFoundError:
        pytest.skip("needs the extra demo, which is not installed")


@pytest.mark.slow
def test_the_figures_are_drawn_and_small(figures: Any, treebank: None, tmp_path: Path) -> None:
    assert set(figures.FIGURES) == FIGURES
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        figures.draw(folder)
    for name in FIGURES:
        drawn = (tmp_path / "a" / f"{name}.svg").read_bytes()
        assert drawn == (tmp_path / "b" / f"{name}.svg").read_bytes()  # no date, no random ids
        assert b"<svg" in drawn and (COURSE / f"{name}.svg").stat().st_size < 60_000
    (tmp_path / "a/sigmoid.svg").write_text("another", encoding="utf-8")
    figures.draw(tmp_path / "a")
    assert (tmp_path / "a/sigmoid.svg").read_bytes() == (tmp_path / "b/sigmoid.svg").read_bytes()


@pytest.mark.slow
def test_the_figures_are_up_to_date(same_bits: None, figures: Any, treebank: None, tmp_path: Path) -> None:
    """A figure that is drawn as it should be is left as it is."""
    for name in FIGURES:
        (tmp_path / f"{name}.svg").write_bytes((COURSE / f"{name}.svg").read_bytes())
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    figures.draw(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before, (
        "run: python docs/course/figures.py"
    )


@pytest.mark.slow
def test_what_is_said_of_the_vanishing_gradient_is_measured(same_bits: None, figures: Any, treebank: None) -> None:
    assert f"\n{figures.fading()}\n" in PAGES["vanishing-gradients"]
    assert {quantiles.shape for quantiles in figures.measured().values()} == {(3, figures.STEPS)}


def test_the_table_is_that_of_the_results(figures: Any) -> None:
    assert f"\n{figures.results_table()}\n" in PAGES["results"]
    record = json.loads((COURSE / "results.json").read_text(encoding="utf-8"))
    rows = {row["model"].removeprefix("Elman, "): row for row in record["rows"]}
    assert record["test_tokens"] == 4563
    assert rows["hidden Markov model"]["accuracy"] == 4144 / 4563  # as tests of the model measure it
    full, printed = rows["full gradient"], rows["as printed"]
    times = [rows[f"BPTT n = {n}"]["seconds"] / full["seconds"] for n in (2, 5)]
    text = " ".join(PAGES["results"].split())
    assert f"n = 2 takes {times[0]:.1f} times as long, n = 5 takes {times[1]:.1f} times" in text
    assert f"only n = 1 loses, {100 * (full['accuracy'] - rows['BPTT n = 1']['accuracy']):.1f} points" in text
    assert f"it reaches {100 * printed['accuracy']:.2f} %" in text
    assert f"gain {100 * (full['accuracy'] - printed['accuracy']):.1f} points" in text


def test_filling_in_keeps_the_rest(figures: Any) -> None:
    page = "a\n<!-- x: written by figures.py -->\nold\n<!-- end -->\nb\n"
    filled = figures.fill(page, "x", "new")
    assert filled == "a\n<!-- x: written by figures.py -->\n\nnew\n\n<!-- end -->\nb\n"
    assert figures.fill(filled, "x", "new") == filled


def test_every_function_is_checked_in_an_exercise() -> None:
    slides: set[int] = set()
    for text in PAGES.values():
        exercise = text.partition("## Exercise")[2]
        for first, last in re.findall(r"^elman tutorial check my_rnn\.py --slide (\d+)(?:-(\d+))?$", exercise, re.M):
            slides |= set(range(int(first), int(last or first) + 1))
    assert [case.name for case in CASES if not slides & set(case.slides)] == []


def test_every_part_has_an_exercise_and_leads_on() -> None:
    linked = re.findall(r"^\| \d\. \[[^]]+\]\((\S+)\.md\)", PAGES["index"], re.M)
    assert set(linked) == set(PAGES) - {"index"}
    for name, following in zip(linked, [*linked[1:], "index"], strict=True):
        assert "\n## Exercise\n" in PAGES[name]
        assert f"({following}.md)" in PAGES[name].split("\n## Exercise\n")[1], name


def test_links_within_the_course() -> None:
    for name, text in PAGES.items():
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            if not target.startswith("../reference/"):
                assert (COURSE / target).exists(), f"{name}.md: {target}"


def test_commands_on_the_pages_exist() -> None:
    tutorial = group.get_command(None, "tutorial")  # type: ignore[arg-type]
    named = {word for text in PAGES.values() for word in re.findall(r"^elman tutorial (\w+)", text, re.M)}
    assert named <= set(tutorial.commands), named  # type: ignore[union-attr]
    assert {"train", "test", "hmm", "compare", "check", "template", "memory"} <= named
