"""Times as people write them: 60s, 2m, 1.5h."""

from __future__ import annotations

import re

from elman.errors import ConfigError
from elman.utils.display import shown

MOST_SECONDS = 1e9
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def seconds_of(budget: str | float, name: str = "budget") -> float:
    """Return the seconds of a budget such as ``60s``, ``2m``, ``1.5h`` or ``90``. Raises ConfigError if it is none."""
    text = budget if isinstance(budget, str) else f"{budget:.9f}" if abs(budget) < MOST_SECONDS else ""
    match = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([smh]?)\s*", text)
    if match is None:
        raise ConfigError(f"{name}: expected a time such as 60s, 2m or 1.5h, got {shown(budget)}")
    seconds = float(match[1]) * UNITS[match[2]]
    if seconds == 0:
        raise ConfigError(f"{name}: expected more than 0 s, got {shown(budget)}")
    return seconds
