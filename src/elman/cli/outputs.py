"""Files that a command writes beside its report: pages and pictures, checked before the work begins."""

from __future__ import annotations

import os
from collections.abc import Sequence

from elman.errors import ConfigError


def check_not_an_input(output: str | None, inputs: Sequence[str]) -> None:
    """Raise ConfigError if an output would replace a file that is read."""
    if output is None or not os.path.isfile(output):
        return
    from elman.utils import files

    files.check_not_an_input(output, files.input_files(inputs))


def check_outputs(inputs: Sequence[str], *, plot: str | None = None, html: str | None = None) -> None:
    """Raise ConfigError, OutputError or MissingExtraError if a picture or a page cannot be written."""
    if plot is not None:
        from elman.viz import plots

        plots.check(plot)
    if html is not None:
        from elman.utils.files import check_target

        check_target(html)
    for output in (plot, html):
        check_not_an_input(output, inputs)


def check_page_name(path: str) -> None:
    """Raise ConfigError if the name of a page ends as other files do."""
    from elman.data.formats.endings import FORMATS_BY_EXTENSION, extension

    end = extension(path)
    if end in (".png", ".svg", ".pdf") or "html" not in FORMATS_BY_EXTENSION.get(end, ("html",)):
        raise ConfigError(f"{path}: expected the name of a page, that ends in .html")


def write_page(path: str, page: str) -> None:
    """Write a page, all of it or nothing, compressed if its name says so."""
    from elman.utils.files import OutputFile

    with OutputFile(path) as out:
        out.write(page)


def size(n_bytes: int) -> str:
    """Return the size of a file for a person: ``12.3 kB``."""
    if n_bytes < 1_000_000:
        return f"{n_bytes / 1000:.1f} kB"
    return f"{n_bytes / 1_000_000:.1f} MB"
