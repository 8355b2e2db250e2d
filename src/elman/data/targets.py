"""What a label column is: tags of words, or labels of whole texts."""

from __future__ import annotations

TAG, CLASSIFY, SEVERAL, ANY = "tag", "classify", "several", "any"
"""What a label column is: tags of words; or labels of whole texts, one each, one or several, or none up to several."""


UNKNOWN = "<unk>"
"""What stands for a symbol that a language model does not know, as input and as what comes next."""
