"""Each usual mistake is told from all others, and from what is right."""

from __future__ import annotations

import pytest

from elman.tutorial.cases import CASES, Function
from elman.tutorial.check import check_function
from elman.tutorial.mistakes import MISTAKES

BY_NAME = {case.name: case for case in CASES}


def test_every_function_has_some() -> None:
    assert list(MISTAKES) == list(BY_NAME)
    assert min(map(len, MISTAKES.values())) >= 3


@pytest.mark.parametrize(
    ("name", "hint", "function"),
    [(name, *mistake) for name, mistakes in MISTAKES.items() for mistake in mistakes],
)
def test_a_mistake_gets_its_hint(name: str, hint: str, function: Function) -> None:
    finding = check_function(BY_NAME[name], function)
    assert finding.state == "differs" and finding.lines[0]
    assert finding.lines[1:] == (f"Hint: {hint}",)
