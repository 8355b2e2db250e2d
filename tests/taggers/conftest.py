"""What several tests of taggers use."""

from __future__ import annotations

import pytest

from elman.taggers.tagger import Tagger
from toy_tagger import KINDS, toy


@pytest.fixture(scope="session", params=KINDS)
def any_tagger(request: pytest.FixtureRequest) -> Tagger:
    return toy(request.param)
