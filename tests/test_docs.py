"""The pages in docs/ do what they say: every ```python block runs, in order, in one namespace a page.

A block ```output right after it holds, to the letter, what it prints. Pages link on, and links lead somewhere.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
import re
from pathlib import Path
from types import ModuleType

import pytest

import pages
from elman.tutorial import slides as tutorial

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("**/*.md"))
FRONT = ("README", "DESIGN", "CONTRIBUTING", "SECURITY", "CHANGELOG")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```\n(?:\n*^```output\n(?P<output>.*?)^```\n)?", re.DOTALL | re.MULTILINE
)


IN_ONE_NAMESPACE = [path for path in PAGES if not pages.examples(path)]  # the others: tests/journeys


@pytest.mark.parametrize("page", IN_ONE_NAMESPACE, ids=lambda page: page.relative_to(DOCS).as_posix())
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
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert text.count("```output") == sum(block["output"] is not None for block in BLOCK.finditer(text)), page.name


def test_the_course_has_every_function_of_the_slides() -> None:
    page = (DOCS / "course/index.md").read_text(encoding="utf-8")
    documented = {name: inspect.getdoc(function) or "" for name, function in vars(tutorial).items()}
    of_slides = [name for name, text in documented.items() if text.startswith("Slide")]
    assert len(of_slides) >= 16
    assert [name for name in of_slides if f"`{name}`" not in page] == []


def links(page: Path) -> list[str]:
    """The relative links of a page, outside its blocks of code."""
    found = LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    return [link for link in found if not re.match("[a-z]+:", link)]


@pytest.mark.parametrize("page", [*PAGES, *(ROOT / f"{name}.md" for name in FRONT)], ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    """Anchors are checked when the site is built."""
    assert [link for link in links(page) if not (page.parent / link.partition("#")[0]).exists()] == []


def test_no_page_is_a_dead_end() -> None:
    """Every page links to another page of docs/."""
    ends = [page for page in PAGES if not any(re.match("[^#]+[.]md(#|$)", link) for link in links(page))]
    assert [page.relative_to(DOCS).as_posix() for page in ends] == []


def test_every_page_is_linked_from_another() -> None:
    linked = {
        (page.parent / link.partition("#")[0]).resolve() for page in PAGES for link in links(page) if link[0] != "#"
    }
    unlinked = [page.relative_to(DOCS).as_posix() for page in PAGES if page.resolve() not in linked]
    assert set(unlinked) <= {"index.md"}


WORDS = """part-of-speech tagging|named entity recognition|text classification|tokenization|sentence segmentation|
lemmatization|dependency parsing|early stopping|learning rate|batch size|macOS"""


def test_the_words_of_the_field_occur_where_a_reader_looks_for_them() -> None:
    pages = [ROOT / "README.md", DOCS / "index.md", DOCS / "installation.md", *DOCS.glob("guides/*.md")]
    text = " ".join(" ".join(page.read_text(encoding="utf-8") for page in pages).split()).lower()
    assert [word for word in WORDS.replace("\n", "").split("|") if word.lower() not in text] == []


def generator(name: str) -> ModuleType:
    """A script of docs/, as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_api_reference_is_up_to_date() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("reference/api/*.md")}
    assert written == generator("api").pages(), "run: python docs/api.py"


def test_every_public_name_is_documented_and_in_the_api_reference() -> None:
    api = generator("api")
    text = "".join(api.pages().values())
    for module_name in api.MODULES:
        module = importlib.import_module(module_name)
        assert module.__doc__
        for name in api.public_names(module):
            value, anchor = getattr(module, name), f"{module_name}.{name}"
            assert f"#{anchor} }}" in text
            assert not callable(value) or inspect.getdoc(value), anchor
            if inspect.isclass(value) and value.__module__.startswith("elman."):
                for member, found, owner in api.members(value):
                    assert inspect.getdoc(getattr(value, member, None) if callable(found) else found), (
                        f"{anchor}.{member}"
                    )
                    assert f"#{anchor}.{member} }}" in text or f"#elman.{owner.__name__}.{member})" in text


def test_the_page_of_long_lags_is_up_to_date() -> None:
    script = generator("long_lags")
    assert script.PAGE.read_text(encoding="utf-8") == script.text(), "run: python docs/long_lags.py"


SITE = ROOT / "build" / "site"
LOADED = re.compile(r"""<(?:script|img|link|iframe|source)\b[^>]*?\b(?:src|href)=["']?(?:https?:)?//[^"' >]+""")


@pytest.mark.skipif(not os.environ.get("ELMAN_TEST_SITE"), reason="make docs builds and tests the site")
def test_the_site_loads_nothing_from_outside() -> None:
    """No script, style, font or image; links may lead anywhere."""
    pages = list(SITE.glob("**/*.html"))
    assert len(pages) > len(PAGES) - 1
    assert [(page.name, found) for page in pages for found in LOADED.findall(page.read_text(encoding="utf-8"))] == []
    styles = [page for page in SITE.glob("**/*.css") if re.search(r"url\(.?https?:", page.read_text(encoding="utf-8"))]
    assert styles == []


@pytest.mark.skipif(not os.environ.get("ELMAN_TEST_SITE"), reason="make docs builds and tests the site")
def test_the_site_has_a_section_for_every_public_name() -> None:
    written = "".join(page.read_text(encoding="utf-8") for page in SITE.glob("reference/api/*.html"))
    anchors = re.findall(r"\{ #(elman\S+) \}", "".join(generator("api").pages().values()))
    assert [anchor for anchor in anchors if not re.search(f'id="?{re.escape(anchor)}[" >]', written)] == []
