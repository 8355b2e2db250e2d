"""Pictures and pages: plots, states, trees and spans. Importing this adds the formats ``tree`` and ``html``."""

from elman.data.formats.registry import DRAWN, LazyModule

DRAWN |= {"tree": LazyModule("elman.viz.tree_formats", "TREE"), "html": LazyModule("elman.viz.tree_formats", "HTML")}
