"""What several tests of training use."""

from __future__ import annotations

import pytest

from elman.training import optimizers
from scripted_task import Recorder


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    result = Recorder()
    monkeypatch.setattr(optimizers, "make", lambda config: result)
    return result
