"""Write the pages of reference/api/ from the docstrings of the public names: ``python docs/api.py``."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import elman

FOLDER = Path(__file__).parent / "reference" / "api"
MODULES = (
    "elman",
    "elman.metrics",
    "elman.comparison",
    "elman.learn",
    "elman.scale",
    "elman.sklearn",
    "elman.data.formats",
    "elman.data.checks",
    "elman.data.convert",
    "elman.tutorial.slides",
)
NOTE = "<!-- Written by docs/api.py from the docstrings. Do not edit: `make docs`. -->"
PUBLIC_BASES = (elman.Predictor, elman.Tagger, elman.TextClassifier)
PROPERTIES = (property, cached_property)
MANY = 4  # a class of elman with more members has a page of its own
TERM = re.compile(r"^(``[^`]+``(?:, ``[^`]+``)*) {2,}(\S.*)$")


def public_names(module: ModuleType) -> list[str]:
    """Return the names that a module declares in ``__all__``, else its own documented functions and classes."""
    names = getattr(module, "__all__", None)
    if names is None:
        own = vars(module).items()
        names = [name for name, value in own if getattr(value, "__module__", "") == module.__name__]
    return sorted((name for name in names if not name.startswith("_")), key=str.lower)


def members(cls: type) -> Iterator[tuple[str, Any, type]]:
    """Yield the public methods and properties of a class and the elman class that defines each."""
    seen: set[str] = set()
    for base in cls.__mro__:
        if not base.__module__.startswith("elman."):
            continue
        for name, value in vars(base).items():
            member = inspect.isfunction(value) or isinstance(value, (*PROPERTIES, classmethod, staticmethod))
            if member and not name.startswith("_") and name not in seen:
                seen.add(name)
                yield name, value, base


def markdown(text: str) -> str:
    """Return a docstring as Markdown: ``name``  meaning becomes a list, what is indented a block of code."""
    lines: list[str] = []
    in_term = False
    for line in inspect.cleandoc(text).splitlines():
        term = TERM.match(line)
        if term:
            lines += [*([""] if lines and lines[-1] and not in_term else []), f"- {term[1]}: {term[2]}"]
            in_term = True
        elif in_term and line.startswith(" "):
            lines.append("  " + line.strip())
        else:
            if in_term and line:
                lines.append("")
            in_term = False
            lines.append(line)
    return re.sub(r"``([^`]+)``", r"`\1`", "\n".join(lines)).strip()


def summary(value: Any) -> str:
    """Return the first sentence of a docstring, on one line."""
    first = " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())
    return re.sub(r"``([^`]+)``", r"`\1`", first.partition(". ")[0].rstrip(".:") + ".")


def annotation(value: Any) -> str:
    """Return an annotation as it is written in the source, NDArray without its module."""
    text = value if isinstance(value, str) else inspect.formatannotation(value)
    return re.sub(r"[\w.]+\.NDArray", "NDArray", text)


def parameter(p: inspect.Parameter) -> str:
    """Return a parameter as it is written in the source."""
    default = p.default.__qualname__ if inspect.isfunction(p.default) else repr(p.default).replace("'", '"')
    return (
        {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        + p.name
        + (f": {annotation(p.annotation)}" if p.annotation is not p.empty else "")
        + (f" = {default}" if p.default is not p.empty else "")
    )


def signature(name: str, function: Any) -> str:
    """Return a function's signature, one parameter a line if it is long."""
    found = inspect.signature(function)
    parameters = [p for p in found.parameters.values() if p.name not in ("self", "cls")]
    shown = [parameter(p) for p in parameters]
    keyword_only = next((i for i, p in enumerate(parameters) if p.kind is p.KEYWORD_ONLY), None)
    if keyword_only is not None and all(p.kind is not p.VAR_POSITIONAL for p in parameters):
        shown.insert(keyword_only, "*")
    returned = "" if found.return_annotation is found.empty else f" -> {annotation(found.return_annotation)}"
    line = f"{name}({', '.join(shown)}){returned}"
    return line if len(line) <= 80 else f"{name}(\n" + "".join(f"    {text},\n" for text in shown) + f"){returned}"


def fields(cls: type) -> Iterator[tuple[str, str, str]]:
    """Yield (name, type, documentation) of the annotated attributes of a class, as its source has them."""
    for base in reversed(cls.__mro__):
        if not base.__module__.startswith("elman."):
            continue
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(body, ast.ClassDef)
        for here, after in zip(body.body, [*body.body[1:], None], strict=True):
            if isinstance(here, ast.AnnAssign) and isinstance(here.target, ast.Name):
                text = after.value if isinstance(after, ast.Expr) else None
                said = text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else ""
                if not here.target.id.startswith("_") and not ast.unparse(here.annotation).startswith("ClassVar"):
                    yield here.target.id, ast.unparse(here.annotation), " ".join(markdown(said).split())


def function_section(name: str, function: Any, level: str, anchor: str) -> str:
    """Return the section of a function or method."""
    plain = function.__func__ if isinstance(function, (classmethod, staticmethod)) else function
    text = markdown(inspect.getdoc(plain) or "")
    return f"{level} {name} {{ #{anchor} }}\n\n```text\n{signature(name, plain)}\n```\n\n{text}\n"


def class_section(name: str, cls: type, level: str, anchor: str) -> str:
    """Return the section of a class: its docstring, attributes, and methods; inherited ones are named with a link."""
    title = anchor if level == "#" else name
    parts = [f"{level} {title} {{ #{anchor} }}\n\n{markdown(cls.__doc__ or '')}\n"]
    attributes = [f"- `{n}: {kind}`" + (f": {said}" if said else "") for n, kind, said in fields(cls)]
    methods, properties, inherited = [], [], []
    for member, value, owner in members(cls):
        if owner is not cls and owner in PUBLIC_BASES:
            inherited.append(f"[`{member}`]({page_of('elman', owner.__name__)}#elman.{owner.__name__}.{member})")
        elif isinstance(value, PROPERTIES):
            said = " ".join(markdown(inspect.getdoc(value) or "").split())
            properties.append(f"- `{member}`{{ #{anchor}.{member} }}: {said}")
        else:
            methods.append(function_section(member, value, level + "#", f"{anchor}.{member}"))
    if attributes and is_dataclass(cls):
        parts.append("Attributes:\n\n" + "\n".join(attributes) + "\n")
    if properties:
        parts.append("Properties:\n\n" + "\n".join(sorted(properties)) + "\n")
    if inherited:
        parts.append(f"Inherited: {', '.join(sorted(inherited))}.\n")
    return "\n".join(parts + methods)


def section(module: ModuleType, name: str, level: str = "##") -> str:
    """Return the section of a public name."""
    value = getattr(module, name)
    anchor = f"{module.__name__}.{name}"
    if inspect.isclass(value):
        return class_section(name, value, level, anchor)
    if callable(value):
        return function_section(name, value, level, anchor)
    shown = f": {', '.join(f'`{item}`' for item in value)}" if isinstance(value, (tuple, dict)) else ""
    return f"{level} {name} {{ #{anchor} }}\n\nA constant{shown}.\n"


def page_of(module_name: str, name: str) -> str:
    """Return the file name of the page that has the section of a public name."""
    value = getattr(importlib.import_module(module_name), name)
    if module_name == "elman" and inspect.isclass(value) and len(list(members(value))) > MANY:
        return f"elman.{name}.md"
    return f"{module_name}.md"


def table(module: ModuleType, names: list[str]) -> str:
    """Return a table of names and summaries, each linked to its section."""
    rows = ["| name | description |", "|---|---|"]
    for name in names:
        value = getattr(module, name)
        said = summary(value) if callable(value) else "Constant."
        link = f"{page_of(module.__name__, name)}#{module.__name__}.{name}"
        rows.append(f"| [`{name}`]({link}) | {said} |")
    return "\n".join(rows) + "\n"


def pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    found = {}
    introduction = "Every public name, written from its docstring. [Python](../python.md) shows how they work together."
    index = [f"# Python API\n\n{NOTE}\n\n{introduction}\n"]
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        names = public_names(module)
        parts = {f"{module_name}.md": [f"# {module_name}\n\n{NOTE}\n\n{markdown(module.__doc__ or '')}\n"]}
        parts[f"{module_name}.md"].append(table(module, names))
        for name in names:
            page = page_of(module_name, name)
            own = page != f"{module_name}.md"
            parts.setdefault(page, [NOTE + "\n"]).append(section(module, name, "#" if own else "##"))
        for page, texts in parts.items():
            found[page] = "\n".join(texts) + "\nNext: [all public names](index.md), [Python](../python.md)\n"
        index.append(f"## [{module_name}]({module_name}.md)\n\n{table(module, names)}")
    found["index.md"] = "\n".join(index) + "\nNext: [Python](../python.md), [commands](../commands.md)\n"
    return found


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
