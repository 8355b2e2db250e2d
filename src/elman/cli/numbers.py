"""Models that predict numbers, for ``elman evaluate``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elman.cli.options import Notes
    from elman.taggers.regression.table import RegressionEvaluation


@dataclass(frozen=True)
class Distances:
    """How far predicted numbers are from the right ones, to be shown."""

    found: RegressionEvaluation

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return self.found.to_json()

    def text(self) -> str:
        """In words."""
        one = self.found
        rows = (("values", f"{one.values:,}"), ("RMSE", f"{one.rmse:.6g}"), ("MAE", f"{one.mae:.6g}"))
        return "\n".join(f"{name:8}{value}" for name, value in (*rows, ("R²", f"{one.r2:.4f}")))


def evaluate_numbers(
    model: Any, paths: Sequence[str], how: tuple[str | None, str], target: str | None, notes: Notes
) -> Distances:
    """Compare with the numbers in files. ``how``: their format and encoding."""
    from elman.cli.raw_text import sentences_of

    return Distances(model.evaluate(sentences_of(model, paths, *how, notes), target=target))
