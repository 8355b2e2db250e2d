"""Shows the notebooks beside this file as pages of the site: a hook of MkDocs, named in mkdocs.yml.

Outputs are those that ``execute.py`` has written into the notebooks. Nothing is executed here, and no page is stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent


def page(path: Path) -> str:
    """Return the Markdown of a notebook: its text, code, and outputs as text or tables."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    title, *rest = cells
    parts = ["".join(title["source"]), f"This page is a notebook: [{path.name}]({path.name})."]
    for cell in rest:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        parts += _outputs(cell.get("outputs", ()))
    return "\n\n".join(parts) + "\n"


def _outputs(outputs: Any) -> Iterator[str]:
    for output in outputs:
        data = output.get("data", {})
        if "text/html" in data:
            yield "".join(data["text/html"])
        else:
            text = "".join(output.get("text") or data["text/plain"])
            yield f"```text\n{text.rstrip()}\n```"


def on_files(files: Any, config: Any) -> Any:
    """Add a page for each notebook."""
    from mkdocs.structure.files import File

    for path in sorted(FOLDER.glob("*.ipynb")):
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=page(path)))
    return files
