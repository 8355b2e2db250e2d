"""The notebooks run, and what they show is what they print."""

from __future__ import annotations

import importlib.util
import json
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs/notebooks"
NEEDS = {"scikit-learn": ("scikit-learn", "sklearn"), "spacy": ("spacy", "spacy")}
NEEDS |= dict.fromkeys(("first-tagger", "tutorial"), ("turkish-treebanks", "demo"))
"""Package and extra that a notebook needs."""


def executor(name: str = "execute") -> Any:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def texts(cell: dict[str, Any]) -> list[str]:
    """What a cell puts out."""
    return ["".join(output.get("text") or output["data"]["text/plain"]) for output in cell["outputs"]]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.ipynb")))
def test_a_notebook(name: str) -> None:
    package, extra = NEEDS.get(name, ("numpy", ""))
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        pytest.skip(f"needs the extra {extra}, which is not installed")
    execute = executor()
    stored = execute.read(FOLDER / f"{name}.ipynb")
    for old, new in zip(stored["cells"], execute.execute(stored)["cells"], strict=True):
        if old["cell_type"] == "code":
            assert old["execution_count"] == new["execution_count"], "".join(old["source"])
            if "varies" in old["metadata"].get("tags", ()):  # other processors round otherwise
                assert [text.count("\n") for text in texts(new)] == [text.count("\n") for text in texts(old)]
            else:
                assert texts(new) == texts(old), "".join(old["source"])


def test_a_cell_that_raises_is_an_error() -> None:
    cell = {"cell_type": "code", "metadata": {}, "source": ["x = 1\n", "x / 0"]}
    with pytest.raises(ZeroDivisionError):
        executor().execute({"cells": [cell]})


def test_values_and_prints(tmp_path: Path) -> None:
    source = ["class A:\n", "    def _repr_html_(self): return '<b>'\n", "print('one')\n", "A()"]
    made = executor().execute({"cells": [{"cell_type": "code", "metadata": {}, "source": source}], "nbformat": 4})
    printed, value = made["cells"][0]["outputs"]
    assert printed == {"name": "stdout", "output_type": "stream", "text": ["one\n"]}
    assert value["data"]["text/html"] == ["<b>"] and value["execution_count"] == 1
    executor().write(tmp_path / "a.ipynb", made)
    assert executor().read(tmp_path / "a.ipynb") == made


def test_the_page_of_a_notebook(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# One\n", "\n", "Text."]},
        {"cell_type": "code", "source": ["a"], "outputs": [{"text": ["1\n"], "output_type": "stream"}]},
        {"cell_type": "code", "source": ["b"], "outputs": [{"data": {"text/plain": ["2"], "text/html": ["<b>2</b>"]}}]},
    ]
    (tmp_path / "one.ipynb").write_text(json.dumps({"cells": cells}))
    assert executor("pages").page(tmp_path / "one.ipynb") == (
        "# One\n\nText.\n\nThis page is a notebook: [one.ipynb](one.ipynb).\n\n"
        "```python\na\n```\n\n```text\n1\n```\n\n```python\nb\n```\n\n<b>2</b>\n"
    )
