"""Read TOML of unknown origin with errors in one line."""

from __future__ import annotations

from typing import Any

from elman.errors import ConfigError

MAX_DOTS = 100  # in a line; the time and memory of a dotted key grow with the square of its parts


def parse(text: str, path: str) -> dict[str, Any]:
    """Return the table in the text of a TOML file. Raises ConfigError, with ``path`` in the message, for other text."""
    import tomllib

    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS:
            raise ConfigError(f"{path}:{number}: more than {MAX_DOTS} dots in a line; names of settings have none")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    except ValueError:  # more digits than Python reads
        raise ConfigError(f"{path}: a number of thousands of digits; no setting is as large") from None
    except RecursionError:
        raise ConfigError(f"{path}: too many lists or tables within each other; settings are none") from None
