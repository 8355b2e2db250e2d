"""``elman info``."""

from __future__ import annotations

import click


@click.command()
def info() -> None:
    """Being written."""
