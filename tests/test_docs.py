"""The pages in docs/ do what they say: every ```python block runs, in order, in one namespace a page.

A block ```output right after it holds, to the letter, what it prints.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from elman.tutorial import slides as tutorial

DOCS = Path(__file__).resolve().parents[1] / "docs"
BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```\n(?:\n*^```output\n(?P<output>.*?)^```\n)?", re.DOTALL | re.MULTILINE
)


@pytest.mark.parametrize("page", [pytest.param(path, id=path.name) for path in sorted(DOCS.glob("**/*.md"))])
def test_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = page.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)  # pages write files
    namespace: dict[str, object] = {"__name__": page.stem}
    for block in BLOCK.finditer(text):
        first_line = text.count("\n", 0, block.start("code"))
        # the blank lines make a traceback name the page's own line
        exec(compile("\n" * first_line + block["code"], page, "exec"), namespace)
        printed = capsys.readouterr().out
        if block["output"] is not None:
            assert printed == block["output"], f"{page.name}, block at line {first_line + 1}"


TREEBANK = "the_DET cat_NOUN sleeps_VERB|a_DET dog_NOUN barks_VERB|cats_NOUN sleep_VERB|it_PRON rains_VERB"


def conllu(sentences: str) -> str:
    lines = []
    for sentence in sentences.split("|"):
        for i, (word, _, tag) in enumerate((token.rpartition("_") for token in sentence.split(" ")), start=1):
            lines.append(f"{i}\t{word}\t_\t{tag}" + "\t_" * 6)
        lines.append("")
    return "\n".join(lines) + "\n"


def test_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The Python of the README runs on files of these names, and a list in a comment is the value before it."""
    (code,) = (block["code"] for block in BLOCK.finditer((DOCS.parent / "README.md").read_text(encoding="utf-8")))
    monkeypatch.chdir(tmp_path)
    Path("train.conllu").write_text(conllu("|".join([TREEBANK] * 8)), encoding="utf-8")
    for name in ("dev.conllu", "test.conllu"):
        Path(name).write_text(conllu("the_DET dog_NOUN sleeps_VERB|a_DET cat_NOUN barks_VERB"), encoding="utf-8")
    namespace: dict[str, object] = {"__name__": "readme"}
    exec(compile(code, "README.md", "exec"), namespace)
    assert capsys.readouterr().out == "['PRON', 'VERB']\n['NOUN', 'VERB']\n"
    shown = re.findall(r"^(tagger\.\w.*?)  +# (\[.*\])$", code, re.MULTILINE)
    assert shown
    for expression, value in shown:
        assert eval(expression, namespace) == ast.literal_eval(value)


def test_every_output_belongs_to_a_block() -> None:
    """A misplaced ```output would never be compared."""
    for page in DOCS.glob("**/*.md"):
        text = page.read_text(encoding="utf-8")
        assert text.count("```output") == sum(block["output"] is not None for block in BLOCK.finditer(text)), page.name


def test_the_course_has_every_function_of_the_slides() -> None:
    page = (DOCS / "course/index.md").read_text(encoding="utf-8")
    documented = {name: inspect.getdoc(function) or "" for name, function in vars(tutorial).items()}
    of_slides = [name for name, text in documented.items() if text.startswith("Slide")]
    assert len(of_slides) >= 16
    assert [name for name in of_slides if f"`{name}`" not in page] == []
