"""What tasks other than tagging learn: columns of words as labels, and labels back as columns (``Encoding``).

Lemmas are edit scripts, features whole or one by one, dependency heads relative positions or brackets, constituents
common phrases and unary chains. Words and sentences of raw text are labels of its characters (``segmentation``).
"""
