"""``elman tag``."""

from __future__ import annotations

import click


@click.command()
def tag() -> None:
    """Being written."""
