"""The distribution's name stands in pyproject.toml alone: with another one there, everything else works as it is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

import packaged
from elman import __version__

OTHER = "Another-Name"
SOURCES = ("src", "pyproject.toml", "CMakeLists.txt", "README.md", "LICENSE")
Run = Callable[..., str]


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an installation of the wheel without kernels that these sources give under another name."""
    folder = tmp_path_factory.mktemp("renamed")
    tree, wheels, site = folder / "tree", folder / "wheels", folder / "site"
    tree.mkdir()
    for name in SOURCES:
        source = packaged.ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
        else:
            shutil.copy(source, tree / name)
    packaged.edit(tree / "pyproject.toml", r'^name = ".*"$', f'name = "{OTHER}"')
    # where the build tools are not installed, pip fetches them
    here = ["--no-build-isolation"] if find_spec("scikit_build_core") else []
    pip("wheel", str(tree), "--no-deps", "--config-settings=wheel.cmake=false", "--wheel-dir", str(wheels), *here)
    (wheel,) = wheels.iterdir()
    assert wheel.name == f"another_name-{__version__}-py3-none-any.whl"
    pip("install", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    return site


def without_coverage() -> dict[str, str]:
    """Return the environment, less what makes processes count lines: these lines would be another package's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COV")}


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    environment = {name: value for name, value in without_coverage().items() if name != "PYTHONWARNINGS"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def run(renamed: Path) -> Run:
    """Run a program with the renamed installation, and return its output; it must succeed without a warning."""

    def program(*command: str) -> str:
        environment = without_coverage() | {"PYTHONPATH": str(renamed), "PYTHONWARNINGS": "error"}
        environment.pop("ELMAN_KERNELS", None)
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=renamed)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return program


def test_the_distribution_has_the_other_name_and_the_package_its_own(renamed: Path) -> None:
    (found,) = distributions(path=[str(renamed)])
    assert (found.metadata["Name"], found.version) == (OTHER, __version__)
    extras = tomllib.loads((packaged.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(found.metadata.get_all("Provides-Extra")) == set(extras["optional-dependencies"])
    assert {path.name for path in renamed.iterdir() if path.is_dir()} == {"bin", "elman", found._path.name}  # type: ignore[attr-defined]


def test_the_command_is_elman(run: Run, renamed: Path) -> None:
    elman = str(renamed / "bin" / "elman")
    assert run(elman, "--version") == f"elman {__version__}\n"
    assert f"elman            {__version__}\n" in run(elman, "info")
    assert run(sys.executable, "-c", "import elman; print(elman.__file__)") == f"{renamed / 'elman' / '__init__.py'}\n"


def test_an_extra_is_asked_for_without_the_name(run: Run) -> None:
    """The hint names the source folder or the wheel, so it is right for any name."""
    code = """
import sys
sys.modules["sklearn"] = None
import elman
try:
    import elman.sklearn
except elman.MissingExtraError as error:
    print(error)
"""
    message = run(sys.executable, "-c", code)
    assert message.startswith("this needs the package scikit-learn: pip install '.[sklearn]' in elman's source folder")
    assert not re.search(r"install '?elman|elman\[|elman-\d", message)


NAMED = re.compile(
    r"""pip\S*\ (?:un)?install\ [^.`]*?(?<=[ '"])elman(?![\w'’.])  # as a requirement
      | \belman\[\w+\]                                           # with an extra
      | elman-(\d|\*)\S*whl                                      # a file
      | (version|requires|metadata|files|distribution)\("elman"\)
    """,
    re.VERBOSE,
)
"""What takes the import package's name for that of the distribution."""
TEXT = {".py", ".md", ".toml", ".sh", ".txt", ".ipynb", ".yaml", ".yml", ".cff"}
QUOTED = {"test_distribution.py", "test_errors.py"}
"""Tests that look for such text."""


def test_no_other_file_has_the_name() -> None:
    files = [packaged.ROOT / "README.md"]
    for folder in ("src", "docs", "tests", "packaging", "benchmarks"):
        files += [path for path in (packaged.ROOT / folder).rglob("*") if path.suffix in TEXT]
    files = [path for path in files if path.name not in QUOTED and "results" not in path.parts]
    found = [
        f"{path.relative_to(packaged.ROOT)}:{number}: {line}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if NAMED.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "pip install elman",
        "pip install --no-index --find-links wheels 'elman[plot]'",
        '"elman[plot]"',
        "pip install 'elman-0.1.0-….whl[plot]'",
        'wheels.glob("elman-*.whl")',
        'requires("elman")',
    ],
)
def test_a_name_is_found(line: str) -> None:
    assert NAMED.search(line)
