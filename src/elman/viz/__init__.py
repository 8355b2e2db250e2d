"""Plots, HTML pages and drawings of trees. Importing this package registers the formats ``tree`` and ``html``."""

from elman.data.formats.registry import DRAWN, LazyModule

DRAWN |= {"tree": LazyModule("elman.viz.tree_formats", "TREE"), "html": LazyModule("elman.viz.tree_formats", "HTML")}
