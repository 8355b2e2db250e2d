"""What a recurrent net can remember: the classic tasks with long time lags, and training on them until they are solved.

``problems``  the tasks: what a sequence is, and when it counts as solved
``running``   training on them by the trainer of the taggers, a fresh sequence every time
``page``      the results as a page
"""
