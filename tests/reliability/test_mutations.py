"""A few of the inputs of the proofs: mutated models, mutated files, hostile text, random calls of the API."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import click.utils
import pytest

import campaign as campaigns

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:no dev set")


def test_mutated_models(tmp_path: Path) -> None:
    import mutate_models

    load = mutate_models.loader(tmp_path, 5)
    outcomes = [load(number) for number in range(400)]
    assert outcomes.count("refused") > 200 and outcomes.count("loaded and used") > 30
    assert load(3) == outcomes[3]  # what a mutant is follows from its number


def test_mutants_are_of_all_kinds_and_repeat(tmp_path: Path) -> None:
    import model_mutants
    import mutate_models

    models = mutate_models.models_in(tmp_path)
    one, other = (model_mutants.Mutants(models, 1) for _ in range(2))
    found = [(model.name, data) for model, data in map(one, range(250))]
    assert found == [(model.name, data) for model, data in map(other, range(250))]
    assert {name for name, _ in found} == set(models)


def test_mutated_inputs(tmp_path: Path) -> None:
    import mutate_inputs

    mutate_inputs.models_in(tmp_path)
    read = mutate_inputs.Reader(tmp_path, 5)
    outcomes = [read(number) for number in range(100, 250)]
    assert outcomes.count("refused in one line") > 50 and outcomes.count("done") > 10


def test_hostile_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hostile_text

    monkeypatch.setattr(click.utils, "should_strip_ansi", None)  # which it replaces

    campaign = campaigns.Campaign(
        argparse.Namespace(results=tmp_path / "r.json", share=1.0, seed=3, minutes=5),
        "hostile",
        title="",
        folders=["viz"],
    )
    hostile_text.scenes(campaign, tmp_path, 1)
    assert not campaign.faults and campaign.counts["shown safely"] > 30


def test_random_calls() -> None:
    import api_machine

    runs, calls = api_machine.run(5, n=2)
    assert runs > 1 and calls > 10


def test_a_worker_that_dies(tmp_path: Path) -> None:
    from workers import Worker

    script = tmp_path / "dies.py"
    script.write_text(
        "import os, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from workers import serve\n"
        "def one(number):\n"
        "    if number == 7:\n"
        "        os.abort()\n"
        "    if number == 12:\n"
        "        raise ValueError('x')\n"
        "    return 'fine'\n"
        "serve(sys.argv[-1], one)\n"
    )
    worker = Worker([sys.executable, str(script)], tmp_path)
    counts, faults = worker.run(5, 15)
    worker.close()
    assert counts == {"fine": 8}
    assert [fault.partition(":")[0] for fault in faults] == ["7", "12"] and "status -6" in faults[0]
