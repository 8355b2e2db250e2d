"""Pictures and pages: plots, states, trees and spans. Importing this adds the formats ``tree`` and ``html``."""

from elman.data.formats.later import Later
from elman.data.formats.registry import DRAWN

DRAWN |= {"tree": Later("elman.viz.tree_formats", "TREE"), "html": Later("elman.viz.tree_formats", "HTML")}
