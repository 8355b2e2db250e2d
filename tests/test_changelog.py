"""CHANGELOG.md is in the form of Keep a Changelog, and the page on upgrading fits with it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
UPGRADING = (ROOT / "docs" / "upgrading.md").read_text(encoding="utf-8")
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
RELEASE = re.compile(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d)")


def headings(level: str, text: str) -> list[str]:
    return re.findall(rf"^{level} (.*)$", text, re.MULTILINE)


def releases() -> list[tuple[tuple[int, ...], str]]:
    """Return (version, date) of each release, the newest first."""
    found = [RELEASE.fullmatch(heading) for heading in headings("##", CHANGELOG)[1:]]
    assert all(found), "a heading is not of the form [1.2.3] - 2026-01-31"
    return [(tuple(map(int, one.groups()[:3])), one[4]) for one in found if one]


def test_it_begins_with_what_is_not_released() -> None:
    assert headings("#", CHANGELOG) == ["Changelog"]
    assert headings("##", CHANGELOG)[0] == "[Unreleased]"
    assert "Keep a Changelog" in CHANGELOG and "semantic versioning" in CHANGELOG


def test_releases_are_in_order() -> None:
    assert releases() == sorted(set(releases()), reverse=True)


def test_each_release_has_each_kind_of_change_once() -> None:
    for section in re.split(r"^## ", CHANGELOG, flags=re.MULTILINE)[1:]:
        kinds = headings("###", section)
        assert set(kinds) <= KINDS and len(kinds) == len(set(kinds)), section.partition("\n")[0]
        for part in re.split(r"^### .*$", section, flags=re.MULTILINE)[1:]:
            assert re.fullmatch(r"\n\n(- .*\n(  \S.*\n)*)+\n*", part), part[:200]


def test_the_page_on_upgrading_knows_the_versions() -> None:
    """Versions in its table of model files are released ones, or the one in the making."""
    making = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    known = {making} | {".".join(map(str, version)) for version, _ in releases()}
    assert set(re.findall(r"\d+\.\d+\.\d+", UPGRADING)) <= known


def test_what_the_page_calls_old_is_in_the_changelog() -> None:
    rows = re.findall(r"^\| (`.*?|…\S*?) \| .* \|$", UPGRADING.replace("`…", "…"), re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"[\w-]{3,}", row) if name not in ("elman", "sentences")]
    assert len(names) > 12
    assert [name for name in names if name not in CHANGELOG] == []
