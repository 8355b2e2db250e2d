"""Numbers in, a number out, at every step: a recurrent network with squared error, for logs of sensors and the like.

A step is a row of the file: its word and its other columns are the inputs, one column is to be predicted. Where that
is ``_`` or empty there is nothing to learn or to compare: a sequence may have one value, at its end.

Inputs and outputs are scaled to mean 0 and variance 1 of the training data. The network, its training and its settings
are those of the tagger, without words.

``model``     the network and the scaling
``table``     sequences, read and compared
``training``  training on them
``tagger``    the tagger whose tags are numbers
"""
