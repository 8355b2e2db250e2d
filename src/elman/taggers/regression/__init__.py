"""Regression: predict a number at every step of a sequence of numbers, such as a sensor log, with squared error.

A step is a row of the file: the word column and other columns are inputs, one column is the target. Steps whose target
is ``_`` or empty are neither learned nor evaluated: a sequence may have a single value, at its end.

Inputs and outputs are scaled to mean 0 and variance 1 on the training data. The recurrent network, its training and its
settings are those of the tagger, without words.

``model``     the network and the scaling
``table``     sequences of numbers, and evaluation
``training``  training
``tagger``    the predictor
"""
