"""Test what recurrent networks can remember, on the classic synthetic tasks with long time lags.

``problems``   the tasks, their success criteria and their settings
``sequences``  generators of their sequences
``training``   training on fresh sequences, with the taggers' trainer, until a problem is solved
``results``    stored results, tables and the page docs/lab-notebook/long-lags.md
"""
