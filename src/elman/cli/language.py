"""Language models on the command line: what ``elman evaluate`` shows of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from elman.cli.scorers import Shown

if TYPE_CHECKING:
    from elman.taggers.base import Predictor
    from elman.taggers.language_model import LanguageEvaluation, LanguageModel


class _Shown:
    """The figures of a text."""

    def __init__(self, found: LanguageEvaluation) -> None:
        self._found = found

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return self._found.to_json()

    def text(self) -> str:
        """A line a figure."""
        found = self._found
        one = found.unit[:-1]
        rows = [
            ("perplexity", f"{found.perplexity:.4g} a {one}"),
            ("", f"{found.perplexity_per_word:.4g} a word") if found.unit != "words" else ("", ""),
            ("bits", f"{found.bits_per_character:.4f} a character"),
            ("text", f"{found.symbols:,} {found.unit}, line ends among them; {found.characters:,} characters"),
            ("unknown", f"{found.unknown:,} {found.unit} ({100 * found.unknown / found.symbols:.2f} %) count as <unk>"),
        ]
        return "\n".join(f"{name:<12}{text}" for name, text in rows if text)


def fluency(tagger: Predictor, paths: Sequence[str], format: str | None, encoding: str) -> Shown:
    """How well a language model says what comes next."""
    model = language_model(tagger)
    assert model is not None
    return _Shown(model.evaluate(paths, format=format, encoding=encoding))


def language_model(tagger: Predictor) -> LanguageModel | None:
    """A model as a language model, if it is one."""
    from elman.taggers.language_model import LanguageModel

    return tagger if isinstance(tagger, LanguageModel) else None
