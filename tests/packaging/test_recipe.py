"""The conda recipe says what pyproject.toml says."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

import packaged

release = packaged.script("release")
RECIPE = (packaged.ROOT / "packaging" / "conda" / "recipe.yaml").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((packaged.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
URL = "https://example.org/files/sdist.tar.gz"


def items(*keys: str) -> list[str]:
    """Return the items of the list under nested keys, without spaces."""
    lines = [line for line in RECIPE.splitlines() if not line.lstrip().startswith("#")]
    for depth, key in enumerate(keys):
        lines = lines[lines.index(f"{'  ' * depth}{key}:") + 1 :]
    start = f"{'  ' * len(keys)}- "
    found = []
    for line in lines:
        if not line.startswith(start):
            break
        found.append(line.removeprefix(start).replace(" ", ""))
    return found


def value(key: str) -> str:
    found = re.findall(rf"^ *{key}: (.*)$", RECIPE, re.MULTILINE)
    assert len(found) == 1, key
    return found[0]


def test_dependencies_are_those_of_the_project() -> None:
    assert items("requirements", "run") == ["python", *PYPROJECT["project"]["dependencies"]]
    assert items("requirements", "host") == ["python", "pip", *PYPROJECT["build-system"]["requires"]]
    cmake = (packaged.ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    oldest = re.match(r"cmake_minimum_required\(VERSION (.*)\)", cmake)
    assert oldest is not None and f"cmake>={oldest[1]}" in items("requirements", "build")


def test_python_and_entry_points_are_those_of_the_project() -> None:
    scripts = [f"{name}={place}" for name, place in PYPROJECT["project"]["scripts"].items()]
    assert items("build", "python", "entry_points") == scripts
    oldest = PYPROJECT["project"]["requires-python"].removeprefix(">=")
    assert items("build", "skip") == [f'match(python,"<{oldest}")']


def test_description_and_licence_are_those_of_the_project() -> None:
    project = PYPROJECT["project"]
    assert (value("summary"), value("license")) == (project["description"], project["license"])
    assert [value("license_file")] == project["license-files"]


def test_the_recipe_of_an_sdist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = packaged.copied_tree(tmp_path)
    packaged.edit(tree / "pyproject.toml", r'^name = ".*"$', 'name = "Other-Name"')
    sdist = tree / f"other_name-{PYPROJECT['project']['version']}.tar.gz"
    arguments = ["recipe", str(tree), "--url", URL, "--root", str(tree)]
    assert release.main(arguments) == 1
    assert capsys.readouterr().err == f"release: {sdist}: missing; run make wheels first\n"
    sdist.write_bytes(b"sources")
    assert release.main(arguments) == 0
    text = capsys.readouterr().out
    for line in (
        'name: "Other-Name"',
        f'version: "{PYPROJECT["project"]["version"]}"',
        f'url: "{URL}"',
        f'sha256: "{hashlib.sha256(b"sources").hexdigest()}"',
    ):
        assert text.count(f"  {line}\n") == 1
    assert len(text.splitlines()) == len(RECIPE.splitlines()) and not re.search("<[A-Z]", text)


def test_a_placeholder_that_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = packaged.copied_tree(tmp_path)
    (tree / release.sdist_name(tree)).touch()
    packaged.edit(tree / "packaging" / "conda" / "recipe.yaml", "<SHA256>", "0")
    assert release.main(["recipe", str(tree), "--url", URL, "--root", str(tree)]) == 1
    assert "expected <SHA256> once, found it 0 times" in capsys.readouterr().err
