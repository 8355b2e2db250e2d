"""What was built: the wheel that `make test` installs, not the tree."""

from __future__ import annotations

import os
import re
import tomllib
from importlib.metadata import metadata, requires
from pathlib import Path

import pytest

import elman

pytestmark = pytest.mark.skipif("ELMAN_TEST_INSTALLED" not in os.environ, reason="make test installs elman first")
ROOT = Path(__file__).resolve().parents[1]
NAME = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
"""The distribution's, which stands there alone."""


def test_the_installed_package_is_tested() -> None:
    assert not Path(elman.__file__).is_relative_to(ROOT / "src")


def test_runtime_dependencies_are_those_of_the_design() -> None:
    runtime = {re.split("[<>=]", line)[0] for line in requires(NAME) or [] if "extra ==" not in line}
    assert runtime == {"numpy", "safetensors", "click", "tqdm"}
    assert metadata(NAME)["License-Expression"] == "MIT"


def test_the_package_is_typed_and_brings_no_sources_of_the_kernels() -> None:
    package = Path(elman.__file__).parent
    assert (package / "py.typed").is_file()
    assert not list(package.rglob("*.cpp"))


def test_the_package_brings_the_page_of_the_service() -> None:
    page = Path(elman.__file__).parent / "server" / "page"
    assert {"index.html", "app.js", "style.css"} <= {file.name for file in page.iterdir()}
