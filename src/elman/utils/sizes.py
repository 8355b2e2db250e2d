"""Sizes as people write them: 500k, 64M, 1.5G."""

from __future__ import annotations

import re

from elman.errors import ConfigError
from elman.utils.display import shown

UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


def bytes_of(size: str, name: str) -> int:
    """Return the bytes of a size such as ``500k``, ``64M``, ``1.5G`` or ``4096``. Raises ConfigError if it is none."""
    match = re.fullmatch(r"\s*([0-9]{1,12}(?:\.[0-9]{1,9})?)\s*([kmg]?)b?\s*", size.lower())
    found = int(float(match[1]) * UNITS[match[2]]) if match else 0
    if match is None or found < 1:
        raise ConfigError(f"{name}: expected a size such as 500k, 64M or 1.5G, got {shown(size)}")
    return found
