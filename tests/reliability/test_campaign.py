"""Counts of the proofs add up over runs, and no case is done twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import campaign
from campaign import Campaign


def run(
    results: Path, share: float, *, cases: int | list[str] = 20, seed: int = 1, minutes: float = 1.0
) -> list[object]:
    given = campaign.options("A proof").parse_args(
        [f"--share={share}", f"--seed={seed}", f"--minutes={minutes}", f"--results={results}"]
    )
    proof = Campaign(given, "toy", title="Toys", folders=["utils"])
    done = []
    for case in proof.cases(cases):
        proof.count("refused")
        done.append(case)
    assert proof.finish() == 0
    return done


def row(results: Path) -> dict[str, object]:
    (only,) = json.loads(results.read_text(encoding="utf-8"))["toy"]["versions"].values()
    return dict(only)


def test_a_second_run_does_the_rest(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    assert run(results, 0.1) == [0, 1]
    assert run(results, 0.1) == []
    assert run(results, 1.0) == list(range(2, 20))
    assert run(results, 0.1, seed=2) == [0, 1]
    assert (row(results)["counts"], row(results)["done"]) == ({"refused": 22}, {"1": 20, "2": 2})


def test_a_share_of_a_list_is_a_sample_of_it(tmp_path: Path) -> None:
    names = [f"n{i}" for i in range(100)]
    first = run(tmp_path / "a.json", 0.1, cases=names)
    assert len(first) == 10 and first != names[:10]
    rest = run(tmp_path / "a.json", 1.0, cases=names)
    assert sorted([*first, *rest], key=str) == sorted(names)


def test_time_that_is_over_begins_no_case(tmp_path: Path) -> None:
    assert run(tmp_path / "a.json", 1.0, minutes=0) == []
    assert row(tmp_path / "a.json")["done"] == {"1": 0}


def test_faults_are_said_counted_and_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = campaign.options(None).parse_args([f"--results={tmp_path / 'a.json'}"])
    proof = Campaign(given, "toy", title="Toys", folders=["utils"])
    for case in proof.cases(3):
        proof.fault(f"case {case} broke")
        proof.save()
    assert proof.finish() == 1
    assert "toy: FAULT: case 2 broke" in capsys.readouterr().err
    assert row(tmp_path / "a.json")["faults"] == 3


def test_other_sources_have_counts_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = tmp_path / "results.json"
    run(results, 0.1)
    monkeypatch.setattr(campaign, "hash_of", lambda folders: "0" * 12)
    assert run(results, 0.2) == [0, 1, 2, 3]
    versions = json.loads(results.read_text(encoding="utf-8"))["toy"]["versions"]
    assert [version["counts"] for version in versions.values()] == [{"refused": 2}, {"refused": 4}]
    assert "| Toys | 4 | 20 % | 6 | 4 refused | 0 | `000000000000`" in campaign.table(campaign.read(results))


def test_the_fullest_version_of_the_sources_is_said(tmp_path: Path) -> None:
    old = {"counts": {"refused": 9}, "faults": 1, "done": {"1": 10}, "cases": 10}
    new = {"counts": {"refused": 1}, "faults": 0, "done": {"1": 1}, "cases": 10, "date": "2026-01-01"}
    results = {"toy": {"title": "Toys", "versions": {"aaa": old, "bbb": new}}}
    row = "| Toys | 1 | 10 %; 100 % of `aaa` | 11; 1 fault fixed | 1 refused | 0 | `bbb`, 2026-01-01 |"
    assert row in campaign.table(results)
    shares = [campaign.percent(share) for share in (0, 0.0012, 0.019, 0.9999, 1)]
    assert shares == ["0 %", "0.1 %", "2 %", "99 %", "100 %"]


def test_the_hash_is_of_the_sources_alone() -> None:
    assert campaign.hash_of(["utils"]) == campaign.hash_of(["utils"]) != campaign.hash_of(["data"])


def test_the_page_has_the_table_of_the_results() -> None:
    text = campaign.PAGE.read_text(encoding="utf-8")
    assert campaign.page(text, campaign.read(campaign.RESULTS)) == text, "run tests/reliability/campaign.py"
