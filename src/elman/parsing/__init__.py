"""Parsing as labelling: trees as one label a word, and any labels as a tree; trees drawn.

dependencies   heads as labels (``relative``, ``brackets``) and back
arborescence   the best dependency tree by the probabilities of all labels
constituents   bracketed trees as two labels a word and back
terminal       both kinds drawn in characters
page           both kinds, and spans of words, as a page of HTML
"""
